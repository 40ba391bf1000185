"""Conditions over one look: yes, no with reasons, or cannot."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robots import conditions, model, paths, schedule
from robots import look as robots_look
from tests.robots import builders as b

Op = conditions.Op
DAYS_5 = schedule.Duration(5, schedule.Unit.DAYS)
WORK_HOURS_2 = schedule.Duration(2, schedule.Unit.WORK_HOURS)


def _wish(
    shown: str, op: conditions.Op, wanted: model.Value | schedule.Duration = None, words: str = ""
) -> conditions.Test:
    return conditions.Test(b.path(shown), op, wanted, words)


def _ask(
    condition: conditions.Condition, fields: Mapping[str, Any] | None = None, **rest: Any
) -> conditions.Verdict:
    return conditions.evaluate(condition, b.look(card=b.card(fields=fields), **rest), b.NOW)


def _answer(condition: conditions.Condition, fields: Mapping[str, Any] | None = None, **rest: Any) -> bool:
    """Sure answers only."""
    verdict = _ask(condition, fields, **rest)
    assert not isinstance(verdict, conditions.Cannot), verdict
    return isinstance(verdict, conditions.Yes)


def _told(condition: conditions.Condition, fields: Mapping[str, Any] | None = None, **rest: Any) -> list[str]:
    verdict = _ask(condition, fields, **rest)
    assert isinstance(verdict, conditions.No), verdict
    return [conditions.explain(failure) for failure in verdict.failures]


# --- one test ---


@pytest.mark.parametrize(
    ("field", "value", "op", "wanted", "expected"),
    [
        ("Предмет сделки", "  ЁЛКА  искусственная", Op.EQUALS, "елка Искусственная", True),
        ("Предмет сделки", "Ель", Op.EQUALS, "ёлка", False),
        ("Предмет сделки", "Ель", Op.EQUALS, ("Ёлка", "ель"), True),
        ("Предмет сделки", "45", Op.EQUALS, 45, True),
        ("Предмет сделки", "Ель", Op.EQUALS, None, False),
        ("Способ доставки", "Доставка", Op.EQUALS, b.BY_COURIER, True),
        ("Способ доставки", None, Op.EQUALS, b.BY_COURIER, False),
        ("Способ доставки", None, Op.EQUALS, None, True),
        ("Способ доставки", "Доставка", Op.EQUALS, None, False),
        ("Интересы", (1, 2), Op.EQUALS, 2, True),
        ("Интересы", (1, 2), Op.CONTAINS, (3, 2), True),
        ("Интересы", (1, 2), Op.CONTAINS, 3, False),
        ("Роботы не трогают", None, Op.EQUALS, False, True),
        ("Роботы не трогают", None, Op.EQUALS, True, False),
        ("Роботы не трогают", True, Op.EQUALS, True, True),
        ("Роботы не трогают", True, Op.EQUALS, 1, False),
        ("Требования", "Нужна ЁЛКА к празднику", Op.CONTAINS, "елка", True),
        ("Требования", "Нужна ель", Op.CONTAINS, ("ёлка", "сосна"), False),
        ("Требования", None, Op.CONTAINS, "ёлка", False),
        ("Требования", "Код 45", Op.CONTAINS, 45, True),
        ("Количество", Decimal("2.5"), Op.AT_LEAST, Decimal("2.5"), True),
        ("Количество", 2, Op.AT_MOST, 1, False),
        ("Количество", None, Op.AT_MOST, 1, False),
        ("Предмет сделки", "1 000,5", Op.AT_LEAST, 1000, True),
        ("Предполагаемая дата закрытия", date(2026, 3, 2), Op.AT_MOST, date(2026, 3, 2), True),
        ("Предполагаемая дата закрытия", date(2026, 3, 3), Op.AT_MOST, b.at("2026-03-02 23:59"), False),
        ("Дата создания", b.at("2026-03-02 23:30"), Op.EQUALS, date(2026, 3, 2), True),
        ("Дата создания", b.at("2026-03-02 10:00"), Op.AT_LEAST, b.at("2026-03-02 10:00"), True),
        ("Требования", "окно два на два", Op.WORDS, 3, True),
        ("Требования", "окно - два", Op.WORDS, 3, False),
        ("Требования", "нет нет нет", Op.WORDS, 3, False),
        ("Требования", None, Op.WORDS, 1, False),
        ("Требования", "окно", Op.FILLED, None, True),
        ("Требования", ".", Op.EMPTY, None, True),
        ("Дата создания", b.at("2026-02-25 10:00"), Op.OLDER_THAN, DAYS_5, True),
        ("Дата создания", b.at("2026-02-25 10:01"), Op.OLDER_THAN, DAYS_5, False),
        ("Предполагаемая дата закрытия", date(2026, 2, 25), Op.OLDER_THAN, DAYS_5, True),
        ("Предполагаемая дата закрытия", date(2026, 2, 26), Op.OLDER_THAN, DAYS_5, False),
        ("Предполагаемая дата закрытия", None, Op.OLDER_THAN, DAYS_5, False),
        ("Дата создания", b.at("2026-02-27 17:00"), Op.OLDER_THAN, WORK_HOURS_2, True),
        ("Дата создания", b.at("2026-02-27 17:01"), Op.OLDER_THAN, WORK_HOURS_2, False),
    ],
)
def test_one_wish(
    field: str, value: Any, op: conditions.Op, wanted: model.Value | schedule.Duration, expected: bool
) -> None:
    """Every operator on the values that people really have."""
    test = _wish(field, op, wanted)
    assert _answer(test, {field: value}) is expected
    assert _answer(conditions.Not(test), {field: value}) is not expected


@pytest.mark.parametrize(
    ("sum_", "wanted", "expected"),
    [
        (b.rub(1_000_000), 1_000_000, True),
        (b.rub("999999.99"), 1_000_000, False),
        (model.Money(Decimal(12_000), "USD"), 1_000_000, True),
        (model.Money(Decimal(11_000), "USD"), b.rub(1_000_000), False),
        (model.Money(Decimal(5), "EUR"), model.Money(Decimal(4), "EUR"), True),
    ],
)
def test_sums_meet_in_the_base_currency(sum_: model.Money, wanted: model.Value, expected: bool) -> None:
    """By the portal's own rates; one currency needs none."""
    assert _answer(_wish("Сумма", Op.AT_LEAST, wanted), {"Сумма": sum_}) is expected


