"""Whatever is typed, loading never raises, never takes long, never shows an English word of the parser."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from robots.config import loader, nodes, problems, shape_checks, source
from tests.robots.config import reading
from tests.robots.config.test_typo_sweep import PLAIN_PRESET

_LINES = PLAIN_PRESET.split("\n")
_SIGNS = "{}[]:,#&*!|>'\"%@`-?~\\ \n\t\u00a0\u200bабvОo01.=<"
_PIECES = st.sampled_from(
    ["{{", "}}", ": ", "- ", "\n", "  ", "[", "]", "{", "}", '"', "'", "|", ">", "#", "&a", "*a", "<<", "!t", "---",
     "...", "%YAML 1.1", "\t", "?", ",", "да", "off", "pipelines", "stages", "Продажи", "on_create", "task", "use",
     "preset", "with", "if", "any", "not", "filled", "e3", "0", "\\", "\ufeff", "\x00", "\ud800"]
)  # fmt: skip


def _quiet(text: str) -> None:
    made = reading.loaded(text)
    rendered = problems.render_all(made.problems, {reading.FILE: text})
    assert rendered or made.problems == ()
    for one in made.problems:
        assert re.search("[а-яё]", one.text), one


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, max_size=30).map("".join))
def test_pieces_of_yaml_in_any_order(text: str) -> None:
    """Signs and words of the grammar thrown together."""
    _quiet(text)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(codec=None), max_size=80))
def test_any_text(text: str) -> None:
    """Any characters at all, lone surrogates among them."""
    _quiet(text)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, len(_LINES) - 1),
    st.integers(0, 60),
    st.text(alphabet=_SIGNS, max_size=4),
    st.integers(0, 6),
)
def test_a_good_file_with_a_line_spoilt(at: int, column: int, typed: str, cut: int) -> None:
    """Something typed over a place of the preset."""
    line = _LINES[at]
    spoilt = line[:column] + typed + line[column + cut :]
    _quiet("\n".join([*_LINES[:at], spoilt, *_LINES[at + 1 :]]))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Bytes are a text or one problem."""
    assert isinstance(source.decode(data, "f.yaml"), str | problems.Problem)


_TREES = st.recursive(
    st.sampled_from(["", "да", "РОП", "Продажи", "3", "2 work hours", "{{", "off"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["pipelines", "Продажи", "stages", "Новый лид", "task", "on_create", "fill", "notify", "to", "if",
                 "people", "РОП", "field", "else", "head_of", "to_leave", "needs", "fields", "use", "preset", "with",
                 "robots", "name", "when", "do", "calendar", "week", "limits", "any", "not", "duplicates", "owner"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)  # fmt: skip


def _flow(tree: object) -> str:
    if isinstance(tree, dict):
        return "{" + ", ".join(f'"{key}": {_flow(value)}' for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(_flow, tree)) + "]"
    return f'"{tree}"'


@settings(max_examples=150, deadline=None)
@given(_TREES)
def test_any_tree_of_the_grammars_words(tree: object) -> None:
    """Every known key with every form of value under it."""
    _quiet(_flow(tree))


def test_a_deep_file_is_refused_before_it_hurts() -> None:
    """A thousand brackets are one problem, not a stack overflow."""
    made = loader.load("a: " + "[" * 5000, "f.yaml")
    assert [one.code for one in made.problems] == ["V015"]


def test_a_huge_file_is_refused_unread() -> None:
    """5 MB isn't a configuration."""
    assert [one.code for one in loader.load("a: b\n" * 1_000_000, "f.yaml").problems] == ["V015"]
    too_big = source.decode(b"a" * 5_000_000, "f.yaml")
    assert isinstance(too_big, problems.Problem)
    assert too_big.code == "V015"


def test_a_similar_word_is_found_whatever_the_case() -> None:
    """The base of every «может быть»."""
    assert shape_checks.similar("TSAK", ["task", "stages"]) == "task"


def test_the_tree_is_what_was_written() -> None:
    """YAML 1.2 and nothing clever: words that YAML 1.1 turns into other things stay themselves."""
    made = loader.load("a: 18:00\nb: no\nc: 0777\nd: 2026-01-01\ne: ~\nf: 'null'\n", "f.yaml")
    assert made.root is not None
    assert nodes.sketch(made.root) == {
        "a": "18:00",
        "b": "no",
        "c": "0777",
        "d": "2026-01-01",
        "e": None,
        "f": "null",
    }
