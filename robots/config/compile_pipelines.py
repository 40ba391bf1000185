"""`pipelines:`, `leads:` and `robots:` to robots and gates. Paths are made of names: `Продажи/Новый лид/task`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from robots import conditions, intents, model, robot
from robots.config import (
    compile_acts,
    compile_conditions,
    compile_gates,
    compile_hand_over,
    compile_people,
    compile_triage,
    compile_when,
    names,
    nodes,
)
from robots.config.context import Context, Scope
from robots.config.robot_maker import Maker, Place

_DEAL = model.CardKind.DEAL
_SAID = {
    "on_create": "«{{Название}}»: новая карточка\n{{Ссылка}}",
    "on_won": "«{{Название}}» выиграна\n{{Ссылка}}",
    "on_lost": "«{{Название}}» проиграна: {{Стадия}}\n{{Ссылка}}",
    "on_reopen": "«{{Название}}» снова в работе: {{Стадия}}\n{{Ссылка}}",
    "on_enter": "«{{Название}}» теперь на стадии «{{Стадия}}»\n{{Ссылка}}",
    "on_leave": "«{{Название}}» ушла на стадию «{{Стадия}}»\n{{Ссылка}}",
    "changed": "«{{Название}}»: изменилось поле\n{{Ссылка}}",
}
"""What a message says that has no text of its own."""
_CARE = ("unattended", "stale", "without_task")
"""What is said of a whole funnel and asked of each of its cards."""
_EVENTS: Mapping[str, robot.Trigger] = {
    "on_create": robot.Created(),
    "on_won": robot.Entered(None, model.Semantic.WON),
    "on_lost": robot.Entered(None, model.Semantic.LOST),
    "on_reopen": robot.Reopened(),
}


@dataclass(frozen=True, slots=True)
class Funnels:
    """What compiling the funnels needs of the rest of the file."""

    context: Context
    maker: Maker
    people: compile_people.Book
    admin: str = ""


def compile_all(root: nodes.Node, funnels: Funnels) -> None:
    for key, body in nodes.pairs(nodes.get(root, "pipelines")):
        if isinstance(body, nodes.Mapping):
            nothing = model.Pipeline(model.PipelineId(0), key.text, _DEAL, ())
            answer = funnels.context.names.pipeline(key.text)
            pipeline = funnels.context.take(key, answer, nothing, f"нет такой воронки: «{key.text}»")
            _pipeline(key, pipeline, body, funnels)
    leads = nodes.get(root, "leads")
    if isinstance(leads, nodes.Mapping):
        _leads(root, leads, funnels)
    for item in nodes.items(nodes.get(root, "robots")):
        if isinstance(item, nodes.Mapping):
            _robot(item, funnels)
    compile_hand_over.complete(funnels.maker, funnels.context, funnels.people)


def _leads(root: nodes.Node, body: nodes.Mapping, funnels: Funnels) -> None:
    key = root.key("leads") if isinstance(root, nodes.Mapping) else None
    pipeline = funnels.context.names.leads()
    if key is None:
        return
    if pipeline is None:
        funnels.context.error(key, "V012", "в этом портале нет лидов: выключены или простой режим CRM")
        return
    _pipeline(nodes.Scalar(key.mark, key.span, text="Лиды"), pipeline, body, funnels)


def _pipeline(key: nodes.Scalar, pipeline: model.Pipeline, body: nodes.Mapping, funnels: Funnels) -> None:
    if key.faulty:
        # Of an unknown pipeline nothing can be said but that: its stages would all be «unknown» too.
        _break(key, body, funnels)
        return
    scope = _scope(pipeline, body, funnels)
    every_task, hands_off = nodes.get(body, "every_task"), nodes.get(body, "hands_off")
    mode, title = nodes.get(body, "mode"), _spelled(key, pipeline.name)
    limits = nodes.get(body, "limits")
    around = (hands_off, mode, limits, *_wrong_keys(body))
    unless = conditions.Not(scope.hands_off) if scope.hands_off is not None else None
    for event, trigger in _EVENTS.items():
        inside = replace(scope, said=_SAID[event])
        place = Place(f"{title}/{event}", trigger, inside, (mode,), unless, (limits,), around)
        funnels.maker.acts(nodes.get(body, event), place)
    _read(every_task, scope)
    states = Place(title, robot.Always(), scope, (mode,), unless, (limits,), around)
    for word in _CARE:
        section = nodes.get(body, word)
        if isinstance(section, nodes.Mapping):
            act = compile_acts.Act(word, section, section, word)
            funnels.maker.act(act, states)
    compile_triage.rules(nodes.get(body, "triage"), states, funnels.maker)
    if_missing = nodes.get(body, "if_missing")
    policy = compile_gates.compile_policy(if_missing, scope, funnels.admin)
    for name, stage_body in nodes.pairs(nodes.get(body, "stages")):
        if isinstance(stage_body, nodes.Mapping):
            stage = scope.stage(name, pipeline)
            path = f"{title}/{_spelled(name, stage.name)}"
            place = Place(path, robot.Entered(stage.id), scope, (mode,), unless, (limits,), (*around, name))
            gate_around = (*around, name, if_missing)
            _stage(stage, stage_body, place, policy, gate_around, funnels)


def _spelled(key: nodes.Scalar, name: str) -> str:
    """The portal's spelling, so that a path doesn't hang on case, ё or an id in the file."""
    return " ".join((key.text if key.faulty or not name else name).split())


def _wrong_keys(body: nodes.Mapping) -> tuple[nodes.Node, ...]:
    """Unknown keys: `mod: watch` must not let robots act, so all beside it are broken."""
    return tuple(key for key, _ in body.pairs if key.faulty)


def _break(key: nodes.Scalar, body: nodes.Mapping, funnels: Funnels) -> None:
    """Name every robot under an unknown pipeline as broken, with the pipeline's own problem."""
    keys = [*_EVENTS]
    places = [(f"{key.text}/{event}", nodes.get(body, event)) for event in keys]
    for name, stage in nodes.pairs(nodes.get(body, "stages")):
        places += [
            (f"{key.text}/{name.text}/{one}", nodes.get(stage, one))
            for one in ("task", "to_leave", "to_enter")
        ]
    for path, node in places:
        if node is not None:
            funnels.maker.gate(robot.Gate(_id(path), model.PipelineId(0), model.StageId("")), (key,), node)


