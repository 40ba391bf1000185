"""`try`: one look at one card of the portal, as it is or as it is supposed to be; the answer in words, nothing recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connector.loops import desk as desks
from connector.loops import errands, looking
from robots import decision, look, model, rehearsal


class Trying:
    def __init__(self, desk: desks.Desk, key: bytes) -> None:
        self._desk, self._key = desk, key

    async def told(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """`card`: «deal:12»; `as_if`: [[name, value], …]. Raises errands.Refused, errors.PortalError."""
        desk = self._desk
        kind, _, number = str(asked["card"]).partition(":")
        ref = model.CardRef(model.CardKind(kind), int(number))
        said = [(str(name), str(value)) for name, value in asked["as_if"]]
        shown: list[look.Look] = []
        trial = looking.Looking(desk, _Supposing(said, shown), self._key)
        try:
            decided = await trial.rehearse(ref)
        except rehearsal.Unclear as unclear:
            raise errands.Refused(str(unclear)) from None
        if isinstance(decided, str):
            raise errands.Refused(decided)
        calendar = desk.book.directory.calendar
        zone = calendar.timezone if calendar is not None else "UTC"
        return {
            "title": shown[-1].card.title,
            "stage": _stage(shown[-1]),
            "lines": list(rehearsal.lines(decided, shown[-1], zone)),
            "acts": [
                {"robot": wish.robot, "act": type(wish.act).__name__, "dry_run": wish.dry_run}
                for wish in decided.wishes
            ],
        }


class _Supposing:
    """`decide` of a look as it would be; keeps what it was asked of."""

    def __init__(self, said: Sequence[tuple[str, str]], shown: list[look.Look]) -> None:
        self._said, self._shown = said, shown

    def __call__(self, rules: decision.Rules, seen: look.Look, now: datetime) -> decision.Decision:
        self._shown.append(rehearsal.supposed(replace(seen, care=look.NOBODYS), self._said, now))
        return decision.decide(rules, self._shown[-1], now)


def _stage(seen: look.Look) -> str:
    stage = seen.directory.stage(seen.card.pipeline, seen.card.stage)
    return stage.name if stage is not None else str(seen.card.stage)
