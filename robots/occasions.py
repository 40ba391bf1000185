"""Which robots have an occasion in this look, and which stays the card went through since the accepted one.

A return's history row is expected: the first stay after the refused one, in the accepted stage. It *resumes* the accepted
stay: no cause, no second task, waits go on; who moved the card doesn't matter. A→B→A within one look resumes as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from robots import kinds, look, model, robot
from robots.kinds import base


class Stays(NamedTuple):
    """`accepted` and `refused` as they stand after the card's stays were followed; `resumed`: the card is back."""

    accepted: model.Visit | None
    refused: model.VisitId | None
    resumed: bool
    passed: tuple[model.Visit, ...]
    """Stays gone through since the accepted one, the present one last."""


class Occasion(NamedTuple):
    duty: Duty
    cause: str
    visit: model.Visit
    line: base.Line | None = None
    """It is none yet, and this is why: the kind isn't asked."""


def same(one: model.Visit, other: model.Visit) -> bool:
    """The same stay; a resumed stay keeps its id and bears the row of the return."""
    return one.id == other.id or (one.row is not None and one.row == other.row)


def follow(seen: look.Look) -> Stays:
    accepted, refused = seen.accepted, seen.refused
    passed = seen.arrived
    if accepted is None and len(passed) > 1:
        return _first_seen(seen)
    ids = [visit.id for visit in passed] if accepted is not None and refused is not None else []
    if accepted is not None and refused in ids:
        after = ids.index(refused) + 1
        if after < len(passed) and _in_stage(passed[after], accepted):
            accepted = replace(accepted, row=passed[after].row)
            passed, refused = passed[after + 1 :], None
            if not passed:
                return Stays(accepted, None, resumed=True, passed=())
    if accepted is not None and passed and _in_stage(passed[-1], accepted):
        return Stays(replace(accepted, row=passed[-1].row), None, resumed=True, passed=passed[:-1])
    if refused is not None and refused != seen.visit.id:
        refused = None
    return Stays(accepted, refused, resumed=False, passed=passed)


def _first_seen(seen: look.Look) -> Stays:
    """A card first seen in the middle of its way is judged as if it had been watched from the start of ours.

    Its first stay was never worked, so a return to it is an arrival, not a resumption.
    """
    began, passed = _where_we_came_in(seen), seen.arrived
    if passed[-2].id == seen.refused and _in_stage(passed[-1], began):
        return Stays(None, None, resumed=False, passed=(*passed[:-2], passed[-1]))
    refused = seen.refused if seen.refused == seen.visit.id else None
    return Stays(began, refused, resumed=False, passed=passed)


def _where_we_came_in(seen: look.Look) -> model.Visit:
    past = [
        visit for visit in seen.arrived[:-1] if not any(after(a, visit) for a in seen.activations.values())
    ]
    return past[-1] if past else seen.arrived[0]


def _in_stage(visit: model.Visit, other: model.Visit) -> bool:
    return (visit.pipeline, visit.stage) == (other.pipeline, other.stage)


def after(activation: look.Activation | None, visit: model.Visit) -> bool:
    """The stay began after the robot did. A robot without an activation never acts."""
    if activation is None:
        return False
    return visit.row > activation.row if visit.row is not None else visit.entered > activation.at


@dataclass(frozen=True, slots=True)
class Duty:
    """A robot with what every look asks of it, worked out once per configuration."""

    robot: robot.Robot
    kind: base.Kind
    every_visit: bool
    of_stay: bool
    """What it wishes is of the stay that was entered, and superseded once that is over."""
    watches: bool
    """It is tried out: decides as live, and nothing of it is sent."""
    mark: str


def duty_of(each: robot.Robot) -> Duty:
    kind = kinds.KINDS[each.kind]
    entering = isinstance(each.trigger, robot.Entered)
    return Duty(
        robot=each,
        kind=kind,
        every_visit=kind.LASTING is robot.Lasting.EVERY_VISIT,
        of_stay=entering and kind.LASTING is robot.Lasting.WHILE_THERE,
        watches=each.mode is robot.Mode.WATCH,
        mark=str(each.mark),
    )


class Timetable:
    """The robots by what they wait for, made once per configuration, so that a look asks only those concerned.

    It only narrows: whether there is an occasion is still decided robot by robot.
    """

    def __init__(self, robots: Sequence[robot.Robot]) -> None:
        live = [duty_of(each) for each in robots if each.mode is not robot.Mode.OFF]
        live.sort(key=_order)
        self._leaving = _ByStage(live, robot.Left)
        self._entering = _ByStage(live, robot.Entered)
        self._reopening = [each for each in live if isinstance(each.robot.trigger, robot.Reopened)]
        self._changed: dict[str, list[Duty]] = {}
        self._states: list[Duty] = []
        self.timed: list[Duty] = []
        """Robots that time alone calls."""
        self.told: list[Duty] = []
        """Robots that news from outside the card calls."""
        for each in live:
            match each.robot.trigger:
                case robot.Changed(code):
                    self._changed.setdefault(code, []).append(each)
                case robot.Created() | robot.Always():
                    self._states.append(each)
                case robot.Reached() | robot.Scheduled() | robot.TaskIs():
                    self.timed.append(each)
                case robot.Happened():
                    self.told.append(each)
                case _:
                    pass

    def of_moves(self, seen: look.Look) -> list[Duty]:
        """Leaving robots, entering ones, reopening ones, that may have to do with the stays of this look."""
        if not seen.arrived:
            return []
        entered = {visit.stage for visit in seen.arrived}
        left = entered | {seen.accepted.stage} if seen.accepted is not None else entered
        return [*self._leaving.of(left), *self._entering.of(entered), *self._reopening]

    def of_card(self, changed: frozenset[str]) -> list[Duty]:
        """Robots of birth, of states and of what changed."""
        return _in_order(self._states, [self._changed[code] for code in changed if code in self._changed])


