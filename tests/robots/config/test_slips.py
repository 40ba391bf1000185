"""What people type that isn't YAML (users.md F1): each is named in plain words, with the line as it should be typed."""

from __future__ import annotations

import pytest

from robots.config import loader, problems, source
from tests.robots.config import reading


def told(text: str) -> str:
    """What reading alone says about a text."""
    return problems.render_all(loader.load(text, "romashka.yaml").problems, {"romashka.yaml": text})


def typed(text: str) -> list[str]:
    """Code, line and the line to type for each problem."""
    found = loader.load(text, "f.yaml").problems
    return [f"{one.code} {one.mark.line}: {one.suggestion.strip()}" for one in found]


def test_braces_copied_from_the_portal() -> None:
    """Seed 002's own title: unquoted, a parser would speak of «block end»."""
    text = "stages:\n  Новый лид:\n    task:\n        title: {{Контакт: Имя}}. Получить ответ на КП\n"
    assert (
        told(text)
        == """\
romashka.yaml:4:16  V001  строку с {{ }} нужно взять в кавычки
  |
4 |         title: {{Контакт: Имя}}. Получить ответ на КП
  |                ^
  = напишите:  title: "{{Контакт: Имя}}. Получить ответ на КП\""""
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: {{ID}}", 'V001 1: title: "{{ID}}"'),
        ("t: {title: {{Контакт: Имя}}. Да, n: 1}", 'V001 1: t: {title: "{{Контакт: Имя}}. Да", n: 1}'),
        ("title: Позвонить {{Контакт: Имя}}", 'V001 1: title: "Позвонить {{Контакт: Имя}}"'),
        ("- {{Контакт: Имя}}. Да", 'V001 1: - "{{Контакт: Имя}}. Да"'),
        ('title: {{Контакт: Имя}} "КП"', "V001 1: title: '{{Контакт: Имя}} \"КП\"'"),
        ("title: Договор: подписать", 'V002 1: title: "Договор: подписать"'),
        (
            "task: {title: Позвонить, уточнить, deadline: 1 work day}",
            'V003 1: task: {title: "Позвонить, уточнить", deadline: 1 work day}',
        ),
        ("title: Проверить заказ # 5", 'V004 1: title: "Проверить заказ # 5"'),
        ("title: заказ #{{ID}}", 'V004 1: title: "заказ #{{ID}}"'),
        ("a:\n\tb: 1", "V005 2: b: 1"),
        ("\u00a0\u00a0a: 1", "V006 1: a: 1"),
        ("a:\u00a0да", "V006 1: a: да"),
        ("-\u00a0да", "V006 1: - да"),
        ("a\u200b: да", "V006 1: a: да"),
        ("a: \x07да", "V006 1: a: да"),
        ("hours: “09:00-18:00”", 'V007 1: hours: "09:00-18:00"'),
        ("title: !Срочно позвонить", 'V008 1: title: "!Срочно позвонить"'),
        ("title: !urgent call", 'V008 1: title: "!urgent call"'),
        ("title: *Важно*", 'V008 1: title: "*Важно*"'),
        ("to: @РОП", 'V008 1: to: "@РОП"'),
        ("to: [@РОП, менеджер]", 'V008 1: to: ["@РОП", менеджер]'),
        ("title: &якорь текст", 'V008 1: title: "&якорь текст"'),
        ("title: %скидка", 'V008 1: title: "%скидка"'),
        ("a:\n  - Собрать\n  -Передать", "V009 3: - Передать"),
        ("-Передать", "V009 1: - Передать"),
        ("mode:watch\na: 1", "V011 1: mode: watch"),
    ],
)
def test_a_slip_and_the_line_as_it_should_be(text: str, said: str) -> None:
    """One slip, one problem, and the repaired line is what the person meant."""
    assert typed(text) == [said]


