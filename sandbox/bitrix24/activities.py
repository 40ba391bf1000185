"""Activities of cards: calls, meetings, letters, universal «дела» and the shadows of tasks (reference §5.7).

Values are kept native under UPPER names and answered as strings. An activity belongs to an owner and may be bound
to further cards; it dies with the last of them. A task bound to cards has exactly one activity, TYPE_ID 3, which
follows it. Letters that the portal would send are in `mails`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.bitrix24 import kernel, moments

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal
    from sandbox.bitrix24.taskmodel import Task

MEETING, CALL, TASK, EMAIL, PROVIDER = 1, 2, 3, 4, 6
TODO = "CRM_TODO"
MAX_BINDINGS = 100
ABBREVIATIONS = {"L": 1, "D": 2, "C": 3, "CO": 4, "Q": 7, "O": 14, "SI": 31}
CardKey = tuple[int, int]

NUMBERS = frozenset(
    [
        "ID",
        "OWNER_ID",
        "OWNER_TYPE_ID",
        "TYPE_ID",
        "ASSOCIATED_ENTITY_ID",
        "STATUS",
        "RESPONSIBLE_ID",
        "PRIORITY",
        "NOTIFY_TYPE",
        "NOTIFY_VALUE",
        "DESCRIPTION_TYPE",
        "DIRECTION",
        "AUTHOR_ID",
        "EDITOR_ID",
        "RESULT_STATUS",
        "RESULT_STREAM",
        "RESULT_MARK",
        "AUTOCOMPLETE_RULE",
    ]
)
MOMENTS = frozenset(["START_TIME", "END_TIME", "DEADLINE", "CREATED", "LAST_UPDATED"])
READ_ONLY = frozenset(
    [
        "ID",
        "ASSOCIATED_ENTITY_ID",
        "CREATED",
        "AUTHOR_ID",
        "LAST_UPDATED",
        "EDITOR_ID",
        "BINDINGS",
        "IS_INCOMING_CHANNEL",
    ]
)
IMMUTABLE = frozenset(["OWNER_ID", "OWNER_TYPE_ID", "TYPE_ID"])
DEFAULTS: dict[str, Any] = {
    "ID": 0, "OWNER_ID": 0, "OWNER_TYPE_ID": 0, "TYPE_ID": 0, "PROVIDER_ID": "", "PROVIDER_TYPE_ID": "",
    "PROVIDER_GROUP_ID": None, "ASSOCIATED_ENTITY_ID": 0, "SUBJECT": "", "CREATED": None, "LAST_UPDATED": None,
    "START_TIME": None, "END_TIME": None, "DEADLINE": None, "COMPLETED": "N", "STATUS": 1, "RESPONSIBLE_ID": 0,
    "PRIORITY": 2, "NOTIFY_TYPE": 0, "NOTIFY_VALUE": 0, "DESCRIPTION": "", "DESCRIPTION_TYPE": 1, "DIRECTION": 0,
    "LOCATION": "", "SETTINGS": [], "ORIGINATOR_ID": None, "ORIGIN_ID": None, "AUTHOR_ID": 0, "EDITOR_ID": 0,
    "PROVIDER_PARAMS": [], "PROVIDER_DATA": None, "RESULT_MARK": 0, "RESULT_VALUE": None, "RESULT_SUM": None,
    "RESULT_CURRENCY_ID": None, "RESULT_STATUS": 0, "RESULT_STREAM": 0, "RESULT_SOURCE_ID": None,
    "AUTOCOMPLETE_RULE": 0, "IS_INCOMING_CHANNEL": "N",
}  # fmt: skip


@dataclass(slots=True)
class Activity:
    id: int
    values: dict[str, Any]
    shown_from: float
    bindings: list[CardKey] = field(default_factory=list)
    communications: list[dict[str, Any]] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    """Numbers of what is attached: a call's recording."""
    attached: list[tuple[str, str]] = field(default_factory=list)
    """(name, base64) of what came with it as `fileData`."""

    def read(self, name: str) -> Any:
        return self.values.get(name)

    @property
    def completed(self) -> bool:
        return bool(self.values["COMPLETED"] == "Y")


