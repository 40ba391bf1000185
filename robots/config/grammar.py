"""The whole file's shape: pipelines as boards look, `robots:` beside them, what is said once in `grammar_portal`."""

from __future__ import annotations

from robots.config import grammar_limits, grammar_more, grammar_portal, grammar_when, shapes
from robots.config.grammar_acts import EVERY_TASK, TASK
from robots.config.grammar_words import ACTS_LIST, CONDITION, FIELDS, MODE, NAME, PEOPLE, PERSON
from robots.config.shapes import Key

_TO = shapes.Word(("lost", "won", "none"), {"провал": "lost", "успех": "won"})
IF_MISSING = shapes.Keys(
    {
        "do": Key(shapes.Word(("tell", "move_back"), {"move back": "move_back", "вернуть": "move_back"}), "сказать или вернуть"),
        "then": Key(
            shapes.Keys(
                {
                    "from": Key(grammar_portal.DAY, "с какого дня", required=True),
                    "do": Key(shapes.Word(("tell", "move_back")), "что с этого дня", required=True),
                },
                "then",
            ),
            "что потом",
        ),
        "wait": Key(shapes.Term(), "дать дописать"),
        "checks": Key(
            shapes.Word(
                ("all earlier stages", "the left stage"),
                {"все прежние стадии": "all earlier stages", "только прежняя стадия": "the left stage"},
            ),
            "что проверять при прыжке",
        ),
        "not_when": Key(
            shapes.Keys(
                {
                    "moved": Key(shapes.Word(("back",), {"назад": "back"}), "движение назад не проверяется никогда"),
                    "moved_by": Key(PEOPLE, "чьи движения не проверять"),
                    "to": Key(shapes.ListOf(_TO), "куда — не проверять"),
                },
                "not_when",
            ),
            "когда не проверять",
        ),
        "closing": Key(shapes.Word(("too",)), "проверять и при провале"),
        "at_most": Key(shapes.Pattern(r"\d+(\s+(per day|в день))?", "число в день", "3 per day"), "возвратов в день"),
        "text": Key(shapes.Text(), "свой текст", later=True),
    },
    "if_missing",
)  # fmt: skip
REQUIREMENT = shapes.Keys(
    {
        "filled": Key(
            shapes.ByForm(
                "поля",
                scalar=NAME,
                sequence=FIELDS,
                mapping=shapes.MapOf(
                    shapes.Keys({"words": Key(shapes.Number(1), required=True)}, "filled"), "имя поля"
                ),
            ),
            "что должно быть заполнено",
        ),
        "where": Key(CONDITION, "условие"),
        "text": Key(shapes.Text(), "что сказать менеджеру"),
        "attempts": Key(grammar_more.ATTEMPTS, "сколько раз пытались связаться"),
        "agreed_by": Key(PERSON, "кто согласует: карточка ждёт на прежней стадии"),
        "field": Key(NAME, "имя поля, которое совпало со словом грамматики"),
    },
    "требование",
)
REQUIRED = shapes.ByForm("поля списком или filled/where", scalar=NAME, sequence=FIELDS, mapping=REQUIREMENT)
STAGE = shapes.ByForm(
    "настройки стадии или off",
    scalar=grammar_portal.OFF,
    mapping=shapes.Keys(
        {
            "to_leave": Key(REQUIRED, "что заполнить, чтобы уйти со стадии"),
            "to_enter": Key(REQUIRED, "что заполнить, чтобы попасть на стадию"),
            "task": Key(shapes.ListOf(TASK), "задача стадии (или список, у каждой name)", was=("tasks",)),
            "on_enter": Key(ACTS_LIST, "когда карточка пришла"),
            "on_leave": Key(ACTS_LIST, "когда карточка ушла"),
            "mode": Key(MODE, "режим роботов стадии"),
            "stale": Key(shapes.Anything(), "карточка застряла", later=True),
        },
        "стадия",
    ),
)
PIPELINE = shapes.Keys(
    {
        "mode": Key(MODE, "режим воронки"),
        "on_create": Key(ACTS_LIST, "когда карточка создана"),
        "every_task": Key(EVERY_TASK, "умолчания для задач", was=("tasks",)),
        "if_missing": Key(IF_MISSING, "если обязательное не заполнено"),
        "stages": Key(shapes.MapOf(STAGE, "стадия"), "стадии"),
        "on_won": Key(ACTS_LIST, "когда выиграна"),
        "on_lost": Key(ACTS_LIST, "когда проиграна"),
        "on_reopen": Key(ACTS_LIST, "когда снова в работе"),
        "people": Key(grammar_portal.PEOPLE_SECTION, "свои люди этой воронки"),
        "calendar": Key(grammar_portal.CALENDAR, "свой календарь", later=True),
        "notifications": Key(grammar_portal.NOTIFICATIONS, "свои сообщения", later=True),
        "limits": Key(grammar_limits.LIMITS, "свои пределы роботов воронки"),
        "hands_off": Key(CONDITION, "какие карточки не трогать"),
        "stale": Key(grammar_more.STALE, "карточки без движения"),
        "unattended": Key(grammar_more.UNATTENDED, "карточки без внимания"),
        "triage": Key(grammar_more.TRIAGE, "правила разбора: первое подходящее"),
        "without_task": Key(grammar_more.WITHOUT_TASK, "карточки без задачи и дела"),
        "postponed": Key(shapes.Anything(), "отложенные", later=True),
        "native_robots": Key(shapes.ListOf(NAME), "стадии с роботами портала", later=True),
    },
    "воронка",
)
WHEN = shapes.ByForm(
    "created, won, lost, reopened, invoice_paid, {entered: …}, {left: …}, {changed: …}, {date: …}, {schedule: …}, {webhook: имя}, {incoming: …} или {task: …}",
    scalar=shapes.Word(
        ("created", "won", "lost", "reopened", grammar_when.PAID),
        {
            "счёт оплачен": grammar_when.PAID,
            "invoice paid": grammar_when.PAID,
            "создана": "created",
            "выиграна": "won",
            "проиграна": "lost",
            "снова в работе": "reopened",
        },
    ),
    mapping=shapes.OneKey(
        {
            "entered": Key(shapes.ListOf(NAME, at_least=1), "пришла на стадию"),
            "left": Key(shapes.ListOf(NAME, at_least=1), "ушла со стадии"),
            "changed": Key(grammar_when.CHANGED, "изменилось поле"),
            "date": Key(grammar_when.DATE, "подошла дата из поля"),
            "schedule": Key(grammar_when.SCHEDULE, "по расписанию"),
            "incoming": Key(grammar_when.INCOMING, "клиент позвонил, написал, заполнил форму"),
            "task": Key(grammar_when.TASK, "задача робота выполнена или просрочена"),
            "webhook": Key(grammar_when.WEBHOOK, "вызвала другая программа: POST /trigger/имя"),
        },
        "повод",
    ),
)
ROBOT = shapes.Keys(
    {
        "name": Key(shapes.Text("имя робота"), "имя робота", required=True),
        "when": Key(WHEN, "повод", required=True),
        "pipeline": Key(NAME, "воронка (без неё — все)", was=("in",)),
        "if": Key(CONDITION, "условие"),
        "do": Key(ACTS_LIST, "что сделать", required=True),
        "mode": Key(MODE, "режим"),
        "limits": Key(grammar_limits.LIMITS, "пределы этого робота"),
        "was": Key(shapes.Text("прежнее имя"), "прежнее имя робота"),
    },
    "робот",
)
_USE_ONE = shapes.Keys(
    {
        "preset": Key(shapes.Text("имя@версия"), "имя заготовки с версией", required=True),
        "with": Key(shapes.MapOf(shapes.Anything(), "вопрос заготовки"), "ответы на её вопросы"),
    },
    "use",
    short=shapes.Text("имя@версия"),
)
ROOT = shapes.Keys(
    {
        "version": Key(shapes.Pattern("1", "1", "1"), "версия грамматики"),
        "use": Key(shapes.ListOf(_USE_ONE), "заготовка, поверх которой написан файл"),
        "portal": Key(grammar_portal.PORTAL, "портал"),
        "calendar": Key(grammar_portal.CALENDAR, "рабочее время"),
        "alerts": Key(grammar_portal.ALERTS, "кому сказать, если заболел сам робот"),
        "people": Key(grammar_portal.PEOPLE_SECTION, "люди"),
        "absences": Key(grammar_portal.ABSENCES, "кого нет"),
        "notifications": Key(grammar_portal.NOTIFICATIONS, "сообщения людям"),
        "card_log": Key(shapes.Word(("important", "all", "none")), "что писать в ленту карточки"),
        "hands_off": Key(CONDITION, "какие карточки не трогать"),
        "limits": Key(grammar_limits.OF_PORTAL, "сколько можно за час"),
        "keep_story": Key(shapes.Term(), "сколько хранить историю"),
        "outside": Key(grammar_portal.OUTSIDE, "куда роботам можно обращаться кроме портала"),
        "needs": Key(grammar_portal.NEEDS, "чего нет в портале, создаёт connect"),
        "pipelines": Key(shapes.MapOf(shapes.ByForm("воронка или off", scalar=grammar_portal.OFF, mapping=PIPELINE),
                                      "воронка"), "воронки"),
        "leads": Key(PIPELINE, "лиды: та же грамматика"),
        "robots": Key(shapes.ListOf(ROBOT, single=False), "роботы сбоку от воронок"),
        "reports": Key(grammar_portal.REPORTS, "отчёты, которые приходят сами"),
    },
    "файл",
)  # fmt: skip
