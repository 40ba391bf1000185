"""The faults that a portal can be told to make: declared as rules, drawn by seed, recorded when they strike.

A rule names its kind, the methods (or events) that it concerns as globs, and when it strikes: on the nth occasion,
by probability, at most so many times. Kinds of a REQUEST concern the exchange as a whole and are played by
`faults_http`; kinds of a COMMAND concern one command, alone or in a batch, and are asked for by whoever runs
commands (`Faults.run`); kinds of an EVENT are asked for by `delivery`.
Every rule has dice of its own, so that adding one does not change the others.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.bitrix24 import kernel, typedrift

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal

REQUEST_KINDS = frozenset(
    [
        "refuse",
        "reset_before_commit",
        "commit_then_reset",
        "commit_then_502",
        "commit_then_504",
        "commit_then_truncated",
        "commit_then_html_200",
        "commit_then_nonjson",
        "hang_never_commit",
        "hang_commit_later",
        "query_limit_503",
        "overload_503",
        "expired_token_401",
        "redirect_302",
        "internal_500",
    ]
)
COMMAND_KINDS = frozenset(
    ["operation_limit_429", "some_commands_failed", "delete_between", "type_drift", "invisible_in_lists"]
)
EVENT_KINDS = frozenset(
    [
        "event_drop",
        "event_double",
        "event_reorder",
        "event_delay",
        "event_burst",
        "event_wrong_token",
        "event_foreign_portal",
        "event_deleted_entity",
    ]
)
KINDS = REQUEST_KINDS | COMMAND_KINDS | EVENT_KINDS


class UnknownFault(ValueError):
    """No such kind of fault."""


@dataclass(frozen=True)
class Fault:
    """One rule. `params` by kind: seconds (hang_commit_later, event_delay, invisible_in_lists), host (redirect_302),
    status, code, text (some_commands_failed), share (type_drift: of leaves), copies (event_double),
    hold (event_burst: events held, then let go at once; event_reorder: how many wait to be shuffled).
    """

    kind: str
    methods: tuple[str, ...] = ("*",)
    nth: int | None = None
    """Only on this occasion among those that match, counted from 1."""
    probability: float = 1.0
    times: int | None = 1
    """At most so often; None: for ever."""
    params: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownFault(f"no fault {self.kind!r}; there are {', '.join(sorted(KINDS))}")

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Fault:
        """As a harness sends it; unknown keys are a TypeError."""
        methods = data.get("methods", ("*",))
        globs = (methods,) if isinstance(methods, str) else tuple(methods)
        return cls(**(data | {"methods": globs}))

    def concerns(self, name: str) -> bool:
        return any(fnmatch.fnmatchcase(name.lower(), glob.lower()) for glob in self.methods)


@dataclass(slots=True)
class _Rule:
    fault: Fault
    dice: random.Random
    seen: int = 0
    struck: int = 0

    def strikes(self, names: Sequence[str]) -> bool:
        if self.fault.times is not None and self.struck >= self.fault.times:
            return False
        if not any(self.fault.concerns(name) for name in names):
            return False
        self.seen += 1
        if self.fault.nth is not None and self.seen != self.fault.nth:
            return False
        if self.fault.probability < 1 and self.dice.random() >= self.fault.probability:
            return False
        self.struck += 1
        return True


class Faults:
    """The rules of one portal and what came of them."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.struck: list[tuple[str, str]] = []
        """(kind, method or event) of every fault that happened, in order."""
        self._rules: list[_Rule] = []
        self._added = 0
        self._hiding = 0.0
        """Seconds for which lists do not show what the running command creates."""

    def add(self, fault: Fault) -> None:
        self._rules.append(_Rule(fault, random.Random(f"{self.seed}/{self._added}/{fault.kind}")))
        self._added += 1

    def extend(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            self.add(fault)

    def clear(self) -> None:
        """Forgets the rules; what is hidden from lists stays hidden for its time."""
        self._rules.clear()

    @property
    def rules(self) -> list[Fault]:
        return [rule.fault for rule in self._rules]

    def match(self, methods: Sequence[str]) -> Fault | None:
        """The fault of this request: `methods` are its commands' names, of one command or of a batch."""
        return next(iter(self._drawn(REQUEST_KINDS, methods)), None)

    def of_event(self, name: str) -> list[Fault]:
        return list(self._drawn(EVENT_KINDS, (name,), first=False))

    def wants_commands(self) -> bool:
        """Whether any rule concerns single commands: the quick path asks this once."""
        return any(rule.fault.kind in COMMAND_KINDS for rule in self._rules)

    def run(self, call: kernel.Call, execute: Callable[[], kernel.Answer]) -> kernel.Answer:
        """One command under the rules that concern it; raises the portal's refusal like the command itself."""
        if not self.wants_commands():
            return execute()
        drawn = self._before(call)
        try:
            answer = execute()
        finally:
            self._hiding = 0.0
        share = next(
            (float(fault.params.get("share", 0.1)) for fault in drawn if fault.kind == "type_drift"), None
        )
        if share is None:
            return answer
        dice = random.Random(f"{self.seed}/drift/{len(self.struck)}")
        return dataclasses.replace(answer, result=typedrift.drifted(answer.result, dice, share))

    def shown_from(self, portal: Portal) -> float:
        """From when lists show what is created now."""
        return portal.clock.time() + max(portal.switch.seconds("lists_lag"), self._hiding)

    def _before(self, call: kernel.Call) -> list[Fault]:
        """Draws the faults of one command and plays those that precede it."""
        drawn = list(self._drawn(COMMAND_KINDS, (call.method,), first=False))
        for fault in drawn:
            if fault.kind == "operation_limit_429":
                raise kernel.Refusal(
                    429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit"
                )
            if fault.kind == "some_commands_failed":
                given: dict[str, Any] = {
                    "status": 500,
                    "code": "INTERNAL_SERVER_ERROR",
                    "text": "Internal server error",
                } | fault.params
                raise kernel.Refusal(given["status"], given["code"], given["text"])
            if fault.kind == "delete_between":
                delete_what_is_read(call)
            if fault.kind == "invisible_in_lists":
                self._hiding = float(fault.params.get("seconds", 5))
        return drawn

    def _drawn(self, kinds: frozenset[str], names: Sequence[str], *, first: bool = True) -> Iterable[Fault]:
        for rule in self._rules:
            if rule.fault.kind in kinds and rule.strikes(names):
                concerned = next(name for name in names if rule.fault.concerns(name))
                self.struck.append((rule.fault.kind, concerned))
                yield rule.fault
                if first:
                    return


def delete_what_is_read(call: kernel.Call) -> None:
    """Somebody deletes the object a moment before it is read: cards and tasks, by the command's own parameters."""
    portal = call.portal
    if call.method.lower().startswith("tasks.task."):
        task = portal.taskbook.tasks.get(_number(call.param("taskId")))
        if task is not None:
            portal.taskbook.forget(task)
        return
    card_id = _number(call.param("id"))
    type_id = _number(call.param("entityTypeId")) or _CLASSIC.get(call.method.lower().split(".")[1], 0)
    if card_id and portal.crm.exists(type_id, card_id):
        portal.crm.delete(type_id, card_id)


_CLASSIC = {"lead": 1, "deal": 2, "contact": 3, "company": 4, "quote": 7}


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