@pytest.mark.parametrize(
    ("fields", "test", "why"),
    [
        (
            {"Сумма": model.Money(Decimal(5), "EUR")},
            _wish("Сумма", Op.AT_LEAST, 4),
            "в портале нет курса EUR",
        ),
        ({"Предмет сделки": "окно"}, _wish("Предмет сделки", Op.AT_LEAST, 4), "это не число: «окно»"),
        ({"Предмет сделки": "nan"}, _wish("Предмет сделки", Op.AT_MOST, 4), "это не число: «nan»"),
        ({"Сумма": b.rub(4)}, _wish("Сумма", Op.AT_LEAST, True), "это не число: «True»"),
        ({"Требования": "три слова тут"}, _wish("Требования", Op.WORDS, DAYS_5), "это не число: «5 дней»"),
        ({"Сумма": b.rub(4)}, _wish("Сумма", Op.OLDER_THAN, DAYS_5), "это не дата: «4 ₽»"),
        ({}, _wish("Дата создания", Op.OLDER_THAN, 5), "не сказан срок"),
        ({}, _wish("Дата создания", Op.AT_LEAST, DAYS_5), "срок сравнивают только с возрастом: older_than"),
        ({}, _wish("Дата создания", Op.AT_LEAST, 5), "дату не сравнить с «5»"),
        ({"Количество": 3}, _wish("Количество", Op.AT_LEAST, date(2026, 3, 2)), "дату не сравнить с «3»"),
    ],
)
def test_what_cannot_be_compared_is_neither_yes_nor_no(
    fields: dict[str, Any], test: conditions.Test, why: str
) -> None:
    """Habit 9: `not` over it must not act."""
    assert _ask(test, fields) == conditions.Cannot(test.path.shown, why)
    assert _ask(conditions.Not(test), fields) == conditions.Cannot(test.path.shown, why)


def test_a_field_of_another_kind_of_card_cannot_be_judged() -> None:
    """A lead has no «РОП»: neither filled nor empty."""
    lead = b.look(card=b.card(kind=model.CardKind.LEAD))
    for op in (Op.FILLED, Op.EMPTY):
        verdict = conditions.evaluate(_wish("РОП", op), lead, b.NOW)
        assert verdict == conditions.Cannot("РОП", "у лидов нет поля «РОП»")


def test_one_comparable_member_is_enough() -> None:
    """Of several values a sure one outweighs those that can't be compared."""
    test = _wish("Предмет сделки", Op.AT_LEAST, 4)
    assert _answer(test, {"Предмет сделки": ("много", "5")})
    assert isinstance(_ask(test, {"Предмет сделки": ("много", "3")}), conditions.Cannot)


