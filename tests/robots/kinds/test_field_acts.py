"""calculate, code, observers: small robots that write fields."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

from robots import decision, formulas, intents, model, people
from robots import robot as r
from robots.kinds import calculate, code, observers
from tests.robots import builders, rules
from tests.robots.world import World

COUNT = model.FieldCode("UF_CRM_COUNT")
ID = "Продажи/on_create/act"


def doing(kind: str, options: object, trigger: r.Trigger | None = None) -> decision.Rules:
    return decision.Rules((rules.robot(ID, kind, options, trigger or r.Created()),))


def counting(
    formula: str, field: str = "UF_CRM_COUNT", kind: str = "double", digits: int = 2
) -> calculate.Options:
    made = formulas.parse(builders.template(formula))
    return calculate.Options(model.FieldCode(field), "Поле", model.FieldType(kind), made, digits)


def written(options: calculate.Options, **fields: Any) -> Any:
    world = World(doing("calculate", options), fields=fields).look()
    acts = [row.wish.act for row in world.ledger.values()]
    return (
        acts[0].values[options.field] if acts and isinstance(acts[0], intents.SetFields) else world.told(ID)
    )


def test_a_field_is_counted_as_it_keeps_things() -> None:
    """Rounded half up; whole where the field is whole; money with a currency; text with a comma."""
    money = builders.rub(1000)
    assert written(counting("{{Сумма}} / 3"), Сумма=money) == Decimal("333.33")
    assert written(counting("7 / 2", kind="integer")) == 4
    assert written(counting("{{Сумма}} * 1,15", "opportunity", "money"), Сумма=money) == builders.rub(
        "1150.00"
    )
    assert written(
        counting("{{Количество}} * 10", "opportunity", "money"), Количество=Decimal(7)
    ) == builders.rub("70.00")
    assert written(counting("7 / 2", "UF_CRM_SUBJECT", "string")) == "3,5"


def test_what_the_field_can_t_keep_is_said() -> None:
    """A date in a number, a division by an empty field."""
    date = counting("{{Дата создания}} + 1")
    assert written(date, **{"Дата создания": builders.NOW})[0] == (
        "failed",
        "«Поле» не посчитать: результат — дата, а поле — нет",
    )
    assert written(counting("1 / {{Количество}}"))[0][0] == "failed"


def test_it_doesn_t_chase_itself() -> None:
    """Counted on each change of the sum; equal numbers in other spellings are equal."""
    options = counting("{{Сумма}} * 0,1")
    world = World(
        doing("calculate", options, r.Changed("opportunity")), fields={"Сумма": builders.rub(500)}
    ).work()
    assert world.acts() == ["set UF_CRM_COUNT=50.00"]
    world.card = dataclasses.replace(world.card, fields={**world.card.fields, COUNT: Decimal("50")})
    world.set(Сумма=builders.rub("500.0")).work()
    assert len(world.acts()) == 1
    world.set(Сумма=builders.rub(700)).work()
    assert world.acts()[1:] == ["set UF_CRM_COUNT=70.00"]


SUBJECT = builders.SUBJECT


def coding(pattern: str) -> code.Options:
    return code.Options(SUBJECT, "Предмет сделки", builders.template(pattern))


def test_a_code_is_given_once_and_is_the_same_in_every_look() -> None:
    """No dice; a person's own text isn't touched, nor an emptied field filled again."""
    world = World(doing("code", coding("ЗК-{{ID}}-####"), r.Created())).work().work()
    made = str(world.card.value(SUBJECT))
    again = World(doing("code", coding("ЗК-{{ID}}-####"), r.Created())).work()

    assert (made[:8], len(made), set(made[8:]) <= set(code.ALPHABET)) == ("ЗК-4711-", 12, True)
    assert (again.card.value(SUBJECT), world.acts()) == (made, [f"set UF_CRM_SUBJECT={made}"])
    own = World(doing("code", coding("ЗК-{{ID}}")), fields={"Предмет сделки": "мой"}).work()
    assert (own.acts(), own.told(ID)) == ([], [])


def test_codes_of_different_cards_differ() -> None:
    """Five signs over a thousand cards."""
    made = {
        World(doing("code", coding("#####")), id=number).work().card.value(SUBJECT)
        for number in range(4000, 5000)
    }

    assert len(made) == 1000


def test_observers_are_added_to_those_that_are_there() -> None:
    """Each once; whom nobody can find is told."""
    options = observers.Options((rules.HEAD, rules.MANAGER, people.Employee(builders.FIRED)))
    world = World(doing("observers", options))
    there = {**world.card.fields, observers.FIELD: (builders.SMIRNOV, builders.IVANOV)}
    world.card = dataclasses.replace(world.card, fields=there)
    world.look()
    assert world.told(ID) == [
        ("failed", "некого добавить наблюдателем: Уволенный Олег: сотрудник уволен"),
        ("wished", "наблюдатели: «Петрова Анна»"),
    ]
    world.work()
    assert world.card.value(observers.FIELD) == (builders.SMIRNOV, builders.IVANOV, builders.PETROVA)


def test_named_observers_are_taken_away_and_the_others_stay() -> None:
    """`remove:` beside `add:`; whoever isn't there needs no going."""
    options = observers.Options((rules.HEAD,), (rules.MANAGER, people.Employee(builders.SIDOROVA)))
    world = World(doing("observers", options))
    there = {**world.card.fields, observers.FIELD: (builders.SMIRNOV, builders.IVANOV)}
    world.card = dataclasses.replace(world.card, fields=there)
    world.look()
    assert world.told(ID) == [("wished", "наблюдатели: «Петрова Анна»; больше не наблюдатели: «Иванов Пётр»")]
    world.work()
    assert world.card.value(observers.FIELD) == (builders.SMIRNOV, builders.PETROVA)
    (row,) = world.ledger.values()
    assert isinstance(row.wish.act, intents.SetFields)
    assert row.wish.act.takes_away
