"""Reading what methods are given: forms send strings and lists where JSON sends numbers and maps."""

from __future__ import annotations

from typing import Any

from sandbox.bitrix24 import kernel, schema, values


def as_map(raw: Any) -> dict[str, Any]:
    """A map; a list counts as a map of its positions, anything else as empty."""
    if isinstance(raw, dict):
        return {str(key): value for key, value in raw.items()}
    if isinstance(raw, list):
        return {str(at): value for at, value in enumerate(raw)}
    return {}


def as_list(raw: Any) -> list[Any]:
    """A list; a map gives its values, an empty value nothing, a single value itself."""
    if isinstance(raw, dict):
        return list(raw.values())
    if isinstance(raw, list):
        return raw
    return [] if raw in (None, "") else [raw]


def names(raw: Any) -> list[str]:
    return [str(each) for each in as_list(raw)]


def is_yes(raw: Any) -> bool:
    return raw in (True, 1, "1", "Y", "y", "true")


def integer(raw: Any, default: int = 0) -> int:
    """A whole number, or the default where it is none."""
    try:
        return values.to_int(raw)
    except values.BadValue:
        return default


def needed(call: kernel.Call, name: str) -> Any:
    """A parameter without which the method answers error 100."""
    value = call.param(name)
    if value is None or value == "":
        raise kernel.Refusal(400, "100", f"Could not find value for parameter {{{name}}}")
    return value


def needed_int(call: kernel.Call, name: str) -> int:
    try:
        return values.to_int(needed(call, name))
    except values.BadValue:
        raise kernel.Refusal(
            400, "100", f"Invalid value {{{call.param(name)}}} to match with parameter {{{name}}}"
        ) from None


def needed_map(call: kernel.Call, name: str) -> dict[str, Any]:
    value = needed(call, name)
    if not isinstance(value, dict | list):
        raise kernel.Refusal(
            400, "100", f"Invalid value to match with parameter {{{name}}}. Should be value of type array."
        )
    return as_map(value)


def entity_type(call: kernel.Call) -> schema.EntityType:
    """`entityTypeId` of crm.item.* and its like; old invoices and the rest are not supported."""
    type_id = needed_int(call, "entityTypeId")
    if type_id < schema.FIRST_DYNAMIC and type_id not in schema.TYPES:
        raise kernel.Refusal(400, "ENTITY_TYPE_NOT_SUPPORTED", "Тип сущности не поддерживается")
    return call.portal.crm.known_kind(type_id)
