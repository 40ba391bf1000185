"""The portal's things as frozen values: cards, clients, tasks, people, stages, visits, money.

Both portals are spoken of in these words. Codes and ids are the portal's own; names for people live in `Directory`.
Every moment is an aware `datetime`; the offset may be any (comparisons don't care).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import NewType

PortalId = NewType("PortalId", str)
UserId = NewType("UserId", int)
DepartmentId = NewType("DepartmentId", int)
PipelineId = NewType("PipelineId", int)
StageId = NewType("StageId", str)
FieldCode = NewType("FieldCode", str)
"""A field's code in the portal's bulk API: `title`, `opportunity`, `UF_CRM_1747309879`."""
VisitId = NewType("VisitId", str)
"""`h123` for the history row 123; `s4` for the fourth stay seen without a row (an old box loses rows)."""
TaskId = NewType("TaskId", int)

LEADS = PipelineId(-1)
"""Bitrix24 leads have stages and no pipeline; the rest of the engine needs one."""


class CardKind(StrEnum):
    DEAL = "deal"
    LEAD = "lead"


class ClientKind(StrEnum):
    CONTACT = "contact"
    COMPANY = "company"


class Semantic(StrEnum):
    WORK = "P"
    WON = "S"
    LOST = "F"


@dataclass(frozen=True, slots=True, order=True)
class CardRef:
    kind: CardKind
    id: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True, order=True)
class ClientRef:
    kind: ClientKind
    id: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    currency: str


Scalar = None | str | bool | int | Decimal | Money | datetime | date
Value = Scalar | tuple[Scalar, ...]
"""A field's value: enumerations and people are the portal's ids (int), multiple fields are tuples, unset is None."""


@dataclass(frozen=True, slots=True)
class Card:
    """A lead or a deal as it stood at one moment.

    `fields` holds every known value by code, the named attributes among them under their own codes too
    (`title`, `assignedById`, `opportunity` as Money …), so that conditions and texts need one look-up.
    """

    ref: CardRef
    pipeline: PipelineId
    stage: StageId
    semantic: Semantic
    title: str
    responsible: UserId | None
    created: datetime
    updated: datetime
    moved_by: UserId | None = None
    contacts: tuple[int, ...] = ()
    """Ids of the bound contacts, the primary first."""
    company: int | None = None
    lead: int | None = None
    origin: tuple[str, str] | None = None
    """(originator, origin id): where our marker stands on what we created."""
    fields: Mapping[FieldCode, Value] = field(default_factory=dict)

    @property
    def closed(self) -> bool:
        return self.semantic is not Semantic.WORK

    def value(self, code: FieldCode) -> Value:
        return self.fields.get(code)


@dataclass(frozen=True, slots=True)
class Client:
    ref: ClientRef
    name: str
    """A contact's first name, a company's title."""
    last_name: str = ""
    second_name: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    responsible: UserId | None = None
    company: int | None = None
    lead: int | None = None
    fields: Mapping[FieldCode, Value] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return " ".join(part for part in (self.name, self.last_name) if part)


class TaskStatus(StrEnum):
    WAITING = "2"
    IN_PROGRESS = "3"
    AWAITING_CONTROL = "4"
    DONE = "5"
    DEFERRED = "6"


@dataclass(frozen=True, slots=True)
class Task:
    id: TaskId
    title: str
    responsible: UserId | None
    creator: UserId | None
    status: TaskStatus
    deadline: datetime | None = None
    marker: str | None = None
    closed: datetime | None = None

    @property
    def open(self) -> bool:
        return self.status is not TaskStatus.DONE


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay of a card in a stage. `row` is the portal's history row, None where the stay was only seen."""

    id: VisitId
    pipeline: PipelineId
    stage: StageId
    semantic: Semantic
    entered: datetime
    row: int | None = None
    created: bool = False
    """The stay with which the card came into being."""


@dataclass(frozen=True)
class User:
    id: UserId
    name: str
    last_name: str = ""
    email: str = ""
    active: bool = True
    departments: tuple[DepartmentId, ...] = ()
    position: str = ""

    @cached_property
    def full_name(self) -> str:
        """«Петрова Анна»: the order in which the portals' people write themselves. Every look names several."""
        return f"{self.last_name} {self.name}".strip() or f"#{self.id}"


@dataclass(frozen=True, slots=True)
class Department:
    id: DepartmentId
    name: str
    parent: DepartmentId | None = None
    head: UserId | None = None
    sort: int = 500


@dataclass(frozen=True, slots=True)
class Stage:
    id: StageId
    name: str
    sort: int
    semantic: Semantic


@dataclass(frozen=True, slots=True)
class Pipeline:
    id: PipelineId
    name: str
    kind: CardKind
    stages: tuple[Stage, ...]
    """In the board's order: work, won, lost."""

    def stage(self, stage_id: StageId) -> Stage | None:
        return next((stage for stage in self.stages if stage.id == stage_id), None)

    def position(self, stage_id: StageId) -> int:
        """The stage's place on the board, -1 where it isn't of this pipeline."""
        return next((at for at, stage in enumerate(self.stages) if stage.id == stage_id), -1)


