"""What happened to a card outside it and was written into its ledger as news: another program called, a client came.

A piece of news is a row that only remembers, under the name of its source. It is judged by the first whole look that finds
it and by no other (`heard`), so that a condition which comes true later is no answer to it; news from before a robot, or older
than LATE, is none for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from robots import intents, look, model

SOURCE = "/"
"""Names of sources begin with it, names of robots don't."""
CALLED = "/trigger/"
ARRIVING: Mapping[str, str] = {
    "call": "activity",
    "letter": "activity",
    "message": "activity",
    "form": "activity",
    "paid": "invoice",
}
"""What may come for a card -> where the portal lists it."""
SAID: Mapping[str, str] = {
    "call": "входящий звонок",
    "letter": "письмо клиента",
    "message": "сообщение клиента",
    "form": "заявка с формы",
    "paid": "оплачен счёт",
}
LATE = timedelta(days=3)


def called(name: str, ref: model.CardRef, number: str) -> intents.Wish:
    """Another program says so. The same number of the same card is the same call."""
    return _news(f"{CALLED}{name}", ref, f"call {number}", f"внешний вызов «{name}»")


def source_of(what: str) -> str:
    """The source of a kind of ARRIVING."""
    return f"{SOURCE}{ARRIVING[what]}/{what}"


def arrived(what: str, ref: model.CardRef, number: int) -> intents.Wish:
    """A client came, or money: an activity or an invoice of that number."""
    return _news(source_of(what), ref, f"{ARRIVING[what]} {number}", f"{SAID[what]}, № {number}")


def _news(name: str, ref: model.CardRef, cause: str, why: str) -> intents.Wish:
    source = intents.RobotId(name)
    key = intents.WishKey(f"{source}/{ref}/{cause}/came")
    return intents.Wish(key, source, "", ref, cause, intents.Remember(why), why)


def all_of(seen: look.Look, now: datetime) -> Iterator[intents.Past]:
    """The card's news, heard or not."""
    for row in seen.past:
        if row.wish.robot.startswith(SOURCE) and row.wished_at > now - LATE:
            yield row


def heard(seen: look.Look, now: datetime) -> frozenset[str]:
    """What the next look needn't hear of: their keys."""
    return frozenset(row.wish.key for row in all_of(seen, now))


def fresh(source: str, seen: look.Look, began: datetime, now: datetime) -> Iterator[str]:
    """Causes of what is news of that source for a robot that began then, in order."""
    for row in all_of(seen, now):
        if row.wish.robot == source and row.wish.key not in seen.heard and row.wished_at > began:
            yield row.wish.cause
