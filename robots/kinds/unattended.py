"""Nobody works the card: its responsible is reminded, then replaced, and both are told (S1.2, users.md F28).

The wait begins when the present responsible is first seen with the card and runs anew with each next one; what began is
kept in the ledger, so a look made twice begins nothing twice. Life is what the responsible himself did since: a stage, a
field, an activity or comment, a task begun. Where we ourselves slept through the end of a wait it begins anew: nobody is
punished for our gap (users.md F3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from robots import changes, choosing, intents, life, model, paths, people, schedule, words
from robots import robot as robots_robot
from robots.kinds import assign, base

LASTING = robots_robot.Lasting.EVERY_VISIT
OCCASION = robots_robot.Occasion.PER_CHANGE

SLEPT = timedelta(minutes=15)
"""Later than this after a wait's end we weren't there, or had no say."""
AT_ONCE = timedelta(seconds=1)
"""A wait of no time at all ends at the next look, which must come."""


class Proof(StrEnum):
    STAGE = "стадия"
    FIELD = "поле"
    ACTIVITY = "дело"
    """A call, a letter, a todo, a comment: the portal tells of them together."""
    TASK = "задача начата"


@dataclass(frozen=True, slots=True)
class Options:
    after: schedule.Duration
    to: people.Person | None = None
    """None: nobody is replaced, the heads are told."""
    first_after: schedule.Duration | None = None
    first_to: tuple[people.Person, ...] = ()
    at_most: int = 2
    then_to: tuple[people.Person, ...] = ()
    not_from: tuple[people.Person, ...] = ()
    proof: frozenset[Proof] = frozenset(Proof)
    away: tuple[choosing.Away, ...] = ()


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    card = ask.look.card
    activation = ask.look.activations.get(ask.robot.id)
    if card.closed or card.responsible is None or activation is None:
        yield base.Line(base.Outcome.NOT_TRIGGERED, "карточка закрыта или ничья")
        return
    cause = f"responsible#{ask.look.change(changes.RESPONSIBLE)}"
    began = _began(ask, cause)
    if not began:
        yield from _begin(ask, cause, 0, "ждём действий ответственного")
        return
    over = _over(ask, cause)
    if over is not None:
        yield base.Line(base.Outcome.ALREADY_DONE, over.because)
        return
    alive = _alive(ask, began[0])
    if alive:
        # Remembered, for the portal shows the last editor alone: tomorrow that may be a robot.
        note = f"карточкой занимаются: {alive}"
        yield base.Step("alive", intents.Remember(note), note, cause=cause)
    else:
        yield from _waited(ask, cause, began)


def _began(ask: base.Ask, cause: str) -> list[datetime]:
    """When the waits for the present responsible began, the first one first."""
    return [
        row.wished_at
        for row in ask.look.past
        if row.wish.robot == ask.robot.id and row.wish.cause.startswith(f"{cause}/began#")
    ]


def _begin(ask: base.Ask, cause: str, number: int, why: str) -> Iterator[base.Answer]:
    name = ask.look.directory.user_name(ask.look.card.responsible)
    note = f"{why}: {name}"
    yield base.Step("began", intents.Remember(note), note, cause=f"{cause}/began#{number}")
    yield base.Line(base.Outcome.WAITING, note, max(min(_moments(ask, ask.now)), ask.now + AT_ONCE))


def _moments(ask: base.Ask, began: datetime) -> tuple[datetime, ...]:
    """When a wait that began then ends, and when it is reminded of before."""
    options: Options = ask.robot.options
    calendar = ask.look.directory.calendar or schedule.round_the_clock("UTC")
    terms = (options.after, options.first_after)
    return tuple(schedule.after(began, term, calendar) for term in terms if term is not None)


def _over(ask: base.Ask, cause: str) -> intents.Wish | None:
    """What ended the wait: a sign of life, or what follows it."""
    mine = (row.wish for row in ask.look.past if row.wish.robot == ask.robot.id and row.wish.cause == cause)
    return next((wish for wish in mine if not wish.key.rpartition("/")[2].startswith("first")), None)


def _waited(ask: base.Ask, cause: str, began: Sequence[datetime]) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    end, *before = _moments(ask, began[-1])
    if ask.now - end > SLEPT:
        yield from _begin(ask, cause, len(began), "проспали конец ожидания, ждём заново")
        return
    if ask.now >= end:
        yield from _replace(ask, cause)
        return
    first = before[0] if before else end
    if ask.now >= first:
        text = f"«{ask.look.card.title}»: по карточке нет действий\n{_else(options)}{_link(ask)}"
        yield from _tell(ask, options.first_to, text, cause, "first")
    yield base.Line(base.Outcome.WAITING, "ждём действий ответственного", first if first > ask.now else end)


def _else(options: Options) -> str:
    return (
        f"Ещё немного, и её передадут другому: ждём {schedule.words(options.after)}. " if options.to else ""
    )


def _replace(ask: base.Ask, cause: str) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    choice, kept = _next(ask)
    if choice is not None and choice.somebody:
        waited = f"{schedule.words(options.after)} по ней не было действий"
        why_old = (
            f"{waited[0].upper()}{waited[1:]}. Если вы уже говорили с клиентом, отметьте это в карточке и "
            "попросите вернуть. "
        )
        yield from assign.given(ask, choice, cause, assign.Tell.BOTH, why_old=why_old)
    elif choice is not None and choice.wait_until is not None:
        yield base.Line(base.Outcome.WAITING, f"передать пока некому: {choice.why}", choice.wait_until)
    elif options.then_to:
        name = ask.look.directory.user_name(ask.look.card.responsible)
        text = f"«{ask.look.card.title}»: {schedule.words(options.after)} без действий\nВедёт {name}; {kept}. {_link(ask)}"
        yield from _tell(ask, options.then_to, text, cause, "then")
    else:
        yield base.Line(base.Outcome.NOTHING_TO_DO, f"без внимания, но {kept}")


def _next(ask: base.Ask) -> tuple[choosing.Choice | None, str]:
    """Who is next; None with the reason where the card stays."""
    options: Options = ask.robot.options
    card = ask.look.card
    if options.to is None:
        return None, "передавать не велено"
    passed = sum(
        isinstance(row.wish.act, intents.SetFields) and row.wish.robot == ask.robot.id
        for row in ask.look.past
    )
    if passed >= options.at_most:
        times = words.count(passed, "раз", "раза", "раз")
        return None, f"передавали уже {times}"
    for person in options.not_from:
        if people.resolve(person, ask.look, ask.roles).user_id == card.responsible:
            return None, "это его клиент: не передаём"
    never = frozenset({card.responsible}) if card.responsible is not None else frozenset()
    chooser = choosing.Chooser(ask.look, ask.now, ask.roles, options.away, never)
    choice = chooser.choose(options.to)
    return choice, f"передать некому: {choice.why}"


def _tell(
    ask: base.Ask, to: Sequence[people.Person], text: str, cause: str, step: str
) -> Iterator[base.Answer]:
    for person in to:
        found = people.resolve(person, ask.look, ask.roles)
        if found.user_id is None:
            yield base.Line(base.Outcome.FAILED, f"некому сообщить: {found.why}")
            continue
        tag = f"{ask.look.card.ref}/{ask.robot.id}/{found.user_id}"
        because = f"без внимания: сообщение для {ask.look.directory.user_name(found.user_id)}"
        yield base.Step(
            f"{step} {found.user_id}", intents.Notify(found.user_id, text, tag), because, cause=cause
        )


def _link(ask: base.Ask) -> str:
    return paths.link(ask.look.card, ask.look.directory)


# --- signs of life -------------------------------------------------------------------------------------------------


def _alive(ask: base.Ask, since: datetime) -> str:
    """The sign that the responsible works the card since then; empty where there is none."""
    options: Options = ask.robot.options
    card = ask.look.card
    if Proof.STAGE in options.proof and ask.visit.entered > since and not _moved_by_us(ask):
        return "сменилась стадия"
    if Proof.FIELD in options.proof and card.updated > since and _his(ask, "updatedBy", card.updated):
        return "изменено поле"
    active = card.value(model.FieldCode("lastActivityTime"))
    if (
        Proof.ACTIVITY in options.proof
        and isinstance(active, datetime)
        and active > since
        and _his(ask, "lastActivityBy", active)
    ):
        return "есть дело, звонок, письмо или комментарий"
    begun = {model.TaskStatus.IN_PROGRESS, model.TaskStatus.AWAITING_CONTROL, model.TaskStatus.DONE}
    tasks = (
        task for task in ask.look.tasks.values() if task is not None and task.responsible == card.responsible
    )
    return (
        "задача начата" if Proof.TASK in options.proof and any(one.status in begun for one in tasks) else ""
    )


def _his(ask: base.Ask, code: str, at: datetime) -> bool:
    """The responsible's own doing, and not ours in his name."""
    by = ask.look.card.value(model.FieldCode(code))
    if by != ask.look.card.responsible:
        return False
    return not life.ours(ask.look, by, at)


def _moved_by_us(ask: base.Ask) -> bool:
    return any(
        isinstance(row.wish.act, intents.MoveStage)
        and row.wish.act.stage == ask.visit.stage
        and row.done_at is not None
        and abs(row.done_at - ask.visit.entered) <= life.NEAR
        for row in ask.look.past
    )
