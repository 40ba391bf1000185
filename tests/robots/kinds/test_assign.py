"""assign: a responsible by a scenario, drawn once (S1.1, S4.3, S4.4, S3.5)."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

from robots import choosing, decision, draws, intents, model, paths, people
from robots import look as looks
from robots import robot as r
from robots.kinds import assign, stage_task
from tests.robots import builders, rules
from tests.robots.world import World

ID = "Продажи/on_create/assign"
BOTH = (builders.IVANOV, builders.SIDOROVA)


def queue(**rest: Any) -> choosing.Queue:
    return choosing.Queue("дежурный", **{"members": BOTH, **rest})


def assigning(person: people.Person, **rest: Any) -> decision.Rules:
    options = assign.Options(person, **{"standing": assign.Standing.CARD, **rest})
    return decision.Rules((rules.robot(ID, "assign", options, r.Always()),))


def held_by(world: World) -> str:
    return world.directory.user_name(world.card.responsible)


def test_the_ring_turns_card_by_card() -> None:
    """Each new card is the next one's; a card looked at again stays with its own."""
    given, tallies = [], {}
    for number in range(4711, 4715):
        world = World(assigning(queue()), id=number, responsible=builders.PETROVA)
        world.tallies = tallies
        given.append(held_by(world.work().work()))

    assert given == ["Иванов Пётр", "Сидорова Ольга", "Иванов Пётр", "Сидорова Ольга"]


def test_a_crash_between_the_draw_and_the_write_draws_no_second() -> None:
    """What was recorded is what is written, however often it is looked at before."""
    world = World(assigning(queue()), responsible=builders.PETROVA).look().look().look()
    assert [row.wish.because for row in world.ledger.values()] == [
        "ответственный — Иванов Пётр: «дежурный» — чья очередь, из: Иванов Пётр, Сидорова Ольга"
    ]
    assert held_by(world.carry_out().work()) == "Иванов Пётр"
    assert world.told(ID) == [("already_done", "ответственный уже назначен")]


def test_a_wish_that_was_called_off_doesn_t_use_up_its_key() -> None:
    """A reload supersedes what wasn't sent; the card still gets its responsible, and once."""
    world = World(assigning(queue()), responsible=builders.PETROVA).look()
    for _ in range(2):
        key, row = list(world.ledger.items())[-1]
        world.ledger[key] = dataclasses.replace(row, state=intents.WishState.SUPERSEDED)
        world.look().look()
    world.work()

    assert [key.rpartition("/")[2] for key in world.ledger] == ["assign", "assign#1", "assign#2"]
    assert (world.acts(), held_by(world)) == (["set assignedById=11"], "Иванов Пётр")


def test_a_person_s_choice_after_it_stands() -> None:
    """The card is assigned once in its life."""
    world = World(assigning(queue()), responsible=builders.PETROVA).work()
    world.set(Ответственный=builders.SMIRNOV).work()

    assert held_by(world) == "Смирнов Олег"


def test_at_night_it_waits_for_the_morning() -> None:
    """within: working hours, without else: a stored moment, not a guess."""
    night = builders.at("2026-03-02 22:00")
    world = World(assigning(queue(in_hours=True)), now=night, responsible=builders.PETROVA).work()
    assert (held_by(world), world.told(ID)[0], world.wake_at) == (
        "Петрова Анна",
        ("waiting", "назначим позже: «дежурный»: сейчас не рабочее время"),
        builders.at("2026-03-03 09:00"),
    )
    world.after(hours=11, minutes=1).work()
    assert held_by(world) == "Иванов Пётр"


