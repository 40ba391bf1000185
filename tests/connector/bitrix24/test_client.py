"""The batching client on a virtual clock against a far end with a state."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest

from connector import errors, ports
from connector.bitrix24 import client, gate, operating, phpquery, transport
from robots import intents
from tests.connector.bitrix24 import virtual

LIVE, BACKFILL = ports.Lane.LIVE, ports.Lane.BACKFILL
ADD = "tasks.task.add"


def _made(
    clock: virtual.Clock,
    far: virtual.FarEnd,
    *,
    on_sending: ports.OnSending | None = None,
    **settings: object,
) -> client.Client:
    return client.Client(
        far,
        gate.Gate(clock),
        clock,
        budget=operating.Budget(),
        on_sending=on_sending,
        settings=client.Settings(**settings),  # type: ignore[arg-type]
    )


async def _write(at: client.Client, number: int, key: str | None = None) -> object:
    wish = intents.WishKey(key) if key else None
    try:
        return await at.call(ADD, {"n": number}, lane=LIVE, write=True, key=wish)
    except errors.PortalError as error:
        return type(error)


async def test_what_is_asked_together_rides_together() -> None:
    """Twenty callers, one request, once the portal proved quick; no command lingers for more to come."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock)
    at = _made(clock, far)
    await clock.run(at.call("crm.item.list", {}, lane=LIVE))
    await clock.run(asyncio.gather(*(at.call("crm.item.list", {"n": n}, lane=LIVE) for n in range(20))))
    assert [len(names) for _, names in far.requests] == [1, 20]
    assert clock.seconds == 0


async def test_slow_reading_goes_side_by_side_while_requests_are_to_spare() -> None:
    """Somebody waits for it to go on: 0.1 s each, six to a batch."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock, cost={"crm.duplicate.findbycomm": 0.1})
    at = _made(clock, far)
    await clock.run(at.call("crm.duplicate.findbycomm", {}, lane=LIVE))
    await clock.run(
        asyncio.gather(*(at.call("crm.duplicate.findbycomm", {"n": n}, lane=LIVE) for n in range(20)))
    )
    assert [len(names) for _, names in far.requests] == [1, 6, 6, 6, 2]


async def test_with_requests_to_spare_the_work_goes_side_by_side() -> None:
    """Unmeasured writes count 1 s each: few to a batch while the bucket is free, and none twice."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock, cost={ADD: 1.0})
    at = _made(clock, far)
    await clock.run(asyncio.gather(*(_write(at, n) for n in range(50))))
    assert [len(names) for _, names in far.requests] == [6, 5, 4, 4] + [3] * 10 + [1]
    assert set(far.committed.values()) == {1}


async def test_near_the_limit_much_work_goes_in_long_batches_and_is_soonest_over() -> None:
    """Requests leave at 2 a second: 300 s of work, first in batches of up to 20 s, are over in some 20 s."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock, cost={ADD: 1.0})
    at = _made(clock, far)
    for _ in range(46):
        await clock.run(at.gate.enter(ports.Lane.LIVE))
        at.gate.leave()
    began = clock.monotonic()
    await clock.run(asyncio.gather(*(_write(at, n) for n in range(300))))
    sizes = [len(names) for _, names in far.requests]
    assert (max(sizes) <= 20, len(sizes) <= 45, clock.monotonic() - began < 30) == (True, True, True)


async def test_what_is_read_doesnt_wait_for_much_writing() -> None:
    """The portal runs a batch's commands in turn: a read in it would come back with the last write."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock, cost={ADD: 1.0})
    at = _made(clock, far)
    asked = [*(_write(at, n) for n in range(10)), at.call("crm.item.list", {}, lane=LIVE)]
    await clock.run(asyncio.gather(*asked))
    mixed = [names for _, names in far.requests if len(set(names)) > 1]
    assert (mixed, len(far.requests)) == ([], 5)


