"""set, clear, move, notify, comment, log: the acts an admin strings together."""

from __future__ import annotations

import dataclasses

from robots import conditions, decision, model, paths, people, templates
from robots import robot as r
from robots.kinds import comment, hand_over, log, move, notify, set_fields
from tests.robots import builders, rules
from tests.robots.world import World

WAY = set_fields.Assignment(builders.DELIVERY_WAY, "Способ доставки", builders.PICKUP)


def created(robot_id: str, kind: str, options: object, **rest: object) -> decision.Rules:
    return decision.Rules((rules.robot(robot_id, kind, options, r.Created(), **rest),))


def test_set_writes_what_differs_and_nothing_else() -> None:
    """A value that stands already costs no REST."""
    options = set_fields.Options((WAY, set_fields.Assignment(builders.DEMANDS, "Требования", "окно")))
    world = World(created("Правило/set", "set", options), fields={"Требования": "окно"}).work()

    assert world.acts() == [f"set UF_CRM_WAY={builders.PICKUP}"]


def test_set_takes_texts_and_people() -> None:
    """«{{Сделка: Название}}», «РОП»."""
    options = set_fields.Options(
        (
            set_fields.Assignment(
                builders.SUBJECT, "Предмет сделки", builders.template("{{Сделка: Название}}")
            ),
            set_fields.Assignment(builders.ROP, "РОП", rules.HEAD),
            set_fields.Assignment(model.FieldCode("assignedById"), "Ответственный", people.Role("никто")),
        )
    )
    world = World(created("Правило/set", "set", options)).work()

    assert world.acts() == [f"set UF_CRM_SUBJECT=Окна для Марии, UF_CRM_ROP={builders.PETROVA}"]


PAYS, INN = model.FieldCode("UF_CRM_PAYS"), model.FieldCode("UF_CRM_INN")


def test_set_writes_the_client_s_fields_too() -> None:
    """One act for each thing: card, contact, company; what stands so already is left alone."""
    contact, company = paths.Owner.CONTACT, paths.Owner.COMPANY
    options = set_fields.Options(
        (
            set_fields.Assignment(PAYS, "Контакт / Как платит", 1, contact),
            set_fields.Assignment(INN, "Компания / ИНН", builders.template("{{Предмет сделки}}"), company),
            WAY,
        )
    )
    maria, firm = builders.contact(), builders.company(fields={INN: "7701"})
    world = World(
        created("Правило/set", "set", options),
        clients=(maria, firm),
        company=31,
        fields={"Предмет сделки": "7702"},
    )
    world.work()

    assert world.acts() == [
        f"set UF_CRM_WAY={builders.PICKUP}",
        "set contact:21 UF_CRM_PAYS=1",
        "set company:31 UF_CRM_INN=7702",
    ]
    row = list(world.ledger.values())[-1]
    assert (row.wish.act.replaces, row.wish.because) == ({INN: "7701"}, "записать «Компания / ИНН»")


def test_set_of_a_client_that_isn_t_bound_is_said() -> None:
    """Nothing fails in silence."""
    options = set_fields.Options(
        (set_fields.Assignment(PAYS, "Контакт / Как платит", 1, paths.Owner.CONTACT),)
    )
    world = World(created("Правило/set", "set", options)).look()

    assert world.told("Правило/set") == [("failed", "контакт к карточке не привязан: записать некуда")]


def test_clear_of_an_empty_field_is_nothing_to_do() -> None:
    """null, an empty text and an empty list are one."""
    options = set_fields.Options((set_fields.Assignment(builders.DEMANDS, "Требования", None),))
    world = World(created("Правило/clear", "set", options), fields={"Требования": ""}).look()

    assert world.told("Правило/clear") == [("nothing_to_do", "поля уже такие")]


