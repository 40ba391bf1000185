from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connector import errors, ports
from connector.loops import desk
from robots import decision, intents
from tests.connector.loops import world as worlds
from tests.robots import builders

World = worlds.World
NOTICE = intents.Notify(builders.IVANOV, "Новая сделка", "tag")


async def test_a_chain_goes_in_order_and_stops_where_it_broke(world: World) -> None:
    """What stands on a refused wish is blocked; what stands on nothing goes on."""
    deal = world.deal()
    world.script.steps = lambda _seen: [
        worlds.Step("first"),
        worlds.Step("second", after="first"),
        worlds.Step("third", after="second"),
        worlds.Step("free"),
    ]
    world.portal.fail_next(errors.Rejected("поля нет"))
    await (await (await world.ring(deal)).look()).carry_out()
    assert await world.ledger() == ["first: refused", "second: blocked", "third: blocked", "free: done"]
    assert world.portal.effects == ["deal:1/h101/free"]


async def test_cards_go_side_by_side_and_each_ones_chain_in_order(world: World) -> None:
    """One row of a card at a time, all cards at once."""
    deals = [world.deal(number) for number in (1, 2, 3)]
    world.script.steps = worlds.steps("a", "b")
    await (await world.ring(*deals)).look()
    await world.worker.executor.step()
    assert sorted(world.portal.effects) == ["deal:1/h101/a", "deal:2/h102/a", "deal:3/h103/a"]
    await world.carry_out()
    assert sorted(world.portal.effects[3:]) == ["deal:1/h101/b", "deal:2/h102/b", "deal:3/h103/b"]


async def test_a_wish_of_a_stay_already_left_is_superseded_without_a_call(world: World) -> None:
    """Between the wish and its turn the card went on, and a look has seen it."""
    deal = world.deal()
    world.script.steps = lambda seen: [worlds.Step("task", while_there=True)]
    await (await world.ring(deal)).look()
    world.portal.move(deal, builders.stage("Обрабатываем запрос"))
    await (await (await world.ring(deal)).look()).carry_out()
    assert await world.ledger() == ["task: superseded", "task: done"]
    assert world.portal.effects == ["deal:1/h102/task"]


async def test_an_old_look_is_renewed_before_anything_is_sent(world: World) -> None:
    """The executor comes to a wish two minutes late: the card is looked at again first, then the wish goes out."""
    deal = world.deal()
    world.script.steps = worlds.steps("log")
    await (await world.ring(deal)).look()
    await world.pass_time(120)
    await world.carry_out()
    assert (world.portal.effects, await world.dirty()) == ([], 1)
    await (await world.look()).carry_out()
    assert world.portal.effects == ["deal:1/h101/log"]


async def test_a_changed_robots_wish_is_called_off_and_its_card_looked_at(world: World) -> None:
    """A reload while a wish waits: the old text no longer acts, and the card is decided on anew."""
    deal = world.deal()
    world.script.steps = worlds.steps("log")
    await (await world.ring(deal)).look()
    rules = decision.Rules(robots=(worlds.robot("d2"),), config="c2")
    assert await world.worker.replace(rules, builders.directory()) == 1
    await world.carry_out()
    assert await world.ledger() == ["log: superseded"]
    assert (world.portal.effects, await world.dirty()) == ([], 1)


async def test_a_wish_recorded_by_a_look_under_the_old_rules_is_caught(world: World) -> None:
    """The reload came while the look was under way: its wishes bear the old digest and never leave."""
    deal = world.deal()
    world.script.steps = worlds.steps("log")
    await (await world.ring(deal)).look()
    rules = decision.Rules(robots=(worlds.robot("d2"),), config="c2")
    world.worker.desk.shelf.book = desk.Book(rules, builders.directory())
    await world.carry_out()
    assert (await world.ledger(), await world.dirty()) == (["log: superseded"], 1)


async def test_an_obligation_outlives_its_robot(world: World) -> None:
    """A wish without a digest (closing a task that was set) is carried out though the robot is gone."""
    deal = world.deal()
    world.script.steps = lambda _seen: [worlds.Step("close", digest="")]
    await (await world.ring(deal)).look()
    await world.worker.replace(decision.Rules(config="empty"), builders.directory())
    await world.carry_out()
    assert await world.ledger() == ["close: done"]


