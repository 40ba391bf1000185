"""The words that every part of the grammar is made of: names, people, conditions, and what all acts have in common.

`ACTS` is filled by `grammar_acts`: acts hold acts, so the list of them is looked up late.
"""

from __future__ import annotations

from robots.config import grammar_limits, shapes
from robots.config.shapes import Key

NAME = shapes.Name("имя")
FIELD = shapes.Name("имя поля")
FIELDS = shapes.ListOf(
    shapes.ByForm("имя поля", scalar=FIELD, mapping=shapes.MapOf(shapes.Anything(), "имя поля")), at_least=1
)
PERSON = shapes.Name("имя человека: из people: или сотрудник")
PEOPLE = shapes.ListOf(PERSON, at_least=1)
HUMAN = shapes.Text("текст", human=True)
CONDITION = shapes.ByForm("условие вида «поле: значение»", mapping=shapes.Anything())
MODE = shapes.Word(("on", "watch", "off"), {"вкл": "on", "выкл": "off", "смотреть": "watch"})

ACTS: dict[str, Key] = {}
BARE = ("duplicates", "validate")
"""Acts that may stand as a word, with nothing after it."""


def _acts() -> shapes.Shape:
    return shapes.ListOf(shapes.OneKey(ACTS, "действие", bare=BARE))


ACTS_LIST: shapes.Lazy = _acts

COMMON = {
    "name": Key(shapes.Text("имя робота"), "имя робота: нужно, если действий одного вида несколько"),
    "mode": Key(MODE, "on — работает, watch — только записывает, что сделал бы, off — выключен"),
    "if": Key(CONDITION, "условие"),
    "was": Key(shapes.Text("прежнее имя робота"), "прежний путь робота: история перейдёт к нему"),
    "too_late": Key(shapes.Term(), "когда уже поздно", later=True),
    "urgent": Key(shapes.Flag(), "и в тихие часы"),
    "limits": Key(grammar_limits.LIMITS, "пределы этого робота"),
}
