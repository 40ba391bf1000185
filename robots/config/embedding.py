"""What compilers of acts share: acts inside acts, and fields named in lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from robots.config import nodes
from robots.config.context import Scope
from robots.kinds import base

Embed = Callable[[nodes.Node | None, Scope], tuple[base.ActSpec, ...]]
"""Compiles the acts that an act embeds."""


def named_fields(node: nodes.Node | None) -> Iterator[nodes.Node]:
    """Fields of a list: a name, `Контакт: Имя` as people write it, or `field: any`."""
    for item in nodes.items(node):
        if isinstance(item, nodes.Scalar):
            yield item
        for key, value in nodes.pairs(item):
            if key.text == "field":
                yield value
            else:
                yield nodes.Scalar(key.mark, key.span, text=f"{key.text} / {nodes.text(value)}", quoted=True)
