"""Does a large mirror cost more than a small one? The same looks and sweeps over 10,000 cards and over many more.

    read   what a round of looks asks of the store first: 40 memories with all their past
    write  what it records in the end: 40 cards in one commit
    sweep  what one sweep asks: which of 50 listed cards are known as they are, which of 50 rows of history are
    file   bytes of the database to a card with 5 stays, 2 comms (of its client) and one look's story; what a finished wish
           adds to it is the ledger's, told beside

Each is the median of many runs over cards drawn by chance from all of them, which no real portal does: its looks and sweeps
go to what has changed lately. The small mirror stands beside the large one as its floor, run by run in turns; allowed: 1.2
times. Both files are read through once before, so that the system has them in its memory as it has what is in daily use;
how much came from the disk all the same is told beside.

    cold   the same look where the system has nothing of the file in its memory: each card then costs some pages of the disk,
           one after the other. Its floor: as many pages of the same file read from the disk by bare `pread`

Run: `python -m bench mirror`, `python -m bench.mirror --cards 1000000 --folder /var/tmp/mirrors` for the million (a quarter of
an hour and 4 GB of disk, and what is filled stays in that folder for the next time).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import pathlib
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bench import pages, report
from connector import ports
from connector.store import api
from robots import intents, model

HERE = model.PortalId("bench")
NOW = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)
SMALL, LARGE = 10_000, 100_000
STAYS, COMMS = 5, 2
LOOKED, LISTED, AT_ONCE = 40, 50, 500
WARM, RUNS, COLD = 30, 200, 40
RATIO, BYTES = 1.2, 3072
STAGES = [model.StageId(f"C2:STAGE{n}") for n in range(STAYS)]
FORMULA = f"the same of {SMALL:,} cards in the same run; allowed {RATIO}x"
Timed = Callable[[api.Store, random.Random, int], Awaitable[None]]


def deal(number: int) -> model.CardRef:
    return model.CardRef(model.CardKind.DEAL, number)


def card(number: int) -> model.Card:
    return model.Card(
        ref=deal(number),
        pipeline=model.PipelineId(2),
        stage=STAGES[-1],
        semantic=model.Semantic.WORK,
        title=f"Поставка окон для дома № {number}",
        responsible=model.UserId(number % 40 + 1),
        created=NOW,
        updated=NOW + timedelta(seconds=number),
        contacts=(number,),
        fields={
            model.FieldCode("UF_CRM_1747309871"): "окна пластиковые, двадцать штук",
            model.FieldCode("UF_CRM_1747309872"): "доставка до подъезда, монтаж отдельно",
            model.FieldCode("UF_CRM_1747309873"): number % 40 + 1,
            model.FieldCode("opportunity"): model.Money(Decimal(number), "RUB"),
        },
    )


def stays(number: int) -> tuple[model.Visit, ...]:
    """Five rows of history, as a year of sales leaves them."""
    return tuple(
        model.Visit(
            id=model.VisitId(f"h{number * STAYS + at}"),
            pipeline=model.PipelineId(2),
            stage=stage,
            semantic=model.Semantic.WORK,
            entered=NOW + timedelta(days=at),
            row=number * STAYS + at,
            created=at == 0,
        )
        for at, stage in enumerate(STAGES)
    )


def wish(number: int) -> intents.Wish:
    return intents.Wish(
        key=intents.WishKey(f"Продажи/Новый лид/task/deal:{number}/h{number * STAYS}/task"),
        robot=intents.RobotId("Продажи/Новый лид/task"),
        digest="0123456789abcdef",
        card=deal(number),
        cause=f"h{number * STAYS}",
        act=intents.SetTask("Взять в работу новый лид", "", None, model.UserId(3), NOW),
        because="сделка пришла на этап «Новый лид»",
    )


def looked(number: int, *wishes: intents.Wish, stayed: Sequence[model.Visit] = ()) -> ports.Looked:
    thing = ports.Thing(ports.Kind.DEAL, number)
    visits = stays(number)
    line = ports.TraceLine(
        intents.RobotId("Продажи/Новый лид/task"), "wished", "сделка пришла на этап «Новый лид»"
    )
    return ports.Looked(
        dirty=ports.Dirty(thing, 0, ports.Lane.LIVE),
        ref=deal(number),
        look_id=f"{number:016x}",
        at=NOW + timedelta(days=STAYS),
        memory=ports.Memory(card=card(number), visit=visits[-1], accepted=visits[-1]),
        arrived=tuple(stayed),
        clients=(model.ClientRef(model.ClientKind.CONTACT, number),),
        wishes=wishes,
        trace=(line,),
    )


async def fill(store: api.Store, cards: int, *, wishes: bool = True) -> None:
    """As so many looks would have, each with a client of its own; `wishes`: and a finished wish."""
    for first in range(1, cards + 1, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, cards + 1))
        clients = [
            ports.CopiedClient(
                model.Client(model.ClientRef(model.ClientKind.CONTACT, n), f"Мария Иванова {n}"),
                tuple(f"{n * COMMS + at:032x}" for at in range(COMMS)),
            )
            for n in numbers
        ]
        await store.mirror.copy_clients(HERE, clients)
        wished = {n: (wish(n),) if wishes else () for n in numbers}
        await store.mirror.record(HERE, [looked(n, *wished[n], stayed=stays(n)) for n in numbers])
        if not wishes:
            continue
        keys = [wish(n).key for n in numbers]
        await store.ledger.sending(HERE, keys, NOW)
        await store.ledger.end(HERE, [ports.End(key, intents.WishState.DONE, NOW, made=7) for key in keys])


# ---------------------------------------------------------------- what is timed


def drawn(dice: random.Random, cards: int) -> list[model.CardRef]:
    return [deal(number) for number in dice.sample(range(1, cards + 1), LOOKED)]


async def read(store: api.Store, dice: random.Random, cards: int) -> None:
    await store.mirror.memories(HERE, drawn(dice, cards))


async def write(store: api.Store, dice: random.Random, cards: int) -> None:
    await store.mirror.record(HERE, [looked(ref.id) for ref in drawn(dice, cards)])


async def sweep(store: api.Store, dice: random.Random, cards: int) -> None:
    refs = [deal(dice.randint(1, cards)) for _ in range(LISTED)]
    listed = {ref: (STAGES[-1], NOW + timedelta(seconds=ref.id)) for ref in refs}
    await store.mirror.known(HERE, listed)
    rows = {dice.randint(STAYS, cards * STAYS) for _ in range(LISTED)}
    await store.mirror.rows_known(HERE, model.CardKind.DEAL, rows)


async def heads(store: api.Store, _dice: random.Random, _cards: int) -> None:
    """What the executor asks when nothing is to be sent."""
    await store.ledger.ready(HERE, NOW, 100, ())


WORKS: dict[str, Timed] = {
    "look, read": read,
    "look, write": write,
    "sweep": sweep,
    "heads of the ledger": heads,
}


@dataclass
class Mirror:
    cards: int
    store: api.Store
    path: pathlib.Path
    bytes: float
    """Of the file to a card."""
    filled_s: float
    """0: it was there."""
    disk: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Bytes that came from the disk in each run."""
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def ms(self, work: str) -> float:
        """The median."""
        return statistics.median(self.took[work]) * 1000

    def disk_pages(self, work: str) -> float:
        """From the disk in a run, the mean."""
        return statistics.mean(self.disk[work]) / pages.PAGE

    async def timed(self, work: str, dice: random.Random, told: str = "") -> None:
        """`told`: the name that it goes by, else the work's own; `-`: by none."""
        before, began = pages.from_disk(), time.perf_counter()
        await WORKS[work](self.store, dice, self.cards)
        took = time.perf_counter() - began
        if told != "-":
            self.took[told or work].append(took)
            self.disk[told or work].append(pages.from_disk() - before)


