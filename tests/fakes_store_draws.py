"""Draws from queues in `fakes_store.MemoryStore`, kept as the database keeps them: notes of the portal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from connector import ports
from connector.store import codec, drawing
from robots import draws, model
from tests import fakes_store_world as memory_rows


def drawn(rows: memory_rows.Rows, looked: Sequence[ports.Looked]) -> Sequence[ports.Looked]:
    if not any(wish.pick for look in looked for wish in look.wishes):
        return looked
    known = {key: draws.who(row.wish.act) for key, row in rows.wishes.items()}
    tallies = {
        name.removeprefix(drawing.PREFIX): drawing.load(codec.load_json(text))
        for name, text in rows.notes.items()
        if name.startswith(drawing.PREFIX)
    }
    made = draws.Drawing(tallies, known, lambda asked: _load(rows, asked))
    settled = [drawing.settled(look, made) for look in looked]
    for queue, tally in tallies.items():
        rows.notes[f"{drawing.PREFIX}{queue}"] = codec.dump_json(drawing.dump(tally))
    return settled


def _load(rows: memory_rows.Rows, asked: Collection[model.CardRef]) -> draws.Load:
    opened = {
        ref: row.memory.card
        for ref, row in rows.cards.items()
        if row.memory.card is not None and not row.memory.card.closed and not row.memory.deleted
    }
    counts = Counter(card.responsible for card in opened.values() if card.responsible is not None)
    return draws.Load(dict(counts), {ref: opened[ref].responsible for ref in asked if ref in opened})
