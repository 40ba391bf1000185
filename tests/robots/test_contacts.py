"""Phones and e-mails in one normal form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robots import contacts


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("+7 916 000-00-01", "+79160000001"),
        ("8 (916) 000 00 01", "+79160000001"),
        ("79160000001", "+79160000001"),
        ("9160000001", "+79160000001"),
        ("+7 916 000-00-01 доб. 12", "+79160000001"),
        ("007 916 000 00 01", "+79160000001"),
        ("0049 30 901820", "+4930901820"),
        ("+49 (30) 901820", "+4930901820"),
        ("8-800-555-35-35", "+78005553535"),
        ("тел.: 8 916 000-00-01", "+79160000001"),
    ],
)
def test_one_phone_has_one_form(written: str, normal: str) -> None:
    """However a client wrote it, the duplicate check compares the same text."""
    assert contacts.phone(written) == normal


@pytest.mark.parametrize("written", ["", "нет", "1111111", "+7 916", "12345", "0", "+" * 300, "Мария", "00"])
def test_what_nobody_can_ring_is_no_phone(written: str) -> None:
    """A phone must be valid, not only made of digits."""
    assert contacts.phone(written) is None


def test_a_local_number_is_of_its_region() -> None:
    """The same digits mean another subscriber in another country."""
    assert contacts.phone("030 901820", region="DE") == "+4930901820"


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        (" Maria@Mail.RU ", "maria@mail.ru"),
        ("mailto:info@romashka.ru", "info@romashka.ru"),
        ("иван@почта.рф", "иван@почта.рф"),
        ("нет", None),
        ("a@b", None),
        ("", None),
        ("a..b@mail.ru", None),
    ],
)
def test_an_email_has_one_form_or_none(written: str, normal: str | None) -> None:
    """Validity without asking the network."""
    assert contacts.email(written) == normal


def test_a_portal_search_is_asked_for_every_spelling() -> None:
    """Bitrix finds 8… only under 8…; other countries have two spellings."""
    assert contacts.variants("+79160000001") == ("+79160000001", "79160000001", "89160000001")
    assert contacts.variants("+4930901820") == ("+4930901820", "4930901820")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("+79160000001", "+7 916 ***-**-01"),
        ("8 916 000-00-01", "+7 916 ***-**-01"),
        ("maria@mail.ru", "m***@mail.ru"),
        ("+4930901820", "+49 ***20"),
        ("Мария", "М***"),
        ("да", "***"),
        ("", "***"),
    ],
)
def test_masks_tell_who_without_telling_how_to_reach(value: str, shown: str) -> None:
    """Enough for the manager to recognise a client, too little to copy one."""
    assert contacts.mask(value) == shown


@pytest.mark.parametrize(
    ("value", "pattern", "expected"),
    [
        ("+78005553535", "+7800*", True),
        ("+79160000001", "+7800*", False),
        ("info@romashka.ru", "Info@romashka.ru ", True),
        ("info@romashka.ru", "info@romashka", False),
    ],
)
def test_ignored_comms(value: str, pattern: str, expected: bool) -> None:
    """A star at the end makes a beginning of the pattern; without it the whole must be equal."""
    assert contacts.matches(value, pattern) is expected


@given(st.text(max_size=40))
def test_any_text_is_answered_and_a_normal_form_stays(text: str) -> None:
    """Whatever a client typed, nothing raises, and normalising twice changes nothing."""
    for normalise in (contacts.phone, contacts.email):
        normal = normalise(text)
        assert normal is None or normalise(normal) == normal
    assert contacts.mask(text)


@given(st.integers(9_000_000_000, 9_999_999_999))
def test_every_spelling_of_a_russian_mobile_is_the_same_phone(digits: int) -> None:
    """Variants are spellings of one number: each normalises back to it."""
    normal = contacts.phone(f"+7{digits}")
    if normal is not None:
        assert {contacts.phone(one) for one in contacts.variants(normal)} == {normal}
