"""Card types and their fields: names in three spellings, types, flags.

A field's own name is the camelCase one of crm.item.*, in which cards store their values; `upper` is the name that
crm.item.fields shows as upperName; `classic` is the one of crm.deal.* and its like. User fields keep their raw
`UF_CRM_…` name as their own, and get a camelCase spelling only on the wire.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from sandbox.bitrix24 import fieldlists

LEAD, DEAL, CONTACT, COMPANY, QUOTE, SMART_INVOICE, FIRST_DYNAMIC = 1, 2, 3, 4, 7, 31, 128

_ITEM_NAMES = {
    "DATE_CREATE": "createdTime",
    "DATE_MODIFY": "updatedTime",
    "CREATED_BY_ID": "createdBy",
    "MODIFY_BY_ID": "updatedBy",
    "MOVED_BY_ID": "movedBy",
    "STATUS_ID": "stageId",
    "STATUS_SEMANTIC_ID": "stageSemanticId",
    "COMPANY_TYPE": "typeId",
}


@dataclass(frozen=True, slots=True)
class EntityType:
    """A kind of card. `event` is the stem of its event names, None where ONCRMDYNAMICITEM… are raised."""

    id: int
    name: str
    abbr: str
    title: str
    uf_entity: str
    classic: str | None = None
    event: str | None = None
    stages: bool = True
    categories: bool = True
    phones: bool = False


TYPES: dict[int, EntityType] = {
    LEAD: EntityType(1, "LEAD", "L", "Лид", "CRM_LEAD", "lead", "ONCRMLEAD", categories=False, phones=True),
    DEAL: EntityType(2, "DEAL", "D", "Сделка", "CRM_DEAL", "deal", "ONCRMDEAL"),
    CONTACT: EntityType(
        3, "CONTACT", "C", "Контакт", "CRM_CONTACT", "contact", "ONCRMCONTACT", stages=False, phones=True
    ),
    COMPANY: EntityType(
        4, "COMPANY", "CO", "Компания", "CRM_COMPANY", "company", "ONCRMCOMPANY", stages=False, phones=True
    ),
    QUOTE: EntityType(7, "QUOTE", "Q", "Предложение", "CRM_QUOTE", "quote", "ONCRMQUOTE", categories=False),
    SMART_INVOICE: EntityType(31, "SMART_INVOICE", "SI", "Счёт", "CRM_SMART_INVOICE"),
}


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    upper: str
    classic: str | None
    type: str
    title: str = ""
    required: bool = False
    read_only: bool = False
    immutable: bool = False
    multiple: bool = False
    deprecated: bool = False
    in_item: bool = True
    dead: bool = False
    status_type: str = ""
    parent: int = 0
    user_field: bool = False
    options: frozenset[int] = frozenset()
    """Ids of the options of an enumeration."""


def camel(upper: str) -> str:
    """ASSIGNED_BY_ID -> assignedById."""
    first, *rest = upper.lower().split("_")
    return first + "".join(part.capitalize() for part in rest)


def snake(name: str) -> str:
    """assignedById -> ASSIGNED_BY_ID; a name that is upper-case already stays."""
    return name if name.isupper() else re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()


_NUMBERED_UF = re.compile(r"UF_CRM_(\d+)_(?:(\d+)|([A-Z]+))")


@functools.lru_cache(maxsize=4096)
def uf_camel(raw: str) -> str:
    """The crm.item.* spelling of a user field (§5.1): UF_CRM_3_17->ufCrm3_17, UF_CRM_10_DIGIT->ufCrm10Digit.

    Letters mixed with digits, or no object number: only the prefix is replaced.
    """
    found = _NUMBERED_UF.fullmatch(raw)
    if found is None:
        return "ufCrm_" + raw.removeprefix("UF_CRM_")
    number, digits, letters = found.groups()
    return f"ufCrm{number}_{digits}" if digits else f"ufCrm{number}{letters.capitalize()}"


def _field(text: str, *, has_classic: bool) -> Field:
    upper, kind, *flag_text = text.split(":")
    flags = dict(part.partition("=")[::2] for part in flag_text[0].split(",")) if flag_text else {}
    renamed = _ITEM_NAMES.get(upper) if has_classic else None
    name = flags.get("as") or renamed or camel(upper)
    return Field(
        name=name,
        upper=upper if name == camel(upper) else snake(name),
        classic=upper if has_classic and "item" not in flags else None,
        type=kind,
        title=upper.replace("_", " ").capitalize(),
        required="req" in flags,
        read_only="ro" in flags or "dead" in flags,
        immutable="imm" in flags,
        multiple="mult" in flags,
        deprecated="depr" in flags,
        in_item="classic" not in flags,
        dead="dead" in flags,
        status_type=flags.get("dict", ""),
        parent=int(flags.get("etid", 0)),
    )


class Schema:
    """The fields of one card type on one portal, by each of their names."""

    __slots__ = ("by_classic", "by_item", "by_upper", "fields", "shown")

    def __init__(self, fields: list[Field]) -> None:
        self.fields = fields
        self.by_classic = {item.classic: item for item in fields if item.classic}
        self.by_item = {item.name: item for item in fields if item.in_item}
        self.by_upper = {item.upper: item for item in fields if item.in_item and not item.user_field}
        self.shown = [item for item in fields if item.in_item]
        for item in fields:
            if item.user_field:
                self.by_item.setdefault(uf_camel(item.name), item)

    def with_user_fields(self, extra: list[Field]) -> Schema:
        return Schema([*self.fields, *extra])

    def item_field(self, name: str, *, raw_uf: bool) -> Field | None:
        """A field as crm.item.* knows it. Raw UF_ names count only where the call may use them."""
        found = self.by_item.get(name)
        if found is not None:
            return found if raw_uf or not (found.user_field and name == found.name) else None
        return self.by_upper.get(name)


def _schema(text: str, *, has_classic: bool) -> Schema:
    return Schema([_field(part, has_classic=has_classic) for part in text.split()])


BASE: dict[int, Schema] = {
    LEAD: _schema(fieldlists.LEAD, has_classic=True),
    DEAL: _schema(fieldlists.DEAL, has_classic=True),
    CONTACT: _schema(fieldlists.CONTACT, has_classic=True),
    COMPANY: _schema(fieldlists.COMPANY, has_classic=True),
    QUOTE: _schema(fieldlists.QUOTE, has_classic=True),
    SMART_INVOICE: _schema(fieldlists.SMART_INVOICE, has_classic=False),
}
DYNAMIC_BASE = _schema(fieldlists.DYNAMIC, has_classic=False)
"""Shared by all portals: the fields of a type before its user fields."""
