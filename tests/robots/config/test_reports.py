"""`reports:` from text to values, and what `check` says of it (users.md F22)."""

from __future__ import annotations

from datetime import time

import pytest

from robots import people, reports
from tests.robots import builders
from tests.robots.config import reading

PEOPLE = """\
people:
  менеджер: {field: Ответственный}
  руководитель: {head_of: менеджер}
  РОП: {field: РОП, else: руководитель}
  дежурный: {round_robin: {people: [Иванов Пётр]}}
  хозяин клиента: {field: Контакт / Ответственный}
reports:
"""


def one(line: str) -> reports.Report:
    (made,) = reading.made(f"{PEOPLE}  - {{{line}}}\n").rules.reports
    return made


@pytest.mark.parametrize(
    ("written", "when"),
    [
        ('"17:30"', reports.When(time(17, 30))),
        ("пн 09:00", reports.When(time(9), frozenset({0}))),
        ('"Пн, чт 9:00"', reports.When(time(9), frozenset({0, 3}))),
        ("mon fri 18:00", reports.When(time(18), frozenset({0, 4}))),
        ("1-го 09:00", reports.When(time(9), of_month=1)),
        ("31st 09:00", reports.When(time(9), of_month=31)),
    ],
)
def test_days_and_hours_in_words(written: str, when: reports.When) -> None:
    """Without days every work day is meant."""
    assert one(f"name: П, send: РОП, at: {written}").when == when


def test_sections_by_their_words_in_both_languages() -> None:
    """In the order in which they are written; none written: the week and the plan."""
    shown = one('name: П, send: РОП, at: "9:00", show: [план оплат, прощелкано, without task]').show
    assert shown == (reports.Section.PLAN, reports.Section.SKIPPED, reports.Section.NO_TASK)
    assert one('name: П, send: РОП, at: "9:00"').show == reports.DEFAULT


def test_which_calls_are_heard() -> None:
    """S3.8: by a rule of the file."""
    made = one("name: З, send: РОП, at: 9:00, show: звонки, calls: {per_person: 5, at_least: 1 minute}")
    assert (made.show, made.sample) == ((reports.Section.CALLS,), reports.Sample(5, 60))


def test_several_readers() -> None:
    """By name, by a field, by the head of whoever is responsible."""
    to = one('name: П, send: [Петрова Анна, менеджер, РОП], at: "9:00"').to
    assert to[0] == people.Employee(builders.PETROVA)
    assert [type(person).__name__ for person in to] == ["Employee", "InField", "InField"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("send: РОП, at: '9:00'", "не хватает ключа «name»"),
        ("name: П, send: РОП", "не хватает ключа «at»: когда: 17:30, пн 09:00, 1-го 09:00"),
        ("name: П, send: РОП, at: понедельник 9:00", "нужно время, дни недели и время или число месяца"),
        ("name: П, send: РОП, at: '25:00'", "нужно время, дни недели и время или число месяца"),
        ("name: П, send: РОП, at: '9:00', show: [звезды]", "не знаю слова «звезды»"),
        ("name: П, send: дежурный, at: '9:00'", "«дежурный» по одной карточке не найти"),
        ("name: П, send: хозяин клиента, at: '9:00'", "«хозяин клиента» по одной карточке не найти"),
        ("name: П, send: Никто, at: '9:00'", "нет такого человека: «Никто»"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(line: str, said: str) -> None:
    """One slip, one sentence; the report isn't made."""
    text = f"{PEOPLE}  - {{{line}}}\n"
    loaded = reading.loaded(text)
    (problem,) = loaded.errors
    assert said in problem.text
    assert problem.mark.line == 8
    assert loaded.rules.reports == ()


def test_two_of_one_name() -> None:
    """A report is known by its name."""
    text = f"{PEOPLE}  - {{name: План, send: РОП, at: '9:00'}}\n  - {{name: план, send: РОП, at: '10:00'}}\n"
    (problem,) = reading.loaded(text).errors
    assert (problem.code, problem.text) == ("V022", "отчёт «план» уже есть: строка 8")


def test_the_example_of_the_contract() -> None:
    """Its report is understood whole, and so is one that goes as a file, which is an XLSX or nothing."""
    loaded = reading.loaded(reading.EXAMPLE, files={"новый-лид.txt": "Позвоните"})
    assert [(one.name, len(one.show)) for one in loaded.rules.reports] == [
        ("Понедельник", 7),
        ("утро 09:30", 1),
        ("утро 09:00", 1),
        ("Неделя наблюдения", 1),
    ]
    line = 'reports: [{name: План дня, send: Петрова Анна, at: "17:30", show: [план оплат], as: xlsx}]\n'
    assert reading.remarks(line) == []
    assert [one.as_file for one in reading.made(line).rules.reports] == [True]
    assert "V0" in reading.told(line.replace("xlsx", "pdf"))


def test_whoever_has_a_digest_has_the_morning_list() -> None:
    """F14: at its hour, one list for all that have it then; a queue isn't told of any card, so it has the digest alone."""
    digest = """\
notifications:
  digest: {РОП: "09:30", менеджер: "9:00", Петрова Анна: "09:00", дежурный: "09:00"}
"""
    made = reading.made(PEOPLE.removesuffix("reports:\n") + digest).rules.reports
    nine, half_past = sorted(made, key=lambda one: one.when.clock)
    assert (half_past.name, half_past.when, len(half_past.to)) == ("утро 09:30", reports.When(time(9, 30)), 1)
    assert (nine.name, nine.show, len(nine.to)) == ("утро 09:00", (reports.Section.TODAY,), 2)
    assert nine.to[1] == people.Employee(builders.PETROVA)


WATCHING = "pipelines: {Продажи: {mode: MODE, stages: {Новый лид: {task: Взять}}}}\n"


def test_while_anybody_only_watches_his_week_is_told() -> None:
    """F5: to whose webhook it is, on Mondays; a report of one's own takes its place; nobody watches, nothing is told."""

    def told(mode: str, more: str = "") -> list[tuple[str, tuple[people.Person, ...]]]:
        made = reading.made(WATCHING.replace("MODE", mode) + more).rules.reports
        return [(one.name, one.to) for one in made]

    assert told("watch") == [("Неделя наблюдения", (people.Employee(builders.ADMIN),))]
    assert told("on") == []
    own = 'reports: [{name: Свой, send: Петрова Анна, at: "пт 17:00", show: [наблюдение]}]\n'
    assert told("watch", own) == [("Свой", (people.Employee(builders.PETROVA),))]
