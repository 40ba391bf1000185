"""Names over there: entity types, item codes of fields, what a card is asked for. Pure tables.

crm.item.* is camelCase, classic methods UPPER_CASE; user fields keep their raw UF_ names (useOriginalUfNames).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping
from typing import TypeVar

from connector import ports
from robots import model

_T = TypeVar("_T")
RAW_UF: Mapping[str, str] = {"useOriginalUfNames": "Y"}
PAGE = 50
TYPE_OF: Mapping[str, int] = {"lead": 1, "deal": 2, "contact": 3, "company": 4}
NAME_OF: Mapping[int, str] = {number: name for name, number in TYPE_OF.items()}
ABBREVIATION: Mapping[str, str] = {"lead": "L", "deal": "D", "contact": "C", "company": "CO"}
_KIND_OF: Mapping[str, ports.Kind] = {"L": ports.Kind.LEAD, "D": ports.Kind.DEAL, "C": ports.Kind.CONTACT, "CO": ports.Kind.COMPANY}  # fmt: skip
_RENAMED = {
    "STATUS_ID": "stageId",
    "STATUS_SEMANTIC_ID": "stageSemanticId",
    "COMPANY_TYPE": "typeId",
    "DATE_CREATE": "createdTime",
    "DATE_MODIFY": "updatedTime",
    "CREATED_BY_ID": "createdBy",
    "MODIFY_BY_ID": "updatedBy",
    "MOVED_BY_ID": "movedBy",
}

_CARD = (
    "id title stageId stageSemanticId categoryId assignedById createdTime updatedTime movedBy contactId contactIds "
    "companyId leadId originatorId originId opportunity currencyId"
)
CARD_SELECT = tuple(_CARD.split())
"""What every card needs. `categoryId` and `leadId` are no fields of leads and are skipped by the portal."""
CLIENT_SELECT: Mapping[str, tuple[str, ...]] = {
    "contact": ("ID", "NAME", "LAST_NAME", "SECOND_NAME", "ASSIGNED_BY_ID", "COMPANY_ID", "LEAD_ID", "PHONE", "EMAIL"),
    "company": ("ID", "TITLE", "ASSIGNED_BY_ID", "LEAD_ID", "PHONE", "EMAIL"),
}  # fmt: skip


@functools.lru_cache(maxsize=4096)
def camel(upper: str) -> str:
    """A classic name in the words of crm.item.*; user fields stay as they are."""
    if upper.startswith("UF_"):
        return upper
    if upper in _RENAMED:
        return _RENAMED[upper]
    first, *rest = upper.lower().split("_")
    return first + "".join(part.capitalize() for part in rest)


def type_id(ref: model.CardRef) -> int:
    return TYPE_OF[ref.kind.value]


def binding(ref: model.CardRef) -> str:
    """`D_5`: how tasks name what they hang on."""
    return f"{ABBREVIATION[ref.kind.value]}_{ref.id}"


def bound(text: object) -> ports.Thing | None:
    """The thing that `D_5` names; None for kinds that we don't follow."""
    head, _, tail = str(text).partition("_")
    kind = _KIND_OF.get(head.upper())
    return ports.Thing(kind, int(tail)) if kind is not None and tail.isascii() and tail.isdigit() else None


def thing(entity_type: int | None, number: int | None) -> ports.Thing | None:
    name = NAME_OF.get(entity_type or 0)
    return ports.Thing(ports.Kind(name), number) if name and number else None


def chunked(things: Iterable[_T], size: int = PAGE) -> list[list[_T]]:
    rest = iter(things)
    return list(iter(lambda: list(itertools.islice(rest, size)), []))
