"""`round_robin`, `by_weight`, `by_load`, `by_field`, `by_source`, `by_phone` of `people:`, `absences:` and `assign:` (S4.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import phonenumbers

from robots import choosing, intents, model, paths, people
from robots import robot as robots_robot
from robots.config import compile_conditions, names, nodes
from robots.config.context import Context, Scope
from robots.kinds import assign

Person = Callable[[nodes.Node, Scope], people.Person]
_QUEUES = {
    "round_robin": intents.PickHow.TURNS,
    "by_weight": intents.PickHow.TURNS,
    "by_load": intents.PickHow.LOAD,
}


class Absences:
    """`absences:`, read when somebody first asks: its people may be defined after those who ask."""

    def __init__(self, node: nodes.Node | None, person: Person, scope: Scope) -> None:
        self._node, self._person, self._scope = node, person, scope
        self._made: tuple[choosing.Away, ...] | None = None

    def away(self) -> tuple[choosing.Away, ...]:
        if self._made is None:
            self._made = ()  # a queue among the deputies asks again
            self._made = tuple(_away(self._node, self._person, self._scope))
        return self._made


def _away(node: nodes.Node | None, person: Person, scope: Scope) -> list[choosing.Away]:
    made = []
    for item in nodes.items(node):
        who, deputy = nodes.get(item, "who"), nodes.get(item, "deputy")
        first_node, last_node = nodes.get(item, "from"), nodes.get(item, "to")
        if who is None or first_node is None or last_node is None or nodes.is_faulty(item):
            continue
        named, first, last = (
            person(who, scope),
            compile_conditions.parse_day(nodes.text(first_node)),
            compile_conditions.parse_day(nodes.text(last_node)),
        )
        if isinstance(named, people.Employee) and first is not None and last is not None:
            substitute = person(deputy, scope) if deputy is not None else None
            made.append(choosing.Away(named.user, first, last, substitute))
    return made


@dataclass(frozen=True, slots=True)
class Definition:
    """One entry of `people:` that is a rule."""

    name: str
    value: nodes.Node
    person: Person
    scope: Scope
    otherwise: people.Person | None

    @property
    def context(self) -> Context:
        return self.scope.context


def rule(made: Definition) -> people.Person | None:
    """None where the entry is none of these."""
    for word, how in _QUEUES.items():
        node = nodes.get(made.value, word)
        if node is not None:
            return _queue(made, word, node, how)
    field_node, source = nodes.get(made.value, "by_field"), nodes.get(made.value, "by_source")
    phone = nodes.get(made.value, "by_phone")
    if field_node is not None:
        return _by_field(made, field_node, nodes.get(field_node, "field"))
    if source is not None:
        return _by_field(made, source, None)
    if phone is not None:
        return _by_phone(made, phone)
    return None


def _queue(made: Definition, word: str, node: nodes.Node, how: intents.PickHow) -> choosing.Queue:
    listed = node if not isinstance(node, nodes.Mapping) else nodes.get(node, "people")
    weights_node = node if word == "by_weight" else nodes.get(node, "weights")
    weights = tuple(_weights(made, weights_node))
    members = tuple(_employees(made, listed)) + (
        tuple(user for user, _ in weights) if word == "by_weight" else ()
    )
    departments = tuple(_departments(made, nodes.get(node, "department"))) if word != "by_weight" else ()
    if not members and not departments and not nodes.is_faulty(node):
        made.context.error(
            node, "V018", f"«{made.name}»: не сказано, из кого выбирать", "department: отдел · people: …"
        )
    skips = nodes.get(made.value, "skip") is not None
    if skips and not made.context.absences_said:
        hint = "перечислите отсутствующих в absences:, портал о них не рассказывает"
        made.context.warn(made.value, "V033", "skip: absent, а кого нет — нигде не сказано", hint)
    return choosing.Queue(
        name=made.name,
        how=how,
        members=tuple(dict.fromkeys(members)),
        departments=departments,
        without=frozenset(_employees(made, nodes.get(node, "except") if word != "by_weight" else None)),
        weights=weights,
        in_hours=nodes.get(made.value, "within") is not None,
        skip_absent=skips,
        away=made.context.away() if skips else (),
        otherwise=made.otherwise,
    )


def _employees(made: Definition, node: nodes.Node | None) -> list[model.UserId]:
    found = []
    for item in nodes.items(node):
        person = made.person(item, made.scope)
        if isinstance(person, people.Employee):
            found.append(person.user)
        elif not item.faulty:
            text = f"в очереди нужен сотрудник, а «{nodes.text(item)}» у каждой карточки свой"
            made.context.error(item, "V017", text)
    return found


def _weights(made: Definition, node: nodes.Node | None) -> list[tuple[model.UserId, int]]:
    found = []
    for key, value in nodes.pairs(node):
        person = made.person(key, made.scope)
        if isinstance(person, people.Employee) and nodes.text(value).isdecimal():
            found.append((person.user, min(int(nodes.text(value)[:4]), 1000)))
        elif not key.faulty and not value.faulty:
            made.context.error(key, "V017", f"вес бывает у сотрудника, а «{key.text}» у каждой карточки свой")
    return found


def _departments(made: Definition, node: nodes.Node | None) -> list[model.DepartmentId]:
    directory = made.context.names.directory
    found = []
    for item in nodes.items(node):
        if directory is None:
            found.append(model.DepartmentId(0))
            continue
        known = [
            names.Candidate(one, (one.name,), (str(int(one.id)),)) for one in directory.departments.values()
        ]
        match names.match(nodes.text(item), known):
            case names.Found(value):
                found.append(value.id)
            case names.Several(values):
                ids = ", ".join(str(int(one.id)) for one in values)
                made.context.error(
                    item, "V021", f"отделов «{nodes.text(item)}» несколько: напишите номер", ids
                )
            case _:
                listed = [one.name for one in directory.departments.values()]
                miss = names.miss(
                    f"нет такого отдела: «{nodes.text(item)}»", nodes.text(item), listed, "отделы"
                )
                made.context.error(item, miss.code, miss.text, miss.hint, miss.notes)
    return found


_SOURCE = paths.Path(paths.Owner.CARD, model.FieldCode("sourceId"), "Источник")


def _by_field(made: Definition, node: nodes.Node, named: nodes.Node | None) -> choosing.ByField:
    """Values are the portal's for lists; a lead's field where deals have none of that name."""
    path, kind = _SOURCE, model.CardKind.DEAL
    if named is not None:
        answer = made.context.names.path(nodes.text(named), kind)
        if isinstance(answer, names.Miss):
            of_lead = made.context.names.path(nodes.text(named), model.CardKind.LEAD)
            if not isinstance(of_lead, names.Miss):
                answer, kind = of_lead, model.CardKind.LEAD
        path = made.context.take(named, answer, _SOURCE, f"нет такого поля: «{nodes.text(named)}»")
    described = made.context.names.field(path, kind)
    inside = replace(made.scope, kind=kind)
    by, empty = [], None
    for key, value in nodes.pairs(node):
        if key.text == "empty":
            empty = made.person(value, inside)
        elif key.text != "field":
            read = compile_conditions.field_value(described, key, inside)
            by.append((read if isinstance(read, int | str) else nodes.text(key), made.person(value, inside)))
    return choosing.ByField(path, tuple(by), empty, made.otherwise)


def _by_phone(made: Definition, node: nodes.Node) -> choosing.ByPhone:
    by = []
    for key, value in nodes.pairs(node):
        written = "".join(key.text.split()).replace("(", "").replace(")", "").replace("-", "")
        if written.upper() in phonenumbers.SUPPORTED_REGIONS:
            written = written.upper()
        elif not (written.startswith("+") and written[1:].isdecimal()):
            text = f"«{key.text}» — не начало телефона и не страна"
            made.context.error(key, "V017", text, "например, +7 812 или KZ")
        by.append((written, made.person(value, made.scope)))
    return choosing.ByPhone(tuple(by), otherwise=made.otherwise)


# --- the act


_TELL = {"new": assign.Tell.NEW, "both": assign.Tell.BOTH}


def compile_assign(node: nodes.Node, scope: Scope) -> assign.Options:
    written = nodes.get(node, "to") if isinstance(node, nodes.Mapping) else node
    person = scope.person(written, scope) if written is not None else people.Robot()
    if nodes.get(node, "first") is not None:
        person = choosing.ClientsManager(person)
    tell = _TELL.get(nodes.text(nodes.get(node, "tell")), assign.Tell.NOBODY)
    return assign.Options(person, scope.context.away(), tell)


def standing(options: object, trigger: robots_robot.Trigger) -> assign.Options | None:
    """`assign` for a new card or on entry to a stage is a state: it may wait."""
    if not isinstance(options, assign.Options):
        return None
    match trigger:
        case robots_robot.Created():
            return replace(options, standing=assign.Standing.CARD)
        case robots_robot.Entered(stage) if stage is not None:
            return replace(options, standing=assign.Standing.STAGE, stage=stage)
        case _:
            return None
