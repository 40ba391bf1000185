"""Reports' reading of the copy: cards with their stays, in pages by key, one snapshot for all of them.

Law: nothing is gathered here but one page; the caller's plain function takes the lives as they come and keeps its
counters. It runs in the store's reading thread, so that a report beside a daemon keeps nobody waiting.
Bodies are JSON text and mostly texts of people: the database itself picks the few values a report needs. Both dialects
answer a card's values as one JSON array, and a place as another, which is one of some dozen texts: it is read once.
What is done for each of a million stays is done without a call of Python where that can be.
"""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from connector.store import codec, engine, tables
from robots import changes, model
from robots.insight import rows

T = TypeVar("T")
CARDS, VISITS = tables.cards.c, tables.visits.c
PAGE = 5_000
"""Cards read at once."""
TAB = "\t"
Cards: TypeAlias = list[list[str]]
"""[name, updated, place, values] and the count of handovers where it is wanted; by name."""
Page: TypeAlias = tuple[model.CardKind, Cards, list[str]]
"""With its cards' stays."""
CARD = (
    ("created",),
    ("responsible",),
    ("lead",),
    ("fields", "sourceId"),
)
WORTH = (("fields", "opportunity"), ("fields", "closedate"), ("fields", "movedTime"))
PLACE = (("pipeline",), ("stage",), ("semantic",))


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

        def work(conn: sa.Connection) -> T:
            # Closed before the transaction is: a report that fails leaves no thread at the connection.
            with contextlib.closing(walk(conn, portal, wanted)) as found:
                return report(found)

        return await self._engine.read(work)


def walk(conn: sa.Connection, portal: str, wanted: Wanted) -> Generator[rows.Life, None, None]:
    places = _Places()
    pages = _pages(conn, portal, wanted)
    # One thread waits for the database while the other reckons; PostgreSQL's driver lives in its own thread's loop.
    with contextlib.closing(_ahead(pages) if conn.dialect.name == "sqlite" else pages) as coming:
        for kind, cards, stays in coming:
            past = _past(stays, places)
            for card in cards:
                yield _life(card, kind, wanted, places[card[2]], past.get(card[0], ()))


def _pages(conn: sa.Connection, portal: str, wanted: Wanted) -> Generator[Page, None, None]:
    for kind in sorted(wanted.kinds):
        last = ""
        while cards := _cards(conn, portal, kind, wanted, last):
            names = [card[0] for card in cards]
            yield kind, cards, _stays(conn, portal, names) if wanted.stays else []
            if len(cards) < PAGE:
                break
            last = names[-1]


def _ahead(pages: Iterator[Page]) -> Generator[Page, None, None]:
    """The same pages, each fetched while the one before is being worked at."""
    with futures.ThreadPoolExecutor(1, thread_name_prefix="store-pages") as thread:
        coming = thread.submit(next, pages, None)
        while (page := coming.result()) is not None:
            coming = thread.submit(next, pages, None)
            yield page


