"""The file as a tree: a place on every key and value, and a flag for what is wrong.

Nothing is typed here: `18:00`, `no` and `007` are the text that was written, and who asks says what it should mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from robots import robot


@dataclass(slots=True, eq=False)
class Node:
    mark: robot.Mark
    span: int = 1
    faulty: bool = False
    """An error stands here: whatever robot contains it is broken."""


@dataclass(slots=True, eq=False)
class Scalar(Node):
    text: str = ""
    quoted: bool = False
    """In quotes or a block: surely a text."""

    @property
    def empty(self) -> bool:
        """Nothing was written (or `null`, `~`)."""
        return not self.quoted and self.text in {"", "~", "null"}

    @property
    def off(self) -> bool:
        return not self.quoted and self.text.casefold() in {"off", "выкл"}


@dataclass(slots=True, eq=False)
class Sequence(Node):
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Mapping(Node):
    pairs: list[tuple[Scalar, Node]] = field(default_factory=list)

    def get(self, key: str) -> Node | None:
        return next((value for name, value in self.pairs if name.text == key), None)

    def key(self, key: str) -> Scalar | None:
        return next((name for name, _ in self.pairs if name.text == key), None)


NOWHERE = robot.Mark("", 1, 1)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it; depth is limited by the loader."""
    yield node
    if isinstance(node, Sequence):
        for item in node.items:
            yield from walk(item)
    elif isinstance(node, Mapping):
        for key, value in node.pairs:
            yield key
            yield from walk(value)


def is_faulty(node: Node | None) -> bool:
    return node is not None and any(one.faulty for one in walk(node))


def get(node: Node | None, key: str) -> Node | None:
    """The value under `key`; None where the node isn't a mapping, lacks it, or it is empty."""
    if not isinstance(node, Mapping):
        return None
    found = node.get(key)
    return None if isinstance(found, Scalar) and found.empty else found


def text(node: Node | None, default: str = "") -> str:
    return node.text if isinstance(node, Scalar) else default


def items(node: Node | None) -> list[Node]:
    """A list's items; anything else is a list of itself; nothing is an empty one."""
    if node is None or (isinstance(node, Scalar) and node.empty):
        return []
    return node.items if isinstance(node, Sequence) else [node]


def pairs(node: Node | None) -> list[tuple[Scalar, Node]]:
    return node.pairs if isinstance(node, Mapping) else []


def sketch(node: Node) -> object:
    """The tree without places: what must be equal for two files to say the same."""
    if isinstance(node, Mapping):
        return {key.text: sketch(value) for key, value in node.pairs}
    if isinstance(node, Sequence):
        return [sketch(item) for item in node.items]
    return text(node) if isinstance(node, Scalar) and not node.empty else None