async def filled(path: pathlib.Path, cards: int, *, wishes: bool = True) -> tuple[float, float]:
    """(bytes of the file to a card, seconds of filling)"""
    if path.exists():  # noqa: ASYNC240 - one stat
        return path.stat().st_size / cards, 0.0  # noqa: ASYNC240 - one stat
    began = time.monotonic()
    async with api.open_store(f"sqlite:///{path}", daemon=True) as store:
        await fill(store, cards, wishes=wishes)
    return path.stat().st_size / cards, time.monotonic() - began  # noqa: ASYNC240 - one stat


async def mirrors(sizes: Sequence[int], kept: pathlib.Path | None = None) -> list[Mirror]:
    """All of them timed by turns, run by run, so that whatever else the machine does strikes them alike."""
    async with contextlib.AsyncExitStack() as stack:
        folder = kept or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mirror-")))
        found = []
        for cards in sizes:
            path = folder / f"{cards}.sqlite"
            size, seconds = await filled(path, cards)
            store = await stack.enter_async_context(api.open_store(f"sqlite:///{path}", daemon=True))
            found.append(Mirror(cards, store, path, size, seconds))
        for one in found:
            await asyncio.to_thread(pages.read_through, one.path)
        dice = random.Random()
        for number in range(-WARM, RUNS):
            for name, one in itertools.product(WORKS, found):
                await one.timed(name, dice, "-" if number < 0 else "")
        for one in found:
            await asyncio.to_thread(pages.forget, one.path)
            for _ in range(COLD):
                await one.timed("look, read", dice, "cold")
        return found


