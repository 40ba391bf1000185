"""What is wrong with a phone, an e-mail, a site: the words that a manager reads (S4.2)."""

from __future__ import annotations

import hypothesis
import phonenumbers
from hypothesis import strategies as st

from robots import contacts, validity


def said(trouble: validity.Trouble | None) -> str:
    if trouble is None:
        return "хорошо"
    return trouble.why + (f" → {trouble.repaired}" if trouble.repaired else "")


def test_phones_by_country() -> None:
    """Every spelling that can be rung is good; of the others it is said what is wrong."""
    numbers = (
        "+7 916 000-00-01",
        "8 (916) 123-45-67",
        "007 916 123 45 67",
        "8 916 123-45-67 доб. 12",
        "+1 650 253 0000",
        "8 916 123",
        "+375 29 123 45",
        "+7 000 000 00 00",
        "1111111",
        "+999 1234567",
        "916 12З-45-67",
        "нет",
        "8 916 123-45-67, 8 916 123-45-68",
    )
    assert {number: said(validity.phone(number)) for number in numbers} == {
        "+7 916 000-00-01": "хорошо",
        "8 (916) 123-45-67": "хорошо",
        "007 916 123 45 67": "хорошо",
        "8 916 123-45-67 доб. 12": "хорошо",
        "+1 650 253 0000": "хорошо",
        "8 916 123": "7 цифр, а в номере России их 11 вместе с кодом страны",
        "+375 29 123 45": "10 цифр, а в номере Беларуси их 12 вместе с кодом страны",
        "+7 000 000 00 00": "такого номера не бывает: проверьте код и цифры",
        "1111111": "одна и та же цифра, такого номера нет",
        "+999 1234567": "нет страны с таким кодом",
        "916 12З-45-67": "в нём буквы",
        "нет": "в нём нет цифр",
        "8 916 123-45-67, 8 916 123-45-68": "похоже, здесь два номера: запишите каждый отдельно",
    }


def test_a_number_without_a_code_belongs_to_the_country_that_is_named() -> None:
    """`country: BY`."""
    assert validity.phone("29 123-45-67", "BY") is None
    assert said(validity.phone("29 123-45-67")) == "9 цифр, а в номере России их 11 вместе с кодом страны"


def test_mails_with_letters_that_only_look_latin() -> None:
    """S4.2: e-mail in Latin letters with an @; a repair is offered only where there is no doubt."""
    mails = ("maria@mail.ru", "Maria@Mail.RU", "mаria@mail.ru", "мария@mail.ru", "maria@mail,ru", "maria @mail.ru",
             "ma ria@mail.ru", "maria.mail.ru", "maria@@mail.ru", "@mail.ru", "maria@mail", "maria@mail.ru.")  # fmt: skip
    assert {mail: said(validity.email(mail)) for mail in mails} == {
        "maria@mail.ru": "хорошо",
        "Maria@Mail.RU": "хорошо",
        "mаria@mail.ru": "русская буква «а» вместо латинской «a» → maria@mail.ru",
        "мария@mail.ru": "русская буква «м», а адрес пишут латинскими",
        "maria@mail,ru": "запятая вместо точки → maria@mail.ru",
        "maria @mail.ru": "в нём пробел → maria@mail.ru",
        "ma ria@mail.ru": "в нём пробел",
        "maria.mail.ru": "нет знака @",
        "maria@@mail.ru": "знак @ должен быть один",
        "@mail.ru": "перед @ ничего нет",
        "maria@mail": "после @ должно быть имя почты с точкой, например mail.ru",
        "maria@mail.ru.": "такого адреса не бывает: проверьте каждый знак",
    }


