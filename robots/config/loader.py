"""YAML 1.2 text to a tree of nodes with places (ruamel's pure parser, its events only: nothing is typed or resolved).

Refused: duplicate keys, anchors, aliases, merge keys, tags, several documents, keys that aren't text, over DEEPEST levels
or MOST nodes. The parser's own words are never shown: what people usually type is named by `slips`, the rest by `_WORDS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import ruamel.yaml
from ruamel.yaml import error as yaml_error
from ruamel.yaml import events

from robots import robot
from robots.config import nodes, problems, slips, source, tree_checks

DEEPEST = 40
MOST = 60_000
_ROUNDS = 6
"""How many times a file may be repaired line by line and read again."""


@dataclass(frozen=True, slots=True)
class Tree:
    """`root` is None where nothing could be read; with `problems` it may still be read for more of them."""

    root: nodes.Node | None
    problems: tuple[problems.Problem, ...]


def load(text: str, file: str) -> Tree:
    checked = source.check(text, file)
    if isinstance(checked, problems.Problem):
        return Tree(None, (checked,))
    found = list(checked.problems)
    lines = list(checked.lines)
    repaired = {one.mark.line for one in found}
    root: nodes.Node | None = None
    for _ in range(_ROUNDS):
        root, wrong = _read(lines, file)
        slipped = _slipped(wrong, lines)
        if wrong is not None and not slipped:
            found.append(wrong)
        if not slipped:
            break
        for number, slip in slipped:
            mark = robot.Mark(file, number + 1, slip.column)
            found.append(problems.Problem(slip.code, mark, slip.text, suggestion=slip.line, span=slip.span))
            lines[number] = slip.line
            repaired.add(number + 1)
    if root is None:
        return Tree(None, problems.tidy(found))
    found += tree_checks.check(root, lines)
    for node in nodes.walk(root):
        node.faulty = node.faulty or node.mark.line in repaired
    return Tree(root, problems.tidy(found))


def _slipped(wrong: problems.Problem | None, lines: list[str]) -> list[tuple[int, slips.Slip]]:
    """What people usually type instead of YAML, if that may be what stopped the parser."""
    if wrong is None or wrong.code not in {"V008", "V011"}:
        return []
    return list(slips.find(lines)) or list(slips.glued(lines, wrong.mark.line - 1))


class _Refused(Exception):
    """One problem that ends the reading."""

    def __init__(self, problem: problems.Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


def _read(lines: list[str], file: str) -> tuple[nodes.Node | None, problems.Problem | None]:
    text = "\n".join(lines)
    try:
        return _Builder(file, lines).build(_events(text)), None
    except _Refused as refused:
        return None, refused.problem
    except yaml_error.YAMLError as wrong:
        return None, _translated(wrong, file, lines)
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
        AssertionError,
    ):
        # The parser stumbled over itself: a fault of its own is still only a bad file for us.
        mark = robot.Mark(file, 1, 1)
        return None, problems.Problem("V011", mark, "не понимаю строение файла: проверьте скобки и кавычки")


def _events(text: str) -> Iterator[Any]:
    yaml = ruamel.yaml.YAML(typ="safe", pure=True)
    yield from yaml.parse(text)


class _Builder:
    """Events to nodes, without recursion; places and oddities noted on the way."""

    def __init__(self, file: str, lines: list[str]) -> None:
        self.file, self.lines = file, lines
        self.stack: list[nodes.Sequence | nodes.Mapping] = []
        self.keys: list[nodes.Scalar | None] = []
        self.root: nodes.Node | None = None
        self.count = 0
        self.documents = 0

    def build(self, stream: Iterator[Any]) -> nodes.Node:
        for event in stream:
            match event:
                case events.DocumentStartEvent():
                    self._document(event)
                case events.AliasEvent():
                    raise _Refused(self._sign(event, "звёздочка"))
                case events.ScalarEvent():
                    self._decorated(event)
                    self._put(self._scalar(event))
                case events.SequenceStartEvent():
                    self._decorated(event)
                    self._open(nodes.Sequence(self._mark(event)))
                case events.MappingStartEvent():
                    self._decorated(event)
                    self._open(nodes.Mapping(self._mark(event)))
                case events.SequenceEndEvent() | events.MappingEndEvent():
                    self.stack.pop()
                    self.keys.pop()
                case _:
                    pass
        return self.root or nodes.Scalar(robot.Mark(self.file, 1, 1))

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            text = "второй документ в файле («---»): нужен один файл — один документ"
            raise _Refused(self._problem("V014", event, text))

    def _decorated(self, event: Any) -> None:
        if event.anchor is not None and isinstance(event, events.ScalarEvent):
            raise _Refused(self._sign(event, "амперсанд"))
        if event.anchor is not None:
            raise _Refused(self._problem("V014", event, "якоря «&имя» не поддерживаются: повторите текст"))
        if event.tag is not None and str(event.tag) != "!":
            raise _Refused(self._sign(event, "восклицательный знак"))

    def _sign(self, event: Any, sign: str) -> problems.Problem:
        """A tag, an anchor, an alias is a text that begins with a sign."""
        line = self.lines[event.start_mark.line]
        column = event.start_mark.column
        value = re.sub(r"\s+#\s.*$", "", line[column:]).rstrip()
        typed = line[:column] + slips.quoted(value) + line[column + len(value) :]
        return self._problem("V008", event, f"{sign} в начале текста: возьмите текст в кавычки", typed)

    def _scalar(self, event: Any) -> nodes.Scalar:
        plain = event.style in (None, "")
        text = str(event.value)
        single = event.start_mark.line == event.end_mark.line
        span = max(event.end_mark.column - event.start_mark.column, 1) if single else len(text.split("\n")[0])
        return nodes.Scalar(self._mark(event), max(span, 1), text=text, quoted=not plain)

    def _mark(self, event: Any) -> robot.Mark:
        return robot.Mark(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _open(self, node: nodes.Sequence | nodes.Mapping) -> None:
        self._put(node)
        self.stack.append(node)
        self.keys.append(None)
        if len(self.stack) > DEEPEST:
            text = f"вложенность глубже {DEEPEST} уровней"
            raise _Refused(problems.Problem("V015", node.mark, text))

    def _put(self, node: nodes.Node) -> None:
        self.count += 1
        if self.count > MOST:
            raise _Refused(problems.Problem("V015", node.mark, "в файле слишком много строк"))
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if isinstance(parent, nodes.Sequence):
            parent.items.append(node)
            return
        key = self.keys[-1]
        if key is None:
            self.keys[-1] = self._key(node)
        else:
            if isinstance(node, nodes.Scalar) and node.empty and node.mark.line != key.mark.line:
                # Nothing was written: the parser's place of it is somewhere below, the key is what one looks at.
                node = nodes.Scalar(key.mark, key.span)
            parent.pairs.append((key, node))
            self.keys[-1] = None

    def _key(self, node: nodes.Node) -> nodes.Scalar:
        if not isinstance(node, nodes.Scalar):
            raise _Refused(self._complex_key(node))
        if node.text == "<<" and not node.quoted:
            raise _Refused(
                problems.Problem("V014", node.mark, "слияние «<<» не поддерживается: повторите ключи", span=2)
            )
        return node

    def _complex_key(self, node: nodes.Node) -> problems.Problem:
        for number, slip in slips.find(self.lines):
            if slip.code == "V001" and number == node.mark.line - 1:
                mark = replace(node.mark, column=slip.column)
                return problems.Problem("V011", mark, slip.text, suggestion=slip.line)
        return problems.Problem("V011", node.mark, "ключом может быть только текст, а здесь скобки")

    def _problem(self, code: str, event: Any, text: str, typed: str = "") -> problems.Problem:
        return problems.Problem(code, self._mark(event), text, suggestion=typed)


_WORDS = (
    ("found duplicate", "ключ повторяется"),
    (
        "mapping values are not allowed",
        "«ключ: значение» не на своём месте: проверьте отступ этой строки и строки выше",
    ),
    ("expected ',' or ']'", "список [ ] не закрыт или между значениями нет запятой"),
    ("expected ',' or '}'", "скобки { } не закрыты или между ключами нет запятой"),
    ("unexpected end of stream", "кавычка открыта и не закрыта"),
    ("unexpected document separator", "кавычка открыта и не закрыта"),
    ("could not find expected ':'", "после ключа нет двоеточия"),
    ("unknown escape", "обратная черта \\ в двойных кавычках: возьмите текст в одинарные кавычки '…'"),
    (
        "expected escape sequence",
        "обратная черта \\ в двойных кавычках: возьмите текст в одинарные кавычки '…'",
    ),
    ("expected <block end>", "строка не на своём месте: проверьте отступ, тире и кавычки"),
    ("cannot start any token", "текст начинается со служебного знака: возьмите его в кавычки"),
    ("block sequence", "список начат не на своём месте: проверьте отступ"),
    ("undefined alias", "ссылки «*имя» не поддерживаются: повторите текст"),
)
_FROM_CONTEXT = ("flow sequence", "flow mapping", "quoted scalar", "simple key")


def _translated(wrong: yaml_error.YAMLError, file: str, lines: list[str]) -> problems.Problem:
    """The parser's complaint in our words, at the place where a person has to look."""
    said = str(getattr(wrong, "problem", "") or "")
    context = str(getattr(wrong, "context", "") or "")
    text = next((ours for theirs, ours in _WORDS if theirs in said), "не понимаю строение файла в этом месте")
    mark = getattr(wrong, "problem_mark", None)
    opened = getattr(wrong, "context_mark", None)
    if opened is not None and any(word in context for word in _FROM_CONTEXT):
        mark = opened
    if mark is None:
        return problems.Problem("V011", robot.Mark(file, 1, 1), text)
    line, column = _inside(mark.line, mark.column, lines)
    return problems.Problem("V011", robot.Mark(file, line + 1, column + 1), text)


def _inside(line: int, column: int, lines: list[str]) -> tuple[int, int]:
    """The end of the file is shown as its last line that has something."""
    line = min(line, len(lines) - 1)
    while line > 0 and not lines[line].strip():
        line, column = line - 1, 0
    return line, min(column, len(lines[line]))
