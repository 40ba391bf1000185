"""Are the client's phone, e-mail and site such that he can be reached, and is what the card needs filled in (S4.2, S4.6)?

One message says all of it: what is wrong and why, what was probably meant, what is missing. A state, not an event: it is
said when it is first seen and again only once it is another trouble. What was said last stands in the ledger; when all
is mended that is recorded too, so that the same mistake made anew is news.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from robots import contacts, intents, model, paths, validity, words
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.EVERY_VISIT
OCCASION = robots_robot.Occasion.PER_CHANGE

WEB = model.FieldCode("web")
_OWN_PHONE, _OWN_EMAIL = model.FieldCode("phone"), model.FieldCode("email")
"""Where a lead keeps comms of its own."""
GOOD = "контакты в порядке"


@dataclass(frozen=True, slots=True)
class Options:
    phones: bool = True
    emails: bool = True
    sites: bool = True
    country: str = "RU"
    """Of numbers without a country's code."""
    fix: bool = False
    """Put right what can surely be: the form of phones and e-mails, letters that only look Latin."""
    filled: tuple[paths.Path, ...] = ()
    """What must be filled in besides; asked for in the same message."""
    if_bad: tuple[base.ActSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class _Bad:
    what: str
    """телефон, e-mail, сайт."""
    written: str
    trouble: validity.Trouble
    whose: str = ""
    client: model.ClientRef | None = None


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    if ask.look.card.closed:
        yield base.Line(base.Outcome.NOT_TRIGGERED, "карточка закрыта: контакты не проверяем")
        return
    repairs = list(_repairs(ask)) if ask.robot.options.fix else []
    yield from _repaired(ask, repairs)
    mended = {(one.client, one.was) for one in (*repairs, *_under_way(ask))}
    bad = [one for one in _bad(ask) if (one.client, one.written) not in mended]
    missing = list(_missing(ask))
    notes = [row.wish.act.note for row in _checks(ask) if isinstance(row.wish.act, intents.Remember)]
    note = _note(bad, missing)
    if note == (notes[-1] if notes else GOOD):
        said = base.Outcome.ALREADY_DONE if bad or missing else base.Outcome.NOTHING_TO_DO
        yield base.Line(said, f"уже сказано: {note}" if bad or missing else note)
        return
    cause = f"contacts#{len(notes)}"
    if bad or missing:
        inner = ask._replace(words={**ask.words, "text": _text(ask, bad, missing)})
        for spec in ask.robot.options.if_bad:
            for answer in base.embedded(inner, spec):
                yield answer._replace(cause=cause) if isinstance(answer, base.Step) else answer
    yield base.Step("checked", intents.Remember(note), note, cause=cause)


def _checks(ask: base.Ask) -> list[intents.Past]:
    return [
        row
        for row in ask.look.past
        if row.wish.robot == ask.robot.id and isinstance(row.wish.act, intents.Remember)
    ]


_KINDS = {"PHONE": "телефон", "EMAIL": "e-mail", "WEB": "сайт"}


def _repairs(ask: base.Ask) -> Iterator[intents.RepairComm]:
    """What can be put right and wasn't tried: a portal that keeps it as it was isn't asked twice."""
    options: Options = ask.robot.options
    tried = [row.wish.act for row in ask.look.past if row.wish.robot == ask.robot.id]
    card = ask.look.card
    groups: list[tuple[model.ClientRef | None, Sequence[str], Sequence[str], model.Value]] = [
        (None, _texts(card.value(_OWN_PHONE)), _texts(card.value(_OWN_EMAIL)), card.value(WEB))
    ]
    groups += [(one.ref, one.phones, one.emails, one.fields.get(WEB)) for one in ask.look.need_clients()]
    for ref, phones, emails, web in groups:
        written = (
            ("PHONE", phones if options.phones else ()),
            ("EMAIL", emails if options.emails else ()),
            ("WEB", _texts(web) if options.sites else ()),
        )
        for kind, texts in written:
            for text in texts:
                right = validity.right_form(kind, text, options.country)
                act = intents.RepairComm(ref, kind, text, right)
                if right != text and act not in tried:
                    yield act


def _under_way(ask: base.Ask) -> Iterator[intents.RepairComm]:
    """Wished and not over yet; only watched counts as done, or it would be complained of as well."""
    for row in ask.look.past:
        open_ = not row.state.final or row.state is intents.WishState.DRY_RUN
        if row.wish.robot == ask.robot.id and isinstance(row.wish.act, intents.RepairComm) and open_:
            yield row.wish.act


def _repaired(ask: base.Ask, repairs: Sequence[intents.RepairComm]) -> Iterator[base.Answer]:
    done = sum(
        isinstance(row.wish.act, intents.RepairComm)
        for row in ask.look.past
        if row.wish.robot == ask.robot.id
    )
    for at, act in enumerate(repairs):
        because = f"{_KINDS[act.kind]} {contacts.mask(act.was)} → {contacts.mask(act.now)}"
        yield base.Step("fix", act, because, cause=f"fix#{done + at}")


def _bad(ask: base.Ask) -> Iterator[_Bad]:
    options: Options = ask.robot.options
    card = ask.look.card
    yield from _of_one(
        options, _texts(card.value(_OWN_PHONE)), _texts(card.value(_OWN_EMAIL)), card.value(WEB)
    )
    for client in ask.look.need_clients():
        for found in _of_one(options, client.phones, client.emails, client.fields.get(WEB)):
            yield replace(found, whose=client.full_name, client=client.ref)


def _of_one(
    options: Options, phones: Sequence[str], emails: Sequence[str], web: model.Value
) -> Iterator[_Bad]:
    for text in phones if options.phones else ():
        trouble = validity.phone(text, options.country)
        if trouble is not None:
            yield _Bad("телефон", text, trouble)
    for text in emails if options.emails else ():
        trouble = validity.email(text)
        if trouble is not None:
            yield _Bad("e-mail", text, trouble)
    for text in _texts(web) if options.sites else ():
        trouble = validity.site(text)
        if trouble is not None:
            yield _Bad("сайт", text, trouble)


def _texts(value: model.Value) -> tuple[str, ...]:
    parts = value if isinstance(value, tuple) else (value,)
    return tuple(one for one in parts if isinstance(one, str) and one.strip())


def _missing(ask: base.Ask) -> Iterator[str]:
    """A field that this kind of card doesn't have can't be asked for."""
    for path in ask.robot.options.filled:
        value = paths.read(path, ask.look)
        if not isinstance(value, paths.Missing) and not paths.is_filled(path, value, ask.look):
            yield path.shown


def _note(bad: Sequence[_Bad], missing: Sequence[str]) -> str:
    """For the ledger: one text for one set of troubles, comms masked."""
    parts = [
        f"{one.what} {contacts.mask(one.written)} ({len(one.written)} зн.): {one.trouble.why}" for one in bad
    ]
    parts += [f"не заполнено {words.quoted(missing)}"] if missing else []
    return "; ".join(parts) or GOOD


def _text(ask: base.Ask, bad: Sequence[_Bad], missing: Sequence[str]) -> str:
    card = ask.look.card
    what = list(dict.fromkeys(one.what for one in bad))
    head = f"проверьте: {', '.join(what)}" if what else f"не заполнено {words.quoted(missing)}"
    lines = [f"«{card.title}»: {head}"]
    for one in bad:
        whose = f" ({one.whose})" if one.whose else ""
        meant = f". Похоже, это {one.trouble.repaired}" if one.trouble.repaired else ""
        lines.append(f"{one.what} «{one.written}»{whose}: {one.trouble.why}{meant}")
    if missing and bad:
        lines.append(f"не заполнено: {words.quoted(missing)}")
    lines.append(f"Исправьте в карточке, иначе до клиента не дозвониться и не дописаться. {_link(ask)}" if bad
                 else f"Заполните, пожалуйста. {_link(ask)}")  # fmt: skip
    return "\n".join(lines)


def _link(ask: base.Ask) -> str:
    return paths.link(ask.look.card, ask.look.directory)
