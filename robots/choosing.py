"""People found by a scenario (S4.4): queues in turn, by weight or by load, by a field, by the phone's territory, the
client's earlier manager; with working hours and absences.

A queue's turn isn't decided here: who is free is a fact of the look, `Choice.pick` names them, and the recording draws
(`robots.draws`). `people.resolve` knows these rules too, but can't draw: a queue is nobody there, so its `else` is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import phonenumbers

from robots import contacts, intents, model, paths, people, schedule, words
from robots import look as looks

COMMON = 10
"""A phone or e-mail that more cards than this share names no client."""


@dataclass(frozen=True, slots=True)
class Away:
    """`absences:`: from the first day to the last, in the company's calendar."""

    who: model.UserId
    first: date
    last: date
    deputy: people.Person | None = None


@dataclass(frozen=True, slots=True)
class Queue(people.Rule):
    name: str
    """Turns are counted under it."""
    how: intents.PickHow = intents.PickHow.TURNS
    members: tuple[model.UserId, ...] = ()
    departments: tuple[model.DepartmentId, ...] = ()
    """Everybody active there and below, after the named members."""
    without: frozenset[model.UserId] = frozenset()
    weights: tuple[tuple[model.UserId, int], ...] = ()
    in_hours: bool = False
    skip_absent: bool = False
    away: tuple[Away, ...] = ()
    otherwise: people.Person | None = None

    def found(self, look: looks.Look, roles: people.Roles) -> people.Resolved:
        return _else(
            people.Resolved(None, f"очередь «{self.name}» здесь не тянут"), self.otherwise, look, roles
        )


@dataclass(frozen=True, slots=True)
class ByField(people.Rule):
    """Somebody for each value of a field: by source, by product, by region."""

    path: paths.Path
    by: tuple[tuple[int | str, people.Person], ...]
    empty: people.Person | None = None
    otherwise: people.Person | None = None

    def found(self, look: looks.Look, roles: people.Roles) -> people.Resolved:
        person, why = self.branch(look)
        return _else(_through(person, why, look, roles), self.otherwise, look, roles)

    def branch(self, look: looks.Look) -> tuple[people.Person | None, str]:
        value = paths.read(self.path, look)
        if isinstance(value, paths.Missing):
            return None, value.why
        if not paths.is_filled(self.path, value, look):
            return self.empty, f"поле «{self.path.shown}» пустое"
        parts = value if isinstance(value, tuple) else (value,)
        keys = {str(part).strip().casefold() for part in parts}
        shown = paths.display(self.path, value, look.directory, look.card.ref.kind)
        chosen = next((one for key, one in self.by if str(key).strip().casefold() in keys), None)
        said = f"«{self.path.shown}» — {shown}"
        return chosen, said if chosen is not None else f"{said}: никто не назван"


@dataclass(frozen=True, slots=True)
class ByPhone(people.Rule):
    """Somebody for each territory of the client's phone: `+7812` is a beginning, `KZ` a country.

    The longest beginning wins; a country says more than its code alone, which it may share."""

    by: tuple[tuple[str, people.Person], ...]
    region: str = "RU"
    otherwise: people.Person | None = None

    def found(self, look: looks.Look, roles: people.Roles) -> people.Resolved:
        person, why = self.branch(look)
        return _else(_through(person, why, look, roles), self.otherwise, look, roles)

    def branch(self, look: looks.Look) -> tuple[people.Person | None, str]:
        written = paths.read(_PHONE, look)
        normal = contacts.phone(written, self.region) if isinstance(written, str) else None
        if normal is None:
            return None, "телефона нет или по нему не дозвониться: территория неизвестна"
        country = phonenumbers.region_code_for_number(phonenumbers.parse(normal)) or ""
        fitting = [
            (key, one) for key, one in self.by if key == country or (key[0] == "+" and normal.startswith(key))
        ]
        if not fitting:
            return None, f"для телефона {contacts.mask(normal)} никто не назван"
        code = len(f"+{phonenumbers.parse(normal).country_code}")
        key, person = max(fitting, key=lambda pair: len(pair[0]) if pair[0][0] == "+" else code + 0.5)
        return person, f"территория телефона {key}"


