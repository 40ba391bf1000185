"""`voronka check`: every problem of the file at once, against the real portal or a snapshot of it."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector import settings
from connector.cli import exits, finding, output, reading, texts

if TYPE_CHECKING:
    from connector.bootstrap import configuration
    from robots import model


class Form(StrEnum):
    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def register(app: typer.Typer) -> None:
    app.command("check")(check)
    app.command("проверить", hidden=True)(check)


def check(
    given: Annotated[
        list[Path] | None, typer.Argument(help="YAML или папки с YAML.", show_default=False)
    ] = None,
    snapshot: Annotated[
        Path | None, typer.Option("--snapshot", help="Снимок портала вместо связи с ним.")
    ] = None,
    save_snapshot: Annotated[
        Path | None, typer.Option("--save-snapshot", help="Записать снимок портала.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="Вид.")] = Form.TEXT,
    offline: Annotated[bool, typer.Option("--offline", help="Не обращаться к порталу.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="То же, что --format json.")] = False,
) -> None:
    """Нет ли ошибок в файле: все сразу, с местом и подсказкой."""

    paths = list(given or []) or [finding.config(None, "check")]
    code = exits.Code.FINE
    found: list[configuration.Compiled] = []
    for path in paths:
        finding.config(path, "check")
        found.append(one(path, snapshot=snapshot, save=save_snapshot, offline=offline))
        if not offline and snapshot is None:
            _tell_shared(found[-1].loaded.settings.portal.address)
    show(found, Form.JSON if as_json else form)
    if any(seen.errors for seen in found):
        code = exits.Code.CONFIG
    raise exits.Stop(code)


def one(path: Path, *, snapshot: Path | None, save: Path | None, offline: bool) -> configuration.Compiled:
    from connector.bootstrap import configuration, files

    bundle = files.read(path)
    rough = configuration.compiled(bundle, None)
    directory = _from_snapshot(snapshot) if snapshot else None if offline else from_portal(path, rough)
    if save is not None:
        _save(save, directory)
    return configuration.compiled(bundle, directory) if directory is not None else rough


def from_portal(path: Path, rough: configuration.Compiled) -> model.Directory | None:
    """None where there is no webhook: said, not failed. Raises Stop if the portal can't be read."""
    kept = settings.secrets(path)
    address = rough.loaded.settings.portal.address
    if not (kept.b24_url or kept.app) or not address:
        output.say(texts.text("names_unchecked", secrets=settings.secrets_file(path)))
        return None
    from connector import errors
    from connector.bootstrap import application, wiring

    try:
        found, lacking = asyncio.run(application.reading(settings.load(), rough.loaded.settings.portal, kept))
    except wiring.BadUrl as wrong:
        raise exits.Stop(exits.Code.CONFIG, str(wrong)) from None
    except errors.PortalError as refused:
        raise exits.Stop(exits.Code.PORTAL, wiring.why(refused)) from None
    for note in lacking:
        output.say(note)
    return found


def _tell_shared(address: str) -> None:
    """What the daemon noted of a second Voronka on this portal; without a store that can be read nothing is known."""
    made = settings.load()
    file = reading.sqlite_file(made.database_url)
    if not address or (file is not None and not file.exists()):
        return
    from connector import errors

    try:
        text = asyncio.run(_shared(made.database_url, settings.portal_id(address)))
    except errors.StoreError as refused:
        text = f"база не открывается: {refused}"
    if text:
        output.say(text)


async def _shared(url: str, portal: str) -> str:
    from connector.bootstrap import notes
    from connector.store import api
    from robots import model

    async with api.open_store(url, daemon=False) as store:
        note = await store.notebook.read(model.PortalId(portal), notes.SHARED)
    return str(note["text"]) if note else ""


def show(found: list[configuration.Compiled], form: Form) -> None:
    from robots.config import formats

    sources = {name: text for seen in found for name, text in seen.sources.items()}
    listed = [problem for seen in found for problem in seen.problems]
    if listed or form is not Form.TEXT:
        output.data(formats.show(listed, sources, form.value))
    if form is Form.TEXT and not any(seen.errors for seen in found):
        robots = sum(len(seen.loaded.robots) for seen in found)
        gates = sum(len(seen.loaded.gates) for seen in found)
        output.say(texts.text("clean", robots=robots, gates=gates))


def _from_snapshot(path: Path) -> model.Directory:
    from connector.bootstrap import snapshot

    try:
        return snapshot.read(path.read_bytes())
    except FileNotFoundError:
        raise exits.Stop(exits.Code.USAGE, texts.text("no_file", path=path)) from None
    except snapshot.Unreadable as wrong:
        raise exits.Stop(exits.Code.USAGE, f"{path}: {wrong}") from None


def _save(path: Path, directory: model.Directory | None) -> None:
    from connector.bootstrap import snapshot

    if directory is None:
        raise exits.Stop(exits.Code.PORTAL, texts.text("nothing_to_save"))
    path.write_bytes(snapshot.written(directory))
    output.say(texts.text("saved", path=path))