async def _write_around(at: client.Client, clock: virtual.Clock, *, looks_end: bool) -> None:
    """Forty cards are being looked at; some want something written at once, the others a second later."""
    at.coming(40)
    first = [asyncio.ensure_future(_write(at, n)) for n in range(5)]
    await clock.sleep(1.0)
    more = [asyncio.ensure_future(_write(at, n)) for n in range(5, 40)]
    if looks_end:
        at.coming(-40)
    await asyncio.gather(*first, *more)


@pytest.mark.parametrize(("looks_end", "earliest"), [(True, 1.0), (False, 2.0)])
async def test_much_writing_waits_for_the_looks_under_way(looks_end: bool, earliest: float) -> None:
    """What comes of them is spread over the requests to spare as one wave; but two seconds are the most it waits."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock, cost={ADD: 1.0})
    await clock.run(_write_around(_made(clock, far), clock, looks_end=looks_end))
    assert [round(moment, 1) - earliest for moment, _ in far.requests[:9]] == [pytest.approx(0, abs=0.11)] * 9
    assert len(far.requests) == 13, "5 s of writing or a little less in each, not a request for each few"


@pytest.mark.parametrize(("cards", "requests"), [(200, [3]), (40, [1, 1, 1])])
async def test_looks_side_by_side_ask_together(cards: int, requests: list[int]) -> None:
    """Each asks the same a moment after its fellow: one request, where a lone look's reading waits for nobody."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock)
    at = _made(clock, far)
    at.coming(cards)

    async def look(after: float) -> None:
        await clock.sleep(after)
        await at.call("crm.item.list", {}, lane=LIVE)

    await clock.run(asyncio.gather(look(0.0), look(0.015), look(0.03)))
    assert [len(names) for _, names in far.requests] == requests


async def test_what_waited_for_a_slot_isn_t_held_for_looks_again() -> None:
    """It has waited for longer than a wave gathers: once slots are free it goes right after what is read."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock, cost={ADD: 1.0})
    at = client.Client(far, gate.Gate(clock, gate.Pace(in_flight=8)), clock)

    async def story() -> None:
        for _ in range(8):
            await at.gate.enter(LIVE)
        waiting = [asyncio.ensure_future(_write(at, n)) for n in range(3)]
        await clock.sleep(5.0)
        at.coming(40)
        waiting.append(asyncio.ensure_future(at.call("crm.item.list", {}, lane=LIVE)))
        await clock.sleep(0.1)
        for _ in range(8):
            at.gate.leave()
        await asyncio.gather(*waiting)

    await clock.run(story())
    assert [(round(moment, 1), len(names)) for moment, names in far.requests] == [(5.1, 1), (5.1, 3)]


async def test_a_lone_cards_writing_waits_for_no_look() -> None:
    """Of a few cards nothing much can come."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock, cost={ADD: 1.0})
    at = _made(clock, far)
    at.coming(3)
    await clock.run(_write(at, 1))
    assert [moment for moment, _ in far.requests] == [0.0]


async def test_reads_go_while_writing_waits() -> None:
    """A look that is under way needs them: were they held as well, all would wait for the end of the patience."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock, cost={ADD: 1.0})
    at = _made(clock, far)
    at.coming(40)
    asked = [*(_write(at, n) for n in range(10)), at.call("crm.item.list", {}, lane=LIVE)]
    await clock.run(asyncio.gather(*asked))
    assert far.requests[0] == (0.0, ["crm.item.list"])
    assert min(moment for moment, names in far.requests if ADD in names) == pytest.approx(2.0, abs=0.1)


async def test_measured_writes_fill_the_batch() -> None:
    """Once they prove quick, fifty ride together."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock, cost={ADD: 0.01})
    at = _made(clock, far)
    await clock.run(asyncio.gather(*(_write(at, n) for n in range(20))))
    await clock.run(asyncio.gather(*(_write(at, n) for n in range(100))))
    assert [len(names) for _, names in far.requests] == [3, 3, 3, 3, 3, 3, 2, 50, 50]


