"""The first copy: every card or client of a kind, by keyset, some 2,500 to a request, in constant memory.

Pages are chained inside a batch: each asks for ids above the last one of the page before. After a short or failed page
the rest of the chain is thrown away unread: its references led nowhere, and what a portal answers then is nowhere
written. Ids must rise strictly. Open cards come first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, names, parsing, phpquery, values
from robots import model

Page = list[dict[str, Any]]
_OPEN: Mapping[str, Any] = {"=stageSemanticId": "P"}
_CLOSED: Mapping[str, Any] = {"@stageSemanticId": ["S", "F"]}


async def copy(
    at: desk.Desk, kind: ports.Kind, below: int | None
) -> AsyncIterator[Sequence[ports.CopiedCard] | Sequence[ports.CopiedClient]]:
    """`below`: the newest id to copy; None: all."""
    if kind in (ports.Kind.DEAL, ports.Kind.LEAD):
        for part in (_OPEN, _CLOSED):
            async for page in _pages(at, kind, below, part):
                yield _cards(at, model.CardKind(kind.value), page)
    elif kind in (ports.Kind.CONTACT, ports.Kind.COMPANY):
        async for page in _pages(at, kind, below, {}):
            yield _clients(at, model.ClientKind(kind.value), page)
    else:
        raise ValueError(f"nothing to copy of kind {kind}")


async def ids(at: desk.Desk, kind: model.CardKind) -> AsyncIterator[Sequence[int]]:
    """Ids alone, for the daily count of who is still there."""
    async for page in _pages(at, ports.Kind(kind.value), None, {}, select=("id",)):
        yield [values.required_id(raw.get("id")) for raw in page]


async def _pages(
    at: desk.Desk,
    kind: ports.Kind,
    below: int | None,
    part: Mapping[str, Any],
    select: Sequence[str] | None = None,
) -> AsyncIterator[Page]:
    last, more = 0, True
    while more:
        chain = [_page(kind, last, below, part, n, select) for n in range(at.settings.chain)]
        outcomes = await at.client.group(chain, lane=ports.Lane.BACKFILL)
        for n, outcome in enumerate(outcomes):
            if isinstance(outcome, errors.PortalError):
                if n == 0:
                    raise outcome
                break
            page = parsing.rows_of(outcome.result, "items")
            last = _rising(page, last)
            more = len(page) >= names.PAGE
            if page:
                yield page
            if not more:
                break


def _page(
    kind: ports.Kind,
    last: int,
    below: int | None,
    part: Mapping[str, Any],
    n: int,
    select: Sequence[str] | None,
) -> client.Command:
    card = kind in (ports.Kind.DEAL, ports.Kind.LEAD)
    key, path = ("id", ("items", names.PAGE - 1, "id")) if card else ("ID", (names.PAGE - 1, "ID"))
    after: Any = phpquery.Ref(f"p{n - 1}", *path) if n else last
    bound = {f"<={key}": below} if below is not None else {}
    params: dict[str, Any] = {
        "filter": {f">{key}": after, **bound, **part},
        "order": {key: "ASC"},
        "start": -1,
    }
    if card:
        params |= {"entityTypeId": names.TYPE_OF[kind.value], "select": list(select or names.CARD_SELECT)}
        return client.Command("crm.item.list", params, name=f"p{n}")
    params["select"] = list(names.CLIENT_SELECT[kind.value])
    return client.Command(f"crm.{kind.value}.list", params, name=f"p{n}")


def _rising(page: Page, last: int) -> int:
    for raw in page:
        number = values.required_id(raw.get("id", raw.get("ID")))
        if number <= last:
            raise errors.Unreadable("копирование: номера не растут, портал понял запрос иначе")
        last = number
    return last


def _cards(at: desk.Desk, kind: model.CardKind, page: Page) -> list[ports.CopiedCard]:
    """A card that can't be read is left out: the mirror's absence says nothing, its own look will tell."""
    found = []
    for raw in page:
        try:
            card = parsing.card(kind, raw, at.context)
        except errors.Unreadable as error:
            at.troubles[f"copy:{kind.value}"] = error.text
            continue
        contacts = tuple(model.ClientRef(model.ClientKind.CONTACT, number) for number in card.contacts)
        company = (model.ClientRef(model.ClientKind.COMPANY, card.company),) if card.company else ()
        found.append(ports.CopiedCard(card, contacts + company))
    return found


def _clients(at: desk.Desk, kind: model.ClientKind, page: Page) -> list[ports.CopiedClient]:
    read, troubles = parsing.readable(page, kind, at.context)
    if troubles:
        at.troubles[f"copy:{kind.value}"] = troubles[0].text
    key = at.settings.comm_key
    return [
        ports.CopiedClient(one, tuple(parsing.comm_hash(comm, key) for comm in parsing.normal_comms(one)))
        for one in read
    ]
