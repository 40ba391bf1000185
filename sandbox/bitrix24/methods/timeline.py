"""crm.timeline.*: comments, log messages, notes (reference §5.7)."""

from __future__ import annotations

from typing import Any

from sandbox.bitrix24 import args, kernel, rows, timeline

FIELDS = (
    ("ID", "integer", ""), ("CREATED", "datetime", ""), ("ENTITY_ID", "integer", "req imm"), ("ENTITY_TYPE", "string", "req imm"),
    ("AUTHOR_ID", "integer", "imm"), ("COMMENT", "string", ""), ("FILES", "attached_diskfile", "mult"),
)  # fmt: skip


@kernel.method("crm.timeline.comment.add", scope="crm")
def add(call: kernel.Call) -> Any:
    fields = _fields(call)
    missing = next((name for name in ("ENTITY_ID", "ENTITY_TYPE") if fields.get(name) in (None, "")), None)
    if missing:
        raise kernel.Refusal(400, "100", f"Could not find value for parameter {{{missing}}}")
    author = args.integer(fields.get("AUTHOR_ID"))
    user_id = author if author in call.portal.users and call.is_admin else call.user_id
    owner = _owner(fields["ENTITY_TYPE"], fields["ENTITY_ID"])
    files = args.as_list(fields.get("FILES"))
    return call.portal.timeline.comment(user_id, owner, str(fields.get("COMMENT") or ""), files).id


@kernel.method("crm.timeline.comment.list", scope="crm")
def find(call: kernel.Call) -> kernel.Answer:
    given = {rows.split(key): value for key, value in args.as_map(call.param("filter")).items()}
    bare = {name: value for (_, name), value in given.items()}
    if bare.get("ENTITY_ID") in (None, "") or bare.get("ENTITY_TYPE") in (None, ""):
        raise kernel.Refusal(400, "100", "Could not find value for parameter {filter}")
    owner = _owner(bare["ENTITY_TYPE"], bare["ENTITY_ID"])
    if not call.portal.crm.exists(*owner):
        raise kernel.Refusal(400, "OWNER_NOT_FOUND", "Владелец не найден")
    if not call.portal.crm.can_read(*owner, call.user_id):
        raise timeline.denied()
    rest = {key: value for key, value in given.items() if key[1] not in ("ENTITY_ID", "ENTITY_TYPE")}
    notes = [
        note
        for note in rows.visible(call.portal, call.portal.timeline.comments_of(owner))
        if all(rows.matches(note.read(name), prefix, value) for (prefix, name), value in rest.items())
    ]
    notes = rows.ordered(notes, call.param("order"), lambda note, name: note.read(name), {"ID": "ASC"})
    select = [one.upper() for one in args.names(call.param("select"))]
    return rows.page(call, notes, lambda note: _selected(_shown(call, note), select))


@kernel.method("crm.timeline.comment.get", scope="crm")
def get(call: kernel.Call) -> Any:
    return _shown(call, call.portal.timeline.comment_by(args.needed_int(call, "id"), call.user_id))


@kernel.method("crm.timeline.comment.update", scope="crm")
def update(call: kernel.Call) -> Any:
    fields = _fields(call)
    call.portal.timeline.change_comment(
        call.user_id, args.needed_int(call, "id"), str(fields.get("COMMENT") or "")
    )
    return True


@kernel.method("crm.timeline.comment.delete", scope="crm")
def delete(call: kernel.Call) -> Any:
    call.portal.timeline.delete_comment(call.user_id, args.needed_int(call, "id"))
    return True


@kernel.method("crm.timeline.comment.fields", scope="crm")
def fields(_call: kernel.Call) -> Any:
    return {
        name: {
            "type": kind, "isRequired": "req" in flags, "isReadOnly": name in ("ID", "CREATED"),
            "isImmutable": "imm" in flags, "isMultiple": "mult" in flags, "isDynamic": False, "title": name,
        }
        for name, kind, flags in FIELDS
    }  # fmt: skip


@kernel.method("crm.timeline.logmessage.add", scope="crm")
def add_log(call: kernel.Call) -> Any:
    given = args.needed_map(call, "fields")
    for name in ("entityTypeId", "entityId", "title", "text", "iconCode"):
        if given.get(name) in (None, ""):
            raise kernel.Refusal(400, "100", f"Could not find value for parameter {{{name}}}")
    owner = (args.integer(given["entityTypeId"]), args.integer(given["entityId"]))
    entry = call.portal.timeline.log(
        call.user_id, owner, str(given["title"]), str(given["text"]), str(given["iconCode"])
    )
    return {"logMessage": _shown_log(call, entry)}


