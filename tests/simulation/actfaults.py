"""The table of acts and faults, case by case (R2, R3); tests and `bench torture` go through it.

Answers that can't be read (504, truncated, HTML with 200, no JSON) are one thing for whoever stands behind the transport:
`tests/connector/bitrix24/test_transport.py` shows that they come out as one error, here `commit_then_502`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from robots import intents
from tests.simulation import acts, net

T = acts.Trouble
UNREADABLE = frozenset(
    ["commit_then_504", "commit_then_truncated", "commit_then_html_200", "commit_then_nonjson"]
)
TROUBLES: Mapping[str, acts.Trouble] = {
    **{kind: T(kind) for kind in net.KINDS},
    "late by 1 s": T("hang_commit_later", late=1.0),
    "late by 30 s": T("hang_commit_later", late=30.0),
    "late by 55 s": T("hang_commit_later", late=55.0),
    "unseen for 25 s": T("commit_then_reset", unseen=25.0),
    "late by 55 s and unseen for 2 s": T("hang_commit_later", late=55.0, unseen=2.0),
    "looked for in vain": T("commit_then_reset", blind=4),
    "half, and looked for in vain": T("half_commit_then_reset", blind=4),
    "operation_limit_429": T("operation_limit_429"),
    "some_commands_failed": T("some_commands_failed"),
    "type_drift": T("type_drift"),
}
ACTS = [kind for kind in acts.KINDS if kind is not intents.Remember]
"""`Remember` sends nothing."""
GOOD = frozenset(["done", "nothing_to_do"])


@dataclass(frozen=True, slots=True)
class Case:
    """One act, one trouble, at that one (from 1) of the requests by which the act is carried out."""

    act: type
    trouble: str
    nth: int

    def __str__(self) -> str:
        return f"{self.act.__name__}, request {self.nth}, {self.trouble}"

    def breaches(self) -> list[str]:
        """What is otherwise than in fair weather: `-` is missing, `+` is too much."""
        fair = acts.fair(self.act)
        seen = acts.tell(self.act, acts.at(TROUBLES[self.trouble], self.nth))
        found = [*seen.breaches, *acts.difference(fair.picture, seen.picture)]
        if not seen.struck:
            found.append("nothing struck")
        if set(seen.states) - GOOD:
            found.append(f"ended {seen.states}")
        return found


def cases(troubles: Iterable[str] = TROUBLES) -> Sequence[Case]:
    return [
        Case(kind, trouble, nth)
        for trouble in troubles
        for kind in ACTS
        for nth in range(1, acts.fair(kind).writes + 1)
    ]
