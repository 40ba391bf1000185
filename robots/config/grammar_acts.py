"""The shapes of acts and of what stands in them: people, conditions, tasks. One vocabulary everywhere (users.md F29)."""

from __future__ import annotations

from robots.config import grammar_documents, grammar_more, shapes
from robots.config.grammar_words import (
    ACTS,
    ACTS_LIST,
    COMMON,
    FIELD,
    FIELDS,
    HUMAN,
    NAME,
    PEOPLE,
    PERSON,
)
from robots.config.shapes import Key

_CHECKLIST_ITEMS = shapes.ListOf(HUMAN)
CHECKLIST = shapes.ByForm(
    "список пунктов или «by: поле» и пункты по его значениям",
    scalar=HUMAN,
    sequence=_CHECKLIST_ITEMS,
    mapping=shapes.Keys(
        {
            "by": Key(FIELD, "поле, по значению которого выбирают пункты", required=True),
            "empty": Key(_CHECKLIST_ITEMS, "пункты, если поле пустое"),
            "always": Key(_CHECKLIST_ITEMS, "пункты, которые есть всегда"),
        },
        "чек-лист",
        others=_CHECKLIST_ITEMS,
    ),
)
CLOSES = shapes.ByForm(
    "on_leave, by_hand или «filled: поле»",
    scalar=shapes.Word(
        ("on_leave", "by_hand"),
        {
            "on leave": "on_leave",
            "on leaving the stage": "on_leave",
            "on leaving": "on_leave",
            "by hand": "by_hand",
            "при уходе со стадии": "on_leave",
            "руками": "by_hand",
        },
    ),
    mapping=shapes.Keys(
        {"filled": Key(FIELD, "поле, заполнение которого закрывает задачу", required=True)}, "closes"
    ),
)
OVERDUE = shapes.Keys(
    {
        "digest": Key(PEOPLE, "кому в сводку"),
        "notify": Key(PEOPLE, "кому сразу"),
        "tell": Key(PEOPLE, "кому сразу"),
    },
    "overdue",
    short=PEOPLE,
)
BY_HAND = shapes.Keys(
    {
        "after": Key(shapes.Term(), "сколько ждать"),
        "notify": Key(PEOPLE, "кому сказать"),
        "tell": Key(PEOPLE),
    },
    "closed_by_hand",
    short=PEOPLE,
)
POSTPONED = shapes.Keys(
    {
        "times": Key(shapes.Number(1), "сколько раз перенесли срок"),
        "digest": Key(PEOPLE, "кому в сводку"),
        "notify": Key(PEOPLE, "кому сказать"),
        "tell": Key(PEOPLE, "кому сказать"),
    },
    "postponed",
    short=PEOPLE,
)
TASK_DEFAULTS = {
    "creator": Key(PERSON, "постановщик"),
    "for": Key(PERSON, "исполнитель", was=("task_for", "responsible")),
    "observers": Key(PEOPLE, "наблюдатели"),
    "deadline": Key(shapes.Term(), "крайний срок"),
    "closes": Key(CLOSES, "когда закрывается сама"),
    "closes_as": Key(shapes.Word(("done", "dropped")), "чем закрывать", later=True),
    "follows_responsible": Key(shapes.Flag(), "задача идёт за ответственным"),
    "may_postpone": Key(
        shapes.ByForm(
            "true, false или 1", scalar=shapes.Pattern("true|false|да|нет|1", "true, false или 1", "false")
        ),
        "может ли исполнитель двигать срок",
    ),
    "closed_by_hand": Key(BY_HAND, "задачу закрыли, а карточка стоит: кому сказать"),
    "postponed": Key(POSTPONED, "срок переносят снова и снова: кому сказать"),
    "overdue": Key(OVERDUE, "кому о просрочке"),
}
TASK = shapes.Keys(
    {
        "title": Key(shapes.Text("название задачи"), "название задачи", required=True),
        "description": Key(shapes.Text("текст или file:имя.txt"), "описание: текст или file:имя.txt"),
        "checklist": Key(CHECKLIST, "чек-лист"),
        **TASK_DEFAULTS,
        **COMMON,
    },
    "задача",
    short=shapes.Text("название задачи"),
)
EVERY_TASK = shapes.Keys(TASK_DEFAULTS, "every_task")

