"""What a request's reply means for each command of it: outcomes, costs settled, blocked methods, the portal's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from connector import errors, ports
from connector.bitrix24 import answers, classify, operating, phpquery, transport, units
from connector.bitrix24 import gate as gates


class Delivering:
    """Of one client: ends each unit of a flock in one outcome per command."""

    def __init__(self, clock: ports.Clock, gate: gates.Gate, budget: operating.Budget) -> None:
        self._clock, self._gate, self._budget = clock, gate, budget
        self.offset = timedelta(0)
        """The portal's clock minus ours, measured from its answers."""
        self.portal_zone = answers.UTC_ZONE

    def portal_now(self) -> datetime:
        return (self._clock.now() + self.offset).astimezone(self.portal_zone)

    def reply(
        self, flock: list[units.Unit], sheet: units.Sheet | None, reply: transport.Reply, sent_at: datetime
    ) -> None:
        """`sheet` None: the one command had a request to itself."""
        self._learn_clock(reply, sent_at)
        if not isinstance(reply.data, dict) or reply.status != 200 or "error" in reply.data:
            self._refused(flock, reply)
            return
        self._gate.accepted()
        if sheet is None:
            self._settle(flock[0], [answers.single(reply.data)])
            self._answer(flock[0], [answers.single(reply.data)])
            return
        raws = dict(zip(sheet.labels, answers.batch(reply.data, sheet.labels), strict=True))
        counted: set[str] = set()
        for unit, keys in zip(flock, sheet.keys, strict=True):
            self._settle(unit, [None if key in counted else raws[key] for key in keys])
            counted.update(keys)
        for unit, read in zip(flock, sheet.read(flock, raws), strict=True):
            self._answer(unit, read)

    def unsent(self, unit: units.Unit, error: errors.PortalError) -> None:
        """It surely wasn't done: what was reserved for it is free again."""
        for each, cost in zip(unit.commands, unit.costs, strict=True):
            self._budget.release(each.method, cost)
        unit.fail(error)

    def lost(self, flock: list[units.Unit], error: errors.Unknown) -> None:
        """Sent, and no answer: what was reserved counts as used."""
        now = self._clock.monotonic()
        for unit in flock:
            for each, cost in zip(unit.commands, unit.costs, strict=True):
                self._budget.settle(each.method, cost, None, now)
            unit.lost(error)

    def _refused(self, flock: list[units.Unit], reply: transport.Reply) -> None:
        """The whole request was refused: nothing of it was done, unless the refusal itself says nothing."""
        code, text = classify.code_of(reply.data)
        limited = code.casefold() == "query_limit_exceeded"
        delay = self._gate.refused() if limited else None
        if not limited:
            self._gate.accepted()
        for unit in flock:
            outcomes: list[units.Outcome] = []
            for each in unit.commands:
                error = classify.refusal(
                    reply.status, code, text, method=each.method, write=each.write, system=True
                )
                if isinstance(error, errors.Retryable) and delay is not None:
                    error.delay = delay
                if isinstance(error, errors.Retryable) and code.casefold() == "operation_time_limit":
                    error.delay = self._block(each.method, reply.data.get("time"))
                outcomes.append(error)
            for each, cost in zip(unit.commands, unit.costs, strict=True):
                self._budget.release(each.method, cost)
            unit.answer(outcomes)

    def _settle(self, unit: units.Unit, read: Sequence[answers.Raw | None]) -> None:
        """What its commands cost; None where another's answer tells it."""
        now = self._clock.monotonic()
        for each, cost, raw in zip(unit.commands, unit.costs, read, strict=True):
            if raw is None:
                self._budget.release(each.method, cost)
                continue
            self._budget.settle(each.method, cost, answers.took(raw.time), now)
            known = answers.number(raw.time, "operating")
            if known is not None:
                self._budget.told(each.method, known, now)

    def _answer(self, unit: units.Unit, read: Sequence[answers.Raw]) -> None:
        unit.answer([self._outcome(each, raw) for each, raw in zip(unit.commands, read, strict=True)])

    def _outcome(self, command: phpquery.Command, raw: answers.Raw) -> units.Outcome:
        if raw.error is None and raw.present:
            return answers.Answer(raw.result, raw.total, raw.next)
        if raw.error is None:
            return classify.unanswered(
                "команды нет в ответе портала", method=command.method, write=command.write
            )
        code, text = classify.code_of(raw.error)
        error = classify.refusal(0, code, text, method=command.method, write=command.write, system=False)
        if isinstance(error, errors.Retryable) and code.casefold() == "operation_time_limit":
            error.delay = self._block(command.method, raw.time)
        return error

    def _block(self, method: str, time: Any) -> float:
        """A 429: the method rests until the portal's `operating_reset_at`, a minute where it says nothing."""
        reset = answers.number(time, "operating_reset_at")
        portal_now = (self._clock.now() + self.offset).timestamp()
        seconds = max(1.0, reset - portal_now) if reset is not None else 60.0
        self._budget.block(method, seconds, self._clock.monotonic())
        return seconds

    def _learn_clock(self, reply: transport.Reply, sent_at: datetime) -> None:
        stamp = answers.stamp(reply.data)
        if stamp is not None:
            middle = sent_at + (self._clock.now() - sent_at) / 2
            self.offset = stamp - middle
            self.portal_zone = stamp.tzinfo or answers.UTC_ZONE
