"""A card as plain data of a story: values written into it, clients bound to it, the phones and e-mails it is found by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from robots import contacts, draws, intents, model
from robots import look as looks

COMMS = (model.FieldCode("phone"), model.FieldCode("email"))
"""Where a lead keeps its own."""


class Done(NamedTuple):
    """An act that happened on the stage."""

    at: datetime
    wish: intents.Wish
    state: intents.WishState


@dataclass(frozen=True, slots=True)
class Given:
    """With what a story begins."""

    card: model.Card
    clients: tuple[model.Client, ...] = ()
    matches: tuple[looks.Match, ...] = ()
    """What the portal's search would find by phones and e-mails."""


def written(card: model.Card, values: Mapping[model.FieldCode, model.Value]) -> model.Card:
    """The card with those values, its named attributes too."""
    fields = {**card.fields, **values}
    title, holder = fields.get(model.FieldCode("title")), fields.get(draws.RESPONSIBLE)
    responsible = model.UserId(holder) if isinstance(holder, int) else None
    return replace(card, fields=fields, title=str(title or ""), responsible=responsible)


def bound(card: model.Card, clients: tuple[model.Client, ...]) -> model.Card:
    of = {kind: tuple(one.ref.id for one in clients if one.ref.kind is kind) for kind in model.ClientKind}
    companies = of[model.ClientKind.COMPANY]
    return replace(card, contacts=of[model.ClientKind.CONTACT], company=companies[0] if companies else None)


def comms(card: model.Card, clients: tuple[model.Client, ...]) -> Iterator[str]:
    """In their normal form."""
    phones = [*texts(card.value(COMMS[0])), *(text for one in clients for text in one.phones)]
    emails = [*texts(card.value(COMMS[1])), *(text for one in clients for text in one.emails)]
    for found in (*map(contacts.phone, phones), *map(contacts.email, emails)):
        if found is not None:
            yield found


def texts(value: model.Value) -> tuple[str, ...]:
    parts = value if isinstance(value, tuple) else (value,)
    return tuple(one for one in parts if isinstance(one, str) and one)