def test_move_goes_once_and_rests_where_it_is() -> None:
    """S2.11's pickup goes straight to the end."""
    options = move.Options(builders.SALES, builders.stage("Получили ответ").id, "Продажи / Получили ответ")
    world = World(created("Правило/move", "move", options)).work()
    assert (world.acts(), world.stage()) == (["move to Получили ответ"], "Получили ответ")

    there = World(created("Правило/move", "move", options), stage="Получили ответ").look()
    assert there.told("Правило/move")[0][0] == "nothing_to_do"


def test_notify_tells_each_person_once() -> None:
    """The same man as manager and as head gets one message."""
    both = notify.Options(
        (rules.MANAGER, people.Employee(builders.IVANOV), rules.HEAD), builders.template("Привет")
    )
    world = World(created("Правило/notify", "notify", both)).work()

    assert world.acts() == ["tell Иванов Пётр: Привет", "tell Петрова Анна: Привет"]


def test_notify_says_whom_it_could_not_find_and_what_it_could_not_say() -> None:
    """Nothing fails in silence."""
    nobody = notify.Options((people.Employee(builders.FIRED),), builders.template("Привет"))
    world = World(created("Правило/notify", "notify", nobody)).look()
    assert world.told("Правило/notify")[0][0] == "failed"

    mute = World(created("Правило/notify", "notify", notify.Options((rules.MANAGER,)))).look()
    assert mute.told("Правило/notify") == [("failed", "нечего сказать: текст пуст")]


def test_comments_and_log_entries_carry_their_text() -> None:
    """And an empty text is told, not written."""
    text = builders.template("Проверьте {{Предмет сделки}}")
    empty = templates.Template(())
    for kind, options, blank in (
        ("comment", comment.Options(text), comment.Options(empty)),
        ("log", log.Options(text), log.Options(empty)),
    ):
        world = World(created("Правило", kind, options), fields={"Предмет сделки": "окна"}).work()
        assert world.acts() == ["write: Проверьте окна"]
        assert World(created("Правило", kind, blank)).look().told("Правило")[0][0] == "failed"


def test_hand_over_by_moving_clears_what_the_next_department_fills() -> None:
    """`mode: move`: the same deal goes on; its РОП is the new department's matter."""
    moving = rules.handing_over(how=hand_over.How.MOVE)
    world = World(decision.Rules((moving,)), stage="Получили оплату", fields={"РОП": builders.PETROVA}).work()
    world.after(minutes=5).move("Клиент получил заказ").work()

    assert world.acts() == ["move to Новый заказ", "set UF_CRM_ROP=None"]
    assert world.card.pipeline == builders.DELIVERY


def test_a_reopened_deal_tells_instead_of_copying_again() -> None:
    """F17: `if_reopened`."""
    tell = rules.base.ActSpec("notify", notify.Options((rules.MANAGER,), builders.template("Уже передана")))
    world = World(decision.Rules((rules.handing_over(if_reopened=(tell,)),)), stage="Получили оплату").work()
    for stage in ("Клиент получил заказ", "Получили оплату", "Клиент получил заказ"):
        world.after(minutes=5).move(stage).work()

    assert world.acts() == ["copy to Доставка", "tell Иванов Пётр: Уже передана"]


def test_a_hand_over_names_its_responsible() -> None:
    """A person of the next department, or a line where there is none."""
    named = rules.handing_over(responsible=people.Employee(builders.SIDOROVA))
    world = World(decision.Rules((named,)), stage="Клиент получил заказ").work()
    copy = next(iter(world.ledger.values())).wish.act
    assert getattr(copy, "responsible", None) == builders.SIDOROVA

    nobody = rules.handing_over(responsible=people.Employee(builders.FIRED))
    told = (
        World(decision.Rules((nobody,)), stage="Клиент получил заказ").look().told("Продажи/on_won/hand_over")
    )
    assert told[0][0] == "failed"


