"""A lead becomes company, contact and deal (S1.3, S3.3): what it holds is carried over, once in its life.

The portal's own conversion can't be called from outside, so it is done step by step in one saga (`intents.ConvertLead`).
A client who is known already is not made twice: by its phone or e-mail he is looked for right before, and linked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from robots import intents, model, paths, people, templates
from robots import look as looks
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.WHILE_THERE
OCCASION = robots_robot.Occasion.ONCE_PER_CARD

COMMON = 10
"""A phone or e-mail that more cards than this share names no client."""
_PERSON = (
    "name",
    "lastName",
    "secondName",
    "honorific",
    "birthdate",
    "post",
    "sourceId",
    "sourceDescription",
)
_DEAL = (
    "title", "opportunity", "sourceId", "sourceDescription", "comments", "utmSource", "utmMedium", "utmCampaign",
    "utmContent", "utmTerm",
)  # fmt: skip
_RESPONSIBLE = model.FieldCode("assignedById")
Values = dict[model.FieldCode, model.Value]


@dataclass(frozen=True, slots=True)
class Options:
    lead_stage: model.StageId
    """Where the lead ends: «Качественный лид»."""
    pipeline: model.PipelineId | None = None
    """None: no deal is made."""
    stage: model.StageId | None = None
    shown: str = ""
    contact: bool = True
    company: bool = True
    link_known: bool = True
    """False: a lead of a known client isn't converted."""
    responsible: people.Person | None = None
    """None: the lead's."""
    leave_out: frozenset[model.FieldCode] = frozenset()
    """What the target pipeline's robots fill."""
    comment: templates.Template | None = None


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    card = ask.look.card
    step, wished = base.standing(ask, "once", "convert")
    if wished:
        yield base.Line(base.Outcome.ALREADY_DONE, "лид уже конвертирован")
        return
    if card.closed:
        yield base.Line(base.Outcome.NOTHING_TO_DO, "лид уже закрыт")
        return
    known = _known(ask.look, options)
    if known and not options.link_known:
        names = ", ".join(f"{one.ref} «{one.title}»" for one in known.values())
        yield base.Line(base.Outcome.FILTERED, f"клиент уже есть: {names}")
        return
    responsible = card.responsible
    if options.responsible is not None:
        found = people.resolve(options.responsible, ask.look, ask.roles)
        if found.user_id is None:
            yield base.Line(base.Outcome.FAILED, f"некому отдать сделку: {found.why}")
            return
        responsible = found.user_id
    act = _act(ask.look, options, known, responsible)
    if act.contact is None and act.company is None and act.deal is None:
        yield base.Line(
            base.Outcome.FAILED, "из лида нечего сделать: в нём ни имени, ни телефона, ни компании"
        )
        return
    yield base.Step(step, act, f"конвертация: {_said(act, options)}", cause="once")
    text = templates.render(options.comment, ask.look) if options.comment is not None else ""
    if text:
        yield base.Step(step.replace("convert", "comment"), intents.Comment(text),
                        f"комментарий: {text.splitlines()[0]}", step, cause="once", lasting=True)  # fmt: skip


def _known(seen: looks.Look, options: Options) -> Mapping[model.ClientKind, looks.Match]:
    """The contact and the company to be linked instead of made anew: the oldest with the lead's phone or e-mail."""
    card = seen.card
    wanted = [kind for kind, asked in ((model.ClientKind.CONTACT, options.contact and not card.contacts),
              (model.ClientKind.COMPANY, options.company and card.company is None)) if asked]  # fmt: skip
    if not wanted or not any(_comms(card)):
        return {}
    found = sorted(seen.need_duplicates().matches, key=lambda one: one.ref.id)
    made: dict[model.ClientKind, looks.Match] = {}
    for match in found:
        if isinstance(match.ref, model.ClientRef) and match.ref.kind in wanted and match.shared_by <= COMMON:
            made.setdefault(match.ref.kind, match)
    return made


def _comms(card: model.Card) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """(phones, e-mails, sites) of the lead itself."""
    phones, emails, sites = (_texts(card.value(model.FieldCode(code))) for code in ("phone", "email", "web"))
    return phones, emails, sites