async def test_writes_keep_to_the_operating_budget() -> None:
    """0.9 s each, 480 s per ten minutes: within 80 % of it in any ten minutes, and most of that is used."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock, cost={ADD: 0.9})
    at = _made(clock, far, longest_park=1e9)
    await clock.run(asyncio.gather(*(_write(at, n) for n in range(800))))
    starts = [(moment, len(names)) for moment, names in far.requests]
    most = max(
        sum(count for other, count in starts if moment <= other < moment + 600) * 0.9 for moment, _ in starts
    )
    assert most <= 480
    assert sum(far.committed.values()) == 800
    assert clock.seconds < 800 * 0.9 / 0.64 / 0.9


async def test_a_blocked_method_parks_only_its_own_commands() -> None:
    """429 inside a batch: that method rests, others go on; the ledger gets the moment to come back."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock, refusals={ADD: {"error": "OPERATION_TIME_LIMIT", "error_description": "x"}})
    at = _made(clock, far)
    with pytest.raises(errors.Retryable) as caught:
        await clock.run(at.call(ADD, lane=LIVE, write=True))
    assert caught.value.delay == 60
    far.refusals.clear()
    await clock.run(at.call("crm.item.update", lane=LIVE, write=True))
    assert clock.seconds < 1
    await clock.run(at.call(ADD, lane=LIVE, write=True))
    assert clock.seconds >= 60


async def test_an_unanswered_batch_is_unknown_for_writes_and_repeated_for_reads() -> None:
    """The portal committed and nobody heard: a write is never sent twice."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock)
    far.trouble.append("unanswered")
    at = _made(clock, far)
    write, read = await clock.run(
        asyncio.gather(_write(at, 1), at.call("crm.item.list", {"n": 2}, lane=LIVE))
    )
    assert write is errors.Unknown
    assert isinstance(read, client.Answer)
    assert far.committed == {f"{ADD}?n=1": 1, "crm.item.list?n=2": 2}


async def test_a_refused_connection_leaves_nothing_behind() -> None:
    """Surely not sent: Retryable, and the budget is as it was."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock)
    far.trouble.append("refused")
    at = _made(clock, far)
    assert await clock.run(_write(at, 1)) is errors.Retryable
    assert (far.committed, at.budget.spent(ADD, 0)) == ({}, 0)


async def test_a_command_of_which_the_answer_says_nothing_is_unknown() -> None:
    """In neither result nor result_error: for a write nobody knows."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock, silent={ADD})
    at = _made(clock, far)
    done = await clock.run(asyncio.gather(_write(at, 1), at.call("server.time", lane=LIVE)))
    assert done[0] is errors.Unknown
    assert isinstance(done[1], client.Answer)


async def test_reads_are_given_up_after_some_tries() -> None:
    """Bounded, with growing pauses."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock)
    far.trouble.extend(["lost"] * 9)
    at = _made(clock, far, read_tries=4)
    with pytest.raises(errors.Retryable):
        await clock.run(at.call("crm.item.list", lane=LIVE))
    assert (len(far.requests), clock.seconds) == (4, 0.5 + 1 + 2)


async def test_a_limit_error_is_no_harm() -> None:
    """503 QUERY_LIMIT_EXCEEDED: the write comes back with a delay, the read goes again by itself."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock, level=50.0)
    at = _made(clock, far)
    assert await clock.run(_write(at, 1)) is errors.Retryable
    await clock.run(at.call("crm.item.list", lane=LIVE))
    assert far.limit_errors == 1


async def test_a_closed_portal_fails_at_once() -> None:
    """A tariff without REST isn't asked again and again."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock)
    far.trouble.append(
        transport.Reply(403, {"error": "ACCESS_DENIED", "error_description": "commercial plans"})
    )
    at = _made(clock, far)
    with pytest.raises(errors.PortalClosed) as caught:
        await clock.run(at.call("crm.item.list", lane=LIVE))
    assert (caught.value.why, far.requests) == (errors.Closed.TARIFF, [])


