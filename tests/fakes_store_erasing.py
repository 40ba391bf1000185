"""The erasure of `fakes_store.MemoryStore`: the guard of its writes, and the scrubbing of what it kept."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

from connector import ports
from connector.store import codec, erasing
from robots import forgetting, model
from tests import fakes_store_world as memory_rows


class MemoryErasure(ports.Erasure):
    def __init__(self, world: memory_rows.World) -> None:
        self._world = world

    async def marks(self, portal: model.PortalId, key: bytes) -> forgetting.Marks:
        rows = self._world.portals[portal]
        return forgetting.marks(rows.no_copy, key) if rows.no_copy else forgetting.Marks()

    async def known(
        self, portal: model.PortalId, key: bytes, refs: Collection[str], comms: Collection[str]
    ) -> tuple[ports.Known, ...]:
        rows = self._world.portals[portal]
        found = {ref for ref in refs if not ref.startswith("lead:")}
        found |= {str(ref) for ref, copy in rows.clients.items() if set(copy.comms) & set(comms)}
        clients = [one for ref in sorted(found) if (one := _client(rows, ref))]
        return (*clients, *_leads(rows, key, refs, comms))

    async def alone(
        self, portal: model.PortalId, words: Collection[str], but: Collection[str]
    ) -> frozenset[str]:
        rows = self._world.portals[portal]
        names = [_names(copy.client) for ref, copy in rows.clients.items() if str(ref) not in but]
        names += [_lead_names(card) for card in _lead_cards(rows) if str(card.ref) not in but]
        return frozenset(words) - {word for name in names for word in forgetting.words(" ".join(name))}

    async def traces(self, portal: model.PortalId, marks: forgetting.Marks) -> Mapping[str, int]:
        return _scrub(self._world.portals[portal], marks, dry=True)

    async def forget(
        self, portal: model.PortalId, written: Collection[str], key: bytes, at: datetime
    ) -> None:
        rows = self._world.write(portal)
        rows.notes.setdefault(erasing.DIGEST_KEY, codec.dump_json(key.hex()))
        rows.no_copy |= set(written)
        for ref, row in rows.cards.items():
            if str(ref) in written or {str(one) for one in rows.links.get(ref, ())} & set(written):
                row.memory = dataclasses.replace(row.memory, comms="")

    async def erase(self, portal: model.PortalId, marks: forgetting.Marks) -> Mapping[str, int]:
        return _scrub(self._world.write(portal), marks, dry=False)


def guard(rows: memory_rows.Rows) -> forgetting.Marks:
    """What every write is scrubbed by."""
    if not rows.no_copy:
        return forgetting.Marks()
    return forgetting.marks(rows.no_copy, bytes.fromhex(codec.load_json(rows.notes[erasing.DIGEST_KEY])))


def _client(rows: memory_rows.Rows, name: str) -> ports.Known | None:
    ref = codec.client_ref(name)
    copy = rows.clients.get(ref)
    own = set(copy.comms) if copy else set()
    others = {comm for other, each in rows.clients.items() if other != ref for comm in each.comms}
    cards = tuple(sorted(str(card) for card, linked in rows.links.items() if ref in linked))
    if copy is None and not cards:
        return None
    names = _names(copy.client) if copy else ()
    return ports.Known(name, names, frozenset(own - others), len(own & others), cards)


def _names(client: model.Client) -> tuple[str, ...]:
    return tuple(name for name in (client.name, client.last_name, client.second_name) if name)


def _lead_cards(rows: memory_rows.Rows) -> list[model.Card]:
    cards = (row.memory.card for ref, row in rows.cards.items() if ref.kind is model.CardKind.LEAD)
    return [card for card in cards if card is not None]


def _lead_names(card: model.Card) -> tuple[str, ...]:
    values = (card.value(model.FieldCode(code)) for code in ("name", "lastName", "secondName"))
    return tuple(value for value in values if isinstance(value, str) and value)


def _leads(
    rows: memory_rows.Rows, key: bytes, refs: Collection[str], comms: Collection[str]
) -> list[ports.Known]:
    wanted, found = forgetting.Marks(key, comms=frozenset(comms)), []
    for card in sorted(_lead_cards(rows), key=lambda one: one.ref):
        own = [
            text
            for code in ("phone", "email")
            for text in forgetting.strings(card.value(model.FieldCode(code)))
        ]
        if str(card.ref) in refs or any(wanted.knows_comm(text) for text in own):
            marks = (forgetting.comm_mark(text, key) for text in own)
            bare = frozenset(one.removeprefix(forgetting.COMM) for one in marks if one)
            found.append(ports.Known(str(card.ref), _lead_names(card), bare, 0, (str(card.ref),)))
    return found


def _scrub(rows: memory_rows.Rows, marks: forgetting.Marks, *, dry: bool) -> Counter[str]:
    found: Counter[str] = Counter()
    for ref in [ref for ref in rows.clients if str(ref) in marks.refs]:
        found["clients"] += 1
        found["comms"] += len(rows.clients[ref].comms)
        if not dry:
            del rows.clients[ref]
    for client in rows.clients.values():
        if marks.client(client.client) != client.client and str(client.client.ref) not in marks.refs:
            found["clients"] += 1
            if not dry:
                rows.clients[client.client.ref] = dataclasses.replace(
                    client, client=marks.client(client.client)
                )
    _scrub_cards(rows, marks, found, dry)
    _scrub_texts(rows, marks, found, dry)
    return +found


def _scrub_cards(rows: memory_rows.Rows, marks: forgetting.Marks, found: Counter[str], dry: bool) -> None:
    for row in rows.cards.values():
        card = row.memory.card
        if card is not None and marks.card(card) != card:
            found["cards"] += 1
            if not dry:
                row.memory = dataclasses.replace(row.memory, card=marks.card(card))
    for wish in rows.wishes.values():
        new, note = marks.wish(wish.wish), marks.text(wish.note)
        if (new, note) != (wish.wish, wish.note):
            found["ledger"] += 1
            if not dry:
                wish.wish, wish.note = new, note


def _scrub_texts(rows: memory_rows.Rows, marks: forgetting.Marks, found: Counter[str], dry: bool) -> None:
    for at, (ref, look) in enumerate(rows.looks):
        trace = tuple(dataclasses.replace(line, reason=marks.text(line.reason)) for line in look.trace)
        if trace != look.trace:
            found["looks"] += 1
            if not dry:
                rows.looks[at] = ref, dataclasses.replace(look, trace=trace)
    for dirty in rows.dirty.values():
        if marks.text(dirty.why) != dirty.why:
            found["parked"] += 1
            if not dry:
                dirty.why = marks.text(dirty.why)
    for name, text in list(rows.notes.items()):
        new = codec.dump_json(erasing.walked(marks, codec.load_json(text)))
        if new != text and name != erasing.DIGEST_KEY:
            found["notes"] += 1
            if not dry:
                rows.notes[name] = new
