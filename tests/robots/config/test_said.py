"""What `check` says of names, values and people: text in, the rendered problems out."""

from __future__ import annotations

import dataclasses
import json

import pytest

from robots import model
from robots.config import formats, problems
from tests.robots import builders
from tests.robots.config import reading


def test_a_latin_letter_is_understood_and_said() -> None:
    """admin-experience «An error»: the eye can't see it, so it is named."""
    text = """
        pipelines:
          Продажи:
            stages:
              Oтправили заказ: {task: Проверить}
        """
    assert (
        reading.told(text)
        == """\
romashka.yaml:4:7  V012  предупреждение: нет такой стадии в воронке «Продажи»
  |
4 |       Oтправили заказ: {task: Проверить}
  |       ^^^^^^^^^^^^^^^ первая буква латинская «O»; в портале есть «Отправили заказ»
  = понято как «Отправили заказ»
"""
    )


def test_an_unknown_name_is_told_with_the_likest_and_all() -> None:
    """The admin sees what there is to choose from."""
    text = "robots:\n  - {name: Х, when: created, pipeline: Продажы, do: {log: да}}\n"
    assert (
        reading.told(text)
        == """\
romashka.yaml:2:40  V012  нет такой воронки: «Продажы»
  |
2 |   - {name: Х, when: created, pipeline: Продажы, do: {log: да}}
  |                                        ^^^^^^^ может быть, «Продажи»?
  = воронки: Продажи · Доставка
"""
    )


def codes(text: str, **kwargs: object) -> list[str]:
    """«V012 3:5 …» of everything but information."""
    found = reading.loaded(reading.dedented(text), **kwargs).problems  # type: ignore[arg-type]
    worth = [one for one in found if one.severity is not problems.Severity.INFO]
    return [f"{one.code} {one.mark.line}:{one.mark.column} {one.text}" for one in worth]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pipelnes: {}", ["V016 1:1 файл: незнакомый ключ «pipelnes»"]),
        ("pipelines: []", ["V017 1:12 здесь нужно «воронка: …», а стоит список"]),
        ("leads: {mode: wacth}", ["V017 1:15 не знаю слова «wacth»"]),
        ("leads: {stages: }", ["V017 1:16 здесь нужно «стадия: …», а стоит пустое место"]),
        ("robots: [{name: А, do: {log: да}}]", ["V018 1:10 робот: не хватает ключа «when»: повод"]),
        (
            "leads: {on_create: [{task: {title: А, deadline: 2 дяня}}]}",
            [
                "V019 1:49 не понимаю срок «2 дяня»: пишите так: «30 work minutes», «2 рабочих часа», «3 work days», «5 дней»"
            ],
        ),
        ("leads: {on_create: [{log: '{{Прикол}} да'}]}", ["V020 1:30 нет такого поля лида: «Прикол»"]),
        (
            "leads: {on_create: [{log: '{{Название'}]}",
            ["V020 1:28 скобки не закрыты: «{{Название», нужно «}}»"],
        ),
        (
            "leads: {on_create: [{log: да}, {log: нет}]}",
            ["V022 1:32 робот «Лиды/on_create/log» уже есть: строка 1"],
        ),
        (
            "people: {а: {head_of: б}, б: {head_of: а}}",
            ["V023 1:40 люди ссылаются друг на друга по кругу: а → б → а"],
        ),
        ("use: воронка", ["V024 1:6 нет такой заготовки: «воронка»"]),
        (
            "leads: {on_create: [{task: {title: А, description: file:а.txt}}]}",
            ["V025 1:52 нет файла «а.txt»: задача будет без описания"],
        ),
        (
            "pipelines: {Продажи: {on_create: [{task: {title: А, checklist: {by: Способ доставки, Доставка: [Б]}}}]}}",
            ["V026 1:69 для значений «Самовывоз» пунктов нет: чек-лист будет пустым"],
        ),
        (
            "pipelines: {Продажи: {tasks: {creator: робот}}}",
            ["V029 1:23 «tasks» теперь пишется «every_task»"],
        ),
        ("people: {а: Уволенный Олег}", ["V030 1:13 Уволенный Олег: сотрудник уволен, будет пропускаться"]),
        ("calendar: {timezone: Europe/Moskow}", ["V031 1:22 нет такого часового пояса: «Europe/Moskow»"]),
        (
            "calendar: {week: {пн: off, вт: off, ср: off, чт: off, пт: off}}",
            ["V031 1:11 в календаре нет ни одного рабочего часа"],
        ),
        (
            "portal: {address: 'http://localhost:8080'}",
            ["V017 1:19 адрес с http:// без шифрования"],
        ),
        ("portal: {address: 'http://localhost:8080', insecure_http: true}", []),
        (
            "pipelines: {Продажи: {on_won: [{hand_over: Продажи}]}}",
            ["V017 1:44 передавать нужно в другую воронку, а это та же самая"],
        ),
        (
            "pipelines: {Продажи: {on_create: [{fill: {field: Требования, with: менеджер}}]}}",
            ["V017 1:50 в поле «Требования» не сотрудник, человеком его не заполнить"],
        ),
        (
            "pipelines: {Продажи: {on_create: [{set: {Клиент: да}}]}}",
            ["V017 1:42 в «Клиент» робот писать не может: нужно поле карточки"],
        ),
        (
            "robots: [{name: А, when: {changed: Стадия}, do: {log: да}}]",
            ["V017 1:36 за изменением «Стадия» робот не следит"],
        ),
        (
            "robots: [{name: А, when: created, if: {filled: true}, do: {log: да}}]",
            ["V017 1:40 «filled» стоит не на своём месте"],
        ),
        (
            "robots: [{name: А, when: created, if: {Сумма: }, do: {log: да}}]",
            ["V017 1:46 «Сумма»: не сказано значение"],
        ),
        (
            "robots: [{name: А, when: created, if: {Способ доставки: Пешком}, do: {log: да}}]",
            ["V012 1:57 в списке «Способ доставки» нет значения «Пешком»"],
        ),
        (
            "robots: [{name: А, when: created, if: {Ответственный: РОП}, do: {log: да}}]",
            ["V012 1:55 нет такого человека: «РОП»"],
        ),
        (
            "robots: [{name: А, when: created, if: {Сумма: {older_than: 3 days}}, do: {log: да}}]",
            ["V017 1:60 «Сумма» не дата: older_than бывает только у даты"],
        ),
        (
            "robots: [{name: А, when: created, do: [notify РОП]}]",
            ["V017 1:40 здесь нужно действие вида «ключ: …», а стоит «notify РОП»"],
        ),
        (
            "robots: [{name: А, when: created, do: [{log: да, notify: робот}]}]",
            ["V017 1:50 в одном пункте одно действие, а здесь «log», «notify»"],
        ),
        (
            "leads: {stages: {В работе: {task: [{title: А}, {title: Б}]}}}",
            [
                "V018 1:36 у каждой задачи в списке должно быть name:",
                "V018 1:48 у каждой задачи в списке должно быть name:",
            ],
        ),
    ],
)
def test_one_mistake_one_sentence(text: str, said: list[str]) -> None:
    """Every code with its place and its words."""
    assert codes(text) == said