class FieldType(StrEnum):
    STRING = "string"
    TEXT = "text"
    INTEGER = "integer"
    DOUBLE = "double"
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    ENUMERATION = "enumeration"
    USER = "user"
    STATUS = "crm_status"
    BINDING = "crm"
    FILE = "file"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Field:
    code: FieldCode
    title: str
    type: FieldType
    multiple: bool = False
    read_only: bool = False
    options: Mapping[int | str, str] = field(default_factory=dict)
    """Enumeration and dictionary values: the portal's id -> the name people see."""


@dataclass(frozen=True, slots=True)
class WorkDay:
    """Working hours of one day; empty `hours` is a day off. Several spans leave room for lunch."""

    hours: tuple[tuple[time, time], ...] = ()


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """When a company works, in its own wall clock."""

    timezone: str
    week: tuple[WorkDay, ...]
    """Seven, Monday first."""
    exceptions: Mapping[date, WorkDay] = field(default_factory=dict)
    """Holidays, moved days off, short days: they win over the week."""


@dataclass(frozen=True, slots=True)
class DocumentTemplate:
    """A template of the portal's document generator."""

    id: int
    name: str
    bindings: tuple[str, ...] = ()
    """`2`, `2_category_7`: the kinds of cards it is offered for; empty: not told."""

    def fits(self, kind: CardKind, pipeline: PipelineId | None) -> bool:
        """May cards of this kind, and of this pipeline where one is meant, have it?"""
        whole = "1" if kind is CardKind.LEAD else "2"
        own = {whole, f"{whole}_category_{pipeline}"}
        if pipeline is None:
            return not self.bindings or any(one.partition("_")[0] == whole for one in self.bindings)
        return not self.bindings or bool(own & set(self.bindings))


@dataclass(frozen=True)
class Directory:
    """A portal's dictionaries: pipelines, stages, fields, people. Read rarely, used by every look."""

    portal: PortalId
    address: str
    pipelines: tuple[Pipeline, ...] = ()
    """Leads are one of them, with id LEADS, where the portal has leads."""
    fields: Mapping[str, Mapping[FieldCode, Field]] = field(default_factory=dict)
    """By owner: `deal`, `lead`, `contact`, `company`."""
    users: Mapping[UserId, User] = field(default_factory=dict)
    departments: Mapping[DepartmentId, Department] = field(default_factory=dict)
    base_currency: str = "RUB"
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    """Currency -> how much one unit is worth in the base currency, by the portal's own rates."""
    calendar: WorkCalendar | None = None
    me: UserId | None = None
    """The webhook's owner."""
    scheme: str = "https"
    """`http` of a portal on this machine alone."""
    templates: tuple[DocumentTemplate, ...] | None = ()
    """Of documents; None: the portal doesn't show them to the webhook's owner."""

    @cached_property
    def _by_stage(self) -> Mapping[tuple[PipelineId, StageId], tuple[Pipeline, Stage]]:
        return {(p.id, s.id): (p, s) for p in self.pipelines for s in p.stages}

    @cached_property
    def _by_id(self) -> Mapping[PipelineId, Pipeline]:
        return {p.id: p for p in self.pipelines}

    def pipeline(self, pipeline_id: PipelineId) -> Pipeline | None:
        return self._by_id.get(pipeline_id)

    def stage(self, pipeline_id: PipelineId, stage_id: StageId) -> Stage | None:
        found = self._by_stage.get((pipeline_id, stage_id))
        return found[1] if found else None

    @cached_property
    def _over(self) -> Mapping[UserId, tuple[Department, ...]]:
        return {user.id: tuple(self._departments_over(user)) for user in self.users.values()}

    def over(self, user: User) -> tuple[Department, ...]:
        """His departments in the portal's order, those that have a head first (S2.1), each with all above it; once each:
        two may have one above them, and a portal may hold a ring of them."""
        return self._over[user.id]

    def _departments_over(self, user: User) -> Iterator[Department]:
        own = [self.departments[one] for one in user.departments if one in self.departments]
        seen: set[DepartmentId] = set()
        for start in sorted(own, key=lambda one: (one.head is None, one.sort)):
            at: Department | None = start
            while at is not None and at.id not in seen:
                seen.add(at.id)
                yield at
                at = self.departments.get(at.parent) if at.parent is not None else None

    def active(self, user_id: UserId | None) -> User | None:
        user = self.users.get(user_id) if user_id else None
        return user if user and user.active else None

    def user_name(self, user_id: UserId | None) -> str:
        user = self.users.get(user_id) if user_id else None
        return user.full_name if user else (f"сотрудник {user_id}" if user_id else "никто")
