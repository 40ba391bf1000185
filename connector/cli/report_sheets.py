"""Numbers -> sheets in plain Russian. One function per report; nothing is reckoned here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from connector.cli import sheets
from robots import model, words
from robots.insight import audit, conversion, forecast, people, rows, skipping, stale, timing

CUTS = {
    conversion.Cut.PIPELINE: "все",
    conversion.Cut.PERSON: "сотрудник",
    conversion.Cut.SOURCE: "источник",
}


def key(cut: conversion.Cut, value: conversion.Key, directory: model.Directory) -> str:
    if cut is conversion.Cut.PERSON:
        return directory.user_name(model.UserId(int(value)) if value else None)
    if cut is conversion.Cut.SOURCE:
        known = directory.fields.get("deal", {}).get(model.FieldCode("sourceId"))
        known = known or directory.fields.get("lead", {}).get(model.FieldCode("sourceId"))
        return (known.options.get(str(value)) if known and value else None) or str(value or "не указан")
    return "все"


def lead_sheet(
    made: Sequence[conversion.LeadConversion], cut: conversion.Cut, directory: model.Directory
) -> sheets.Sheet:
    lines = [
        (
            key(cut, one.key, directory),
            sheets.count(one.leads),
            sheets.count(one.converted),
            sheets.share(one.share),
            sheets.count(one.rejected),
            sheets.count(one.open),
        )
        for one in made
    ]
    return sheets.Sheet(
        "Лиды → сделки", (CUTS[cut], "лидов", "стали сделкой", "доля", "отклонены", "в работе"), lines
    )


def funnel_sheet(
    one: conversion.Funnel, cut: conversion.Cut, directory: model.Directory, first: float | None
) -> sheets.Sheet:
    who = "" if cut is conversion.Cut.PIPELINE else f", {CUTS[cut]}: {key(cut, one.key, directory)}"
    lines = [
        (step.name, sheets.count(step.reached), sheets.share(step.of_previous), sheets.share(step.of_all))
        for step in one.steps
    ]
    cards = words.count(one.cards, "карточка", "карточки", "карточек")
    notes = [
        f"Пришло {cards}: выиграно {one.won}, потеряно {one.lost}, в работе {one.open}, ушло дальше {one.left}."
    ]
    if one.without_history:
        notes.append(
            f"У {one.without_history} нет истории стадий (только скопированы): видно лишь, где они стоят сейчас."
        )
    notes.append(f"Диагноз: {conversion.diagnosis(one, first=first).text}")
    head = ("стадия", "дошли", "от предыдущей", "от всех")
    return sheets.Sheet(f"Воронка «{one.name}»{who}", head, lines, tuple(notes))


def stage_sheet(made: Iterable[timing.Timing]) -> sheets.Sheet:
    head = (
        "воронка",
        "стадия",
        "прошли",
        "половина за",
        "девять из десяти за",
        "стоят",
        "половина стоит дольше",
    )
    lines = [
        (
            one.pipeline_name,
            one.name,
            sheets.count(one.stays),
            sheets.length(one.median),
            sheets.length(one.p90),
            sheets.count(one.standing),
            sheets.length(one.standing_median),
        )
        for one in made
    ]
    return sheets.Sheet("Время на стадиях", head, lines)


def skip_sheet(made: skipping.Skips, directory: model.Directory, zone: str) -> sheets.Sheet:
    head = ("когда", "карточка", "сотрудник", "воронка", "с", "на", "стадий", "за", "закрыта этим")
    lines = [
        (
            words.full_moment(moment(one.at), zone),
            card(one.ref),
            directory.user_name(one.responsible),
            one.pipeline,
            one.first,
            one.last,
            sheets.count(one.stages),
            sheets.Number(f"{one.seconds} с", one.seconds, '0 "с"'),
            "да" if one.closing else "нет",
        )
        for one in made.batches
    ]
    notes = (
        f"Движений вперёд {made.moves}; из них через стадию {made.jumps}: прыжок с отработанной стадии — не нарушение.",
    )
    return sheets.Sheet("Прощёлканные стадии", head, lines, notes)


def people_sheet(found: Sequence[people.Person], directory: model.Directory) -> sheets.Sheet:
    head = ("сотрудник", "пришло", "в работе", "молчат 14 дней", "выиграно", "на сумму", "потеряно", "успех")
    total = people.total(found)
    lines = [_person(one, directory.user_name(one.user), directory) for one in found]
    lines.append(_person(total, "Итого", directory))
    notes = ["Карточка считается тому, кто отвечает за неё сейчас."]
    if total.unconverted:
        notes.append(f"Нет курса валюты у {total.unconverted} выигранных: их сумм в таблице нет.")
    return sheets.Sheet("Сотрудники", head, lines, tuple(notes))


def _person(one: people.Person, name: str, directory: model.Directory) -> tuple[str, ...]:
    return (
        name,
        sheets.count(one.arrived),
        sheets.count(one.open),
        sheets.count(one.silent),
        sheets.count(one.won),
        sheets.money(one.won_sum, directory),
        sheets.count(one.lost),
        sheets.share(one.success),
    )


def plan_sheets(made: forecast.Forecast, directory: model.Directory) -> tuple[sheets.Sheet, ...]:
    head = ("сделка", "стадия", "ответственный", "план", "сумма", "шанс до конца периода")
    planned = [_planned(one, directory) for one in made.planned]
    overdue = [_planned(one, directory) for one in made.overdue]
    lines = [
        (
            one.pipeline,
            one.name,
            sheets.count(one.cards),
            sheets.money(one.worth, directory),
            sheets.share(one.chance),
            sheets.money(one.likely, directory),
        )
        for one in made.stages
    ]
    return (
        sheets.Sheet("План оплат", head, planned),
        sheets.Sheet("План прошёл, сделка открыта", head, overdue),
        sheets.Sheet(
            "Прогноз до конца периода",
            ("воронка", "стадия", "сделок", "сумма", "шанс", "вероятно"),
            lines,
            tuple(_forecast_notes(made, directory)),
        ),
    )


def _forecast_notes(made: forecast.Forecast, directory: model.Directory) -> Iterable[str]:
    yield (
        f"Вероятно {sheets.money(made.total, directory)}: открытые сделки {sheets.money(made.standing, directory)}, "
        f"ещё не пришедшие (в среднем за прошлые отрезки) {sheets.money(made.arriving, directory)}."
    )
    days = max(1, (made.until - made.since) // rows.DAY)
    yield (
        f"Как считаем: шанс стадии — сколько сделок, стоявших на ней в начале прошлых отрезков такой же длины "
        f"({words.count(days, 'день', 'дня', 'дней')}), было выиграно за отрезок."
    )
    for one in made.tests:
        yield (
            f"Проверка на прошлом ({words.day(moment(one.since))}–{words.day(moment(one.until))}): прогноз "
            f"{sheets.money(one.foretold, directory)}, вышло {sheets.money(one.fact, directory)}."
        )
    if made.error is None:
        yield "Ошибку прогноза пока не измерить: истории мало."
    else:
        yield f"Прошлые прогнозы ошиблись в среднем на {sheets.share(made.error)}."
    if made.unconverted:
        yield f"Нет курса валюты у {made.unconverted} открытых сделок: их сумм в прогнозе нет."


def _planned(one: forecast.Planned, directory: model.Directory) -> tuple[str, ...]:
    return (
        card(one.life.ref),
        one.stage,
        directory.user_name(one.life.responsible),
        words.day(one.life.planned) if one.life.planned else "",
        sheets.money(one.worth, directory),
        sheets.share(one.chance),
    )


def stale_sheet(found: Iterable[stale.Silent], directory: model.Directory, zone: str) -> sheets.Sheet:
    ages = tuple(f"дольше {step // rows.DAY} дней" for step in stale.STEPS)
    lines = [
        (
            directory.user_name(one.user),
            sheets.count(one.open),
            *map(sheets.count, one.older),
            f"{card(one.oldest)}, {words.full_moment(moment(one.since), zone)}" if one.oldest else "—",
        )
        for one in found
    ]
    return sheets.Sheet("Открытые без движения", ("сотрудник", "открыто", *ages, "самая старая"), lines)


def audit_sheet(found: Sequence[audit.Finding], directory: model.Directory) -> sheets.Sheet:
    boards = conversion.Boards(directory)
    lines = [
        (MISTAKES[one.mistake], boards.pipeline(one.pipeline), one.subject, one.evidence, one.cure)
        for one in found
    ]
    notes = () if lines else ("Типичных ошибок в воронках не видно.",)
    return sheets.Sheet(
        "Аудит воронок", ("ошибка", "воронка", "где", "чем видно", "что делать"), lines, notes
    )


MISTAKES = {
    audit.Mistake.DUMP: "стадия-свалка",
    audit.Mistake.MIXED: "срок и ожидание слиты",
    audit.Mistake.HANDOVER: "ответственного меняют",
    audit.Mistake.HELPER: "помощник в поле",
    audit.Mistake.VAGUE: "непонятное название",
}


def card(ref: model.CardRef) -> str:
    return f"{_KINDS[ref.kind]} {ref.id}"


_KINDS = {model.CardKind.DEAL: "сделка", model.CardKind.LEAD: "лид"}


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
