"""`voronka person NAME [--replace-by …]`: what hangs on an employee, and giving it to others after the count (users.md F10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from connector.cli import asking, exits, output, reading
from robots import leaving, words


def register(app: typer.Typer) -> None:
    app.command("person")(person)
    app.command("сотрудник", hidden=True)(person)


def person(
    name: Annotated[str, typer.Argument(help="Сотрудник: имя и фамилия, e-mail или номер.")],
    replace_by: Annotated[
        str,
        typer.Option("--replace-by", help="Кому передать; нескольким поровну: «Иванов Пётр, Смирнов Олег»."),
    ] = "",
    plan: Annotated[bool, typer.Option("--plan", help="Только посчитать.")] = False,
    yes: Annotated[int | None, typer.Option("--yes", help="Число карточек, которое вы уже видели.")] = None,
    by: Annotated[str, typer.Option("--by", help="Кто так решил.")] = "",
    portal: Annotated[str, typer.Option("--portal", help="Какой портал, если их несколько.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Только посчитать, для программ.")] = False,
) -> None:
    """Что на сотруднике: карточки, поля, задачи роботов, строки YAML. С --replace-by передать другим."""
    heirs = [one.strip() for one in replace_by.split(",") if one.strip()]
    if replace_by and not heirs:
        raise exits.Stop(exits.Code.USAGE, "кому передать? --replace-by 'Иванов Пётр'")

    async def question(beside: reading.Beside) -> Mapping[str, Any]:
        from connector.bootstrap import notes, pausing

        found = dict(await asking.ask(beside, "person.plan", who=name, to=heirs))
        accepted = await beside.store.notebook.read(beside.portal, notes.ACCEPTED) or {}
        found["places"] = list(leaving.named(accepted.get("texts", {}), found["name"]))
        if as_json or plan or not heirs or not found["cards"]:
            return found
        for line in told(found):
            output.say(line)
        asking.confirm(found["cards"], yes)
        author = by or pausing.who()
        who = str(found["id"])
        begun = await asking.ask(
            beside, "person.start", who=who, to=heirs, by=author, expected=found["cards"]
        )
        return {**found, **begun, "begun": True}

    found = reading.ask(question, portal)
    if as_json:
        return output.as_json(found)
    if not found.get("begun"):
        for line in told(found):
            output.data(line)
        return None
    cards = words.count(found["cards"], "карточка", "карточки", "карточек")
    output.data(f"Передаётся: {cards} → {found['to']}. Ход виден в voronka why.")
    return output.data(f"Вернуть: voronka undo --robot '{leaving.ROBOT}' --since 1h")


CARDS = ("открытая карточка", "открытые карточки", "открытых карточек")


def told(found: Mapping[str, Any]) -> Iterator[str]:
    yield found["name"] + ("" if found["active"] else ": сотрудник уволен, роботы его пропускают")
    if not (found["cards"] or found["tasks"]):
        yield "  открытых карточек и задач роботов за ним нет"
    if found["responsible"]:
        yield f"  отвечает: {words.count(found['responsible'], *CARDS)}"
    for title, number in found["fields"].items():
        yield f"  в поле «{title}»: {words.count(number, *CARDS)}"
    if found["tasks"]:
        yield f"  на нём {words.count(found['tasks'], 'задача робота', 'задачи роботов', 'задач роботов')}"
    for place in found["places"]:
        yield f"  имя стоит в {place}"
    if found["places"]:
        yield "  в YAML имя меняете вы: voronka plan покажет, что от этого изменится"
    if found["cards"] and found["to"]:
        yield f"Передать: {words.count(found['cards'], 'карточку', 'карточки', 'карточек')} → {found['to']}"
    elif found["cards"]:
        yield f"Передать: voronka person '{found['name']}' --replace-by 'Имя Фамилия'"
