"""Files -> rules in force: the last good configuration is kept, a changed file waits for a person (users.md F6).

What was once accepted stays accepted: if the portal changed under it, only the robots concerned are broken. A changed
file with any error is not taken, and said once; a good one is taken at once (`auto`) or on `voronka apply` (`ask`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from connector import ports
from connector.bootstrap import files, notes
from robots import decision, model
from robots.config import load as config_load
from robots.config import problems as places
from robots.config import settings as config_settings
from robots.config import source

Take = Callable[[decision.Rules, model.Directory], Awaitable[None]]
"""Puts rules in force, with the directory as they see it."""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Compiled:
    """A bundle read against a directory (or none)."""

    bundle: files.Bundle
    loaded: config_load.Loaded
    sources: Mapping[str, str]
    problems: tuple[places.Problem, ...]

    @property
    def errors(self) -> tuple[places.Problem, ...]:
        return tuple(one for one in self.problems if one.severity is places.Severity.ERROR)

    @property
    def workable(self) -> bool:
        """Something may act although something else is broken."""
        return self.loaded.usable and bool(self.loaded.robots or self.loaded.gates)

    @property
    def modes(self) -> Mapping[str, str]:
        """Every robot and gate -> on, watch, off."""
        robots = {str(one.id): one.mode.value for one in self.loaded.robots}
        return robots | {str(one.id): one.mode.value for one in self.loaded.gates}

    def shown(self) -> str:
        return places.render_all(self.problems, self.sources)

    def rules(self) -> decision.Rules:
        return replace(self.loaded.rules, config=self.bundle.hash)


def compiled(bundle: files.Bundle, directory: model.Directory | None) -> Compiled:
    """Never raises for what stands in the files: everything wrong is a problem with its place."""
    texts: dict[str, str] = {}
    unread: list[places.Problem] = []
    for name, data in bundle.texts.items():
        match source.decode(data, name):
            case str(text):
                texts[name] = text
            case problem:
                unread.append(problem)
    loaded = config_load.load(texts, directory, bundle.files, files.presets())
    return Compiled(bundle, loaded, texts, places.tidy([*unread, *loaded.problems]))


@dataclass
class Keeper:
    """Watches one configuration for one portal. `take` is called with every set of rules that comes into force."""

    path: Path
    portal: model.PortalId
    notebook: ports.Notebook
    clock: ports.Clock
    auto: bool
    directory: model.Directory
    take: Take
    present: Compiled | None = None
    waiting: str = ""
    """The hash of a good changed bundle that waits for `apply`."""
    rejected: str = ""
    """The hash of the bundle last refused."""
    _stamp: tuple[tuple[str, int, int], ...] = field(default=(), repr=False)

    async def first(self, compiled_now: Compiled) -> Compiled:
        """What to start with: the files if they are good, else what was at work before. Nothing is put in force yet."""
        self._stamp = files.stamp(self.path)
        before = await self._accepted()
        known = before is not None and before.bundle.hash == compiled_now.bundle.hash
        if not compiled_now.errors or known or before is None or not before.workable:
            return compiled_now
        self._say_rejected(compiled_now)
        return before

    async def accept(self, chosen: Compiled) -> None:
        """Writes down what is in force now, for the commands and for the next start."""
        self.present, self.waiting = chosen, ""
        now = self.clock.now()
        entry = as_entry(chosen, now)
        before = await self.notebook.read(self.portal, notes.ACCEPTED) or {}
        if before.get("hash") != entry["hash"]:
            history = await self.notebook.read(self.portal, notes.HISTORY) or []
            kept = [*history, entry][-notes.KEPT_CONFIGS :]
            await self.notebook.write(self.portal, notes.HISTORY, kept)
        await self.notebook.write(self.portal, notes.ACCEPTED, entry)
        await self.notebook.write(self.portal, notes.WAITING, None)
        await self.notebook.write(self.portal, notes.ROBOTS, roll(chosen))
        _log.info("config.loaded", config=chosen.bundle.hash, robots=len(chosen.loaded.robots))
        for broken in chosen.errors:
            _log.error("config.broken", place=str(broken.mark), reason=f"{broken.code} {broken.text}")

    async def look(self) -> None:
        """One look at the disk and at what `apply` left."""
        seen = await asyncio.to_thread(files.stamp, self.path)
        changed = seen != self._stamp
        wanted = (await self.notebook.read(self.portal, notes.APPLY) or {}).get("hash", "")
        if not changed and not (wanted and wanted in (self.waiting, self.rejected)):
            return
        self._stamp = seen
        try:
            bundle = await asyncio.to_thread(files.read, self.path)
        except files.NoFile:
            return
        await self._consider(bundle, wanted)

    async def renamed(self, directory: model.Directory) -> None:
        """The portal's dictionaries were read again: the same texts are compiled against them."""
        if directory != self.directory and self.present is not None:
            self.directory = directory
            again = await asyncio.to_thread(compiled, self.present.bundle, directory)
            if again.loaded.usable:
                await self._enforce(again)

    async def _consider(self, bundle: files.Bundle, wanted: str) -> None:
        if self.present is not None and bundle.hash == self.present.bundle.hash:
            self.waiting = self.rejected = ""
            await self.notebook.write(self.portal, notes.WAITING, None)
            return
        new = await asyncio.to_thread(compiled, bundle, self.directory)
        if new.errors:
            self._say_rejected(new)
            await self._note(new, [places.render(one, new.sources) for one in new.errors[:20]])
        elif self.auto or wanted == bundle.hash:
            self.rejected = ""
            await self._enforce(new)
        elif self.waiting != bundle.hash:
            self.waiting, self.rejected = bundle.hash, ""
            _log.warning("config.waiting", config=bundle.hash)
            await self._note(new, [])

    async def _enforce(self, chosen: Compiled) -> None:
        await self.take(chosen.rules(), worked(chosen, self.directory))
        await self.accept(chosen)

    async def _note(self, new: Compiled, errors: list[str]) -> None:
        entry = {"hash": new.bundle.hash, "at": self.clock.now().isoformat(), "errors": errors}
        await self.notebook.write(self.portal, notes.WAITING, entry)

    async def _accepted(self) -> Compiled | None:
        entry = await self.notebook.read(self.portal, notes.ACCEPTED)
        if not entry:
            return None
        return await asyncio.to_thread(compiled, of_entry(entry), self.directory)

    def _say_rejected(self, refused: Compiled) -> None:
        self.waiting = ""
        if self.rejected != refused.bundle.hash:
            self.rejected = refused.bundle.hash
            shown = "; ".join(f"{one.mark} {one.code} {one.text}" for one in refused.errors[:5])
            _log.error("config.rejected", config=refused.bundle.hash, problems=shown)


def worked(chosen: Compiled, directory: model.Directory) -> model.Directory:
    """The directory with the working calendar that the file lays over the portal's."""
    said = chosen.loaded.settings.calendar
    return replace(directory, calendar=config_settings.work_calendar(said, directory.calendar))


def as_entry(chosen: Compiled, now: datetime) -> dict[str, Any]:
    texts = {name: data.decode("utf-8", "surrogateescape") for name, data in chosen.bundle.texts.items()}
    return {
        "hash": chosen.bundle.hash,
        "at": now.isoformat(),
        "texts": texts,
        "files": dict(chosen.bundle.files),
    }


def of_entry(entry: Mapping[str, Any]) -> files.Bundle:
    texts = {name: text.encode("utf-8", "surrogateescape") for name, text in entry["texts"].items()}
    return files.Bundle(texts, entry.get("files", {}))


def roll(chosen: Compiled) -> dict[str, Any]:
    """The robots by mode, and what isn't understood, for `status` and `why`."""
    loaded = chosen.loaded
    broken = [{"robot": one.id, "place": str(one.mark), "text": one.why} for one in loaded.broken]
    return {"robots": chosen.modes, "broken": broken}