def test_age_without_a_calendar() -> None:
    """Plain days need none; working time does, and a calendar without hours is no calendar."""
    old = {"Дата создания": b.at("2026-02-20 10:00")}
    days, hours = (
        _wish("Дата создания", Op.OLDER_THAN, DAYS_5),
        _wish("Дата создания", Op.OLDER_THAN, WORK_HOURS_2),
    )
    none = b.directory(calendar=None)
    assert _answer(days, old, directory=none)
    assert _ask(hours, old, directory=none) == conditions.Cannot(
        "Дата создания", "нет рабочего календаря, а срок в рабочем времени"
    )
    idle = b.directory(calendar=b.calendar(hours=()))
    assert _ask(hours, old, directory=idle) == conditions.Cannot(
        "Дата создания", "в рабочем календаре нет рабочих часов 400 дней подряд"
    )


def test_a_bound_client_is_known_without_reading_it() -> None:
    """The commonest gate of all costs no REST call."""
    client = _wish("Клиент", Op.FILLED)
    bound = b.look(card=b.card(contacts=(21,)))
    assert conditions.evaluate(client, bound, b.NOW) == conditions.Yes()
    assert _told(client) == ["«Клиент»: нужно заполнить, а там пусто"]
    assert conditions.evaluate(_wish("Клиент", Op.EMPTY), bound, b.NOW) == conditions.No(
        (conditions.Failure(b.path("Клиент"), "оставить пустым", "клиент указан"),)
    )


# --- reasons ---


def test_a_no_tells_wanted_and_actual() -> None:
    """`why` prints both in people's words."""
    fields = {"Сумма": b.rub(500_000), "Способ доставки": "Самовывоз", "Требования": ".", "Количество": 2}
    wishes: list[tuple[conditions.Condition, str]] = [
        (
            _wish("Сумма", Op.AT_LEAST, 1_000_000),
            "«Сумма»: нужно не меньше 1 000 000 ₽, а там 500 000 ₽",
        ),
        (_wish("Сумма", Op.AT_MOST, 1, "до рубля"), "«Сумма»: нужно до рубля, а там 500 000 ₽"),
        (
            _wish("Способ доставки", Op.EQUALS, b.BY_COURIER),
            "«Способ доставки»: нужно Доставка, а там Самовывоз",
        ),
        (_wish("Требования", Op.FILLED), "«Требования»: нужно заполнить, а там ."),
        (_wish("Требования", Op.WORDS, 3), "«Требования»: нужно слов не меньше 3, а там ."),
        (
            _wish("Предмет сделки", Op.CONTAINS, "окно"),
            "«Предмет сделки»: нужно чтобы содержало окно, а там пусто",
        ),
        (_wish("Количество", Op.EQUALS, None), "«Количество»: нужно пусто, а там 2"),
        (
            _wish("Дата создания", Op.OLDER_THAN, DAYS_5),
            "«Дата создания»: нужно чтобы прошло больше 5 дней, а там 02.03.2026 10:00",
        ),
        (
            conditions.Not(_wish("Количество", Op.AT_LEAST, 2)),
            "«Количество»: нужно не так: не меньше 2, а там 2",
        ),
        (
            conditions.Not(_wish("Стадия", Op.EQUALS, "C1:NEW", "Новый лид")),
            "«Стадия»: нужно не Новый лид, а там Новый лид",
        ),
        (conditions.Not(_wish("Количество", Op.FILLED)), "«Количество»: нужно оставить пустым, а там 2"),
        (conditions.Not(_wish("Предмет сделки", Op.EMPTY)), "«Предмет сделки»: нужно заполнить, а там пусто"),
    ]
    assert [_told(wish, fields) for wish, _ in wishes] == [[text] for _, text in wishes]


def test_all_refusals_of_a_list_are_told() -> None:
    """The manager learns of every missing field at once."""
    both = conditions.All(
        (_wish("Сумма", Op.FILLED), _wish("Требования", Op.FILLED), _wish("Название", Op.FILLED))
    )
    assert _told(both) == [
        "«Сумма»: нужно заполнить, а там пусто",
        "«Требования»: нужно заполнить, а там пусто",
    ]
    either = conditions.Not(conditions.All((conditions.Not(_wish("Сумма", Op.FILLED)),)))
    assert _told(either) == ["«Сумма»: нужно заполнить, а там пусто"]


# --- facts not gathered yet ---


