"""Stories of one deal: what the funnel does to it, and does once."""

from __future__ import annotations

from datetime import timedelta

from robots import decision, intents, model
from robots import look as looks
from robots import robot as r
from tests.robots import builders, rules
from tests.robots.world import World

MARIA = builders.contact(id=21, name="Мария")


def test_a_new_deal_gets_its_head_and_its_first_task() -> None:
    """РОП is the head of the manager's department; the first stage's task is set by him for the manager."""
    world = World(rules.funnel()).work()

    assert world.acts() == ["task: Взять в работу новый лид", f"set UF_CRM_ROP={builders.PETROVA}"]
    task = next(iter(world.tasks.values()))
    assert (task.creator, task.responsible) == (builders.PETROVA, builders.IVANOV)


def test_the_same_look_twice_wishes_nothing_new() -> None:
    """Doorbells ring as they like."""
    world = World(rules.funnel()).work()
    acts = world.acts()

    assert world.work().acts() == acts


def test_moving_on_closes_the_old_task_and_sets_the_new_one() -> None:
    """S2.3, S2.4: and the client's name stands in the title."""
    world = World(rules.funnel(), clients=(MARIA,)).work()
    world.set(Требования="окно 2 на 2").after(minutes=5).move("Обрабатываем запрос").work()

    assert world.acts()[2:] == ["close task", "task: Мария. Уточнить необходимую информацию и сделать КП"]
    assert world.open_tasks() == ["Мария. Уточнить необходимую информацию и сделать КП"]


def test_a_missing_field_sends_the_deal_back_once_and_nothing_else_happens() -> None:
    """S2.8: one return, one notice, the old task still open, no task of the refused stage."""
    world = World(rules.funnel()).work()
    world.after(minutes=5).move("Обрабатываем запрос").work()

    assert world.acts()[2:] == [
        "return to Новый лид",
        "tell Иванов Пётр: Сделка «Окна для Марии» вернулась: не заполнено «Требования»",
    ]
    assert world.stage() == "Новый лид"
    assert world.open_tasks() == ["Взять в работу новый лид"]


def test_after_a_return_the_deal_goes_on_as_if_it_had_never_moved() -> None:
    """The return resumes the accepted stay: no second task of the old stage, and the next move is judged anew."""
    world = World(rules.funnel()).work()
    world.after(minutes=5).move("Обрабатываем запрос").work()
    world.after(minutes=5).set(Требования="окно").move("Обрабатываем запрос").work()

    assert world.open_tasks() == ["Уточнить необходимую информацию и сделать КП"]
    assert [act for act in world.acts() if act.startswith("return")] == ["return to Новый лид"]


def test_the_manager_has_two_minutes_to_write_the_field() -> None:
    """users.md F2: he moves, then types."""
    world = World(rules.funnel(wait_seconds=120)).work()
    world.after(minutes=5).move("Обрабатываем запрос").look().carry_out()
    assert world.stage() == "Обрабатываем запрос"
    assert world.wake_at == world.now + timedelta(minutes=2)

    world.after(minutes=1).set(Требования="окно").work()
    assert world.open_tasks() == ["Уточнить необходимую информацию и сделать КП"]
    assert world.stage() == "Обрабатываем запрос"


def test_a_jump_is_checked_against_every_stage_jumped_over() -> None:
    """S2.8: «Новый лид» → «Отправили счёт» does not dodge «Обрабатываем запрос»."""
    world = World(rules.funnel(), fields={"Требования": "окно"}).work()
    world.after(minutes=5).move("Отправили счёт").work()

    assert world.stage() == "Новый лид"
    assert world.acts()[-1].endswith("вернулась: не заполнено «Предмет сделки»")


def test_a_deal_dragged_back_is_never_trapped() -> None:
    """A move backwards is never judged (users.md F2a)."""
    world = World(rules.funnel(), fields={"Требования": "окно"}).work()
    world.after(minutes=5).move("Обрабатываем запрос").work()
    world.after(minutes=5).move("Новый лид").work()

    assert world.stage() == "Новый лид"
    assert not [act for act in world.acts() if act.startswith(("return", "tell"))]


