"""crm.*.userfield.* and userfieldconfig.*: user fields of cards (reference §5.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.bitrix24 import args, kernel, schema
from sandbox.bitrix24 import userfields as fields

_LABELS = {"edit": "EDIT_FORM_LABEL", "list": "LIST_COLUMN_LABEL", "filter": "LIST_FILTER_LABEL"}


def _need_settings(call: kernel.Call) -> None:
    if not call.is_admin:
        raise kernel.Refusal(400, "", "Access denied.")


def _label(raw: Any) -> str:
    """A label is a text or a map of them by language."""
    if isinstance(raw, dict):
        return str(raw.get("ru") or next(iter(raw.values()), "") or "")
    return str(raw or "")


def _settings(given: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments of a user field from the classic `fields`."""
    labels = {name: _label(given.get(key) or given.get("LABEL")) for name, key in _LABELS.items()}
    return {
        "multiple": args.is_yes(given.get("MULTIPLE")),
        "mandatory": args.is_yes(given.get("MANDATORY")),
        "xml_id": str(given.get("XML_ID") or ""),
        "sort": args.integer(given.get("SORT"), 100),
        "show_filter": str(given.get("SHOW_FILTER") or "N"),
        "settings": args.as_map(given.get("SETTINGS")),
        "labels": {name: text for name, text in labels.items() if text},
    }


def _write_options(book: fields.UserFields, row: fields.UserField, raw: Any) -> None:
    """LIST: without ID adds, with ID changes, DEL=Y deletes; what is not mentioned stays."""
    for each in map(args.as_map, args.as_list(raw)):
        known = next((option for option in row.options if str(option.id) == str(each.get("ID"))), None)
        if known is None:
            if each.get("VALUE"):
                row.options.append(
                    book.option(
                        str(each["VALUE"]),
                        args.integer(each.get("SORT"), 500),
                        default=args.is_yes(each.get("DEF")),
                        xml_id=str(each.get("XML_ID") or ""),
                    )
                )
        elif args.is_yes(each.get("DEL")):
            row.options.remove(known)
        else:
            known.value = str(each.get("VALUE") or known.value)
            known.sort = args.integer(each.get("SORT"), known.sort)
    row.options.sort(key=lambda option: (option.sort, option.id))


def _shown(row: fields.UserField, *, labels: bool = True) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ID": str(row.id),
        "ENTITY_ID": row.entity_id,
        "FIELD_NAME": row.name,
        "USER_TYPE_ID": row.type,
        "XML_ID": row.xml_id or None,
        "SORT": str(row.sort),
        "MULTIPLE": "Y" if row.multiple else "N",
        "MANDATORY": "Y" if row.mandatory else "N",
        "SHOW_FILTER": row.show_filter,
        "SHOW_IN_LIST": "Y",
        "EDIT_IN_LIST": "Y",
        "IS_SEARCHABLE": "N",
        "SETTINGS": row.settings or [],
    }
    if labels:
        made |= {key: row.labels.get(name, "") for name, key in _LABELS.items()}
    if row.type == "enumeration":
        made["LIST"] = [
            {
                "ID": str(option.id),
                "SORT": str(option.sort),
                "VALUE": option.value,
                "DEF": "Y" if option.default else "N",
                "XML_ID": option.xml_id,
            }
            for option in row.options
        ]
    return made


def _changed(call: kernel.Call, kind: schema.EntityType, what: str, row: fields.UserField) -> None:
    call.portal.crm.fields_changed()
    data: dict[str, Any] = {"FIELDS": {"ID": row.id, "ENTITY_ID": row.entity_id, "FIELD_NAME": row.name}}
    stem = kind.event if kind.event else "ONCRMTYPE"
    call.portal.emit(f"{stem}USERFIELD{what}", data)


