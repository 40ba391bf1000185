"""kill -9 at drawn moments while people work: the story behind `test_once` and `python -m bench torture`.

Deals arrive all the time, so that every kill meets work: some not yet looked at, some half sent. In the end each deal is
moved on, everything is given time to finish, and what stands in the portal is counted.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.acceptance import driver
from tests.acceptance.conftest import Pair

FIRST, SECOND = "Взять в работу новый лид", "Сделать КП"
PATIENCE = 90.0
"""Seconds for the daemon, left alone, to finish everything."""


def worked(portal: driver.Sandbox, deal: int) -> bool:
    """РОП stands, the first task is closed and the second is open with its whole checklist."""
    lines = portal.task_lines(deal)
    return (
        bool(portal.card(deal)[driver.ROP])
        and lines[-1:] == [f"open: {SECOND}"]
        and checklist(portal, deal) == 2
    )


def checklist(portal: driver.Sandbox, deal: int) -> int:
    task = portal.tasks(deal)[-1]["id"]
    items = portal.ask("task.checklistitem.getlist", TASKID=task)
    return sum(item["TITLE"] in ("Уточните размеры", "Посчитайте цену") for item in items)


@dataclass(frozen=True, slots=True)
class Tally:
    """Deal -> its tasks as they stand, of those where work was lost or done twice."""

    kills: int
    deals: int
    lost: Mapping[int, list[str]]
    doubled: Mapping[int, list[str]]


def under_load(
    pair: Pair, kills: int, seed: int = 2026, *, said: Callable[[int], None] = lambda _: None
) -> Tally:
    """`said` is told how many kills are done."""
    portal, daemon, dice = pair.sandbox, pair.daemon, random.Random(seed)
    deals: list[int] = []
    daemon.start().ready()  # robots act on what comes after their first start (X8)
    daemon.kill()
    for done in range(1, kills + 1):
        daemon.start()
        _people(portal, dice, deals, most=2 + done)
        daemon.kill()
        said(done)
    daemon.start().ready()
    _move_on(portal, deals)
    until = time.monotonic() + PATIENCE
    left = list(deals)
    while left and time.monotonic() < until:
        left = [deal for deal in left if not worked(portal, deal)]
        time.sleep(0.2)
    time.sleep(4)  # for what would be done a second time
    lines = {deal: portal.task_lines(deal) for deal in deals}
    lost = {deal: lines[deal] for deal in deals if not worked(portal, deal)}
    doubled = {
        deal: lines[deal]
        for deal in deals
        if len(set(lines[deal])) < len(lines[deal]) or len(lines[deal]) > 2
    }
    return Tally(kills, len(deals), lost, doubled)


def _people(portal: driver.Sandbox, dice: random.Random, deals: list[int], *, most: int) -> None:
    """For a second or two; no more than `most` deals in all, so that they come during every kill and not before the first."""
    until = time.monotonic() + dice.uniform(0.9, 2.6)
    while time.monotonic() < until:
        if len(deals) < most and dice.random() < 0.3:
            deals.append(portal.deal(**{driver.NEEDS: "окно"}))
        elif deals and dice.random() < 0.2:
            _move_on(portal, [dice.choice(deals[-20:])])
        time.sleep(0.05)


def _move_on(portal: driver.Sandbox, deals: list[int]) -> None:
    for deal in deals:
        if portal.stage(deal) == "Новый лид":
            portal.move(deal, "Обрабатываем запрос")
