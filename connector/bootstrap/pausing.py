"""Pauses as a person sets and lifts them; the daemon reads them before each sending (`loops/pauses`).

What a paused robot would have done is called off at once and counted when it is resumed. Obligations go on: a task that was
set is still closed (users.md F13).
"""

from __future__ import annotations

import fnmatch
import glob
import os
import pwd
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.bootstrap import notes
from connector.loops import pauses
from connector.store import api, hands
from robots import intents, model

EVERYTHING = "*"
CAUGHT_UP = "наверстать после паузы"
S = intents.WishState


@dataclass(frozen=True, slots=True)
class Resumed:
    patterns: tuple[str, ...]
    missed: Sequence[hands.Act]
    """What was called off meanwhile, one for each thing that would have been done."""


def who() -> str:
    """The author, where he doesn't name himself."""
    return pwd.getpwuid(os.getuid()).pw_name


async def names(store: api.Store, portal: model.PortalId, wanted: str) -> tuple[str, Sequence[str]]:
    """(the pattern to keep, which robots it covers now)."""
    known = list((await store.notebook.read(portal, notes.ROBOTS) or {}).get("robots", {}))
    if wanted in known:
        return glob.escape(wanted), [wanted]
    return wanted, [robot for robot in known if fnmatch.fnmatchcase(robot, wanted)]


async def standing(store: api.Store, portal: model.PortalId, now: datetime) -> Mapping[str, Any]:
    """Pauses that aren't over."""
    written = await store.notebook.read(portal, pauses.NOTE) or {}
    return {
        pattern: about
        for pattern, about in written.items()
        if not (until := (about or {}).get("until")) or datetime.fromisoformat(until) > now
    }


async def pause(
    store: api.Store,
    portal: model.PortalId,
    pattern: str,
    *,
    now: datetime,
    by: str,
    reason: str = "",
    until: datetime | None = None,
) -> None:
    """A pause that stands already keeps its beginning, so that resuming counts all of it."""
    present = dict(await standing(store, portal, now))
    began = (present.get(pattern) or {}).get("at") or now.isoformat()
    about = {"at": began, "by": by, "reason": reason, "until": until.isoformat() if until else None}
    await store.notebook.write(portal, pauses.NOTE, {**present, pattern: about})


async def resume(
    store: api.Store, portal: model.PortalId, pattern: str, *, now: datetime, catch_up: bool
) -> Resumed:
    """Lifts one pause, or all of them (`*`). With `catch_up` what was missed is wished again: each wish is asked once
    more whether it is still wanted, and late ones end `too_late`."""
    written: dict[str, Any] = dict(await store.notebook.read(portal, pauses.NOTE) or {})
    lifted = [one for one in written if pattern == EVERYTHING or one in (pattern, glob.escape(pattern))]
    kept = {one: about for one, about in written.items() if one not in lifted}
    await store.notebook.write(portal, pauses.NOTE, kept)
    if not lifted:
        return Resumed((), ())
    began = [at for one in lifted if (at := (written[one] or {}).get("at"))]
    since = datetime.fromisoformat(min(began)) if len(began) == len(lifted) else None
    ended = await store.hands.acts(portal, (S.SUPERSEDED, S.BLOCKED), since)
    still_paused = pauses.Pauses(kept)
    missed = _missed(
        [
            act
            for act in ended
            if any(fnmatch.fnmatchcase(act.wish.robot, one) for one in lifted)
            and not still_paused.cover(act.wish.robot, now)
        ]
    )
    if catch_up and missed:
        await store.hands.revive(portal, [act.wish.key for act in missed], now, CAUGHT_UP)
    return Resumed(tuple(lifted), missed)


def _missed(ended: Sequence[hands.Act]) -> Sequence[hands.Act]:
    """Of a robot that wished anew at each look the last wish alone, and what stood on those."""
    paused = [act for act in ended if act.state is S.SUPERSEDED and act.note.startswith(pauses.WHY)]
    last = {
        act.wish.key.partition("#")[0] if "#" in act.wish.key.rpartition("/")[2] else act.wish.key: act
        for act in paused
    }
    keys = {act.wish.key for act in last.values()}
    behind = [act for act in ended if act.state is S.BLOCKED and act.wish.stands_on in keys]
    return sorted([*last.values(), *behind], key=lambda act: act.seq)
