"""The shapes of the acts that came after the first funnel: validate, assign and their like."""

from __future__ import annotations

from robots.config import grammar_portal, grammar_words, shapes
from robots.config.grammar_words import (
    ACTS_LIST,
    COMMON,
    CONDITION,
    FIELD,
    FIELDS,
    MODE,
    NAME,
    PEOPLE,
    PERSON,
)
from robots.config.shapes import Key

_COMM = shapes.Word(
    ("телефон", "e-mail", "сайт"),
    {
        "phone": "телефон",
        "телефоны": "телефон",
        "email": "e-mail",
        "почта": "e-mail",
        "site": "сайт",
        "web": "сайт",
    },
)
COUNTRY = shapes.Pattern("[A-Z]{2}", "код страны", "RU")
VALIDATE = shapes.Keys(
    {
        "check": Key(shapes.ListOf(_COMM, at_least=1), "что проверять; без этого — всё"),
        "country": Key(COUNTRY, "страна номеров без кода"),
        "fix": Key(shapes.Flag(), "исправить вид телефонов и e-mail и буквы, похожие на латинские"),
        "filled": Key(FIELDS, "что ещё должно быть заполнено"),
        "if_bad": Key(ACTS_LIST, "что делать; без этого — сказать менеджеру"),
        **COMMON,
    },
    "validate",
    short=shapes.ListOf(_COMM, at_least=1),
)
CLIENTS_MANAGER = shapes.Word(
    ("менеджер клиента",), {"client's manager": "менеджер клиента", "прежний менеджер": "менеджер клиента"}
)
ASSIGN = shapes.Keys(
    {
        "to": Key(PERSON, "кому: сотрудник, очередь или другой человек из people:", required=True),
        "first": Key(CLIENTS_MANAGER, "сначала тому, кто уже ведёт этого клиента"),
        "tell": Key(shapes.Word(("none", "new", "both"), {"оба": "both", "новому": "new"}), "кому сказать"),
        **COMMON,
    },
    "assign",
    short=PERSON,
)
_TELLING = shapes.Keys(
    {"notify": Key(PEOPLE, "кому сказать"), "tell": Key(PEOPLE, "кому сказать")}, "then", short=PEOPLE
)
_PROOF = shapes.Word(
    ("стадия", "поле", "дело", "задача начата"),
    {
        "звонок": "дело",
        "письмо": "дело",
        "сообщение": "дело",
        "комментарий": "дело",
        "задача": "задача начата",
    },
)
UNATTENDED = shapes.Keys(
    {
        "after": Key(shapes.Term(), "сколько ждать действий ответственного", required=True),
        "first": Key(
            shapes.Keys(
                {
                    "after": Key(shapes.Term(), "когда напомнить", required=True),
                    "notify": Key(PEOPLE, "кому; без этого — ответственному"),
                    "tell": Key(PEOPLE),
                },
                "first",
            ),
            "сначала напомнить",
        ),
        "assign": Key(PERSON, "кому передать"),
        "at_most": Key(
            shapes.Pattern(r"\d+(\s+(times?|раза?))?", "число раз", "2 times"), "сколько раз передавать"
        ),
        "then": Key(_TELLING, "кому сказать, если передавать больше нельзя"),
        "not_from": Key(PEOPLE, "от кого не забирать"),
        "proof": Key(shapes.ListOf(_PROOF, at_least=1), "что считать вниманием; без этого — всё"),
        "mode": Key(MODE, "режим"),
    },
    "unattended",
)


_ATTEMPT = shapes.Pattern(
    r"звонок|письмо|сообщение|дело|комментарий(\s*:\s*\S.*)?", "что считать попыткой", "звонок"
)
ATTEMPTS = shapes.Keys(
    {
        "at_least": Key(shapes.Number(1), "сколько попыток", required=True),
        "on_days": Key(shapes.Number(1), "в сколько разных дней; без этого — в два"),
        "count": Key(
            shapes.ListOf(_ATTEMPT, at_least=1),
            'что считать: звонок, письмо, сообщение, дело, "комментарий: недозвон"; без этого — всё это',
        ),
    },
    "attempts",
    short=shapes.Number(1),
)
_STEP = ("notify", "tell", "task", "set", "clear", "move", "comment", "log", "observers", "chat",
         "tag", "untag")  # fmt: skip