def _mine(portal: str, kind: model.CardKind, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    mine = [CARDS.portal == portal, CARDS.card.startswith(f"{kind.value}:"), CARDS.deleted == 0]
    if wanted.only_open:
        mine.append(CARDS.closed == 0)
    if wanted.since is not None:
        touched = CARDS.updated >= wanted.since * codec.SECOND
        mine.append((CARDS.closed == 0) | touched if wanted.open_too else touched)
    return [*mine, CARDS.body.is_not(None)]


def _cards(conn: sa.Connection, portal: str, kind: model.CardKind, wanted: Wanted, last: str) -> Cards:
    paths = (*CARD, *(WORTH if wanted.worth else ()), *(("fields", code) for code in wanted.people))
    picked = [CARDS.card, sa.func.coalesce(CARDS.updated, 0)]
    picked += [_picked(conn, CARDS.body, PLACE), _picked(conn, CARDS.body, paths)]
    if wanted.handovers:
        # Twice: SQLite answers an array only for two paths and more.
        picked.append(_picked(conn, CARDS.memory, (("changes", changes.RESPONSIBLE),) * 2))
    page = (
        sa.select(_line(picked, TAB))
        .where(*_mine(portal, kind, wanted), CARDS.card > last)
        .order_by(CARDS.card)
        .limit(PAGE)
    )
    return sorted([line.split(TAB) for line in _lines(conn, page)])


def _stays(conn: sa.Connection, portal: str, names: list[str]) -> list[str]:
    """`deal:12 <entered> <row> <place>`, in any order."""
    picked = [VISITS.card, VISITS.entered, sa.func.coalesce(VISITS.row, 0), _picked(conn, VISITS.body, PLACE)]
    mine = (VISITS.portal == portal, VISITS.card.in_(_listed(conn, names)))
    return _lines(conn, sa.select(_line(picked, " ")).where(*mine))


def _listed(conn: sa.Connection, names: list[str]) -> sa.Select[tuple[str]]:
    """The names as one value: a parameter for each of them is written into the statement anew for every page, and many
    small statements wait for the other thread's turn at the interpreter's lock more often than one."""
    text = json.dumps(names)
    if conn.dialect.name == "postgresql":
        array = sa.cast(sa.literal(text, sa.Text), postgresql.JSON)
        return sa.select(sa.func.json_array_elements_text(array))
    return sa.select(sa.func.json_each(text).table_valued("value").c.value)


def _line(picked: Sequence[sa.ColumnElement[Any]], between: str) -> sa.Label[str]:
    first, *others = (sa.cast(one, sa.Text) for one in picked)
    made: sa.ColumnElement[str] = first
    for one in others:
        made = made.concat(between).concat(one)
    return made.label("line")


def _lines(conn: sa.Connection, query: sa.Select[Any]) -> list[str]:
    """All lines as one text: a row by itself costs more to hand over than all that is done with it, and while the database
    works at one row the other thread may work too. JSON has no tab and no line's end in it."""
    all_of_them = query.subquery()
    text = conn.execute(sa.select(sa.func.aggregate_strings(all_of_them.c.line, "\n"))).scalar_one()
    return text.split("\n") if text else []


def _past(stays: list[str], places: _Places) -> Mapping[str, tuple[rows.Stay, ...]]:
    found: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for line in stays:
        card, entered, row, place = line.split(" ", 3)
        found[card].append((int(entered), int(row), place))
    for times in found.values():
        times.sort()
    new, stay, second = tuple.__new__, rows.Stay, codec.SECOND
    return {
        card: tuple([new(stay, (places[place], at // second)) for at, _, place in times])
        for card, times in found.items()
    }


class _Places(dict[str, rows.Place]):
    """[pipeline, stage, semantic] as JSON text -> the place."""

    def __missing__(self, text: str) -> rows.Place:
        pipeline, stage, semantic = json.loads(text)
        made = rows.Place(model.PipelineId(pipeline), model.StageId(stage), model.Semantic(semantic))
        return self.setdefault(text, made)


_read = json.JSONDecoder().raw_decode
"""text -> (value, end): the database's own JSON needs no look for spaces around it."""


def _life(
    card: list[str], kind: model.CardKind, wanted: Wanted, place: rows.Place, stays: tuple[rows.Stay, ...]
) -> rows.Life:
    created, responsible, lead, source, *fields = _read(card[3])[0]
    money, planned, moved, *people = fields if wanted.worth else (None, None, None, *fields)
    counted = _read(card[4])[0][0] if len(card) > 4 else 0
    return rows.Life(
        model.CardRef(kind, int(card[0].partition(":")[2])),
        place,
        _seconds(created),
        int(card[1]) // codec.SECOND,
        None if responsible is None else model.UserId(responsible),
        source if isinstance(source, str) else "",
        Decimal(money["m"][0]) if isinstance(money, dict) and "m" in money else _NOTHING,
        money["m"][1] if isinstance(money, dict) and "m" in money else "",
        date.fromisoformat(planned["y"]) if isinstance(planned, dict) and "y" in planned else None,
        lead,
        max(0, (counted or 0) - 1),  # the first look itself is change number 1
        tuple((code, _people(held)) for code, held in zip(wanted.people, people, strict=True) if held)
        if people
        else (),
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
