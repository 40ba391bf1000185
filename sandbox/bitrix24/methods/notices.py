"""im.*: notices with tags, and the little of chats that programs use (reference §5.9)."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from sandbox.bitrix24 import args, kernel, notices


@kernel.method("im.notify.system.add", scope="im")
def system(call: kernel.Call) -> Any:
    return _add(call, author_id=0)


@kernel.method("im.notify.personal.add", scope="im")
def personal(call: kernel.Call) -> Any:
    return _add(call, author_id=call.user_id)


@kernel.method("im.notify", scope="im")
def notify(call: kernel.Call) -> Any:
    """The older form, with `TO` for the reader and TYPE for the kind."""
    return _add(call, author_id=0 if str(call.param("TYPE") or "").upper() == "SYSTEM" else call.user_id)


@kernel.method("im.notify.delete", scope="im")
def delete(call: kernel.Call) -> Any:
    room = call.portal.notices
    if number := args.integer(call.param("ID")):
        one = room.notices.get(number)
        if one is None or (one.user_id != call.user_id and not call.is_admin):
            return False
        return room.notices.pop(number) is not None
    tag, sub_tag = str(call.param("TAG") or ""), str(call.param("SUB_TAG") or "")
    if not (tag or sub_tag):
        raise kernel.Refusal(400, "PARAMS_ERROR", "Incorrect params")
    application = _application(call)
    return bool(application) and room.withdraw(application or "", tag=tag, sub_tag=sub_tag) > 0


@kernel.method("im.notify.get", scope="im")
def get(call: kernel.Call) -> Any:
    """The caller's own notices, newest first; LAST_ID is the cursor."""
    own = call.portal.notices.inbox(call.user_id)
    last, limit = args.integer(call.param("LAST_ID")), args.integer(call.param("LIMIT"), 50)
    page = [one for one in own if not last or one.id < last][: max(1, min(limit, 50))]
    return {
        "total_count": len(own),
        "total_unread_count": sum(not one.read for one in own),
        "chat_id": str(call.user_id),
        "notifications": [_shown(call, one) for one in page],
        "users": [],
    }


@kernel.method("im.notify.read", scope="im")
def read(call: kernel.Call) -> Any:
    one = call.portal.notices.notices.get(args.integer(call.param("ID")))
    if one is None or one.user_id != call.user_id:
        return False
    one.read = True
    return True


def _add(call: kernel.Call, *, author_id: int) -> Any:
    reader = args.integer(call.param("USER_ID")) or args.integer(call.param("TO"))
    if reader <= 0:
        raise kernel.Refusal(400, "USER_ID_EMPTY", "User ID can't be empty")
    text = str(call.param("MESSAGE") or "")
    _check_text(call, text)
    application = _application(call)
    number = call.portal.notices.notify(
        reader,
        text,
        author_id=author_id,
        application=application or "",
        tag=str(call.param("TAG") or "") if application else "",
        sub_tag=str(call.param("SUB_TAG") or "") if application else "",
    )
    return number if number is not None else False


def _application(call: kernel.Call) -> str | None:
    """Whose tags these are; None where a tag means nothing."""
    given = str(call.param("CLIENT_ID") or "")
    if given:
        return given
    return None if call.portal.switch.get("notify_client_id_required") == "yes" else call.webhook.secret


def _check_text(call: kernel.Call, text: str) -> None:
    attach = call.param("ATTACH")
    if not text.strip() and attach in (None, "", [], {}):
        raise kernel.Refusal(400, "MESSAGE_EMPTY", "Message can't be empty")
    if attach in (None, ""):
        return
    if not isinstance(attach, dict | list):
        raise kernel.Refusal(400, "ATTACH_ERROR", "Incorrect attach params")
    if len(json.dumps(attach, ensure_ascii=False)) > notices.MAX_ATTACH:
        raise kernel.Refusal(400, "ATTACH_OVERSIZE", "You have exceeded the maximum allowable size of attach")


def _shown(call: kernel.Call, one: notices.Notice) -> dict[str, Any]:
    return {
        "id": one.id, "chat_id": one.user_id, "author_id": one.author_id, "date": call.portal.clock.iso(one.at),
        "notify_type": 4 if one.author_id == 0 else 2, "notify_module": "rest", "notify_event": "rest_notify",
        "notify_tag": one.tag, "notify_sub_tag": one.sub_tag, "notify_title": None, "setting_name": "rest|rest_notify",
        "text": one.text, "notify_read": "Y" if one.read else "N",
    }  # fmt: skip


