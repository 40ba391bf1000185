from __future__ import annotations

from datetime import timedelta

from structlog import testing

from connector import errors, ports
from robots import changes, intents, look, model
from tests.connector.loops import world as worlds
from tests.robots import builders

World = worlds.World


async def test_a_ring_becomes_a_look_a_wish_and_an_effect(world: World) -> None:
    """The whole line once: doorbell, look, wish, effect; the same look twice wishes nothing more."""
    deal = world.deal()
    world.script.steps = worlds.steps("log")
    await (await (await world.ring(deal)).look()).carry_out()
    await (await (await world.ring(deal)).look()).carry_out()
    assert await world.ledger() == ["log: done"]
    assert world.portal.effects == ["deal:1/h101/log"]
    assert await world.dirty() == 0


async def test_the_log_says_what_a_watching_robot_would_do(world: World) -> None:
    """Its wishes are told as «would have», the others as decided: nobody waits for what will never be sent."""
    deal = world.deal()
    world.script.steps = lambda _seen: [worlds.Step("a", dry_run=True), worlds.Step("b")]
    with testing.capture_logs() as told:
        await (await world.ring(deal)).look()
    decided = [line["outcome"] for line in told if line["event"] == "robot.decided"]
    assert decided == ["dry_run", "wished"]


async def test_a_mark_during_the_look_is_not_lost(world: World) -> None:
    """The card changes while it is being looked at: the mark made then brings a second look that sees the change."""
    deal = world.deal(title="Окна")

    async def somebody_edits() -> None:
        world.portal.edit(deal, title="Двери")
        await world.ring(deal)

    world.portal.during["facts"] = somebody_edits
    await (await world.ring(deal)).look()
    assert [seen.card.title for seen in world.script.seen] == ["Окна", "Двери"]
    assert await world.dirty() == 0


async def test_forty_cards_share_one_round(world: World) -> None:
    """A burst is looked at in batches: one call for the cards, one for the clients that some need."""
    deals = [world.deal(number) for number in range(1, 61)]
    await (await world.ring(*deals)).look()
    assert sorted(world.portal.calls) == ["facts 20", "facts 40"]


async def test_a_torn_history_decides_nothing_until_it_is_whole(world: World) -> None:
    """The card has moved and its history row isn't visible yet: due again in 2 s, no rule is asked, nothing is counted."""
    deal = world.deal()
    await (await world.ring(deal)).look()
    world.portal.move(deal, builders.stage("Обрабатываем запрос"))
    world.portal.lagging.add(deal)
    await (await world.ring(deal)).look()
    assert len(world.script.seen) == 1
    torn = await world.memory(deal)
    assert (torn.torn, torn.visit and torn.visit.id, await world.dirty()) == (1, "h101", 1)

    world.portal.lagging.clear()
    await world.pass_time(2)
    await world.look()
    assert [visit.id for visit in world.script.seen[-1].arrived] == ["h102"]
    assert ((await world.memory(deal)).torn, await world.dirty()) == (0, 0)


async def test_a_history_torn_for_good_gives_way_to_the_card(world: World) -> None:
    """After five torn looks the card's own stage wins, as a stay without a row, and the story says so."""
    deal = world.deal()
    await (await world.ring(deal)).look()
    world.portal.move(deal, builders.stage("Обрабатываем запрос"))
    world.portal.lagging.add(deal)
    await world.ring(deal)
    for _ in range(5):
        await world.look()
        await world.pass_time(2)
    assert [visit.id for visit in world.script.seen[-1].arrived] == ["s1"]
    (last,) = await world.store.journal.story(worlds.PORTAL, deal, limit=1)
    assert last.trace[0].reason == "история портала так и не сошлась с карточкой: взята стадия карточки"


async def test_after_a_stay_without_a_row_the_old_rows_are_not_news(world: World) -> None:
    """The whole history has to be read again then; what the mirror has as stays doesn't arrive a second time."""
    deal = world.deal()
    await (await world.ring(deal)).look()
    world.portal.move(deal, builders.stage("Обрабатываем запрос"))
    lost = world.portal.history[deal].pop()
    await world.ring(deal)
    for _ in range(5):
        await world.look()
        await world.pass_time(2)
    assert lost.row == 102
    world.portal.move(deal, builders.stage("Сделали предложение"))
    await (await world.ring(deal)).look()
    assert [visit.id for visit in world.script.seen[-1].arrived] == ["h103"]


