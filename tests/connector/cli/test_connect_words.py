"""`connect` says what is missing before anything is set up (users.md F7)."""

from __future__ import annotations

from connector.bitrix24 import setup
from connector.cli import connect_words


def test_what_is_missing_is_named() -> None:
    """No calendar can be lived with, no department can't; an owner without administrator's rights is told of."""
    probe = setup.Found(
        frozenset({"crm", "task", "im", "user"}), admin=False, owner="Иванов Пётр", owner_id=3, owner_deals=34
    )
    assert connect_words.missing(probe) == ("department",)
    assert list(connect_words.rights(probe)) == [
        "3/6 Права       ✓ crm task im user_basic",
        "                ✗ нет department: отметьте его в правах вебхука, без него роботы не смогут работать",
        "                ~ нет calendar: не узнаю рабочее время и выходные портала (возьму из YAML) (можно без него)",
        "                ✗ владелец вебхука не администратор: постановщиком задач будет он, а не РОП;",
        "                  поля и стадии создать не смогу",
        "4/6 От чьего имени   вебхук принадлежит сотруднику «Иванов Пётр», он сам ведёт сделок: 34. "
        "Роботы будут подписаны его именем.",
        "                Лучше отдельный сотрудник «Робот Воронка» (займёт место в тарифе)",
    ]


def test_signals_are_exact() -> None:
    """The handler's URL and every event can be copied; without a public address nothing is asked for."""
    told = list(connect_words.signals("romashka.bitrix24.ru", "https://robots.romashka.ru/"))
    assert "                адрес обработчика: https://robots.romashka.ru/hooks/romashka" in told
    assert "                  ONCRMDEALUPDATE  обновление сделки" in told
    assert len(list(connect_words.signals("romashka.bitrix24.ru", ""))) == 1


def test_an_application_is_told_word_for_word() -> None:
    """Both addresses of the local application's card and its rights can be copied; its own nouns in what follows."""
    told = list(connect_words.application("romashka.bitrix24.ru", "https://v.romashka.ru/"))
    assert sum("https://v.romashka.ru/install/romashka" in line for line in told) == 2
    assert any(line.endswith("права: crm task im user_basic department calendar") for line in told)
    probe = setup.Found(frozenset({"crm"}), admin=False, owner="Робот Воронка", owner_id=3)
    rights = "\n".join(connect_words.rights(probe, app=True))
    assert "отметьте его в правах приложения" in rights
    assert "приложение установил сотрудник «Робот Воронка»" in rights
    assert "вебхук" not in rights
    signals = list(connect_words.signals("romashka.bitrix24.ru", "https://v.romashka.ru/", app=True))
    assert "https://v.romashka.ru/hooks/romashka" in signals[1]
