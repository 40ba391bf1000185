"""decide(rules, look, now): what should happen to one card now, and why nothing else.

Order inside a look (design.md «Visits, gates, reverts»): gates, then what leaving owes, then leaving robots, entering
ones, the rest. A gate that says no leaves only the return and, behind it, the notice. Everything wished has a key made
of its cause, so that the same look twice wishes the same, and the ledger takes it once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from robots import conditions, fights, gates, intents, kinds, model, obligations, occasions
from robots import look as looks
from robots import robot as robots_robot
from robots.kinds import base

DEEPEST = 5
"""More of our own effects than this behind one change is a circle of robots (R6)."""


@dataclass(frozen=True)
class Rules:
    """Everything the engine obeys for one portal, compiled. `config` is the short hash shown in logs."""

    robots: tuple[robots_robot.Robot, ...] = ()
    gates: tuple[robots_robot.Gate, ...] = ()
    hands_off: conditions.Condition | None = None
    config: str = ""

    @cached_property
    def timetable(self) -> occasions.Timetable:
        return occasions.Timetable(self.robots)


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the trace: a robot, how it ended (`kinds.base.Outcome`), why in plain Russian."""

    robot: intents.RobotId
    outcome: str
    reason: str
    mark: str = ""
    wish: intents.WishKey | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`needs` not empty: gather those facts and ask again, nothing else here counts."""

    wishes: tuple[intents.Wish, ...] = ()
    wake_at: datetime | None = None
    accepted: model.Visit | None = None
    """The accepted stay after this look (to be remembered)."""
    refused: model.VisitId | None = None
    """The stay that a gate sent back (to be remembered)."""
    trace: tuple[Told, ...] = ()
    needs: frozenset[looks.Need] = frozenset()


class _Draft:
    """A decision in the making: collects wishes, lines and the nearest moment."""

    def __init__(self, seen: looks.Look, now: datetime) -> None:
        self.seen, self.now = seen, now
        self.known = {row.wish.key: row for row in seen.past}
        self.wishes: list[intents.Wish] = []
        self.trace: list[Told] = []
        self.wake_at: datetime | None = None
        self.needs: set[looks.Need] = set()

    def wish(self, wish: intents.Wish, mark: str) -> None:
        known = self.known.get(wish.key)
        if known is not None and _binds_anew(wish, known):
            wish = replace(known.wish, while_visit=wish.while_visit)
        elif known is not None:
            self.tell(wish.robot, base.Outcome.ALREADY_DONE, wish.because, mark, wish.key)
            return
        self.wishes.append(wish)
        self.tell(wish.robot, base.Outcome.WISHED, wish.because, mark, wish.key)

    def tell(
        self,
        robot: intents.RobotId,
        outcome: base.Outcome,
        reason: str,
        mark: str = "",
        wish: intents.WishKey | None = None,
    ) -> None:
        self.trace.append(Told(robot, outcome.value, reason, mark, wish))

    def wake(self, at: datetime) -> None:
        if at > self.now:
            self.wake_at = at if self.wake_at is None else min(self.wake_at, at)

    def done(self, accepted: model.Visit | None, refused: model.VisitId | None) -> Decision:
        return Decision(
            tuple(self.wishes), self.wake_at, accepted, refused, tuple(self.trace), frozenset(self.needs)
        )


def _binds_anew(wish: intents.Wish, known: intents.Past) -> bool:
    """Its cause came again before it was over: it is wanted for the present stay now. A task isn't: that it is closed was
    owed when its stay was left."""
    if known.state.final or isinstance(wish.act, intents.SetTask):
        return False
    return wish.while_visit is not None and wish.while_visit != known.wish.while_visit


ENGINE = intents.RobotId("Voronka")


def decide(rules: Rules, look: looks.Look, now: datetime) -> Decision:
    """Pure and repeatable. `look` must be whole: a torn one is not for deciding."""
    draft = _Draft(look, now)
    if look.unfinished_origin:
        draft.tell(ENGINE, base.Outcome.BLOCKED, "карточку создаёт передача, она ещё не закончена")
        return draft.done(look.accepted, look.refused)
    stays = occasions.follow(look)
    before = look
    if (stays.accepted, stays.refused, stays.passed) != (look.accepted, look.refused, look.arrived):
        look = replace(look, accepted=stays.accepted, refused=stays.refused, arrived=stays.passed)
    if _hands_off(rules, look, now, draft):
        return draft.done(look.visit, None)
    try:
        standing = _pass_gates(rules, look, now, draft, stays)
    except looks.NotGathered as missing:
        draft.needs.add(missing.need)
        return draft.done(look.accepted, look.refused)
    if standing.held:
        _owe(look, look.accepted, draft)
        _ask(_states(rules, look), look, draft)
        return draft.done(before.accepted and look.accepted, standing.refused)
    _owe(look, standing.accepted, draft)
    _ask(occasions.triggered(rules.timetable, look, standing.accepted, stays.resumed), look, draft)
    return draft.done(standing.accepted, None)


@dataclass(frozen=True, slots=True)
class _Standing:
    """After the gates: the accepted stay; `held`: the present one waits or was refused and has no robots."""

    accepted: model.Visit | None
    refused: model.VisitId | None = None
    held: bool = False


def _hands_off(rules: Rules, look: looks.Look, now: datetime, draft: _Draft) -> bool:
    """«Эту сделку не трогать» (users.md F19)."""
    if rules.hands_off is None:
        return False
    try:
        off = isinstance(conditions.evaluate(rules.hands_off, look, now), conditions.Yes)
    except looks.NotGathered as missing:
        draft.needs.add(missing.need)
        return True
    if off:
        draft.tell(ENGINE, base.Outcome.PAUSED, "в карточке отмечено: роботы не трогают")
    return off


def _pass_gates(
    rules: Rules, look: looks.Look, now: datetime, draft: _Draft, stays: occasions.Stays
) -> _Standing:
    if stays.resumed or (look.accepted is not None and occasions.same(look.accepted, look.visit)):
        return _Standing(look.accepted)
    if look.refused == look.visit.id and not _undone(look, now):
        draft.tell(ENGINE, base.Outcome.BLOCKED, "возвращена на прежнюю стадию, ждём")
        return _Standing(look.accepted, look.refused, held=True)
    if look.refused == look.visit.id:
        return _Standing(look.visit)
    active = [
        gate for gate in rules.gates if gate.mode is not robots_robot.Mode.OFF and _is_news(gate.id, look)
    ]
    match gates.judge(active, look, now):
        case gates.Pass(notes):
            for robot, note in notes:
                draft.tell(robot, base.Outcome.FAILED, note)
            return _Standing(look.visit)
        case gates.Wait() as wait:
            draft.wake(wait.until)
            draft.tell(wait.gate.id, base.Outcome.WAITING, gates.because(wait.missing), str(wait.gate.mark))
            return _Standing(look.accepted, look.refused, held=True)
        case gates.Tell() as tell:
            _tell(tell, look, draft)
            return _Standing(look.visit)
        case gates.Refuse() as refuse:
            return _refuse(refuse, look, draft)


def _is_news(robot: intents.RobotId, look: looks.Look) -> bool:
    """Moves made before the gate began to act aren't its matter."""
    return occasions.after(look.activations.get(robot), look.visit)