async def test_stays_wait_for_the_gate_that_has_not_answered(world: World) -> None:
    """What lies after the accepted stay is shown again at every look until it is accepted."""
    deal = world.deal()
    await (await world.ring(deal)).look()
    world.portal.move(deal, builders.stage("Обрабатываем запрос"))
    world.script.holds = True
    await (await world.ring(deal)).look()
    await (await world.ring(deal)).look()
    assert [[visit.id for visit in seen.arrived] for seen in world.script.seen[1:]] == [["h102"], ["h102"]]


async def test_a_deleted_card_is_buried_and_its_task_closed(world: World) -> None:
    """NOT_FOUND: unsent wishes end superseded; the task that was set doesn't hang on anybody."""
    deal = world.deal()
    task = intents.SetTask("Позвонить", "", None, builders.IVANOV, None)
    world.script.steps = lambda _seen: [worlds.Step("task", task), worlds.Step("log")]
    await (await world.ring(deal)).look()
    await world.worker.executor.step()
    world.portal.delete(deal)
    await (await world.ring(deal)).look()
    await world.carry_out()
    assert await world.ledger() == ["task: done", "log: superseded", "close: done"]
    assert (await world.memory(deal)).deleted


async def test_a_hidden_card_is_kept_and_health_turns_red(world: World) -> None:
    """Rights were taken: nothing is superseded, and when they come back health is green again."""
    deal = world.deal()
    world.script.steps = worlds.steps("log")
    await (await world.ring(deal)).look()
    world.portal.hidden.add(deal)
    await (await world.ring(deal)).look()
    assert not (await world.memory(deal)).deleted
    assert await world.ledger() == ["log: wished"]
    assert [one.code for one in world.worker.health.troubles(world.clock.now())] == ["rights"]

    world.portal.hidden.clear()
    await world.pass_time(10)
    await world.look()
    assert world.worker.health.troubles(world.clock.now()) == ()


async def test_many_gone_at_once_are_held_until_a_person_says_so(world: World) -> None:
    """A wiped portal or a lost right looks the same: 21 at once are kept and a person is asked."""
    deals = [world.deal(number) for number in range(1, 22)]
    await (await world.ring(*deals)).look()
    for deal in deals:
        world.portal.delete(deal)
    await (await world.ring(*deals)).look()
    assert not any([(await world.memory(deal)).deleted for deal in deals])
    problem = await world.store.notebook.read(worlds.PORTAL, "problem.gone")
    assert problem is not None
    assert problem["text"] == (
        "21 карточка пропала сразу: удалили или отобрали права? Остальные ждут вас, с ними ничего не сделано. "
        "Если их правда удалили: voronka retry --gone"
    )

    until = world.clock.now() + timedelta(hours=1)
    await world.store.notebook.write(worlds.PORTAL, "gone_approved", until.isoformat())
    await world.pass_time(61)
    await world.look()
    assert all([(await world.memory(deal)).deleted for deal in deals])


async def test_a_bad_card_is_parked_while_its_fellows_go_on(world: World) -> None:
    """A rule that fails on one card harms that card alone: parked 10 s, then 20 s, with its reason shown."""
    bad, good = world.deal(1), world.deal(2)
    world.script.fails = {1}
    world.script.steps = worlds.steps("log")
    await (await world.ring(bad, good)).look()
    assert await world.ledger() == ["log: wished"]
    assert await world.parked() == [("deal:1", "ZeroDivisionError: правило сломано")]

    await world.pass_time(10)
    await world.look()
    await world.pass_time(10)
    assert (await world.worker.reconciler.step(), await world.dirty()) == (0, 1)

    world.script.fails = set()
    await world.pass_time(10)
    await world.look()
    assert await world.ledger(bad) == ["log: wished"]
    assert await world.dirty() == 0