def test_a_lost_stage_asks_for_its_comment_but_not_for_the_fields_of_work() -> None:
    """S2.9, and S2.8's exception for a move to a lost stage."""
    world = World(rules.funnel()).work()
    world.after(minutes=5).move("Дорого").work()
    assert world.stage() == "Новый лид"
    assert world.acts()[-1].endswith("вернулась: не заполнено «Комментарий при провале»")

    world.after(minutes=5).fill({"Комментарий при провале": "просит скидку 40 %"}).move("Дорого").work()
    assert world.stage() == "Дорого"
    assert world.open_tasks() == []


def test_a_refused_win_hands_nothing_over() -> None:
    """The gate's no leaves only the return and its notice."""
    world = World(rules.funnel()).work()
    world.after(minutes=5).move("Клиент получил заказ").work()

    assert "copy to Доставка" not in world.acts()


def test_won_reopened_won_makes_one_copy() -> None:
    """S5.1: a deal won twice is handed over once."""
    fields = {"Требования": "окно", "Предмет сделки": "окна"}
    world = World(rules.funnel(), fields=fields).work()
    world.after(minutes=5).move("Клиент получил заказ").work()
    world.after(hours=1).move("Получили оплату").work()
    world.after(hours=1).move("Клиент получил заказ").work()

    assert [act for act in world.acts() if act.startswith("copy")] == ["copy to Доставка"]


def test_stages_passed_between_two_looks_get_no_task() -> None:
    """A→B→C in one look: the gate is asked once, B's task is never set, A's is closed."""
    fields = {"Требования": "окно", "Предмет сделки": "окна"}
    world = World(rules.funnel(), fields=fields).work()
    world.after(minutes=5).move("Обрабатываем запрос").move("Сделали предложение").work()

    assert world.acts()[2:] == ["close task", "task: Получить ответ на КП"]


def test_there_and_back_between_two_looks_asks_for_nothing() -> None:
    """A→B→A: the stay goes on, its task too."""
    world = World(rules.funnel()).work()
    acts = world.acts()

    assert world.after(minutes=5).move("Обрабатываем запрос").move("Новый лид").work().acts() == acts
    assert world.open_tasks() == ["Взять в работу новый лид"]


def test_a_deal_first_seen_after_its_jump_is_judged_all_the_same() -> None:
    """X1: the doorbell of its birth was lost; the history tells where it came from."""
    world = World(rules.funnel()).after(minutes=5).move("Отправили счёт").work()

    assert world.stage() == "Новый лид"
    assert world.open_tasks() == ["Взять в работу новый лид"]


def test_a_deal_created_in_the_middle_is_told_about_and_stays() -> None:
    """users.md F2f: there is nowhere to send it back to."""
    world = World(rules.funnel(), stage="Дорого").work()

    assert world.stage() == "Дорого"
    assert world.acts()[0].startswith("tell Иванов Пётр: Сделка «Окна для Марии» ушла в «Дорого»")


def test_the_soft_mode_tells_and_lets_go() -> None:
    """users.md F2: `do: tell` is how a preset begins."""
    world = World(rules.funnel(do=r.GateDoes.TELL)).work()
    world.after(minutes=5).move("Обрабатываем запрос").work()

    assert world.stage() == "Обрабатываем запрос"
    assert world.acts()[2:] == [
        "tell Иванов Пётр: Сделка «Окна для Марии» ушла в «Обрабатываем запрос» без полей «Требования»",
        "close task",
        "task: Уточнить необходимую информацию и сделать КП",
    ]


def test_returns_stop_after_three_a_day() -> None:
    """users.md F2: then the deal stays and somebody is told."""
    world = World(rules.funnel()).work()
    for _ in range(4):
        world.after(minutes=5).move("Обрабатываем запрос").work()

    assert len([act for act in world.acts() if act.startswith("return")]) == 3
    assert world.stage() == "Обрабатываем запрос"


