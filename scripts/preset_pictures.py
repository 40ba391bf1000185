#!/usr/bin/env python
"""A picture of each preset's funnel, drawn from the preset itself: docs/img/presets/NAME.svg and NAME.en.svg.

`python scripts/preset_pictures.py` draws them all anew; tests/test_preset_pages.py says when they are out of date. A funnel
is a column: what it does with a new card, its stages with their tasks and gates, what it does with cards that lie. What is
drawn is the expanded tree, before any portal is known, so it shows the preset's own names.
"""

from __future__ import annotations

import html
import pathlib
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from robots.config import loader, nodes, presets

ROOT = pathlib.Path(__file__).resolve().parents[1]
PRESETS = ROOT / "config" / "presets"
PICTURES = ROOT / "docs" / "img" / "presets"
ANSWERS: Mapping[str, str] = {
    "two-departments": "delivery_head: Смирнов Олег",
    "departments": "delivery_head: Смирнов Олег, departments: three",
    "quality-control": 'quality: ОКК, own_mail: "@romashka.ru", director: Петрова Анна',
}
"""What a preset must be told before it can be drawn, and the fullest of its variants."""
WIDTH, LINE, PAD, GAP, WRAP = 330, 16, 8, 14, 46
WORK, WON, LOST, CARE = "#2f7fd6", "#2f9e44", "#d6453d", "#8a8f98"
RU = {
    "leave": "нужно, чтобы уйти", "enter": "нужно, чтобы войти", "agreed": "согласует",
    "attempts": "попыток связаться", "new": "Новая карточка", "care": "Чтобы не лежали", "leads": "Лиды",
    "triage": "Правила разбора", "after": "через", "moves": "Выиграна", "returned": "Вернули в работу",
}  # fmt: skip
EN = {
    "leave": "needed to leave", "enter": "needed to enter", "agreed": "agreed by",
    "attempts": "attempts to reach", "new": "A new card", "care": "Lest they lie", "leads": "Leads",
    "triage": "Rules of triage", "after": "after", "moves": "Won", "returned": "Reopened",
}  # fmt: skip
TERMS = (("work minutes", "раб. мин"), ("work hours", "раб. ч"), ("work hour", "раб. ч"), ("work days", "раб. дн"),
         ("work day", "раб. день"), ("minutes", "мин"), ("days", "дн"))  # fmt: skip
Words = Mapping[str, str]
Box = tuple[str, str, list[str]]
"""Colour, heading, lines."""


def names() -> list[str]:
    """Presets with a head: those that are used, not copied."""
    return sorted(path.stem for path in PRESETS.glob("*.yaml") if "\npreset:" in path.read_text("utf-8"))


def tree(name: str) -> dict[str, Any]:
    """What an admin's file has once the preset is in it."""
    text = f"use:\n  preset: {name}@1\n  with: {{{ANSWERS.get(name, '')}}}\n"
    root = loader.load(text, "own.yaml").root
    assert isinstance(root, nodes.Mapping)
    found: list[Any] = []
    made, _ = presets.expand(root, {f"{name}.yaml": (PRESETS / f"{name}.yaml").read_text("utf-8")}, found)
    assert not found, found
    sketch = nodes.sketch(made)
    assert isinstance(sketch, dict)
    return sketch


def drawn(name: str, words: Words) -> str:
    whole = tree(name)
    columns = [column for column in _columns(whole, words) if column[1]]
    parts, height = [], 0
    for at, (title, boxes) in enumerate(columns):
        lines, bottom = _column(GAP + at * (WIDTH + 2 * GAP), title, boxes)
        parts += lines
        height = max(height, bottom)
    width = len(columns) * (WIDTH + 2 * GAP)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + GAP}" width="{width}" '
        'font-family="sans-serif" font-size="12">'
    )
    return (
        "\n".join([head, f'<rect width="{width}" height="{height + GAP}" fill="#ffffff"/>', *parts, "</svg>"])
        + "\n"
    )


def _column(left: int, title: str, boxes: list[Box]) -> tuple[list[str], int]:
    """The SVG of one funnel, and where it ends."""
    top = 34
    parts = [f'<text x="{left}" y="22" font-size="16" font-weight="bold">{html.escape(title)}</text>']
    for colour, heading, lines in boxes:
        wrapped = [row for line in lines for row in textwrap.wrap(line, WRAP, subsequent_indent="   ")]
        named = textwrap.wrap(heading, WRAP - 4)
        height = 2 * PAD + LINE * (len(wrapped) + len(named))
        parts.append(
            f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{height}" rx="6" fill="{colour}" fill-opacity="0.1" '
            f'stroke="{colour}"/>'
        )
        for at, row in enumerate([*named, *wrapped], 1):
            weight = ' font-weight="bold"' if at <= len(named) else ""
            spaced = ' xml:space="preserve"' if row.startswith(" ") else ""
            y = top + PAD + LINE * at - 4
            parts.append(
                f'<text x="{left + PAD}" y="{y}"{weight}{spaced}>{html.escape(row, quote=False)}</text>'
            )
        top += height + GAP
    return parts, top


# --- what is said of a funnel ----------------------------------------------------------------------------------------


