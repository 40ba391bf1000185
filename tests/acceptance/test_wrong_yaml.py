"""A file with a slip: `voronka check` says the line, the place and what to type, in plain words, and never a parser's.

One process reads all the files (it is what takes the time); each story looks at its own.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
from collections.abc import Callable

import pytest

from tests.acceptance import driver

GOOD = driver.FUNNEL.format(port=1)
PARSERS_WORDS = re.compile(r"Traceback|ruamel|yaml\.|mapping values|expected <|scanner|could not|Error\b")
TASK = 'title: "{{Контакт: Имя}}. Сделать КП"'


def swapped(old: str, new: str) -> str:
    assert GOOD.count(old) >= 1, old
    return GOOD.replace(old, new, 1)


SLIPS: dict[str, tuple[str | bytes, str]] = {
    "an empty file": ("", "1:1 V011 файл пуст: в нём нет ни портала, ни роботов"),
    "a key with a typo": (
        swapped("if_missing:", "if_mising:"),
        "27:5 V016 воронка: незнакомый ключ «if_mising»",
    ),
    "an act with a typo": (swapped("- fill:", "- fil:"), "15:9 V016 действие: незнакомый ключ «fil»"),
    "a list for a number": (
        swapped("3 per day", "[1, 2]"),
        "27:122 V017 здесь нужно одно значение (число в день), а стоит список",
    ),
    "a key twice": (
        swapped("  Доставка:\n    mode: on", "  Доставка:\n    mode: on\n    mode: watch"),
        "47:5 V013 ключ «mode» повторяется",
    ),
    "a tab": (swapped("    mode: on", "\tmode: on"), "13:1 V005 табуляция: отступы делают пробелами"),
    "a time for a term": (
        swapped("deadline: 1 work day\n", "deadline: 18:00\n"),
        "36:21 V019 не понимаю срок «18:00»: одно число и одна единица",
    ),
    "no for a mode": (swapped("mode: on", "mode: no"), "13:11 V017 не знаю слова «no»"),
    "braces without quotes": (
        swapped(TASK, TASK.replace('"', "")),
        "35:18 V001 строку с {{ }} нужно взять в кавычки",
    ),
    "nothing under a stage": (
        swapped("Дорого: {to_enter: [Комментарий при провале]}", "Дорого:"),
        "42:7 V017 здесь нужно: настройки стадии или off, а стоит пустое место",
    ),
    "words for a portal": (
        swapped(GOOD[GOOD.index("portal:") : GOOD.index("people:")], "portal: ромашка\n"),
        "2:9 V017 portal: здесь нужны ключи с двоеточием, а стоит «ромашка»",
    ),
    "five megabytes of comment": (GOOD + "# " + "я" * 2_500_000, "1:1 V015 файл больше 1 МБ"),
    "five megabytes of lines": (GOOD + "x:\n" + "  - a\n" * 800_000, "1:1 V015 файл больше 1 МБ"),
    "fifty thousand brackets": ("a: " + "[" * 50_000, "1:1 V015 строка длиннее 20 000 знаков"),
    "a thousand levels": (
        "\n".join(" " * at + "a:" for at in range(1000)),
        "V015 вложенность глубже",
    ),
    "aliases": ("a: &a [x]\nb: [*a, *a]\n", "1:4 V014 якоря «&имя» не поддерживаются: повторите текст"),
    "an old code page": (
        GOOD.encode("cp1251"),
        "V010 файл сохранён в ANSI (Windows-1251). Сохраните в UTF-8",
    ),
    "UTF-16": (GOOD.encode("utf-16"), "1:1 V010 файл сохранён в UTF-16 («Юникод»). Сохраните в UTF-8"),
    "a picture": (bytes(range(256)) * 20, "V010 файл не читается как UTF-8. Сохраните его в UTF-8"),
    "an invisible sign": (GOOD + "\0", "V006 в строке невидимый служебный знак"),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """What one `voronka check` said of a file: its blocks of the output, without their folder."""
    folder = tmp_path_factory.mktemp("slips")
    names = {name: f"file{number:02}.yaml" for number, name in enumerate(SLIPS)}
    for name, (written, _) in SLIPS.items():
        data = written if isinstance(written, bytes) else written.encode()
        (folder / names[name]).write_bytes(data)
    code, out, err = checked(folder, *sorted(names.values()))
    assert (code, err) == (4, "")
    blocks = out.split("\n\n")
    return lambda name: "\n\n".join(block for block in blocks if block.startswith(names[name]))


def checked(folder: pathlib.Path, *files: str) -> tuple[int, str, str]:
    made = subprocess.run(
        [str(driver.VORONKA), "check", "--offline", *files],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return made.returncode, made.stdout, made.stderr


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_named_with_its_place(said: Callable[[str], str], slip: str) -> None:
    """F1: the place, the code, and a sentence that a person who never read a manual understands."""
    text = said(slip)
    lines = [re.sub(r"^file\d\d\.yaml:", "", line).replace("  ", " ") for line in text.splitlines()]
    found = [line for line in lines if SLIPS[slip][1] in line]

    assert found, text[:2000]
    assert PARSERS_WORDS.findall(text) == []
    assert len(text) < 10_000


def test_the_line_is_shown_as_it_should_be_typed(said: Callable[[str], str]) -> None:
    """F1: support dictates the line over the phone."""
    assert said("braces without quotes").splitlines()[-1] == (
        '   = напишите:  title: "{{Контакт: Имя}}. Сделать КП"'
    )


def test_a_good_file_is_good(tmp_path: pathlib.Path) -> None:
    """The file that the slips were made of."""
    (tmp_path / "good.yaml").write_text(GOOD, "utf-8")
    assert checked(tmp_path, "good.yaml")[::2] == (0, "Ошибок нет: роботов 8, проверок стадий 3.\n")
