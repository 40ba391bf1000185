"""decide(rules, look, now): what should happen to one card now, and why nothing else.

Order inside a look (design.md «Visits, gates, reverts»): gates, then what leaving owes, then leaving robots, entering
ones, the rest. A gate that says no leaves only the return and, behind it, the notice. Everything wished has a key made
of its cause, so that the same look twice wishes the same, and the ledger takes it once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from robots import (
    agreements,
    answers,
    conditions,
    drafts,
    enrolled,
    expected,
    gate_words,
    intents,
    model,
    notices,
    obligations,
    occasions,
    reports,
    timing,
)
from robots import gates as robots_gates
from robots import limits as robots_limits
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
    manners: notices.Manners = notices.PLAIN
    limits: Mapping[str, robots_limits.Rate] = field(default_factory=dict)
    reports: tuple[reports.Report, ...] = ()

    @cached_property
    def _own_limits(self) -> Mapping[intents.RobotId, Mapping[str, robots_limits.Rate]]:
        own = {one.id: one.limits for one in self.robots if one.limits}
        return {**own, **{gate.id: gate.limits for gate in self.gates if gate.limits}}

    @property
    def limited(self) -> bool:
        """Anybody is."""
        return bool(self.limits or self._own_limits)

    def limits_of(self, robot: intents.RobotId) -> Mapping[str, robots_limits.Rate]:
        """The portal's, but for what its funnel's or its own words say otherwise."""
        own = self._own_limits.get(robot)
        return self.limits if own is None else {**self.limits, **own}

    @cached_property
    def timetable(self) -> occasions.Timetable:
        return occasions.Timetable(self.robots)

    @cached_property
    def placed(self) -> Mapping[robots_gates.Place, Sequence[robots_robot.Gate]]:
        return robots_gates.placed(self.gates)


Decision = drafts.Decision
Told = drafts.Told

ENGINE = intents.RobotId("Voronka")


def decide(rules: Rules, look: looks.Look, now: datetime) -> Decision:
    """Pure and repeatable. `look` must be whole: a torn one is not for deciding."""
    draft = drafts.Draft(look, now, rules.manners)
    if look.unfinished_origin:
        draft.tell(ENGINE, base.Outcome.BLOCKED, "карточку создаёт передача, она ещё не закончена")
        return draft.done(look.accepted, look.refused)
    look = expected.without(look)
    stays = occasions.follow(look)
    before = look
    if (stays.accepted, stays.refused, stays.passed) != (look.accepted, look.refused, look.arrived):
        look = replace(look, accepted=stays.accepted, refused=stays.refused, arrived=stays.passed)
    if _hands_off(rules, look, now, draft):
        return draft.done(look.visit, None)
    if expected.moved(look):
        _owe(look, look.visit, draft)
        _ask(timing.asked(rules.timetable, look, look.visit, now), look, draft)
        return draft.done(look.visit, None)
    try:
        standing = _pass_gates(rules, look, now, draft, stays)
    except looks.NotGathered as missing:
        draft.needs.add(missing.need)
        return draft.done(look.accepted, look.refused)
    if standing.held:
        _owe(look, look.accepted, draft)
        _ask(_states(rules, look), look, draft)
        _ask(timing.asked(rules.timetable, look, look.accepted or look.visit, now), look, draft)
        return draft.done(before.accepted and look.accepted, standing.refused)
    _owe(look, standing.accepted, draft)
    _ask(occasions.triggered(rules.timetable, look, standing.accepted, stays.resumed), look, draft)
    _ask(timing.asked(rules.timetable, look, standing.accepted or look.visit, now), look, draft)
    _take_care(rules, look, standing.accepted, draft)
    return draft.done(standing.accepted, None)


def _take_care(rules: Rules, look: looks.Look, accepted: model.Visit | None, draft: drafts.Draft) -> None:
    """Robots that a person enrolled this card for, after those to whom something happened."""
    for occasion in enrolled.asked(rules.robots, look, accepted):
        robot, mark = occasion.duty.robot.id, occasion.duty.mark
        try:
            answered = answers.to(occasion, enrolled.as_met(robot, look), draft.now, draft.known)
        except looks.NotGathered as missing:
            draft.needs.add(missing.need)
            continue
        wished = {wish.key for wish in draft.wishes}
        for answer in answered:
            if isinstance(answer, base.Line):
                draft.tell(robot, answer.outcome, answer.reason, mark)
                if answer.wake_at is not None:
                    draft.wake(answer.wake_at)
            elif look.care.quiet and isinstance(answer.act, intents.Notify):
                draft.tell(robot, base.Outcome.FILTERED, f"тихо, без сообщений: {answer.because}", mark)
            elif answer.key not in wished:
                draft.wish(replace(answer, calm=not look.care.fire), mark)


class _Standing(NamedTuple):
    """After the gates: the accepted stay; `held`: the present one waits or was refused and has no robots."""

    accepted: model.Visit | None
    refused: model.VisitId | None = None
    held: bool = False


def _hands_off(rules: Rules, look: looks.Look, now: datetime, draft: drafts.Draft) -> bool:
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
    rules: Rules, look: looks.Look, now: datetime, draft: drafts.Draft, stays: occasions.Stays
) -> _Standing:
    if stays.resumed or (look.accepted is not None and occasions.same(look.accepted, look.visit)):
        return _Standing(look.accepted)
    if look.refused == look.visit.id and not _undone(look, now):
        draft.tell(ENGINE, base.Outcome.BLOCKED, "возвращена на прежнюю стадию, ждём")
        return _Standing(look.accepted, look.refused, held=True)
    if look.refused == look.visit.id:
        return _Standing(look.visit)
    match robots_gates.judge(rules.placed, look, now):
        case robots_gates.Pass(notes):
            for robot, note in notes:
                draft.tell(robot, base.Outcome.FAILED, note)
            return _Standing(look.visit)
        case robots_gates.Wait() as wait:
            draft.wake(wait.until)
            draft.tell(
                wait.gate.id, base.Outcome.WAITING, gate_words.because(wait.missing), str(wait.gate.mark)
            )
            return _Standing(look.accepted, look.refused, held=True)
        case robots_gates.Tell() as tell:
            _tell(tell, look, draft)
            return _Standing(look.visit)
        case robots_gates.Refuse() as refuse:
            return _refuse(refuse, look, draft)
        case robots_gates.Consult() as consult:
            return _consult(consult, look, draft)


def _undone(look: looks.Look, now: datetime) -> bool:
    """The return failed, or was made long ago and isn't seen: the card stays where it is."""
    rows = [row for row in look.past if isinstance(row.wish.act, intents.MoveStage) and row.wish.act.back]
    ours = next((row for row in reversed(rows) if row.wish.cause == look.refused), None)
    if ours is None:
        return True
    if ours.state is intents.WishState.DONE:
        return ours.done_at is not None and now - ours.done_at > robots_gates.STUCK_AFTER
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
    # It answers what its addressee did this minute: no hour is too late for it.
    return _gate_wish(gate, look, "notice", intents.Notify(to, text, tag, urgent=True), because)


