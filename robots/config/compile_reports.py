"""`reports:` to `reports.Report`s: days and hours in words, readers who can be found by the card alone (users.md F22)."""

from __future__ import annotations

import re
from datetime import time

from robots import notices, paths, people, reports
from robots.config import compile_terms, names, nodes
from robots.config.context import Scope

XLSX = "xlsx"
_DAYS = {
    **{word: at for at, word in enumerate(("пн", "вт", "ср", "чт", "пт", "сб", "вс"))},
    **{word: at for at, word in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))},
}


def compile_reports(node: nodes.Node | None, scope: Scope) -> tuple[reports.Report, ...]:
    made: list[reports.Report] = []
    seen: dict[str, nodes.Node] = {}
    for item in nodes.items(node):
        name_node = nodes.get(item, "name")
        name = nodes.text(name_node).strip()
        if name_node is not None and names.fold(name) in seen:
            first = seen[names.fold(name)].mark.line
            scope.context.error(name_node, "V022", f"отчёт «{name}» уже есть: строка {first}")
            continue
        when = _when(nodes.get(item, "at"))
        to = _readers(nodes.get(item, "send"), scope)
        if name_node is None or nodes.is_faulty(item) or when is None or not to:
            continue
        seen[names.fold(name)] = name_node
        show = tuple(reports.Section(nodes.text(one)) for one in nodes.items(nodes.get(item, "show")))
        sample = _sample(nodes.get(item, "calls"), scope)
        as_file = nodes.text(nodes.get(item, "as")) == XLSX
        made.append(reports.Report(name, to, when, show or reports.DEFAULT, sample, as_file))
    return tuple(made)


def _sample(node: nodes.Node | None, scope: Scope) -> reports.Sample:
    plain = reports.Sample()
    least, each = scope.term(nodes.get(node, "at_least")), nodes.text(nodes.get(node, "per_person"))
    return reports.Sample(
        int(each) if each else plain.per_person,
        compile_terms.seconds(least.amount, least.unit.value) if least else plain.at_least,
    )


def mornings(manners: notices.Manners) -> tuple[reports.Report, ...]:
    """Whoever has a digest has the morning list at its hour; whom no card tells (a queue) has the digest alone."""
    by_clock: dict[time, list[people.Person]] = {}
    for person, clock in manners.digest:
        if _readable(person):
            by_clock.setdefault(clock, []).append(person)
    return tuple(reports.morning(tuple(to), clock) for clock, to in by_clock.items())


def _when(node: nodes.Node | None) -> reports.When | None:
    if node is None or node.faulty:
        return None
    *days, clock = re.split(r"[,\s]+", nodes.text(node).strip().casefold())
    hours, minutes = clock.split(":")
    at = time(int(hours), int(minutes))
    if days and days[0] not in _DAYS:
        return reports.When(at, of_month=max(1, int(re.sub(r"\D", "", days[0]))))
    return reports.When(at, frozenset(_DAYS[day] for day in days))


def _readers(node: nodes.Node | None, scope: Scope) -> tuple[people.Person, ...]:
    made = []
    for item in nodes.items(node):
        person = scope.person(item, scope)
        if not item.faulty and not _readable(person):
            hint = "сотрудник по имени, поле сделки, руководитель: people: {РОП: {field: РОП}}"
            text = f"«{nodes.text(item)}» по одной карточке не найти: отчёт так не послать"
            scope.context.error(item, "V017", text, hint)
        made.append(person)
    return tuple(made)


def _readable(person: people.Person | None) -> bool:
    """A report is reckoned over thousands of cards: it asks neither clients nor queues who its reader is."""
    match person:
        case None | people.Employee() | people.Robot():
            return True
        case people.InField(path, otherwise):
            own = path.owner is paths.Owner.CARD
            virtual = isinstance(path.code, paths.Virtual) and path.code is not paths.Virtual.RESPONSIBLE
            return own and not virtual and _readable(otherwise)
        case people.HeadOf(of=of, otherwise=otherwise):
            return _readable(of) and _readable(otherwise)
        case people.ByPipeline(by, otherwise):
            return all(_readable(one) for _, one in by) and _readable(otherwise)
        case _:
            return False
