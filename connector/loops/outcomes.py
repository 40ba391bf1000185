"""What became of a wish that was sent, or wasn't: which end an answer or an error is, and how it is told.

Law: an end says `refused` or `given_up` only of what surely isn't over there, `unknown` of whatever may be; what surely
wasn't sent has no end at all and its card waits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from connector import errors, ports
from connector.loops import config, supervisor
from connector.loops import desk as desks
from connector.loops import sending as sends
from robots import intents, model

S = intents.WishState
ADOPTED = "adopted"
NO_EFFECT = "no_effect"
LOOK_AGAIN = 5
"""Tries after which «not found» is the wish's own end: its card has been looked at since and is there."""

PutAside = Callable[[ports.Row, float], None]


class Outcomes:
    """Of one executor; `put_aside` lets a row's card wait so many seconds."""

    def __init__(self, desk: desks.Desk, sending: sends.Sending, put_aside: PutAside) -> None:
        self._desk, self._sending, self._put_aside = desk, sending, put_aside
        self._failing: dict[intents.WishKey, datetime] = {}
        """When a wish was first put off by the portal, in this life."""
        self._lacking: dict[intents.WishKey, str] = {}
        """Which scope a wish waits for."""
        self._vanished: set[model.CardRef] = set()
        """The portal found nothing where a wish went: was the card deleted?"""

    def went_through(self, key: intents.WishKey) -> None:
        self._failing.pop(key, None)

    def written(self, row: ports.Row, end: ports.End) -> None:
        """The ledger has this end."""
        if end.to.final:
            self._failing.pop(row.wish.key, None)
        if end.to is not S.WISHED:
            self._lacks_no_more(row.wish.key)

    def take_vanished(self) -> set[model.CardRef]:
        """Cards to be looked at: perhaps they are gone."""
        found, self._vanished = self._vanished, set()
        return found

    def of(self, row: ports.Row, trouble: Exception) -> ports.End | None:
        """None: nothing is known that the ledger doesn't know."""
        now, settings = self._desk.clock.now(), self._desk.settings
        match trouble:
            case errors.PortalClosed():
                supervisor.tell_closed(self._desk, trouble)
                return self._again(row, now, 0.0, trouble.text)
            case errors.StoreError():
                supervisor.store_is_ill(self._desk, trouble)
                self._put_aside(row, settings.restart_first)
                return None
            case errors.NoScope():
                return self._without_scope(row, now, trouble)
            case errors.NotFound() if row.tries < LOOK_AGAIN and self._sending.was_sent(row.wish.key):
                self._vanished.add(row.wish.card)
                delay = config.backoff(row.tries, settings.torn_delay, settings.restart_most)
                return self._again(row, now, delay, _words(trouble))
            case errors.Rejected():
                self._failing.pop(row.wish.key, None)
                return ports.End(row.wish.key, S.REFUSED, now, note=_words(trouble))
            case errors.Retryable() | errors.Unreadable() if not self._maybe_done(row, trouble):
                return self._put_off(row, now, trouble)
            case errors.PortalError() if self._sending.was_sent(row.wish.key):
                return self._unknown(row, now, _words(trouble))
            case _:
                self._desk.log.error("loop.failed", loop="executor", error=str(trouble), exc_info=trouble)
                if self._sending.was_sent(row.wish.key):
                    return self._unknown(row, now, supervisor.last_line(trouble))
                return self._put_off(row, now, trouble)

    def _without_scope(self, row: ports.Row, now: datetime, lack: errors.NoScope) -> ports.End | None:
        """Not this wish's fault: red until a person has ticked the scope, then it goes out if it is still wanted."""
        self._lacking[row.wish.key] = lack.scope
        code, text = f"scope_{lack.scope}", errors.words(lack)
        if not self._desk.health.says(code, text):
            self._desk.log.error("portal.degraded", reason=text)
        self._desk.health.trouble(code, text)
        settings = self._desk.settings
        return self._again(
            row, now, config.backoff(row.tries, settings.retry_first, settings.closed_most), str(lack)
        )

    def _lacks_no_more(self, key: intents.WishKey) -> None:
        """It went through, or is no longer wanted; the scope is there again unless another wish still lacks it."""
        scope = self._lacking.pop(key, None)
        if scope is not None and scope not in self._lacking.values():
            self._desk.health.clear(f"scope_{scope}")

    def _maybe_done(self, row: ports.Row, trouble: Exception) -> bool:
        """An unreadable answer after sending may hide a success; Retryable says that nothing was done."""
        return isinstance(trouble, errors.Unreadable) and self._sending.was_sent(row.wish.key)

    def _unknown(self, row: ports.Row, now: datetime, why: str) -> ports.End:
        retry_at = now + timedelta(seconds=self._desk.settings.settle_window)
        return ports.End(row.wish.key, S.UNKNOWN, now, note=why, retry_at=retry_at)

    def _put_off(self, row: ports.Row, now: datetime, trouble: Exception) -> ports.End | None:
        """Surely not done: again later, and not for ever."""
        settings, key = self._desk.settings, row.wish.key
        first = self._failing.setdefault(key, now)
        if row.tries >= settings.give_up_tries and (now - first).total_seconds() >= settings.give_up_after:
            self._failing.pop(key)
            return ports.End(key, S.GIVEN_UP, now, note=_words(trouble))
        delay = config.backoff(row.tries, settings.retry_first, settings.retry_most)
        asked = trouble.delay or 0.0 if isinstance(trouble, errors.Retryable) else 0.0
        return self._again(row, now, max(delay, asked), _words(trouble))

    def _again(self, row: ports.Row, now: datetime, delay: float, why: str) -> ports.End | None:
        """A row never committed as sent is `wished` as it was: no transition, only a wait."""
        if not self._sending.was_sent(row.wish.key):
            self._put_aside(row, delay)
            return None
        retry_at = now + timedelta(seconds=delay)
        return ports.End(row.wish.key, S.WISHED, now, note=why, retry_at=retry_at)


def ended(row: ports.Row, done: ports.Done, now: datetime) -> ports.End:
    unchanged = S.NO_EFFECT if done.note == NO_EFFECT else S.NOTHING_TO_DO
    state = S.DONE if done.changed else unchanged
    return ports.End(row.wish.key, state, now, note=done.note, made=done.made)


_EVENTS = {
    S.DONE: "intent.done",
    S.NOTHING_TO_DO: "intent.done",
    S.NO_EFFECT: "intent.done",
    S.DRY_RUN: "intent.done",
    S.REFUSED: "intent.refused",
    S.UNKNOWN: "intent.unknown",
    S.HELD: "intent.held",
    S.WAITING: "intent.waiting",
    S.WISHED: "intent.retrying",
    S.GIVEN_UP: "intent.given_up",
    S.SUPERSEDED: "intent.superseded",
    S.TOO_LATE: "intent.superseded",
    S.BLOCKED: "intent.superseded",
}


def tell(desk: desks.Desk, row: ports.Row, end: ports.End) -> None:
    event = "intent.adopted" if end.note == ADOPTED else _EVENTS[end.to]
    bad = end.to in (S.REFUSED, S.UNKNOWN, S.GIVEN_UP, S.HELD)
    desk.log.log(
        30 if bad else 20,
        event,
        card=str(row.wish.card),
        robot=row.wish.robot,
        state=end.to.value,
        reason=end.note,
        made=end.made,
        until=end.retry_at.isoformat() if end.retry_at else None,
    )


def _words(trouble: Exception) -> str:
    code = trouble.code if isinstance(trouble, errors.PortalError) else ""
    return f"{trouble} ({code})" if code else str(trouble) or type(trouble).__name__
