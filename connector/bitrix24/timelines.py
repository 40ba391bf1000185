"""Comments and log entries of cards: their visible marker, and how to find what carries it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from connector import ports
from connector.bitrix24 import client, names, parsing, values
from robots import intents, model

SIGNATURE = "Воронка"


def marker(key: intents.WishKey) -> str:
    """What stands in for the wish over there: 16 hex digits of its key's digest."""
    return hashlib.blake2s(key.encode(), digest_size=8).hexdigest()


def tail(key: intents.WishKey) -> str:
    """The visible end of a text that we wrote: short enough for people, long enough among fifty."""
    return f" · {SIGNATURE} {marker(key)[:6]}"


def comment(ref: model.CardRef, text: str, key: intents.WishKey) -> client.Command:
    fields = {"ENTITY_ID": ref.id, "ENTITY_TYPE": ref.kind.value, "COMMENT": text + tail(key)}
    return client.Command("crm.timeline.comment.add", {"fields": fields}, write=True)


def log_entry(ref: model.CardRef, act: intents.LogEntry, key: intents.WishKey) -> client.Command:
    fields = {
        "entityTypeId": names.type_id(ref),
        "entityId": ref.id,
        "title": act.title or SIGNATURE,
        "text": act.text + tail(key),
        "iconCode": "info",
    }
    return client.Command("crm.timeline.logmessage.add", {"fields": fields}, write=True)


def newest(ref: model.CardRef, act: intents.Comment | intents.LogEntry) -> client.Command:
    """The newest page of what the act would have left."""
    if isinstance(act, intents.Comment):
        return client.Command(
            "crm.timeline.comment.list",
            {
                "filter": {"ENTITY_ID": ref.id, "ENTITY_TYPE": ref.kind.value},
                "select": ["ID", "COMMENT"],
                "order": {"ID": "DESC"},
            },
        )
    return client.Command(
        "crm.timeline.logmessage.list",
        {"entityTypeId": names.type_id(ref), "entityId": ref.id, "order": {"id": "DESC"}},
    )


def found(result: Any, act: intents.Comment | intents.LogEntry, key: intents.WishKey) -> int | None:
    """The id of the entry that ends with the wish's tail."""
    if isinstance(act, intents.Comment):
        rows, text, number = parsing.rows_of(result), "COMMENT", "ID"
    else:
        rows, text, number = parsing.rows_of(result, "logMessages"), "text", "id"
    own = tail(key).strip()
    return next(
        (values.required_id(raw.get(number)) for raw in rows if own in str(raw.get(text) or "")), None
    )


def made(result: Any) -> int | None:
    """The id in the answer of an add: a bare number, or a log message."""
    if isinstance(result, Mapping):
        inner = result.get("logMessage")
        return values.ident(inner.get("id")) if isinstance(inner, Mapping) else None
    return values.ident(result)


def owner(entity_type: Any, number: Any) -> ports.Thing | None:
    """Whose timeline it is; None for kinds that we don't follow."""
    name = str(entity_type or "").lower()
    return names.thing(names.TYPE_OF.get(name), values.ident(number))
