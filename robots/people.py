"""Whom a robot means: «РОП», «менеджер», «Петрова Анна», compiled from `people:`, and who that is for a card.

Sources: users.md F9 (the person and the field have one name), F10 (dismissed people); requirements.md S2.1.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeGuard, assert_never

from robots import look as robots_look
from robots import model, paths, words


class IfSelf(StrEnum):
    UP = "up"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Employee:
    """A person named in the YAML."""

    user: model.UserId


@dataclass(frozen=True, slots=True)
class InField:
    """Whoever stands in a field of the card; empty or dismissed: `otherwise`."""

    path: paths.Path
    otherwise: Person | None = None


@dataclass(frozen=True, slots=True)
class HeadOf:
    """The head of somebody's department: of the user's departments in the portal's order the first that has one;
    the first active head going up who isn't the user himself (`if_self=up`); none: `otherwise`."""

    of: Person
    if_self: IfSelf = IfSelf.UP
    otherwise: Person | None = None


@dataclass(frozen=True, slots=True)
class ByPipeline:
    """One person for each pipeline, `otherwise` for the rest."""

    by: tuple[tuple[model.PipelineId, Person], ...]
    otherwise: Person | None = None


@dataclass(frozen=True, slots=True)
class Robot:
    """The webhook's owner, under whose name the robots act."""


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody whom only the occasion knows: «владелец» inside `duplicates`."""

    name: str


class Rule(abc.ABC):
    """Somebody found by a rule of a module above this one (`robots.choosing`)."""

    __slots__ = ()

    @abc.abstractmethod
    def found(self, look: robots_look.Look, roles: Roles) -> Resolved: ...


Person = Employee | InField | HeadOf | ByPipeline | Robot | Role | Rule


class Resolved(NamedTuple):
    user_id: model.UserId | None
    why: str
    """In plain Russian: «руководитель отдела «Опт»: Петрова Анна», «у отдела «Склад» нет руководителя»."""


Roles = Mapping[str, model.UserId | None]


def resolve(person: Person, look: robots_look.Look, roles: Roles) -> Resolved:
    """Who that is for this card. Dismissed people are skipped to `otherwise`. May raise `look.NotGathered`."""
    match person:
        case Employee():
            return _employee(person.user, look.directory)
        case InField():
            return _or_otherwise(_in_field(person, look), person.otherwise, look, roles)
        case HeadOf():
            return _or_otherwise(_head_of(person, look, roles), person.otherwise, look, roles)
        case ByPipeline():
            return _or_otherwise(_by_pipeline(person, look, roles), person.otherwise, look, roles)
        case Robot():
            return _robot(look.directory)
        case Role():
            return _role(person, look.directory, roles)
        case Rule():
            return person.found(look, roles)
        case _:  # pragma: no cover
            assert_never(person)


def _or_otherwise(
    found: Resolved, otherwise: Person | None, look: robots_look.Look, roles: Roles
) -> Resolved:
    if found.user_id is not None or otherwise is None:
        return found
    other = resolve(otherwise, look, roles)
    return Resolved(other.user_id, f"{found.why}; {other.why}")


def _employee(user_id: model.UserId, directory: model.Directory) -> Resolved:
    user = directory.users.get(user_id)
    if user is None:
        return Resolved(None, f"сотрудника {user_id} нет в портале")
    if not user.active:
        return Resolved(None, f"{user.full_name}: сотрудник уволен")
    return Resolved(user_id, user.full_name)


def _in_field(person: InField, look: robots_look.Look) -> Resolved:
    value = paths.read(person.path, look)
    if isinstance(value, paths.Missing):
        return Resolved(None, value.why)
    if user := _plainly(value, look.directory):
        return Resolved(user.id, f"в поле «{person.path.shown}» {user.full_name}")
    if value is None:
        return Resolved(None, f"поле «{person.path.shown}» пустое")
    members = value if isinstance(value, tuple) else (value,)
    ids = [model.UserId(int(one)) for one in members if _is_user_id(one)]
    if not ids:
        return Resolved(None, f"поле «{person.path.shown}» пустое")
    seen = [_employee(user_id, look.directory) for user_id in ids]
    found = next((one for one in seen if one.user_id is not None), None)
    why = found.why if found else ", ".join(one.why for one in seen)
    return Resolved(found.user_id if found else None, f"в поле «{person.path.shown}» {why}")


def _is_user_id(value: model.Scalar) -> TypeGuard[int | str]:
    if isinstance(value, str):
        return value.isdecimal() and int(value) > 0
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _head_of(person: HeadOf, look: robots_look.Look, roles: Roles) -> Resolved:
    user = _at_hand(person.of, look)
    if user is None:
        of = resolve(person.of, look, roles)
        user = look.directory.active(of.user_id)
        if user is None:
            return Resolved(None, f"руководителя искать не у кого: {of.why}")
    for department in look.directory.over(user):
        head = look.directory.active(department.head)
        if head and (head.id != user.id or person.if_self is IfSelf.SAME):
            return Resolved(head.id, f"руководитель отдела «{department.name}»: {head.full_name}")
    return Resolved(None, _headless(user, look.directory))


def _at_hand(person: Person, look: robots_look.Look) -> model.User | None:
    """Who stands in the field, with no reason composed that nobody would read."""
    return _plainly(paths.read(person.path, look), look.directory) if isinstance(person, InField) else None


def _plainly(value: model.Value | paths.Missing, directory: model.Directory) -> model.User | None:
    """One active employee's number: the usual case, on the hot path of every look."""
    return directory.active(model.UserId(value)) if type(value) is int and value > 0 else None


