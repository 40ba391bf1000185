"""Who is drawn from a queue, fairly and once: in turn, by weight, or by load (S4.4). Pure.

A robot doesn't decide who: it wishes «somebody of these» (`intents.Pick`), and the transaction that records the wish
draws for wishes that are really new, in order. So a look made twice, a crash after the record, a repeated key draw
nothing, and fifty cards of one look get fifty turns.

Turns are the smooth weighted ring: at each draw everybody who is free gains his weight, the one who has most goes and
pays for all. Who is absent gains nothing, so he isn't flooded when he comes back; a newcomer begins like the others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from robots import intents, model

RESPONSIBLE = model.FieldCode("assignedById")
STALE = timedelta(minutes=10)
"""A draw that the mirror doesn't show after that was undone by somebody."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the mirror knows of who is busy."""

    open_cards: Mapping[model.UserId, int]
    holder: Mapping[model.CardRef, model.UserId | None]
    """Of the cards asked for: who leads them; those that are closed or gone aren't in it."""


Loads = Callable[[Collection[model.CardRef]], Load]


@dataclass(frozen=True, slots=True)
class Given:
    card: model.CardRef
    user: model.UserId
    at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """What is remembered of a queue between draws."""

    turns: Mapping[model.UserId, int] = field(default_factory=dict)
    given: tuple[Given, ...] = ()
    """Cards drawn by load that the mirror may not show with their new responsible yet, oldest first."""


def queue_name(wish: intents.Wish, pick: intents.Pick) -> str:
    """Robots that only watch turn a ring of their own: they take nobody's turn."""
    return f"{pick.queue} (просмотр)" if wish.dry_run else pick.queue


class Drawing:
    """The draws of one recording. `tallies` is changed by them; `drawn` are those of keys known already."""

    def __init__(
        self,
        tallies: MutableMapping[str, Tally],
        drawn: Mapping[intents.WishKey, model.UserId | None],
        loads: Loads,
    ) -> None:
        self._tallies, self._loads = tallies, loads
        self._drawn: dict[intents.WishKey, intents.Candidate | None] = {
            key: None if user is None else intents.Candidate(user, "") for key, user in drawn.items()
        }

    def settle(self, wishes: Sequence[intents.Wish], at: datetime) -> tuple[intents.Wish, ...]:
        """The wishes of one look, in order, with names instead of `DRAWN`; what stands on a draw gets its name too."""
        return tuple(self._settled(wish, at) for wish in wishes)

    def _settled(self, wish: intents.Wish, at: datetime) -> intents.Wish:
        if wish.pick is not None:
            if wish.key not in self._drawn:
                self._drawn[wish.key] = self._draw(wish, wish.pick, at)
            return _named(replace(wish, pick=None), self._drawn[wish.key])
        before = self._drawn.get(wish.stands_on) if wish.stands_on is not None else None
        if before is None:
            return wish
        self._drawn[wish.key] = before
        return _named(wish, before)

    def _draw(self, wish: intents.Wish, pick: intents.Pick, at: datetime) -> intents.Candidate:
        queue = queue_name(wish, pick)
        tally = self._tallies.get(queue, Tally())
        if pick.how is intents.PickHow.LOAD:
            chosen, tally = self._least_loaded(wish.card, pick, tally, at)
        else:
            chosen, turns = turn(pick.among, tally.turns)
            tally = replace(tally, turns=turns)
        self._tallies[queue] = tally
        return chosen

    def _least_loaded(
        self, card: model.CardRef, pick: intents.Pick, tally: Tally, at: datetime
    ) -> tuple[intents.Candidate, Tally]:
        """A weight of 2 carries twice as many cards; of equals the first in the queue's order.

        A card given away counts for its new responsible before the mirror shows it; the card in question for nobody.
        """
        before = {one.card: one for one in tally.given if at - one.at < STALE}
        known = self._loads((*before, card))
        load = dict(known.open_cards)
        moved = {
            one.card: one.user for one in before.values() if known.holder.get(one.card, one.user) != one.user
        }
        for ref, user in {**moved, card: None}.items():
            holder = known.holder.get(ref)
            if holder is not None:
                load[holder] = load.get(holder, 0) - 1
            if user is not None:
                load[user] = load.get(user, 0) + 1
        chosen = min(pick.among, key=lambda one: load.get(one.user, 0) / max(one.weight, 1))
        waiting = (one for one in before.values() if one.card in moved and one.card != card)
        return chosen, replace(tally, given=(*waiting, Given(card, chosen.user, at)))


def turn(
    among: Sequence[intents.Candidate], turns: Mapping[model.UserId, int]
) -> tuple[intents.Candidate, dict[model.UserId, int]]:
    """Whose turn it is, and everybody's credit after it."""
    credit = dict(turns)
    for one in among:
        credit[one.user] = credit.get(one.user, 0) + one.weight
    chosen = max(among, key=lambda one: credit[one.user])  # of equals the first
    credit[chosen.user] -= sum(one.weight for one in among)
    return chosen, credit


# --- the drawn one in an act ---------------------------------------------------------------------------------------


def who(act: intents.Act) -> model.UserId | None:
    """Whom a recorded act names: for draws made before."""
    match act:
        case intents.SetFields(values):
            found = values.get(RESPONSIBLE)
            return model.UserId(found) if isinstance(found, int) else None
        case intents.SetTask(responsible=user) | intents.Notify(to=user):
            return user
        case _:
            return None


def _named(wish: intents.Wish, drawn: intents.Candidate | None) -> intents.Wish:
    if drawn is None:
        return wish
    because = wish.because.replace(intents.DRAWN_NAME, drawn.name)
    return replace(wish, act=_act(wish.act, drawn), because=because)


def _act(act: intents.Act, drawn: intents.Candidate) -> intents.Act:
    def said(text: str) -> str:
        return text.replace(intents.DRAWN_NAME, drawn.name)

    def person(user: model.UserId) -> model.UserId:
        return drawn.user if user == intents.DRAWN else user

    match act:
        case intents.SetFields(values, replaces):
            filled: dict[model.FieldCode, Any] = {
                code: drawn.user if code == RESPONSIBLE and value == intents.DRAWN else value
                for code, value in values.items()
            }
            return intents.SetFields(filled, replaces)
        case intents.SetTask():
            return replace(act, responsible=person(act.responsible), title=said(act.title),
                           description=said(act.description))  # fmt: skip
        case intents.Notify():
            return intents.Notify(person(act.to), said(act.text), said(act.tag))
        case intents.Comment(text):
            return intents.Comment(said(text))
        case intents.Say(dialog, text):
            return intents.Say(dialog, said(text))
        case intents.LogEntry(title, text):
            return intents.LogEntry(title, said(text))
        case intents.MakeDocument():
            return replace(act, values={name: said(value) for name, value in act.values.items()})
        case _:
            return act