def test_a_trusted_person_moves_as_he_likes() -> None:
    """`moved_by: [РОП]`: the head moves on purpose."""
    trusted = (rules.ROP,)
    world = World(rules.funnel(except_moved_by=trusted)).work()
    world.after(minutes=5).move("Обрабатываем запрос", by=builders.PETROVA).work()

    assert world.stage() == "Обрабатываем запрос"


def test_a_changed_responsible_changes_the_head_that_we_filled() -> None:
    """S2.1: РОП is refilled only where Voronka filled it; the open task follows too."""
    world = World(rules.funnel()).work()
    world.after(hours=1).set(Ответственный=builders.PETROVA).work()

    assert world.acts()[2:] == ["task to Петрова Анна", f"set UF_CRM_ROP={builders.SMIRNOV}"]


def test_a_head_written_by_a_person_stays() -> None:
    """Nobody corrects people."""
    world = World(rules.funnel()).work()
    world.after(hours=1).set(РОП=builders.SIDOROVA).work()
    world.after(hours=1).set(Ответственный=builders.PETROVA).work()

    assert world.card.value(builders.ROP) == builders.SIDOROVA


def test_where_nobody_is_found_a_task_asks_for_the_head_and_closes_by_itself() -> None:
    """S2.2."""
    robots = (rules.fill_rop(person=rules.people.InField(builders.path("РОП"))),)
    world = World(decision.Rules(robots)).work()
    assert world.open_tasks() == ["Укажите руководителя отдела продаж"]

    world.after(hours=1).set(РОП=builders.PETROVA).work()
    assert world.open_tasks() == []


def test_an_overdue_task_is_told_to_the_head_once() -> None:
    """S2.5: who, what, since when."""
    overdue = rules.stage_robot(
        "Новый лид",
        "Взять в работу",
        deadline=rules.schedule.Duration(2, rules.schedule.Unit.WORK_HOURS),
        overdue_to=(rules.ROP,),
    )
    world = World(decision.Rules((overdue,))).work()
    assert world.wake_at is not None

    world.now = world.wake_at
    assert world.work().acts()[1:] == ["tell Петрова Анна: Просрочено: «Окна для Марии» — Взять в работу"]


def test_a_watching_robot_writes_nothing() -> None:
    """users.md F5: decided as live, ended as dry_run."""
    watched = rules.dataclasses.replace(rules.fill_rop(), mode=r.Mode.WATCH)
    world = World(decision.Rules((watched,))).work()

    assert [row.state for row in world.ledger.values()] == [intents.WishState.DRY_RUN]
    assert world.card.value(builders.ROP) is None


def test_what_lies_before_the_robots_activation_is_past() -> None:
    """X8: switching on over 3 000 open deals does nothing to them."""
    later = looks.Activation(builders.NOW, card=5000, row=500)

    assert World(rules.funnel(), activation=later).work().acts() == []


def test_hands_off() -> None:
    """users.md F19: a tick in the card, and it isn't for robots."""
    off = rules.conditions.Test(builders.path("Роботы не трогают"), rules.conditions.Op.EQUALS, True)
    funnel = rules.dataclasses.replace(rules.funnel(), hands_off=off)
    world = World(funnel, fields={"Роботы не трогают": True}).work()

    assert world.acts() == []
    assert world.told("Voronka") == [("paused", "в карточке отмечено: роботы не трогают")]


def test_a_half_made_copy_decides_nothing() -> None:
    """design.md: a card whose origin names an unfinished saga waits for it."""
    seen = builders.look(unfinished_origin=True, activations={})
    decided = decision.decide(rules.funnel(), seen, builders.NOW)

    assert decided.wishes == ()
    assert [line.outcome for line in decided.trace] == ["blocked"]