def _headless(user: model.User, directory: model.Directory) -> str:
    """Why nobody over this person is his head: nobody is named, or himself, or someone dismissed."""
    departments = directory.over(user)
    if not departments:
        return f"{user.full_name}: сотрудник не состоит ни в одном отделе"
    nobody = [one.name for one in departments if directory.users.get(one.head or model.UserId(0)) is None]
    himself = [one.name for one in departments if one.head == user.id]
    dismissed = [one.name for one in departments if one.name not in nobody and one.name not in himself]
    said = [f"у {_of_departments(nobody)} нет руководителя"] if nobody else []
    said += [f"руководитель {_of_departments(himself)} — {user.full_name}, сам себе"] if himself else []
    said += [f"у {_of_departments(dismissed)} руководитель уволен"] if dismissed else []
    return "; ".join(said)


def _of_departments(names: list[str]) -> str:
    return f"{words.plural(len(names), 'отдела', 'отделов', 'отделов')} {words.quoted(names)}"


def _by_pipeline(person: ByPipeline, look: robots_look.Look, roles: Roles) -> Resolved:
    here = look.card.pipeline
    pipeline = look.directory.pipeline(here)
    name = pipeline.name if pipeline else str(here)
    chosen = next((one for pipeline_id, one in person.by if pipeline_id == here), None)
    if chosen is None:
        return Resolved(None, f"для воронки «{name}» никто не назван")
    found = resolve(chosen, look, roles)
    return Resolved(found.user_id, f"для воронки «{name}» {found.why}")


def _robot(directory: model.Directory) -> Resolved:
    if directory.me is None:
        return Resolved(None, "неизвестно, от чьего имени работают роботы")
    if directory.me not in directory.users:
        # The portal may hide its admins from the list of employees; the webhook works in their name all the same.
        return Resolved(directory.me, f"{directory.user_name(directory.me)}, от чьего имени работают роботы")
    found = _employee(directory.me, directory)
    return Resolved(found.user_id, f"{found.why}, от чьего имени работают роботы")


def _role(person: Role, directory: model.Directory, roles: Roles) -> Resolved:
    user_id = roles.get(person.name)
    if user_id is None:
        return Resolved(None, f"здесь нет того, кто «{person.name}»")
    found = _employee(user_id, directory)
    return Resolved(found.user_id, f"{person.name}: {found.why}")
