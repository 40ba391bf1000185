"""How long a report takes over a store of years, and how much memory: each as a person types it, in a process of its own.

200,000 deals with five stays each (a million visits) over two years, a tenth of them open, in a SQLite file; then every
`voronka report` for a year and `voronka audit`, from the start of Python to its end. Wanted: under 3 s and 300 MiB.

    floor   the stays and cards that such a report can't do without, read by the bare driver and thrown away
    rival   the script one would write: every body through `json.loads`, all of it kept

The file is filled by plain inserts of the same rows that the looks write. Run: `python -m bench insight`,
`python -m bench.insight --cards 50000`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bench import report
from connector import ports, settings
from connector.bootstrap import notes
from connector.store import api, codec
from robots import model
from tests.robots import builders

HERE = model.PortalId("bench")
CARDS, STAYS = 200_000, 5
SECONDS, MIB = 3.0, 300
YEARS = timedelta(days=730)
NAMES = ("conversion", "stages", "plan", "people", "skips", "stale")
WORK = [(code, way) for code, _, way in builders.SALES_STAGES if way is model.Semantic.WORK]
LAST = [(code, way) for code, _, way in builders.SALES_STAGES if way is not model.Semantic.WORK]
SCRIPTS = {
    "floor": "for _ in db.execute('SELECT card, updated, closed FROM cards'): pass\n"
    "for _ in db.execute('SELECT card, entered, row, kind FROM visits'): pass",
    "rival": "import json\n"
    "cards = {name: json.loads(body) for name, body in db.execute('SELECT card, body FROM cards')}\n"
    "stays = {}\n"
    "for name, body in db.execute('SELECT card, body FROM visits'):\n"
    "    stays.setdefault(name, []).append(json.loads(body))",
}


@dataclass(frozen=True, slots=True)
class Ran:
    seconds: float
    mib: float


# ---------------------------------------------------------------- the store


def life(number: int, dice: random.Random, now: datetime) -> tuple[model.Card, list[model.Visit]]:
    came = now - YEARS * dice.random()
    is_open = dice.random() < 0.1
    places = [*dice.sample(WORK, min(STAYS - 1, len(WORK))), dice.choice(WORK if is_open else LAST)]
    visits, at = [], came
    for step, (stage, way) in enumerate(places):
        row = number * STAYS + step
        visits.append(
            model.Visit(
                model.VisitId(f"h{row}"),
                builders.SALES,
                model.StageId(stage),
                way,
                at,
                row,
                created=step == 0,
            )
        )
        at = min(now, at + timedelta(days=20) * dice.random())
    last = visits[-1]
    card = model.Card(
        model.CardRef(model.CardKind.DEAL, number),
        builders.SALES,
        last.stage,
        last.semantic,
        f"Поставка окон для дома № {number}",
        model.UserId(number % 40 + 1),
        came,
        last.entered,
        fields={
            model.FieldCode("opportunity"): model.Money(Decimal(dice.randrange(1_000, 900_000)), "RUB"),
            model.FieldCode("closedate"): (last.entered + timedelta(days=9)).date(),
            model.FieldCode("sourceId"): dice.choice(("CALL", "WEB", "EMAIL")),
            model.FieldCode("UF_CRM_1747309871"): "окна пластиковые, двадцать штук",
            model.FieldCode("UF_CRM_1747309872"): "доставка до подъезда, монтаж отдельно",
        },
    )
    return card, visits


def rows(cards: int, now: datetime) -> Iterator[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]:
    dice = random.Random(7)
    for number in range(1, cards + 1):
        card, visits = life(number, dice, now)
        name, touched = str(card.ref), codec.micros(card.updated)
        memory = codec.dump(ports.Memory(visit=visits[-1], accepted=visits[-1]))
        line = (HERE, name, card.stage, touched, int(card.closed), 0, touched, codec.dump(card), memory)
        yield (
            line,
            [
                (HERE, name, one.id, "deal", one.row, codec.micros(one.entered), codec.dump(one))
                for one in visits
            ],
        )


def fill(path: pathlib.Path, cards: int) -> None:
    async def opened() -> None:
        async with api.open_store(f"sqlite:///{path}", daemon=True) as store:
            known = {str(HERE): {"address": "bench.bitrix24.ru"}}
            await store.notebook.write(notes.HERE, notes.PORTALS, known)
            await store.notebook.write(HERE, notes.NAMES, notes.names(builders.directory()))

    asyncio.run(opened())
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA synchronous = OFF")
        for line, stays in rows(cards, datetime.now(UTC)):
            db.execute(
                "INSERT INTO cards (portal, card, stage, updated, closed, deleted, looked_at, body, memory)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                line,
            )
            db.executemany(
                "INSERT INTO visits (portal, card, visit, kind, row, entered, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
                stays,
            )


# ---------------------------------------------------------------- what is timed


def timed(path: pathlib.Path, *command: str) -> Ran:
    """From the start of the process to its end; the memory is its own greatest. Raises where it failed (a finding
    isn't a failure)."""
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.DEVNULL,
        env=settings.child_environment(VORONKA_DATABASE_URL=f"sqlite:///{path}"),
    )
    _, status, usage = os.wait4(child.pid, 0)
    took = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)[:60]}: code {child.returncode}")
    return Ran(took, usage.ru_maxrss / 1024)


def script(path: pathlib.Path, name: str) -> Ran:
    return timed(path, "-c", f"import sqlite3\ndb = sqlite3.connect({str(path)!r})\n{SCRIPTS[name]}")


def figures(path: pathlib.Path) -> tuple[list[report.Figure], dict[str, Ran]]:
    bare, naive = script(path, "floor"), script(path, "rival")
    commands: dict[str, tuple[str, ...]] = {
        f"report {name}": ("report", name, "--period", "365d") for name in NAMES if name != "plan"
    }
    commands |= {"report plan": ("report", "plan", "--period", "month"), "audit": ("audit",)}
    took = {what: timed(path, "-m", "connector", *words) for what, words in commands.items()}
    made = [
        report.Figure(
            what, one.seconds, "s", bare.seconds, naive.seconds, f"< {SECONDS:.0f} s", one.seconds < SECONDS
        )
        for what, one in took.items()
    ]
    most = max(one.mib for one in took.values())
    made.append(
        report.Figure("memory, the greatest", most, "MiB", bare.mib, naive.mib, f"< {MIB} MiB", most < MIB)
    )
    return made, took


def run(cards: int = CARDS) -> report.Report:
    with tempfile.TemporaryDirectory(prefix="insight-") as place:
        path = pathlib.Path(place) / "voronka.sqlite"
        fill(path, cards)
        found, took = figures(path)
    return report.Report(
        "insight",
        found,
        "all stays and cards read by the bare driver and thrown away",
        "every body through json.loads, kept",
        [f"{cards:,} deals with {STAYS} stays each, a tenth open; periods of a year, the plan a month ahead"],
        {what: {"seconds": one.seconds, "mib": one.mib} for what, one in took.items()},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=CARDS)
    print(report.table([run(parser.parse_args().cards)]))


if __name__ == "__main__":
    main()