def _columns(whole: Mapping[str, Any], words: Words) -> Iterator[tuple[str, list[Box]]]:
    robots = _listed(whole.get("robots"))
    if isinstance(leads := whole.get("leads"), dict):
        yield (
            words["leads"],
            list(_boxes(leads, {}, [one for one in robots if one.get("pipeline") == "Лиды"], words)),
        )
    wanted = whole.get("needs", {}).get("stages", {})
    pipelines: dict[str, Any] = {
        one["pipeline"]: {} for one in robots if one.get("pipeline", "Лиды") != "Лиды"
    }
    for name, body in {**pipelines, **whole.get("pipelines", {})}.items():
        own = [one for one in robots if one.get("pipeline") == name]
        yield name, list(_boxes(body, wanted.get(name, {}), own, words))


def _boxes(
    body: Mapping[str, Any], wanted: Mapping[str, Any], robots: list[dict[str, Any]], words: Words
) -> Iterator[Box]:
    if begun := [f"• {_act(one, words)}" for one in _listed(body.get("on_create"))]:
        yield CARE, words["new"], begun
    if rules := [f"• {one['name']}: {_acts(one, words)}" for one in _listed(body.get("triage"))]:
        yield CARE, words["triage"], rules
    stages = dict(body.get("stages", {}))
    lost = _listed(wanted.get("lost"))
    won = wanted.get("won", "")
    order = [*_listed(wanted.get("work")), *(name for name in stages if name not in lost), won, *lost]
    for name in dict.fromkeys(filter(None, order)):
        colour = LOST if name in lost else WON if name == won else WORK
        lines = list(_stage(stages.get(name, {}), words))
        yield colour, name, lines + (_won(body, words) if name == won else [])
    if not won and (handed := _won(body, words)):
        yield WON, words["moves"], handed
    for one in robots:
        yield CARE, one["name"], [f"• {_act(act, words)}" for act in _listed(one.get("do"))]
    if care := list(_care(body, words)):
        yield CARE, words["care"], care
    if again := [f"• {_act(one, words)}" for one in _listed(body.get("on_reopen"))]:
        yield CARE, words["returned"], again


def _won(body: Mapping[str, Any], words: Words) -> list[str]:
    return [f"• {_act(one, words)}" for one in _listed(body.get("on_won"))]


def _stage(body: Mapping[str, Any], words: Words) -> Iterator[str]:
    if entering := _needed(body.get("to_enter"), words):
        yield f"▸ {words['enter']}: {entering}"
    for task in _listed(body.get("task")):
        yield f"☑ {task['title']} ({_term(task.get('deadline', ''), words)})"
    for act in _listed(body.get("on_enter")):
        yield f"• {_act(act, words)}"
    if leaving := _needed(body.get("to_leave"), words):
        yield f"◂ {words['leave']}: {leaving}"


def _needed(gate: Any, words: Words) -> str:
    if not isinstance(gate, dict):
        return ", ".join(_listed(gate))
    said = [*_listed(gate.get("filled"))]
    said += [f"{field} = {value}" for field, value in gate.get("where", {}).items()]
    if attempts := gate.get("attempts"):
        said.append(f"{words['attempts']}: {attempts['at_least']}")
    if agreed := gate.get("agreed_by"):
        said.append(f"{words['agreed']} {agreed}")
    return ", ".join(said)


def _care(body: Mapping[str, Any], words: Words) -> Iterator[str]:
    if section := body.get("unattended"):
        yield f"• unattended: {words['after']} {_term(section['after'], words)} → {section.get('assign', '')}"
    for word in ("without_task", "stale"):
        section = body.get(word, {})
        for step in _listed(section.get("steps")):
            yield f"• {word}: {words['after']} {_term(step['after'], words)} → {_acts(step, words)}"
        if close := section.get("close"):
            by = f", {words['agreed']} {close['agreed_by']}" if "agreed_by" in close else ""
            yield f"• {word}: {words['after']} {_term(close['after'], words)} → «{close['to']}»{by}"


_ASIDE = frozenset({"name", "if", "after", "mode"})


def _acts(body: Mapping[str, Any], words: Words) -> str:
    return ", ".join(_act({key: value}, words) for key, value in body.items() if key not in _ASIDE)


def _act(act: Any, words: Words) -> str:
    """`assign → дежурный`: the word of the YAML and what it is about."""
    if not isinstance(act, dict):
        return str(act)
    (word, body), *_ = act.items()
    if not isinstance(body, dict):
        return f"{word} → {', '.join(_listed(body))}" if body else word
    if word == "fill":
        return f"{body['field']} = {body['with']}"
    about = next((body[key] for key in ("to", "title", "field", "make", "email", "by") if key in body), "")
    if isinstance(about, dict):
        about = about.get("subject", "")
    text = about if isinstance(about, str) else ", ".join(_listed(about))
    term = f" ({_term(body['deadline'], words)})" if "deadline" in body else ""
    return f"{word} → {text}{term}" if text else word


def _term(said: str, words: Words) -> str:
    if words is RU:
        for english, russian in TERMS:
            said = said.replace(english, russian)
    return said


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value in (None, "") else [value]


def files() -> dict[pathlib.Path, str]:
    """Every picture with its text."""
    both = ((RU, ".svg"), (EN, ".en.svg"))
    return {PICTURES / f"{name}{ending}": drawn(name, words) for name in names() for words, ending in both}


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    for path, text in files().items():
        path.write_text(text, "utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
