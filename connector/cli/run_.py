"""`voronka run FILE…`: the daemon in the foreground, for one portal or several; `voronka apply FILE`: let it take the changed file."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from connector import settings
from connector.bootstrap import notes
from connector.cli import exits, finding, interrupts, output, reading, texts


class Reload(StrEnum):
    ASK = "ask"
    AUTO = "auto"


File = Annotated[Path | None, typer.Argument(help="YAML или папка с YAML.", show_default=False)]


Files = Annotated[
    list[Path] | None,
    typer.Argument(help="YAML или папка с YAML; несколько — несколько порталов.", show_default=False),
]


def register(app: typer.Typer) -> None:
    app.command("run")(run)
    app.command("apply")(apply)


def run(
    files: Files = None,
    reload: Annotated[
        Reload, typer.Option("--reload", help="ask: изменённый файл ждёт apply; auto: берётся сразу.")
    ] = Reload.ASK,
    after_restore: Annotated[
        bool,
        typer.Option(
            "--after-restore", help="База возвращена из копии: сначала найти на портале сделанное с тех пор."
        ),
    ] = False,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="Столько процессов на одной базе PostgreSQL.")
    ] = 1,
) -> None:
    """Запустить роботов. Ctrl-C или SIGTERM останавливает не дольше чем за 10 секунд."""
    paths = [finding.config(one, "run") for one in files] if files else [finding.config(None, "run")]
    made = settings.load()
    if workers > 1:
        from connector.cli import crew

        crew.check(workers, made.database_url, after_restore=after_restore)
        again = crew.command("run", *map(str, paths), "--reload", reload.value)
        raise typer.Exit(crew.Crew(again, workers).run())
    kept = settings.each_secrets(paths)
    # Reading the settings is quick and says what is wrong with them; only then the heavy imports.
    with interrupts.NotBegun():
        from connector import logs
        from connector.bootstrap import runtime

    hidden = [value for one in kept for value in one.values()]
    filtered = logs.Filter(hidden, runtime.log_key(kept))
    logs.setup(filtered, level=made.log_level)
    homes = [runtime.Home(path, one) for path, one in zip(paths, kept, strict=True)]
    try:
        asyncio.run(runtime.run(made, homes, auto=reload is Reload.AUTO, after_restore=after_restore))
    except runtime.StartError as refused:
        raise exits.Stop(exits.Code(refused.code), filtered.hide(refused.text)) from None


def apply(
    file: File = None,
    portal: Annotated[str, typer.Option("--portal")] = "",
    wait: Annotated[float, typer.Option("--wait", help="Сколько секунд ждать ответа.", min=0)] = 15.0,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Передать изменённый файл работающей Voronka: она проверит его и возьмёт."""
    path = finding.config(file, "apply")
    from connector.bootstrap import files

    wanted = files.read(path).hash
    taken, errors = reading.ask(lambda beside: _hand_over(beside, wanted, wait), portal, path)
    if as_json:
        output.as_json({"hash": wanted, "taken": taken, "errors": errors})
    if errors:
        if not as_json:
            output.data("\n\n".join(errors))
        raise exits.Stop(exits.Code.CONFIG, "" if as_json else texts.text("rejected"))
    if not as_json:
        output.data(texts.text("taken" if taken else "applied", hash=wanted))


async def _hand_over(beside: reading.Beside, wanted: str, wait: float) -> tuple[bool, list[str]]:
    """(taken, errors as shown); (False, []) if the daemon hasn't answered by then."""
    notebook = beside.store.notebook
    await notebook.write(beside.portal, notes.APPLY, {"hash": wanted})
    for _ in range(int(wait / 0.25) + 1):
        if ((await notebook.read(beside.portal, notes.ACCEPTED)) or {}).get("hash") == wanted:
            return True, []
        waiting = await notebook.read(beside.portal, notes.WAITING) or {}
        if waiting.get("hash") == wanted and waiting.get("errors"):
            return False, list(waiting["errors"])
        await asyncio.sleep(0.25)
    return False, []
