"""`todo:`, `call:` and `meeting:` to one kind's options."""

from __future__ import annotations

from robots import intents, templates
from robots.config import compile_people, nodes
from robots.config.context import Scope
from robots.kinds import activity

WORDS = frozenset(one.value for one in intents.Activity)


def compile_todo(node: nodes.Node, scope: Scope) -> activity.Options:
    return _compile(intents.Activity.TODO, node, scope)


def compile_call(node: nodes.Node, scope: Scope) -> activity.Options:
    return _compile(intents.Activity.CALL, node, scope)


def compile_meeting(node: nodes.Node, scope: Scope) -> activity.Options:
    return _compile(intents.Activity.MEETING, node, scope)


def _compile(what: intents.Activity, node: nodes.Node, scope: Scope) -> activity.Options:
    title = node if isinstance(node, nodes.Scalar) else nodes.get(node, "title")
    text, person = nodes.get(node, "text"), nodes.get(node, "for")
    return activity.Options(
        what=what,
        title=scope.template(title) if title is not None else templates.literal(""),
        responsible=scope.person(person, scope) if person is not None else compile_people.MANAGER,
        term=scope.term(nodes.get(node, "deadline")) or activity.TERM,
        text=scope.template(text) if text is not None else None,
    )
