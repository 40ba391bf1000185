"""Occasions of `robots:` that time makes: a date of the card."""

from __future__ import annotations

from robots.config import grammar_portal, shapes
from robots.config.grammar_words import NAME
from robots.config.shapes import Key

DATE = shapes.Keys(
    {
        "field": Key(NAME, "поле с датой", required=True),
        "before": Key(shapes.Term(), "за сколько до неё"),
        "after": Key(shapes.Term(), "через сколько после неё"),
        "at": Key(grammar_portal.CLOCK, "в котором часу этого дня"),
        "closed": Key(shapes.Word(("too",), {"тоже": "too"}), "и у закрытых карточек"),
    },
    "date",
    short=NAME,
)