def _tell(verdict: robots_gates.Tell, look: looks.Look, draft: drafts.Draft) -> None:
    because = gate_words.because(verdict.missing)
    if verdict.overruled:
        because = f"{because}; не возвращаем: {verdict.overruled}"
    notice = _notice(verdict.gate, look, gate_words.tell_text(verdict, look), because)
    if notice is None:
        draft.tell(
            verdict.gate.id, base.Outcome.FAILED, f"{because}; сообщить некому", str(verdict.gate.mark)
        )
    else:
        draft.wish(notice, str(verdict.gate.mark))


def _refuse(verdict: robots_gates.Refuse, look: looks.Look, draft: drafts.Draft) -> _Standing:
    because = gate_words.because(verdict.missing)
    return _send_back(verdict.gate, verdict.to, gate_words.refusal_text(verdict, look), because, look, draft)


def _consult(verdict: robots_gates.Consult, look: looks.Look, draft: drafts.Draft) -> _Standing:
    """The question is one for the whole stay, by its key: whoever moves the card again is only told."""
    gate, to, name = verdict.gate, verdict.to, look.directory.user_name(verdict.who)
    because = f"нужно согласие: {name}"
    why = agreements.wanted_by_move(gate, look)
    task = agreements.task((gate.pipeline, gate.stage), verdict.who, look, draft.now, why=why, stay=to)
    asked = _gate_wish(gate, look, "agree", task, because)
    key = intents.WishKey(f"{gate.id}/{look.card.ref}/{to.id}/agree")
    draft.wish(replace(asked, key=key, cause=to.id, while_visit=to.id), str(gate.mark))
    return _send_back(gate, to, gate_words.consult_text(gate, name, look), because, look, draft)


def _send_back(
    gate: robots_robot.Gate, to: model.Visit, text: str, because: str, look: looks.Look, draft: drafts.Draft
) -> _Standing:
    act = intents.MoveStage(to.pipeline, to.stage, only_from=look.visit.stage, back=True)
    back = _gate_wish(gate, look, "back", act, because)
    draft.wish(back, str(gate.mark))
    notice = _notice(gate, look, text, because)
    if notice is not None:
        draft.wish(replace(notice, stands_on=back.key), str(gate.mark))
    if gate.mode is robots_robot.Mode.WATCH:
        return _Standing(look.visit)  # it only watches: the card stays, and so do its robots
    return _Standing(look.accepted, look.visit.id, held=True)


def _owe(look: looks.Look, accepted: model.Visit | None, draft: drafts.Draft) -> None:
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
        if isinstance(occasion.duty.robot.trigger, robots_robot.Always | robots_robot.Created):
            yield occasion


def _ask(asked: Iterator[occasions.Occasion], look: looks.Look, draft: drafts.Draft) -> None:
    for occasion in asked:
        robot, mark = occasion.duty.robot.id, occasion.duty.mark
        if look.depth > DEEPEST:
            behind = ", ".join(sorted({row.wish.robot for row in look.past[-6:]}))
            draft.tell(robot, base.Outcome.HELD, f"роботы ходят по кругу: {behind}", mark)
            continue
        try:
            answered = answers.to(occasion, look, draft.now, draft.known)
        except looks.NotGathered as missing:
            draft.needs.add(missing.need)
            continue
        for answer in answered:
            if isinstance(answer, intents.Wish):
                draft.wish(answer, mark)
                continue
            draft.tell(robot, answer.outcome, answer.reason, mark)
            if answer.wake_at is not None:
                draft.wake(answer.wake_at)
