"""`voronka logs`: JSON log lines as sentences, filtered."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from connector import log_events
from connector.cli import exits, output, texts
from robots import story


def register(app: typer.Typer) -> None:
    app.command("logs")(logs)


def logs(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Файлы журнала; без них — стандартный ввод.")
    ] = None,
    card: Annotated[str, typer.Option("--card", help="deal:123")] = "",
    robot: Annotated[str, typer.Option("--robot")] = "",
    outcome: Annotated[str, typer.Option("--outcome")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Отобрать, не переводя.")] = False,
) -> None:
    """Журнал словами; отбор по карточке, роботу, исходу."""
    wanted = {"card": card.replace(" ", ":"), "robot": robot, "outcome": outcome}
    for line in lines(files or []):
        if all(not value or value in str(line.get(key, "")) for key, value in wanted.items()):
            output.data(json.dumps(line, ensure_ascii=False) if as_json else worded(line))


def lines(files: list[Path]) -> Iterator[Mapping[str, Any]]:
    if not files:
        yield from parsed(sys.stdin)
    for path in files:
        if not path.is_file():
            raise exits.Stop(exits.Code.USAGE, texts.text("no_file", path=path))
        with path.open(encoding="utf-8", errors="replace") as opened:
            yield from parsed(opened)


def parsed(stream: IO[str]) -> Iterator[Mapping[str, Any]]:
    """Lines that aren't JSON objects (a neighbour's print) are passed on as messages."""
    for raw in stream:
        try:
            line = json.loads(raw)
        except ValueError:
            line = None
        if isinstance(line, dict):
            yield line
        elif raw.strip():
            yield {"event": "log.foreign", "message": raw.strip()}


def worded(line: Mapping[str, Any]) -> str:
    when = str(line.get("timestamp", ""))[:19].replace("T", " ")
    level = {"error": "! ", "critical": "! ", "warning": "~ "}.get(str(line.get("level")), "  ")
    if "outcome" in line and texts.language() == texts.RU:
        line = {**line, "outcome": story.outcome_word(str(line["outcome"]))}
    return f"{when} {level}{log_events.sentence(line, texts.language())}".lstrip()