def test_namesakes_are_told_apart_by_mail() -> None:
    """Two people of one name: the admin writes the e-mail."""
    twin = model.User(model.UserId(99), "Анна", "Петрова", "anna2@romashka.ru")
    portal = builders.directory(users={**builders.directory().users, twin.id: twin})
    made = reading.loaded("people: {а: Анна Петрова}\n", directory=portal)
    assert [(one.text, one.notes) for one in made.errors] == [
        (
            "сотрудников «Анна Петрова» несколько: напишите e-mail",
            ("Петрова Анна — petrova@romashka.ru, Петрова Анна — anna2@romashka.ru",),
        )
    ]
    assert reading.loaded("people: {а: anna2@romashka.ru}\n", directory=portal).errors == ()


def test_fields_of_one_title_are_told_apart_by_code() -> None:
    """The portal lets two fields have one title; the code says which."""
    deal = {
        **builders.FIELDS["deal"],
        model.FieldCode("UF_CRM_2"): model.Field(
            model.FieldCode("UF_CRM_2"), "Требования", model.FieldType.TEXT
        ),
    }
    portal = builders.directory(fields={**builders.FIELDS, "deal": deal})
    text = "pipelines: {Продажи: {stages: {Новый лид: {to_leave: [Требования]}}}}\n"
    assert [(one.code, one.notes) for one in reading.loaded(text, directory=portal).errors] == [
        ("V021", ("коды: UF_CRM_DEMANDS, UF_CRM_2",))
    ]
    assert reading.loaded(text.replace("Требования", "UF_CRM_2"), directory=portal).errors == ()


def test_what_needs_promises_is_said_beside_the_miss() -> None:
    """A field that connect will create isn't just «unknown»."""
    text = """
        needs: {fields: {Сделка: {Сегмент: строка}}}
        pipelines: {Продажи: {stages: {Новый лид: {to_leave: [Сегмент]}}}}
        """
    (problem,) = reading.loaded(reading.dedented(text)).errors
    assert problem.notes[0] == "это есть в needs: — создаст voronka connect"