def _undone(look: looks.Look, now: datetime) -> bool:
    """The return failed, or was made long ago and isn't seen: the card stays where it is."""
    rows = [row for row in look.past if isinstance(row.wish.act, intents.MoveStage) and row.wish.act.back]
    ours = next((row for row in reversed(rows) if row.wish.cause == look.refused), None)
    if ours is None:
        return True
    if ours.state is intents.WishState.DONE:
        return ours.done_at is not None and now - ours.done_at > gates.STUCK_AFTER
    return ours.state.final


def _gate_wish(
    gate: robots_robot.Gate, look: looks.Look, step: str, act: intents.Act, because: str
) -> intents.Wish:
    return intents.Wish(
        key=intents.WishKey(f"{gate.id}/{look.card.ref}/{look.visit.id}/{step}"),
        robot=gate.id,
        digest=gate.digest,
        card=look.card.ref,
        cause=look.visit.id,
        act=act,
        because=because,
        dry_run=gate.mode is robots_robot.Mode.WATCH,
        depth=look.depth,
    )


def _notice(gate: robots_robot.Gate, look: looks.Look, text: str, because: str) -> intents.Wish | None:
    to = look.card.responsible
    if look.directory.active(to) is None or to is None:
        return None
    tag = f"{look.card.ref}/gate/{to}"
    return _gate_wish(gate, look, "notice", intents.Notify(to, text, tag), because)


def _tell(verdict: gates.Tell, look: looks.Look, draft: _Draft) -> None:
    because = gates.because(verdict.missing)
    if verdict.overruled:
        because = f"{because}; не возвращаем: {verdict.overruled}"
    notice = _notice(verdict.gate, look, gates.tell_text(verdict, look), because)
    if notice is None:
        draft.tell(
            verdict.gate.id, base.Outcome.FAILED, f"{because}; сообщить некому", str(verdict.gate.mark)
        )
    else:
        draft.wish(notice, str(verdict.gate.mark))


