"""Give the card a responsible by a scenario (S1.1, S4.3, S4.4, S3.5): a queue, the load, a field, the phone's territory,
the client's earlier manager.

Who of a queue it is isn't decided here but drawn when the wish is recorded (`robots.draws`), once for its key. Where the
card is new or came to a stage, `assign` is a state: «nobody of this stay was assigned yet», so that it can wait for the
morning. A wait ends when a person gives the card to somebody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from robots import changes, choosing, draws, intents, model, paths, people
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.WHILE_THERE
OCCASION = robots_robot.Occasion.PER_VISIT


class Standing(StrEnum):
    NONE = "none"
    """The trigger's own occasion; can't wait, so it takes whoever will be free first."""
    CARD = "card"
    """Once in a card's life."""
    STAGE = "stage"
    """Once in each stay in `stage`."""


class Tell(StrEnum):
    NOBODY = "nobody"
    NEW = "new"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Options:
    to: people.Person
    away: tuple[choosing.Away, ...] = ()
    """Whose deputies stand in."""
    tell: Tell = Tell.NOBODY
    standing: Standing = Standing.NONE
    stage: model.StageId | None = None


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    cause = _cause(ask, options)
    if isinstance(cause, base.Line):
        yield cause
        return
    step, over = "assign", None
    if options.standing is not Standing.NONE:
        step, wished = base.standing(ask, cause, "assign")
        over = _over(ask, cause, wished=wished)
    if over is not None:
        yield over
        return
    chooser = choosing.Chooser(ask.look, ask.now, ask.roles, options.away)
    once = options.standing is Standing.NONE
    choice = chooser.choose_ahead(options.to) if once else chooser.choose(options.to)
    if not choice.somebody:
        yield from _nobody(ask, options, cause, choice)
    elif choice.user is not None and choice.user == ask.look.card.responsible:
        yield base.Step(step, intents.Remember(f"ответственный уже такой: {choice.why}"),
                        f"ответственный уже такой: {choice.why}", cause=cause)  # fmt: skip
    else:
        yield from given(ask, choice, cause, options.tell, step=step)


def _cause(ask: base.Ask, options: Options) -> str | base.Line:
    """What it is done for, or why there is nothing to be done for."""
    look = ask.look
    activation = look.activations.get(ask.robot.id)
    if options.standing is Standing.NONE:
        return ask.cause
    if look.card.closed or activation is None:
        return base.Line(base.Outcome.NOT_TRIGGERED, "карточка закрыта")
    if options.standing is Standing.CARD:
        came = look.accepted is not None and look.accepted.pipeline != ask.visit.pipeline
        if look.card.ref.id > activation.card or came:
            return "created"
        return base.Line(base.Outcome.NOT_TRIGGERED, "карточка старше робота")
    if ask.visit.stage != options.stage:
        return base.Line(base.Outcome.NOT_TRIGGERED, "карточка на другой стадии")
    row = ask.visit.row
    fresh = row > activation.row if row is not None else ask.visit.entered > activation.at
    return ask.visit.id if fresh else base.Line(base.Outcome.NOT_TRIGGERED, "пришла на стадию до робота")


def _over(ask: base.Ask, cause: str, *, wished: bool) -> base.Line | None:
    if wished:
        return base.Line(base.Outcome.ALREADY_DONE, "ответственный уже назначен")
    mine = [row.wish.key for row in ask.look.past if row.wish.robot == ask.robot.id]
    head = f"{ask.robot.id}/{ask.look.card.ref}/{cause}"
    waited = [key for key in mine if key.startswith(f"{head}/responsible#")]
    now = f"{head}/responsible#{ask.look.change(changes.RESPONSIBLE)}/waiting"
    if waited and now not in waited:
        return base.Line(base.Outcome.SUPERSEDED, "пока ждали, ответственного назначили без робота")
    return None


def _nobody(ask: base.Ask, options: Options, cause: str, choice: choosing.Choice) -> Iterator[base.Answer]:
    if options.standing is Standing.NONE or choice.wait_until is None:
        yield base.Line(base.Outcome.FAILED, f"некого назначить: {choice.why}")
        return
    yield base.Line(base.Outcome.WAITING, f"назначим позже: {choice.why}", choice.wait_until)
    number = ask.look.change(changes.RESPONSIBLE)
    note = f"ждём: {choice.why}"
    yield base.Step("waiting", intents.Remember(note), note, cause=f"{cause}/responsible#{number}")


def given(
    ask: base.Ask, choice: choosing.Choice, cause: str, tell: Tell, *, step: str = "assign", why_old: str = ""
) -> Iterator[base.Answer]:
    """The card goes to the chosen one; behind it the words to both. `why_old` is said to the former responsible."""
    card = ask.look.card
    drawn = choice.user is None
    user = intents.DRAWN if choice.user is None else choice.user
    name = intents.DRAWN_NAME if drawn else ask.look.directory.user_name(user)
    act = intents.SetFields({draws.RESPONSIBLE: user}, {draws.RESPONSIBLE: card.responsible})
    yield base.Step(step, act, f"ответственный — {name}: {choice.why}", cause=cause, pick=choice.pick)
    link = paths.link(card, ask.look.directory)
    if tell is not Tell.NOBODY:
        text = f"«{card.title}» теперь ваша карточка\n{link}"
        notice = intents.Notify(user, text, f"{card.ref}/{ask.robot.id}/new")
        yield base.Step(f"{step} new", notice, f"сказать новому ответственному: {name}", step, cause=cause)
    old = ask.look.directory.active(card.responsible)
    if tell is Tell.BOTH and old is not None:
        text = f"«{card.title}»: теперь ведёт {name}\n{why_old}{link}"
        notice = intents.Notify(old.id, text, f"{card.ref}/{ask.robot.id}/old")
        yield base.Step(f"{step} old", notice, f"сказать прежнему ответственному: {old.full_name}", step,
                        cause=cause)  # fmt: skip
