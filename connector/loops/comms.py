"""A card's phones and e-mails as one keyed digest: a changed one is seen, and none is stored."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable

from robots import contacts, model

PHONE, EMAIL = model.FieldCode("phone"), model.FieldCode("email")
"""Where a lead keeps comms of its own."""


def of_card(card: model.Card, clients: Iterable[model.Client]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(phones, e-mails), normalised and sorted; what nobody can ring or write to is left out."""
    phones, emails = _texts(card.value(PHONE)), _texts(card.value(EMAIL))
    for client in clients:
        phones += client.phones
        emails += client.emails
    return normal(phones, emails)


def normal(phones: Iterable[str], emails: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    good_phones = {found for text in phones if (found := contacts.phone(text)) is not None}
    good_emails = {found for text in emails if (found := contacts.email(text)) is not None}
    return tuple(sorted(good_phones)), tuple(sorted(good_emails))


def digest(key: bytes, comms: Collection[str]) -> str:
    """One hash of all; empty where there are none."""
    if not comms:
        return ""
    return hmac.new(key, "\n".join(sorted(comms)).encode(), hashlib.sha256).hexdigest()


def _texts(value: model.Value) -> tuple[str, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(text for text in values if isinstance(text, str))