def _id(path: str) -> intents.RobotId:
    return intents.RobotId(path)


def _scope(pipeline: model.Pipeline, body: nodes.Node, funnels: Funnels) -> Scope:
    book = funnels.people
    section = nodes.get(body, "people")
    if section is not None:
        book = compile_people.Book(funnels.context, section, funnels.people, pipeline.name)
        book.compile_all()
    scope = Scope(
        funnels.context, book.person, pipeline.kind, pipeline, every_task=nodes.get(body, "every_task")
    )
    hands_off = nodes.get(body, "hands_off")
    if hands_off is not None:
        scope = replace(scope, hands_off=compile_conditions.compile_condition(hands_off, scope))
    return scope


def _read(every_task: nodes.Node | None, scope: Scope) -> None:
    """Defaults are read once by themselves, so that their problems are told even without a task."""
    for key in ("creator", "for"):
        node = nodes.get(every_task, key)
        if node is not None:
            scope.person(node, scope)


def _stage(
    stage: model.Stage,
    body: nodes.Mapping,
    place: Place,
    policy: robot.GatePolicy,
    gate_around: tuple[nodes.Node | None, ...],
    funnels: Funnels,
) -> None:
    mode, wrong = nodes.get(body, "mode"), _wrong_keys(body)
    place = replace(place, modes=(*place.modes, mode), around=(*place.around, mode, *wrong))
    gate_around = (*gate_around, mode, *wrong)
    maker = funnels.maker
    compile_gates.compile_gates(place, stage, body, policy, gate_around, maker)
    entering = replace(
        place,
        path=f"{place.path}/on_enter",
        scope=replace(place.scope, said=_SAID["on_enter"], in_stage=True),
    )
    leaving = replace(
        place,
        path=f"{place.path}/on_leave",
        scope=replace(place.scope, said=_SAID["on_leave"]),
        trigger=robot.Left(stage.id),
    )
    maker.acts(nodes.get(body, "on_leave"), leaving)
    task = nodes.get(body, "task")
    listed = isinstance(task, nodes.Sequence)
    for item in nodes.items(task):
        if listed and nodes.get(item, "name") is None and len(nodes.items(task)) > 1 and not item.faulty:
            funnels.context.error(item, "V018", "у каждой задачи в списке должно быть name:")
        name = nodes.text(nodes.get(item, "name"))
        act = compile_acts.Act("task", item, item, f"task {name}".strip())
        around = (*place.around, place.scope.every_task)
        maker.act(act, replace(place, scope=replace(place.scope, in_stage=True), around=around))
    maker.acts(nodes.get(body, "on_enter"), entering)