async def bare(cards: int) -> float:
    """Bytes of the file to a card, without a ledger."""
    with tempfile.TemporaryDirectory(prefix="mirror-") as place:
        size, _ = await filled(pathlib.Path(place) / "mirror.sqlite", cards, wishes=False)
        return size


def figures(small: Mirror, large: Mirror, size: float) -> list[report.Figure]:
    name, lines = f"{large.cards:,} cards", []
    for what in WORKS:
        took, least = large.ms(what), small.ms(what)
        wanted, met = f"<= x{RATIO}", took <= RATIO * least
        lines.append(report.Figure(f"{name}: {what}", took, "ms", least, None, wanted, met))
    asked = large.disk_pages("cold")
    disk = asked * pages.page_s(large.path) * 1000
    cold = report.Figure(f"{name}: look, read, all from the disk", large.ms("cold"), "ms", disk)
    rate = large.cards / large.filled_s if large.filled_s else 0.0
    filling = report.Figure(f"{name}: filled, cards a second", rate, "/s", more=True)
    return [
        *lines,
        *([cold] if asked else []),  # a folder in memory has no disk
        report.Figure("file to a card", size, "B", None, None, f"<= {BYTES:,} B", size <= BYTES),
        report.Figure(f"{name}: file to a card with a finished wish", large.bytes, "B"),
        *([filling] if rate else []),
    ]


def run(cards: int = LARGE, kept: pathlib.Path | None = None) -> report.Report:
    small, large = asyncio.run(mirrors((SMALL, cards), kept))
    size = asyncio.run(bare(SMALL))
    note = f"a card has {STAYS} stays, {COMMS} comms and one look's story; medians of {RUNS} runs, by turns"
    disk = ", ".join(f"{what} {large.disk_pages(what):.0f}" for what in (*WORKS, "cold"))
    told = f"pages of {pages.PAGE:,} B that came from the disk in a run over {large.cards:,} cards: {disk}"
    detail = {str(one.cards): {name: one.ms(name) for name in WORKS} for one in (small, large)}
    lines = figures(small, large, size)
    return report.Report("mirror", lines, FORMULA, "", [note, told], detail)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=LARGE)
    parser.add_argument("--folder", type=pathlib.Path, help="of filled mirrors, kept for the next time")
    given = parser.parse_args()
    if given.folder is not None:
        given.folder.mkdir(parents=True, exist_ok=True)
    print(report.table([run(given.cards, given.folder)]))


if __name__ == "__main__":
    main()