# chats


@kernel.method("im.message.add", scope="im")
def say(call: kernel.Call) -> Any:
    text = str(call.param("MESSAGE") or "")
    _check_text(call, text)
    given = call.param("DIALOG_ID") or (f"chat{call.param('CHAT_ID')}" if call.param("CHAT_ID") else None)
    chat = call.portal.notices.dialog(given, call.user_id)
    return call.portal.notices.say(call.user_id, chat, text).id


@kernel.method("im.v2.File.upload", scope="im")
def upload(call: kernel.Call) -> Any:
    """A file with a text, in one call (apidocs.bitrix24.ru, chat-bots-v2/im.v2/files/file-upload)."""
    room = call.portal.notices
    if not room.takes_files:
        raise kernel.Refusal(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
    fields = args.as_map(call.param("fields"))
    name, content = str(fields.get("name") or ""), str(fields.get("content") or "")
    if not name or not content:
        raise kernel.Refusal(400, "FILE_EMPTY", "File name and content are required")
    try:
        size = len(base64.b64decode(content, validate=True))
    except binascii.Error:
        raise kernel.Refusal(400, "FILE_INVALID_CONTENT", "Invalid base64 content") from None
    dialog = str(call.param("dialogId") or "")
    chat = room.dialog(dialog, call.user_id)
    message = room.say(call.user_id, chat, str(fields.get("message") or ""), (name, content))
    number = call.portal.next_id("file")
    file = {
        "id": number,
        "chatId": chat.id,
        "name": name,
        "size": size,
        "status": "done",
        "authorId": call.user_id,
    }
    return {"file": file, "messageId": message.id, "chatId": chat.id, "dialogId": dialog}


@kernel.method("im.message.update", scope="im")
def rewrite(call: kernel.Call) -> Any:
    chat, message = call.portal.notices.own_message(args.integer(call.param("MESSAGE_ID")), call.user_id)
    text = str(call.param("MESSAGE") or "")
    if text:
        message.text = text
    else:
        chat.messages.remove(message)
    return True


@kernel.method("im.message.delete", scope="im")
def unsay(call: kernel.Call) -> Any:
    chat, message = call.portal.notices.own_message(args.integer(call.param("MESSAGE_ID")), call.user_id)
    chat.messages.remove(message)
    return True


@kernel.method("im.dialog.messages.get", scope="im")
def messages(call: kernel.Call) -> Any:
    chat = call.portal.notices.dialog(call.param("DIALOG_ID"), call.user_id)
    limit = max(1, min(args.integer(call.param("LIMIT"), 20), 50))
    last = args.integer(call.param("LAST_ID"))
    page = [one for one in reversed(chat.messages) if not last or one.id < last][:limit]
    return {
        "chat_id": chat.id,
        "messages": [
            {
                "id": one.id,
                "chat_id": chat.id,
                "author_id": one.author_id,
                "date": call.portal.clock.iso(one.at),
                "text": one.text,
            }
            for one in page
        ],
        "users": [],
        "files": [],
    }


@kernel.method("im.chat.add", scope="im")
def open_chat(call: kernel.Call) -> Any:
    members = {args.integer(one) for one in args.as_list(call.param("USERS"))}
    chat = call.portal.notices.open_chat(
        call.user_id, str(call.param("TITLE") or "Чат"), members, _entity(call)
    )
    if text := str(call.param("MESSAGE") or ""):
        call.portal.notices.say(call.user_id, chat, text)
    return chat.id


@kernel.method("im.chat.get", scope="im")
def chat_of(call: kernel.Call) -> Any:
    entity = _entity(call)
    if entity is None:
        raise kernel.Refusal(400, "ENTITY_TYPE_EMPTY", "Entity type can't be empty")
    chat = call.portal.notices.chat_of(entity, call.user_id)
    return {"ID": str(chat.id)} if chat else None


def _entity(call: kernel.Call) -> tuple[str, str] | None:
    kind, number = str(call.param("ENTITY_TYPE") or ""), str(call.param("ENTITY_ID") or "")
    return (kind, number) if kind and number else None
