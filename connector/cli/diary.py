"""`diary`: what robots in `mode: watch` would have done, so that people trust them before they act (users.md F5)."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from connector.cli import exits, output, reading, when
from robots import diary as diaries
from robots import intents, words

NOTHING = "Роботы, которые только смотрят (mode: watch), за это время не нашли себе дела."


def register(app: typer.Typer) -> None:
    app.command("diary")(diary)
    app.command("дневник", hidden=True)(diary)


def diary(
    since: Annotated[str, typer.Option("--since", help=f"С каких пор: {when.EXAMPLES}.")] = "7d",
    robot: Annotated[
        str, typer.Option("--robot", help="Робот: «Продажи/Новый лид/task», «Продажи/*».")
    ] = "*",
    portal: Annotated[str, typer.Option("--portal", help="Какой портал, если их несколько.")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Что сделали бы роботы, которые пока только смотрят."""

    async def question(beside: reading.Beside) -> tuple[diaries.Diary, str, datetime]:
        from connector import clock

        begins = when.past(since, clock.SystemClock().now(), beside.zone)
        if begins is None:
            raise exits.Stop(
                exits.Code.USAGE, f"не понимаю, с каких пор: «{since}». Например: {when.EXAMPLES}"
            )
        acts = await beside.store.hands.acts(beside.portal, [intents.WishState.DRY_RUN], since=begins)
        mine = [act.wish for act in acts if fnmatch.fnmatchcase(act.wish.robot, robot)]
        return diaries.of(mine, beside.directory), words.moment(begins, beside.zone), begins

    told, said, begins = reading.ask(question, portal)
    if as_json:
        return output.as_json({"since": begins, **plain(told)})
    for line in worded(told, said):
        output.data(line)
    return None


def plain(told: diaries.Diary) -> dict[str, Any]:
    robots = [{"robot": robot, "said": said} for robot, said in told.robots]
    returns = [{"why": why, "count": count} for why, count in told.returns]
    return {**asdict(told), "robots": robots, "returns": returns}


def worded(told: diaries.Diary, since: str) -> Iterator[str]:
    if not told.shares:
        yield NOTHING
        return
    cards = words.count(told.cards, "карточке", "карточкам", "карточкам")
    yield f"С {since} роботы только смотрели. По {cards} они сделали бы:"
    for share in told.shares:
        yield f"  {share.said}" + (f" ({share.people})" if share.people else "")
    if told.returns:
        yield "Почему возвращали бы:"
        for why, count in told.returns:
            yield f"  {count}: {why}"
    yield "Кто из роботов:"
    for robot, said in told.robots:
        yield f"  {robot}: {said}"
    yield "Одна карточка подробно: voronka why ССЫЛКА   Включить: mode: on"
