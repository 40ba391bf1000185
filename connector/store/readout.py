"""Reports' reading of the copy: cards with their stays, in pages by key, one snapshot for all of them.

Law: nothing is gathered here but one page; the caller's plain function takes the lives as they come and keeps its
counters. It runs in the store's reading thread, so that a report beside a daemon keeps nobody waiting.
Bodies are JSON text and mostly texts of people: the database itself picks the few values a report needs. Both dialects
answer a card's or a stay's values as one JSON array, which for stays is one of some dozen texts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from connector.store import codec, engine, tables
from robots import changes, model
from robots.insight import rows

T = TypeVar("T")
CARDS, VISITS = tables.cards.c, tables.visits.c
PAGE = 2_000
"""Cards read at once."""
CARD = (
    ("pipeline",),
    ("stage",),
    ("semantic",),
    ("created",),
    ("responsible",),
    ("lead",),
    ("fields", "sourceId"),
)
WORTH = (("fields", "opportunity"), ("fields", "closedate"), ("fields", "movedTime"))
STAY = (("pipeline",), ("stage",), ("semantic",))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lives, and what of them; the less, the quicker."""

    kinds: Collection[model.CardKind] = tuple(model.CardKind)
    since: int | None = None
    """Seconds: cards last touched before this moment are left out …"""
    open_too: bool = True
    """… save the open ones."""
    only_open: bool = False
    stays: bool = True
    worth: bool = True
    """Sums, planned days and the moment of the last move too."""
    people: Collection[str] = ()
    """Codes of the fields of kind «employee» to bring along."""
    handovers: bool = False


class Readout:
    def __init__(self, database: engine.Engine) -> None:
        self._engine = database

    async def lives(
        self, portal: model.PortalId, wanted: Wanted, report: Callable[[Iterator[rows.Life]], T]
    ) -> T:
        """What `report` makes of the lives; of each kind's cards in the order of their keys."""
        return await self._engine.read(lambda conn: report(walk(conn, portal, wanted)))


def walk(conn: sa.Connection, portal: str, wanted: Wanted) -> Iterator[rows.Life]:
    places: dict[str, rows.Place] = {}
    for kind in sorted(wanted.kinds):
        last = ""
        while page := _cards(conn, portal, kind, wanted, last):
            names = [row[0] for row in page]
            stays = _stays(conn, portal, names, places) if wanted.stays else {}
            for row in page:
                yield _life(row, wanted, stays.get(row[0], ()))
            if len(page) < PAGE:
                break
            last = names[-1]


def _mine(portal: str, kind: model.CardKind, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    mine = [CARDS.portal == portal, CARDS.card.startswith(f"{kind.value}:"), CARDS.deleted == 0]
    if wanted.only_open:
        mine.append(CARDS.closed == 0)
    if wanted.since is not None:
        touched = CARDS.updated >= wanted.since * codec.SECOND
        mine.append((CARDS.closed == 0) | touched if wanted.open_too else touched)
    return [*mine, CARDS.body.is_not(None)]


def _cards(conn: sa.Connection, portal: str, kind: model.CardKind, wanted: Wanted, last: str) -> list[Any]:
    paths = (*CARD, *(WORTH if wanted.worth else ()), *(("fields", code) for code in wanted.people))
    picked = [CARDS.card, CARDS.updated, _picked(conn, CARDS.body, paths)]
    if wanted.handovers:
        # Twice: SQLite answers an array only for two paths and more.
        picked.append(_picked(conn, CARDS.memory, (("changes", changes.RESPONSIBLE),) * 2))
    query = (
        sa.select(*picked)
        .where(*_mine(portal, kind, wanted), CARDS.card > last)
        .order_by(CARDS.card)
        .limit(PAGE)
    )
    return _fetched(conn, query)


def _stays(
    conn: sa.Connection, portal: str, names: list[str], places: dict[str, rows.Place]
) -> Mapping[str, tuple[rows.Stay, ...]]:
    found: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for part in engine.chunks(names):
        query = sa.select(VISITS.card, VISITS.entered, VISITS.row, _picked(conn, VISITS.body, STAY)).where(
            VISITS.portal == portal, VISITS.card.in_(part)
        )
        for card, entered, row, text in _fetched(conn, query):
            found[card].append((entered, row or 0, text))
    made: dict[str, tuple[rows.Stay, ...]] = {}
    for card, stays in found.items():
        stays.sort()
        made[card] = tuple(
            [rows.Stay(places.get(text) or _place(text, places), at // codec.SECOND) for at, _, text in stays]
        )
    return made


def _fetched(conn: sa.Connection, query: sa.Select[Any]) -> list[Any]:
    """All rows as the driver's own tuples: texts and whole numbers need none of SQLAlchemy's care, which a million
    rows pay for."""
    with conn.execute(query) as result:
        return list(result.cursor.fetchall()) if result.cursor is not None else []


def _place(text: str, places: dict[str, rows.Place]) -> rows.Place:
    pipeline, stage, semantic = json.loads(text)
    made = rows.Place(model.PipelineId(pipeline), model.StageId(stage), model.Semantic(semantic))
    return places.setdefault(text, made)


def _life(row: Any, wanted: Wanted, stays: tuple[rows.Stay, ...]) -> rows.Life:
    pipeline, stage, semantic, created, responsible, lead, source, *fields = json.loads(row[2])
    money, planned, moved, *people = fields if wanted.worth else (None, None, None, *fields)
    counted = json.loads(row[3])[0] if len(row) > 3 else 0
    return rows.Life(
        codec.card_ref(row[0]),
        rows.Place(model.PipelineId(pipeline), model.StageId(stage), model.Semantic(semantic)),
        _seconds(created),
        (row[1] or 0) // codec.SECOND,
        None if responsible is None else model.UserId(responsible),
        source if isinstance(source, str) else "",
        Decimal(money["m"][0]) if isinstance(money, dict) and "m" in money else _NOTHING,
        money["m"][1] if isinstance(money, dict) and "m" in money else "",
        date.fromisoformat(planned["y"]) if isinstance(planned, dict) and "y" in planned else None,
        lead,
        max(0, (counted or 0) - 1),  # the first look itself is change number 1
        tuple((code, _people(held)) for code, held in zip(wanted.people, people, strict=True) if held),
        stays,
        _seconds(moved["t"]) if isinstance(moved, dict) and "t" in moved else None,
    )


_NOTHING = Decimal(0)


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


def _people(held: Any) -> tuple[int, ...]:
    many = held if isinstance(held, list) else [held]
    return tuple(one for one in many if isinstance(one, int) and not isinstance(one, bool))


def _picked(
    conn: sa.Connection, body: sa.ColumnElement[str], paths: Collection[tuple[str, ...]]
) -> sa.ColumnElement[str]:
    """A JSON array of what stands at each of two or more paths, null where nothing does."""
    if conn.dialect.name == "postgresql":
        document = sa.cast(body, postgresql.JSON)
        values = (sa.func.json_extract_path(document, *path) for path in paths)
        return sa.cast(sa.func.json_build_array(*values), sa.Text)
    quoted = ("$" + "".join(f'."{name}"' for name in path) for path in paths)
    return sa.func.json_extract(body, *quoted)