async def test_a_batch_that_fails_as_a_whole_is_taken_apart(world: World) -> None:
    """The answer to fifty cards is unreadable because of one: each is looked at alone, and only that one is parked."""
    deals = [world.deal(number) for number in (1, 2, 3)]

    async def unreadable() -> None:
        raise errors.Unreadable("не JSON")

    world.portal.during["facts"] = unreadable
    world.portal.broken[deals[1]] = errors.Unreadable("stageId: 7")
    await (await world.ring(*deals)).look()
    assert world.portal.calls == ["facts 3", "facts 1", "facts 1", "facts 1"]
    assert await world.parked() == [("deal:2", "портал ответил непонятно: stageId: 7")]
    assert sorted(seen.card.ref.id for seen in world.script.seen) == [1, 3]


async def test_tasks_activities_and_clients_become_their_cards(world: World) -> None:
    """Not a card: the portal and the mirror say whose it is, and those are looked at."""
    maria = builders.contact(id=31)
    world.portal.people[maria.ref] = maria
    deal = world.deal(contacts=(31,))
    other = world.deal(2)
    task, client = ports.Thing(ports.Kind.TASK, 77), ports.Thing(ports.Kind.CONTACT, 31)
    world.portal.bindings[task] = (worlds.thing(other),)
    await (await world.ring(deal)).look()
    await (await world.ring(task, client, ports.Thing(ports.Kind.ACTIVITY, 5))).look()
    assert [seen.card.ref.id for seen in world.script.seen] == [1, 1, 2]
    assert await world.dirty() == 0


async def test_costly_facts_are_gathered_for_all_that_need_them_together(world: World) -> None:
    """Clients and duplicates are asked for once for the batch; a changed phone has a number of its own."""
    maria = builders.contact(id=31, phones=("8 916 000-00-01",), emails=())
    world.portal.people[maria.ref] = maria
    deals = [world.deal(number, contacts=(31,)) for number in (1, 2)]
    world.deal(3)

    def until_gathered(seen: look.Look) -> frozenset[look.Need]:
        lacks = seen.card.ref.id < 3 and seen.duplicates is None
        return frozenset({look.Need.DUPLICATES}) if lacks else frozenset()

    world.script.needs = until_gathered
    await (await world.ring(*deals, model.CardRef(model.CardKind.DEAL, 3))).look()
    assert world.portal.calls == ["facts 3", "clients 2", "duplicates 2"]
    told = world.script.seen[-1]
    assert (told.change(changes.COMMS), told.duplicates and told.duplicates.comms) == (1, ("+79160000001",))

    world.portal.people[maria.ref] = builders.contact(id=31, phones=("+7 916 000-00-02",), emails=())
    await (await world.ring(deals[0])).look()
    assert world.script.seen[-1].change(changes.COMMS) == 2


async def test_our_own_effect_has_a_depth_and_a_persons_change_has_none(world: World) -> None:
    """What a wish of ours set is one deeper than its cause; what a person sets afterwards is the surface again."""
    deal = world.deal()
    way = model.FieldCode("UF_CRM_WAY")
    world.script.steps = lambda _seen: [worlds.Step("set", intents.SetFields({way: 45}))]
    await (await (await world.ring(deal)).look()).carry_out()
    await world.pass_time(30)
    await (await world.ring(deal)).look()
    world.portal.edit(deal, title="Двери")
    await world.pass_time(30)
    await (await world.ring(deal)).look()
    assert [seen.depth for seen in world.script.seen] == [0, 1, 0]


async def test_a_stored_moment_wakes_its_card(world: World) -> None:
    """A wait is a moment in the mirror: when it comes the card is looked at again."""
    deal = world.deal()
    world.script.wake_at = world.clock.now() + timedelta(seconds=600)
    await (await world.ring(deal)).look()
    world.script.wake_at = None
    assert await world.worker.moments.step() == world.worker.desk.settings.poll
    await world.look()
    assert len(world.script.seen) == 1
    await world.pass_time(600)
    await world.worker.moments.step()
    await world.look()
    assert len(world.script.seen) == 2
