"""What every store promises of its leases: one holder at a time, and nothing written under a lease that is gone.

The clock is the database's own, so leases here are very long, or over at once (a lease of no seconds).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from connector import errors
from tests.contract import stores
from tests.contract.stores import ACME, NOW, OTHER, S, at, deal, dirty, end, looked, thing, wish

LONG, OVER = 1000.0, 0.0


@pytest.fixture(params=stores.KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with stores.opened(request.param, tmp_path, sole=False) as world:
        yield world.store


async def token(store: Any, worker: str, seconds: float = LONG) -> int:
    lease = await store.leases.claim(ACME, worker, seconds)
    assert lease is not None
    return int(lease.token)


async def taken_over(store: Any) -> tuple[Any, Any]:
    """The store as a holder that overslept sees it, and as its successor does."""
    old = store.under(ACME, await token(store, "old", OVER))
    return old, store.under(ACME, await token(store, "new"))


async def test_a_portal_is_one_workers_at_a_time(store: Any) -> None:
    """Others get it when the lease has run out; portals are dealt out by themselves."""
    first = await store.leases.claim(ACME, "a", LONG)
    assert await store.leases.claim(ACME, "b", LONG) is None
    other = await store.leases.claim(OTHER, "b", LONG)
    assert (first.portal, first.token, other.portal, other.token) == (ACME, 1, OTHER, 1)
    await store.leases.renew(ACME, first.token, OVER)
    second = await store.leases.claim(ACME, "b", LONG)
    assert (second.token, second.now >= first.now) == (2, True)


async def test_only_one_of_many_claims_gets_it(store: Any) -> None:
    """However they crowd."""
    claims = await asyncio.gather(*(store.leases.claim(ACME, f"w{n}", LONG) for n in range(20)))
    assert [lease.token for lease in claims if lease is not None] == [1]


async def test_a_lease_is_renewed_until_another_has_it(store: Any) -> None:
    """Also one that ran out: nobody worked between."""
    mine = await token(store, "a", OVER)
    assert (await store.leases.renew(ACME, mine, OVER)).token == mine
    theirs = await token(store, "b")
    assert await store.leases.renew(ACME, mine, LONG) is None
    assert (await store.leases.renew(ACME, theirs, LONG)).token == theirs


async def test_a_released_portal_is_free_at_once(store: Any) -> None:
    """The next token is higher all the same; a release of what was lost frees nothing."""
    mine = await token(store, "a")
    await store.leases.release(ACME, mine)
    theirs = await token(store, "b")
    await store.leases.release(ACME, mine)
    assert (theirs > mine, await store.leases.claim(ACME, "c", LONG)) == (True, None)


async def test_workers_are_counted_while_they_say_so(store: Any) -> None:
    """By portal that they can serve."""
    await store.leases.attend("a", [ACME, OTHER], LONG)
    assert await store.leases.attend("b", [ACME], LONG) == {ACME: 2}
    assert await store.leases.attend("a", [ACME, OTHER], LONG) == {ACME: 2, OTHER: 1}
    await store.leases.leave("b")
    assert await store.leases.attend("a", [ACME], LONG) == {ACME: 1}


async def test_the_holder_works_as_ever(store: Any) -> None:
    """Under a token that is the portal's, everything is as without."""
    mine = store.under(ACME, await token(store, "a"))
    await store.inbox.mark(ACME, [thing(1)])
    (row,) = await mine.inbox.take(ACME, NOW, 9, ())
    assert await mine.mirror.record(ACME, [looked(1, wish("a"), dirty=row)]) == ["a"]
    assert await mine.ledger.sending(ACME, ["a"], NOW) == {"a"}
    assert list(await mine.ledger.unsettled(ACME, at(1000), 60)) == []
    await mine.ledger.end(ACME, [end("a", S.DONE, made=7)])
    assert (await store.inbox.depth(ACME), [r.made for r in await store.ledger.rows(ACME)]) == (0, [7])


Write = Callable[[Any], Coroutine[Any, Any, Any]]
WRITES: dict[str, Write] = {
    "record": lambda store: store.mirror.record(ACME, [looked(5, wish("late", 5))]),
    "tombstone": lambda store: store.mirror.tombstone(ACME, dirty(1), deal(1), at(9)),
    "due": lambda store: store.mirror.due(ACME, at(9), 10),
    "finish": lambda store: store.inbox.finish(ACME, [dirty(1)]),
    "park": lambda store: store.inbox.park(ACME, dirty(1), at(99), "x"),
    "sending": lambda store: store.ledger.sending(ACME, ["a"], at(9)),
    "supersede": lambda store: store.ledger.supersede(ACME, {}, at(9)),
    "note": lambda store: store.notebook.write(ACME, "cursors", {"old": 1}),
}


