"""Rehearsals (`voronka test`): what is written is understood or complained of at its place, and a story can fail."""

from __future__ import annotations

import textwrap

import pytest

from robots import decision
from robots.config import problems
from robots.playing import play, script, stage
from tests.robots import builders, rules
from tests.robots.config import reading

FUNNEL = """
    pipelines:
      Продажи:
        on_create: [{fill: {field: РОП, with: Петрова Анна}}]
        stages:
          Новый лид:
            task: {title: "{{Контакт: Имя}}. Узнать", for: Ответственный, deadline: 2 work hours}
            to_leave: [Требования]
          Обрабатываем запрос:
            on_enter: [{notify: {to: Ответственный, text: Пора}}]
    """
CARD = """
    deals:
      окна:
        pipeline: Продажи
        stage: Новый лид
        Название: Окна
        Ответственный: Иванов Пётр
        Сумма: 1000
        Контакт: {Имя: Мария, Телефон: +7 916 000-00-01}
    """
HEAD = "config: romashka.yaml\nportal: portal.json\nclock: 2026-03-02T10:00+03:00\n"


def text(steps: str) -> str:
    story = "tests:\n  - name: история\n    deal: окна\n    steps:\n"
    return HEAD + reading.dedented(CARD) + story + textwrap.indent(reading.dedented(steps), " " * 6)


def played(steps: str, known: decision.Rules | None = None) -> play.File:
    head = script.head(text(steps), "репетиция.yaml")
    assert problems.render_all(head.problems, {}) == ""
    return play.play(head, known or reading.made(FUNNEL).rules, reading.PORTAL)


def differences(steps: str) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    found = played(steps)
    assert problems.render_all(found.problems, {}) == ""
    return [tuple(one) for result in found.results for step in result.steps for one in step.differences]


def complaints(steps: str) -> list[str]:
    return [f"{one.mark.line}:{one.mark.column} {one.code} {one.text}" for one in played(steps).problems]


def test_a_story_tells_what_each_robot_did_and_when() -> None:
    """The card as it came, then each step."""
    (result,) = played("""
        - {at: 5m, set: {Требования: окно}, move: Обрабатываем запрос, deliver: 3 times}
        """).results
    assert [(step.at, [f"{one.robot}: {one.text}" for one in step.deeds]) for step in result.steps] == [
        (
            "",
            [
                "Продажи/Новый лид/task: задача «Мария. Узнать» → Иванов Пётр, от: никто",
                "Продажи/on_create/fill РОП: записать «РОП»: Петрова Анна",
            ],
        ),
        (
            "5m",
            [
                "Продажи/Новый лид/task: закрыть задачу «Мария. Узнать»",
                "Продажи/Обрабатываем запрос/on_enter/notify: сообщение → Иванов Пётр: Пора",
            ],
        ),
    ]
    assert result.passed


def test_what_is_expected_holds() -> None:
    """Each kind of expectation, by the words that people see."""
    assert (
        differences("""
        - at: 0m
          expect:
            stage: Новый лид
            fields: {РОП: Петрова Анна, Сумма: 1 000 ₽, Требования: пусто}
            tasks: [{title: Мария. Узнать, for: Иванов Пётр, deadline: 2026-03-02T12:00}]
        - {at: 5m, set: {Требования: окно}, move: Обрабатываем запрос}
        - at: 6m
          expect:
            messages: [{to: Иванов Пётр, text: Пора}]
            acts:
              - закрыть задачу «Мария. Узнать»
              - "сообщение → Иванов Пётр: Пора"
            robots: {Продажи/Новый лид/to_leave: passed, Продажи/Новый лид/task: done}
            count: {open_tasks: 0, tasks: 1, messages: 1, acts: 2, moves: 0}
        """)
        == []
    )


def test_every_expectation_can_fail() -> None:
    """What was wanted and what is there, a line for each thing."""
    assert differences("""
        - at: 0m
          expect:
            stage: Спам
            fields: {РОП: пусто}
            tasks: [{title: Мария. Узнать, for: Петрова Анна}]
            acts: []
            messages: [{to: Иванов Пётр, text: Пора}]
            robots: {Продажи/Новый лид/task: waiting}
            count: {open_tasks: 2}
        """) == [
        ("stage", ("Спам",), ("Новый лид",)),
        ("fields", ("РОП: пусто",), ("РОП: Петрова Анна",)),
        ("tasks", ("«Мария. Узнать», для Петрова Анна",), ("«Мария. Узнать», для Иванов Пётр",)),
        (
            "acts",
            (),
            ("задача «Мария. Узнать» → Иванов Пётр, от: никто", "записать «РОП»: Петрова Анна"),
        ),
        ("messages", ("Иванов Пётр: Пора",), ()),
        ("robots", ("Продажи/Новый лид/task: waiting",), ("Продажи/Новый лид/task: done",)),
        ("count", ("open_tasks: 2",), ("open_tasks: 1",)),
    ]


def test_a_task_that_is_not_there_can_t_be_closed() -> None:
    """A story that does nothing must not look as if it did."""
    assert differences("- {at: 1m, close_task: Узнать}") == [("close_task", ("Узнать",), ("Мария. Узнать",))]