def test_changed_fires_for_each_change() -> None:
    """`when: {changed: Сумма}`: the number of the change is the cause."""
    options = notify.Options((rules.MANAGER,), builders.template("Сумма {{Сделка: Сумма}}"))
    changed = rules.robot("Крупная/notify", "notify", options, r.Changed("opportunity"))
    world = World(decision.Rules((changed,))).work()
    for amount in (100, 200, 100):
        world.after(minutes=1).fill({"Сумма": builders.rub(amount)}).work()

    assert len(world.acts()) == 3


def test_a_change_from_one_value_to_another() -> None:
    """Only that one; a card seen for the first time was empty before; from anything else, or to it, is no occasion."""
    way = builders.path("Способ доставки")
    was = conditions.Test(way, conditions.Op.EQUALS, builders.BY_COURIER)
    becomes = conditions.Test(way, conditions.Op.EQUALS, builders.PICKUP)
    empty = conditions.Test(way, conditions.Op.EMPTY)
    robots = [
        rules.robot(
            name, "log", log.Options(builders.template(name), "Робот"), r.Changed(builders.DELIVERY_WAY, *how)
        )
        for name, how in (
            ("из доставки", (was, None)),
            ("в самовывоз", (None, becomes)),
            ("туда", (was, becomes)),
            ("впервые", (empty, None)),
        )
    ]
    world = World(decision.Rules(tuple(robots)), fields={"Способ доставки": "Самовывоз"}).work()
    for value in ("Доставка", "Самовывоз", None, "Доставка"):
        world.after(minutes=1).fill({"Способ доставки": value}).work()

    assert world.acts() == [
        "write: в самовывоз",
        "write: впервые",
        "write: из доставки",
        "write: в самовывоз",
        "write: туда",
        "write: впервые",
    ]


def test_reopened_and_left_have_their_occasions() -> None:
    """`on_reopen`, `on_leave`."""
    say = notify.Options((rules.MANAGER,), builders.template("Снова в работе"))
    gone = notify.Options((rules.MANAGER,), builders.template("Ушла"))
    robots = (
        rules.robot("Продажи/on_reopen/notify", "notify", say, r.Reopened()),
        rules.robot("Продажи/Новый лид/on_leave", "notify", gone, r.Left(builders.stage("Новый лид").id)),
    )
    world = World(decision.Rules(robots)).work()
    world.after(minutes=1).move("Спам").work()
    world.after(minutes=1).move("Новый лид").work()

    assert world.acts() == ["tell Иванов Пётр: Ушла", "tell Иванов Пётр: Снова в работе"]


def test_a_robot_of_another_pipeline_takes_a_card_that_comes_there_as_created() -> None:
    """`mode: move` gives the next department a card that wasn't born there."""
    hello = notify.Options((rules.MANAGER,), builders.template("Новый заказ"))
    born = rules.robot("Доставка/on_create/notify", "notify", hello, r.Created(), pipeline=builders.DELIVERY)
    world = World(decision.Rules((born,))).work()
    assert world.acts() == []

    world.after(minutes=1).move("Новый заказ", pipeline=builders.DELIVERY).work()
    assert world.acts() == ["tell Иванов Пётр: Новый заказ"]


def test_a_condition_that_cannot_be_evaluated_is_told_and_does_nothing() -> None:
    """Neither yes nor no: the line says why."""
    hello = notify.Options((rules.MANAGER,), builders.template("Привет"))
    lead_only = dataclasses.replace(builders.path("Название"), code=model.FieldCode("UF_GONE"))
    condition = rules.conditions.Test(lead_only, rules.conditions.Op.FILLED)
    world = World(created("Правило", "notify", hello, condition=condition)).look()
    assert world.told("Правило")[0][0] == "failed"

    wrong = rules.conditions.Test(builders.path("Требования"), rules.conditions.Op.FILLED)
    filtered = World(created("Правило", "notify", hello, condition=wrong)).look()
    assert filtered.told("Правило")[0][0] == "filtered"
