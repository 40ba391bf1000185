"""The duplicate check (U4, S4.3, S4.5, users.md F8) as design.md «Duplicates» defines it.

Known client: a contact or company with any of the card's phones and e-mails that isn't linked to the card. Same inquiry:
an open lead or deal of such a client, or with such a comm, older than the card. The card's own client, its relatives and
closed cards are never duplicates. The default is to tell, never to re-assign.

It hangs on the number of the comms' change: it acts when the phone comes, not only when the card does, and once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from robots import changes, contacts, intents, look, model, paths, words
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.EVERY_VISIT
OCCASION = robots_robot.Occasion.PER_CHANGE

COMMON = 10
"""A phone or e-mail that more cards than this share belongs to nobody: an office number, a placeholder."""


class Among(StrEnum):
    ALL = "all"
    OPEN = "open"
    NONE = "none"


class OwnerFrom(StrEnum):
    DEAL = "deal"
    COMPANY = "company"
    CONTACT = "contact"
    LEAD = "lead"


@dataclass(frozen=True, slots=True)
class Options:
    by_phone: bool = True
    by_email: bool = True
    contacts: Among = Among.ALL
    companies: Among = Among.ALL
    leads: Among = Among.OPEN
    deals: Among = Among.OPEN
    ignore: tuple[str, ...] = ()
    """Normalised values, `*` at the end for a prefix: `+7800*`, `info@romashka.ru`."""
    ignore_staff: bool = False
    owner: tuple[OwnerFrom, ...] = (OwnerFrom.DEAL, OwnerFrom.COMPANY, OwnerFrom.CONTACT, OwnerFrom.LEAD)
    other_owner: tuple[base.ActSpec, ...] = ()
    own_client: tuple[base.ActSpec, ...] = ()
    new_client: tuple[base.ActSpec, ...] = ()
    join_within_seconds: int = 86_400


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    ask.look.need_clients()
    number = ask.look.change(changes.COMMS)
    if number == 0:
        yield base.Line(base.Outcome.NOT_TRIGGERED, "нет ни телефона, ни e-mail: сравнивать не с чем")
        return
    cause = f"comms#{number}"
    checked = intents.WishKey(f"{ask.robot.id}/{ask.look.card.ref}/{cause}/checked")
    if any(row.wish.key == checked for row in ask.look.past):
        yield base.Line(base.Outcome.ALREADY_DONE, "эти телефоны и e-mail уже проверены")
        return
    found = ask.look.need_duplicates()
    others = [match for match in found.matches if _counts(ask, match)]
    note = _note(others)
    for answer in _acts(ask, others):
        yield answer._replace(cause=cause) if isinstance(answer, base.Step) else answer
    yield base.Step("checked", intents.Remember(note), note, cause=cause)


def _acts(ask: base.Ask, others: Sequence[look.Match]) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    owner, whose = _owner(ask, others)
    if not others:
        specs, inner = options.new_client, ask
        whose = None
    elif owner is not None and owner == ask.look.card.responsible:
        specs, inner = options.own_client, ask
    else:
        text = _text(ask, owner, whose)
        specs = options.other_owner
        inner = ask._replace(roles={**ask.roles, "owner": owner}, words={**ask.words, "text": text})
    if whose is not None:
        inner = inner._replace(look=replace(inner.look, found=whose))
    for spec in specs:
        yield from base.embedded(inner, spec)


def _counts(ask: base.Ask, match: look.Match) -> bool:
    """Whether a match is somebody else's: not the card itself, its own client, a relative, a closed or younger card."""
    options: Options = ask.robot.options
    if match.via and (match.shared_by > COMMON or _ignored(ask, match.via)):
        return False
    if isinstance(match.ref, model.ClientRef):
        wanted = options.contacts if match.ref.kind is model.ClientKind.CONTACT else options.companies
        return (
            wanted is not Among.NONE
            and not _own(ask.look.card, match.ref)
            and _was_there(ask.look.card, match)
        )
    wanted = options.deals if match.ref.kind is model.CardKind.DEAL else options.leads
    if wanted is Among.NONE or match.closed or match.ref == ask.look.card.ref:
        return False
    if match.client is not None and _own(ask.look.card, match.client):
        return False
    return not _relative(ask.look, match) and _older(ask.look.card, match)


