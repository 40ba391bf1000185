"""A letter or an SMS to the client, from a template (S1.5). Class C: at most once, an unknown one is asked about.

A letter goes through the portal and stays in the card; an SMS through the provider of `outside: sms`, and a record in the
card tells of it. What is late by an hour isn't sent: a person decides (users.md F3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from robots import contacts, intents, look, model, outside, templates
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.WHILE_THERE
OCCASION = robots_robot.Occasion.PER_VISIT
TOO_LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Letter:
    subject: templates.Template
    text: templates.Template
    sender: str = ""
    """«Ромашка <info@romashka.ru>»; empty: the portal's own mailbox."""


@dataclass(frozen=True, slots=True)
class Sms:
    text: templates.Template
    by: outside.Provider


@dataclass(frozen=True, slots=True)
class Options:
    letter: Letter | None = None
    sms: Sms | None = None


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    if options.letter is not None:
        yield written(ask, options.letter)
    if options.sms is not None:
        yield from _sms(ask, options.sms)


def written(ask: base.Ask, letter: Letter, *, attach: str = "") -> base.Answer:
    """The letter to the first right e-mail, or why there is none; `attach` as `intents.SendLetter` has it."""
    found = _reached(ask.look, "email")
    if found is None:
        return base.Line(base.Outcome.FAILED, "письмо некому: у клиента нет верного e-mail")
    client, address = found
    subject, text = (templates.render(one, ask.look) for one in (letter.subject, letter.text))
    if not subject or not text:
        return base.Line(base.Outcome.FAILED, "письмо пустое: нет темы или текста")
    act = intents.SendLetter(address, client, subject, text, letter.sender, ask.look.card.responsible, attach)
    return base.Step("letter", act, f"письмо клиенту: {subject}", not_after=ask.now + TOO_LATE)


def _sms(ask: base.Ask, sms: Sms) -> Iterator[base.Answer]:
    found = _reached(ask.look, "phone")
    text = templates.render(sms.text, ask.look)
    if found is None or not text:
        why = "SMS некому: у клиента нет верного телефона" if found is None else "SMS пустое"
        yield base.Line(base.Outcome.FAILED, why)
        return
    phone, by = found[1], sms.by
    said = {outside.PHONE: phone, outside.TEXT: text}
    act = intents.SendSms(
        phone=phone,
        text=text,
        url=by.url,
        fields={name: said.get(value, value) for name, value in by.fields},
        secret=by.secret,
        seconds=by.seconds,
        form=by.form,
        expect=by.expect,
    )
    late = ask.now + TOO_LATE
    yield base.Step("sms", act, f"SMS клиенту: {text.splitlines()[0]}", not_after=late)
    entry = intents.LogEntry("SMS клиенту", f"{phone}: {text}")
    yield base.Step("record", entry, "запись об SMS", after="sms", lasting=True)


def _reached(seen: look.Look, how: str) -> tuple[model.ClientRef | None, str] | None:
    """(the client, the first right phone or e-mail), the contact before the company; the lead's own come first."""
    right = contacts.phone if how == "phone" else contacts.email
    groups: list[tuple[model.ClientRef | None, tuple[str, ...]]] = []
    if seen.card.ref.kind is model.CardKind.LEAD:
        own = seen.card.value(model.FieldCode(how))
        parts = own if isinstance(own, tuple) else (own,)
        groups.append((None, tuple(one for one in parts if isinstance(one, str))))
    groups += [(one.ref, one.phones if how == "phone" else one.emails) for one in seen.need_clients()]
    for ref, texts in groups:
        for text in texts:
            normal = right(text)
            if normal is not None:
                return ref, normal
    return None
