"""User fields of cards (reference §5.6): their settings, options of enumerations, and their form as fields."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sandbox.bitrix24 import kernel, schema

TYPES = frozenset(
    [
        "string",
        "integer",
        "double",
        "boolean",
        "datetime",
        "date",
        "money",
        "url",
        "address",
        "enumeration",
        "file",
        "employee",
        "crm_status",
        "iblock_section",
        "iblock_element",
        "crm",
    ]
)
MOST = 1016
"""User fields per kind of card."""


@dataclass(slots=True)
class Option:
    id: int
    value: str
    sort: int = 500
    default: bool = False
    xml_id: str = ""


@dataclass(slots=True)
class UserField:
    id: int
    entity_id: str
    name: str
    type: str
    multiple: bool = False
    mandatory: bool = False
    xml_id: str = ""
    sort: int = 100
    show_filter: str = "N"
    settings: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    """By kind: edit, list, filter."""
    options: list[Option] = field(default_factory=list)

    def as_field(self) -> schema.Field:
        return schema.Field(
            name=self.name,
            upper=self.name,
            classic=self.name,
            type=self.type,
            title=self.labels.get("edit") or self.name,
            required=self.mandatory,
            multiple=self.multiple,
            user_field=True,
            status_type=str(self.settings.get("ENTITY_TYPE", "")) if self.type == "crm_status" else "",
            options=frozenset(option.id for option in self.options),
        )


class UserFields:
    """All user fields of a portal, by UF entity (CRM_DEAL, CRM_7…)."""

    def __init__(self, portal_next_id: Any) -> None:
        self._next_id = portal_next_id
        self.by_entity: dict[str, dict[str, UserField]] = {}
        self.by_id: dict[int, UserField] = {}

    def of(self, entity_id: str) -> list[UserField]:
        return sorted(self.by_entity.get(entity_id, {}).values(), key=lambda row: (row.sort, row.id))

    def add(self, entity_id: str, name: str, kind: str, **settings: Any) -> UserField:
        """Refuses in the words of §5.6: unknown type, bad or taken name, multiple boolean, too many."""
        if kind not in TYPES:
            raise kernel.Refusal(400, "", f"The value '{kind}' of the field USER_TYPE_ID is not supported.")
        if not re.fullmatch(r"UF_[A-Z0-9_]{1,47}", name):
            raise kernel.Refusal(
                400, "ERROR_CORE", "Имя поля содержит недопустимые символы или длиннее 50 символов"
            )
        table = self.by_entity.setdefault(entity_id, {})
        if name in table:
            raise kernel.Refusal(400, "ERROR_CORE", f"Поле {name} для объекта {entity_id} уже существует.")
        if len(table) >= MOST:
            raise kernel.Refusal(400, "ERROR_CORE", "Превышено количество пользовательских полей")
        if kind == "boolean" and settings.get("multiple"):
            raise kernel.Refusal(400, "ERROR_CORE", "Поле типа boolean не может быть множественным")
        options = settings.pop("options", [])
        row = UserField(self._next_id("user_field"), entity_id, name, kind, **settings)
        row.options = [self.option(value) for value in options]
        table[name] = row
        self.by_id[row.id] = row
        return row

    def option(self, value: str, sort: int = 500, *, default: bool = False, xml_id: str = "") -> Option:
        number = self._next_id("user_field_option")
        return Option(number, value, sort, default, xml_id or f"opt{number}")

    def drop(self, row: UserField) -> None:
        del self.by_entity[row.entity_id][row.name]
        del self.by_id[row.id]
