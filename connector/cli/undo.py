"""`voronka undo --robot … --since …`: what a robot did is taken back where nobody has touched it (users.md F12)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from connector.cli import asking, developer, exits, output, reading, when
from robots import model, words

WHY = "отмена: voronka undo"


def register(app: typer.Typer) -> None:
    app.command("undo")(undo)
    app.command("отменить", hidden=True)(undo)


def undo(
    robot: Annotated[
        str, typer.Option("--robot", help="Чьё сделанное: «Продажи/Новый лид/task», «Продажи/*».")
    ],
    since: Annotated[str, typer.Option("--since", help=f"С каких пор: {when.EXAMPLES}.")],
    until: Annotated[str, typer.Option("--until", help="До каких пор.")] = "",
    card: Annotated[str, typer.Option("--card", help="Только одна карточка: «deal 123» или ссылка.")] = "",
    person: Annotated[str, typer.Option("--person", help="Только то, что досталось этому сотруднику.")] = "",
    back: Annotated[bool, typer.Option("--back", help="Вернуть то, что было отменено.")] = False,
    yes: Annotated[int | None, typer.Option("--yes", help="Число действий, которое вы уже видели.")] = None,
    by: Annotated[str, typer.Option("--by", help="Кто так решил.")] = "",
    portal: Annotated[str, typer.Option("--portal", help="Какой портал, если их несколько.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Только посчитать, для программ.")] = False,
) -> None:
    """Отменить сделанное роботом: сначала он встаёт на паузу, потом счёт и согласие числом."""
    ref = str(developer.card_of(card.split())) if card else ""

    async def question(beside: reading.Beside) -> Mapping[str, Any]:
        from connector.bootstrap import pausing

        now, author = _now(), by or pausing.who()
        about = {
            "pattern": robot,
            "since": _moment(since, now, beside.zone).isoformat(),
            "until": _moment(until, now, beside.zone).isoformat() if until else "",
            "card": ref,
            "person": _person(beside.directory, person) if person else 0,
            "back": back,
        }
        if not as_json:
            await _pause(beside, robot, now, author)
        plan = await asking.ask(beside, "undo.plan", **about)
        if as_json or not plan["lines"]:
            return plan
        output.say(f"С {words.moment(_moment(since, now, beside.zone), beside.zone)} он сделал, и это можно:")
        for line in plan["lines"]:
            output.say(f"  {line}")
        if not plan["count"]:
            return plan
        asking.confirm(plan["count"], yes)
        begun = await asking.ask(beside, "undo.start", **about, by=author, expected=plan["count"])
        return {**plan, **begun, "begun": True}

    done = reading.ask(question, portal)
    if as_json:
        return output.as_json(done)
    if not done.get("begun"):
        output.data("Отменять нечего.")
    else:
        acts = words.count(done["count"], "действие", "действия", "действий")
        output.data(f"Отменяется: {acts}. Ход виден в voronka why; вернуть: voronka undo --back …")
    return output.data(f"Робот остался на паузе. Снова включить: voronka resume '{robot}'")


async def _pause(beside: reading.Beside, robot: str, now: datetime, author: str) -> None:
    """First of all: what is being counted must not grow."""
    from connector.bootstrap import pausing

    pattern, covered = await pausing.names(beside.store, beside.portal, robot)
    standing = await pausing.standing(beside.store, beside.portal, now)
    if covered and pattern not in standing:
        await pausing.pause(beside.store, beside.portal, pattern, now=now, by=author, reason=WHY)
        output.say(f"Робот «{robot}» поставлен на паузу.")


def _now() -> datetime:
    from connector import clock

    return clock.SystemClock().now()


def _moment(text: str, now: datetime, zone: str) -> datetime:
    found = when.past(text, now, zone)
    if found is None:
        raise exits.Stop(exits.Code.USAGE, f"не понимаю, с каких пор: «{text}». Например: {when.EXAMPLES}")
    return found


def _person(directory: model.Directory, name: str) -> int:
    wanted = set(name.casefold().split())
    found = [user for user in directory.users.values() if wanted <= set(user.full_name.casefold().split())]
    if len(found) != 1:
        names = ", ".join(user.full_name for user in found) or "никого"
        raise exits.Stop(exits.Code.USAGE, f"кто это: «{name}»? Подходит: {names}")
    return int(found[0].id)