"""What a step of a ladder may do."""


def _step() -> shapes.Shape:
    return _a_step("сколько нет движения")


def _bare_step() -> shapes.Shape:
    return _a_step("сколько нет ни задачи, ни дела")


def _a_step(waits: str) -> shapes.Shape:
    after = Key(shapes.Term(), waits, required=True)
    acts = {word: grammar_words.ACTS[word] for word in _STEP}
    return shapes.Keys({"after": after, **acts}, "steps")


PLANNED = shapes.Pattern(
    r"(up to |до )?\d+ (days?|дн(я|ей)|день)( ahead| вперёд)?", "на сколько вперёд", "up to 60 days ahead"
)
_ALIVE = shapes.ByForm(
    "стадия, звонок, письмо, сообщение, комментарий человека (они считаются всегда) или запланированное дело",
    scalar=shapes.Word(
        (
            "стадия",
            "звонок",
            "письмо",
            "сообщение",
            "комментарий",
            "комментарий человека",
            "дело",
            "запланированное дело",
        ),
        {"planned activity": "запланированное дело"},
    ),
    mapping=shapes.OneKey(
        {"запланированное дело": Key(PLANNED, "на сколько вперёд")}, "что считать движением"
    ),
)
_SNOOZE = Key(
    shapes.Keys({"until": Key(FIELD, "поле-дата", required=True)}, "snooze"),
    "до этого дня карточку не трогать",
)
STALE = shapes.Keys(
    {
        "steps": Key(
            shapes.ListOf(_step, at_least=1), "что делать и когда, сначала самое раннее", required=True
        ),
        "except": Key(shapes.ListOf(NAME, at_least=1), "стадии, на которых ждать можно"),
        "snooze": _SNOOZE,
        "alive": Key(shapes.ListOf(_ALIVE, at_least=1), "что ещё считать движением: запланированное дело"),
        "close": Key(
            shapes.Keys(
                {
                    "after": Key(shapes.Term(), "сколько нет движения", required=True),
                    "to": Key(NAME, "на какую стадию провала", required=True),
                    "agreed_by": Key(PERSON, "кто согласует"),
                },
                "close",
            ),
            "когда закрыть; без этого не закрывается никогда",
        ),
        "mode": Key(MODE, "режим"),
    },
    "stale",
)
WITHOUT_TASK = shapes.Keys(
    {
        "steps": Key(
            shapes.ListOf(_bare_step, at_least=1), "что делать и когда, сначала самое раннее", required=True
        ),
        "except": Key(shapes.ListOf(NAME, at_least=1), "стадии, на которых можно без задачи"),
        "snooze": _SNOOZE,
        "mode": Key(MODE, "режим"),
    },
    "without_task",
)


def _rule() -> shapes.Shape:
    acts = {word: grammar_words.ACTS[word] for word in _STEP}
    return shapes.Keys(
        {
            "name": Key(shapes.Text("имя правила"), "имя правила", required=True),
            "if": Key(CONDITION, "какие карточки", required=True),
            "mode": Key(MODE, "режим"),
            **acts,
        },
        "triage",
    )


TRIAGE = shapes.ListOf(_rule, at_least=1)
CALCULATE = shapes.Keys(
    {
        "field": Key(FIELD, "куда записать", required=True),
        "formula": Key(shapes.Text("формула"), 'формула: "{{Сумма}} * 0,1"', required=True),
        "digits": Key(shapes.Number(), "знаков после запятой", was=("round",)),
        **COMMON,
    },
    "calculate",
)
CODE = shapes.Keys(
    {
        "field": Key(FIELD, "куда записать, если пусто", required=True),
        "pattern": Key(shapes.Text("образец"), 'образец: "ЗК-{{ID}}"; # — буква или цифра', required=True),
        **COMMON,
    },
    "code",
)
OBSERVERS = shapes.Keys(
    {"add": Key(PEOPLE, "кого добавить"), "remove": Key(PEOPLE, "кого убрать"), **COMMON},
    "observers",
    short=PEOPLE,
)
_TAGS = shapes.ListOf(shapes.Text("метка"), at_least=1)