def test_what_can_t_wait_takes_whoever_will_be_there_in_the_morning() -> None:
    """A change of a field comes once, a task must be in somebody's list; Иванов is away from tomorrow on."""
    night = builders.at("2026-03-02 22:00")
    tomorrow = choosing.Away(builders.IVANOV, date(2026, 3, 3), date(2026, 3, 5))
    on_duty = queue(in_hours=True, skip_absent=True, away=(tomorrow,))
    once = rules.robot(ID, "assign", assign.Options(on_duty), r.Created())
    task = dataclasses.replace(rules.task("Позвонить"), responsible=on_duty)
    tasks = rules.robot("Продажи/on_create/task", "task", stage_task.Options(task), r.Created())
    world = World(decision.Rules((once, tasks)), now=night, responsible=builders.PETROVA).work()

    assert held_by(world) == "Сидорова Ольга"
    assert [one.responsible for one in world.tasks.values()] == [builders.SIDOROVA]


def test_a_wait_ends_when_a_person_gives_the_card_to_somebody() -> None:
    """The night guard took it himself: the morning's ring leaves it to him."""
    night = builders.at("2026-03-02 22:00")
    world = World(assigning(queue(in_hours=True)), now=night, responsible=builders.PETROVA).work()
    world.set(Ответственный=builders.SMIRNOV).work().after(hours=12).work()

    assert held_by(world) == "Смирнов Олег"
    assert world.told(ID) == [("superseded", "пока ждали, ответственного назначили без робота")]


def test_else_is_taken_at_once() -> None:
    """«All absent → else, never nobody» (users.md F10)."""
    night = builders.at("2026-03-02 22:00")
    head = people.Employee(builders.PETROVA)
    world = World(assigning(queue(in_hours=True, otherwise=head)), now=night).work()

    assert held_by(world) == "Петрова Анна"


def away(user: model.UserId, last: str = "2026-03-06", deputy: people.Person | None = None) -> choosing.Away:
    return choosing.Away(user, date(2026, 3, 2), date.fromisoformat(last), deputy)


def test_the_absent_and_the_dismissed_are_passed_over() -> None:
    """absences: and Bitrix24's own dismissals; a department is whoever works there now, those below too."""
    everybody = queue(
        members=(),
        departments=(builders.SALES_DEPARTMENT,),
        without=frozenset({builders.PETROVA}),
        skip_absent=True,
        away=(away(builders.IVANOV),),
    )
    assert held_by(World(assigning(everybody), responsible=builders.SMIRNOV).work()) == "Сидорова Ольга"


def test_when_everybody_is_away_it_waits_for_the_first_to_come_back() -> None:
    """To the opening of the first working day after."""
    gone = (away(builders.IVANOV, "2026-03-20"), away(builders.SIDOROVA, "2026-03-06"))
    world = World(assigning(queue(skip_absent=True, away=gone)), responsible=builders.SMIRNOV).look()

    # Monday the 9th is a holiday of this portal.
    assert (world.told(ID)[0], world.wake_at) == (
        ("waiting", "назначим позже: «дежурный»: никого нет на месте"),
        builders.at("2026-03-10 09:00"),
    )


def test_a_deputy_stands_in() -> None:
    """For one named person."""
    deputy = people.Employee(builders.SMIRNOV)
    options = assigning(people.Employee(builders.PETROVA), away=(away(builders.PETROVA, deputy=deputy),))

    assert held_by(World(options).work()) == "Смирнов Олег"


def test_by_load_the_least_busy_gets_it() -> None:
    """S3.5: a free manager."""
    world = World(assigning(queue(how=intents.PickHow.LOAD)), responsible=builders.PETROVA)
    world.load = draws.Load({builders.IVANOV: 5, builders.SIDOROVA: 4}, {})

    assert held_by(world.work()) == "Сидорова Ольга"


SOURCE = paths.Path(paths.Owner.CARD, model.FieldCode("sourceId"), "Источник")


def by_source(**rest: Any) -> choosing.ByField:
    site, call = people.Employee(builders.SIDOROVA), people.Employee(builders.PETROVA)
    return choosing.ByField(SOURCE, (("WEB", site), ("CALL", call)), **rest)


