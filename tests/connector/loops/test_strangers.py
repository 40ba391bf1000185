"""Whose work is on the portal: ours, a lost life's, or another Voronka's."""

from __future__ import annotations

from connector import ports
from connector.loops import strangers
from tests.connector.loops import world as worlds

World = worlds.World


def trace(number: int, marker: str, kind: ports.Kind = ports.Kind.TASK) -> ports.Trace:
    return ports.Trace(ports.Thing(kind, number), marker)


async def judged(world: World, *traces: ports.Trace) -> tuple[list[int], list[int]]:
    """(lost, beside) by number."""
    found = ports.Traces(world.clock.now(), traces)
    verdict = await strangers.judge(world.store.ledger, worlds.PORTAL, found)
    return [one.thing.id for one in verdict.lost], [one.thing.id for one in verdict.beside]


async def marks(world: World) -> list[str]:
    return [ports.marker(row.wish.key) for row in await world.store.ledger.rows(worlds.PORTAL)]


async def test_what_the_ledger_knows_is_ours(world: World) -> None:
    """Made by this number, or on its way: not a word."""
    deal = world.deal()
    world.script.steps = worlds.steps("a", "b")
    await (await world.ring(deal)).look()
    await world.worker.executor.step()
    first, second = await marks(world)
    made = world.portal.made[(await world.store.ledger.rows(worlds.PORTAL))[0].wish.key]
    await world.store.ledger.sending(
        worlds.PORTAL, [(await world.store.ledger.rows(worlds.PORTAL))[1].wish.key], world.clock.now()
    )
    assert await judged(world, trace(made, first), trace(77, second)) == ([], [])


async def test_what_it_does_not_know_or_has_not_sent_is_a_lost_lifes(world: World) -> None:
    """Either would be made again."""
    deal = world.deal()
    world.script.steps = worlds.steps("a")
    await (await world.ring(deal)).look()
    (unsent,) = await marks(world)
    assert await judged(world, trace(1, "feedfeedfeedfeed"), trace(2, unsent)) == ([1, 2], [])


async def test_what_is_made_twice_or_only_watched_is_anothers(world: World) -> None:
    """Two with one store each keep the same keys; one that watches sees another at work."""
    deal = world.deal()
    world.script.steps = lambda _seen: [worlds.Step("a"), worlds.Step("b", dry_run=True)]
    await (await (await world.ring(deal)).look()).carry_out()
    done, watched = await marks(world)
    assert await judged(world, trace(4, done), trace(5, watched)) == ([], [4, 5])


async def test_what_another_does_meanwhile_is_told_once_a_while(world: World) -> None:
    """The first step only begins; each asks from where the one before began. The note stays for `check` and `problems`."""
    said: list[str] = []
    watch = strangers.Strangers(world.worker.desk, said.append)
    assert await watch.step() == ()
    await world.worker.sweeper.step()
    assert (await watch.step(), world.portal.asked_since) == ((), [])
    world.portal.foreign = tuple(trace(number, "feedfeedfeedfeed") for number in (7, 8, 9, 10))
    world.deal()
    await world.worker.sweeper.step()
    assert len(await watch.step()) == 4
    assert world.portal.asked_since == [{"at": 0}]
    assert said == [
        "похоже, с порталом работает ещё одна Voronka, сделанное двоится: задача 7, задача 8, задача 9 (всего 4). "
        "Остановите одну из двух: лишнюю копию программы, пробный запуск на другом компьютере"
    ]
    note = await world.store.notebook.read(worlds.PORTAL, strangers.FOREIGN)
    assert (note["count"], note["text"]) == (4, said[0])


def test_kinds_have_their_names() -> None:
    """For the sentence that a person reads."""
    assert strangers.named([trace(1, "m"), trace(2, "m", ports.Kind.DEAL)]) == "задача 1, сделка 2"