def _refuse(verdict: gates.Refuse, look: looks.Look, draft: _Draft) -> _Standing:
    gate, because = verdict.gate, gates.because(verdict.missing)
    act = intents.MoveStage(verdict.to.pipeline, verdict.to.stage, only_from=look.visit.stage, back=True)
    back = _gate_wish(gate, look, "back", act, because)
    draft.wish(back, str(gate.mark))
    notice = _notice(gate, look, gates.refusal_text(verdict, look), because)
    if notice is not None:
        draft.wish(replace(notice, stands_on=back.key), str(gate.mark))
    if gate.mode is robots_robot.Mode.WATCH:
        return _Standing(look.visit)  # it only watches: the card stays, and so do its robots
    return _Standing(look.accepted, look.visit.id, held=True)


def _owe(look: looks.Look, accepted: model.Visit | None, draft: _Draft) -> None:
    for due in obligations.owed(look, accepted, draft.now):
        if isinstance(due, obligations.Later):
            draft.wake(due.at)
            continue
        row = due.row.wish
        wish = intents.Wish(
            key=intents.WishKey(f"{row.key}/{due.tail}"),
            robot=row.robot,
            digest="",
            card=look.card.ref,
            cause=f"{row.cause}/{due.tail}",
            act=due.act,
            because=due.because,
            stands_on=row.key,
            depth=look.depth,
        )
        if wish.key not in draft.known:
            draft.wish(wish, "")


def _states(rules: Rules, look: looks.Look) -> Iterator[occasions.Occasion]:
    """While a stay is held only robots of states and of the card's birth act: they aren't of that stay."""
    for occasion in occasions.triggered(rules.timetable, look, look.accepted, resumed=True):
        if isinstance(occasion.robot.trigger, robots_robot.Always | robots_robot.Created):
            yield occasion


def _ask(asked: Iterator[occasions.Occasion], look: looks.Look, draft: _Draft) -> None:
    for occasion in asked:
        robot = occasion.robot
        if look.depth > DEEPEST:
            behind = ", ".join(sorted({row.wish.robot for row in look.past[-6:]}))
            draft.tell(robot.id, base.Outcome.HELD, f"роботы ходят по кругу: {behind}", str(robot.mark))
            continue
        try:
            _answers(occasion, look, draft)
        except looks.NotGathered as missing:
            draft.needs.add(missing.need)


def _answers(occasion: occasions.Occasion, look: looks.Look, draft: _Draft) -> None:
    robot, mark = occasion.robot, str(occasion.robot.mark)
    if robot.condition is not None:
        match conditions.evaluate(robot.condition, look, draft.now):
            case conditions.No() as no:
                draft.tell(
                    robot.id,
                    base.Outcome.FILTERED,
                    "; ".join(conditions.explain(failure) for failure in no.failures),
                    mark,
                )
                return
            case conditions.Cannot() as cannot:
                draft.tell(robot.id, base.Outcome.FAILED, f"не могу проверить условие: {cannot.why}", mark)
                return
            case conditions.Yes():
                pass
    kind = kinds.KINDS[robot.kind]
    ask = base.Ask(robot, look, draft.now, occasion.cause, occasion.visit, kinds=kinds.KINDS)
    keys: dict[str, intents.WishKey] = {}
    for answer in list(kind.decide(ask)):
        if isinstance(answer, base.Line):
            draft.tell(robot.id, answer.outcome, answer.reason, mark)
            if answer.wake_at is not None:
                draft.wake(answer.wake_at)
            continue
        wish = _wish(occasion, look, kind, answer, keys)
        if wish.key not in draft.known and fights.fighting(look, robot.id, wish.act, draft.now):
            reason = (
                f"{answer.because}: трижды за сутки записано и сразу исправлено: спорит с роботом портала?"
            )
            draft.tell(robot.id, base.Outcome.HELD, reason, mark)
            continue
        keys[answer.name] = wish.key
        draft.wish(wish, mark)


def _wish(
    occasion: occasions.Occasion,
    look: looks.Look,
    kind: base.Kind,
    step: base.Step,
    keys: dict[str, intents.WishKey],
) -> intents.Wish:
    robot = occasion.robot
    cause = step.cause if step.cause is not None else occasion.cause
    of_stay = (
        isinstance(robot.trigger, robots_robot.Entered) and kind.LASTING is robots_robot.Lasting.WHILE_THERE
    )
    closes_on_leave = isinstance(step.act, intents.SetTask) and step.act.closes is intents.TaskCloses.ON_LEAVE
    return intents.Wish(
        key=intents.WishKey(f"{robot.id}/{look.card.ref}/{cause}/{step.name}"),
        robot=robot.id,
        digest=robot.digest,
        card=look.card.ref,
        cause=cause,
        act=step.act,
        because=step.because,
        stands_on=keys.get(step.after) if step.after else None,
        while_visit=occasion.visit.id if (of_stay and not step.lasting) or closes_on_leave else None,
        not_after=step.not_after,
        dry_run=robot.mode is robots_robot.Mode.WATCH,
        depth=look.depth,
        pick=step.pick,
    )