async def test_a_paused_robot_sends_nothing(world: World) -> None:
    """«voronka pause 'Продажи/*'»: what was wished meanwhile ends superseded."""
    deal = world.deal()
    world.script.steps = worlds.steps("log")
    await world.store.notebook.write(worlds.PORTAL, "pauses", {"Продажи/*": {"until": None}})
    await (await (await world.ring(deal)).look()).carry_out()
    assert (await world.ledger(), world.portal.effects) == (["log: superseded"], [])


async def test_what_was_surely_not_done_is_tried_again_later(world: World) -> None:
    """The portal asks to slow down: the same wish waits as long as it says, and goes out once."""
    deal = world.deal()
    world.script.steps = worlds.steps("log")
    world.portal.fail_next(errors.Retryable("QUERY_LIMIT_EXCEEDED", delay=20))
    await (await (await world.ring(deal)).look()).carry_out()
    assert (await world.ledger(), world.portal.effects) == (["log: wished"], [])
    await world.pass_time(19)
    await world.carry_out()
    assert world.portal.effects == []
    await world.pass_time(1)
    await world.carry_out()
    assert (await world.ledger(), world.portal.effects) == (["log: done"], ["deal:1/h101/log"])


async def test_a_wish_put_off_for_over_an_hour_is_given_up(world: World) -> None:
    """Not for ever: after eight tries and an hour a person reads why."""
    deal = world.deal()
    world.script.steps = worlds.steps("log")
    await (await world.ring(deal)).look()
    for _ in range(12):
        world.portal.fail_next(errors.Retryable("OPERATION_TIME_LIMIT"))
        await (await (await world.ring(deal)).look()).carry_out()
        await world.pass_time(900)
    assert (await world.ledger(), world.portal.effects) == (["log: given_up"], [])


async def test_a_lost_answer_is_settled_by_finding_what_was_made(world: World) -> None:
    """Done, and the answer was lost: nothing is sent before the window is over; then it is found and adopted."""
    deal = world.deal()
    world.script.steps = worlds.steps("log", "next")
    world.portal.fail_next(errors.Unknown("timeout"), committed=True)
    await (await (await world.ring(deal)).look()).carry_out()
    assert await world.worker.settler.step() == 0
    assert await world.ledger() == ["log: unknown", "next: wished"]
    await world.settle()
    assert await world.ledger() == ["log: done", "next: wished"]
    (row, _) = await world.store.ledger.rows(worlds.PORTAL)
    assert (row.note, row.made) == ("adopted", 9001)
    assert world.portal.effects == ["deal:1/h101/log"]


async def test_what_is_not_there_after_two_looks_is_sent_once_more(world: World) -> None:
    """Not done, and the answer was lost: looked for twice, then sent again, and once."""
    deal = world.deal()
    world.script.steps = worlds.steps("log")
    world.portal.fail_next(errors.Unknown("connection reset"))
    await (await (await world.ring(deal)).look()).carry_out()
    await world.settle()
    assert (world.portal.calls.count("find"), await world.ledger()) == (2, ["log: wished"])
    await (await (await world.ring(deal)).look()).carry_out()
    assert (await world.ledger(), world.portal.effects) == (["log: done"], ["deal:1/h101/log"])


async def test_a_list_that_lags_is_looked_at_twice(world: World) -> None:
    """Made, and the first look-up doesn't show it yet: the second does, nothing is doubled."""
    deal = world.deal()
    world.script.steps = worlds.steps("log")
    world.portal.fail_next(errors.Unknown("502"), committed=True)
    await (await (await world.ring(deal)).look()).carry_out()
    (row,) = await world.store.ledger.rows(worlds.PORTAL)
    world.portal.late[row.wish.key] = 1
    await (await world.settle()).carry_out()
    assert (await world.ledger(), world.portal.effects) == (["log: done"], ["deal:1/h101/log"])


