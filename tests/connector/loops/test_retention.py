"""Old words are cleared once a day, in small steps, whatever the clock does (R10)."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector.loops import retention
from connector.store import api
from connector.store import retention as keeping
from robots import model
from tests import fakes
from tests.connector.loops import world as worlds


class Old:
    """A store with so many old looks and wishes, five of them in one transaction."""

    def __init__(self, looks: int, wishes: int) -> None:
        self.left = {"looks": looks, "wishes": wishes}
        self.before: list[datetime] = []
        self.on_step: asyncio.Event | None = None

    async def drop_looks(
        self, portal: model.PortalId, before: datetime, after: int, limit: int = 5
    ) -> keeping.Cleared:
        return self._some("looks", before, after, limit)

    async def empty_wishes(
        self, portal: model.PortalId, before: datetime, after: int, limit: int = 5
    ) -> keeping.Cleared:
        return self._some("wishes", before, after, limit)

    def _some(self, what: str, before: datetime, after: int, limit: int) -> keeping.Cleared:
        self.before.append(before)
        if self.on_step is not None:
            self.on_step.set()
        done = min(limit, self.left[what])
        self.left[what] -= done
        return keeping.Cleared(done, after + done, over=self.left[what] == 0)

    async def fold(self) -> int:
        return 0


def loop_of(world: worlds.World, old: Old, days: int = 180) -> retention.Retention:
    return retention.Retention(world.worker.desk, old, lambda: days)


async def test_once_a_day_to_the_end(world: worlds.World) -> None:
    """All that is old goes, by the configuration's days; then nothing for a day; then again."""
    old, began = Old(12, 7), world.clock.now()
    loop = loop_of(world, old, days=30)

    assert await loop.step() == (12, 7)
    assert {moment.date() for moment in old.before} == {(began - timedelta(days=30)).date()}
    old.left["looks"] = 3
    await world.pass_time(86_000)
    assert await loop.step() is None
    await world.pass_time(500)
    assert await loop.step() == (3, 0)


async def test_a_restart_doesnt_begin_it_anew(world: worlds.World) -> None:
    """The last clearing is in the notebook."""
    await loop_of(world, Old(1, 1)).step()

    assert await loop_of(world, Old(9, 9)).step() is None


async def test_a_stop_in_the_middle_is_gone_on_with(world: worlds.World) -> None:
    """Cut off between two transactions it isn't noted as done: the next life takes the rest."""
    stop, old = asyncio.Event(), Old(12, 7)
    old.on_step = stop

    assert await loop_of(world, old).step(stop) is None
    assert old.left["wishes"] > 0
    old.on_step = None
    assert await loop_of(world, old).step() == (7, 7)


async def test_a_clock_set_back_doesnt_end_the_clearing_for_ever(tmp_path: Path) -> None:
    """A wrong year at the first start (a dead battery), then the right one: it clears the same day."""
    wrong = fakes.FakeClock(datetime(2036, 1, 1, tzinfo=UTC), hasty=True)
    async with worlds.opened(tmp_path, clock=wrong) as world:
        await loop_of(world, Old(0, 0)).step()
    right = fakes.FakeClock(datetime(2026, 5, 1, tzinfo=UTC), hasty=True)
    async with worlds.opened(tmp_path, clock=right) as world:
        assert await loop_of(world, Old(2, 0)).step() == (2, 0)
        assert await loop_of(world, Old(2, 0)).step() is None


async def test_the_wal_is_folded_back(tmp_path: Path) -> None:
    """A reader that holds on lets the log grow; once it lets go the next fold gives the disk back."""
    path = tmp_path / "voronka.sqlite"
    async with api.open_store(f"sqlite:///{path}", daemon=True) as store:
        await store.notebook.write(worlds.PORTAL, "one", 1)
        with closing(sqlite3.connect(path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM ledger").fetchall()
            for number in range(50):
                await store.notebook.write(worlds.PORTAL, f"n{number}", "x" * 20_000)
            held = await store.retention.fold()
        assert held > 500_000
        assert await store.retention.fold() == 0
