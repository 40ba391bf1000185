"""`voronka demo`: a sandbox portal with a life of its own, and robots at work in it; one command, no configuration.

The sandbox is a program of its own and is talked to as a stranger would: a child process, its REST and its levers over
HTTP. The daemon is the real one, run in this process. All state lies in a folder that goes with the demo.
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from connector import settings
from connector.cli import exits, interrupts, output, texts

EVENTS_TOKEN = "demo-events-token-not-a-secret"  # noqa: S105  the sandbox's, made for one demo on loopback


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    long: Annotated[str, typer.Option("--for", help="Сколько работать: 20s, 2m; без него — до Ctrl-C.")] = "",
    port: Annotated[
        int, typer.Option("--port", help="Порт доски; 0 — любой свободный.", min=0, max=65535)
    ] = 8010,
    pace: Annotated[
        float, typer.Option("--pace", help="Во сколько раз быстрее живут менеджеры.", min=0.1)
    ] = 1.0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Не открывать доску в браузере.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Последняя строка — итоги в JSON.")] = False,
) -> None:
    """Учебный портал и роботы в нём: одна команда, без настройки."""
    seconds = duration(long)
    with interrupts.NotBegun():
        from connector.bootstrap import runtime
        from connector.cli import demo_lines, demo_run

    with tempfile.TemporaryDirectory(prefix="voronka-demo-") as folder:
        plan = demo_run.Plan(
            folder=Path(folder),
            sandbox_port=free_port(port),
            seconds=seconds,
            pace=pace,
            browser=not (no_browser or as_json),
            quiet=as_json,
            settings=settings.load(
                settings.child_environment(
                    VORONKA_HOME=folder,
                    VORONKA_DATABASE_URL="",
                    VORONKA_HTTP_PORT="0",
                    VORONKA_SWEEP_PERIOD="5",
                )
            ),
        )
        try:
            totals = asyncio.run(demo_run.play(plan))
        except runtime.StartError as refused:
            raise exits.Stop(exits.Code(refused.code), refused.text) from None
    if as_json:
        output.as_json(totals, indent=None)
    else:
        for line in demo_lines.summary(totals):
            output.data(line)


def duration(text: str) -> float | None:
    """`20s`, `2m`, `1h`, `20`: seconds; empty: until stopped."""
    if not text:
        return None
    unit = {"s": 1, "m": 60, "h": 3600, "с": 1, "м": 60, "ч": 3600}.get(text[-1].lower())
    number = text[:-1] if unit else text
    try:
        seconds = float(number) * (unit or 1)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 7 * 86_400:
        raise exits.Stop(exits.Code.USAGE, texts.text("bad_duration", text=text))
    return seconds


def free_port(wanted: int) -> int:
    """The wanted port if it is free, else any."""
    for candidate in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise exits.Stop(exits.Code.REFUSED, texts.text("no_port"))
