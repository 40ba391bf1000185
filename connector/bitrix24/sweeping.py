"""The sweep: what changed since the last one, in one batch: nine commands when little did, some forty when much.

Cursors are opaque JSON kept by the caller; moments in them are the portal's own. History is read by row id, again from
the row that was the newest five minutes ago: rows are born in id order and may be seen late. Items are read by
(updatedTime, id); the last seconds are read twice, for what became visible late or changed again within its second.
A full page sets `more`: the caller sweeps again at once, from where this one stopped. Of what was full the next sweep
asks several pages, each for what follows the last of the page before; after a short or failed page the rest of them is
thrown away unread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, names, parsing, phpquery, reading, values
from robots import model

_ITEMS = ("deal", "lead", "contact", "company")
_HISTORIES = tuple(model.CardKind)
_VITAL = ("history:deal", "items:deal")
DEEP = 32
"""Pages that a sweep asks beyond the first ones, where much changed."""
Cursor = Mapping[str, Any]
_Ask = Callable[[Mapping[str, Any], int], client.Command]
"""Cursors, page from 0 -> what to ask."""


@dataclass(slots=True)
class _Part:
    """One command's harvest: what was seen, the cursor to go on from, whether the page was full."""

    seen: list[ports.Seen]
    cursor: Any
    full: bool = False


async def sweep(at: desk.Desk, cursors: Mapping[str, Any]) -> ports.Swept:
    cursors = await _begun(at, cursors)
    commands = _commands(at, cursors)
    outcomes = await at.client.group(commands, lane=ports.Lane.SWEEP)
    desk.raise_closed(outcomes)
    now = _portal_now(at, outcomes[0])
    pages: defaultdict[str, list[client.Outcome]] = defaultdict(list)
    for command, outcome in zip(commands[1:], outcomes[1:], strict=True):
        pages[command.name.partition("/")[0]].append(outcome)
    parts: dict[str, _Part] = {}
    for name, answers in pages.items():
        try:
            parts[name] = _pages(at, name, cursors[name], answers, now)
            at.troubles.pop(name, None)
        except errors.PortalError as error:
            # One object that can't be swept doesn't stop the others, unless it is the deals; its cursor stays.
            if name in _VITAL:
                raise
            at.troubles[name] = error.text
    return ports.Swept(
        seen=tuple(seen for part in parts.values() for seen in part.seen),
        cursors={**cursors, **{name: part.cursor for name, part in parts.items()}},
        more=any(part.full for part in parts.values()),
        portal_now=now,
    )


def _result(outcome: client.Outcome) -> Any:
    if isinstance(outcome, errors.PortalError):
        raise outcome
    return outcome.result


async def _begun(at: desk.Desk, cursors: Mapping[str, Any]) -> dict[str, Any]:
    """Cursors with those that aren't there yet set to now."""
    wanted = [f"items:{name}" for name in _ITEMS] + ["tasks"]
    wanted += ["activities"] if at.settings.sweep_activities else []
    histories = [f"history:{kind.value}" for kind in _HISTORIES]
    missing = [name for name in (*wanted, *histories) if name not in cursors]
    if not missing:
        return dict(cursors)
    marks = await reading.watermarks(at)
    answer = await at.client.call("server.time", lane=ports.Lane.SWEEP)
    now = values.required_moment(answer.result, at.client.portal_zone, "server.time")
    begun = dict(cursors)
    for name in missing:
        begun[name] = {"at": (now - timedelta(seconds=at.settings.sweep_overlap)).isoformat(), "id": 0}
    for kind in _HISTORIES:
        if f"history:{kind.value}" in missing:
            begun[f"history:{kind.value}"] = {"base": marks.rows[kind], "recent": []}
    return begun


def _portal_now(at: desk.Desk, outcome: client.Outcome) -> datetime:
    """Asked before the lists in the same batch: what they lack can only have changed later than this."""
    return values.required_moment(_result(outcome), at.client.portal_zone, "server.time")