def test_time_passes_through_every_moment_that_a_robot_waits_for() -> None:
    """A gate's two minutes: neither earlier nor only at the end."""
    patient = reading.made(
        FUNNEL.replace("stages:", "if_missing: {do: move_back, wait: 2 minutes}\n        stages:")
    )
    story = """
        - {at: 10m, move: Обрабатываем запрос}
        - {at: 11m, expect: {stage: Обрабатываем запрос}}
        - {at: 1 work day, expect: {stage: Новый лид}}
        """
    assert [one.passed for one in played(story, patient.rules).results] == [True]


def test_robots_that_never_rest_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A circle of two is told, not waited for; the engine itself ends it a little later (R6)."""
    circle = reading.made("""
        robots:
          - {name: Туда, when: {changed: Количество}, pipeline: Продажи, if: {Количество: 1}, do: [{set: {Количество: 2}}]}
          - {name: Сюда, when: {changed: Количество}, pipeline: Продажи, if: {Количество: 2}, do: [{set: {Количество: 1}}]}
        """)
    story = "- {at: 1m, set: {Количество: 1}}"
    assert [one.endless for one in played(story, circle.rules).results] == [""]
    monkeypatch.setattr(stage, "ROUNDS", 4)
    (result,) = played(story, circle.rules).results
    assert (result.passed, result.endless) == (False, "роботы не останавливаются: Сюда/set, Туда/set")


def test_watching_robots_act_here_and_those_that_are_off_do_not() -> None:
    """A rehearsal asks what they would do."""
    texts = {
        mode: FUNNEL.replace("Продажи:", f"Продажи:\n        mode: {mode}", 1) for mode in ("watch", "off")
    }
    did = {
        mode: sum(
            len(step.deeds) for step in played("- {at: 1m}", reading.made(text_).rules).results[0].steps
        )
        for mode, text_ in texts.items()
    }
    assert did == {"watch": 2, "off": 0}


def test_what_is_not_understood_is_told_at_its_place() -> None:
    """Nothing is played then."""
    assert complaints("""
        - {at: 5m, mvoe: Обрабатываем запрос}
        - {at: скоро}
        - {at: 6m, move: Обработка}
        - {at: 7m, set: {Требование: окно}, deliver: много, tried: [стук]}
        - {at: 1m}
        """) == [
        "16:18 V016 незнакомый ключ «mvoe»",
        "17:14 V019 не понимаю срок «скоро»: пишите так: «30 work minutes», «2 рабочих часа», «3 work days», «5 дней»",
        "18:24 V012 нет такой стадии в воронке «Продажи»",
        "19:24 V012 нет такого поля сделки: «Требование»",
        "19:52 V017 сколько раз портал сообщит: deliver: 3 times",
        "19:67 V017 не знаю «стук»",
        "20:9 V017 шаги идут по времени: этот раньше предыдущего",
    ]
    assert complaints(
        "- {at: 1m, expect: {robots: {Продажи/task: done}, count: {task: 1}, tasks: [{who: Иванов Пётр}]}}"
    ) == [
        "16:36 V012 нет такого робота: «Продажи/task»",
        "16:65 V016 незнакомый ключ «task»",
        "16:84 V016 незнакомый ключ «who»",
    ]


def test_a_line_with_a_colon_wants_quotes() -> None:
    """Else it would be a mapping, and nothing would be wanted of it."""
    found = complaints("- {at: 1m, expect: {acts: [задача «А» → Иванов Пётр от: никто]}}")
    assert found == ["16:34 V002 строку с двоеточием возьмите в кавычки"]


def test_a_head_without_its_keys_is_told() -> None:
    """Each of them at once."""
    head = script.head("deals: {}\n", "репетиция.yaml")
    assert [one.text for one in head.problems] == [
        "нет ключа «config»",
        "нет ключа «portal»",
        "нет ключа «tests»",
        "нужно, когда начинается история",
    ]


def test_what_the_search_would_find_is_found_by_its_phone_only() -> None:
    """As the portal's own search: by a phone or an e-mail in any spelling."""
    known = reading.made(
        "pipelines: {Продажи: {on_create: [{duplicates: {other_owner: [{comment: Двойник}]}}]}}"
    )
    head_text = text("- {at: 1m}").replace(
        "    deal: окна\n",
        "    deal: окна\n    duplicates: [{контакт: Вера, Ответственный: Сидорова Ольга, Телефон: PHONE}]\n",
    )

    def did(phone: str) -> list[str]:
        head = script.head(head_text.replace("PHONE", phone), "репетиция.yaml")
        (result,) = play.play(head, known.rules, builders.directory()).results
        return [one.text for step in result.steps for one in step.deeds]

    assert (did("8 (916) 000-00-01"), did("8 916 000-00-02")) == (["запись в карточке: Двойник"], [])


def test_the_rules_of_tests_stay_as_they_are() -> None:
    """Nothing of a rehearsal leaks into the rules it plays."""
    known = decision.Rules(robots=(rules.stage_robot("Новый лид", "Узнать"),))
    before = known.robots
    played("- {at: 1m}", known)
    assert known.robots == before
