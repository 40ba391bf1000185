"""crm.activity.*: classic activities, the universal «дело» (todo) and bindings (reference §5.7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.bitrix24 import activities, args, kernel, moments, rows

CLASSIC_TYPES = {activities.MEETING, activities.CALL, activities.EMAIL, activities.PROVIDER}
APPLICATION_PROVIDERS = {"CONFIGURABLE", "CRM_CONFIGURABLE"}
TODO_BLANK = "Дело"


@kernel.method("crm.activity.add", scope="crm")
def add(call: kernel.Call) -> Any:
    fields = args.needed_map(call, "fields")
    kind = args.integer(fields.get("TYPE_ID"))
    owner = (args.integer(fields.get("OWNER_TYPE_ID")), args.integer(fields.get("OWNER_ID")))
    communications = [args.as_map(one) for one in args.as_list(fields.get("COMMUNICATIONS"))]
    _check(call, fields, kind, owner, communications)
    return call.portal.timeline.activities.add(
        call.user_id, owner, fields | {"TYPE_ID": kind}, communications
    ).id


def _check(
    call: kernel.Call, fields: dict[str, Any], kind: int, owner: activities.CardKey, to: list[dict[str, Any]]
) -> None:
    """Everything that goes wrong here is told by text alone."""
    provider = str(fields.get("PROVIDER_ID") or "")
    wrong = (
        (kind not in CLASSIC_TYPES, "The field TYPE_ID is not defined or invalid."),
        (provider in APPLICATION_PROVIDERS, "Use crm.activity.configurable.add instead."),
        (kind == activities.PROVIDER and not provider, "Application context required."),
        (not fields.get("SUBJECT"), "The field SUBJECT is required."),
        (not call.portal.crm.exists(*owner), "Owner not found."),
        (kind != activities.PROVIDER and not to, "The field COMMUNICATIONS is not defined or invalid."),
        (
            kind == activities.EMAIL and not all("@" in str(one.get("VALUE", "")) for one in to),
            "Email send error. Wrong address.",
        ),
    )
    for bad, text in wrong:
        if bad:
            raise kernel.Refusal(400, "", text)
    if not call.portal.crm.can_update(*owner, call.user_id):
        raise kernel.Refusal(400, "", "Access denied.")


@kernel.method("crm.activity.get", scope="crm")
def get(call: kernel.Call) -> Any:
    return _shown(call, _found(call), whole=True)


@kernel.method("crm.activity.list", scope="crm")
def find(call: kernel.Call) -> kernel.Answer:
    given = args.as_map(call.param("filter"))
    bindings = next((value for key, value in given.items() if key.upper() == "BINDINGS"), None)
    conditions = [(*rows.split(key), value) for key, value in given.items() if key.upper() != "BINDINGS"]
    conditions = [one for one in conditions if one[1] in activities.DEFAULTS]
    found = [
        one
        for one in _bound(call, bindings)
        if all(rows.matches(one.read(name), prefix, value) for prefix, name, value in conditions)
    ]
    found = rows.ordered(
        found, call.param("order"), lambda one, name: one.read(name), {"START_TIME": "ASC", "ID": "ASC"}
    )
    select = [name.upper() for name in args.names(call.param("select"))]
    return rows.page(call, found, lambda one: _selected(call, one, select))


@kernel.method("crm.activity.update", scope="crm")
def update(call: kernel.Call) -> Any:
    one = _writable(call, _found(call))
    call.portal.timeline.activities.change(call.user_id, one, args.needed_map(call, "fields"))
    return True


@kernel.method("crm.activity.delete", scope="crm")
def delete(call: kernel.Call) -> Any:
    call.portal.timeline.activities.delete(_writable(call, _found(call)))
    return True


@kernel.method("crm.activity.fields", scope="crm")
def fields(_call: kernel.Call) -> Any:
    required = {"TYPE_ID", "SUBJECT", "RESPONSIBLE_ID", "COMMUNICATIONS"}
    described = {
        name: {
            "type": _kind(name), "isRequired": name in required, "isReadOnly": name in activities.READ_ONLY,
            "isImmutable": name in activities.IMMUTABLE, "isMultiple": False, "isDynamic": False, "title": name,
        }
        for name in activities.DEFAULTS
    }  # fmt: skip
    multiple = {"isReadOnly": False, "isImmutable": False, "isMultiple": True, "isDynamic": False}
    described["BINDINGS"] = (
        {"type": "crm_activity_binding", "isRequired": False, "title": "BINDINGS"}
        | multiple
        | {"isReadOnly": True}
    )
    described["COMMUNICATIONS"] = {
        "type": "crm_activity_communication",
        "isRequired": True,
        "title": "COMMUNICATIONS",
    } | multiple
    return described


# the universal activity


@kernel.method("crm.activity.todo.add", scope="crm")
def add_todo(call: kernel.Call) -> Any:
    owner = _owner(call)
    deadline = _deadline(call, args.needed(call, "deadline"))
    one = call.portal.timeline.activities.add(call.user_id, owner, _todo(call, deadline))
    return {"id": one.id}


@kernel.method("crm.activity.todo.update", scope="crm")
def update_todo(call: kernel.Call) -> Any:
    return _change_todo(call, _todo(call, _deadline(call, args.needed(call, "deadline"))))


@kernel.method("crm.activity.todo.updateDeadline", scope="crm")
def update_deadline(call: kernel.Call) -> Any:
    deadline = _deadline(call, args.needed(call, "value"))
    return _change_todo(call, {"DEADLINE": deadline, "START_TIME": deadline, "END_TIME": deadline})


@kernel.method("crm.activity.todo.updateDescription", scope="crm")
def update_description(call: kernel.Call) -> Any:
    return _change_todo(call, {"DESCRIPTION": str(call.param("value") or "")})


@kernel.method("crm.activity.todo.updateColor", scope="crm")
def update_color(call: kernel.Call) -> Any:
    return _change_todo(call, {"SETTINGS": {"COLOR": str(args.needed(call, "colorId"))}})


@kernel.method("crm.activity.todo.updateResponsibleUser", scope="crm")
def update_responsible(call: kernel.Call) -> Any:
    user = args.needed_int(call, "responsibleId")
    if user not in call.portal.users:
        raise kernel.Refusal(400, "NOT_FOUND", "Пользователь не найден")
    return _change_todo(call, {"RESPONSIBLE_ID": user})


def _todo(call: kernel.Call, deadline: datetime) -> dict[str, Any]:
    pings = [args.integer(one) for one in args.as_list(call.param("pingOffsets"))]
    return {
        "TYPE_ID": activities.PROVIDER, "PROVIDER_ID": activities.TODO, "PROVIDER_TYPE_ID": "TODO",
        "SUBJECT": str(call.param("title") or TODO_BLANK), "DESCRIPTION": str(call.param("description") or ""),
        "DEADLINE": deadline, "START_TIME": deadline, "END_TIME": deadline + timedelta(hours=1),
        "RESPONSIBLE_ID": args.integer(call.param("responsibleId"), call.user_id) or call.user_id,
        "SETTINGS": {"PING_OFFSETS": pings, "COLOR": str(call.param("colorId") or "")},
    }  # fmt: skip


def _change_todo(call: kernel.Call, values: dict[str, Any]) -> Any:
    owner = _owner(call)
    one = call.portal.timeline.activities.find(args.needed_int(call, "id"), call.user_id)
    if one is None or owner not in one.bindings or one.values["PROVIDER_ID"] != activities.TODO:
        raise _not_found()
    call.portal.timeline.activities.change(call.user_id, _writable(call, one, "ACCESS_DENIED"), values)
    return {"id": one.id}


def _owner(call: kernel.Call) -> activities.CardKey:
    owner = (args.needed_int(call, "ownerTypeId"), args.needed_int(call, "ownerId"))
    if not call.portal.crm.exists(*owner):
        raise kernel.Refusal(400, "OWNER_NOT_FOUND", "Владелец не найден")
    if not call.portal.crm.can_update(*owner, call.user_id):
        raise kernel.Refusal(400, "ACCESS_DENIED", "Доступ запрещён")
    return owner


def _deadline(call: kernel.Call, given: Any) -> datetime:
    try:
        moment = moments.parse(given, call.portal.clock.zone)
    except ValueError:
        moment = None
    if moment is None:
        raise kernel.Refusal(400, "WRONG_DATETIME_FORMAT", "Неверный формат даты")
    return moment


# bindings


@kernel.method("crm.activity.binding.add", scope="crm")
def bind(call: kernel.Call) -> Any:
    one, card = _bindable(call), _card(call, "entityTypeId", "entityId")
    if not call.portal.crm.exists(*card):
        raise kernel.Refusal(400, "OWNER_NOT_FOUND", "Владелец не найден")
    call.portal.timeline.activities.bind(call.user_id, one, card)
    return True


@kernel.method("crm.activity.binding.list", scope="crm")
def bindings(call: kernel.Call) -> Any:
    one = call.portal.timeline.activities.find(args.needed_int(call, "activityId"), call.user_id)
    if one is None:
        raise _not_found()
    return [{"entityTypeId": type_id, "entityId": number} for type_id, number in one.bindings]


@kernel.method("crm.activity.binding.delete", scope="crm")
def unbind(call: kernel.Call) -> Any:
    call.portal.timeline.activities.unbind(
        call.user_id, _bindable(call), _card(call, "entityTypeId", "entityId")
    )
    return True


@kernel.method("crm.activity.binding.move", scope="crm")
def rebind(call: kernel.Call) -> Any:
    one = _bindable(call)
    source, target = (
        _card(call, "sourceEntityTypeId", "sourceEntityId"),
        _card(call, "targetEntityTypeId", "targetEntityId"),
    )
    if not call.portal.crm.exists(*target):
        raise kernel.Refusal(400, "OWNER_NOT_FOUND", "Владелец не найден")
    if source not in one.bindings:
        raise kernel.Refusal(400, "BINDING_NOT_FOUND", "Привязка не найдена")
    call.portal.timeline.activities.bind(call.user_id, one, target)
    call.portal.timeline.activities.unbind(call.user_id, one, source)
    return True


def _bindable(call: kernel.Call) -> activities.Activity:
    one = call.portal.timeline.activities.find(args.needed_int(call, "activityId"), call.user_id)
    if one is None:
        raise _not_found()
    return _writable(call, one, "ACCESS_DENIED")


def _card(call: kernel.Call, type_name: str, id_name: str) -> activities.CardKey:
    return args.needed_int(call, type_name), args.needed_int(call, id_name)


# common


def _not_found() -> kernel.Refusal:
    return kernel.Refusal(400, "NOT_FOUND", "Дело не найдено")


def _found(call: kernel.Call) -> activities.Activity:
    one = call.portal.timeline.activities.find(args.integer(call.param("id")), call.user_id)
    if one is None:
        raise kernel.Refusal(400, "", "Activity is not found.")
    return one


def _writable(call: kernel.Call, one: activities.Activity, code: str = "") -> activities.Activity:
    if not call.portal.timeline.activities.can_write(one, call.user_id):
        raise kernel.Refusal(400, code, "Access denied.")
    return one


def _bound(call: kernel.Call, wanted: Any) -> list[activities.Activity]:
    """Activities that the caller sees; with a BINDINGS filter once per binding that matches, as the portal does."""
    seen = rows.visible(call.portal, call.portal.timeline.activities.seen_by(call.user_id))
    if wanted in (None, "", []):
        return seen
    given = [wanted] if isinstance(wanted, dict) and "OWNER_ID" in wanted else args.as_list(wanted)
    cards = [args.as_map(one) for one in given]
    keys = {(args.integer(one.get("OWNER_TYPE_ID")), args.integer(one.get("OWNER_ID"))) for one in cards}
    return [one for one in seen for card in one.bindings if card in keys]


def _selected(call: kernel.Call, one: activities.Activity, select: list[str]) -> dict[str, Any]:
    row = _shown(call, one, whole="COMMUNICATIONS" in select)
    if "FILES" in select:
        # The caller's own key stands at the link's end; with a webhook the documented example has nothing there.
        link = f"https://{call.portal.host}/bitrix/tools/crm_show_file.php?fileId={{}}&ownerTypeId=6&ownerId={one.id}"
        row["FILES"] = [
            {"id": number, "url": f"{link.format(number)}&auth=key{call.user_id}"} for number in one.files
        ]
    if not select or "*" in select:
        return row
    return {name: value for name, value in row.items() if name in select or name == "ID"}


def _shown(call: kernel.Call, one: activities.Activity, *, whole: bool = False) -> dict[str, Any]:
    row = {name: _text(call, value) for name, value in one.values.items()}
    if whole:
        row["COMMUNICATIONS"] = [
            {name: str(value) for name, value in line.items()} for line in one.communications
        ]
    return row


def _text(call: kernel.Call, value: Any) -> Any:
    if isinstance(value, datetime):
        return call.portal.clock.iso(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _kind(name: str) -> str:
    if name in activities.MOMENTS:
        return "datetime"
    if name in ("RESPONSIBLE_ID", "AUTHOR_ID", "EDITOR_ID"):
        return "user"
    if name == "COMPLETED":
        return "char"
    return (
        "integer"
        if name in activities.NUMBERS
        else "object"
        if name in ("SETTINGS", "PROVIDER_PARAMS")
        else "string"
    )