def _texts(value: model.Value) -> tuple[str, ...]:
    parts = value if isinstance(value, tuple) else (value,)
    return tuple(one for one in parts if isinstance(one, str) and one)


def _act(
    seen: looks.Look,
    options: Options,
    known: Mapping[model.ClientKind, looks.Match],
    responsible: model.UserId | None,
) -> intents.ConvertLead:
    card = seen.card
    phones, emails, sites = _comms(card)
    contact, company = known.get(model.ClientKind.CONTACT), known.get(model.ClientKind.COMPANY)
    return intents.ConvertLead(
        stage=options.lead_stage,
        contact_id=contact.ref.id if contact else None,
        company_id=company.ref.id if company else None,
        contact=_contact(card, responsible)
        if options.contact and contact is None and not card.contacts
        else None,
        company=_company(card, responsible)
        if options.company and company is None and card.company is None
        else None,
        deal=_deal(seen, options, responsible) if options.pipeline is not None else None,
        pipeline=options.pipeline,
        deal_stage=options.stage,
        phones=phones,
        emails=emails,
        sites=sites,
    )


def _contact(card: model.Card, responsible: model.UserId | None) -> Values | None:
    """Somebody with a name, a phone or an e-mail; a lead without any names nobody."""
    phones, emails, _ = _comms(card)
    person = _taken(card, _PERSON)
    named = person.keys() & {"name", "lastName"}
    if not named and not phones and not emails:
        return None
    return {**person, _RESPONSIBLE: responsible}


def _company(card: model.Card, responsible: model.UserId | None) -> Values | None:
    title = card.value(model.FieldCode("companyTitle"))
    return {model.FieldCode("title"): title, _RESPONSIBLE: responsible} if paths.filled(title) else None


def _taken(card: model.Card, codes: tuple[str, ...]) -> Values:
    values = {model.FieldCode(code): card.value(model.FieldCode(code)) for code in codes}
    return {code: value for code, value in values.items() if value not in (None, "", ())}


def _deal(seen: looks.Look, options: Options, responsible: model.UserId | None) -> Values:
    made = _taken(seen.card, _DEAL)
    for code, value in _own_fields(seen):
        made.setdefault(code, value)
    kept: Values = {code: value for code, value in made.items() if code not in options.leave_out}
    return {**kept, model.FieldCode("title"): seen.card.title, _RESPONSIBLE: responsible}


def _own_fields(seen: looks.Look) -> Iterator[tuple[model.FieldCode, model.Value]]:
    """Fields that the portal's people made under one name for leads and deals; a list's value by its name."""
    deals = {_key(field): field for field in seen.directory.fields.get("deal", {}).values() if _made(field)}
    for field in seen.directory.fields.get("lead", {}).values():
        other, value = deals.get(_key(field)), seen.card.value(field.code)
        if other is None or not _made(field) or field.type is model.FieldType.FILE or value in (None, "", ()):
            continue
        carried = _translated(field, other, value)
        if carried not in (None, ()):
            yield other.code, carried


def _made(field: model.Field) -> bool:
    return field.code.startswith("UF_") and not field.read_only


def _key(field: model.Field) -> tuple[str, Any, bool]:
    return " ".join(field.title.casefold().split()), field.type, field.multiple


def _translated(field: model.Field, other: model.Field, value: model.Value) -> model.Value:
    if not field.options:
        return value
    by_name = {name.casefold(): key for key, name in other.options.items()}
    names = {str(key): name.casefold() for key, name in field.options.items()}
    if isinstance(value, tuple):
        found = (by_name.get(names.get(str(one), "")) for one in value)
        return tuple(one for one in found if one is not None)
    return by_name.get(names.get(str(value), ""))


def _said(act: intents.ConvertLead, options: Options) -> str:
    parts = [f"сделка в «{options.shown}»"] if act.deal is not None else []
    if act.contact is not None or act.contact_id is not None:
        parts.append(f"контакт {act.contact_id}, уже известный" if act.contact_id else "контакт")
    if act.company is not None or act.company_id is not None:
        parts.append(f"компания {act.company_id}, уже известная" if act.company_id else "компания")
    return ", ".join(parts)