def test_sites_in_one_alphabet_each() -> None:
    """«The site's domain likewise»: a whole Cyrillic name is good, a letter of another alphabet isn't."""
    sites = ("romashka.ru", "https://www.romashka.ru/x?y=1", "ромашка.рф", "ромашка.ru", "romashka.ru:8080",
             "rоmashka.ru", "ромaшка.рф", "romashka", "romashka .ru", "-a.ru", "1.2")  # fmt: skip
    assert {site: said(validity.site(site)) for site in sites} == {
        "romashka.ru": "хорошо",
        "https://www.romashka.ru/x?y=1": "хорошо",
        "ромашка.рф": "хорошо",
        "ромашка.ru": "хорошо",
        "romashka.ru:8080": "хорошо",
        "rоmashka.ru": "русская буква «о» вместо латинской «o» → romashka.ru",
        "ромaшка.рф": "в одном слове русские и латинские буквы",
        "romashka": "это не адрес сайта: в нём нет точки, например romashka.ru",
        "romashka .ru": "в адресе пробел",
        "-a.ru": "такого адреса сайта не бывает: проверьте каждый знак",
        "1.2": "такого адреса сайта не бывает: проверьте каждый знак",
    }


@hypothesis.given(st.sampled_from(sorted(validity.COUNTRIES)))
def test_an_example_number_of_each_country_is_good(region: str) -> None:
    """And a digit less isn't, with the right count said."""
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert number is not None
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    assert validity.phone(text) is None
    assert f"их {len([c for c in text if c.isdigit()])} вместе" in said(validity.phone(text[:-1]))


@hypothesis.given(st.text(max_size=40))
def test_whatever_is_typed_gets_an_answer_and_a_repair_is_always_good(text: str) -> None:
    """No text breaks it; what is offered instead has no trouble of its own."""
    for check in (validity.phone, validity.email, validity.site):
        trouble = check(text)
        assert trouble is None or trouble.why
        assert trouble is None or not trouble.repaired or check(trouble.repaired) is None


@hypothesis.given(st.from_regex(r"[a-z]{1,8}@[a-z]{2,8}\.ru", fullmatch=True), st.data())
def test_a_look_alike_letter_is_found_wherever_it_is(mail: str, data: st.DataObject) -> None:
    """One Latin letter of any good address changed to its Cyrillic double."""
    hypothesis.assume(contacts.email(mail))
    doubles = {"a": "а", "o": "о", "e": "е", "c": "с", "p": "р", "x": "х", "y": "у", "k": "к"}
    places = [at for at, char in enumerate(mail) if char in doubles]
    hypothesis.assume(places)
    at = data.draw(st.sampled_from(places))
    spoilt = mail[:at] + doubles[mail[at]] + mail[at + 1 :]

    trouble = validity.email(spoilt)

    assert trouble is not None
    assert (doubles[mail[at]] in trouble.why, trouble.repaired) == (True, mail)


def test_the_right_form_of_each_kind() -> None:
    """An extension has no other place; what can't be known stays as it is written."""
    written = (("PHONE", "8 (916) 000-00-01"), ("PHONE", "8 916 000-00-01 доб. 5"), ("PHONE", "12"),
               ("EMAIL", " Maria@Mail.RU"), ("EMAIL", "mаria@mail.ru"), ("EMAIL", "мария@mail.ru"),
               ("WEB", "rоmashka.ru"), ("WEB", "https://Romashka.ru/x"))  # fmt: skip
    assert [validity.right_form(kind, text) for kind, text in written] == [
        "+79160000001",
        "8 916 000-00-01 доб. 5",
        "12",
        "maria@mail.ru",
        "maria@mail.ru",
        "мария@mail.ru",
        "romashka.ru",
        "https://Romashka.ru/x",
    ]


@hypothesis.given(st.sampled_from(["PHONE", "EMAIL", "WEB"]), st.text(max_size=30))
def test_the_right_form_is_right_for_good(kind: str, text: str) -> None:
    """Put right once, it is left alone: no robot corrects itself for ever."""
    right = validity.right_form(kind, text)

    assert validity.right_form(kind, right) == right
