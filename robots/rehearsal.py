"""`try`: one card as it would be («стадия: Договор»), and what the robots would do with it, in words with full texts.

Nothing supposed is remembered. A supposed stay begins now, so that gates and robots of the stage are asked as if a person
had just moved the card; a supposed value is a change of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from robots import decision, intents, look, model, story, words
from robots.config import names

T = TypeVar("T")
SUPPOSED = model.VisitId("try")
STAGE = "стадия"
_FIELDS: Mapping[str, model.FieldCode] = {
    "ответственный": model.FieldCode("assignedById"),
    "сумма": model.FieldCode("opportunity"),
}


class Unclear(Exception):
    """What is supposed isn't understood, in one sentence."""


def parse(text: str) -> tuple[str, str]:
    """«стадия: Договор» -> its two sides. Raises Unclear."""
    name, colon, value = text.partition(":")
    if not (name.strip() and colon):
        raise Unclear(f"не понимаю «{text}»: пишите «стадия: Договор» или «Сумма: 100000»")
    return name.strip(), value.strip()


def supposed(seen: look.Look, said: Sequence[tuple[str, str]], now: datetime) -> look.Look:
    """The look as it would be. Raises Unclear."""
    for name, value in said:
        seen = _moved(seen, value, now) if names.fold(name) == STAGE else _written(seen, name, value)
    return seen


def _moved(seen: look.Look, name: str, now: datetime) -> look.Look:
    pipeline = seen.directory.pipeline(seen.card.pipeline)
    stages = pipeline.stages if pipeline is not None else ()
    stage = _one(name, {one.name: one for one in stages}, "стадии")
    visit = model.Visit(SUPPOSED, seen.card.pipeline, stage.id, stage.semantic, now)
    fields = {**seen.card.fields, model.FieldCode("stageId"): stage.id}
    card = replace(seen.card, stage=stage.id, semantic=stage.semantic, fields=fields)
    return replace(seen, card=card, visit=visit, arrived=(*seen.arrived, visit), refused=None)


def _written(seen: look.Look, name: str, text: str) -> look.Look:
    card = seen.card
    fields = seen.directory.fields.get(card.ref.kind.value, {})
    known = {one.title: one for one in fields.values()}
    known |= {str(code): one for code, one in fields.items()}
    known |= {word: fields[code] for word, code in _FIELDS.items() if code in fields}
    field = _one(name, known, "поля")
    value = _value(field, text, seen)
    changed = replace(card, fields={**card.fields, field.code: value})
    if field.code == "assignedById":
        changed = replace(changed, responsible=model.UserId(value) if isinstance(value, int) else None)
    return replace(
        seen,
        card=changed,
        before=seen.before or card,
        changed=seen.changed | {str(field.code)},
        changes={**seen.changes, str(field.code): seen.change(str(field.code)) + 1},
    )


def _value(field: model.Field, text: str, seen: look.Look) -> model.Value:
    one = _scalar(field, text, seen)
    return (one,) if field.multiple and one is not None else one


def _scalar(field: model.Field, text: str, seen: look.Look) -> model.Scalar:
    kinds = model.FieldType
    if names.fold(text) in ("", "пусто"):
        return None
    try:
        match field.type:
            case kinds.INTEGER:
                return int(text.replace(" ", ""))
            case kinds.DOUBLE:
                return Decimal(text.replace(" ", "").replace(",", "."))
            case kinds.MONEY:
                amount = Decimal(text.replace(" ", "").replace(",", "."))
                return model.Money(amount, seen.directory.base_currency)
            case kinds.DATE:
                return date.fromisoformat(text)
            case kinds.DATETIME:
                return datetime.fromisoformat(text).astimezone()
            case kinds.BOOLEAN:
                return names.fold(text) in ("да", "yes", "1", "y")
    except (ValueError, InvalidOperation):
        raise Unclear(f"«{field.title}»: не понимаю значение «{text}»") from None
    if field.type is kinds.USER:
        users = seen.directory.users.values()
        by_name = {one.full_name: one for one in users} | {
            f"{one.name} {one.last_name}": one for one in users
        }
        return int(_one(text, by_name, "сотрудники").id)
    if field.options:
        found: int | str = _one(text, {name: key for key, name in field.options.items()}, "значения")
        return found
    return text