NOTIFY = shapes.Keys(
    {
        "to": Key(PEOPLE, "кому", required=True),
        "text": Key(shapes.Text("текст сообщения"), "текст"),
        **COMMON,
    },
    "сообщение",
    short=PEOPLE,
)
_VALUE = shapes.ByForm(
    "значение поля", scalar=shapes.Text("значение"), sequence=shapes.ListOf(shapes.Text("значение"))
)
SET = shapes.Keys(
    {"fields": Key(shapes.MapOf(_VALUE, "имя поля"), "поля и значения"), **COMMON}, "set", others=_VALUE
)
CLEAR = shapes.Keys(
    {"fields": Key(FIELDS, "какие поля очистить", required=True), **COMMON}, "clear", short=FIELDS
)
MOVE = shapes.Keys(
    {
        "to": Key(NAME, "куда: стадия или Воронка / Стадия", required=True),
        "agreed_by": Key(PERSON, "кто согласует задачей; до того карточка стоит, где стояла"),
        **COMMON,
    },
    "move",
    short=NAME,
)
COMMENT = shapes.Keys(
    {"text": Key(shapes.Text(), "текст комментария", required=True), **COMMON}, "comment", short=shapes.Text()
)
LOG = shapes.Keys(
    {
        "text": Key(shapes.Text(), "текст записи", required=True),
        "title": Key(shapes.Text(), "подпись"),
        **COMMON,
    },
    "log",
    short=shapes.Text(),
)
HAND_OVER = shapes.Keys(
    {
        "to": Key(NAME, "куда: Воронка / Стадия", required=True),
        "copy": Key(shapes.Word(("all",), {"все": "all", "всё": "all"}), "что копировать"),
        "how": Key(
            shapes.Word(("copy", "move"), {"копия": "copy", "перевод": "move"}), "копией или переводом"
        ),
        "once": Key(
            shapes.Word(
                ("per deal", "per win"),
                {
                    "per_deal": "per deal",
                    "per visit": "per win",
                    "per_win": "per win",
                    "раз на сделку": "per deal",
                },
            ),
            "один раз на сделку или на каждый выигрыш",
        ),
        "keep": Key(FIELDS, "что копировать, хотя его заполняет следующий отдел"),
        "leave_out": Key(FIELDS, "что ещё не копировать"),
        "for": Key(PERSON, "ответственный за новую сделку"),
        "if_reopened": Key(ACTS_LIST, "что делать, если сделку выиграли снова"),
        **COMMON,
        "mode": Key(
            shapes.Word(("on", "watch", "off", "copy", "move"), {"вкл": "on", "выкл": "off"}),
            "режим робота; move — то же, что how: move",
        ),
    },
    "hand_over",
    short=NAME,
)
FILL = shapes.Keys(
    {
        "field": Key(FIELD, "какое поле", required=True),
        "with": Key(PERSON, "кем заполнить", required=True),
        "also_if": Key(shapes.Word(("dismissed",), {"уволен": "dismissed"}), "и если в поле уволенный"),
        "if_nobody": Key(
            shapes.Keys({"task": Key(TASK, "какую задачу поставить", required=True)}, "if_nobody"),
            "если поставить некого",
            was=("else_task",),
        ),
        **COMMON,
    },
    "fill",
)
_HOW_MANY = shapes.Word(("all", "open", "none"), {"все": "all", "открытые": "open", "нет": "none"})
DUPLICATES = shapes.Keys(
    {
        "by": Key(
            shapes.ListOf(
                shapes.Word(
                    ("телефон", "e-mail"),
                    {"phone": "телефон", "email": "e-mail", "почта": "e-mail", "телефону": "телефон"},
                )
            ),
            "по чему сравнивать",
        ),
        "among": Key(
            shapes.Keys(
                {
                    "контакты": Key(_HOW_MANY, was=("contacts",)),
                    "компании": Key(_HOW_MANY, was=("companies",)),
                    "лиды": Key(_HOW_MANY, was=("leads",)),
                    "сделки": Key(_HOW_MANY, was=("deals",)),
                    "pipelines": Key(shapes.Anything(), "только среди этих воронок", later=True),
                },
                "among",
            ),
            "среди чего искать",
            was=("in",),
        ),
        "ignore": Key(shapes.ListOf(shapes.Text("телефон, e-mail, начало со звёздочкой")), "что не считать"),
        "owner": Key(
            shapes.ListOf(
                shapes.Word(
                    ("открытая сделка", "компания", "контакт", "открытый лид"),
                    {"сделка": "открытая сделка", "лид": "открытый лид"},
                )
            ),
            "чей это клиент: по порядку",
        ),
        "new_client": Key(ACTS_LIST, "клиент новый"),
        "own_client": Key(ACTS_LIST, "это клиент самого ответственного"),
        "other_owner": Key(ACTS_LIST, "клиента ведёт другой", was=("found",)),
        "twice": Key(
            shapes.Keys(
                {"within": Key(shapes.Term()), "do": Key(shapes.Word(("join",)))},
                "twice",
                short=shapes.Anything(),
            ),
            "обратился дважды подряд",
        ),
        **COMMON,
    },
    "duplicates",
)
_LATER = ("assign", "tag", "untag", "convert", "message", "call_url", "remember", "stale", "unattended",
          "invoice", "workflow", "nurture", "reject")  # fmt: skip
ACTS |= {
    "notify": Key(NOTIFY, "сообщить"),
    "tell": Key(NOTIFY, "сообщить сразу"),
    "task": Key(TASK, "поставить задачу"),
    "set": Key(SET, "записать в поля"),
    "clear": Key(CLEAR, "очистить поля"),
    "move": Key(MOVE, "перевести на стадию"),
    "comment": Key(COMMENT, "комментарий в карточку"),
    "log": Key(LOG, "запись в ленту карточки"),
    "hand_over": Key(HAND_OVER, "передать следующему отделу"),
    "fill": Key(FILL, "заполнить поле человеком"),
    "duplicates": Key(DUPLICATES, "искать дубли"),
    **grammar_more.ACTS,
    **grammar_documents.ACTS,
    **{name: Key(shapes.Anything(), later=True) for name in _LATER if name not in grammar_more.ACTS},
}
"""Every act; those of `_LATER` are read and not obeyed yet."""