@kernel.method("crm.timeline.logmessage.get", scope="crm")
def get_log(call: kernel.Call) -> Any:
    return {
        "logMessage": _shown_log(call, call.portal.timeline.log_by(args.needed_int(call, "id"), call.user_id))
    }


@kernel.method("crm.timeline.logmessage.list", scope="crm")
def find_logs(call: kernel.Call) -> kernel.Answer:
    owner = (args.needed_int(call, "entityTypeId"), args.needed_int(call, "entityId"))
    if not call.portal.crm.can_read(*owner, call.user_id):
        raise kernel.Refusal(400, "OWNER_NOT_FOUND", "Владелец не найден")
    entries = rows.visible(call.portal, call.portal.timeline.logs_of(owner))
    entries = rows.ordered(entries, call.param("order"), lambda entry, _name: entry.id, {"ID": "ASC"})
    return rows.page(call, entries, lambda entry: _shown_log(call, entry), lambda page: {"logMessages": page})


@kernel.method("crm.timeline.logmessage.delete", scope="crm")
def delete_log(call: kernel.Call) -> Any:
    call.portal.timeline.delete_log(call.user_id, args.needed_int(call, "id"))
    return True


@kernel.method("crm.timeline.note.save", scope="crm")
def save_note(call: kernel.Call) -> Any:
    text = args.needed(call, "text")
    call.portal.timeline.notes[_note_key(call)] = str(text)
    return {"note": {"text": str(text)}}


@kernel.method("crm.timeline.note.get", scope="crm")
def get_note(call: kernel.Call) -> Any:
    text = call.portal.timeline.notes.get(_note_key(call))
    if text is None:
        raise timeline.not_found()
    return {"text": text}


@kernel.method("crm.timeline.note.delete", scope="crm")
def delete_note(call: kernel.Call) -> Any:
    if call.portal.timeline.notes.pop(_note_key(call), None) is None:
        raise timeline.not_found()
    return True


def _fields(call: kernel.Call) -> dict[str, Any]:
    """The key is lower-case `fields`, whatever other methods forgive."""
    given = call.params.get("fields")
    if not isinstance(given, dict):
        raise kernel.Refusal(400, "100", "Could not find value for parameter {fields}")
    return {str(name).upper(): value for name, value in given.items()}


def _owner(kind: Any, number: Any) -> timeline.CardKey:
    type_id = timeline.type_id(kind)
    if type_id is None:
        raise kernel.Refusal(400, "OWNER_NOT_FOUND", "Владелец не найден")
    return type_id, args.integer(number)


def _note_key(call: kernel.Call) -> tuple[int, int]:
    owner = (args.needed_int(call, "ownerTypeId"), args.needed_int(call, "ownerId"))
    if not call.portal.crm.can_update(*owner, call.user_id):
        raise kernel.Refusal(400, "OWNER_NOT_FOUND", "Владелец не найден")
    return args.needed_int(call, "itemType"), args.needed_int(call, "itemId")


def _selected(row: dict[str, Any], select: list[str]) -> dict[str, Any]:
    return {
        name: value
        for name, value in row.items()
        if not select or "*" in select or name in select or name == "ID"
    }


def _shown(call: kernel.Call, note: timeline.Comment) -> dict[str, Any]:
    row: dict[str, Any] = {
        "ID": str(note.id), "ENTITY_ID": str(note.owner[1]), "ENTITY_TYPE": timeline.type_name(note.owner[0]),
        "CREATED": call.portal.clock.iso(note.at), "COMMENT": note.text, "AUTHOR_ID": str(note.author_id),
    }  # fmt: skip
    if note.files:
        row["FILES"] = {
            str(number): {"id": number, "name": _file_name(file)} for number, file in enumerate(note.files, 1)
        }
    return row


def _file_name(file: Any) -> str:
    parts = args.as_list(file)
    return str(parts[0]) if parts else ""


def _shown_log(call: kernel.Call, entry: timeline.LogMessage) -> dict[str, Any]:
    return {
        "id": entry.id, "created": call.portal.clock.iso(entry.at), "authorId": entry.author_id, "title": entry.title,
        "text": entry.text, "iconCode": entry.icon,
    }  # fmt: skip
