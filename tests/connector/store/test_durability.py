"""Acked is there, whatever kills the process: R1 and the ledger's half of R2."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.store import api
from tests.contract import postgres_server, stores
from tests.contract.stores import ACME, NOW, S

CHILD = """
import asyncio, os, sys
from connector.store import api
from tests.contract import stores

async def marks(store, lane):
    for number in range(10**9):
        await store.inbox.mark(stores.ACME, [stores.thing(number * 10 + lane)])
        os.write(1, f"mark {number * 10 + lane}\\n".encode())

async def wishes(store):
    for number in range(10**9):
        key = f"k{number}"
        await store.mirror.record(stores.ACME, [stores.looked(number, stores.wish(key, number))])
        os.write(1, f"wish {key}\\n".encode())
        await store.ledger.sending(stores.ACME, [key], stores.NOW)
        os.write(1, f"sent {key}\\n".encode())

async def main():
    async with api.open_store(sys.argv[1], daemon=True) as store:
        await asyncio.gather(*(marks(store, lane) for lane in range(8)), wishes(store))

asyncio.run(main())
"""


def run_until(acks: int, url: str) -> list[str]:
    """What a child had acked when it was killed."""
    with subprocess.Popen([sys.executable, "-c", CHILD, url], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [line for line, _ in zip(child.stdout, range(acks), strict=False)]
        child.kill()
        return told + child.stdout.read().splitlines()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.sqlite'}"
        return
    dsn = postgres_server.fresh()
    yield dsn
    postgres_server.drop(dsn)


@pytest.mark.parametrize("acks", [50, 777])
async def test_kill_9_loses_nothing_acked(url: str, acks: int) -> None:
    """A child acks marks, wishes and sendings until it is killed; the next life has every one, and may open at once."""
    told = run_until(acks, url)
    acked: dict[str, set[str]] = {"mark": set(), "wish": set(), "sent": set()}
    for line in told:
        what, _, name = line.strip().partition(" ")
        acked[what].add(name)
    async with api.open_store(url, daemon=True) as store:
        marked = {str(row.thing.id) for row in await store.inbox.take(ACME, NOW, 10**6, ())}
        rows = {row.wish.key: row.state for row in await store.ledger.rows(ACME, limit=10**6)}
        left = set(stores.keys(await store.ledger.unsettled(ACME, stores.at(60), 60)))
    assert (len(told) >= acks, acked["mark"] - marked, acked["wish"] - set(rows)) == (True, set(), set())
    assert (
        acked["sent"] - {key for key, state in rows.items() if state is S.SENT},
        acked["sent"] - left,
    ) == (
        set(),
        set(),
    )
