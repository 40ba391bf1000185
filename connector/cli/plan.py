"""`voronka plan FILE`: what the changed file would do, before `apply` (admin-experience.md); exit code 2: it has changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli import asking, exits, finding, output, reading
from robots import words


def register(app: typer.Typer) -> None:
    app.command("plan")(plan)
    app.command("план", hidden=True)(plan)


def plan(
    file: Annotated[
        Path | None, typer.Argument(help="Изменённый YAML или папка.", show_default=False)
    ] = None,
    portal: Annotated[str, typer.Option("--portal", help="Какой портал, если их несколько.")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Что изменится, если включить файл: роботы, задачи, люди. Ничего не делает."""
    path = finding.config(file, "plan")

    async def question(beside: reading.Beside) -> Mapping[str, Any]:
        return await asking.ask(beside, "plan", **sent(path))

    found = reading.ask(question, portal, path)
    if as_json:
        output.as_json(found)
    else:
        for line in told(found, path):
            output.data(line)
    if found["changes"]:
        raise exits.Stop(exits.Code.CHANGES)


def sent(path: Path) -> dict[str, Any]:
    """The file as the daemon reads it; one with errors isn't sent. Raises exits.Stop."""
    from connector.bootstrap import configuration, files

    bundle = files.read(path)
    rough = configuration.compiled(bundle, None)
    if rough.errors:
        output.data(rough.shown())
        raise exits.Stop(exits.Code.CONFIG)
    texts = {name: data.decode("utf-8", "surrogateescape") for name, data in bundle.texts.items()}
    return {"texts": texts, "files": dict(bundle.files)}


SIGNS = {"added": "+", "changed": "~", "renamed": "~", "removed": "-"}
TASKS = ("открытая задача", "открытые задачи", "открытых задач")
CARDS = ("открытая карточка", "открытые карточки", "открытых карточек")


def told(found: Mapping[str, Any], path: Path) -> Iterator[str]:
    if not found["changes"]:
        yield f"{path.name}: роботы те же, что уже работают. Менять нечего."
        return
    yield f"{path.name}: если включить"
    for one in found["changes"]:
        place = f"  [{one['place']}]" if one["place"] else ""
        yield f"  {SIGNS[one['sign']]} {one['robot']}: {one['said']}{place}"
        if one["open_tasks"]:
            tasks = words.count(one["open_tasks"], *TASKS)
            yield f"      от него {tasks} ({one['people']}): закроются, когда сделка уйдёт со стадии"
    yield from _effects(found)
    yield f"Включить: voronka apply {path}"


def _effects(found: Mapping[str, Any]) -> Iterator[str]:
    cards = words.count(found["cards"], *CARDS)
    if not (found["now"] or found["ahead"] or found["no_more"]):
        yield f"По тем, что есть ({cards}), ни сейчас, ни за сутки ничего не изменится."
    else:
        yield f"По тем, что есть ({cards}):"
        yield from _part("сразу", found["now"])
        yield from _part("за 24 часа, если ничего не случится", found["ahead"])
        yield from _part("не сделают того, что сделали бы", found["no_more"])
    if found["unknown"]:
        yield f"Про {words.count(found['unknown'], 'карточку', 'карточки', 'карточек')} скажет только взгляд на портал."
    yield "Не предсказать: новые карточки, переходы и правки людей."
    if any(one["sign"] == "added" for one in found["changes"]):
        yield "Новый робот не трогает карточек, которые были до него. Дать их ему: voronka enroll РОБОТ"


def _part(title: str, robots: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if robots:
        yield f"  {title}:"
    for one in robots:
        yield f"    {one['robot']}: {one['said']}"
        yield f"        {one['people']}"