def test_by_a_field_s_value() -> None:
    """By source; an unnamed value and an empty field have words of their own."""
    site = World(assigning(by_source()), fields={"Источник": "Веб-сайт"}).work()
    empty = World(assigning(by_source(empty=people.Employee(builders.SMIRNOV)))).work()
    odd = World(assigning(by_source()), fields={"Источник": "OTHER"}).look()

    assert [held_by(site), held_by(empty), odd.told(ID)] == [
        "Сидорова Ольга",
        "Смирнов Олег",
        [("failed", "некого назначить: «Источник» — OTHER: никто не назван")],
    ]


def test_a_branch_may_be_a_queue() -> None:
    """by_field of people: drawn there."""
    branches = choosing.ByField(SOURCE, (("WEB", queue()),), otherwise=people.Employee(builders.PETROVA))
    world = World(assigning(branches), fields={"Источник": "Веб-сайт"}, responsible=builders.SMIRNOV).work()

    assert [row.wish.because for row in world.ledger.values()] == [
        "ответственный — Иванов Пётр: «Источник» — Веб-сайт: «дежурный» — чья очередь, "
        "из: Иванов Пётр, Сидорова Ольга"
    ]


def test_by_the_phone_s_territory() -> None:
    """The longest beginning wins; a country says more than the code that it shares."""
    by = (
        ("+7", people.Employee(builders.PETROVA)),
        ("+7812", people.Employee(builders.SIDOROVA)),
        ("KZ", people.Employee(builders.ADMIN)),
    )
    territory = choosing.ByPhone(by)
    phones = ("8 (812) 325-25-25", "+7 916 000-00-01", "+7 701 123 45 67", "+375 29 123-45-67", "12")
    found = [
        choosing.Chooser(builders.look(clients=(builders.contact(phones=(phone,)),)), builders.NOW).choose(
            territory
        )
        for phone in phones
    ]
    assert [(one.user, one.why) for one in found] == [
        (builders.SIDOROVA, "территория телефона +7812: Сидорова Ольга"),
        (builders.PETROVA, "территория телефона +7: Петрова Анна"),
        (builders.ADMIN, "территория телефона KZ: Админова Ирина"),
        (None, "для телефона +375 ***67 никто не назван"),
        (None, "телефона нет или по нему не дозвониться: территория неизвестна"),
    ]


def client_match(responsible: model.UserId, **rest: Any) -> looks.Match:
    ref = model.ClientRef(model.ClientKind.CONTACT, 77)
    made = {"created": builders.at("2025-10-01 10:00"), "via": "+79160000001", **rest}
    return looks.Match(ref, "Мария", responsible, **made)


def test_the_client_s_earlier_manager_comes_first() -> None:
    """S4.3, S4.4: two managers never work one client; an open deal says more than the contact."""
    first = assigning(choosing.ClientsManager(queue()))
    deal = looks.Match(
        model.CardRef(model.CardKind.DEAL, 5), "Балкон", builders.SMIRNOV, builders.at("2026-02-01 10:00")
    )
    contact = client_match(builders.SIDOROVA)
    known = World(first, clients=(builders.contact(),), duplicates=(contact, deal)).work()
    only = World(first, clients=(builders.contact(),), duplicates=(contact,)).work()

    assert (held_by(known), held_by(only)) == ("Смирнов Олег", "Сидорова Ольга")
    assert [row.wish.because for row in known.ledger.values()] == [
        "ответственный — Смирнов Олег: клиента уже ведёт Смирнов Олег (сделка «Балкон»)"
    ]


def test_new_clients_dismissed_managers_and_common_phones_go_to_the_ring() -> None:
    """A contact made with this very lead is nobody's yet."""
    first = assigning(choosing.ClientsManager(queue()))
    nobody_s = (
        client_match(builders.SMIRNOV, created=builders.NOW),
        client_match(builders.FIRED),
        client_match(builders.SMIRNOV, shared_by=40),
        dataclasses.replace(client_match(builders.SMIRNOV), closed=True),
    )
    for match_ in nobody_s:
        world = World(
            first, clients=(builders.contact(),), duplicates=(match_,), responsible=builders.PETROVA
        )
        assert held_by(world.work()) == "Иванов Пётр"