_PHONE = paths.Path(paths.Owner.CONTACT, paths.Virtual.PHONE, "Контакт / Телефон")


@dataclass(frozen=True, slots=True)
class ClientsManager(people.Rule):
    """Who leads the client already (S4.3): of an open deal, the company, the contact, an open lead that were there
    before this card; dismissed people are skipped. Two managers never work one client."""

    otherwise: people.Person | None = None

    def found(self, look: looks.Look, roles: people.Roles) -> people.Resolved:
        match_ = next(iter(_leading(look)), None)
        if match_ is None or match_.responsible is None:
            nobody = people.Resolved(None, "клиента пока никто не ведёт")
            return _else(nobody, self.otherwise, look, roles)
        name = look.directory.user_name(match_.responsible)
        return people.Resolved(match_.responsible, f"клиента уже ведёт {name}{_about(match_)}")


_ORDER: Mapping[model.CardKind | model.ClientKind, int] = {
    model.CardKind.DEAL: 0,
    model.ClientKind.COMPANY: 1,
    model.ClientKind.CONTACT: 2,
    model.CardKind.LEAD: 3,
}
_NOUN: Mapping[model.CardKind | model.ClientKind, str] = {
    model.CardKind.DEAL: "сделка",
    model.ClientKind.COMPANY: "компания",
    model.ClientKind.CONTACT: "контакт",
    model.CardKind.LEAD: "лид",
}


def _leading(look: looks.Look) -> Iterator[looks.Match]:
    found = [
        one
        for one in look.need_duplicates().matches
        if look.directory.active(one.responsible) is not None
        and one.ref != look.card.ref
        and not one.closed
        and one.shared_by <= COMMON
        and one.created is not None
        and one.created < look.card.created.replace(microsecond=0)
    ]
    newest = sorted(found, key=lambda one: one.created or look.card.created, reverse=True)
    yield from sorted(newest, key=lambda one: _ORDER[one.ref.kind])


def _about(match_: looks.Match) -> str:
    return f" ({_NOUN[match_.ref.kind]} «{match_.title}»)" if match_.title else ""


def _through(
    person: people.Person | None, why: str, look: looks.Look, roles: people.Roles
) -> people.Resolved:
    if person is None:
        return people.Resolved(None, why)
    found = people.resolve(person, look, roles)
    return people.Resolved(found.user_id, f"{why}: {found.why}")


def _else(
    found: people.Resolved, otherwise: people.Person | None, look: looks.Look, roles: people.Roles
) -> people.Resolved:
    if found.user_id is not None or otherwise is None:
        return found
    return _through(otherwise, found.why, look, roles)


# --- choosing ------------------------------------------------------------------------------------------------------


class Choice(NamedTuple):
    """Somebody, or somebody of a few to be drawn, or nobody before a moment, or nobody."""

    why: str
    user: model.UserId | None = None
    pick: intents.Pick | None = None
    wait_until: datetime | None = None

    @property
    def somebody(self) -> bool:
        return self.user is not None or self.pick is not None


