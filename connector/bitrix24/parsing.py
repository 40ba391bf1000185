"""JSON -> model, pure: cards, history rows, tasks, clients, dictionaries, people.

Law: a wrong shape raises Unreadable for that one object; ids, moments and stages are never guessed. A card's `fields`
holds every value by its item code; unset is None, a multiple field a tuple.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import Any

from connector import errors
from connector.bitrix24 import names, values
from robots import contacts, model

Fields = Mapping[model.FieldCode, model.Field]
_OPPORTUNITY, _CURRENCY = model.FieldCode("opportunity"), model.FieldCode("currencyId")
_PHONE, _EMAIL, _WEB = (model.FieldCode(code) for code in ("phone", "email", "web"))
_SHOWN_ELSEWHERE = {"fm", "entityTypeId", "contacts", "observersUsers"}


@dataclass(frozen=True, slots=True)
class Context:
    """What reading a portal's answers needs to know of it."""

    zone: tzinfo = UTC
    currency: str = "RUB"
    fields: Mapping[str, Fields] = field(default_factory=dict)
    semantics: Mapping[tuple[model.PipelineId, model.StageId], model.Semantic] = field(default_factory=dict)


def rows_of(result: Any, name: str = "") -> list[dict[str, Any]]:
    """The list inside a list method's result: `{"items": […]}` or the list itself; `[]` and `{}` are empty."""
    inner = result.get(name) if name and isinstance(result, dict) else result
    if isinstance(inner, dict):
        inner = list(inner.values())
    if inner is None:
        inner = []
    if not isinstance(inner, list) or not all(isinstance(row, dict) for row in inner):
        raise values.bad(name or "список", inner)
    return inner


def item_of(result: Any, name: str) -> dict[str, Any] | None:
    """`{"item": {…}}`; None for PHP's `[]` of «nothing»."""
    inner = result.get(name) if isinstance(result, dict) else None
    return inner if isinstance(inner, dict) and inner else None


# --- cards -------------------------------------------------------------------------------------------------------


def card(kind: model.CardKind, raw: Mapping[str, Any], context: Context) -> model.Card:
    zone = context.zone
    stage = model.StageId(_required_text(raw.get("stageId"), "stageId"))
    pipeline = _pipeline(kind, raw, stage)
    ref = model.CardRef(kind, values.required_id(raw.get("id")))
    responsible = values.ident(raw.get("assignedById"), "assignedById")
    moved_by = values.ident(raw.get("movedBy"), "movedBy")
    return model.Card(
        ref=ref,
        pipeline=pipeline,
        stage=stage,
        semantic=_semantic(raw.get("stageSemanticId"), pipeline, stage, context),
        title=values.text(raw.get("title"), "title") or "",
        responsible=model.UserId(responsible) if responsible else None,
        created=values.required_moment(raw.get("createdTime"), zone, "createdTime"),
        updated=values.required_moment(raw.get("updatedTime"), zone, "updatedTime"),
        moved_by=model.UserId(moved_by) if moved_by else None,
        contacts=_contacts(raw),
        company=values.ident(raw.get("companyId"), "companyId"),
        lead=values.ident(raw.get("leadId"), "leadId"),
        origin=_origin(raw),
        fields=_card_fields(kind, raw, context),
    )


def _required_text(value: Any, what: str) -> str:
    found = values.text(value, what)
    if found is None:
        raise values.bad(what, value)
    return found


def _pipeline(kind: model.CardKind, raw: Mapping[str, Any], stage: str) -> model.PipelineId:
    if kind is model.CardKind.LEAD:
        return model.LEADS
    found = values.number(raw.get("categoryId"), "categoryId")
    if found is None:
        head, colon, _ = stage.partition(":")
        found = int(head[1:]) if colon and head[:1] == "C" and head[1:].isdigit() else 0
    return model.PipelineId(found)


def _semantic(
    value: Any, pipeline: model.PipelineId, stage: model.StageId, context: Context
) -> model.Semantic:
    if isinstance(value, str) and value.upper() in ("P", "S", "F"):
        return model.Semantic(value.upper())
    known = context.semantics.get((pipeline, stage))
    if known is None:
        raise values.bad("stageSemanticId", value)
    return known


def _contacts(raw: Mapping[str, Any]) -> tuple[int, ...]:
    """The primary one first: `contactId` names it, `contactIds` holds all."""
    first = values.idents(raw.get("contactId"), "contactId")
    return tuple(dict.fromkeys((*first, *values.idents(raw.get("contactIds"), "contactIds"))))


