"""The shapes of what is said once for the whole portal: portal, calendar, people, notices, limits, needs."""

from __future__ import annotations

from robots import reports
from robots.config import shapes
from robots.config.grammar_words import FIELD, NAME, PEOPLE, PERSON
from robots.config.shapes import Key

DAY = shapes.Pattern(r"\d{4}-\d\d-\d\d|\d\d\.\d\d\.\d{4}", "дата", "2026-12-31")
CLOCK = shapes.Pattern(r"([01]?\d|2[0-3]):[0-5]\d", "время", "09:30")
HOURS = shapes.Pattern(r"\d?\d:\d\d\s*[-–—]\s*\d?\d:\d\d", "часы от и до", "09:00-18:00")
OFF = shapes.Word(("off",), {"выкл": "off"})

PORTAL = shapes.Keys(
    {
        "kind": Key(
            shapes.Word(("bitrix24", "amocrm"), {"битрикс24": "bitrix24", "amo": "amocrm"}), "какой портал"
        ),
        "address": Key(
            shapes.Pattern(r"(https?://)?[\w.-]+(:\d+)?/?", "адрес портала", "romashka.bitrix24.ru"),
            "адрес портала",
        ),
        "events": Key(
            shapes.Word(("webhook", "none"), {"нет": "none"}),
            "none — смотрим сами, webhook — портал сообщает",
        ),
        "insecure_http": Key(shapes.Flag(), "разрешить http без шифрования: только для песочницы"),
        "public_url": Key(shapes.Text("адрес"), "адрес, по которому портал видит Воронку"),
        "admin": Key(shapes.Text("имя"), "кому писать, если поля нет в карточке"),
        "sweep": Key(shapes.Term(), "как часто смотреть самим"),
    },
    "portal",
)
SECRET = shapes.Pattern(r"OUTSIDE_[A-Z0-9_]+", "имя строки файла секретов", "OUTSIDE_ERP")
TIMEOUT = shapes.Pattern(r"\d{1,2}(\s*(s|seconds?|с|секунд[аы]?))?", "число секунд до 60", "10 seconds")
OUTSIDE = shapes.Keys(
    {
        "hosts": Key(shapes.ListOf(shapes.Text("имя узла")), "каким узлам можно писать", required=True),
        "sms": Key(
            shapes.Keys(
                {
                    "url": Key(shapes.Text("адрес"), "адрес службы", required=True),
                    "fields": Key(
                        shapes.MapOf(shapes.Text(), "имя"), "что послать: $phone, $text", required=True
                    ),
                    "secret": Key(SECRET, "ключ службы: строка файла секретов"),
                    "timeout": Key(TIMEOUT, "сколько ждать ответа"),
                    "as": Key(shapes.Word(("json", "form")), "JSON или форма"),
                    "expect": Key(shapes.MapOf(shapes.Text(), "имя"), "что должно быть в ответе"),
                },
                "sms",
            ),
            "через кого посылать SMS",
        ),
    },
    "outside",
)
_WEEK = {day: Key(shapes.ByForm("часы или off", scalar=shapes.Text("часы или off"))) for day in
         ("пн", "вт", "ср", "чт", "пт", "сб", "вс")}  # fmt: skip
