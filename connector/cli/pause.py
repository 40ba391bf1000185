"""`pause`, `resume`, `stop`: a hand on the lever, with author, reason and end (users.md F3, F12)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from connector.cli import exits, output, reading, when

Portal = Annotated[str, typer.Option("--portal", help="Какой портал, если их несколько.")]
Json = Annotated[bool, typer.Option("--json")]
By = Annotated[str, typer.Option("--by", help="Кто так решил; без этого — имя пользователя компьютера.")]
Reason = Annotated[str, typer.Option("--reason", help="Почему.")]
STILL_CLOSES = "Задачи, которые роботы уже поставили, по-прежнему закроются сами."


def register(app: typer.Typer) -> None:
    app.command("pause")(pause)
    app.command("resume")(resume)
    app.command("stop")(stop)
    app.command("стоп", hidden=True)(stop)


def pause(
    robot: Annotated[
        str, typer.Argument(help="Робот: «Продажи/Новый лид/task», «Продажи/*»; без имени — что на паузе.")
    ] = "",
    until: Annotated[str, typer.Option("--until", help=f"До каких пор: {when.EXAMPLES}.")] = "",
    reason: Reason = "",
    by: By = "",
    portal: Portal = "",
    as_json: Json = False,
) -> None:
    """Поставить робота на паузу. Работает сразу; что он хотел сделать, не делается и потом не догоняется."""
    if not robot:
        return show(portal, as_json)
    return _pause(robot, until, reason, by, portal, as_json)


def stop(reason: Reason = "", by: By = "", portal: Portal = "", as_json: Json = False) -> None:
    """Остановить всех роботов портала сразу. Обратно: voronka resume."""
    return _pause("*", "", reason, by, portal, as_json)


def _pause(robot: str, until: str, reason: str, by: str, portal: str, as_json: bool) -> None:
    async def question(beside: reading.Beside) -> dict[str, Any]:
        from connector import clock
        from connector.bootstrap import pausing

        now = clock.SystemClock().now()
        ends = when.future(until, now, beside.zone) if until else None
        if until and ends is None:
            raise exits.Stop(exits.Code.USAGE, f"не понимаю срок «{until}»: {when.EXAMPLES}")
        pattern, covered = await pausing.names(beside.store, beside.portal, robot)
        if not covered and robot != pausing.EVERYTHING:
            raise exits.Stop(
                exits.Code.USAGE, f"нет такого робота: «{robot}». Имена: voronka pause «Продажи/*»"
            )
        author = by or pausing.who()
        await pausing.pause(
            beside.store, beside.portal, pattern, now=now, by=author, reason=reason, until=ends
        )
        return {
            "paused": robot,
            "robots": list(covered),
            "by": author,
            "reason": reason,
            "until": output.plain(ends),
            "said": _until(ends, beside.zone),
        }

    done = reading.ask(question, portal)
    if as_json:
        return output.as_json({key: value for key, value in done.items() if key != "said"})
    if done["paused"] == "*":
        output.data(f"Все роботы остановлены{done['said']} ({done['by']}).")
    else:
        output.data(f"На паузе{done['said']} ({done['by']}): {', '.join(done['robots'])}.")
    output.data(STILL_CLOSES)
    back = "" if done["paused"] == "*" else f" '{done['paused']}'"
    return output.data(f"Снова включить: voronka resume{back}")


def resume(
    robot: Annotated[str, typer.Argument(help="Робот, как его ставили на паузу; без имени — все.")] = "*",
    catch_up: Annotated[
        bool, typer.Option("--catch-up", help="Сделать пропущенное, если ещё не поздно и карточка там же.")
    ] = False,
    portal: Portal = "",
    as_json: Json = False,
) -> None:
    """Снять с паузы; говорит, что было пропущено."""

    async def question(beside: reading.Beside) -> dict[str, Any]:
        from connector import clock
        from connector.bootstrap import pausing
        from robots import tally

        now = clock.SystemClock().now()
        done = await pausing.resume(beside.store, beside.portal, robot, now=now, catch_up=catch_up)
        counts = tally.count((act.wish.act for act in done.missed), beside.directory)
        return {
            "resumed": list(done.patterns),
            "missed": {one.value: number for one, number in counts.items()},
            "caught_up": catch_up,
            "said": tally.said(counts),
        }

    done = reading.ask(question, portal)
    if as_json:
        return output.as_json({key: value for key, value in done.items() if key != "said"})
    if not done["resumed"]:
        return output.data(
            "На паузе ничего нет." if robot == "*" else f"«{robot}» не на паузе. Что на паузе: voronka pause"
        )
    output.data("Роботы снова работают.")
    if not done["said"]:
        return output.data("За время паузы ничего не пропущено.")
    if catch_up:
        return output.data(
            f"Наверстаю, что ещё нужно: {done['said']}. Опоздавшее и по ушедшим карточкам не делается."
        )
    return output.data(f"Пропущено и не делается: {done['said']}.")


def show(portal: str, as_json: bool) -> None:
    async def question(beside: reading.Beside) -> tuple[dict[str, Any], str]:
        from connector import clock
        from connector.bootstrap import pausing

        now = clock.SystemClock().now()
        return dict(await pausing.standing(beside.store, beside.portal, now)), beside.zone

    found, zone = reading.ask(question, portal)
    if as_json:
        return output.as_json(found)
    if not found:
        return output.data(
            "На паузе ничего нет. Поставить: voronka pause 'Продажи/*', всё остановить: voronka stop"
        )
    return output.table(
        ("робот", "кто", "почему", "до"),
        [
            (
                "все роботы" if pattern == "*" else pattern,
                str(about.get("by") or ""),
                str(about.get("reason") or ""),
                _until(datetime.fromisoformat(about["until"]), zone).strip()
                if about.get("until")
                else "пока не включат",
            )
            for pattern, about in found.items()
        ],
    )


def _until(ends: datetime | None, zone: str) -> str:
    from robots import words

    return f" до {words.moment(ends, zone)}" if ends else ""
