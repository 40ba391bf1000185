"""`duplicates:` to its kind's options (users.md F8)."""

from __future__ import annotations

from dataclasses import replace

from robots import contacts, people
from robots.config import compile_people, compile_terms, names, nodes
from robots.config.context import Scope
from robots.config.embedding import Embed
from robots.kinds import base, duplicates, notify

_OWNER_FROM = {
    "открытая сделка": duplicates.OwnerFrom.DEAL,
    "компания": duplicates.OwnerFrom.COMPANY,
    "контакт": duplicates.OwnerFrom.CONTACT,
    "открытый лид": duplicates.OwnerFrom.LEAD,
}


def compile_duplicates(node: nodes.Node, scope: Scope, embedded: Embed) -> duplicates.Options:
    plain = duplicates.Options()
    by = {nodes.text(item) for item in nodes.items(nodes.get(node, "by"))} or {"телефон", "e-mail"}
    among = nodes.get(node, "among")

    def how_many(key: str, default: duplicates.Among) -> duplicates.Among:
        written = nodes.text(nodes.get(among, key))
        return duplicates.Among(written) if written in {"all", "open", "none"} else default

    owner = tuple(
        _OWNER_FROM[word]
        for word in map(nodes.text, nodes.items(nodes.get(node, "owner")))
        if word in _OWNER_FROM
    )
    ignore, staff = _ignored(nodes.get(node, "ignore"), scope)
    known = replace(scope, finds=True)
    other = replace(known, roles={**scope.roles, **compile_people.OWNER_ROLE}, said="")
    new = "«{{Название}}»: новый клиент\n{{Ссылка}}"
    own = "«{{Название}}»: это ваш клиент\n{{Ссылка}}"
    return duplicates.Options(
        by_phone="телефон" in by,
        by_email="e-mail" in by,
        contacts=how_many("контакты", plain.contacts),
        companies=how_many("компании", plain.companies),
        leads=how_many("лиды", plain.leads),
        deals=how_many("сделки", plain.deals),
        ignore=ignore,
        ignore_staff=staff,
        owner=owner or plain.owner,
        other_owner=embedded(nodes.get(node, "other_owner"), other) or _tell_both(node),
        own_client=embedded(nodes.get(node, "own_client"), replace(known, said=own)),
        new_client=embedded(nodes.get(node, "new_client"), replace(scope, said=new)),
        join_within_seconds=_seconds(
            nodes.get(nodes.get(node, "twice"), "within"), scope, plain.join_within_seconds
        ),
    )


def _tell_both(node: nodes.Node) -> tuple[base.ActSpec, ...]:
    """F8's default: tell, never assign. A written empty list is silence."""
    if isinstance(node, nodes.Mapping) and node.get("other_owner") is not None:
        return ()
    return (base.ActSpec("notify", notify.Options((compile_people.MANAGER, people.Role("owner")))),)


def _ignored(node: nodes.Node | None, scope: Scope) -> tuple[tuple[str, ...], bool]:
    """Phones and e-mails in their normal form; «свои сотрудники» is a flag."""
    made: list[str] = []
    staff = False
    for item in nodes.items(node):
        written = nodes.text(item).strip()
        if names.fold(written) in {"свои сотрудники", "сотрудники", "staff"}:
            staff = True
            continue
        beginning = written.endswith("*")
        bare = written.rstrip("*")
        digits = "".join(char for char in bare if char.isdigit() or char == "+")
        normal = (
            bare.lower()
            if beginning and "@" in bare
            else digits
            if beginning
            else contacts.email(bare) or contacts.phone(bare)
        )
        if not normal:
            scope.context.error(
                item, "V017", f"«{written}» не телефон, не e-mail и не их начало со звёздочкой"
            )
            continue
        made.append(f"{normal}*" if beginning else normal)
    return tuple(made), staff


def _seconds(node: nodes.Node | None, scope: Scope, default: int) -> int:
    term = scope.term(node)
    return compile_terms.seconds(term.amount, term.unit.value) if term is not None else default