@pytest.mark.parametrize("write", WRITES)
async def test_who_overslept_writes_nothing(store: Any, write: str) -> None:
    """A stale finish, sending or cursor is refused in the very transaction; the successor's work stands."""
    old, new = await taken_over(store)
    await new.mirror.record(ACME, [looked(1, wish("a"))])
    await store.inbox.mark(ACME, [thing(1)])
    with pytest.raises(errors.StoreError, match="другой процесс"):
        await WRITES[write](old)
    left = [(row.wish.key, row.state) for row in await new.ledger.rows(ACME)]
    assert (left, await store.inbox.depth(ACME)) == ([("a", S.WISHED)], 1)
    assert (await new.notebook.read(ACME, "cursors"), list(await store.inbox.parked(ACME))) == (None, [])


async def test_anybody_may_ring(store: Any) -> None:
    """A doorbell is no work of the portal's owner: whoever hears it writes it down."""
    old, new = await taken_over(store)
    await old.inbox.mark(ACME, [thing(1)])
    assert [row.thing for row in await new.inbox.take(ACME, NOW, 9, ())] == [thing(1)]


async def sent_by(store: Any, *keys: str) -> tuple[Any, Any]:
    """These are out when their sender loses the portal."""
    old = store.under(ACME, await token(store, "old"))
    await old.mirror.record(ACME, [looked(number, wish(key, number)) for number, key in enumerate(keys, 1)])
    assert await old.ledger.sending(ACME, keys, NOW) == set(keys)
    await store.leases.renew(ACME, 1, OVER)
    return old, store.under(ACME, await token(store, "new"))


async def test_an_answer_that_comes_late_is_recorded(store: Any) -> None:
    """Its sender lost the portal, but the row is as it left it: whoever knows how it ended says so."""
    old, new = await sent_by(store, "a", "b")
    await old.ledger.end(ACME, [end("a", S.DONE, made=7), end("b", S.REFUSED)])
    assert [(row.state, row.made) for row in await new.ledger.rows(ACME)] == [(S.DONE, 7), (S.REFUSED, None)]


async def test_an_answer_that_comes_too_late_changes_nothing(store: Any) -> None:
    """The successor has looked for it, and perhaps sent it anew: its word stands, the fellows' answers are kept."""
    old, new = await sent_by(store, "again", "found", "out", "never")
    await new.mirror.record(ACME, [looked(9, wish("own", 9))])
    await new.ledger.end(ACME, [end("again", S.WISHED), end("found", S.DONE, made=1)])
    await new.ledger.sending(ACME, ["again"], at(200))
    late = [end("again", S.REFUSED), end("found", S.WISHED), end("out", S.DONE, made=3), end("own", S.DONE)]
    await old.ledger.end(ACME, late)
    left = {row.wish.key: (row.state, row.made) for row in await new.ledger.rows(ACME)}
    assert left == {
        "again": (S.SENT, None),
        "found": (S.DONE, 1),
        "out": (S.DONE, 3),
        "never": (S.SENT, None),
        "own": (S.WISHED, None),
    }


async def test_what_the_old_one_left_sent_is_settled_by_the_new(store: Any) -> None:
    """After the window from its sending, and new work at once."""
    _, new = await sent_by(store, "a")
    await new.mirror.record(ACME, [looked(2, wish("b", 2))])
    assert stores.keys(await new.ledger.ready(ACME, at(1), 9, ())) == ["b"]
    assert list(await new.ledger.unsettled(ACME, at(129), 130)) == []
    assert stores.keys(await new.ledger.unsettled(ACME, at(130), 130)) == ["a"]


async def test_who_comes_back_under_a_new_token_settles_what_it_left(store: Any) -> None:
    """Lost and won again: the rows of its old lease are another one's rows."""
    await sent_by(store, "a")
    await store.leases.renew(ACME, 2, OVER)
    again = store.under(ACME, await token(store, "old"))
    assert stores.keys(await again.ledger.unsettled(ACME, at(130), 130)) == ["a"]
    with pytest.raises(errors.StoreError):
        await store.under(ACME, 1).mirror.record(ACME, [looked(3)])