def test_later_things_are_remarked_not_refused() -> None:
    """Known grammar of later versions is read."""
    assert reading.remarks("leads: {on_create: [{nurture: привет}]}\n") == [
        "V028 «nurture» придёт позже: пока не действует",
    ]


def test_what_rest_gives_to_nobody_is_said_with_the_nearest_thing() -> None:
    """X9: as an act and as a reason; one such robot is broken alone, and no likely word is guessed instead."""
    text = """
        leads: {on_create: [{sms: привет}, {task: {title: А}}]}
        robots: [{name: Письмо, when: {opened: письмо}, do: [{comment: А}]}]
        """
    found = reading.loaded(reading.dedented(text))
    assert [(one.code, one.text.split(": ближайшее — ")[0], one.hint) for one in found.errors] == [
        ("V036", "SMS через провайдеров портала по REST не отправить", ""),
        ("V036", "об открытых письмах и нажатых ссылках REST не рассказывает", ""),
    ]
    assert all("ближайшее — " in one.text for one in found.errors)
    assert [one.kind for one in found.rules.robots] == ["task"]


def test_a_person_named_as_a_field_is_remarked() -> None:
    """F9: «РОП» is the person wherever a person is meant."""
    assert reading.remarks("people: {РОП: {field: РОП}}\n") == [
        "V027 «РОП» — и человек, и поле: там, где нужен человек, это человек"
    ]


def test_a_mistake_in_a_text_file_is_shown_there() -> None:
    """The place is in the file of the text, not in the YAML."""
    files = {"texts/а.txt": "Первая строка\nЗвоните {{Прикол}}\n"}
    told = reading.told("leads: {on_create: [{task: {title: А, description: 'file:а.txt'}}]}\n", files=files)
    assert (
        told
        == """\
texts/а.txt:2:11  V020  нет такого поля лида: «Прикол»
  |
2 | Звоните {{Прикол}}
  |           ^^^^^^
"""
    )


def test_a_portal_without_leads_says_so() -> None:
    """Simple CRM mode and amoCRM have none."""
    deals = tuple(one for one in reading.PORTAL.pipelines if one.id != model.LEADS)
    portal = dataclasses.replace(reading.PORTAL, pipelines=deals)
    (problem,) = reading.loaded("leads: {on_create: [{log: да}]}\n", directory=portal).errors
    assert problem.text == "в этом портале нет лидов: выключены или простой режим CRM"


def test_offline_form_is_checked_and_names_are_not() -> None:
    """Without a snapshot of the portal `check` still finds what it can."""
    text = """
        pipelines:
          Какая-то:
            mode: on
            stages:
              Где-то: {task: {title: "{{Что-то: Кого-то}}", deadline: 5 попугаев}, to_leave: [Нечто]}
        """
    made = reading.loaded(reading.dedented(text), directory=None)
    assert [one.code for one in made.problems] == ["V019"]
    assert made.usable is False


# --- the same for machines

_BAD = "leads: {mode: wacth}\n"


def test_json_has_everything() -> None:
    """Names of keys are a contract with harnesses."""
    (one,) = json.loads(formats.show(reading.loaded(_BAD).problems, {}, "json"))
    assert one == {
        "code": "V017",
        "severity": "error",
        "file": "romashka.yaml",
        "line": 1,
        "column": 15,
        "span": 5,
        "text": "не знаю слова «wacth»",
        "hint": "может быть, «watch»?",
        "suggestion": "",
        "notes": ["можно: on · watch · off"],
    }


def test_github_notes_are_one_line_each() -> None:
    """A workflow note can't hold a line end."""
    assert formats.show(reading.loaded(_BAD).problems, {}, "github") == (
        "::error file=romashka.yaml,line=1,col=15,title=V017::не знаю слова «wacth»; "
        "может быть, «watch»?; можно: on · watch · off"
    )


def test_sarif_names_the_rule_and_the_place() -> None:
    """What code scanning reads."""
    report = json.loads(formats.show(reading.loaded(_BAD).problems, {}, "sarif"))
    (result,) = report["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("V017", "error")
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "romashka.yaml"},
        "region": {"startLine": 1, "startColumn": 15, "endColumn": 20},
    }


def test_every_code_has_a_title() -> None:
    """The list in docs and in SARIF."""
    assert list(problems.TITLES) == [f"V{number:03}" for number in range(1, 38)]
