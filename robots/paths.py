"""Paths to values: «Сумма», «Контакт / Телефон», as compiled from the YAML, and how a look answers them.

`read` gives the portal's value, `display` its words for people, `filled` whether it counts as one (users.md F21). What a
portal doesn't have on this kind of card is `Missing`, which is neither empty nor an error: conditions turn it into
«cannot be evaluated». Facts not gathered yet raise `look.NotGathered`, which passes through.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from robots import look as robots_look
from robots import model, words
from robots.filling import filled as filled


class Owner(StrEnum):
    CARD = "card"
    CONTACT = "contact"
    COMPANY = "company"
    FOUND = "found"
    """Whom the duplicate check found, for the acts that it embeds."""


class Virtual(StrEnum):
    """What people call a field and the portal doesn't keep as one (users.md F15)."""

    CLIENT = "@client"
    """«Клиент»: contact or company, filled where either is bound."""
    SUM = "@sum"
    """«Сумма»: money with its currency; 0 is empty."""
    PHONE = "@phone"
    """«Контакт / Телефон»: the contact's first phone; the company's where there is no contact."""
    EMAIL = "@email"
    SITE = "@site"
    """«Сайт»: the lead's own, else the contact's; the company's where there is no contact."""
    NAME = "@name"
    """«Контакт / Имя»: first name; «Компания / Название»."""
    FULL_NAME = "@full_name"
    LINK = "@link"
    LEAD_LINK = "@lead_link"
    """«Ссылка на лид»: of a deal the lead it came of, of a lead its own."""
    STAGE = "@stage"
    PIPELINE = "@pipeline"
    RESPONSIBLE = "@responsible"
    ID = "@id"


@dataclass(frozen=True, slots=True)
class Path:
    owner: Owner
    code: model.FieldCode | Virtual
    shown: str
    """As the YAML writes it, for people."""


@dataclass(frozen=True, slots=True)
class Missing:
    """This kind of card has no such field."""

    why: str


CLIENT = model.FieldCode(Virtual.CLIENT)
"""«Клиент» where a field's code is kept."""
_WEB = model.FieldCode("web")
_OWN_COMMS = {
    Virtual.PHONE: model.FieldCode("phone"),
    Virtual.EMAIL: model.FieldCode("email"),
    Virtual.SITE: _WEB,
}
"""Where a lead keeps comms of its own."""
_SUM = model.FieldCode("opportunity")
_CARDS = {model.CardKind.DEAL: "сделок", model.CardKind.LEAD: "лидов"}
_CLIENTS = {Owner.CONTACT: "контактов", Owner.COMPANY: "компаний"}

# --- reading -----------------------------------------------------------------------------------------------------


def read(path: Path, look: robots_look.Look) -> model.Value | Missing:
    """The value in the portal's terms: ids for people, options and stages, Money for sums; None where it is unset."""
    if path.owner is Owner.CARD:
        if isinstance(path.code, Virtual):
            return _card_virtual(path.code, look)
        return _card_field(path, path.code, look)
    if path.owner is Owner.FOUND:
        return _found(path, look.found, look.directory)
    if isinstance(path.code, Virtual):
        return _client_virtual(path.owner, path.code, look)
    if path.code not in look.directory.fields.get(path.owner.value, {}):
        return Missing(f"у {_CLIENTS[path.owner]} нет поля «{path.shown}»")
    client = _client(path.owner, look)
    return client.fields.get(path.code) if client else None


def client_bound(look: robots_look.Look) -> bool:
    """«Клиент» is filled: known from the card alone, without the cost of reading the client."""
    return bool(look.card.contacts) or look.card.company is not None


def needs_clients(path: Path) -> bool:
    own = path.owner is Owner.CARD
    return path.owner in _CLIENTS or (own and (path.code is Virtual.CLIENT or path.code in _OWN_COMMS))


def _card_field(path: Path, code: model.FieldCode, look: robots_look.Look) -> model.Value | Missing:
    if code in look.card.fields:
        return look.card.fields[code]
    kind = look.card.ref.kind
    if code in look.directory.fields.get(kind.value, {}):
        return None
    return Missing(f"у {_CARDS[kind]} нет поля «{path.shown}»")


def _card_virtual(code: Virtual, look: robots_look.Look) -> model.Value:
    card = look.card
    match code:
        case Virtual.RESPONSIBLE:  # first, for it is asked at nearly every look; then the sum
            return card.responsible
        case Virtual.SUM:
            return card.value(_SUM)
        case Virtual.CLIENT:
            return _client_name(look)
        case Virtual.PHONE | Virtual.EMAIL | Virtual.SITE:
            return _first(card.value(_OWN_COMMS[code])) or _comm(code, look, Owner.CONTACT)
        case Virtual.NAME | Virtual.FULL_NAME:
            return card.title
        case Virtual.LINK:
            return link(card, look.directory)
        case Virtual.LEAD_LINK:
            lead = card.ref.id if card.ref.kind is model.CardKind.LEAD else card.lead
            return link(model.CardRef(model.CardKind.LEAD, lead), look.directory) if lead else None
        case Virtual.STAGE:
            return card.stage
        case Virtual.PIPELINE:
            return card.pipeline
        case Virtual.ID:
            return card.ref.id
        case _:  # pragma: no cover
            assert_never(code)