@dataclass(frozen=True, slots=True)
class Chooser:
    """Chooses for one card now. `away` are those whose deputies stand in; `never` are passed over."""

    look: looks.Look
    now: datetime
    roles: people.Roles = field(default_factory=dict)
    away: tuple[Away, ...] = ()
    never: frozenset[model.UserId] = frozenset()

    def choose(self, person: people.Person) -> Choice:
        """May raise `look.NotGathered`."""
        match person:
            case Queue():
                return self._or_else(self._queue(person), person.otherwise)
            case ByField() | ByPhone():
                chosen, why = person.branch(self.look)
                branch = self.choose(chosen) if chosen is not None else Choice("")
                said = branch._replace(why=": ".join(part for part in (why, branch.why) if part))
                return self._or_else(said, person.otherwise)
            case ClientsManager() | people.InField() | people.HeadOf() | people.ByPipeline():
                return self._or_else(self._named(replace(person, otherwise=None)), person.otherwise)
            case _:
                return self._named(person)

    def choose_ahead(self, person: people.Person) -> Choice:
        """For what can't wait: whoever will be free once somebody is, at the opening say."""
        choice = self.choose(person)
        if choice.somebody or choice.wait_until is None:
            return choice
        later = replace(self, now=choice.wait_until).choose(person)
        return later._replace(why=f"{choice.why}; к открытию: {later.why}")

    def _or_else(self, choice: Choice, otherwise: people.Person | None) -> Choice:
        if choice.somebody or otherwise is None:
            return choice
        other = self.choose(otherwise)
        return other._replace(why=f"{choice.why}; {other.why}")

    def _named(self, person: people.Person) -> Choice:
        """One person; while he is away his deputy stands in, and without one he is nobody."""
        found = people.resolve(person, self.look, self.roles)
        if found.user_id is None:
            return Choice(found.why)
        if found.user_id in self.never:
            return Choice(f"{found.why}: не подходит")
        away = self._away(found.user_id, self.away)
        if away is None:
            return Choice(found.why, found.user_id)
        until = f"нет до {words.day(away.last)}"
        if away.deputy is None:
            return Choice(f"{found.why}: {until}", wait_until=self._morning_after(away.last))
        deputy = people.resolve(away.deputy, self.look, self.roles)
        return Choice(f"{found.why}: {until}, вместо него {deputy.why}", deputy.user_id)

    def _queue(self, queue: Queue) -> Choice:
        calendar = self._calendar()
        if queue.in_hours and not schedule.is_working(self.now, calendar):
            opening = schedule.next_opening(self.now, calendar)
            return Choice(f"«{queue.name}»: сейчас не рабочее время", wait_until=opening)
        everybody = list(self._members(queue))
        free = [one for one in everybody if not (queue.skip_absent and self._away(one.user, queue.away))]
        if not everybody:
            return Choice(f"в очереди «{queue.name}» никого нет")
        if not free:
            back = min(away.last for one in everybody if (away := self._away(one.user, queue.away)))
            return Choice(f"«{queue.name}»: никого нет на месте", wait_until=self._morning_after(back))
        names = ", ".join(one.name for one in free)
        by = "у кого меньше карточек" if queue.how is intents.PickHow.LOAD else "чья очередь"
        pick = intents.Pick(queue.name, tuple(free), queue.how)
        return Choice(f"«{queue.name}» — {by}, из: {names}", pick=pick)

    def _members(self, queue: Queue) -> Iterator[intents.Candidate]:
        weights = dict(queue.weights)
        inside = _below(queue.departments, self.look.directory)
        listed = sorted(
            user.id for user in self.look.directory.users.values() if inside & set(user.departments)
        )
        for number in dict.fromkeys((*queue.members, *listed)):
            user = self.look.directory.active(number)
            if user is not None and number not in queue.without | self.never and weights.get(number, 1) > 0:
                yield intents.Candidate(number, user.full_name, weights.get(number, 1))

    def _away(self, user: model.UserId, away: Sequence[Away]) -> Away | None:
        today = self.now.astimezone(ZoneInfo(self._calendar().timezone)).date()
        return next((one for one in away if one.who == user and one.first <= today <= one.last), None)

    def _morning_after(self, last: date) -> datetime:
        calendar = self._calendar()
        midnight = datetime.combine(last + timedelta(days=1), time(), ZoneInfo(calendar.timezone))
        return schedule.next_opening(midnight, calendar)

    def _calendar(self) -> model.WorkCalendar:
        return self.look.directory.calendar or schedule.round_the_clock("UTC")


def _below(roots: Sequence[model.DepartmentId], directory: model.Directory) -> set[model.DepartmentId]:
    """Those departments with all below them; a portal may hold a ring of them."""
    found = set(roots)
    while True:
        more = {one.id for one in directory.departments.values() if one.parent in found} - found
        if not more:
            return found
        found |= more
