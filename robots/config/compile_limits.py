"""`limits:` to rates: of the whole portal, and of one funnel or robot, whose words weigh more (users.md F4)."""

from __future__ import annotations

from collections.abc import Mapping

from robots import limits
from robots.config import nodes

_SECONDS = {
    **dict.fromkeys(("hour", "час"), 3600),
    **dict.fromkeys(("day", "день", "сутки"), 86_400),
    **dict.fromkeys(("minute", "минуту"), 60),
}


def of_portal(node: nodes.Node | None) -> Mapping[str, limits.Rate]:
    """Where the section stands, what it doesn't name has its default."""
    return {**limits.DEFAULT, **rates(node)} if node is not None else {}


def rates(*written: nodes.Node | None) -> Mapping[str, limits.Rate]:
    """The outermost first; the innermost word counts. What is misspelt was told of with its shape."""
    made: dict[str, limits.Rate] = {}
    for node in written:
        for key, value in nodes.pairs(node):
            words = nodes.text(value).split()
            if len(words) == 3 and words[0].isdecimal() and words[2].casefold() in _SECONDS:
                made[key.text] = limits.Rate(int(words[0]), _SECONDS[words[2].casefold()])
    return made