def _ignored(ask: base.Ask, comm: str) -> bool:
    options: Options = ask.robot.options
    by_kind = options.by_email if "@" in comm else options.by_phone
    staff = (
        {user.email.casefold() for user in ask.look.directory.users.values()}
        if options.ignore_staff
        else set()
    )
    return not by_kind or comm in staff or any(contacts.matches(comm, pattern) for pattern in options.ignore)


def _own(card: model.Card, client: model.ClientRef) -> bool:
    if client.kind is model.ClientKind.CONTACT:
        return client.id in card.contacts
    return client.id == card.company


def _relative(seen: look.Look, match: look.Match) -> bool:
    """The card it was copied from, its own copies, the lead it came of."""
    copies = {row.made for row in seen.past if isinstance(row.wish.act, intents.CopyDeal)}
    if match.ref == seen.origin_card or (match.ref.kind is model.CardKind.DEAL and match.ref.id in copies):
        return True
    return match.ref.kind is model.CardKind.LEAD and match.ref.id == seen.card.lead


def _older(card: model.Card, match: look.Match) -> bool:
    """Of twins only the younger is a duplicate. Ids rise within a kind; across kinds only moments compare."""
    if isinstance(match.ref, model.CardRef) and match.ref.kind is card.ref.kind:
        return match.ref.id < card.ref.id
    return match.created is None or match.created <= card.created


def _was_there(card: model.Card, match: look.Match) -> bool:
    """The client was known before this card came: of twins the elder's look may see the younger's client already.

    Moments are whole seconds; within one, the card's own client tells which of the two came first.
    """
    if match.created is None or match.created != card.created.replace(microsecond=0):
        return match.created is None or match.created < card.created
    own = card.contacts if match.ref.kind is model.ClientKind.CONTACT else (card.company,)
    return any(number is not None and match.ref.id < number for number in own)


_SOURCE = {
    OwnerFrom.DEAL: model.CardKind.DEAL,
    OwnerFrom.LEAD: model.CardKind.LEAD,
    OwnerFrom.CONTACT: model.ClientKind.CONTACT,
    OwnerFrom.COMPANY: model.ClientKind.COMPANY,
}


def _owner(ask: base.Ask, others: Sequence[look.Match]) -> tuple[model.UserId | None, look.Match | None]:
    """Who leads that client: the first active responsible in the written order; dismissed people are skipped."""
    options: Options = ask.robot.options
    for source in options.owner:
        for match in others:
            active = ask.look.directory.active(match.responsible)
            if match.ref.kind == _SOURCE[source] and active is not None:
                return active.id, match
    return None, others[0] if others else None


_NOUN = {
    model.CardKind.DEAL: "сделка",
    model.CardKind.LEAD: "лид",
    model.ClientKind.CONTACT: "контакт",
    model.ClientKind.COMPANY: "компания",
}


def _text(ask: base.Ask, owner: model.UserId | None, whose: look.Match | None) -> str:
    """«Похоже, этот клиент уже у …»: whom to talk to and about what, never «найден дубль» (users.md F8, F40)."""
    directory = ask.look.directory
    about = ""
    if whose is not None:
        calendar = directory.calendar
        opened = (
            f", от {words.moment(whose.created, calendar.timezone if calendar else 'UTC')}"
            if whose.created
            else ""
        )
        about = f" ({_NOUN[whose.ref.kind]} «{whose.title}»{opened})"
    who = f"уже ведёт {directory.user_name(owner)}" if owner is not None else "уже есть в базе"
    link = paths.link(ask.look.card, directory)
    return f"«{ask.look.card.title}»: похоже, этого клиента {who}{about}.\nДоговоритесь, кто ведёт. {link}"


def _note(others: Sequence[look.Match]) -> str:
    if not others:
        return "проверено: такого клиента больше ни у кого нет"
    via = sorted({contacts.mask(match.via) for match in others if match.via})
    listed = ", ".join(f"{_NOUN[match.ref.kind]} {match.ref.id}" for match in others[:5])
    return f"проверено: похоже, клиент уже есть ({listed}{'; ' + ', '.join(via) if via else ''})"