def test_robots_in_a_circle_are_stopped_and_named() -> None:
    """R6: depth 5."""
    seen = builders.look(
        depth=6,
        first=True,
        arrived=(builders.visit(),),
        activations={r.id: rules_activation() for r in all_robots()},
    )
    decided = decision.decide(rules.funnel(), seen, builders.NOW)

    assert decided.wishes == ()
    assert {line.outcome for line in decided.trace} == {"held"}


def rules_activation() -> looks.Activation:
    return looks.Activation(builders.NOW - timedelta(days=1), 1000, 50)


def all_robots() -> tuple[r.Robot, ...]:
    return rules.funnel().robots


def deal(number: int, **rest: object) -> looks.Match:
    return looks.Match(
        ref=model.CardRef(model.CardKind.DEAL, number),
        title="Окна",
        responsible=builders.SIDOROVA,
        created=builders.NOW - timedelta(days=1),
        **rest,  # type: ignore[arg-type]
    )


OTHER = model.ClientRef(model.ClientKind.CONTACT, 77)


def test_another_managers_client_is_told_to_both() -> None:
    """U4, S4.3."""
    found = (
        looks.Match(OTHER, "Мария", builders.SIDOROVA, via="+79160000001"),
        deal(4000, client=OTHER),
    )
    world = World(decision.Rules((rules.duplicate_check(),)), clients=(MARIA,), duplicates=found).work()

    assert [act.split(":")[0] for act in world.acts()] == [
        "tell Иванов Пётр",
        "tell Сидорова Ольга",
        "remember",
    ]


def test_the_deals_own_client_is_no_duplicate() -> None:
    """S4.5: a repeat sale is created from the contact itself; its earlier deals are no duplicates either."""
    own = MARIA.ref
    found = (looks.Match(own, "Мария", builders.SIDOROVA, via="+79160000001"), deal(4000, client=own))
    world = World(decision.Rules((rules.duplicate_check(),)), clients=(MARIA,), duplicates=found).work()

    assert world.acts() == ["remember: проверено: такого клиента больше ни у кого нет"]


def test_of_twins_only_the_younger_is_a_duplicate() -> None:
    """A client writes twice in a minute."""
    elder = World(
        decision.Rules((rules.duplicate_check(),)), clients=(MARIA,), duplicates=(deal(4712, client=OTHER),)
    ).work()
    assert elder.acts() == ["remember: проверено: такого клиента больше ни у кого нет"]


def test_a_client_who_came_after_the_card_is_not_a_known_one() -> None:
    """The elder twin is looked at when the younger's contact is there already; within one second the ids tell."""
    for created, number, told in (
        (builders.NOW + timedelta(seconds=1), 20, False),
        (builders.NOW, 22, False),
        (builders.NOW, 20, True),
        (builders.NOW - timedelta(days=1), 22, True),
    ):
        ref = model.ClientRef(model.ClientKind.CONTACT, number)
        found = (looks.Match(ref, "Мария", builders.SIDOROVA, created=created, via="+79160000001"),)
        world = World(decision.Rules((rules.duplicate_check(),)), clients=(MARIA,), duplicates=found).work()
        assert (len(world.acts()) > 1) is told, (created, number)


def test_a_contact_bound_after_the_deal_is_still_checked() -> None:
    """It hangs on the phone's coming, not on the card's."""
    found = (looks.Match(OTHER, "Мария", builders.SIDOROVA, via="+79160000001"),)
    world = World(decision.Rules((rules.duplicate_check(),)), duplicates=found).work()
    assert world.acts() == []

    assert len(world.after(minutes=1).bind(MARIA).work().acts()) == 3


def test_a_common_phone_says_nothing() -> None:
    """users.md F8: +7 000…, the firm's own number."""
    found = (looks.Match(OTHER, "Мария", builders.SIDOROVA, via="+79160000001", shared_by=40),)
    world = World(decision.Rules((rules.duplicate_check(),)), clients=(MARIA,), duplicates=found).work()

    assert world.acts() == ["remember: проверено: такого клиента больше ни у кого нет"]