def _client_virtual(owner: Owner, code: Virtual, look: robots_look.Look) -> model.Value | Missing:
    if code in _OWN_COMMS:
        return _comm(code, look, owner)
    client = _client(owner, look)
    match code:
        case Virtual.NAME:
            return client.name if client else None
        case Virtual.CLIENT | Virtual.FULL_NAME:
            return client.full_name if client else None
        case Virtual.LINK:
            return link(client.ref, look.directory) if client else None
        case Virtual.RESPONSIBLE:
            return client.responsible if client else None
        case Virtual.ID:
            return client.ref.id if client else None
        case _:
            return Missing(f"у {_CLIENTS[owner]} нет такого поля: {code.value.removeprefix('@')}")


def _found(path: Path, match: robots_look.Match | None, directory: model.Directory) -> model.Value | Missing:
    if match is None:
        return Missing(f"«{path.shown}» известен только внутри duplicates")
    known: dict[str, model.Value] = {
        Virtual.NAME: match.title,
        Virtual.LINK: link(match.ref, directory),
        Virtual.RESPONSIBLE: match.responsible,
    }
    return known.get(path.code)


def _client(owner: Owner, look: robots_look.Look) -> model.Client | None:
    return look.contact() if owner is Owner.CONTACT else look.company()


def _comm(code: Virtual, look: robots_look.Look, owner: Owner) -> model.Scalar:
    """Without a contact the company's; without either what a lead keeps itself."""
    client = _client(owner, look)
    if client is None and owner is Owner.CONTACT and not look.card.contacts:
        client = look.company()
        if client is None:
            return _first(look.card.value(_OWN_COMMS[code]))
    if client is None:
        return None
    if code is Virtual.SITE:
        return _first(client.fields.get(_WEB))
    comms = client.phones if code is Virtual.PHONE else client.emails
    return comms[0] if comms else None


def _client_name(look: robots_look.Look) -> str | None:
    if not client_bound(look):
        return None
    client = look.contact() or look.company()
    return (client.full_name if client else "") or "клиент без имени"


def _first(value: model.Value) -> model.Scalar:
    if isinstance(value, tuple):
        return value[0] if value else None
    return value


def is_filled(path: Path, value: model.Value, look: robots_look.Look) -> bool:
    found = field_of(path, look.directory, look.card.ref.kind)
    return filled(value, found.type if found else None)


# --- words for people ----------------------------------------------------------------------------------------------


def display(
    path: Path, value: model.Value, directory: model.Directory, kind: model.CardKind = model.CardKind.DEAL
) -> str:
    """For texts: names instead of ids, «1 000 000 ₽», «20.02.2026», «да»; nothing where it is unset.

    `kind` is the card's: deals and leads may use one code for different fields.
    """
    if isinstance(value, tuple):
        shown = (display(path, one, directory, kind) for one in value)
        return ", ".join(one for one in shown if one)
    if value is None or value == "":
        return ""
    if isinstance(path.code, Virtual):
        return _display_virtual(path.code, value, directory, kind)
    return _display_field(field_of(path, directory, kind), value, directory)


def field_of(path: Path, directory: model.Directory, kind: model.CardKind) -> model.Field | None:
    if isinstance(path.code, Virtual):
        return None
    owned = directory.fields.get(kind if path.owner is Owner.CARD else path.owner)
    return owned.get(path.code) if owned else None


def _display_virtual(
    code: Virtual, value: model.Scalar, directory: model.Directory, kind: model.CardKind
) -> str:
    if code is Virtual.STAGE:
        return _stage_name(str(value), directory, kind)
    if code is Virtual.PIPELINE and isinstance(value, int):
        found = directory.pipeline(model.PipelineId(value))
        return found.name if found else f"воронка {value}"
    if code is Virtual.RESPONSIBLE and isinstance(value, int):
        return directory.user_name(model.UserId(value))
    if code is Virtual.SUM and isinstance(value, int | Decimal):
        return words.money(model.Money(Decimal(value), directory.base_currency))
    return _plain(value, directory)


def _stage_name(stage_id: str, directory: model.Directory, kind: model.CardKind) -> str:
    for pipeline in directory.pipelines:
        found = pipeline.stage(model.StageId(stage_id)) if pipeline.kind is kind else None
        if found:
            return found.name
    return f"стадия {stage_id}"


def _display_field(field: model.Field | None, value: model.Scalar, directory: model.Directory) -> str:
    if field is None:
        return _plain(value, directory)
    if isinstance(value, int) and field.type is model.FieldType.USER:
        return directory.user_name(model.UserId(value)) if value else ""
    if isinstance(value, int) and field.type is model.FieldType.BOOLEAN:
        return "да" if value else "нет"
    if field.type is model.FieldType.FILE:
        return f"файл {_plain(value, directory)}"
    if isinstance(value, int | Decimal) and field.type is model.FieldType.MONEY:
        return words.money(model.Money(Decimal(value), directory.base_currency))
    if field.options:
        return _option(field, value) or _plain(value, directory)
    return _plain(value, directory)


def _option(field: model.Field, value: model.Scalar) -> str | None:
    """An option's name; the two portals and their two interfaces differ in 45 and "45"."""
    return next((name for key, name in field.options.items() if str(key) == str(value)), None)


def _plain(value: model.Scalar, directory: model.Directory) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "да" if value else "нет"
        case str():
            return value
        case model.Money():
            return words.money(value)
        case datetime():
            return words.full_moment(value, directory.calendar.timezone if directory.calendar else None)
        case date():
            return words.day(value)
        case int() | Decimal():
            return words.number(value)
        case _:  # pragma: no cover
            assert_never(value)


def link(thing: model.Card | model.CardRef | model.ClientRef, directory: model.Directory) -> str:
    ref = thing.ref if isinstance(thing, model.Card) else thing
    return f"{directory.scheme}://{directory.address}/crm/{ref.kind.value}/details/{ref.id}/"