def _add(call: kernel.Call, kind: schema.EntityType) -> kernel.Json:
    _need_settings(call)
    given = args.as_map(call.param("fields"))
    name = str(given.get("FIELD_NAME") or "").upper()
    if not name:
        raise kernel.Refusal(400, "", "The field 'FIELD_NAME' is required.")
    if not given.get("USER_TYPE_ID"):
        raise kernel.Refusal(400, "", "The field 'USER_TYPE_ID' is required.")
    if not name.startswith("UF_CRM_"):
        name = f"UF_CRM_{name}"
    book = call.portal.crm.user_fields
    row = book.add(kind.uf_entity, name, str(given["USER_TYPE_ID"]), **_settings(given))
    _write_options(book, row, given.get("LIST"))
    _changed(call, kind, "ADD", row)
    return row.id


def _known(call: kernel.Call, kind: schema.EntityType) -> fields.UserField:
    row = call.portal.crm.user_fields.by_id.get(args.integer(call.param("id")))
    if row is None or row.entity_id != kind.uf_entity:
        raise kernel.Refusal(400, "ERROR_NOT_FOUND", "The entity with ID is not found.")
    return row


def _get(call: kernel.Call, kind: schema.EntityType) -> kernel.Json:
    return _shown(_known(call, kind))


def _list(call: kernel.Call, kind: schema.EntityType) -> kernel.Answer:
    wanted = args.as_map(call.param("filter"))
    language = wanted.pop("LANG", None)
    rows = [_shown(row, labels=bool(language)) for row in call.portal.crm.user_fields.of(kind.uf_entity)]
    found = [
        row
        for row in rows
        if all(str(row.get(key)) in args.names(value) for key, value in wanted.items() if key in row)
    ]
    for name, direction in reversed(args.as_map(call.param("order")).items()):
        found.sort(
            key=lambda row, name=name: (
                (int(row[name]), "") if str(row.get(name)).isdecimal() else (0, str(row.get(name)))
            ),  # type: ignore[misc]
            reverse=str(direction).upper() == "DESC",
        )
    return kernel.Answer(found, len(found))


def _update(call: kernel.Call, kind: schema.EntityType) -> kernel.Json:
    _need_settings(call)
    row = _known(call, kind)
    given = args.as_map(call.param("fields"))
    row.mandatory = args.is_yes(given.get("MANDATORY", row.mandatory))
    row.sort = args.integer(given.get("SORT"), row.sort)
    row.xml_id = str(given.get("XML_ID", row.xml_id) or "")
    row.show_filter = str(given.get("SHOW_FILTER", row.show_filter))
    row.settings |= args.as_map(given.get("SETTINGS"))
    for name, key in _LABELS.items():
        if key in given:
            row.labels[name] = _label(given[key])
    _write_options(call.portal.crm.user_fields, row, given.get("LIST"))
    _changed(call, kind, "UPDATE", row)
    if "LIST" in given:
        _changed(call, kind, "SETENUMVALUES", row)
    return True


def _delete(call: kernel.Call, kind: schema.EntityType) -> kernel.Json:
    _need_settings(call)
    row = _known(call, kind)
    call.portal.crm.user_fields.drop(row)
    for item in call.portal.crm.table(kind.id).rows.values():
        item.values.pop(row.name, None)
    _changed(call, kind, "DELETE", row)
    return True


def _bound(
    handler: Callable[[kernel.Call, schema.EntityType], kernel.Json], kind: schema.EntityType
) -> kernel.Handler:
    return lambda call: handler(call, kind)


def _register() -> None:
    verbs = {"add": _add, "get": _get, "list": _list, "update": _update, "delete": _delete}
    for kind in schema.TYPES.values():
        for verb, handler in verbs.items():
            if kind.classic is not None:
                kernel.method(f"crm.{kind.classic}.userfield.{verb}", scope="crm")(_bound(handler, kind))


_register()


# ---- userfieldconfig: the same fields for every type, smart processes and invoices included ----


def _config_kind(call: kernel.Call, entity_id: str) -> schema.EntityType:
    if call.param("moduleId") != "crm":
        raise kernel.Refusal(400, "100", "Could not find value for parameter {moduleId}")
    room = call.portal.crm
    kinds = [*schema.TYPES, *room.types]
    found = next((each for each in map(room.known_kind, kinds) if each.uf_entity == entity_id), None)
    if found is None:
        raise kernel.Refusal(400, "ACCESS_DENIED", "Доступ запрещён")
    return found