# --- robots:


def _robot(item: nodes.Mapping, funnels: Funnels) -> None:
    context = funnels.context
    where, name = nodes.get(item, "pipeline"), " ".join(nodes.text(nodes.get(item, "name")).split())
    pipeline: model.Pipeline | None = None
    if where is not None:
        nothing = model.Pipeline(model.PipelineId(0), "", _DEAL, ())
        written = nodes.text(where)
        pipeline = context.take(
            where, context.names.pipeline(written), nothing, f"нет такой воронки: «{written}»"
        )
    kind = pipeline.kind if pipeline else _DEAL
    scope = Scope(context, funnels.people.person, kind, pipeline)
    when = nodes.get(item, "when")
    condition = nodes.get(item, "if")
    compiled = compile_conditions.compile_condition(condition, scope) if condition is not None else None
    limits = nodes.get(item, "limits")
    around = (item.key("name"), where, when, condition, nodes.get(item, "mode"), limits, *_wrong_keys(item))
    for part, trigger, said in _triggers(when, scope) if when is not None else ():
        path = f"{name}/{part}" if part else name
        place = Place(
            path, trigger, replace(scope, said=said), (nodes.get(item, "mode"),), compiled, (limits,), around
        )
        funnels.maker.acts(nodes.get(item, "do"), place)


_WORDS = {"created": "on_create", "won": "on_won", "lost": "on_lost", "reopened": "on_reopen"}


def _triggers(when: nodes.Node, scope: Scope) -> list[tuple[str, robot.Trigger, str]]:
    """(part of the path, trigger, what a message says): several where several stages are named."""
    event = _WORDS.get(nodes.text(when))
    if event is not None:
        return [("", _EVENTS[event], _SAID[event])]
    other = compile_when.triggers(when, scope)
    if other:
        return other
    changed = nodes.get(when, "changed")
    if changed is not None:
        return [("", compile_when.changed(changed, scope), _SAID["changed"])]
    made: list[tuple[str, robot.Trigger, str]] = []
    for key in ("entered", "left"):
        listed = nodes.items(nodes.get(when, key))
        for node in listed:
            stage = _stage_anywhere(node, scope)
            trigger: robot.Trigger = robot.Entered(stage) if key == "entered" else robot.Left(stage)
            made.append(
                (stage_part(node, listed), trigger, _SAID["on_enter" if key == "entered" else "on_leave"])
            )
    return made


def stage_part(node: nodes.Node, listed: list[nodes.Node]) -> str:
    return " ".join(nodes.text(node).split()) if len(listed) > 1 else ""


def _stage_anywhere(node: nodes.Node, scope: Scope) -> model.StageId:
    written = nodes.text(node)
    if scope.pipeline is not None:
        return scope.stage(node, scope.pipeline).id
    if "/" in written or scope.context.names.directory is None:
        return scope.target(node)[1].id
    directory = scope.context.names.directory
    own = [one for one in directory.pipelines if one.kind is scope.kind]
    found = [
        a.value.id
        for a in (scope.context.names.stage(one, written) for one in own)
        if not isinstance(a, names.Miss)
    ]
    if len(found) != 1:
        text = (
            f"стадия «{written}» есть в нескольких воронках"
            if found
            else f"нет такой стадии ни в одной воронке: «{written}»"
        )
        guess = names.suggest(written, [stage.name for one in own for stage in one.stages])
        hint = "назовите воронку: pipeline: …" if found or not guess else f"может быть, «{guess}»?"
        scope.context.error(node, "V021" if found else "V012", text, hint)
    return found[0] if found else model.StageId("")
