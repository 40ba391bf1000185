"""`voronka enroll ROBOT`: open cards older than a robot are given into its care, counted per person first (users.md F4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from connector.cli import asking, exits, output, reading, when


def register(app: typer.Typer) -> None:
    app.command("enroll")(enroll)
    app.command("backfill", hidden=True)(enroll)


def enroll(
    robot: Annotated[str, typer.Argument(help="Робот: «Продажи/Новый лид/task» или «Продажи/*».")],
    newer: Annotated[
        str, typer.Option("--newer-than", help="Только карточки с движением за это время: 30d.")
    ] = "",
    per_day: Annotated[int, typer.Option("--per-day", help="Не больше карточек в день.", min=0)] = 0,
    work_hours: Annotated[bool, typer.Option("--work-hours", help="Только в рабочее время.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Без сообщений сотрудникам.")] = False,
    newest: Annotated[bool, typer.Option("--newest-first", help="Начать с новых карточек.")] = False,
    fire: Annotated[bool, typer.Option("--fire", help="Сделанное — повод для других роботов.")] = False,
    yes: Annotated[int | None, typer.Option("--yes", help="Число карточек, которое вы уже видели.")] = None,
    by: Annotated[str, typer.Option("--by", help="Кто так решил.")] = "",
    portal: Annotated[str, typer.Option("--portal", help="Какой портал, если их несколько.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Только посчитать, для программ.")] = False,
) -> None:
    """Взять под роботов карточки, которые были до них: сначала счёт по людям, потом согласие числом."""
    days = _days(newer)

    async def question(beside: reading.Beside) -> Mapping[str, Any]:
        from connector.bootstrap import pausing

        about = {"pattern": robot, "newer_than": days, "quiet": quiet}
        plan = await asking.ask(beside, "enroll.plan", **about)
        if as_json or not plan["cards"]:
            return plan
        for line in told(robot, plan, per_day):
            output.say(line)
        asking.confirm(plan["cards"], yes)
        spread = {"per_day": per_day, "work_hours": work_hours, "newest_first": newest, "fire": fire}
        author = by or pausing.who()
        begun = await asking.ask(beside, "enroll.start", **about, **spread, by=author, expected=plan["cards"])
        return {**plan, **begun, "begun": True}

    done = reading.ask(question, portal)
    if as_json:
        return output.as_json(done)
    if not done.get("begun"):
        return output.data(f"Делать нечего: просмотрено карточек {done['looked']}, у всех уже так.")
    return output.data(
        f"Начато: карточек {done['cards']}. Отменить сделанное: voronka undo --robot '{robot}'"
    )


def _days(newer: str) -> float | None:
    long = when.span(newer) if newer else None
    if newer and long is None:
        raise exits.Stop(
            exits.Code.USAGE, f"не понимаю срок «{newer}»: 30d, «2 недели» не пишите, 14d — можно"
        )
    return long.total_seconds() / 86_400 if long else None


def told(pattern: str, plan: Mapping[str, Any], per_day: int) -> Iterator[str]:
    yield f"«{pattern}»: просмотрено открытых карточек {plan['looked']}, под роботов попадут {plan['cards']}."
    for one in plan["robots"]:
        said = one["said"] or ("" if one["unknown"] else "делать нечего")
        yield f"  {one['robot']}: {said}" if said else f"  {one['robot']}:"
        if one["people"]:
            yield f"      {one['people']}"
        if one["unknown"]:
            yield f"      про {one['unknown']} карточек скажет только взгляд на портал"
    if per_day:
        yield f"По {per_day} в день: дней {-(-plan['cards'] // per_day)}."
    else:
        yield f"Займёт примерно {_long(plan['seconds'])}."


def _long(seconds: int) -> str:
    from datetime import timedelta

    from robots import words

    return words.duration(timedelta(seconds=max(60, seconds)))