class Activities:
    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.rows: dict[int, Activity] = {}
        self.mails: list[dict[str, Any]] = []
        """Letters that left: subject, text, from, to, activity."""
        self._of_task: dict[int, int] = {}

    def of_card(self, owner: CardKey) -> list[Activity]:
        return [one for one in self.rows.values() if owner in one.bindings]

    def seen_by(self, user_id: int) -> list[Activity]:
        return [one for one in self.rows.values() if self.can_read(one, user_id)]

    def can_read(self, activity: Activity, user_id: int) -> bool:
        return self.portal.users[user_id].admin or any(
            self.portal.crm.can_read(*card, user_id) for card in activity.bindings
        )

    def can_write(self, activity: Activity, user_id: int) -> bool:
        if self.portal.users[user_id].admin or activity.values["RESPONSIBLE_ID"] == user_id:
            return True
        return any(self.portal.crm.can_update(*card, user_id) for card in activity.bindings)

    def find(self, activity_id: int, user_id: int) -> Activity | None:
        one = self.rows.get(activity_id)
        return one if one and self.can_read(one, user_id) else None

    # writing

    def add(
        self,
        user_id: int,
        owner: CardKey,
        values: dict[str, Any],
        communications: list[dict[str, Any]] | None = None,
    ) -> Activity:
        """`values` as sent, UPPER; the caller has checked the owner and its rights."""
        now = self.portal.clock.now()
        read_in = self.read_in(values, IMMUTABLE | READ_ONLY)
        number = self.portal.next_id("activity")
        kind = int(values.get("TYPE_ID") or PROVIDER)
        row = DEFAULTS | {"START_TIME": now, "END_TIME": now, "RESPONSIBLE_ID": user_id} | read_in
        row |= {
            "ID": number, "OWNER_TYPE_ID": owner[0], "OWNER_ID": owner[1], "TYPE_ID": kind, "CREATED": now,
            "LAST_UPDATED": now, "AUTHOR_ID": user_id, "EDITOR_ID": user_id,
            "STATUS": 2 if row["COMPLETED"] == "Y" else row["STATUS"],
            "ASSOCIATED_ENTITY_ID": values.get("ASSOCIATED_ENTITY_ID", 0),
            "IS_INCOMING_CHANNEL": "Y" if row["DIRECTION"] == 1 else "N",
        }  # fmt: skip
        one = Activity(number, row, self.portal.faults.shown_from(self.portal), [owner], communications or [])
        attached = [_attached(part) for part in _listed(values.get("FILES"))]
        one.files = [self.portal.next_id("file") for _ in attached]
        one.attached = [part for part in attached if part[0]]
        self.rows[number] = one
        self._send_if_letter(one)
        self._done("ADD", one, user_id)
        return one

    def change(self, user_id: int, one: Activity, values: dict[str, Any]) -> bool:
        """False if nothing differed, in which case nothing is told either."""
        read_in = self.read_in(values, READ_ONLY | IMMUTABLE)
        if "COMPLETED" in read_in:
            read_in["STATUS"] = 2 if read_in["COMPLETED"] == "Y" else 1
        changed = {name: value for name, value in read_in.items() if one.values.get(name) != value}
        if not changed:
            return False
        one.values |= changed | {"LAST_UPDATED": self.portal.clock.now(), "EDITOR_ID": user_id}
        self._done("UPDATE", one, user_id)
        return True

    def delete(self, one: Activity) -> None:
        del self.rows[one.id]
        self.portal.emit("ONCRMACTIVITYDELETE", {"FIELDS": {"ID": one.id}})

    def bind(self, user_id: int, one: Activity, card: CardKey) -> None:
        if len(one.bindings) >= MAX_BINDINGS:
            raise kernel.Refusal(400, "LIMIT_EXCEEDED", "Превышено количество привязок")
        if card in one.bindings:
            raise kernel.Refusal(400, "ACTIVITY_IS_ALREADY_BOUND", "Дело уже привязано к этому элементу")
        one.bindings.append(card)
        self._done("UPDATE", one, user_id)

    def unbind(self, user_id: int, one: Activity, card: CardKey) -> None:
        if card not in one.bindings:
            raise kernel.Refusal(400, "BINDING_NOT_FOUND", "Привязка не найдена")
        if len(one.bindings) == 1:
            raise kernel.Refusal(400, "LAST_BINDING_CANNOT_BE_DELETED", "Нельзя удалить последнюю привязку")
        one.bindings.remove(card)
        self._follow_owner(one)
        self._done("UPDATE", one, user_id)

    def read_in(self, values: dict[str, Any], without: frozenset[str]) -> dict[str, Any]:
        """Known and writable names with native values; what is not known is dropped."""
        result: dict[str, Any] = {}
        for name, value in values.items():
            if name not in DEFAULTS or name in without:
                continue
            try:
                result[name] = _native(name, value, self.portal)
            except (TypeError, ValueError):
                raise kernel.Refusal(400, "", f"Неверное значение поля {name}") from None
        return result

    # what others cause

    def task_saved(self, task: Task, user_id: int) -> None:
        """Makes, follows or drops the activity by which a task shows on its cards."""
        cards = [
            card for card in map(card_key, task["UF_CRM_TASK"]) if card and self.portal.crm.exists(*card)
        ]
        one = self.rows.get(self._of_task.get(task.id, 0))
        if not cards:
            if one:
                self.task_gone(task)
            return
        values = {
            "SUBJECT": task["TITLE"], "DESCRIPTION": task["DESCRIPTION"], "DEADLINE": task["DEADLINE"],
            "RESPONSIBLE_ID": task["RESPONSIBLE_ID"], "COMPLETED": "N" if task.is_open else "Y",
            "PROVIDER_ID": "CRM_TASKS_TASK", "PROVIDER_TYPE_ID": "TASK",
        }  # fmt: skip
        if one is None:
            one = self.add(user_id, cards[0], values | {"TYPE_ID": TASK, "ASSOCIATED_ENTITY_ID": task.id})
            self._of_task[task.id] = one.id
        else:
            self.change(user_id, one, values)
        one.bindings = cards
        self._follow_owner(one)
        for card in cards:
            self.portal.crm.touch(*card, user_id)

    def task_gone(self, task: Task) -> None:
        one = self.rows.get(self._of_task.pop(task.id, 0))
        if one:
            self.delete(one)

    def card_gone(self, card: CardKey) -> None:
        for one in self.of_card(card):
            one.bindings.remove(card)
            if one.bindings:
                self._follow_owner(one)
            else:
                self.delete(one)

    # inside

    def _done(self, verb: str, one: Activity, user_id: int) -> None:
        for card in one.bindings:
            self.portal.crm.touch(*card, user_id)
        self.portal.emit(f"ONCRMACTIVITY{verb}", {"FIELDS": {"ID": one.id}})

    def _follow_owner(self, one: Activity) -> None:
        if one.bindings and (one.values["OWNER_TYPE_ID"], one.values["OWNER_ID"]) not in one.bindings:
            one.values["OWNER_TYPE_ID"], one.values["OWNER_ID"] = one.bindings[0]

    def _send_if_letter(self, one: Activity) -> None:
        row = one.values
        if row["TYPE_ID"] != EMAIL or row["DIRECTION"] != 2 or not one.completed:
            return
        settings = row["SETTINGS"] if isinstance(row["SETTINGS"], dict) else {}
        self.mails.append(
            {
                "activity": one.id, "subject": row["SUBJECT"], "text": row["DESCRIPTION"],
                "from": settings.get("MESSAGE_FROM", ""), "files": one.attached, "to": [str(line.get("VALUE", "")) for line in one.communications],
            }
        )  # fmt: skip