# --- commands


def _commands(at: desk.Desk, cursors: Mapping[str, Any]) -> list[client.Command]:
    asked: list[_Ask] = [partial(_history, kind) for kind in _HISTORIES]
    asked += [partial(_items, name) for name in _ITEMS]
    asked.append(partial(_changed, "tasks", "tasks.task.list", "CHANGED_DATE"))
    if at.settings.sweep_activities:
        asked.append(partial(_changed, "activities", "crm.activity.list", "LAST_UPDATED"))
    firsts = [ask(cursors, 0) for ask in asked]
    much = [bool(cursors[first.name].get("full")) for first in firsts]
    more = range(1, 1 + DEEP // max(1, sum(much)))
    found = [client.Command("server.time", name="now")]
    for ask, first, full in zip(asked, firsts, much, strict=True):
        found += [first, *(ask(cursors, page) for page in more if full)]
    return found


def _after(name: str, page: int, *path: str | int) -> phpquery.Ref:
    """What the last row of the page before has there."""
    return phpquery.Ref(_named(name, page - 1), *path[:-1], names.PAGE - 1, path[-1])


def _named(name: str, page: int) -> str:
    return f"{name}/{page}" if page else name


def _history(kind: model.CardKind, cursors: Mapping[str, Any], page: int) -> client.Command:
    name = f"history:{kind.value}"
    begun = cursors[name].get("on") or cursors[name]["base"]
    return client.Command(
        "crm.stagehistory.list",
        {
            "entityTypeId": names.TYPE_OF[kind.value],
            "order": {"ID": "ASC"},
            "filter": {">ID": _after(name, page, "items", "ID") if page else begun},
            "start": -1,
        },
        name=_named(name, page),
    )


def _items(kind: str, cursors: Mapping[str, Any], page: int) -> client.Command:
    """First the rest of the cursor's own second, then what is younger."""
    name = f"items:{kind}"
    at = _after(name, page, "items", "updatedTime") if page else cursors[name]["at"]
    number = _after(name, page, "items", "id") if page else cursors[name]["id"]
    either = {"logic": "OR", "0": {"=updatedTime": at, ">id": number}, "1": {">updatedTime": at}}
    return client.Command(
        "crm.item.list",
        {
            "entityTypeId": names.TYPE_OF[kind],
            "select": ["id", "stageId", "updatedTime"],
            "filter": {"0": either},
            "order": {"updatedTime": "ASC", "id": "ASC"},
            "start": -1,
        },
        name=_named(name, page),
    )


def _changed(name: str, method: str, field: str, cursors: Mapping[str, Any], page: int) -> client.Command:
    """Tasks and activities know no OR: the cursor's second is read again, by pages."""
    cursor = cursors[name]
    return client.Command(
        method,
        {
            "select": ["ID", field],
            "filter": {f">={field}": cursor["at"]},
            "order": {field: "ASC", "ID": "ASC"},
            "start": cursor.get("start", 0) + page * names.PAGE,
        },
        name=_named(name, page),
    )


# --- answers


def _pages(at: desk.Desk, name: str, cursor: Cursor, pages: Sequence[client.Outcome], now: datetime) -> _Part:
    """The first page, and those after it as long as each was full and can be read: where one ends the next sweep begins."""
    part = _harvest(at, name, cursor, _result(pages[0]), now)
    for outcome in pages[1:]:
        try:
            more = _harvest(at, name, part.cursor, _result(outcome), now) if part.full else None
        except errors.PortalError:
            break
        if more is None:
            break
        part = _Part([*part.seen, *more.seen], more.cursor, more.full)
    return part if not part.full else replace(part, cursor={**part.cursor, "full": True})


def _harvest(at: desk.Desk, name: str, cursor: Cursor, result: Any, now: datetime) -> _Part:
    head, _, tail = name.partition(":")
    if head == "history":
        return _rows(at, model.CardKind(tail), cursor, parsing.rows_of(result, "items"), now)
    if head == "items":
        return _cards(at, ports.Kind(tail), cursor, parsing.rows_of(result, "items"), now)
    if head == "tasks":
        return _touched(at, ports.Kind.TASK, cursor, parsing.rows_of(result, "tasks"), "changedDate", now)
    return _touched(at, ports.Kind.ACTIVITY, cursor, parsing.rows_of(result), "LAST_UPDATED", now)


def _rows(
    at: desk.Desk, kind: model.CardKind, cursor: Cursor, rows: Sequence[Mapping[str, Any]], now: datetime
) -> _Part:
    seen = []
    recent = {int(row): float(stamp) for row, stamp in cursor["recent"]}
    for raw in rows:
        owner, visit = parsing.visit(kind, raw, at.context)
        row = visit.row or 0
        recent[row] = visit.entered.timestamp()
        seen.append(ports.Seen(ports.Thing(ports.Kind(kind.value), owner), visit.entered, visit.stage, row))
    full = len(rows) >= names.PAGE
    base = _base(int(cursor["base"]), recent, now.timestamp() - at.settings.history_overlap, at.settings.history_rows)  # fmt: skip
    kept = sorted((row, stamp) for row, stamp in recent.items() if row > base)
    on = {"on": max(recent)} if full and recent else {}
    return _Part(seen, {"base": base, "recent": [list(one) for one in kept], **on}, full)


def _base(base: int, recent: Mapping[int, float], before: float, most: int) -> int:
    """The row to read again from: the newest of those old enough to have no late elders, or the last but `most`."""
    old = [row for row, stamp in recent.items() if stamp < before]
    crowded = sorted(recent)[:-most] if len(recent) > most else []
    return max([base, *old, *crowded[-1:]])


def _cards(
    at: desk.Desk, kind: ports.Kind, cursor: Cursor, rows: Sequence[Mapping[str, Any]], now: datetime
) -> _Part:
    seen = []
    last = (
        values.required_moment(cursor["at"], now.tzinfo or at.client.portal_zone, "cursor"),
        int(cursor["id"]),
    )
    for raw in rows:
        number = values.required_id(raw.get("id"))
        updated = values.required_moment(raw.get("updatedTime"), at.client.portal_zone, "updatedTime")
        stage = values.text(raw.get("stageId"), "stageId")
        last = max(last, (updated, number))
        seen.append(ports.Seen(ports.Thing(kind, number), updated, model.StageId(stage) if stage else None))
    full = len(rows) >= names.PAGE
    settled = (now - timedelta(seconds=at.settings.sweep_overlap), 0)
    moment, number = last if full else min(last, settled) if seen else max(last, settled)
    return _Part(seen, {"at": moment.isoformat(), "id": number}, full)


def _touched(
    at: desk.Desk,
    kind: ports.Kind,
    cursor: Cursor,
    rows: Sequence[Mapping[str, Any]],
    field: str,
    now: datetime,
) -> _Part:
    """Pages of one question go on by `start`; once it is answered, the next one begins where this one was asked."""
    seen = []
    for raw in rows:
        number = values.required_id(raw.get("id", raw.get("ID")))
        seen.append(
            ports.Seen(ports.Thing(kind, number), values.moment(raw.get(field), at.client.portal_zone))
        )
    if len(rows) >= names.PAGE:
        begun = cursor.get("next", (now - timedelta(seconds=at.settings.sweep_overlap)).isoformat())
        return _Part(seen, {"at": cursor["at"], "start": int(cursor.get("start", 0)) + names.PAGE, "next": begun}, full=True)  # fmt: skip
    settled = cursor.get("next", (now - timedelta(seconds=at.settings.sweep_overlap)).isoformat())
    return _Part(seen, {"at": settled})
