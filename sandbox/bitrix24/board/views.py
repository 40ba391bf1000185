"""What the board's pages show, gathered from the portal as plain values; nothing here changes anything.

Texts are for people, so they are Russian. Templates escape; nothing is escaped here.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.bitrix24 import activities, dictionaries, schema, store, taskmodel
from sandbox.bitrix24 import portal as portals

SHOWN = 30
"""Cards of a column; the rest is only counted."""
SUMMED = 5000
"""Beyond so many cards a column's sum is not worked out."""
CHIEF = "РОП"
"""The user field, by its label, that the board shows on a card."""
SYSTEM_FIELDS = (
    ("title", "Название", "text"), ("opportunity", "Сумма", "number"), ("assignedById", "Ответственный", "user"),
    ("sourceId", "Источник", "status"), ("closedate", "Предполагаемое закрытие", "date"), ("comments", "Комментарий", "text"),
)  # fmt: skip
KINDS = {
    "employee": "user",
    "enumeration": "option",
    "boolean": "flag",
    "date": "date",
    "double": "number",
    "integer": "number",
}
MONTHS = ["янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"]
DEAL_LINK = re.compile(r"https?://\S+?/crm/deal/details/(\d+)/?")
HISTORY = {1: "создана", 2: "стадия", 3: "завершена", 5: "воронка"}


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str
    short: str
    initials: str
    tone: int
    """One of eight colours of the face."""


@dataclass(frozen=True, slots=True)
class Card:
    id: int
    title: str
    client: str
    sum: str
    responsible: Person | None
    chief: Person | None
    tasks: int
    overdue: int
    since: str
    flag: str


@dataclass(frozen=True, slots=True)
class Column:
    code: str
    name: str
    index: int
    semantic: str
    """P, S or F."""
    count: int
    total: str
    cards: list[Card]
    hidden: int


@dataclass(frozen=True, slots=True)
class Input:
    """A field of a card with what is needed to edit it."""

    name: str
    label: str
    kind: str
    value: str
    choices: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the feed."""

    kind: str
    at: str
    author: Person | None
    title: str
    text: str
    order: tuple[datetime, int]


def person(portal: portals.Portal, user_id: object) -> Person | None:
    user = portal.users.get(user_id) if isinstance(user_id, int) else None
    if user is None:
        return None
    initials = f"{user.name[:1]}{user.last_name[:1]}"
    return Person(
        user.id, f"{user.last_name} {user.name}".strip(), user.last_name or user.name, initials, user.id % 8
    )


def staff(portal: portals.Portal) -> list[Person]:
    found = (person(portal, user.id) for user in portal.users.values() if user.active)
    return [one for one in found if one]


def pipelines(portal: portals.Portal) -> list[dictionaries.Category]:
    return portal.crm.dictionaries.categories_of(schema.DEAL)


def stages(portal: portals.Portal, pipeline: int) -> list[dictionaries.Status]:
    return list(portal.crm.dictionaries.stages(schema.DEAL, pipeline))


def money(value: object) -> str:
    if not isinstance(value, int | float) or not value:
        return ""
    return f"{value:,.0f}".replace(",", "\u202f") + "\u202f₽"


def ago(portal: portals.Portal, seconds: object) -> str:
    """How long ago, in one word: «сейчас», «5 мин», «3 ч», «2 дн»."""
    if not isinstance(seconds, int | float):
        return ""
    passed = portal.clock.time() - seconds
    for size, unit in ((86_400, "дн"), (3_600, "ч"), (60, "мин")):
        if passed >= size:
            return f"{int(passed // size)}\u00a0{unit}"
    return "сейчас"


def moment(portal: portals.Portal, at: datetime | float | None) -> str:
    if at is None:
        return ""
    when = at if isinstance(at, datetime) else datetime.fromtimestamp(at, portal.clock.zone)
    when = when.astimezone(portal.clock.zone)
    return f"{when.day} {MONTHS[when.month - 1]}, {when:%H:%M}"


def plain(text: object) -> str:
    """BB codes out: the board shows text."""
    return re.sub(r"\[/?[a-zA-Z*]+(?:=[^\]]*)?\]", "", str(text or ""))


def columns(portal: portals.Portal, pipeline: int) -> list[Column]:
    table = portal.crm.table(schema.DEAL)
    made = []
    for index, stage in enumerate(stages(portal, pipeline)):
        ids = table.index["stageId"].get(stage.status_id, set())
        newest = heapq.nlargest(SHOWN, ids)
        total = (
            sum(float(table.rows[one].get("opportunity") or 0) for one in ids) if len(ids) <= SUMMED else 0
        )
        made.append(
            Column(
                stage.status_id, stage.name, index, dictionaries.semantic(stage), len(ids), money(total),
                [card(portal, table.rows[one]) for one in newest], len(ids) - len(newest),
            )
        )  # fmt: skip
    return made


def card(portal: portals.Portal, deal: store.Item) -> Card:
    now = portal.clock.now()
    tasks = [task for task in portal.taskbook.of_card(f"D_{deal.id}") if task.is_open]
    return Card(
        id=deal.id,
        title=str(deal.get("title") or f"Сделка #{deal.id}"),
        client=client(portal, deal),
        sum=money(deal.get("opportunity")),
        responsible=person(portal, deal.get("assignedById")),
        chief=person(portal, deal.get(_chief_field(portal))),
        tasks=len(tasks),
        overdue=sum(_is_overdue(task, now) for task in tasks),
        since=ago(portal, deal.get("movedTime")),
        flag=semantic_of(deal),
    )


def semantic_of(deal: store.Item) -> str:
    return str(deal.get("stageSemanticId") or "P")


def client(portal: portals.Portal, deal: store.Item) -> str:
    contact = deal.get("contactId")
    if contact:
        return portal.crm.title(schema.CONTACT, contact)
    company = deal.get("companyId")
    return portal.crm.title(schema.COMPANY, company) if company else ""


def contacts(portal: portals.Portal, deal: store.Item) -> list[tuple[str, list[str]]]:
    """Name and phones of everybody bound to the deal."""
    found = []
    for number in deal.get("contactIds") or ():
        item = portal.crm.item(schema.CONTACT, number)
        if item is not None:
            found.append((portal.crm.title(schema.CONTACT, number), [multi.value for multi in item.fm]))
    return found


def inputs(portal: portals.Portal, deal: store.Item) -> list[Input]:
    """The fields of the card in the order of its form: the system ones, then the portal's own."""
    made = [
        Input(name, label, kind, _spelled(deal.get(name)), _choices(portal, kind))
        for name, label, kind in SYSTEM_FIELDS
    ]
    for field in portal.crm.user_fields.of("CRM_DEAL"):
        if field.multiple:
            continue
        kind = KINDS.get(field.type, "text")
        choices = (
            [(str(one.id), one.value) for one in field.options]
            if kind == "option"
            else _choices(portal, kind)
        )
        made.append(
            Input(
                field.name,
                field.labels.get("edit") or field.name,
                kind,
                _spelled(deal.get(field.name)),
                choices,
            )
        )
    return made


