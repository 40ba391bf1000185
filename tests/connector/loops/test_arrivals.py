"""What comes for cards is written down as news before the cursor moves, once, and only where a robot waits for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector import errors, ports
from connector.loops import arrivals
from connector.loops import desk as desks
from robots import decision, happenings, model
from robots import robot as robots_robot
from tests.connector.loops import world as worlds
from tests.connector.loops.world import PORTAL, World


class Feed:
    """A portal's lists, told in full at each question; the cursor counts questions."""

    def __init__(self) -> None:
        self.found: list[ports.Arrival] = []
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    async def arrivals(self, source: str, cursor: Mapping[str, Any]) -> ports.Arrived:
        self.asked.append((source, cursor))
        mine = [one for one in self.found if happenings.ARRIVING[one.what] == source]
        return ports.Arrived(tuple(mine), {"id": int(cursor.get("id", 0)) + 1})


def waiting(world: World, *what: str) -> None:
    desk = world.worker.desk
    robots = tuple(
        dataclasses.replace(worlds.robot("d2"), trigger=robots_robot.Happened(happenings.source_of(one)))
        for one in what
    )
    made = decision.Rules(robots, config=" ".join(what))
    desk.shelf.book = desks.Book(made, desk.book.directory, desk.book.activations)


def call(number: int, at: datetime, *things: ports.Thing) -> ports.Arrival:
    return ports.Arrival("call", number, at, things)


async def causes(world: World, ref: model.CardRef) -> Sequence[str]:
    return [row.wish.cause for row in await world.store.ledger.rows(PORTAL, card=ref)]


async def test_nobody_waits_so_nobody_asks(tmp_path: Path) -> None:
    """The usual funnel costs no request; each list is asked only where something of it is waited for."""
    async with worlds.opened(tmp_path) as world:
        await world.worker.begin()
        feed = Feed()
        loop = arrivals.Arrivals(world.worker.desk, world.store.hands, feed)
        assert (await loop.step(), feed.asked) == (0, [])
        waiting(world, "paid")
        await loop.step()
        await loop.step()
        assert feed.asked == [("invoice", {}), ("invoice", {"id": 1})]


async def test_what_came_is_told_once_to_each_card_over_a_restart(tmp_path: Path) -> None:
    """Bound to a client alone it is his open cards' news; what came before the robot, or isn't waited for, is none's."""
    async with worlds.opened(tmp_path) as world:
        client = model.ClientRef(model.ClientKind.CONTACT, 21)
        ref, other = world.deal(1), world.deal(2, contacts=(21,))
        await world.worker.begin()
        await (await world.ring(ref, other)).look()
        waiting(world, "call")
        start, feed = world.clock.now(), Feed()
        await world.pass_time(10)
        now = world.clock.now()
        feed.found = [
            call(7, start.replace(microsecond=0), worlds.thing(ref)),
            call(8, now, ports.Thing(ports.Kind.CONTACT, client.id)),
            call(9, start - timedelta(seconds=2), worlds.thing(ref)),
            dataclasses.replace(call(10, now, worlds.thing(ref)), what="letter"),
        ]
        for life in range(2):
            loop = arrivals.Arrivals(world.worker.desk, world.store.hands, feed)
            assert [await loop.step(), await loop.step()] == [2 * (life == 0), 0]
        assert await causes(world, ref) == ["activity 7"]
        assert await causes(world, other) == ["activity 8"]
        await world.look()
        assert {seen.card.ref for seen in world.script.seen[-2:]} == {ref, other}


class FullDisk:
    """A store that takes nothing; then it does."""

    def __init__(self, world: World) -> None:
        self.full, self._hands = True, world.store.hands

    async def called(self, portal: model.PortalId, news: Any, at: datetime) -> bool:
        if self.full:
            raise errors.StoreError("disk full")
        return await self._hands.called(portal, news, at)


async def test_the_cursor_stands_until_the_news_is_written_down(tmp_path: Path) -> None:
    """R1: what couldn't be kept is asked for again."""
    async with worlds.opened(tmp_path) as world:
        ref = world.deal(1)
        await world.worker.begin()
        waiting(world, "call")
        await world.pass_time(10)
        feed, disk = Feed(), FullDisk(world)
        feed.found = [call(7, world.clock.now(), worlds.thing(ref))]
        loop = arrivals.Arrivals(world.worker.desk, disk, feed)
        with pytest.raises(errors.StoreError):
            await loop.step()
        assert await world.store.notebook.read(PORTAL, arrivals.NOTE) is None
        disk.full = False
        assert (await loop.step(), await causes(world, ref)) == (1, ["activity 7"])
