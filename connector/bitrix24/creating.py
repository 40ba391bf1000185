"""`connect` makes what a configuration needs and the portal lacks: fields, options, pipelines, stages.

Safe to repeat: each thing is looked for before it is made, so a run that broke off is simply run again. What is there is
never renamed or moved; only the default stages of a pipeline that was just made here are replaced by the wanted ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector import errors
from connector.bitrix24 import names, parsing, setup, values
from robots import model
from robots.config import needs

_KINDS: Mapping[model.FieldType, str] = {
    model.FieldType.TEXT: "string",
    model.FieldType.USER: "employee",
    model.FieldType.BINDING: "crm",
}
"""Where the portal's name for a user type isn't ours."""
Rows = Sequence[Mapping[str, Any]]


def create(at: setup.Setup, missing: needs.Missing) -> Iterator[str]:
    """One Russian line per thing made; raises at the first one that the portal refuses."""
    for pipeline in missing.pipelines:
        yield from _pipeline(at, pipeline)
    for stage in missing.stages:
        yield _stage(at, stage)
    for field in missing.fields:
        yield _field(at, field)
    for option in missing.options:
        yield _option(at, option)


# --- fields


def _field(at: setup.Setup, need: needs.NeedField) -> str:
    described = at.call("crm.item.fields", {"entityTypeId": names.TYPE_OF[need.owner], **names.RAW_UF})
    known = described.get("fields") if isinstance(described, dict) else None
    code = f"UF_CRM_V_{_short(need.name, 8)}"
    if isinstance(known, dict) and code in known:
        return f"поле «{need.name}» уже есть"
    label = {"ru": need.name, "en": need.name}
    fields: dict[str, Any] = {
        "USER_TYPE_ID": _KINDS.get(need.type, need.type.value),
        "FIELD_NAME": code.removeprefix("UF_CRM_"),
        "EDIT_FORM_LABEL": label,
        "LIST_COLUMN_LABEL": label,
        "LIST_FILTER_LABEL": label,
    }
    if need.many:
        fields["MULTIPLE"] = "Y"
    if need.type is model.FieldType.TEXT:
        fields["SETTINGS"] = {"ROWS": 5}
    if need.options:
        fields["LIST"] = [{"VALUE": one, "SORT": 10 * at_} for at_, one in enumerate(need.options, 1)]
    at.call(f"crm.{need.owner}.userfield.add", {"fields": fields}, write=True)
    return f"поле «{need.name}»"


def _option(at: setup.Setup, need: needs.MissingOption) -> str:
    method = f"crm.{need.owner}.userfield"
    rows = parsing.rows_of(at.call(f"{method}.list", {"filter": {"FIELD_NAME": need.field.code}}))
    row = next((one for one in rows if one.get("FIELD_NAME") == need.field.code), None)
    if row is None:
        raise errors.Rejected(
            f"вариант «{need.name}» добавьте сами: поле «{need.field.title}» ведёт портал",
            method=f"{method}.list",
        )
    if not any(_same(one.get("VALUE"), need.name) for one in parsing.rows_of(row.get("LIST"))):
        fields = {"LIST": [{"VALUE": need.name, "SORT": 500}]}
        at.call(f"{method}.update", {"id": values.required_id(row.get("ID")), "fields": fields}, write=True)
    return f"вариант «{need.name}» поля «{need.field.title}»"


# --- pipelines and stages


def _pipeline(at: setup.Setup, need: needs.NeedStages) -> Iterator[str]:
    number = _category(at, need.pipeline)
    if number is None:
        made = at.call(
            "crm.category.add",
            {"entityTypeId": 2, "fields": {"name": need.pipeline, "sort": 500}},
            write=True,
        )
        raw = parsing.item_of(made, "category")
        number = values.required_id(raw.get("id") if raw else None, "category.id")
        _clear(at, number, need)
    yield f"воронка «{need.pipeline}»"
    groups = ((need.work, model.Semantic.WORK), (need.lost, model.Semantic.LOST))
    for listed, semantic in groups:
        for name in listed:
            yield _stage(at, needs.MissingStage(need.pipeline, name, semantic))


def _clear(at: setup.Setup, number: int, need: needs.NeedStages) -> None:
    """The portal begins a pipeline with stages of its own: the system ones are renamed, the others go."""
    firsts = {"P": need.work[:1], "S": (need.won,) if need.won else (), "F": need.lost[:1]}
    for row in _stages(at, number):
        group = str(row.get("SEMANTICS") or "P")
        params: dict[str, Any] = {"id": values.required_id(row.get("ID"))}
        if values.flag(row.get("SYSTEM")):
            if firsts[group]:
                params["fields"] = {"NAME": firsts[group][0]}
                at.call("crm.status.update", params, write=True)
        else:
            at.call("crm.status.delete", params, write=True)


def _stage(at: setup.Setup, need: needs.MissingStage) -> str:
    number = _category(at, need.pipeline)
    if number is None:
        raise errors.NotFound(f"нет воронки «{need.pipeline}»", method="crm.category.list")
    rows = _stages(at, number)
    if any(_same(row.get("NAME"), need.name) for row in rows):
        return f"стадия «{need.name}» уже есть"
    if need.semantic is model.Semantic.WON:
        raise errors.Rejected(
            f"стадия успеха в воронке «{need.pipeline}» одна и называется иначе, чем «{need.name}»: переименуйте её сами"
        )
    group = "" if need.semantic is model.Semantic.WORK else need.semantic.value
    fields = {
        "ENTITY_ID": _entity(number),
        "STATUS_ID": f"UC_{_short(need.name, 6)}",
        "NAME": need.name,
        "SORT": _place(rows, group),
        "SEMANTICS": group,
    }
    at.call("crm.status.add", {"fields": fields}, write=True)
    return f"стадия «{need.name}» в воронке «{need.pipeline}»"


def _place(rows: Rows, group: str) -> int:
    """Behind its group and before the next one: work, success, failure."""
    own = [values.number(row.get("SORT")) or 0 for row in rows if str(row.get("SEMANTICS") or "") == group]
    later = [values.number(row.get("SORT")) or 0 for row in rows if row.get("SEMANTICS")] if not group else []
    last = max(own, default=0)
    return max(last + 1, min([last + 10, *(sort - 1 for sort in later)]))


def _category(at: setup.Setup, name: str) -> int | None:
    rows = parsing.rows_of(at.call("crm.category.list", {"entityTypeId": 2}), "categories")
    return next((values.number(row.get("id")) or 0 for row in rows if _same(row.get("name"), name)), None)


def _entity(category: int) -> str:
    return f"DEAL_STAGE_{category}" if category else "DEAL_STAGE"


def _stages(at: setup.Setup, category: int) -> list[dict[str, Any]]:
    entity = _entity(category)
    rows = parsing.rows_of(at.call("crm.status.list", {"filter": {"ENTITY_ID": entity}}))
    return [row for row in rows if row.get("ENTITY_ID") == entity]


def _same(one: Any, other: str) -> bool:
    return str(one or "").strip().casefold() == other.strip().casefold()


def _short(text: str, size: int) -> str:
    """Letters and digits that the portal takes in codes, the same for the same name."""
    return hashlib.blake2s(text.strip().casefold().encode(), digest_size=8).hexdigest()[:size].upper()