def _tag(word: str, about: str) -> shapes.Keys:
    field = Key(FIELD, "поле с метками; без этого — «Теги»")
    return shapes.Keys({"add": Key(_TAGS, about, required=True), "field": field, **COMMON}, word, short=_TAGS)


_TITLE = shapes.Text("название")
ACTIVITY = shapes.Keys(
    {
        "title": Key(_TITLE, "название", required=True),
        "text": Key(shapes.Text(), "подробности"),
        "for": Key(PERSON, "кому; без этого — ответственному"),
        "deadline": Key(shapes.Term(), "когда; без этого — через рабочий день"),
        **COMMON,
    },
    "дело",
    short=_TITLE,
)
CONVERT = shapes.Keys(
    {
        "to": Key(NAME, "сделка куда: Воронка / Стадия; без этого сделка не создаётся"),
        "make": Key(
            shapes.ListOf(
                shapes.Word(
                    ("контакт", "компания", "сделка"),
                    {"contact": "контакт", "company": "компания", "deal": "сделка"},
                ),
                at_least=1,
            ),
            "что создать; без этого — всё",
        ),
        "if_known": Key(
            shapes.Word(("link", "leave"), {"связать": "link", "оставить": "leave"}),
            "клиент уже есть: link — связать с ним, leave — не конвертировать",
        ),
        "for": Key(PERSON, "ответственный за сделку"),
        "comment": Key(shapes.Text(), "комментарий в лид"),
        **COMMON,
    },
    "convert",
    short=NAME,
)
CALL_URL = shapes.Keys(
    {
        "url": Key(shapes.Text("адрес"), "https-адрес узла из outside: hosts", required=True),
        "send": Key(shapes.MapOf(shapes.Text(), "имя"), "что передать: имя: текст"),
        "secret": Key(grammar_portal.SECRET, "чем подписать: строка файла секретов"),
        "timeout": Key(grammar_portal.TIMEOUT, "сколько ждать ответа"),
        **COMMON,
    },
    "call_url",
    short=shapes.Text("адрес"),
)
CHAT = shapes.Keys(
    {
        "to": Key(shapes.Text("чат"), "какой чат: chat58 из его адреса", required=True),
        "text": Key(shapes.Text(), "текст сообщения", required=True),
        **COMMON,
    },
    "chat",
)
LETTER = shapes.Keys(
    {
        "subject": Key(shapes.Text("тема"), "тема", required=True),
        "text": Key(shapes.Text(), "текст письма", required=True),
        "from": Key(shapes.Text("отправитель"), "от кого: Имя <почта>"),
    },
    "email",
)
MESSAGE = shapes.Keys(
    {
        "email": Key(LETTER, "письмо клиенту"),
        "sms": Key(shapes.Text("текст SMS"), "SMS клиенту"),
        **COMMON,
    },
    "message",
)
INVOICE = shapes.Keys(
    {
        "title": Key(shapes.Text("название"), "название счёта"),
        "for": Key(PERSON, "кто ведёт счёт; без этого — ответственный сделки"),
        "pay_within": Key(shapes.Term(), "за сколько оплатить"),
        "move": Key(NAME, "куда перевести сделку, когда счёт выставлен"),
        **COMMON,
    },
    "invoice",
    short=shapes.Text("название"),
)
ACTS: dict[str, Key] = {
    "invoice": Key(INVOICE, "выставить счёт по сделке"),
    "chat": Key(CHAT, "сообщение в чат сотрудников"),
    "call_url": Key(CALL_URL, "сообщить другой программе"),
    "message": Key(MESSAGE, "письмо или SMS клиенту"),
    "convert": Key(CONVERT, "конвертировать лид"),
    "calculate": Key(CALCULATE, "посчитать поле"),
    "code": Key(CODE, "дать карточке код"),
    "observers": Key(OBSERVERS, "добавить или убрать наблюдателей"),
    "tag": Key(_tag("tag", "какую метку поставить"), "поставить метку"),
    "untag": Key(_tag("untag", "какую метку снять"), "снять метку"),
    "todo": Key(ACTIVITY, "запланировать дело"),
    "call": Key(ACTIVITY, "запланировать звонок клиенту"),
    "meeting": Key(ACTIVITY, "запланировать встречу"),
    "assign": Key(ASSIGN, "назначить ответственного"),
    "validate": Key(VALIDATE, "проверить телефон, e-mail и сайт"),
}
