"""The timeline of cards: comments, log messages, notes; the activities lie in their own room, `activities`.

Verbs take the acting user first. Whatever happens here moves lastActivityTime of the card, never updatedTime
(reference §5.1). When a card is deleted, everything that hung on it alone goes with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.bitrix24 import activities, kernel

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal
    from sandbox.bitrix24.taskmodel import Task

TYPE_NAMES = {1: "lead", 2: "deal", 3: "contact", 4: "company", 7: "quote", 14: "order", 31: "smart_invoice"}
CardKey = tuple[int, int]
"""(entity type id, id)."""


@dataclass(slots=True)
class Comment:
    id: int
    owner: CardKey
    author_id: int
    text: str
    at: datetime
    shown_from: float
    files: list[Any]

    def read(self, name: str) -> Any:
        return {
            "ID": self.id, "ENTITY_ID": self.owner[1], "ENTITY_TYPE": type_name(self.owner[0]), "CREATED": self.at,
            "COMMENT": self.text, "AUTHOR_ID": self.author_id,
        }.get(name)  # fmt: skip


@dataclass(slots=True)
class LogMessage:
    id: int
    owner: CardKey
    author_id: int
    title: str
    text: str
    icon: str
    at: datetime
    shown_from: float


class Timeline:
    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.activities = activities.Activities(portal)
        self.comments: dict[int, Comment] = {}
        self.logs: dict[int, LogMessage] = {}
        self.notes: dict[tuple[int, int], str] = {}
        """Texts by (item type: 1 history, 2 activity; id of the item)."""
        portal.crm.on_deleted.append(self._card_gone)

    # comments

    def comment(self, user_id: int, owner: CardKey, text: str, files: list[Any] | None = None) -> Comment:
        self._writable(owner, user_id)
        if not text.strip():
            raise kernel.Refusal(400, "INVALID_ARG_VALUE", "Не указан текст комментария")
        note = Comment(
            self.portal.next_id("timeline"),
            owner,
            user_id,
            text,
            self.portal.clock.now(),
            self.portal.faults.shown_from(self.portal),
            files or [],
        )
        self.comments[note.id] = note
        self.portal.crm.touch(*owner, user_id)
        self._tell("ADD", note.id)
        return note

    def comments_of(self, owner: CardKey) -> list[Comment]:
        return [note for note in self.comments.values() if note.owner == owner]

    def comment_by(self, comment_id: int, user_id: int) -> Comment:
        note = self.comments.get(comment_id)
        if note is None:
            raise not_found()
        if not self.portal.crm.can_read(*note.owner, user_id):
            raise denied()
        return note

    def change_comment(self, user_id: int, comment_id: int, text: str) -> None:
        note = self._own_comment(comment_id, user_id)
        if not text.strip():
            raise kernel.Refusal(400, "INVALID_ARG_VALUE", "Не указан текст комментария")
        if note.text != text:
            note.text = text
            self._tell("UPDATE", note.id)

    def delete_comment(self, user_id: int, comment_id: int) -> None:
        note = self._own_comment(comment_id, user_id)
        del self.comments[note.id]
        self._tell("DELETE", note.id)

    # log messages and notes

    def log(self, user_id: int, owner: CardKey, title: str, text: str, icon: str = "info") -> LogMessage:
        self._writable(owner, user_id)
        if not title.strip() or not text.strip():
            raise kernel.Refusal(400, "100", "Could not find value for parameter {title} or {text}")
        entry = LogMessage(
            self.portal.next_id("timeline"),
            owner,
            user_id,
            title,
            text,
            icon,
            self.portal.clock.now(),
            self.portal.faults.shown_from(self.portal),
        )
        self.logs[entry.id] = entry
        self.portal.crm.touch(*owner, user_id)
        return entry

    def logs_of(self, owner: CardKey) -> list[LogMessage]:
        return [entry for entry in self.logs.values() if entry.owner == owner]

    def log_by(self, log_id: int, user_id: int) -> LogMessage:
        entry = self.logs.get(log_id)
        if entry is None:
            raise not_found()
        if not self.portal.crm.can_read(*entry.owner, user_id):
            raise denied()
        return entry

    def delete_log(self, user_id: int, log_id: int) -> None:
        entry = self.log_by(log_id, user_id)
        if entry.author_id != user_id and not self.portal.users[user_id].admin:
            raise denied()
        del self.logs[log_id]

    # tasks show as activities

    def task_saved(self, task: Task, user_id: int) -> None:
        self.activities.task_saved(task, user_id)

    def task_gone(self, task: Task) -> None:
        self.activities.task_gone(task)

    # inside

    def _own_comment(self, comment_id: int, user_id: int) -> Comment:
        note = self.comment_by(comment_id, user_id)
        if note.author_id != user_id and not self.portal.users[user_id].admin:
            raise denied()
        return note

    def _writable(self, owner: CardKey, user_id: int) -> None:
        if not self.portal.crm.exists(*owner):
            raise kernel.Refusal(400, "OWNER_NOT_FOUND", "Владелец не найден")
        if not self.portal.crm.can_update(*owner, user_id):
            raise denied()

    def _tell(self, verb: str, comment_id: int) -> None:
        nested = self.portal.switch.get("comment_event") == "fields"
        data: dict[str, Any] = {"FIELDS": {"ID": comment_id}} if nested else {"ID": comment_id}
        self.portal.emit(f"ONCRMTIMELINECOMMENT{verb}", data)

    def _card_gone(self, type_id: int, item_id: int) -> None:
        owner = (type_id, item_id)
        self.comments = {number: note for number, note in self.comments.items() if note.owner != owner}
        self.logs = {number: entry for number, entry in self.logs.items() if entry.owner != owner}
        self.activities.card_gone(owner)


def type_name(type_id: int) -> str:
    return TYPE_NAMES.get(type_id, f"dynamic_{type_id}")


def type_id(name: object) -> int | None:
    """The entity type id of "deal", "lead", "dynamic_1046"; None for what is no type."""
    text = str(name).lower()
    if text.startswith("dynamic_") and text[8:].isdecimal():
        return int(text[8:])
    return next((number for number, known in TYPE_NAMES.items() if known == text), None)


def not_found() -> kernel.Refusal:
    return kernel.Refusal(400, "NOT_FOUND", "Элемент не найден")


def denied() -> kernel.Refusal:
    return kernel.Refusal(400, "ACCESS_DENIED", "Доступ запрещён")
