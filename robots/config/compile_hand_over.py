"""What a hand-over leaves behind, known once every robot is (S5.1)."""

from __future__ import annotations

from dataclasses import replace

from robots import model, paths, robot
from robots.config import compile_gates, compile_people, embedding, names, nodes, robot_maker
from robots.config.context import Context, Scope
from robots.kinds import convert, fill_field, hand_over, set_fields


def complete(maker: robot_maker.Maker, context: Context, book: compile_people.Book) -> None:
    """S5.1: what the next department's robots fill, and the reasons of failure, aren't copied, less `keep:`."""
    for at, one in enumerate(maker.robots):
        if isinstance(one.options, convert.Options) and one.options.pipeline is not None:
            filled = {
                code
                for other in maker.robots
                if other.pipeline == one.options.pipeline
                for code in _fills(other)
            }
            maker.robots[at] = replace(one, options=replace(one.options, leave_out=frozenset(filled)))
        if not isinstance(one.options, hand_over.Options):
            continue
        target = one.options.pipeline
        left_out = {code for other in maker.robots if other.pipeline == target for code in _fills(other)}
        left_out |= _reasons(maker, context, {target, one.pipeline})
        body = maker.bodies[one.id]
        scope = Scope(context, book.person)
        kept = {scope.card_field(item) for item in embedding.named_fields(nodes.get(body, "keep"))}
        options = replace(one.options, leave_out=frozenset((left_out | one.options.leave_out) - kept))
        maker.robots[at] = replace(one, options=options)


def _fills(one: robot.Robot) -> set[model.FieldCode]:
    if isinstance(one.options, fill_field.Options):
        return {one.options.field}
    if isinstance(one.options, set_fields.Options):
        card = paths.Owner.CARD
        return {assignment.field for assignment in one.options.assignments if assignment.owner is card}
    return set()


_REASON = "Комментарий при провале"


def _reasons(
    maker: robot_maker.Maker, context: Context, pipelines: set[model.PipelineId | None]
) -> set[model.FieldCode]:
    """Fields that lost stages require, and the comment by its name."""
    directory = context.names.directory
    found: set[model.FieldCode] = set()
    answer = context.names.path(_REASON, model.CardKind.DEAL)
    if not isinstance(answer, names.Miss) and not isinstance(answer.value.code, paths.Virtual):
        found.add(answer.value.code)
    for gate in maker.gates:
        stage = directory.stage(gate.pipeline, gate.stage) if directory else None
        if gate.pipeline not in pipelines or stage is None or stage.semantic is not model.Semantic.LOST:
            continue
        for path in compile_gates.required_paths(replace(gate, to_leave=())):
            if path.owner is paths.Owner.CARD and not isinstance(path.code, paths.Virtual):
                found.add(path.code)
    return found