async def test_the_ledger_is_asked_just_before_the_socket_opens() -> None:
    """All keys of a batch at once; what it doesn't return doesn't go."""
    asked: list[set[str]] = []

    async def permit(keys: Collection[intents.WishKey]) -> frozenset[intents.WishKey]:
        asked.append(set(keys))
        return frozenset(key for key in keys if key != "b")

    clock = virtual.Clock()
    far = virtual.FarEnd(clock)
    at = _made(clock, far, on_sending=permit)
    done = await clock.run(asyncio.gather(*(_write(at, n, key) for n, key in enumerate("abc"))))
    assert asked == [{"a", "b", "c"}]
    assert done[1] is client.NotPermitted
    assert sorted(far.committed) == [f"{ADD}?n=0", f"{ADD}?n=2"]


async def test_a_full_disk_stops_the_sending() -> None:
    """The ledger couldn't be written: nothing goes out, the wishes stay."""

    async def permit(_keys: Collection[intents.WishKey]) -> frozenset[intents.WishKey]:
        raise errors.StoreError("disk full")

    clock = virtual.Clock()
    far = virtual.FarEnd(clock)
    at = _made(clock, far, on_sending=permit)
    assert await clock.run(_write(at, 1, "a")) is errors.Retryable
    assert far.requests == []


async def test_a_group_is_never_torn_apart() -> None:
    """Its commands ride in one batch, in order, and their references get the batch's own keys."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock)
    at = _made(clock, far)
    group = [
        client.Command(ADD, {"t": 1}, write=True, name="task"),
        client.Command("task.checklistitem.add", {"TASKID": phpquery.Ref("task", "task", "id")}, write=True),
    ]
    await clock.run(asyncio.gather(_write(at, 1), at.group(group, lane=LIVE)))
    assert list(far.bodies[0]["cmd"].values())[1:] == [
        "tasks.task.add?t=1",
        "task.checklistitem.add?TASKID=%24result%5Bu1c0%5D%5Btask%5D%5Bid%5D",
    ]


async def test_a_text_that_looks_like_a_reference_goes_alone() -> None:
    """A stranger's `$result[…]` in a card must not be answered with another card's data."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock)
    at = _made(clock, far)
    text = "$result[u0c0][title]"
    await clock.run(
        asyncio.gather(_write(at, 1), at.call("crm.item.update", {"x": text}, lane=LIVE, write=True))
    )
    assert far.bodies[1] == {"x": text}
    assert "cmd" in far.bodies[0]


async def test_a_dry_run_writes_nothing() -> None:
    """Enforced by the client itself, whatever the caller declares."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock)
    at = _made(clock, far, dry_run=True)
    assert await clock.run(_write(at, 1)) is client.DryRun
    await clock.run(at.call("crm.item.list", lane=LIVE))
    assert list(far.committed) == ["crm.item.list"]


async def test_an_undeclared_write_is_a_bug() -> None:
    """Methods are reads by an allow-list only."""
    at = _made(virtual.Clock(), virtual.FarEnd(virtual.Clock()))
    with pytest.raises(ValueError, match=r"crm\.item\.delete"):
        await at.call("crm.item.delete", lane=LIVE)


async def test_a_close_fails_what_never_went_out() -> None:
    """A graceful stop: what flies comes home, what waits is surely not done."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock, cost={ADD: 5})
    at = _made(clock, far)

    async def story() -> list[object]:
        first = asyncio.ensure_future(_write(at, 1))
        await clock.sleep(1)
        second = asyncio.ensure_future(_write(at, 2))
        await asyncio.sleep(0)
        await at.close()
        return [await first, await second]

    done = await clock.run(story())
    assert isinstance(done[0], client.Answer)
    assert done[1] is errors.Retryable
