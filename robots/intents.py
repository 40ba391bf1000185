"""What a robot may wish for: a closed union of acts, and the wish that carries one.

Each act states its class: A is found again over there (cards, tasks, comments, moves, sets), B is replaced by the portal
itself (notices with a TAG), C leaves no trace (letters). The class decides what may be done about an unknown outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from robots import model

RobotId = NewType("RobotId", str)
"""The robot's path as the YAML names it: `Продажи/Новый лид/task`."""
WishKey = NewType("WishKey", str)
"""`robot/card/cause/step`, unique in the ledger: the same cause can't be acted on twice."""


class EffectClass(StrEnum):
    A = "A"
    B = "B"
    C = "C"


@dataclass(frozen=True, slots=True)
class SetFields:
    """Write values into the card. `replaces` is what was there when it was decided (for the story and `undo`)."""

    values: Mapping[model.FieldCode, model.Value]
    replaces: Mapping[model.FieldCode, model.Value] = field(default_factory=dict)
    guarded: bool = False
    """Only those that still hold what `replaces` says are written (`undo`)."""
    takes_away: bool = False
    """Of people and contacts too what `replaces` has and `values` hasn't goes; without it they are only added to."""


@dataclass(frozen=True, slots=True)
class SetClient:
    """Write values into a contact or company of the card."""

    client: model.ClientRef
    values: Mapping[model.FieldCode, model.Value]
    replaces: Mapping[model.FieldCode, model.Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RepairComm:
    """One phone, e-mail or site in its right form, if it still stands as it was seen."""

    client: model.ClientRef | None
    """None: the lead's own."""
    kind: str
    """`PHONE`, `EMAIL`, `WEB`."""
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class MoveStage:
    """Move the card to a stage of the same pipeline or another one, only if it still stands in `only_from`."""

    pipeline: model.PipelineId
    stage: model.StageId
    only_from: model.StageId
    back: bool = False
    """A gate's return: its history row is expected and starts nothing."""


class TaskCloses(StrEnum):
    ON_LEAVE = "on_leave"
    FILLED = "filled"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class ByHand:
    """Whom to tell that a task was ticked off while its card stays, and so long after (users.md F21)."""

    to: tuple[model.UserId, ...]
    amount: int = 0
    unit: str = "minutes"
    """Of `schedule.Unit`."""


@dataclass(frozen=True, slots=True)
class Postponed:
    """Whom to tell of each `times`-th putting off of the deadline (S5.4)."""

    to: tuple[model.UserId, ...]
    times: int = 3


@dataclass(frozen=True, slots=True)
class SetTask:
    """A task bound to the card; a task with a checklist is a saga of keyed steps."""

    title: str
    description: str
    creator: model.UserId | None
    responsible: model.UserId
    deadline: datetime | None
    checklist: tuple[str, ...] = ()
    observers: tuple[model.UserId, ...] = ()
    closes: TaskCloses = TaskCloses.ON_LEAVE
    closes_filled: model.FieldCode | None = None
    """With `closes=filled`: the field whose filling closes the task; `@client`: a contact or company bound to the card."""
    may_postpone: bool = True
    follows_responsible: bool = True
    overdue_to: tuple[model.UserId, ...] = ()
    moves_to: tuple[model.PipelineId, model.StageId] | None = None
    """Of an agreement (users.md F16): done by a person, it moves the card there."""
    by_hand: ByHand | None = None
    postponed: Postponed | None = None


@dataclass(frozen=True, slots=True)
class CloseTask:
    """Complete the task that the wish `set_by` made; closed or gone already is `nothing_to_do`."""

    set_by: WishKey
    task: model.TaskId | None


@dataclass(frozen=True, slots=True)
class ReassignTask:
    set_by: WishKey
    task: model.TaskId | None
    responsible: model.UserId
    only_from: model.UserId | None = None
    """Only if it is on that one still; None: on whomever it is."""


class Activity(StrEnum):
    TODO = "todo"
    CALL = "call"
    MEETING = "meeting"

    @property
    def said(self) -> str:
        """In people's words."""
        return {"todo": "дело", "call": "звонок", "meeting": "встреча"}[self.value]


@dataclass(frozen=True, slots=True)
class PlanActivity:
    """An activity («дело») in the card's feed for one employee: a call to the client, a meeting, anything else."""

    what: Activity
    title: str
    text: str
    responsible: model.UserId
    at: datetime
    client: model.ClientRef | None = None
    """Whom to call or to meet; None: the lead itself."""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Notify:
    """A notice to one employee. The portal keeps one per `tag`: a repeat replaces it."""

    to: model.UserId
    text: str
    tag: str
    urgent: bool = False
    """At any hour, and however many there were today (users.md F14)."""
    can_wait: bool = False
    """It goes with the digest where its addressee has one."""


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet of a book. `numbers`: the columns whose cells are decimal numbers, where they aren't empty."""

    title: str
    head: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SendFile:
    """A message to one employee with a book of tables. No table holds a client's words."""

    to: model.UserId
    text: str
    name: str
    """Of the file, without its ending."""
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class SendLetter:
    """An e-mail to the client, sent by the portal and kept in the card."""

    to: str
    client: model.ClientRef | None
    """None: the lead itself."""
    subject: str
    text: str
    sender: str = ""
    responsible: model.UserId | None = None
    attach: str = ""
    """`pdf` or `docx`: the document that the wish it stands on made goes with it, in this form."""


@dataclass(frozen=True, slots=True)
class SendSms:
    """An SMS to the client by the service that the file describes (`robots.outside.Provider`)."""

    phone: str
    text: str
    url: str
    fields: Mapping[str, str]
    """As the service takes it, phone and text put in."""
    secret: str = ""
    """The name of a line of the secrets file, never the secret."""
    seconds: int = 10
    form: bool = False
    expect: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CallUrl:
    """A signed request to another program."""

    url: str
    data: Mapping[str, str]
    secret: str = ""
    seconds: int = 10


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment in the card's feed; used only where a person must answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Say:
    """A message in a chat of staff, of which the portal's user that robots write by is a member."""

    dialog: str
    """«chat58», «sg12»."""
    text: str


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A record in the card's feed, signed by the robot."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class CopyDeal:
    """Hand-over: a new deal in another pipeline with everything of this one but what belongs to this department."""

    pipeline: model.PipelineId
    stage: model.StageId
    leave_out: frozenset[model.FieldCode]
    """Codes never copied: the fields that the target pipeline's robots fill, the reason of a failure."""
    title: str | None = None
    responsible: model.UserId | None = None


@dataclass(frozen=True, slots=True)
class MakeInvoice:
    """A smart invoice of the deal with its products and clients."""

    title: str
    responsible: model.UserId | None = None
    """None: the deal's own."""
    pay_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class MakeDocument:
    """A document of the card, made of a template of the portal."""

    template: int
    title: str
    """The template's name, for people."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Fields of the template that are given here; the portal fills the others from the card."""
    stamps: bool = False


@dataclass(frozen=True, slots=True)
class ConvertLead:
    """A lead's conversion, one saga: company, contact, deal are made (or linked by their ids), the lead ends in `stage`."""

    stage: model.StageId
    contact_id: int | None = None
    company_id: int | None = None
    contact: Mapping[model.FieldCode, model.Value] | None = None
    company: Mapping[model.FieldCode, model.Value] | None = None
    deal: Mapping[model.FieldCode, model.Value] | None = None
    pipeline: model.PipelineId | None = None
    deal_stage: model.StageId | None = None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()


class Made(StrEnum):
    """What an act can leave over there, apart from the card's own values."""

    TASK = "task"
    NOTICE = "notice"
    COMMENT = "comment"
    RECORD = "record"
    ACTIVITY = "activity"


@dataclass(frozen=True, slots=True)
class TakeBack:
    """What the wish `set_by` made is removed, if nobody touched it (`undo`)."""

    set_by: WishKey
    what: Made
    number: int


@dataclass(frozen=True, slots=True)
class Remember:
    """Nothing to do over there: the ledger itself is the effect («checked: no duplicates»). Recorded as done."""

    note: str


Act = (
    SetFields
    | SetClient
    | RepairComm
    | MoveStage
    | SetTask
    | CloseTask
    | ReassignTask
    | PlanActivity
    | SendLetter
    | SendSms
    | CallUrl
    | Notify
    | SendFile
    | Comment
    | Say
    | LogEntry
    | CopyDeal
    | ConvertLead
    | MakeInvoice
    | MakeDocument
    | TakeBack
    | Remember
)

EFFECT_CLASS: Mapping[type, EffectClass] = {
    SetFields: EffectClass.A,
    SetClient: EffectClass.A,
    RepairComm: EffectClass.A,
    MoveStage: EffectClass.A,
    SetTask: EffectClass.A,
    CloseTask: EffectClass.A,
    ReassignTask: EffectClass.A,
    PlanActivity: EffectClass.A,
    SendLetter: EffectClass.C,
    SendSms: EffectClass.C,
    CallUrl: EffectClass.C,
    Notify: EffectClass.B,
    SendFile: EffectClass.A,
    Comment: EffectClass.A,
    Say: EffectClass.A,
    LogEntry: EffectClass.A,
    CopyDeal: EffectClass.A,
    ConvertLead: EffectClass.A,
    MakeInvoice: EffectClass.A,
    MakeDocument: EffectClass.A,
    TakeBack: EffectClass.A,
    Remember: EffectClass.A,
}


TRACED = frozenset({SendLetter})
"""Of class C, and yet what the portal took leaves a record there: one that is found was sent."""
TO_CLIENTS = frozenset({SendLetter, SendSms})


DRAWN = model.UserId(0)
"""Stands in an act for whoever is drawn when the wish is recorded (`robots.draws`)."""
DRAWN_NAME = "‹чья очередь›"
"""The same in texts: his name."""


class PickHow(StrEnum):
    TURNS = "turns"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Candidate:
    user: model.UserId
    name: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Pick:
    """Who is to be drawn from whom. Turns are counted under the queue's name, for all robots that draw from it."""

    queue: str
    among: tuple[Candidate, ...]
    """Those who are free now, in the queue's order; never empty."""
    how: PickHow = PickHow.TURNS


@dataclass(frozen=True, slots=True)
class Wish:
    """One act, wished once. The ledger's row is made of it."""

    key: WishKey
    robot: RobotId
    digest: str
    """The hash of the robot's text: an unsent wish of a changed robot is superseded. Empty for obligations (closing a
    task that was set), which outlive the robot (users.md F13)."""
    card: model.CardRef
    cause: str
    act: Act
    because: str
    """Why, in plain Russian, as `why` tells it."""
    stands_on: WishKey | None = None
    """Sent only after that one is done; blocked if it is refused."""
    while_visit: model.VisitId | None = None
    """`only while there`: superseded once the card's accepted visit is another one."""
    not_after: datetime | None = None
    """Too late from then on."""
    dry_run: bool = False
    """The robot only watches: recorded, never sent."""
    depth: int = 0
    """0 where a person or the client is the cause; one more than the wish that caused it otherwise."""
    pick: Pick | None = None
    """Until it is recorded: whom its act is about is drawn in the same transaction, once for its key."""
    not_before: datetime | None = None
    """Of a message: it waits until then (`robots.notices`)."""
    digest_at: datetime | None = None
    """Of a message: when its addressee's next digest goes."""
    calm: bool = False
    """Of a person's work over many cards (`enroll`, `undo`): its effect is no cause for robots, and no limit counts it."""
    held_as: str = ""
    """Not empty: a person decides whether it goes, and this is why (`robots.imports`)."""


class WishState(StrEnum):
    WISHED = "wished"
    SENT = "sent"
    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    BLOCKED = "blocked"
    NOTHING_TO_DO = "nothing_to_do"
    NO_EFFECT = "no_effect"
    GIVEN_UP = "given_up"
    DRY_RUN = "dry_run"
    HELD = "held"
    """A person decides."""
    WAITING = "waiting"
    """A message waits for its hour."""
    TOO_LATE = "too_late"

    @property
    def final(self) -> bool:
        return self not in _OPEN

    @property
    def happened(self) -> bool:
        """The effect stands over there."""
        return self in {WishState.DONE, WishState.NOTHING_TO_DO}


_OPEN = frozenset({WishState.WISHED, WishState.SENT, WishState.UNKNOWN, WishState.HELD, WishState.WAITING})


@dataclass(frozen=True, slots=True)
class Past:
    """A row of the ledger as a fact of a look: what was wished for this card before, and how it ended."""

    wish: Wish
    state: WishState
    wished_at: datetime
    done_at: datetime | None = None
    made: int | None = None
    """The id of what was created: a task, a deal."""
    note: str = ""
