"""The kinds of robots: one module each, and the table by which the engine finds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from robots.kinds import (
    activity,
    assign,
    base,
    calculate,
    call_url,
    chat,
    code,
    comment,
    convert,
    document,
    duplicates,
    fill_field,
    hand_over,
    invoice,
    log,
    message,
    move,
    notify,
    observers,
    set_fields,
    stage_task,
    stale,
    triage,
    unattended,
    validate,
    without_task,
)

KINDS: Mapping[str, base.Kind] = {
    "activity": cast(base.Kind, activity),
    "assign": cast(base.Kind, assign),
    "calculate": cast(base.Kind, calculate),
    "call_url": cast(base.Kind, call_url),
    "chat": cast(base.Kind, chat),
    "code": cast(base.Kind, code),
    "comment": cast(base.Kind, comment),
    "convert": cast(base.Kind, convert),
    "document": cast(base.Kind, document),
    "duplicates": cast(base.Kind, duplicates),
    "fill": cast(base.Kind, fill_field),
    "hand_over": cast(base.Kind, hand_over),
    "invoice": cast(base.Kind, invoice),
    "log": cast(base.Kind, log),
    "message": cast(base.Kind, message),
    "move": cast(base.Kind, move),
    "notify": cast(base.Kind, notify),
    "observers": cast(base.Kind, observers),
    "set": cast(base.Kind, set_fields),
    "stale": cast(base.Kind, stale),
    "task": cast(base.Kind, stage_task),
    "triage": cast(base.Kind, triage),
    "unattended": cast(base.Kind, unattended),
    "validate": cast(base.Kind, validate),
    "without_task": cast(base.Kind, without_task),
}