class _ByStage:
    """The robots that wait for a stage to be entered, or left, by the stage."""

    def __init__(self, live: Sequence[Duty], trigger: type[robot.Entered | robot.Left]) -> None:
        of_stage: dict[model.StageId | None, list[Duty]] = {}
        for each in live:
            if isinstance(each.robot.trigger, trigger):
                of_stage.setdefault(each.robot.trigger.stage, []).append(each)
        self._any = of_stage.pop(None, [])
        self._named = {stage: named for stage, named in of_stage.items() if stage is not None}
        self._all = {stage: _in_order(self._any, [named]) for stage, named in self._named.items()}

    def of(self, stages: set[model.StageId]) -> list[Duty]:
        if len(stages) == 1:
            (stage,) = stages
            return self._all.get(stage, self._any)
        return _in_order(self._any, [self._named[stage] for stage in stages if stage in self._named])


def _in_order(always: list[Duty], more: list[list[Duty]]) -> list[Duty]:
    return sorted((each for one in (always, *more) for each in one), key=_order) if more else always


def _order(each: Duty) -> int:
    return each.robot.order


def triggered(
    timetable: Timetable, seen: look.Look, accepted: model.Visit | None, resumed: bool
) -> Iterator[Occasion]:
    """Leaving robots first, then entering ones, then the rest; the file's order within.

    `seen.accepted` is the stay before this look, `accepted` the one after it; `seen.arrived` the stays between.
    """
    kind = seen.card.ref.kind
    for each in timetable.of_moves(seen):
        if each.robot.card is kind:
            yield from _of_move(each, seen, resumed)
    for each in timetable.of_card(seen.changed):
        if each.robot.card is kind:
            yield from _of_card(each, seen, accepted or seen.visit)


def _of_move(duty: Duty, seen: look.Look, resumed: bool) -> Iterator[Occasion]:
    match duty.robot.trigger:
        case robot.Entered() as trigger:
            return _of_entering(duty, trigger, seen, resumed)
        case robot.Left(stage):
            return _of_leaving(duty, stage, seen, resumed)
        case _:
            return _of_reopening(duty, seen)


def _of_entering(duty: Duty, trigger: robot.Entered, seen: look.Look, resumed: bool) -> Iterator[Occasion]:
    activation = seen.activations.get(duty.robot.id)
    for visit in seen.arrived:
        if (
            (trigger.stage is None or trigger.stage == visit.stage)
            and (trigger.semantic is None or trigger.semantic is visit.semantic)
            and _of_pipeline(duty.robot, visit)
            and (duty.every_visit or (not resumed and same(visit, seen.visit)))
            and after(activation, visit)
        ):
            yield Occasion(duty, visit.id, visit)


def _of_leaving(
    duty: Duty, stage: model.StageId | None, seen: look.Look, resumed: bool
) -> Iterator[Occasion]:
    if not _is_news(duty, seen):
        return
    for visit in _left(duty, seen, resumed):
        if _of_pipeline(duty.robot, visit) and stage in (None, visit.stage):
            yield Occasion(duty, visit.id, visit)


def _left(duty: Duty, seen: look.Look, resumed: bool) -> Iterator[model.Visit]:
    """The stay that ended; for robots of every visit, those passed through as well."""
    if seen.accepted is not None and not resumed:
        yield seen.accepted
    if duty.every_visit:
        between = seen.arrived if resumed else seen.arrived[:-1]
        yield from (visit for visit in between if seen.accepted is None or not same(visit, seen.accepted))


def _of_reopening(duty: Duty, seen: look.Look) -> Iterator[Occasion]:
    was_final = seen.accepted is not None and seen.accepted.semantic is not model.Semantic.WORK
    now_works = seen.visit.semantic is model.Semantic.WORK and _of_pipeline(duty.robot, seen.visit)
    if was_final and now_works and _is_news(duty, seen):
        yield Occasion(duty, seen.visit.id, seen.visit)


def _is_news(duty: Duty, seen: look.Look) -> bool:
    """Some stay of this look began after the robot did."""
    activation = seen.activations.get(duty.robot.id)
    return any(after(activation, visit) for visit in seen.arrived)


def _of_card(duty: Duty, seen: look.Look, visit: model.Visit) -> Iterator[Occasion]:
    each = duty.robot
    activation = seen.activations.get(each.id)
    if activation is None or not (each.pipeline is None or each.pipeline == seen.card.pipeline):
        return
    born_after = seen.card.ref.id > activation.card
    match each.trigger:
        case robot.Always():
            if born_after or after(activation, seen.visit):
                yield Occasion(duty, "state", visit)
        case robot.Created():
            if (seen.first and born_after) or _came_into(each, seen, activation):
                yield Occasion(duty, "created", visit)
        case robot.Changed(code):
            if code in seen.changed and (born_after or not seen.first):
                yield Occasion(duty, f"{code}#{seen.change(code)}", visit)
        case _:
            return


def _came_into(each: robot.Robot, seen: look.Look, activation: look.Activation) -> bool:
    """The card came from another pipeline: for this one's robots it is as good as created."""
    if each.pipeline is None or seen.accepted is None or seen.accepted.pipeline == each.pipeline:
        return False
    return any(visit.pipeline == each.pipeline and after(activation, visit) for visit in seen.arrived)


def _of_pipeline(each: robot.Robot, visit: model.Visit) -> bool:
    return each.pipeline is None or each.pipeline == visit.pipeline