def test_an_irrelevant_fact_is_not_asked_for() -> None:
    """A card pays only for what leaves the answer open, in whatever order the YAML names it."""
    look = b.look(card=b.card(contacts=(21,)))
    costly, no, yes = (
        _wish("Контакт / Имя", Op.FILLED),
        _wish("Сумма", Op.FILLED),
        _wish("Название", Op.FILLED),
    )
    assert isinstance(conditions.evaluate(conditions.All((costly, no)), look, b.NOW), conditions.No)
    assert isinstance(conditions.evaluate(conditions.AnyOf((costly, yes)), look, b.NOW), conditions.Yes)
    for open_ in (conditions.All((costly, yes)), conditions.AnyOf((costly, no)), conditions.Not(costly)):
        with pytest.raises(robots_look.NotGathered):
            conditions.evaluate(open_, look, b.NOW)


# --- Kleene's logic as laws ---

_LEAVES: dict[str, conditions.Test] = {
    "yes": _wish("Название", Op.FILLED),
    "no": _wish("Сумма", Op.FILLED),
    "cannot": conditions.Test(paths.Path(paths.Owner.CARD, model.FieldCode("gone"), "Нет такого"), Op.FILLED),
}
_ORDER = {"no": 0, "cannot": 1, "yes": 2}
_LOOK = b.look()

_trees = st.recursive(
    st.sampled_from(sorted(_LEAVES)).map(lambda name: _LEAVES[name]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: conditions.All(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: conditions.AnyOf(tuple(parts))),
        inner.map(conditions.Not),
    ),
    max_leaves=8,
)


def _kleene(condition: conditions.Condition) -> int:
    """The textbook: and is the least, or the greatest, not the mirror."""
    match condition:
        case conditions.All():
            return min(map(_kleene, condition.parts), default=2)
        case conditions.AnyOf():
            return max(map(_kleene, condition.parts), default=0)
        case conditions.Not():
            return 2 - _kleene(condition.part)
        case conditions.Test():
            return _ORDER[next(name for name, leaf in _LEAVES.items() if leaf == condition)]


@given(_trees)
def test_any_tree_answers_as_the_textbook(tree: conditions.Condition) -> None:
    """Whatever an admin nests, three-valued logic holds."""
    kinds = {conditions.No: 0, conditions.Cannot: 1, conditions.Yes: 2}
    assert kinds[type(conditions.evaluate(tree, _LOOK, b.NOW))] == _kleene(tree)


@given(st.integers(0, 3), st.integers(0, 3))
def test_at_least_and_at_most_meet_in_equals(value: int, wanted: int) -> None:
    """The three comparisons speak of one order."""
    fields = {"Количество": value}
    low, high, same = (_wish("Количество", op, wanted) for op in (Op.AT_LEAST, Op.AT_MOST, Op.EQUALS))
    assert _answer(low, fields) or _answer(high, fields)
    assert _answer(conditions.All((low, high)), fields) is _answer(same, fields)


@given(st.text(max_size=10))
def test_text_equals_itself_however_it_is_spaced(text: str) -> None:
    """Folding is the same on both sides."""
    card = dataclasses.replace(b.card(), fields={model.FieldCode("title"): f" {text.upper()} "})
    wish = _wish("Название", Op.EQUALS, text.upper())
    verdict = conditions.evaluate(wish, b.look(card=card), b.NOW)
    assert isinstance(verdict, conditions.Yes)


@pytest.mark.parametrize(
    ("field", "value", "country", "expected"),
    [
        ("phone", ("8 (916) 111-22-33", "мимо"), "RU", True),
        ("phone", "916 111-22", "RU", False),
        ("phone", "701 111 22 33", "KZ", True),
        ("phone", None, "RU", False),
        ("email", ("Maria@Client.ru",), "RU", True),
        ("email", "mаria@client.ru", "RU", False),
        ("web", ("https://les.ru/about",), "RU", True),
        ("web", "les", "RU", False),
    ],
)
def test_a_lead_s_own_contacts_are_valid(field: str, value: Any, country: str, expected: bool) -> None:
    """S3.3: such that the client can be reached; an empty one isn't valid, and that is no inability."""
    virtual = {"phone": paths.Virtual.PHONE, "email": paths.Virtual.EMAIL, "web": paths.Virtual.SITE}[field]
    test = conditions.Test(
        paths.Path(paths.Owner.CARD, virtual, "Контакт лида"), Op.VALID, country, "верный контакт"
    )
    lead = b.card(kind=model.CardKind.LEAD)
    look = b.look(card=dataclasses.replace(lead, fields={model.FieldCode(field): value}))
    for condition, answer in ((test, expected), (conditions.Not(test), not expected)):
        assert isinstance(conditions.evaluate(condition, look, b.NOW), conditions.Yes) is answer
