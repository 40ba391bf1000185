"""`validate:` to its kind's options (S4.2, S4.6)."""

from __future__ import annotations

from dataclasses import replace

import phonenumbers

from robots.config import compile_people, nodes, shape_checks
from robots.config.context import Scope
from robots.config.embedding import Embed, named_fields
from robots.kinds import base, notify, validate


def compile_validate(node: nodes.Node, scope: Scope, embedded: Embed) -> validate.Options:
    short = not isinstance(node, nodes.Mapping)
    checked = {nodes.text(item) for item in nodes.items(node if short else nodes.get(node, "check"))}
    written = nodes.get(node, "if_bad")
    country = nodes.get(node, "country")
    if country is not None and nodes.text(country).upper() not in phonenumbers.SUPPORTED_REGIONS:
        scope.context.error(
            country, "V017", f"нет такой страны: «{nodes.text(country)}»", "например, RU, KZ, BY"
        )
    inside = replace(scope, said="")
    return validate.Options(
        phones=not checked or "телефон" in checked,
        emails=not checked or "e-mail" in checked,
        sites=not checked or "сайт" in checked,
        country=nodes.text(country).upper() if country is not None else "RU",
        fix=shape_checks.flag(nodes.get(node, "fix"), default=False),
        filled=tuple(scope.path(item) for item in named_fields(nodes.get(node, "filled"))),
        if_bad=embedded(written, inside) if written is not None else _tell(),
    )


def _tell() -> tuple[base.ActSpec, ...]:
    return (base.ActSpec("notify", notify.Options((compile_people.MANAGER,))),)
