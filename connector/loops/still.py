"""Is a wish still wanted? Asked of every row just before it is sent (design.md «The ledger»); pure.

Obligations (an empty digest: a task that was set is closed) outlive the robot, its pause and the card.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from connector import ports
from connector.loops import pauses
from robots import imports, intents, model, notices

S = intents.WishState


class Wait(Enum):
    """Not now: the row stays as it is."""

    LOOK = "look"
    """Its card must be looked at first."""
    LATER = "later"
    """What it stands on isn't decided."""


LET_GO = "отпущено"
"""How the note of a wish begins that a person let go."""


@dataclass(frozen=True, slots=True)
class Asked:
    loaded: Mapping[intents.RobotId, str]
    paused: pauses.Pauses
    now: datetime
    fresh: timedelta


def still(row: ports.Row, asked: Asked) -> ports.End | Wait | None:
    """None: send it."""
    wish = row.wish
    if wish.dry_run:
        return _end(row, asked, S.DRY_RUN, "")
    if isinstance(wish.act, intents.Remember):
        return _end(row, asked, S.DONE, wish.act.note)
    if row.deleted:
        # Its own task may still hang on somebody: closing that needs no card.
        if not isinstance(wish.act, intents.CloseTask):
            return _end(row, asked, S.SUPERSEDED, "карточка удалена")
        return _unfounded(row, asked)
    if wish.robot in notices.OWN:
        return None  # of many cards and none: nothing is to be looked at
    return (
        _unwanted(row, asked)
        or _asked_about(row, asked)
        or _unfounded(row, asked)
        or _too_soon(row, asked)
        or _unseen(row, asked)
    )


def beside(head: ports.Row, behind: Iterable[ports.Row], asked: Asked) -> Iterator[ports.Row]:
    """Which rows behind a head go out with it, so that a card waits for one answer and not for each in turn: tasks and
    values in a row, where none stands on another and no field is set twice. At anything else the chain waits."""
    touched: set[model.FieldCode] = set()
    for row in (head, *behind):
        act = row.wish.act
        fields = set(act.values) if isinstance(act, intents.SetFields) else set()
        if not isinstance(act, intents.SetTask | intents.SetFields) or fields & touched:
            return
        touched |= fields
        if row is head:
            continue
        if row.wish.stands_on is not None or still(row, asked) is not None:
            return
        yield row


def reloaded(row: ports.Row, loaded: Mapping[intents.RobotId, str]) -> bool:
    """The robot's text is another one now (or gone) than when this was wished."""
    return bool(row.wish.digest) and loaded.get(row.wish.robot) != row.wish.digest


def _unwanted(row: ports.Row, asked: Asked) -> ports.End | None:
    wish = row.wish
    if reloaded(row, asked.loaded):
        return _end(row, asked, S.SUPERSEDED, imports.RELOADED)
    if wish.digest and (paused := asked.paused.why(wish.robot, asked.now)):
        return _end(row, asked, S.SUPERSEDED, paused)
    if (late := _late(row, asked)) is not None:
        return late
    if wish.while_visit is not None and row.accepted != wish.while_visit:
        gone_on = _end(row, asked, S.SUPERSEDED, "сделка ушла дальше")
        return replace(gone_on, bound_to=wish.while_visit)
    if row.visit is not None and row.visit != wish.cause:
        return _end(row, asked, S.SUPERSEDED, "сделка уже не там, откуда её возвращали")
    return None


def _asked_about(row: ports.Row, asked: Asked) -> ports.End | None:
    if not row.wish.held_as or row.note.startswith(LET_GO):
        return None
    return _end(row, asked, S.HELD, row.wish.held_as)


def _late(row: ports.Row, asked: Asked) -> ports.End | None:
    """A message to a client that is late is a person's matter (users.md F3); whoever let it go has decided."""
    wish = row.wish
    if wish.not_after is None or asked.now <= wish.not_after:
        return None
    if type(wish.act) not in intents.TO_CLIENTS:
        return _end(row, asked, S.TOO_LATE, f"надо было не позже {wish.not_after:%d.%m %H:%M} UTC")
    if row.note.startswith(LET_GO):
        return None
    return _end(row, asked, S.HELD, "сообщение клиенту опоздало: решает человек")


def _unfounded(row: ports.Row, asked: Asked) -> ports.End | Wait | None:
    """What it stands on was done, will be, or never will."""
    if row.wish.stands_on is None or (row.before is not None and row.before.happened):
        return None
    if row.before is S.HELD:
        return _end(row, asked, S.HELD, f"ждёт того, что придержано: {row.wish.stands_on}")
    if row.before is not None and not row.before.final:
        return Wait.LATER
    return _end(row, asked, S.BLOCKED, f"сначала должно было выйти: {row.wish.stands_on}")


def _too_soon(row: ports.Row, asked: Asked) -> ports.End | None:
    """A message in quiet hours, or one for the digest."""
    due = row.wish.not_before
    if due is None or asked.now >= due:
        return None
    return replace(_end(row, asked, S.WAITING, "ждёт своего часа"), retry_at=due)


def _unseen(row: ports.Row, asked: Asked) -> Wait | None:
    stale = row.looked_at is None or asked.now - row.looked_at > asked.fresh
    return Wait.LOOK if stale else None


def _end(row: ports.Row, asked: Asked, to: intents.WishState, note: str) -> ports.End:
    return ports.End(row.wish.key, to, asked.now, note=note)
