"""A group of commands on its way through the client: what it costs, where its outcomes go, how it is spelled."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tenacity

from connector import errors
from connector.bitrix24 import answers, classify, guarded, phpquery
from robots import intents

Outcome = answers.Answer | errors.PortalError


@dataclass(eq=False, slots=True)
class Unit:
    """A group on its way: commands, what they are expected to cost, where the outcomes go."""

    commands: Sequence[phpquery.Command]
    key: intents.WishKey | None
    done: asyncio.Future[list[Outcome]]
    guard: guarded.Guard | None = None
    costs: list[float] = field(default_factory=list)
    size: int = 0
    since: float = 0.0
    """Since when it waits, on the monotonic clock."""
    alone: bool = field(init=False)
    """It needs a request of its own."""
    writes: bool = field(init=False)

    def __post_init__(self) -> None:
        # Asked at every packing, of all that waits.
        self.alone = len(self.commands) == 1 and phpquery.needs_own_request(self.commands[0])
        self.writes = any(each.write for each in self.commands)

    def fail(self, error: errors.PortalError) -> None:
        self.answer([error] * len(self.commands))

    def lost(self, error: errors.PortalError) -> None:
        """Sent without an answer: unknown for what writes, to be tried again for what reads."""
        self.answer(
            [classify.unanswered(error.text, code=error.code, status=error.status, method=each.method, write=each.write) for each in self.commands]
        )  # fmt: skip

    def answer(self, outcomes: list[Outcome]) -> None:
        if not self.done.done():
            self.done.set_result(outcomes)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A request, and whose its answers are."""

    body: Mapping[str, Any]
    labels: Sequence[str]
    """The commands of the batch, in order."""
    keys: Sequence[Sequence[str]]
    """By unit, by command. Units that ask together share the first."""

    def read(self, flock: Sequence[Unit], raws: Mapping[str, answers.Raw]) -> Iterator[list[answers.Raw]]:
        """By unit, by command: of those that ask together each has the answer of the update that wrote to its card."""
        together = defaultdict(list)
        for keys in self.keys:
            together[keys[0]].append(keys)
        for unit, keys in zip(flock, self.keys, strict=True):
            found = guarded.place(raws[keys[0]].result, unit.guard) if unit.guard is not None else None
            # Where it wasn't found whatever became of its update says nothing.
            fellows = together[keys[0]]
            mine = fellows[found] if found is not None and found < len(fellows) else keys
            yield [raws[key] for key in mine]


def batch(units: Sequence[Unit]) -> Sheet:
    """A group's names become keys of the batch; guards that are alike ask once, where the first of them rides."""
    lines: dict[str, str] = {}
    keys: list[list[str]] = []
    asked: defaultdict[Hashable, list[guarded.Guard]] = defaultdict(list)
    for unit in units:
        if unit.guard is not None:
            asked[unit.guard.alike].append(unit.guard)
    first: dict[Hashable, str] = {}
    for at, unit in enumerate(units):
        commands = unit.commands
        own = {each.name or str(n): f"u{at}c{n}" for n, each in enumerate(commands)}
        if unit.guard is not None:
            fellows = asked[unit.guard.alike]
            own[guarded.FOUND] = first.setdefault(unit.guard.alike, own[guarded.FOUND])
            question = guarded.question(commands[0], [one.id for one in fellows])
            commands = [question, guarded.nth(commands[1], fellows.index(unit.guard))]
        for each, label in zip(commands, own.values(), strict=True):
            if label not in lines:
                lines[label] = phpquery.encode(each, own)
        keys.append(list(own.values()))
    return Sheet({"halt": 0, "cmd": lines}, list(lines), keys)


def resting(method: str, seconds: float) -> errors.Retryable:
    text = f"метод {method} отдыхает: портал ограничил его время работы"
    return errors.Retryable(text, delay=seconds, code="OPERATION_TIME_LIMIT", method=method)


def passing(outcomes: list[Outcome]) -> errors.Retryable | None:
    return next(
        (one for one in outcomes if isinstance(one, errors.Retryable) and not isinstance(one, errors.PortalClosed)),
        None,
    )  # fmt: skip


def backoff(state: tenacity.RetryCallState) -> float:
    """0.5, 1, 2 … 8 s; longer if the portal said so."""
    outcomes = state.outcome.result() if state.outcome else []
    failed = passing(outcomes)
    said = failed.delay if failed is not None and failed.delay is not None else 0.0
    return max(said, min(8.0, 0.5 * 2.0 ** (state.attempt_number - 1)))


def last_outcomes(state: tenacity.RetryCallState) -> list[Outcome]:
    if state.outcome is None:
        raise RuntimeError("a retry without a try")
    outcomes: list[Outcome] = state.outcome.result()
    return outcomes
