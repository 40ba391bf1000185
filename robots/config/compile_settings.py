"""The once-said sections to `settings.Settings`; their form is checked by the shapes, their sense here."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from datetime import date, time

from robots import notices
from robots.config import (
    compile_limits,
    compile_reports,
    compile_tasks,
    compile_terms,
    needs,
    nodes,
    settings,
    shape_checks,
)
from robots.config.context import Scope


def compile_settings(root: nodes.Node, scope: Scope, needed: needs.Needs) -> settings.Settings:
    """What is missing has its default; what is wrong is reported and has it too."""
    plain = settings.Settings()
    story = scope.term(nodes.get(root, "keep_story"))
    manners = _notifications(nodes.get(root, "notifications"), scope)
    return settings.Settings(
        portal=_portal(nodes.get(root, "portal"), scope),
        calendar=_calendar(nodes.get(root, "calendar"), scope),
        notifications=manners,
        absences=tuple(_absences(nodes.get(root, "absences"), scope)),
        alerts=_alerts(nodes.get(root, "alerts")),
        limits=compile_limits.of_portal(nodes.get(root, "limits")),
        card_log=nodes.text(nodes.get(root, "card_log")) or plain.card_log,
        keep_story_days=(
            max(1, compile_terms.seconds(story.amount, story.unit.value) // 86_400)
            if story
            else plain.keep_story_days
        ),
        needs=needed,
        reports=(
            *compile_reports.compile_reports(nodes.get(root, "reports"), scope),
            *compile_reports.mornings(manners),
        ),
    )


def _portal(node: nodes.Node | None, scope: Scope) -> settings.Portal:
    plain = settings.Portal()
    sweep = scope.term(nodes.get(node, "sweep"))
    address = nodes.text(nodes.get(node, "address")).strip().rstrip("/")
    insecure = shape_checks.flag(nodes.get(node, "insecure_http"), default=False)
    at = nodes.get(node, "address")
    if address.casefold().startswith("http://") and not insecure and at is not None:
        scope.context.error(
            at, "V017", "адрес с http:// без шифрования", "для песочницы: insecure_http: true"
        )
    return settings.Portal(
        kind=nodes.text(nodes.get(node, "kind")) or plain.kind,
        address=re.sub(r"^https://", "", address, flags=re.IGNORECASE),
        events=nodes.text(nodes.get(node, "events")) or plain.events,
        insecure_http=insecure,
        public_url=nodes.text(nodes.get(node, "public_url")),
        admin=nodes.text(nodes.get(node, "admin")),
        sweep_seconds=(
            compile_terms.seconds(sweep.amount, sweep.unit.value) if sweep else plain.sweep_seconds
        ),
    )


_DAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")


def _calendar(node: nodes.Node | None, scope: Scope) -> settings.Calendar:
    if not isinstance(node, nodes.Mapping):
        return settings.Calendar()
    zone = nodes.get(node, "timezone")
    holidays = nodes.get(node, "holidays")
    made = settings.Calendar(
        from_portal=nodes.text(nodes.get(node, "from")) != "holidays",
        timezone=_zone(zone, scope) if zone is not None else None,
        hours=_span(nodes.get(node, "hours"), scope),
        week={
            _DAYS.index(day.text): None if nodes.text(value) in {"off", "выходной"} else _span(value, scope)
            for day, value in nodes.pairs(nodes.get(node, "week"))
            if day.text in _DAYS
        },
        lunch=_span(nodes.get(node, "lunch"), scope),
        holidays=_country(holidays, scope) if holidays is not None else None,
        extra_days_off=_days(nodes.get(node, "extra_days_off"), scope),
        extra_work_days=_days(nodes.get(node, "extra_work_days"), scope),
        short_days=_short_days(nodes.get(node, "short_days"), scope),
    )
    if not nodes.is_faulty(node):
        for trouble in settings.wrong_calendar(made):
            scope.context.error(node, "V031", trouble)
            node.faulty = False  # one mark, several sentences
    return made


def _zone(node: nodes.Node, scope: Scope) -> str | None:
    written = nodes.text(node)
    if written in zoneinfo.available_timezones():
        return written
    guess = shape_checks.similar(written, zoneinfo.available_timezones(), 60)
    hint = f"может быть, «{guess}»?" if guess else "например, Europe/Moscow"
    scope.context.error(node, "V031", f"нет такого часового пояса: «{written}»", hint)
    return None


def _country(node: nodes.Node, scope: Scope) -> str | None:
    written = nodes.text(node).upper()
    if written in {"NONE", "НЕТ"}:
        return None
    if written not in settings.known_countries():
        scope.context.error(node, "V031", f"не знаю праздников страны «{written}»", "например, RU, KZ, BY")
        return None
    return written


def _clock(text: str) -> time | None:
    try:
        hours, minutes = text.strip().split(":")
        return time(int(hours), int(minutes))
    except ValueError:
        return None


def _span(node: nodes.Node | None, scope: Scope) -> settings.Span | None:
    if node is None or node.faulty:
        return None
    parts = [_clock(part) for part in re.split(r"\s*[-–—]\s*", nodes.text(node))]
    if len(parts) != 2 or parts[0] is None or parts[1] is None or parts[0] >= parts[1]:
        scope.context.error(
            node, "V031", f"нужны часы от и до, например 09:00-18:00, а стоит «{nodes.text(node)}»"
        )
        return None
    return parts[0], parts[1]


def _days(node: nodes.Node | None, scope: Scope) -> frozenset[date]:
    found = (compile_tasks.day(item, scope) for item in nodes.items(node))
    return frozenset(day for day in found if day is not None)


def _short_days(node: nodes.Node | None, scope: Scope) -> Mapping[date, settings.Span]:
    made: dict[date, settings.Span] = {}
    for key, value in nodes.pairs(node):
        day, span = compile_tasks.day(key, scope), _span(value, scope)
        if day is not None and span is not None:
            made[day] = span
    return made


def _notifications(node: nodes.Node | None, scope: Scope) -> notices.Manners:
    quiet = nodes.text(nodes.get(node, "quiet")).casefold()
    at_most = nodes.text(nodes.get(node, "at_most")).split(" ")[0]
    digest = []
    for key, value in nodes.pairs(nodes.get(node, "digest")):
        clock = _clock(nodes.text(value))
        person = scope.person(key, scope)
        if clock is not None and not key.faulty:
            digest.append((person, clock))
    if quiet in {"вне рабочих часов", "outside work hours"}:
        quiet = notices.WORK_HOURS
    elif quiet in {"", "off", "нет", "none"}:
        quiet = notices.NONE
    else:
        quiet = _hours(nodes.get(node, "quiet"), scope)
    return notices.Manners(quiet, int(at_most) if at_most.isdecimal() else None, tuple(digest))


def _hours(node: nodes.Node | None, scope: Scope) -> str:
    """«22:00-08:00»; through midnight is what it is for."""
    if node is None or node.faulty:
        return notices.NONE
    parts = [_clock(part) for part in re.split(r"\s*[-–—]\s*", nodes.text(node))]
    if len(parts) != 2 or parts[0] is None or parts[1] is None or parts[0] == parts[1]:
        text = f"нужны часы от и до, например 22:00-08:00, а стоит «{nodes.text(node)}»"
        scope.context.error(node, "V031", text)
        return notices.NONE
    return f"{parts[0]:%H:%M}-{parts[1]:%H:%M}"


def _absences(node: nodes.Node | None, scope: Scope) -> list[settings.Absence]:
    made = []
    for item in nodes.items(node):
        who, deputy = nodes.get(item, "who"), nodes.get(item, "deputy")
        first_node, last_node = nodes.get(item, "from"), nodes.get(item, "to")
        if who is None or first_node is None or last_node is None:
            continue
        person = scope.person(who, scope)
        substitute = scope.person(deputy, scope) if deputy is not None else None
        first, last = compile_tasks.day(first_node, scope), compile_tasks.day(last_node, scope)
        if first is not None and last is not None and last < first:
            scope.context.error(last_node, "V017", "последний день раньше первого")
        elif first is not None and last is not None and not nodes.is_faulty(item):
            made.append(settings.Absence(person, first, last, substitute))
    return made


def _alerts(node: nodes.Node | None) -> settings.Alerts:
    plain = settings.Alerts()
    when = frozenset(map(nodes.text, nodes.items(nodes.get(node, "when"))))
    return settings.Alerts(tuple(map(nodes.text, nodes.items(nodes.get(node, "to")))), when or plain.when)
