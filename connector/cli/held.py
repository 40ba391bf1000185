"""`held`: what limits hold, per robot and person; let it go or drop it, after the count (users.md F4)."""

from __future__ import annotations

import fnmatch
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli import asking, exits, output, reading
from robots import intents, tally, words

if TYPE_CHECKING:
    from connector.store import hands


def register(app: typer.Typer) -> None:
    app.command("held")(held)
    app.command("придержано", hidden=True)(held)


def held(
    robot: Annotated[str, typer.Argument(help="Робот: «Продажи/Новый лид/task», «Продажи/*».")] = "*",
    let_go: Annotated[bool, typer.Option("--let-go", help="Отпустить: пусть делается.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Снять: не делать никогда.")] = False,
    yes: Annotated[int | None, typer.Option("--yes", help="Число действий, которое вы уже видели.")] = None,
    by: Annotated[str, typer.Option("--by", help="Кто так решил.")] = "",
    portal: Annotated[str, typer.Option("--portal", help="Какой портал, если их несколько.")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Что придержано пределами роботов и ждёт вас."""
    if let_go and drop:
        raise exits.Stop(exits.Code.USAGE, "выберите одно: --let-go или --drop")

    async def question(beside: reading.Beside) -> list[dict[str, Any]]:
        found = await beside.store.hands.acts(beside.portal, [intents.WishState.HELD])
        mine = [act for act in found if fnmatch.fnmatchcase(act.wish.robot, robot)]
        shown = told(mine, beside)
        if not mine or as_json or not (let_go or drop):
            return shown
        _show(shown, output.say)
        asking.confirm(len(mine), yes)
        await _decide(beside, {act.wish.robot for act in mine}, by, drop=drop)
        return shown

    shown = reading.ask(question, portal)
    if as_json:
        return output.as_json(shown)
    if not shown:
        return output.data("Ничего не придержано.")
    if let_go or drop:
        return output.data("Снято: делаться не будет." if drop else "Отпущено. Что ещё нужно, то сделается.")
    _show(shown, output.data)
    output.data("Отпустить: voronka held --let-go   Снять: voronka held --drop")
    return None


async def _decide(beside: reading.Beside, robots: set[intents.RobotId], by: str, *, drop: bool) -> None:
    from connector import clock
    from connector.bootstrap import held as by_hand
    from connector.bootstrap import pausing

    now, author = clock.SystemClock().now(), by or pausing.who()
    if drop:
        await by_hand.drop(beside.store, beside.portal, robots, now, author)
    else:
        await by_hand.let_go(beside.store, beside.portal, robots, now, author)


def told(acts: Sequence[hands.Act], beside: reading.Beside) -> list[dict[str, Any]]:
    """Per robot: how much of what, for whom, since when and why."""
    directory = beside.directory
    groups: defaultdict[str, list[hands.Act]] = defaultdict(list)
    for act in acts:
        groups[act.wish.robot].append(act)
    return [
        {
            "robot": robot,
            "count": len(mine),
            "said": tally.said(tally.count((one.wish.act for one in mine), directory)),
            "people": tally.people(Counter(tally.person(one.wish.act, None) for one in mine), directory),
            "since": words.moment(mine[0].wished_at, beside.zone),
            "why": mine[0].note,
        }
        for robot, mine in groups.items()
    ]


def _show(shown: Sequence[Mapping[str, Any]], say: Any) -> None:
    for one in shown:
        say(f"{one['robot']}: {one['said']} (с {one['since']}; {one['why']})")
        say(f"    {one['people']}")
