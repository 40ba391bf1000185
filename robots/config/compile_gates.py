"""`to_leave`, `to_enter`, `if_missing` to gates (S2.8, S2.9, S2.11; users.md F2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from robots import attempts, conditions, intents, look, model, paths, robot
from robots.config import compile_conditions, compile_limits, compile_tasks, compile_terms, embedding, nodes
from robots.config.context import Scope
from robots.config.robot_maker import Maker, Place, mode_of

Op = conditions.Op


def compile_gates(
    place: Place,
    stage: model.Stage,
    body: nodes.Node,
    policy: robot.GatePolicy,
    around: tuple[nodes.Node | None, ...],
    maker: Maker,
) -> None:
    """One gate for leaving, one for entering: each has its own name in `why`."""
    scope = place.scope
    if scope.pipeline is None:
        return
    for key in ("to_leave", "to_enter"):
        node = nodes.get(body, key)
        if node is None:
            continue
        needed = tuple(_guarded(one, scope) for one in requirements(node, scope))
        if not needed and not nodes.is_faulty(node):
            continue
        gate = robot.Gate(
            id=intents.RobotId(f"{place.path}/{key}"),
            pipeline=scope.pipeline.id,
            stage=stage.id,
            to_leave=needed if key == "to_leave" else (),
            to_enter=needed if key == "to_enter" else (),
            policy=policy,
            mark=node.mark,
            mode=mode_of(*place.modes),
            limits=compile_limits.rates(*place.limits),
        )
        maker.gate(gate, (node, *around), node)


def _guarded(needed: robot.Requirement, scope: Scope) -> robot.Requirement:
    """A card that robots don't touch needs nothing."""
    if scope.hands_off is None:
        return needed
    return replace(needed, condition=conditions.AnyOf((scope.hands_off, needed.condition)))


def requirements(node: nodes.Node, scope: Scope) -> Iterator[robot.Requirement]:
    """A list is fields only; a mapping is `filled`, `where`, `text`, `field`."""
    if not isinstance(node, nodes.Mapping):
        yield from (_filled(item, scope) for item in embedding.named_fields(node))
        return
    text = nodes.text(nodes.get(node, "text"))
    own, filled, where = nodes.get(node, "field"), nodes.get(node, "filled"), nodes.get(node, "where")
    if own is not None:
        yield _filled(own, scope, text)
    if isinstance(filled, nodes.Mapping):
        for key, value in filled.pairs:
            count = nodes.text(nodes.get(value, "words"))
            test = conditions.Test(scope.path(key), Op.WORDS, int(count) if count.isdecimal() else 1)
            yield robot.Requirement(test, key.text, text)
    else:
        for item in embedding.named_fields(filled):
            yield _filled(item, scope, text)
    if where is not None:
        condition = compile_conditions.compile_condition(where, scope)
        yield robot.Requirement(condition, _shown(where), text)
    tried, person = nodes.get(node, "attempts"), nodes.get(node, "agreed_by")
    if tried is not None and not nodes.is_faulty(tried):
        yield robot.Requirement(_NEVER, "попытки связаться", text, attempts=_attempts(tried))
    if person is not None and not nodes.is_faulty(person):
        yield robot.Requirement(_NEVER, "согласие", agreed_by=scope.person(person, scope))


_NEVER = conditions.AnyOf(())
"""No field says that it is met."""
_COUNTED = {
    "звонок": look.Reached.CALL,
    "письмо": look.Reached.LETTER,
    "сообщение": look.Reached.MESSAGE,
    "дело": look.Reached.TODO,
    "комментарий": look.Reached.COMMENT,
}


def _attempts(node: nodes.Node) -> attempts.Rule:
    """A number alone, or `at_least`, `on_days`, `count`; on two days where nothing is said (S2.10)."""
    whole = nodes.text(node) if isinstance(node, nodes.Scalar) else nodes.text(nodes.get(node, "at_least"))
    at_least, days = int(whole), nodes.text(nodes.get(node, "on_days"))
    plain = attempts.Rule(at_least, int(days) if days else min(2, at_least))
    listed = [nodes.text(one).partition(":") for one in nodes.items(nodes.get(node, "count"))]
    if not listed:
        return plain
    marks = tuple(mark.strip().casefold() for _, _, mark in listed if mark.strip())
    return replace(
        plain, kinds=frozenset(_COUNTED[how.strip()] for how, _, _ in listed), marks=marks or plain.marks
    )


def _filled(node: nodes.Node, scope: Scope, text: str = "") -> robot.Requirement:
    path = scope.path(node)
    return robot.Requirement(conditions.Test(path, Op.FILLED), path.shown, text)


def _shown(node: nodes.Node) -> str:
    """The condition in words for a message without a text of its own: «Способ доставки: Доставка»."""
    said = []
    for key, value in nodes.pairs(node):
        wanted = ", ".join(nodes.text(item) for item in nodes.items(value) if isinstance(item, nodes.Scalar))
        said.append(f"{key.text}: {wanted}" if wanted else key.text)
    return "; ".join(said)


def required_paths(gate: robot.Gate) -> Iterator[paths.Path]:
    """Every field that a gate wants filled."""
    for needed in (*gate.to_leave, *gate.to_enter):
        yield from _filled_in(needed.condition)


def _filled_in(condition: conditions.Condition) -> Iterator[paths.Path]:
    if isinstance(condition, conditions.Test):
        if condition.op in {Op.FILLED, Op.WORDS}:
            yield condition.path
    elif isinstance(condition, conditions.Not):
        return
    else:
        for part in condition.parts:
            yield from _filled_in(part)


def compile_policy(node: nodes.Node | None, scope: Scope, admin: str) -> robot.GatePolicy:
    plain = robot.GatePolicy(admin=admin)
    if not isinstance(node, nodes.Mapping):
        return plain
    then, not_when = nodes.get(node, "then"), nodes.get(node, "not_when")
    from_, wait = nodes.get(then, "from"), scope.term(nodes.get(node, "wait"))
    to = {nodes.text(item) for item in nodes.items(nodes.get(not_when, "to"))}
    closing = nodes.text(nodes.get(node, "closing")) == "too"
    at_most = nodes.text(nodes.get(node, "at_most")).split(" ")[0]
    return robot.GatePolicy(
        do=_does(nodes.get(node, "do"), plain.do),
        then_from=compile_tasks.day(from_, scope) if from_ is not None else None,
        then_do=_does(nodes.get(then, "do"), plain.then_do),
        wait_seconds=(
            compile_terms.seconds(wait.amount, wait.unit.value) if wait is not None else plain.wait_seconds
        ),
        all_earlier=nodes.text(nodes.get(node, "checks")) != "the left stage",
        except_lost=("lost" in to if to else True) and not closing,
        except_won="won" in to,
        except_moved_by=tuple(
            scope.person(one, scope) for one in nodes.items(nodes.get(not_when, "moved_by"))
        ),
        at_most_per_day=int(at_most) if at_most.isdecimal() else plain.at_most_per_day,
        admin=admin,
    )


def _does(node: nodes.Node | None, default: robot.GateDoes) -> robot.GateDoes:
    written = nodes.text(node)
    return robot.GateDoes(written) if written in {"tell", "move_back"} else default