def test_both_are_told_with_the_drawn_name() -> None:
    """S1.2's words, for whoever asks for them."""
    world = World(assigning(queue(), tell=assign.Tell.BOTH), responsible=builders.PETROVA).work()

    assert world.acts() == [
        "set assignedById=11",
        "tell Иванов Пётр: «Окна для Марии» теперь ваша карточка",
        "tell Петрова Анна: «Окна для Марии»: теперь ведёт Иванов Пётр",
    ]


def test_who_leads_it_already_costs_nothing_and_is_settled() -> None:
    """The wish is spent: a later change of hands isn't undone."""
    world = World(assigning(people.Employee(builders.IVANOV)), responsible=builders.IVANOV).work()
    assert world.acts() == ["remember: ответственный уже такой: Иванов Пётр"]
    world.set(Ответственный=builders.SMIRNOV).work()
    assert held_by(world) == "Смирнов Олег"


def test_on_entry_to_a_stage_once_in_each_stay() -> None:
    """S3.1: a queue of its own for a stage; not for stays before the robot."""
    stage = builders.stage("Обрабатываем запрос").id
    robots = assigning(queue(), standing=assign.Standing.STAGE, stage=stage)
    world = World(robots, responsible=builders.PETROVA).work()
    assert held_by(world) == "Петрова Анна"
    world.after(minutes=1).move("Обрабатываем запрос").work()
    assert held_by(world) == "Иванов Пётр"
    world.after(minutes=1).move("Новый лид").work().after(minutes=1).move("Обрабатываем запрос").work()
    assert held_by(world) == "Сидорова Ольга"

    late = looks.Activation(builders.at("2026-03-02 12:00"), card=9999, row=9999)
    past = World(robots, activation=late, responsible=builders.PETROVA, stage="Обрабатываем запрос").work()
    assert held_by(past) == "Петрова Анна"


def test_a_stay_begun_before_the_robot_is_left_alone_while_a_gate_holds_the_next_one() -> None:
    """A refused move asks the states again, for the old stay."""
    stage = builders.stage("Обрабатываем запрос").id
    made = assigning(queue(), standing=assign.Standing.STAGE, stage=stage)
    gated = dataclasses.replace(made, gates=(rules.gate("Обрабатываем запрос", leave=("Требования",)),))
    before = looks.Activation(builders.NOW, card=9999, row=100)
    world = World(gated, activation=before, responsible=builders.PETROVA, stage="Обрабатываем запрос").work()
    world.after(minutes=1).move("Сделали предложение").look()

    assert world.told(ID) == [("not_triggered", "пришла на стадию до робота")]


def test_old_and_closed_cards_are_left_alone() -> None:
    """Switching on re-deals nothing (users.md F4)."""
    later = looks.Activation(builders.NOW, card=5000, row=50)
    old = World(assigning(queue()), activation=later, responsible=builders.PETROVA).work()
    closed = World(assigning(queue()), stage="Дорого", responsible=builders.PETROVA).work()

    assert [held_by(old), held_by(closed), old.acts() + closed.acts()] == ["Петрова Анна", "Петрова Анна", []]


def test_a_task_for_a_queue_is_drawn_too() -> None:
    """F8: «Новый клиент» for the one on duty."""
    task = dataclasses.replace(rules.task("Новый клиент"), responsible=queue())
    robot = rules.robot("Продажи/on_create/task", "task", stage_task.Options(task), r.Created())
    world = World(decision.Rules((robot,))).work()

    assert [(one.title, one.responsible) for one in world.tasks.values()] == [
        ("Новый клиент", builders.IVANOV)
    ]
    assert [row.wish.because for row in world.ledger.values()] == ["задача «Новый клиент» для Иванов Пётр"]
