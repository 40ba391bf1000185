"""What a decision is, and one in the making: wishes, the trace's lines, the nearest moment, facts that are lacking."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from robots import intents, model, notices
from robots import look as looks
from robots.kinds import base


class Told(NamedTuple):
    """One line of the trace: a robot, how it ended (`kinds.base.Outcome`), why in plain Russian."""

    robot: intents.RobotId
    outcome: str
    reason: str
    mark: str = ""
    wish: intents.WishKey | None = None


class Decision(NamedTuple):
    """`needs` not empty: gather those facts and ask again, nothing else here counts."""

    wishes: tuple[intents.Wish, ...] = ()
    wake_at: datetime | None = None
    accepted: model.Visit | None = None
    """The accepted stay after this look (to be remembered)."""
    refused: model.VisitId | None = None
    """The stay that a gate sent back (to be remembered)."""
    trace: tuple[Told, ...] = ()
    needs: frozenset[looks.Need] = frozenset()


_WISHED = base.Outcome.WISHED.value


class Draft:
    """A decision in the making: collects wishes, lines and the nearest moment."""

    def __init__(self, seen: looks.Look, now: datetime, manners: notices.Manners = notices.PLAIN) -> None:
        self.seen, self.now, self.manners = seen, now, manners
        self.known = {row.wish.key: row for row in seen.past}
        self.wishes: list[intents.Wish] = []
        self.trace: list[Told] = []
        self.wake_at: datetime | None = None
        self.needs: set[looks.Need] = set()

    def wish(self, wish: intents.Wish, mark: str) -> None:
        known = self.known.get(wish.key)
        if known is not None and _binds_anew(wish, known):
            wish = replace(known.wish, while_visit=wish.while_visit)
        elif known is not None:
            self.tell(wish.robot, base.Outcome.ALREADY_DONE, wish.because, mark, wish.key)
            return
        self.wishes.append(notices.timed(wish, self.seen, self.manners, self.now))
        self.trace.append(Told(wish.robot, _WISHED, wish.because, mark, wish.key))

    def tell(
        self,
        robot: intents.RobotId,
        outcome: base.Outcome,
        reason: str,
        mark: str = "",
        wish: intents.WishKey | None = None,
    ) -> None:
        self.trace.append(Told(robot, outcome.value, reason, mark, wish))

    def wake(self, at: datetime) -> None:
        if at > self.now:
            self.wake_at = at if self.wake_at is None else min(self.wake_at, at)

    def done(self, accepted: model.Visit | None, refused: model.VisitId | None) -> Decision:
        return Decision(
            tuple(self.wishes), self.wake_at, accepted, refused, tuple(self.trace), frozenset(self.needs)
        )


def _binds_anew(wish: intents.Wish, known: intents.Past) -> bool:
    """Its cause came again before it was over: it is wanted for the present stay now. A task isn't: that it is closed was
    owed when its stay was left."""
    if known.state.final or isinstance(wish.act, intents.SetTask):
        return False
    return wish.while_visit is not None and wish.while_visit != known.wish.while_visit