def _one(written: str, known: Mapping[str, T], listed: str) -> T:
    candidates = [names.Candidate(thing, (name,)) for name, thing in known.items()]
    match names.match(written, candidates):
        case names.Found(value):
            return value
        case names.Several():
            raise Unclear(f"«{written}» подходит несколько раз: назовите точнее")
        case None:
            missed = names.miss(f"нет такого: «{written}»", written, list(known), listed)
            raise Unclear(". ".join(part for part in (missed.text, missed.hint, *missed.notes) if part))


# ---------------------------------------------------------------- what would be done


def lines(made: decision.Decision, seen: look.Look, zone: str) -> Iterator[str]:
    """What would be done first, then what wouldn't and why."""
    wishes = [wish for wish in made.wishes if not isinstance(wish.act, intents.Remember)]
    places = {told.wish: told.mark for told in made.trace if told.wish is not None}
    if not wishes:
        yield "Роботы ничего бы не сделали."
    else:
        acts = words.count(len(wishes), "действие", "действия", "действий")
        yield f"Роботы сделали бы: {acts}"
    for wish in wishes:
        place = places.get(wish.key, "")
        only = " (только смотрит: запишет, но не сделает)" if wish.dry_run else ""
        yield f"  {wish.robot}{only}" + (f"  [{place}]" if place else "")
        yield from (f"      {line}" for line in deed(wish.act, seen, zone))
        if not isinstance(wish.act, intents.SetTask):
            yield f"      почему: {wish.because}"
    rest = [told for told in made.trace if told.wish not in {wish.key for wish in wishes}]
    if rest:
        yield "Остальные:"
    for told in rest:
        place = f"  [{told.mark}]" if told.mark else ""
        yield f"  {told.robot}: {story.outcome_word(told.outcome)}: {told.reason}{place}"
    if made.wake_at is not None:
        yield f"Сама к ней вернусь: {words.moment(made.wake_at, zone)}"


def deed(act: intents.Act, seen: look.Look, zone: str) -> Iterator[str]:
    """An act with its texts, as people would meet it."""
    known = seen.directory
    match act:
        case intents.SetTask():
            yield f"задача «{act.title}» → {_who(act.responsible, known)}, от: {_who(act.creator, known)}"
            if act.deadline is not None:
                yield f"срок: {words.moment(act.deadline, zone)}"
            yield from (f"☐ {item}" for item in act.checklist)
        case intents.Notify():
            yield f"сообщение → {_who(act.to, known)}:"
            yield from (f"  {line}" for line in act.text.splitlines())
        case intents.MoveStage(pipeline, stage, back=back):
            where = known.stage(pipeline, stage)
            yield f"{'вернуть' if back else 'перевести'} в «{where.name if where else stage}»"
        case intents.SetFields(values):
            for code, value in values.items():
                yield f"записать «{_title(code, seen)}»: {_shown(code, value, seen)}"
        case intents.Say(dialog, text):
            yield f"сообщение в {dialog}:"
            yield from (f"  {line}" for line in text.splitlines())
        case intents.MakeDocument(title=title, values=values):
            yield f"документ по шаблону «{title}»"
            yield from (f"  {name}: {value}" for name, value in values.items())
        case intents.Comment(text) | intents.LogEntry(text=text):
            yield f"запись в карточке: {text}"
        case _:
            yield story.deed(act)


def _who(user: model.UserId | None, known: model.Directory) -> str:
    return intents.DRAWN_NAME if user == intents.DRAWN else known.user_name(user)


def _field(code: model.FieldCode, seen: look.Look) -> model.Field | None:
    return seen.directory.fields.get(seen.card.ref.kind.value, {}).get(code)


def _title(code: model.FieldCode, seen: look.Look) -> str:
    found = _field(code, seen)
    return found.title if found is not None else str(code)


def _shown(code: model.FieldCode, value: model.Value, seen: look.Look) -> str:
    found = _field(code, seen)
    if value is None or value == ():
        return "пусто"
    if isinstance(value, tuple):
        return ", ".join(_shown(code, one, seen) for one in value)
    if found is not None and found.type is model.FieldType.USER and isinstance(value, int):
        return _who(model.UserId(value), seen.directory)
    if found is not None and isinstance(value, int | str) and value in found.options:
        return found.options[value]
    return f"{value.amount} {value.currency}" if isinstance(value, model.Money) else str(value)