def _config(row: fields.UserField) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": row.id,
        "entityId": row.entity_id,
        "fieldName": row.name,
        "userTypeId": row.type,
        "xmlId": row.xml_id or None,
        "sort": row.sort,
        "multiple": "Y" if row.multiple else "N",
        "mandatory": "Y" if row.mandatory else "N",
        "showFilter": row.show_filter,
        "settings": row.settings or [],
        "editFormLabel": {"ru": row.labels.get("edit", "")},
    }
    if row.type == "enumeration":
        made["enum"] = [
            {"id": each.id, "value": each.value, "sort": each.sort, "xmlId": each.xml_id}
            for each in row.options
        ]
    return made


def _config_known(call: kernel.Call) -> fields.UserField:
    row = call.portal.crm.user_fields.by_id.get(args.needed_int(call, "id"))
    if row is None:
        raise kernel.Refusal(400, "NOT_FOUND", "Поле не найдено")
    return row


@kernel.method("userfieldconfig.add", scope="userfieldconfig,crm")
def config_add(call: kernel.Call) -> kernel.Json:
    _need_settings(call)
    given = args.needed_map(call, "field")
    kind = _config_kind(call, str(given.get("entityId")))
    upper = {schema.snake(key): value for key, value in given.items()}
    book = call.portal.crm.user_fields
    row = book.add(
        kind.uf_entity, str(given.get("fieldName")), str(given.get("userTypeId")), **_settings(upper)
    )
    _write_options(book, row, [_upper(each) for each in args.as_list(given.get("enum"))])
    _changed(call, kind, "ADD", row)
    return {"field": _config(row)}


def _upper(raw: Any) -> dict[str, Any]:
    return {schema.snake(key): value for key, value in args.as_map(raw).items()}


@kernel.method("userfieldconfig.get", scope="userfieldconfig,crm")
def config_get(call: kernel.Call) -> kernel.Json:
    return {"field": _config(_config_known(call))}


@kernel.method("userfieldconfig.list", scope="userfieldconfig,crm")
def config_list(call: kernel.Call) -> kernel.Answer:
    wanted = args.as_map(call.param("filter"))
    rows = [_config(row) for _, row in sorted(call.portal.crm.user_fields.by_id.items())]
    found = [row for row in rows if all(str(row.get(key)) == str(value) for key, value in wanted.items())]
    return kernel.Answer({"fields": found}, len(found))


@kernel.method("userfieldconfig.update", scope="userfieldconfig,crm")
def config_update(call: kernel.Call) -> kernel.Json:
    _need_settings(call)
    row = _config_known(call)
    kind = _config_kind(call, row.entity_id)
    given = args.needed_map(call, "field")
    row.mandatory = args.is_yes(given.get("mandatory", row.mandatory))
    row.sort = args.integer(given.get("sort"), row.sort)
    if "editFormLabel" in given:
        row.labels["edit"] = _label(given["editFormLabel"])
    _write_options(
        call.portal.crm.user_fields, row, [_upper(each) for each in args.as_list(given.get("enum"))]
    )
    _changed(call, kind, "UPDATE", row)
    return {"field": _config(row)}


@kernel.method("userfieldconfig.delete", scope="userfieldconfig,crm")
def config_delete(call: kernel.Call) -> kernel.Json:
    _need_settings(call)
    row = _config_known(call)
    kind = _config_kind(call, row.entity_id)
    call.portal.crm.user_fields.drop(row)
    _changed(call, kind, "DELETE", row)
    return []


@kernel.method("userfieldconfig.getTypes", scope="userfieldconfig,crm")
def config_types(call: kernel.Call) -> kernel.Json:
    del call
    return {"types": {name: {"userTypeId": name, "description": name} for name in sorted(fields.TYPES)}}
