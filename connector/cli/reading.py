"""Read-outs open the store beside a running daemon, without a portal and without a configuration."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from connector import settings
from connector.bootstrap import notes
from connector.cli import exits, texts
from robots import model

if TYPE_CHECKING:
    from connector.store import api

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Beside:
    """An open store and the portal that is asked about."""

    store: api.Store
    portal: model.PortalId
    about: Mapping[str, Any]
    """The notebook's entry of the portal: address, file."""
    names: Mapping[str, Any] | None
    settings: settings.Settings

    @property
    def directory(self) -> model.Directory:
        return notes.directory(self.portal, self.names)

    @property
    def zone(self) -> str:
        return notes.zone(self.names)


def ask(question: Callable[[Beside], Awaitable[T]], portal: str = "", file: Path | None = None) -> T:
    """Runs one question against the store; of several portals about that of `file`. Raises exits.Stop with a sentence."""
    # The process lives for one answer: over a million rows the search for circles costs a fifth of the time, finds none.
    gc.disable()

    async def asked() -> T:
        async with beside(portal, file) as found:
            return await question(found)

    return asyncio.run(asked())


@asynccontextmanager
async def beside(portal: str = "", file: Path | None = None) -> AsyncIterator[Beside]:
    from connector import errors
    from connector.store import api

    made = settings.load()
    store_file = sqlite_file(made.database_url)
    if store_file is not None and not store_file.exists():
        raise exits.Stop(exits.Code.CONFIG, texts.text("no_store", url=store_file))
    try:
        async with api.open_store(made.database_url, daemon=False) as store:
            known = await store.notebook.read(notes.HERE, notes.PORTALS) or {}
            chosen = _choose(known, portal, file)
            names = await store.notebook.read(chosen, notes.NAMES)
            yield Beside(store, chosen, known.get(str(chosen), {}), names, made)
    except errors.StoreError as refused:
        raise exits.Stop(exits.Code.CONFIG, str(refused)) from refused


def sqlite_file(url: str) -> Path | None:
    scheme, _, rest = url.partition("://")
    return Path(rest.removeprefix("/")) if scheme.startswith("sqlite") else None


def _choose(known: Mapping[str, Mapping[str, Any]], wanted: str, file: Path | None) -> model.PortalId:
    """By id, address or the start of either; without a wish the one of this file, or the only one."""
    found = [
        one
        for one, about in known.items()
        if not wanted
        or one.startswith(wanted.lower())
        or wanted.lower() in settings.hook_names(about["address"])
    ]
    if len(found) > 1 and file is not None and not wanted:
        found = [one for one in found if known[one].get("file") == str(file.absolute())] or found
    if len(found) == 1:
        return model.PortalId(found[0])
    if not found:
        raise exits.Stop(exits.Code.USAGE, texts.text("no_portal", portal=wanted or "—"))
    raise exits.Stop(exits.Code.USAGE, texts.text("which_portal", portals=" | ".join(sorted(found))))
