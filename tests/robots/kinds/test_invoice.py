"""invoice: once per deal, then the deal goes on (S1.7)."""

from __future__ import annotations

from typing import Any

from robots import decision, intents, people, schedule
from robots import robot as r
from robots.kinds import invoice
from tests.robots import builders, rules
from tests.robots.world import World

ID = "Правило/invoice"
ANSWERED = builders.stage("Получили ответ")
TO = invoice.Target(builders.SALES, ANSWERED.id, "Продажи / Получили ответ")
WORKING = builders.stage("Обрабатываем запрос")


def billing(**rest: Any) -> decision.Rules:
    options = invoice.Options(builders.template("Счёт: {{Сделка: Название}}"), move=TO, **rest)
    return decision.Rules((rules.robot(ID, "invoice", options, r.Entered(WORKING.id)),))


def test_an_invoice_and_then_the_move_once_per_deal() -> None:
    """Back in the stage the deal gets no second invoice and isn't moved again by itself."""
    world = World(billing()).work().move("Обрабатываем запрос").work()
    assert world.acts() == ["invoice: Счёт: Окна для Марии", "move to Получили ответ"]
    rows = [row.wish for row in world.ledger.values()]
    assert rows[1].stands_on == rows[0].key

    world.move("Обрабатываем запрос").look()
    assert world.told(ID) == [("already_done", "счёт уже выставлен")]
    assert world.work().acts() == ["invoice: Счёт: Окна для Марии", "move to Получили ответ"]


def test_the_term_and_the_person_are_as_written() -> None:
    """`pay_within` in work time; `for` somebody else than the manager."""
    rest = {"responsible": rules.HEAD, "pay_within": schedule.Duration(3, schedule.Unit.DAYS)}
    world = World(billing(**rest)).work().move("Обрабатываем запрос").look()
    act = next(iter(world.ledger.values())).wish.act

    assert isinstance(act, intents.MakeInvoice)
    assert (act.responsible, (act.pay_until or world.now) - world.now) == (
        builders.PETROVA,
        schedule.deadline(world.now, rest["pay_within"], schedule.round_the_clock("UTC")) - world.now,  # type: ignore[arg-type]
    )


def test_nobody_to_lead_it_is_said() -> None:
    """No invoice in the name of somebody who was dismissed."""
    rest = {"responsible": people.Employee(builders.FIRED)}
    world = World(billing(**rest)).work().move("Обрабатываем запрос").look()

    assert world.told(ID) == [("failed", "некому вести счёт: Уволенный Олег: сотрудник уволен")]
