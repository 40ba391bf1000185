"""Gates: what must hold for a card to leave a stage or to enter one (S2.8, S2.9, S2.11; users.md F2).

Judged before every robot, once per move: from the accepted stay to the present one, on present values. A move backwards
is never judged. A gate that says no either tells, or sends the card back to the accepted stage and tells; then the
refused stay has no robots. There is nothing to send back to for a card created in the stage or come from another pipeline:
then the gate only tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from robots import agreements, attempts, conditions, intents, look, model, occasions, people, robot

STUCK_AFTER = timedelta(minutes=10)
"""A return that was made and isn't seen for so long is believed undone: the card stays where it is."""

Place = tuple[model.PipelineId, model.StageId]


@dataclass(frozen=True, slots=True)
class Missing:
    gate: robot.Gate
    requirement: robot.Requirement
    leaving: bool


@dataclass(frozen=True, slots=True)
class Pass:
    notes: tuple[tuple[intents.RobotId, str], ...] = ()
    """Requirements that could not be evaluated: no «no», but told."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Something is missing, and the manager has until then to write it."""

    gate: robot.Gate
    until: datetime
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """The card goes back to `to`."""

    gate: robot.Gate
    missing: tuple[Missing, ...]
    to: model.Visit


@dataclass(frozen=True, slots=True)
class Tell:
    """The card stays; the manager is told. `overruled` says why it isn't sent back although the rule says so."""

    gate: robot.Gate
    missing: tuple[Missing, ...]
    overruled: str = ""


@dataclass(frozen=True, slots=True)
class Consult:
    """The card waits in `to` until `who` agrees by doing a task (users.md F16)."""

    gate: robot.Gate
    who: model.UserId
    to: model.Visit


Verdict = Pass | Wait | Refuse | Tell | Consult


_PASSED = Pass()


def placed(gates: Sequence[robot.Gate]) -> Mapping[Place, Sequence[robot.Gate]]:
    """Those in force by the stage that they guard, in the file's order; made once per configuration."""
    at: dict[Place, list[robot.Gate]] = {}
    for gate in gates:
        if gate.mode is not robot.Mode.OFF:
            at.setdefault((gate.pipeline, gate.stage), []).append(gate)
    return at


def judge(gates: Mapping[Place, Sequence[robot.Gate]], seen: look.Look, now: datetime) -> Verdict:
    """The verdict about the present stay. Raises NotGathered for requirements on clients."""
    missing: list[Missing] = []
    notes: list[tuple[intents.RobotId, str]] = []
    wanted: list[Missing] = []
    """Agreements: asked for once nothing else is missing."""
    for gate, requirement, leaving in _asked(gates, seen):
        match conditions.evaluate(requirement.condition, seen, now):
            case conditions.No() if requirement.agreed_by is not None:
                wanted.append(Missing(gate, requirement, leaving))
            case conditions.No():
                lacking = _after_attempts(requirement, seen, now)
                missing += [Missing(gate, lacking, leaving)] if lacking is not None else []
            case conditions.Cannot() as cannot:
                notes.append((gate.id, f"не могу проверить «{requirement.shown}»: {cannot.why}"))
            case conditions.Yes():
                pass
    if not missing:
        return _agreed(wanted, notes, seen, now)
    gate = missing[0].gate
    until = seen.visit.entered + timedelta(seconds=gate.policy.wait_seconds)
    if now < until:
        return Wait(gate, until, tuple(missing))
    return _sentence(gate, tuple(missing), seen, now)


def _after_attempts(
    requirement: robot.Requirement, seen: look.Look, now: datetime
) -> robot.Requirement | None:
    """What is still missing, in words of its own; None: the attempts are enough."""
    rule = requirement.attempts
    if rule is None:
        return requirement
    calendar = seen.directory.calendar
    zone = calendar.timezone if calendar else "UTC"
    found = attempts.counted(rule, seen.need_attempts(), now)
    if attempts.enough(rule, found, zone):
        return None
    said = attempts.lacking(rule, found, zone, card=_IN_CARD[seen.card.ref.kind])
    return replace(requirement, text=requirement.text or said)


_IN_CARD = {model.CardKind.DEAL: "сделке", model.CardKind.LEAD: "лиде"}


def _agreed(
    wanted: Sequence[Missing], notes: list[tuple[intents.RobotId, str]], seen: look.Look, now: datetime
) -> Verdict:
    """Nothing else is missing: whose agreement is, if anybody's."""
    for one in wanted:
        gate, person = one.gate, one.requirement.agreed_by
        if person is None or (seen.accepted is not None and agreements.given(gate, seen.accepted, seen)):
            continue
        who = people.resolve(person, seen, {})
        if who.user_id is None:
            notes.append((gate.id, f"не у кого спросить согласия: {who.why}"))
        elif who.user_id != (seen.card.moved_by or seen.card.responsible):
            return _consult(one, who.user_id, seen, now)
    return Pass(tuple(notes)) if notes else _PASSED


