"""Occasions of `robots:` that time makes: a date of the card, a timetable."""

from __future__ import annotations

from collections.abc import Mapping

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

WEEK: Mapping[str, int] = {
    "понедельник": 0, "пн": 0, "monday": 0, "вторник": 1, "вт": 1, "tuesday": 1, "среда": 2, "ср": 2, "wednesday": 2,
    "четверг": 3, "чт": 3, "thursday": 3, "пятница": 4, "пт": 4, "friday": 4, "суббота": 5, "сб": 5, "saturday": 5,
    "воскресенье": 6, "вс": 6, "sunday": 6,
}  # fmt: skip
EVERY_DAY, WORK_DAYS, LAST_DAY = "every day", "work days", "last day"
_DAYS = (EVERY_DAY, WORK_DAYS, LAST_DAY, *WEEK, *map(str, range(1, 32)))
_ALSO = {
    "каждый день": EVERY_DAY,
    "рабочие дни": WORK_DAYS,
    "по рабочим дням": WORK_DAYS,
    "последний день": LAST_DAY,
}
SCHEDULE = shapes.ByForm(
    "строка cron или on: и at:",
    scalar=shapes.Text("строка cron: минута час число месяц день недели"),
    mapping=shapes.Keys(
        {
            "on": Key(shapes.ListOf(shapes.Word(_DAYS, _ALSO), at_least=1), "дни недели или числа"),
            "at": Key(shapes.ListOf(grammar_portal.CLOCK, at_least=1), "во сколько", required=True),
            "closed": Key(shapes.Word(("too",), {"тоже": "too"}), "и у закрытых карточек"),
        },
        "schedule",
    ),
)
WEBHOOK = shapes.Pattern(r"[a-z0-9][a-z0-9_-]{0,39}", "имя латиницей", "oplata_1c")
INCOMING = shapes.ListOf(
    shapes.Word(
        ("call", "letter", "message", "form"),
        {
            "звонок": "call",
            "письмо": "letter",
            "email": "letter",
            "e-mail": "letter",
            "сообщение": "message",
            "форма": "form",
            "заявка": "form",
        },
    ),
    at_least=1,
)
PAID = "invoice_paid"
_VALUE = shapes.Anything()
"""As after a field's name in `if`."""
CHANGED = shapes.Keys(
    {
        "field": Key(NAME, "какое поле", required=True),
        "from": Key(_VALUE, "каким оно было"),
        "to": Key(_VALUE, "каким стало"),
    },
    "changed",
    short=NAME,
)
_TASK_IS = shapes.Word(("done", "overdue"), {"выполнена": "done", "закрыта": "done", "просрочена": "overdue"})
TASK = shapes.Keys(
    {
        "is": Key(_TASK_IS, "выполнена или просрочена", required=True),
        "title": Key(shapes.Text("часть названия задачи"), "только с такими словами в названии"),
    },
    "task",
    short=_TASK_IS,
)
