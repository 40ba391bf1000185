"""`unattended:` of a funnel to its kind's options (S1.2, users.md F28)."""

from __future__ import annotations

from robots import people, schedule
from robots.config import compile_people, nodes
from robots.config.context import Scope
from robots.kinds import unattended

_NEVER = schedule.Duration(1, schedule.Unit.WORK_DAYS)


def compile_unattended(node: nodes.Node, scope: Scope) -> unattended.Options:
    first, to = nodes.get(node, "first"), nodes.get(node, "assign")
    then, at_most = nodes.get(node, "then"), nodes.text(nodes.get(node, "at_most")).split(" ")[0]
    after, first_after = scope.term(nodes.get(node, "after")), scope.term(nodes.get(first, "after"))
    told = _told(then, scope)
    if to is None and not told and first is None and not nodes.is_faulty(node):
        hint = "assign: кому передать · then: {notify: кому сказать}"
        scope.context.error(node, "V018", "unattended: не сказано, что делать", hint)
    proof = frozenset(unattended.Proof(nodes.text(item)) for item in nodes.items(nodes.get(node, "proof"))
                      if not item.faulty)  # fmt: skip
    return unattended.Options(
        after=after or _NEVER,
        to=scope.person(to, scope) if to is not None else None,
        first_after=first_after,
        first_to=(_told(first, scope) or (compile_people.MANAGER,)) if first is not None else (),
        at_most=int(at_most[:4]) if at_most.isdecimal() else 2,
        then_to=told,
        not_from=_people(nodes.get(node, "not_from"), scope),
        proof=proof or frozenset(unattended.Proof),
        away=scope.context.away(),
    )


def _told(node: nodes.Node | None, scope: Scope) -> tuple[people.Person, ...]:
    if node is None:
        return ()
    named = nodes.get(node, "notify") or nodes.get(node, "tell")
    return _people(named if isinstance(node, nodes.Mapping) else node, scope)


def _people(node: nodes.Node | None, scope: Scope) -> tuple[people.Person, ...]:
    return tuple(scope.person(item, scope) for item in nodes.items(node))