async def test_a_notice_of_unknown_outcome_is_repeated_unlooked(world: World) -> None:
    """The portal keeps one notice per tag: a repeat replaces it, so there is nothing to look for."""
    deal = world.deal()
    world.script.steps = lambda _seen: [worlds.Step("tell", NOTICE)]
    world.portal.fail_next(errors.Unknown("timeout"))
    await (await (await world.ring(deal)).look()).carry_out()
    await world.settle()
    await (await (await world.ring(deal)).look()).carry_out()
    assert ("find" in world.portal.calls, await world.ledger()) == (False, ["tell: done"])


async def test_a_shut_portal_pauses_everything_and_loses_nothing(world: World) -> None:
    """REST is off (the tariff lapsed): loops wait, the wish stays as it was; the sweep finds the door open again."""
    deal = world.deal()
    world.script.steps = worlds.steps("log")
    await world.worker.sweeper.step()
    await (await world.ring(deal)).look()
    world.portal.closed = errors.PortalClosed(
        errors.Closed.TARIFF, "REST is available only on commercial plans"
    )
    await world.worker.executor.step()
    assert world.worker.desk.state.shut
    assert await world.ledger() == ["log: wished"]
    with pytest.raises(errors.PortalClosed):
        await world.worker.sweeper.step()

    world.portal.closed = None
    await world.worker.sweeper.step()
    assert not world.worker.desk.state.shut
    await world.carry_out()
    assert (await world.ledger(), world.portal.effects) == (["log: done"], ["deal:1/h101/log"])


async def test_two_lives_one_effect(tmp_path: Path) -> None:
    """Killed after the portal did it and before the answer was written: the next life settles it and repeats nothing."""

    class Killed(BaseException):
        pass

    def kill(point: str) -> None:
        if point == "before_end":
            raise Killed

    async with worlds.opened(tmp_path, at=kill) as first:
        deal = first.deal()
        first.script.steps = worlds.steps("log")
        await (await first.ring(deal)).look()
        with pytest.raises(Killed):
            await first.carry_out()
        assert await first.ledger() == ["log: sent"]

    async with worlds.opened(tmp_path, clock=first.clock, portal=first.portal) as second:
        assert await second.worker.settler.step() == 0
        await second.pass_time(131)
        await second.worker.settler.step()
        assert await second.ledger() == ["log: done"]
        assert second.portal.effects == ["deal:1/h101/log"]


async def test_a_hand_over_that_is_half_made_is_finished_before_its_card_is_worked(world: World) -> None:
    """The copy stands over there, its saga is of unknown outcome: nothing is decided about the new card until it is."""
    deal = world.deal()
    copy = intents.CopyDeal(builders.DELIVERY, builders.DELIVERY_STAGES[0][0], frozenset())  # type: ignore[arg-type]
    world.script.steps = lambda seen: (
        [worlds.Step("copy", copy)] if seen.card.ref == deal else [worlds.Step("log")]
    )
    world.portal.fail_next(errors.Unknown("timeout"), committed=True)
    await (await (await world.ring(deal)).look()).carry_out()
    made = next(ref for ref in world.portal.cards if ref != deal)
    await (await world.ring(made)).look()
    assert (world.script.seen[-1].unfinished_origin, await world.ledger(made)) == (True, [])

    await world.settle()
    await (await world.ring(made)).look()
    seen = world.script.seen[-1]
    assert (seen.unfinished_origin, seen.origin_card, await world.ledger(made)) == (
        False,
        deal,
        ["log: wished"],
    )
    assert (seen.first, [visit.created for visit in seen.arrived]) == (True, [True])


async def test_an_impossible_end_does_not_hold_up_its_fellows(world: World) -> None:
    """One row of a tick meets a bug in its transition: the others' answers are written all the same."""
    deals = [world.deal(number) for number in (1, 2)]
    world.script.steps = worlds.steps("log")
    await (await world.ring(*deals)).look()
    rows = await world.store.ledger.rows(worlds.PORTAL)
    now = world.clock.now()
    refused = ports.End(rows[0].wish.key, intents.WishState.REFUSED, now)
    await world.store.ledger.end(worlds.PORTAL, [refused])
    world.worker.executor._ends = [
        (row, ports.End(row.wish.key, intents.WishState.DONE, now)) for row in rows
    ]
    await world.worker.executor.flush()
    assert await world.ledger() == ["log: refused", "log: done"]
    assert replace(world.worker.health.troubles(now)[0], text="").code == "loop_executor"
