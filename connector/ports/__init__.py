"""The shell's seams: what the loops need of a portal and of a store, and the values that cross them.

Each port is named by the need and has few methods; adapters subclass the Protocol so that mypy blames the adapter's own
file. Every promise here is kept by one contract suite run against every adapter (tests/contract).

Callers say `from connector import ports` and `ports.Mirror`; which file holds what is this room's own matter: values in
`doorbells`, `looks`, `entries`, `readings`; seams in `inbox`, `mirror`, `ledger`, `leases`, `portal`, `clock`.
"""

from connector.ports.clock import Clock
from connector.ports.doorbells import Dirty, Kind, Lane, Thing
from connector.ports.entries import End, Row, marker, returns
from connector.ports.erasure import Erasure, Known, copiable, scrubbed
from connector.ports.inbox import Inbox
from connector.ports.leases import Lease, Leases
from connector.ports.ledger import Ledger
from connector.ports.looks import CopiedCard, CopiedClient, Looked, Memory, StoryLook, TraceLine
from connector.ports.mirror import Journal, Mirror, Notebook
from connector.ports.portal import OnSending, Portal
from connector.ports.readings import (
    Absent,
    Arrival,
    Arrived,
    CommsAsk,
    Done,
    Facts,
    FactsAsk,
    Seen,
    Swept,
    Trace,
    Traces,
    Watermarks,
)

__all__ = [
    "Absent",
    "Arrival",
    "Arrived",
    "Clock",
    "CommsAsk",
    "CopiedCard",
    "CopiedClient",
    "Dirty",
    "Done",
    "End",
    "Erasure",
    "Facts",
    "FactsAsk",
    "Inbox",
    "Journal",
    "Kind",
    "Known",
    "Lane",
    "Lease",
    "Leases",
    "Ledger",
    "Looked",
    "Memory",
    "Mirror",
    "Notebook",
    "OnSending",
    "Portal",
    "Row",
    "Seen",
    "StoryLook",
    "Swept",
    "Thing",
    "Trace",
    "TraceLine",
    "Traces",
    "Watermarks",
    "copiable",
    "marker",
    "returns",
    "scrubbed",
]