def tasks(portal: portals.Portal, deal_id: int) -> list[dict[str, Any]]:
    """Open ones first, newest first among them."""
    now = portal.clock.now()
    bound = portal.taskbook.of_card(f"D_{deal_id}")
    return [
        {
            "id": task.id,
            "title": task["TITLE"],
            "text": plain(task["DESCRIPTION"]),
            "open": task.is_open,
            "control": task["STATUS"] == taskmodel.CONTROL,
            "overdue": _is_overdue(task, now),
            "deadline": moment(portal, task["DEADLINE"]),
            "person": person(portal, task["RESPONSIBLE_ID"]),
            "creator": person(portal, task["CREATED_BY"]),
            "items": [item for item in task.checklist.ordered() if item.parent_id],
            "lists": [item.title for item in task.checklist.ordered() if not item.parent_id],
        }
        for task in sorted(bound, key=lambda task: (not task.is_open, -task.id))
    ]


def feed(portal: portals.Portal, deal_id: int) -> list[Entry]:
    """Comments, log messages, activities (but for tasks) and stage moves of a deal, newest first."""
    owner = (schema.DEAL, deal_id)
    made = [
        Entry(
            "comment",
            moment(portal, one.at),
            person(portal, one.author_id),
            "",
            plain(one.text),
            (one.at, one.id),
        )
        for one in portal.timeline.comments_of(owner)
    ]
    made += [
        Entry(
            "log",
            moment(portal, one.at),
            person(portal, one.author_id),
            one.title,
            plain(one.text),
            (one.at, one.id),
        )
        for one in portal.timeline.logs_of(owner)
    ]
    made += [
        Entry("activity", moment(portal, one.values["CREATED"]), person(portal, one.values["AUTHOR_ID"]), one.values["SUBJECT"], plain(one.values["DESCRIPTION"]), (one.values["CREATED"], one.id))
        for one in portal.timeline.activities.of_card(owner)
        if one.values["TYPE_ID"] != activities.TASK
    ]  # fmt: skip
    made += _moves(portal, deal_id)
    return sorted(made, key=lambda entry: entry.order, reverse=True)


def notices(portal: portals.Portal, user_id: int, limit: int = 8) -> list[tuple[str, str, str]]:
    """Moment, text without its link, and where the link to a deal leads on this board."""
    found = []
    for one in portal.notices.inbox(user_id)[:limit]:
        text = plain(one.text)
        link = DEAL_LINK.search(text)
        where = f"/board/deals/{link[1]}" if link else ""
        found.append((moment(portal, one.at), DEAL_LINK.sub("", text).strip(), where))
    return found


def _moves(portal: portals.Portal, deal_id: int) -> Iterable[Entry]:
    for row in portal.crm.history(schema.DEAL).of(deal_id):
        stage = portal.crm.dictionaries.stage(schema.DEAL, row.category_id, row.stage_id)
        name = stage.name if stage else row.stage_id
        at = datetime.fromtimestamp(row.moment, portal.clock.zone)
        yield Entry("move", moment(portal, at), None, HISTORY.get(row.type, ""), name, (at, row.id))


def _is_overdue(task: taskmodel.Task, now: datetime) -> bool:
    return task.is_open and task["DEADLINE"] is not None and task["DEADLINE"] < now


def _chief_field(portal: portals.Portal) -> str:
    return next(
        (field.name for field in portal.crm.user_fields.of("CRM_DEAL") if field.labels.get("edit") == CHIEF),
        "",
    )


def _spelled(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _choices(portal: portals.Portal, kind: str) -> list[tuple[str, str]]:
    if kind == "user":
        return [(str(one.id), one.name) for one in staff(portal)]
    if kind == "status":
        return [(row.status_id, row.name) for row in portal.crm.dictionaries.statuses.get("SOURCE", ())]
    return [("Y", "да"), ("N", "нет")] if kind == "flag" else []