CALENDAR = shapes.Keys(
    {
        "from": Key(shapes.Word(("portal", "holidays"), {"портал": "portal"}), "откуда рабочие часы"),
        "timezone": Key(shapes.Pattern(r"[A-Za-z_]+(/[A-Za-z_+\-0-9]+)*", "часовой пояс", "Europe/Moscow")),
        "hours": Key(HOURS, "рабочие часы"),
        "week": Key(shapes.Keys(_WEEK, "week"), "часы по дням недели"),
        "lunch": Key(HOURS, "обед"),
        "holidays": Key(shapes.Pattern("[A-Z]{2}|none|нет", "код страны", "RU"), "праздники страны"),
        "extra_days_off": Key(shapes.ListOf(DAY), "ещё выходные"),
        "extra_work_days": Key(shapes.ListOf(DAY), "ещё рабочие дни"),
        "short_days": Key(shapes.MapOf(HOURS, "дата"), "короткие дни"),
    },
    "calendar",
    short=shapes.Word(("portal",)),
)
_WEIGHTS = shapes.MapOf(shapes.Number(), "сотрудник")
_QUEUE = shapes.Keys(
    {
        "department": Key(shapes.ListOf(NAME), "отдел (с отделами под ним)", was=("departments",)),
        "people": Key(PEOPLE, "сотрудники по порядку"),
        "except": Key(PEOPLE, "кроме кого"),
        "weights": Key(_WEIGHTS, "у кого вдвое больше: сотрудник: 2"),
    },
    "очередь",
    short=PEOPLE,
)
_VALUES = shapes.Keys({"empty": Key(PERSON, "если поле пустое")}, "by_source", others=PERSON)
_LATER_PERSON = ("queue", "not_from")
_DEFINITION = shapes.Keys(
    {
        "field": Key(FIELD, "кто вписан в поле карточки"),
        "head_of": Key(PERSON, "руководитель этого человека"),
        "if_self": Key(
            shapes.Word(("up", "same"), {"выше": "up", "сам": "same"}), "если он сам руководитель"
        ),
        "by_pipeline": Key(shapes.MapOf(PERSON, "воронка"), "свой у каждой воронки"),
        "user": Key(PERSON, "сотрудник", was=("employee",)),
        "round_robin": Key(_QUEUE, "по очереди"),
        "by_weight": Key(_WEIGHTS, "по очереди с весами: сотрудник: 2"),
        "by_load": Key(_QUEUE, "у кого меньше открытых карточек"),
        "within": Key(
            shapes.Word(
                ("working hours",), {"рабочее время": "working hours", "work hours": "working hours"}
            ),
            "только в рабочее время",
        ),
        "skip": Key(shapes.Word(("absent",), {"отсутствующих": "absent"}), "пропускать тех, кого нет"),
        "by_field": Key(
            shapes.Keys(
                {
                    "field": Key(FIELD, "какое поле", required=True),
                    "empty": Key(PERSON, "если поле пустое"),
                },
                "by_field",
                others=PERSON,
            ),
            "свой у каждого значения поля",
        ),
        "by_source": Key(_VALUES, "свой у каждого источника"),
        "by_phone": Key(
            shapes.MapOf(PERSON, "начало телефона или страна"),
            "свой у каждой территории",
            was=("by_territory",),
        ),
        "else": Key(PERSON, "если никого не нашли"),
        **{name: Key(shapes.Anything(), later=True) for name in _LATER_PERSON},
    },
    "человек",
    short=PERSON,
)
PEOPLE_SECTION = shapes.MapOf(_DEFINITION, "имя человека")
ABSENCES = shapes.ListOf(
    shapes.Keys(
        {
            "who": Key(PERSON, "кто", required=True),
            "from": Key(DAY, "первый день", required=True),
            "to": Key(DAY, "последний день", required=True),
            "deputy": Key(PERSON, "кто вместо него"),
        },
        "отсутствие",
    )
)
NOTIFICATIONS = shapes.Keys(
    {
        "quiet": Key(
            shapes.Pattern(
                r"outside work hours|вне рабочих часов|none|off|нет|\d?\d:\d\d\s*[-–—]\s*\d?\d:\d\d",
                "outside work hours, часы от и до или none",
                "outside work hours",
            ),
            "когда копить",
        ),
        "at_most": Key(
            shapes.Pattern(
                r"\d+(\s+per person per day|\s+на человека в день)?", "число в день", "15 per person per day"
            ),
            "сколько сообщений человеку в день",
        ),
        "digest": Key(shapes.MapOf(CLOCK, "человек"), "кому и когда сводка"),
    },
    "notifications",
)
ALERTS = shapes.Keys(
    {
        "to": Key(shapes.ListOf(shapes.Pattern(r"(mailto:\S+@\S+|https?://\S+)", "mailto:адрес или https://…",
                                               "mailto:admin@romashka.ru"), at_least=1), "куда", required=True),
        "when": Key(
            shapes.ListOf(
                shapes.Word(("access_lost", "portal_unreachable", "stopped", "many_failures", "disk", "held"))
            ),
            "о чём",
        ),
    },
    "alerts",
)  # fmt: skip
FIELD_TYPES = {
    "строка": "string",
    "текст": "text",
    "число": "double",
    "целое": "integer",
    "деньги": "money",
    "сумма": "money",
    "да/нет": "boolean",
    "дата": "date",
    "дата и время": "datetime",
    "сотрудник": "user",
    "список": "enumeration",
    "файл": "file",
    "метки": "string",
}
MANY = frozenset({"метки"})
"""Kinds of fields that hold many values."""
_NEW_FIELD = shapes.ByForm(
    "вид поля: строка, текст, число, сотрудник, {список: […]} …",
    scalar=shapes.Word(tuple(name for name in FIELD_TYPES if name != "список")),
    mapping=shapes.Keys(
        {
            "список": Key(
                shapes.ListOf(shapes.Text("значение списка"), single=False, at_least=1), required=True
            )
        },
        "вид поля",
    ),
)
_FIELDS = shapes.MapOf(_NEW_FIELD, "имя поля")
NEEDS = shapes.Keys(
    {
        "fields": Key(
            shapes.Keys(
                {owner: Key(_FIELDS) for owner in ("Сделка", "Лид", "Контакт", "Компания")}, "fields"
            ),
            "какие поля нужны",
        ),
        "stages": Key(
            shapes.MapOf(
                shapes.Keys(
                    {
                        "work": Key(shapes.ListOf(NAME), "рабочие стадии по порядку", required=True),
                        "won": Key(NAME, "успех", required=True),
                        "lost": Key(shapes.ListOf(NAME), "провал"),
                    },
                    "стадии",
                ),
                "воронка",
            ),
            "какие стадии нужны",
        ),
    },
    "needs",
)
REPORT_WORDS = {
    "day": "итоги дня",
    "week": "итоги недели",
    "month": "итоги месяца",
    "plan": "план оплат",
    "overdue": "просрочено",
    "without task": "без задачи",
    "postponed": "перенесено",
    "skipped": "прощёлкано",
    "прощелкано": "прощёлкано",
    "stale": "без движения",
    "returns": "возвраты",
    "robots": "роботы",
    "calls": "звонки",
    "today": "сегодня",
    "watched": "наблюдение",
}
_WEEKDAY = "(?:пн|вт|ср|чт|пт|сб|вс|mon|tue|wed|thu|fri|sat|sun)"
REPORT_TIME = shapes.Pattern(
    rf"(?:{_WEEKDAY}(?:[,\s]+{_WEEKDAY})*\s+|(?:3[01]|[12]\d|[1-9])-?(?:го|th|st|nd|rd)\s+)?([01]?\d|2[0-3]):[0-5]\d",
    "время, дни недели и время или число месяца и время",
    "пн 09:00",
)
REPORTS = shapes.ListOf(
    shapes.Keys(
        {
            "name": Key(shapes.Text("имя отчёта"), required=True),
            "send": Key(PEOPLE, "кому: каждый видит свои карточки", required=True),
            "at": Key(REPORT_TIME, "когда: 17:30, пн 09:00, 1-го 09:00", required=True),
            "show": Key(
                shapes.ListOf(
                    shapes.Word(tuple(one.value for one in reports.Section), REPORT_WORDS), at_least=1
                ),
                "что показать",
            ),
            "calls": Key(
                shapes.Keys(
                    {
                        "per_person": Key(shapes.Number(1), "сколько звонков каждого"),
                        "at_least": Key(shapes.Term(), "какие слишком коротки"),
                    },
                    "calls",
                ),
                "какие звонки послушать",
            ),
            "as": Key(shapes.Word(("xlsx",)), "прислать и файлом: книга Excel со всеми карточками"),
        },
        "отчёт",
    )
)
