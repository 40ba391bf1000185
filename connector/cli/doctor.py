"""`voronka doctor`: what is well, what isn't, and what to do about it. 0: nothing is bad; 1: something is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector import settings
from connector.cli import exits, finding, output, reading, state

if TYPE_CHECKING:
    from connector.bootstrap import examining

File = Annotated[Path | None, typer.Argument(help="YAML или папка с YAML.", show_default=False)]
SIGNS = {"ok": "✓", "note": "~", "bad": "✗"}


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)
    app.command("врач", hidden=True)(doctor)


def doctor(file: File = None, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Всё ли в порядке: настройка, портал, диск, сигналы; и что делать."""
    path = finding.config(file, "doctor")
    from connector import clock, logs
    from connector.bootstrap import examining

    made, kept = settings.load(), _kept(path)
    logs.setup(logs.Filter(kept.values()), level="ERROR")
    http = _http(path, made)
    patient = examining.Patient(
        path, made, lambda: state.reach(http), lambda: figures(http), clock.SystemClock()
    )
    found = list(examining.examine(patient))
    if as_json:
        output.as_json([asdict(one) for one in found])
    else:
        for line in worded(found):
            output.data(line)
    bad = any(one.level is examining.Level.BAD for one in found)
    raise exits.Stop(exits.Code.FINDINGS if bad else exits.Code.FINE)


def worded(found: list[examining.Finding]) -> Iterator[str]:
    for one in found:
        yield f"{SIGNS[one.level.value]} {one.text}"
        if one.cure:
            yield f"    → {one.cure}"


def figures(http: Mapping[str, Any] | None) -> dict[str, float]:
    """The running daemon's metrics, `name{labels}` -> value; empty if none answers."""
    if not http:
        return {}
    from urllib import request

    try:
        with request.urlopen(f"{http['url']}/metrics", timeout=5) as answer:  # noqa: S310  our own, on loopback
            lines = answer.read().decode("utf-8", "replace").splitlines()
    except (OSError, ValueError):
        return {}
    rows = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in rows}


def _kept(path: Path) -> settings.Secrets:
    """What must be hidden; a file that can't be read is one of the findings."""
    try:
        return settings.secrets(path)
    except settings.SettingsError:
        return settings.Secrets()


def _http(path: Path, made: settings.Settings) -> Mapping[str, Any] | None:
    """Where the daemon of this file's portal answers, as it noted."""
    file = reading.sqlite_file(made.database_url)
    if file is not None and not file.exists():
        return None
    from connector import errors
    from connector.bootstrap import configuration, files, notes
    from connector.store import api
    from robots import model

    try:
        address = configuration.compiled(files.read(path), None).loaded.settings.portal.address
    except files.NoFile:
        return None  # the look at the file says it
    portal = model.PortalId(settings.portal_id(address)) if address else notes.HERE

    async def noted() -> Any:
        async with api.open_store(made.database_url, daemon=False) as store:
            return await store.notebook.read(portal, notes.HTTP)

    try:
        return asyncio.run(noted()) or None
    except errors.StoreError:
        return None  # the look at the store says it
