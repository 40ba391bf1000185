"""`valid:` of a condition: a phone, an e-mail or a site by which somebody can be reached (S3.3)."""

from __future__ import annotations

import phonenumbers

from robots import conditions, paths
from robots.config import nodes, shape_checks
from robots.config.context import Scope

_COMMS = {
    paths.Virtual.PHONE: "верный телефон",
    paths.Virtual.EMAIL: "верный e-mail",
    paths.Virtual.SITE: "верный адрес сайта",
}


def compile_valid(path: paths.Path, wish: nodes.Node, scope: Scope) -> conditions.Condition:
    """`valid: true`, or the country of phones that are written without a code: `valid: KZ`."""
    written = nodes.text(wish).strip()
    said = written.casefold() in shape_checks.YES | shape_checks.NO
    country = "RU" if said else written.upper()
    shown = _COMMS.get(path.code) if isinstance(path.code, paths.Virtual) else None
    if shown is None:
        hint = "верными бывают «Телефон», «E-mail» и «Сайт», свои или контакта"
        scope.context.error(wish, "V017", f"«{path.shown}»: проверить, верно ли оно, нельзя", hint)
        return conditions.All(())
    if country not in phonenumbers.SUPPORTED_REGIONS:
        hint = "или страна телефонов без кода, две латинские буквы: valid: KZ"
        scope.context.error(wish, "V017", "после «valid:» нужно true или false", hint)
    test = conditions.Test(path, conditions.Op.VALID, country, shown)
    return test if shape_checks.flag(wish, default=True) else conditions.Not(test)