def _consult(one: Missing, who: model.UserId, seen: look.Look, now: datetime) -> Verdict:
    """Always by a return, however soft `if_missing` is: the word itself says that the card waits."""
    name = seen.directory.user_name(who)
    told = (replace(one, requirement=replace(one.requirement, text=f"Нужно согласие: {name}.")),)
    verdict = _sentence(
        replace(one.gate, policy=replace(one.gate.policy, do=robot.GateDoes.MOVE_BACK)), told, seen, now
    )
    return Consult(one.gate, who, verdict.to) if isinstance(verdict, Refuse) else verdict


def _sentence(gate: robot.Gate, missing: tuple[Missing, ...], seen: look.Look, now: datetime) -> Verdict:
    policy = gate.policy
    hard = policy.do is robot.GateDoes.MOVE_BACK
    if not hard and policy.then_from is not None and now.date() >= policy.then_from:
        hard = policy.then_do is robot.GateDoes.MOVE_BACK
    if not hard:
        return Tell(gate, missing)
    if seen.accepted is None:
        return Tell(gate, missing, "карточка создана сразу на этой стадии, возвращать некуда")
    if seen.accepted.pipeline != seen.visit.pipeline:
        return Tell(gate, missing, "карточка пришла из другой воронки, возвращать некуда")
    if returns_today(seen, now) >= policy.at_most_per_day:
        return Tell(
            gate, missing, f"сегодня уже возвращали {policy.at_most_per_day} раза: возвраты не помогают"
        )
    return Refuse(gate, missing, seen.accepted)


def returns_today(seen: look.Look, now: datetime) -> int:
    """Returns of this card in the last 24 hours."""
    return sum(
        isinstance(row.wish.act, intents.MoveStage)
        and row.wish.act.back
        and now - row.wished_at < timedelta(days=1)
        and row.state is not intents.WishState.DRY_RUN
        for row in seen.past
    )


def _asked(
    gates: Mapping[Place, Sequence[robot.Gate]], seen: look.Look
) -> Iterator[tuple[robot.Gate, robot.Requirement, bool]]:
    """Every requirement that this move must meet, in the board's order: leaving ones, then entering ones."""
    pipeline = seen.directory.pipeline(seen.visit.pipeline)
    if pipeline is None or not _is_judged(pipeline, seen):
        return
    for place in _stages_left(pipeline, seen):
        first_left = seen.accepted is not None and place == (seen.accepted.pipeline, seen.accepted.stage)
        for gate in gates.get(place, ()):
            if not (gate.policy.all_earlier or first_left) or _excused(gate.policy, seen.visit.semantic):
                continue
            if _is_asked(gate, seen):
                yield from ((gate, requirement, True) for requirement in gate.to_leave)
    for gate in gates.get((seen.visit.pipeline, seen.visit.stage), ()):
        if _is_asked(gate, seen):
            yield from ((gate, requirement, False) for requirement in gate.to_enter)


def _is_asked(gate: robot.Gate, seen: look.Look) -> bool:
    """Moves made before the gate began to act, or by those it trusts, aren't its matter."""
    return occasions.after(seen.activations.get(gate.id), seen.visit) and not _by_the_trusted(gate, seen)


def _is_judged(pipeline: model.Pipeline, seen: look.Look) -> bool:
    """Forward moves and arrivals; a lead that became CONVERTED can't be sent back and is only told about."""
    if seen.accepted is None or seen.accepted.pipeline != seen.visit.pipeline:
        return True
    return pipeline.position(seen.visit.stage) > pipeline.position(seen.accepted.stage)


def _stages_left(pipeline: model.Pipeline, seen: look.Look) -> list[Place]:
    """The accepted stage and those jumped over. On the way to a lost stage nothing is jumped over."""
    if seen.accepted is None:
        return []
    accepted = (seen.accepted.pipeline, seen.accepted.stage)
    if seen.accepted.pipeline != pipeline.id or seen.visit.semantic is model.Semantic.LOST:
        return [accepted]
    start, end = pipeline.position(seen.accepted.stage), pipeline.position(seen.visit.stage)
    between = [stage for stage in pipeline.stages[start + 1 : end] if stage.semantic is model.Semantic.WORK]
    return [accepted, *((pipeline.id, stage.id) for stage in between)]


def _excused(policy: robot.GatePolicy, into: model.Semantic) -> bool:
    lost = policy.except_lost and into is model.Semantic.LOST
    return lost or (policy.except_won and into is model.Semantic.WON)


def _by_the_trusted(gate: robot.Gate, seen: look.Look) -> bool:
    if seen.card.moved_by is None:
        return False
    trusted = (people.resolve(person, seen, {}).user_id for person in gate.policy.except_moved_by)
    return seen.card.moved_by in set(trusted)