def test_every_slip_of_a_file_is_told_at_once() -> None:
    """A parser stops at the first; we repair the line and read on."""
    text = "a: {{ID}}.\nb: Договор: да\nc: @РОП\nd: ok\ne: ok\nd: twice\n"
    assert typed(text) == [
        'V001 1: a: "{{ID}}."',
        'V002 2: b: "Договор: да"',
        'V008 3: c: "@РОП"',
        "V013 6: ",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "address: romashka.bitrix24.ru           # F7: только адрес",
        "mode: watch # пока смотрим",
        'title: "{{Контакт: Имя}}. Получить"',
        "title: Заказ {{ID}}",
        "description: |\n  Пишите: «да»\n  {{Контакт: Имя}}: !Срочно # 5\n  -без пробела",
        "by: [телефон, e-mail]",
        "at: 18:00",
        "title: Сделать «Акт» и отправить",
        "note: Он сказал “да”",
        "a: -5",
        "emoji: 👩\u200d🔧 мастер",
    ],
)
def test_what_is_right_is_left_alone(text: str) -> None:
    """No false alarm over comments, block texts, lists of words, quotes inside a text."""
    assert told(text) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [x, y", "V011 1:4 список [ ] не закрыт или между значениями нет запятой"),
        ("b: 1\na: {x: y\n", "V011 2:4 скобки { } не закрыты или между ключами нет запятой"),
        ("a: 'x\nb: 1\n", "V011 1:4 кавычка открыта и не закрыта"),
        (
            "a: 1\n   b: 2\n",
            "V011 2:5 «ключ: значение» не на своём месте: проверьте отступ этой строки и строки выше",
        ),
        ("- a\nb: 1", "V011 2:1 строка не на своём месте: проверьте отступ, тире и кавычки"),
        (
            'a: "\\q"',
            "V011 1:4 обратная черта \\ в двойных кавычках: возьмите текст в одинарные кавычки '…'",
        ),
        ("a: 1\na: 2", "V013 2:1 ключ «a» повторяется"),
        ("<<: {a: 1}", "V014 1:1 слияние «<<» не поддерживается: повторите ключи"),
        ("a: &x {b: 1}", "V014 1:4 якоря «&имя» не поддерживаются: повторите текст"),
        (
            "a: 1\n---\nb: 1",
            "V014 2:1 второй документ в файле («---»): нужен один файл — один документ",
        ),
        ("[a]: 1", "V011 1:1 ключом может быть только текст, а здесь скобки"),
        ("a: " + "[" * 50 + "]" * 50, "V015 1:43 вложенность глубже 40 уровней"),
    ],
)
def test_a_broken_structure_in_our_words(text: str, said: str) -> None:
    """The parser's own text is never shown."""
    found = loader.load(text, "f.yaml").problems
    assert [f"{one.code} {one.mark.line}:{one.mark.column} {one.text}" for one in found] == [said]


def test_notepads_ansi_is_named() -> None:
    """Windows-1251 is what Notepad calls ANSI; the place is the first letter."""
    made = source.decode("portal:\n  kind: Битрикс".encode("cp1251"), "f.yaml")
    assert isinstance(made, problems.Problem)
    assert (made.code, str(made.mark), made.text) == (
        "V010",
        "f.yaml:2:9",
        "файл сохранён в ANSI (Windows-1251). Сохраните в UTF-8",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf8_is_read_with_and_without_a_mark(encoding: str) -> None:
    """Notepad writes a mark in front of UTF-8; it says nothing."""
    assert source.decode("а: б".encode(encoding), "f.yaml") == "а: б"


def test_utf16_and_rubbish_are_named() -> None:
    """«Юникод» of Notepad is UTF-16; anything else is just not UTF-8."""
    wide = source.decode("а: б".encode("utf-16"), "f.yaml")
    odd = source.decode(b"a: \xff\x01\x81\x8d", "f.yaml")
    assert isinstance(wide, problems.Problem)
    assert isinstance(odd, problems.Problem)
    assert "UTF-16" in wide.text
    assert odd.text == "файл не читается как UTF-8. Сохраните его в UTF-8"


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_line_ends_of_every_system(ending: str) -> None:
    """The same problems at the same places."""
    text = "pipelines:\n  Продажи:\n    mode: wacth\n".replace("\n", ending)
    made = reading.loaded(text)
    assert [str(one.mark) for one in made.problems] == ["romashka.yaml:3:11"]
    assert "mode: wacth\n" in problems.render_all(made.problems, {"romashka.yaml": text}) + "\n"


def test_a_slip_breaks_only_its_robot() -> None:
    """The rest of the file is read and loads; what stood on the repaired line doesn't act on a guess."""
    made = reading.loaded(
        reading.dedented("""
        pipelines:
          Продажи:
            stages:
              Новый лид:
                task:
                  title: {{Контакт: Имя}}. Позвонить
              Отправили счёт:
                task: Получить оплату
        """)
    )
    assert [one.id for one in made.robots] == ["Продажи/Отправили счёт/task"]
    assert [(one.id, one.why) for one in made.broken] == [
        ("Продажи/Новый лид/task", "строку с {{ }} нужно взять в кавычки")
    ]