def _listed(given: Any) -> list[Any]:
    return list(given.values()) if isinstance(given, dict) else list(given or ())


def _attached(part: Any) -> tuple[str, str]:
    """`{fileData: [name, base64]}`; forms send lists as maps of their positions."""
    data = _listed(part.get("fileData")) if isinstance(part, dict) else []
    return (str(data[0]), str(data[1])) if len(data) == 2 else ("", "")


def _native(name: str, value: Any, portal: Portal) -> Any:
    if name in MOMENTS:
        return value if isinstance(value, datetime) else moments.parse(value, portal.clock.zone)
    if name in NUMBERS:
        return int(value) if value not in (None, "", False) else 0
    if name == "COMPLETED":
        return "Y" if value in ("Y", True, 1, "1") else "N"
    return value


def card_key(binding: str) -> CardKey | None:
    """`D_12` → (2, 12); a smart process is `T` with the type id in hex. None for what is no card."""
    letters, _, number = str(binding).rpartition("_")
    if not number.isdecimal():
        return None
    if letters in ABBREVIATIONS:
        return ABBREVIATIONS[letters], int(number)
    try:
        return (int(letters[1:], 16), int(number)) if letters.startswith("T") else None
    except ValueError:
        return None


def binding(card: CardKey) -> str:
    letters = next((short for short, type_id in ABBREVIATIONS.items() if type_id == card[0]), f"T{card[0]:x}")
    return f"{letters}_{card[1]}"
