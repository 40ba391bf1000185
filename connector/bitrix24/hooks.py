"""Doorbells: the bytes of an outgoing webhook -> what may have changed. Pure.

Everything in a body is a claim by a stranger until the token is compared. Caps come before parsing. Event names count
whatever their case; an unknown event is no error, it names no thing. Task events write `undefined` for an absent side;
comment events come with and without FIELDS (reference §4.2, §4.3).
"""

from __future__ import annotations

import functools
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass

from connector import ports

MAX_BODY, MAX_FIELDS, MAX_DEPTH, MAX_KEY = 64 * 1024, 200, 5, 200
_SUBJECTS: Mapping[str, ports.Kind] = {
    "ONCRMDEAL": ports.Kind.DEAL,
    "ONCRMLEAD": ports.Kind.LEAD,
    "ONCRMCONTACT": ports.Kind.CONTACT,
    "ONCRMCOMPANY": ports.Kind.COMPANY,
    "ONCRMACTIVITY": ports.Kind.ACTIVITY,
    "ONCRMTIMELINECOMMENT": ports.Kind.COMMENT,
    "ONTASK": ports.Kind.TASK,
}
_VERBS = ("ADD", "UPDATE", "DELETE", "MOVETOCATEGORY")
_ID_KEYS = ("data[FIELDS][ID]", "data[ID]", "data[FIELDS_AFTER][ID]", "data[FIELDS_BEFORE][ID]")
_TASK_KEYS = ("data[FIELDS_AFTER][TASK_ID]", "data[FIELDS_BEFORE][TASK_ID]")


class Malformed(ValueError):
    """Not a form of the portal's, or too large, wide or deep. The text says no more than that."""


@dataclass(frozen=True, slots=True)
class Bell:
    event: str
    """Upper-case, as sent otherwise."""
    thing: ports.Thing | None
    """None for an event that concerns nobody here."""
    gone: bool
    token: bytes
    domain: str
    member_id: str


def parse(body: bytes) -> Bell:
    """Raises Malformed."""
    found = form(body)
    event = found.get("event", "").strip().upper()
    if not event:
        raise Malformed("нет имени события")
    return Bell(
        event=event[:80],
        thing=_thing(event, found),
        gone=event.endswith("DELETE"),
        token=found.get("auth[application_token]", "").encode(),
        domain=found.get("auth[domain]", "").lower(),
        member_id=found.get("auth[member_id]", ""),
    )


def form(body: bytes) -> dict[str, str]:
    if len(body) > MAX_BODY:
        raise Malformed("слишком большое тело")
    if body.count(b"&") >= MAX_FIELDS:
        raise Malformed("слишком много полей")
    found: dict[str, str] = {}
    try:
        for pair in body.decode("ascii").split("&"):
            name, told, value = pair.partition("=")
            if not told:
                raise Malformed("не форма")
            found.setdefault(_key(name), _plain(value))
    except UnicodeError:
        raise Malformed("не форма") from None
    return found


def _plain(text: str) -> str:
    """Form decoding, by hand and not by `parse_qsl`: thousands of doorbells a second go this way."""
    if "%" not in text and "+" not in text:
        return text
    return urllib.parse.unquote(text.replace("+", " "), errors="strict")


@functools.lru_cache(maxsize=256)
def _key(name: str) -> str:
    """The portal's keys are few and always the same."""
    key = _plain(name)
    if len(key) > MAX_KEY or key.count("[") > MAX_DEPTH:
        raise Malformed("слишком глубоко")
    return key


def _thing(event: str, form: Mapping[str, str]) -> ports.Thing | None:
    if event.startswith("ONTASKCOMMENT"):
        return _of_keys(ports.Kind.TASK, form, _TASK_KEYS)
    for prefix, kind in _SUBJECTS.items():
        if event.startswith(prefix) and event.removeprefix(prefix) in _VERBS:
            return _of_keys(kind, form, _ID_KEYS)
    return None


def _of_keys(kind: ports.Kind, form: Mapping[str, str], keys: tuple[str, ...]) -> ports.Thing | None:
    for key in keys:
        text = form.get(key, "")
        if text.isascii() and text.isdigit() and 0 < len(text) <= 15 and int(text) > 0:
            return ports.Thing(kind, int(text))
    return None