def _origin(raw: Mapping[str, Any]) -> tuple[str, str] | None:
    who = values.text(raw.get("originatorId"), "originatorId")
    what = values.text(raw.get("originId"), "originId")
    return (who or "", what or "") if who or what else None


def _card_fields(
    kind: model.CardKind, raw: Mapping[str, Any], context: Context
) -> dict[model.FieldCode, model.Value]:
    known = context.fields.get(kind.value, {})
    currency = values.text(raw.get("currencyId"), "currencyId") or context.currency
    found: dict[model.FieldCode, model.Value] = {}
    for name, value in raw.items():
        if name in _SHOWN_ELSEWHERE:
            continue
        code = model.FieldCode(name)
        if value is None or value == "":  # most of a card's fields: every reader says None
            found[code] = None
        elif (described := known.get(code)) is not None:
            found[code] = values.of_field(described, value, context.zone, currency)
        else:
            found[code] = _named(name, value, context.zone)
    if "opportunity" in raw:
        amount = values.decimal(raw["opportunity"], "opportunity")
        found[_OPPORTUNITY] = model.Money(amount if amount is not None else Decimal(0), currency)
    if kind is model.CardKind.LEAD and ("fm" in raw or "hasPhone" in raw):
        found[_PHONE], found[_EMAIL] = _multi(raw.get("fm"), "PHONE"), _multi(raw.get("fm"), "EMAIL")
        found[_WEB] = _multi(raw.get("fm"), "WEB")
    return found


def _named(name: str, value: Any, zone: tzinfo) -> model.Value:
    """Base fields of an answer read before the directory is: by their names' endings."""
    if name.startswith("UF_"):
        return values.undescribed(value)
    if name.endswith("Time"):
        return values.moment(value, zone, name)
    if name in ("begindate", "closedate", "birthdate"):
        return values.day(value, zone, name)
    if name.endswith("Ids") or name == "observers":
        return values.idents(value, name) or None
    if name == "categoryId":
        return values.number(value, name)
    if name in ("id", "contactId", "companyId", "leadId", "quoteId", "webformId") or name.endswith("By") or name == "assignedById":  # fmt: skip
        return values.ident(value, name)
    return values.undescribed(value)


def _multi(fm: Any, kind: str) -> tuple[str, ...] | None:
    """Phones, e-mails or sites of an item's `fm`, in order; None where it has none."""
    parts = fm.values() if isinstance(fm, dict) else fm if isinstance(fm, list) else ()
    found = tuple(
        str(part["value"])
        for part in parts
        if isinstance(part, dict) and part.get("typeId") == kind and isinstance(part.get("value"), str) and part["value"]
    )  # fmt: skip
    return found or None


def visit(kind: model.CardKind, raw: Mapping[str, Any], context: Context) -> tuple[int, model.Visit]:
    """(owner id, stay) of a history row. Its meaning is read from the semantic id, not from TYPE_ID."""
    row = values.required_id(raw.get("ID"), "ID")
    leads = kind is model.CardKind.LEAD
    stage = model.StageId(_required_text(raw.get("STATUS_ID") if leads and "STATUS_ID" in raw else raw.get("STAGE_ID"), "STAGE_ID"))  # fmt: skip
    semantic = (
        raw.get("STATUS_SEMANTIC_ID")
        if leads and "STATUS_SEMANTIC_ID" in raw
        else raw.get("STAGE_SEMANTIC_ID")
    )
    pipeline = _pipeline(kind, {"categoryId": raw.get("CATEGORY_ID")}, stage)
    return values.required_id(raw.get("OWNER_ID"), "OWNER_ID"), model.Visit(
        id=model.VisitId(f"h{row}"),
        pipeline=pipeline,
        stage=stage,
        semantic=_semantic(semantic, pipeline, stage, context),
        entered=values.required_moment(raw.get("CREATED_TIME"), context.zone, "CREATED_TIME"),
        row=row,
        created=values.number(raw.get("TYPE_ID"), "TYPE_ID") == 1,
    )


# --- tasks, clients -----------------------------------------------------------------------------------------------

_STATUSES = {"1": model.TaskStatus.WAITING, "7": model.TaskStatus.DEFERRED}
"""Legacy statuses; negative ones are only ways to show an open task."""


