"""Which robots have an occasion in this look, and which stays the card went through since the accepted one.

A return's history row is expected: the first stay after the refused one, in the accepted stage. It *resumes* the accepted
stay: no cause, no second task, waits go on; who moved the card doesn't matter. A→B→A within one look resumes as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from robots import kinds, look, model, robot


@dataclass(frozen=True, slots=True)
class Stays:
    """`accepted` and `refused` as they stand after the card's stays were followed; `resumed`: the card is back."""

    accepted: model.Visit | None
    refused: model.VisitId | None
    resumed: bool
    passed: tuple[model.Visit, ...]
    """Stays gone through since the accepted one, the present one last."""


@dataclass(frozen=True, slots=True)
class Occasion:
    robot: robot.Robot
    cause: str
    visit: model.Visit


def same(one: model.Visit, other: model.Visit) -> bool:
    """The same stay; a resumed stay keeps its id and bears the row of the return."""
    return one.id == other.id or (one.row is not None and one.row == other.row)


def follow(seen: look.Look) -> Stays:
    accepted, refused = seen.accepted, seen.refused
    passed = seen.arrived
    if accepted is None and len(passed) > 1:
        return _first_seen(seen)
    ids = [visit.id for visit in passed]
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


class Timetable:
    """The robots by what they wait for, made once per configuration, so that a look asks only those concerned.

    It only narrows: whether there is an occasion is still decided robot by robot.
    """

    def __init__(self, robots: Sequence[robot.Robot]) -> None:
        live = sorted(
            (each for each in robots if each.mode is not robot.Mode.OFF), key=lambda each: each.order
        )
        self._by_stage: dict[tuple[type, model.StageId], list[robot.Robot]] = {}
        self._any_stage: dict[type, list[robot.Robot]] = {}
        self._changed: dict[str, list[robot.Robot]] = {}
        self._states: list[robot.Robot] = []
        for each in live:
            match each.trigger:
                case robot.Entered(stage=model_stage) | robot.Left(stage=model_stage) if (
                    model_stage is not None
                ):
                    self._by_stage.setdefault((type(each.trigger), model_stage), []).append(each)
                case robot.Entered() | robot.Left() | robot.Reopened():
                    self._any_stage.setdefault(type(each.trigger), []).append(each)
                case robot.Changed(code):
                    self._changed.setdefault(code, []).append(each)
                case robot.Created() | robot.Always():
                    self._states.append(each)

    def of_moves(self, seen: look.Look) -> Iterator[robot.Robot]:
        """Leaving robots, entering ones, reopening ones, for the stays of this look."""
        if not seen.arrived:
            return
        stages = {visit.stage for visit in seen.arrived}
        if seen.accepted is not None:
            stages.add(seen.accepted.stage)
        for phase in (robot.Left, robot.Entered, robot.Reopened):
            found = [*self._any_stage.get(phase, ())]
            for stage in stages:
                found += self._by_stage.get((phase, stage), ())
            yield from sorted(found, key=_order)

    def of_card(self, seen: look.Look) -> Iterator[robot.Robot]:
        """Robots of birth, of states and of what changed."""
        found = [*self._states]
        for code in seen.changed & self._changed.keys():
            found += self._changed[code]
        return iter(sorted(found, key=_order))


def _order(each: robot.Robot) -> int:
    return each.order


def triggered(
    timetable: Timetable, seen: look.Look, accepted: model.Visit | None, resumed: bool
) -> Iterator[Occasion]:
    """Leaving robots first, then entering ones, then the rest; the file's order within.

    `seen.accepted` is the stay before this look, `accepted` the one after it; `seen.arrived` the stays between.
    """
    kind = seen.card.ref.kind
    for each in timetable.of_moves(seen):
        if each.card is kind:
            yield from _of_move(each, seen, resumed)
    for each in timetable.of_card(seen):
        if each.card is kind:
            yield from _of_card(each, seen, accepted or seen.visit)


def _of_move(each: robot.Robot, seen: look.Look, resumed: bool) -> Iterator[Occasion]:
    activation = seen.activations.get(each.id)
    stays = [visit for visit in seen.arrived if after(activation, visit)]
    if not stays:
        return
    match each.trigger:
        case robot.Entered(stage, semantic):
            present = [] if resumed else [visit for visit in stays if same(visit, seen.visit)]
            for visit in stays if _every_visit(each) else present:
                if (
                    _of_pipeline(each, visit)
                    and stage in (None, visit.stage)
                    and semantic in (None, visit.semantic)
                ):
                    yield Occasion(each, visit.id, visit)
        case robot.Left(stage):
            for visit in _left(each, seen, resumed):
                if _of_pipeline(each, visit) and stage in (None, visit.stage):
                    yield Occasion(each, visit.id, visit)
        case robot.Reopened():
            was_final = seen.accepted is not None and seen.accepted.semantic is not model.Semantic.WORK
            if was_final and seen.visit.semantic is model.Semantic.WORK and _of_pipeline(each, seen.visit):
                yield Occasion(each, seen.visit.id, seen.visit)
        case _:
            return


def _left(each: robot.Robot, seen: look.Look, resumed: bool) -> Iterator[model.Visit]:
    """The stay that ended; for robots of every visit, those passed through as well."""
    if seen.accepted is not None and not resumed:
        yield seen.accepted
    if _every_visit(each):
        between = seen.arrived if resumed else seen.arrived[:-1]
        yield from (visit for visit in between if seen.accepted is None or not same(visit, seen.accepted))


def _every_visit(each: robot.Robot) -> bool:
    return kinds.KINDS[each.kind].LASTING is robot.Lasting.EVERY_VISIT


def _of_card(each: robot.Robot, seen: look.Look, visit: model.Visit) -> Iterator[Occasion]:
    activation = seen.activations.get(each.id)
    if activation is None or not (each.pipeline is None or each.pipeline == seen.card.pipeline):
        return
    born_after = seen.card.ref.id > activation.card
    match each.trigger:
        case robot.Created():
            if (seen.first and born_after) or _came_into(each, seen, activation):
                yield Occasion(each, "created", visit)
        case robot.Changed(code):
            if code in seen.changed and (born_after or not seen.first):
                yield Occasion(each, f"{code}#{seen.change(code)}", visit)
        case robot.Always():
            if born_after or after(activation, seen.visit):
                yield Occasion(each, "state", visit)
        case _:
            return


def _came_into(each: robot.Robot, seen: look.Look, activation: look.Activation) -> bool:
    """The card came from another pipeline: for this one's robots it is as good as created."""
    if each.pipeline is None or seen.accepted is None or seen.accepted.pipeline == each.pipeline:
        return False
    return any(visit.pipeline == each.pipeline and after(activation, visit) for visit in seen.arrived)


def _of_pipeline(each: robot.Robot, visit: model.Visit) -> bool:
    return each.pipeline is None or each.pipeline == visit.pipeline