def task(raw: Mapping[str, Any], zone: tzinfo) -> model.Task:
    responsible = values.ident(raw.get("responsibleId"), "responsibleId")
    creator = values.ident(raw.get("createdBy"), "createdBy")
    return model.Task(
        id=model.TaskId(values.required_id(raw.get("id"), "task.id")),
        title=values.text(raw.get("title"), "title") or "",
        responsible=model.UserId(responsible) if responsible else None,
        creator=model.UserId(creator) if creator else None,
        status=_status(raw.get("status")),
        deadline=values.moment(raw.get("deadline"), zone, "deadline"),
        marker=values.text(raw.get("xmlId"), "xmlId"),
        closed=values.moment(raw.get("closedDate"), zone, "closedDate"),
    )


def _status(value: Any) -> model.TaskStatus:
    found = str(values.number(value, "status"))
    if found in _STATUSES:
        return _STATUSES[found]
    if found.startswith("-"):
        return model.TaskStatus.WAITING
    try:
        return model.TaskStatus(found)
    except ValueError:
        raise values.bad("status", value) from None


def client(kind: model.ClientKind, raw: Mapping[str, Any], context: Context) -> model.Client:
    """From the classic lists, where everything is a string and a client without phones has no PHONE key."""
    known = context.fields.get(kind.value, {})
    read: dict[model.FieldCode, model.Value] = {}
    for upper, value in raw.items():
        if upper in ("PHONE", "EMAIL", "WEB", "IM", "LINK"):
            continue
        code = model.FieldCode(names.camel(upper))
        described = known.get(code)
        if described is not None:
            read[code] = values.of_field(described, value, context.zone, context.currency)
        else:
            read[code] = values.undescribed(value)
    if "WEB" in raw:
        read[_WEB] = _comms(raw["WEB"])
    responsible = values.ident(raw.get("ASSIGNED_BY_ID"), "ASSIGNED_BY_ID")
    company = kind is model.ClientKind.COMPANY
    return model.Client(
        ref=model.ClientRef(kind, values.required_id(raw.get("ID"), "ID")),
        name=values.text(raw.get("TITLE" if company else "NAME"), "NAME") or "",
        last_name=values.text(raw.get("LAST_NAME"), "LAST_NAME") or "",
        second_name=values.text(raw.get("SECOND_NAME"), "SECOND_NAME") or "",
        phones=_comms(raw.get("PHONE")),
        emails=_comms(raw.get("EMAIL")),
        responsible=model.UserId(responsible) if responsible else None,
        company=None if company else values.ident(raw.get("COMPANY_ID"), "COMPANY_ID"),
        lead=values.ident(raw.get("LEAD_ID"), "LEAD_ID"),
        fields=read,
    )


def _comms(value: Any) -> tuple[str, ...]:
    parts: Iterable[Any] = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    return tuple(
        part["VALUE"] for part in parts if isinstance(part, dict) and isinstance(part.get("VALUE"), str) and part["VALUE"]
    )  # fmt: skip


def normal_comms(found: model.Client) -> tuple[str, ...]:
    """Its valid phones and e-mails in normal form, once each."""
    return _normal(found.phones, found.emails)


def comms_of(raw: Mapping[str, Any]) -> frozenset[str]:
    """The same of a row of a classic list."""
    return frozenset(_normal(_comms(raw.get("PHONE")), _comms(raw.get("EMAIL"))))


def _normal(phones: Iterable[str], emails: Iterable[str]) -> tuple[str, ...]:
    found = (*(contacts.phone(one) for one in phones), *(contacts.email(one) for one in emails))
    return tuple(dict.fromkeys(one for one in found if one))


def comm_hash(normal: str, key: bytes) -> str:
    """A keyed digest of a phone or e-mail: the store compares it and can't read it."""
    return hashlib.blake2b(normal.encode(), key=key[:64], digest_size=16).hexdigest()


def readable(
    raws: Sequence[Mapping[str, Any]], kind: model.ClientKind, context: Context
) -> tuple[list[model.Client], list[errors.Unreadable]]:
    """Clients of a page, and the troubles of those that can't be read."""
    found: list[model.Client] = []
    troubles: list[errors.Unreadable] = []
    for raw in raws:
        try:
            found.append(client(kind, raw, context))
        except errors.Unreadable as error:
            troubles.append(error)
    return found, troubles
