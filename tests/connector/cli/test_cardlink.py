"""Which card the support engineer means: what he pastes is understood, or said not to be (users.md F23)."""

from __future__ import annotations

import pytest

from connector.cli import cardlink

DEAL, LEAD, TASK, CARD = cardlink.Kind.DEAL, cardlink.Kind.LEAD, cardlink.Kind.TASK, cardlink.Kind.CARD


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["https://romashka.bitrix24.ru/crm/deal/details/4711/"], (DEAL, 4711, "romashka.bitrix24.ru")),
        (["romashka.bitrix24.ru/crm/lead/details/5/?IFRAME=Y"], (LEAD, 5, "romashka.bitrix24.ru")),
        (["http://127.0.0.1:8010/crm/deal/details/7"], (DEAL, 7, "127.0.0.1")),
        (["https://r.bitrix24.ru/crm/type/2/details/8/"], (DEAL, 8, "r.bitrix24.ru")),
        (
            ["https://r.bitrix24.ru/company/personal/user/1/tasks/task/view/5501/"],
            (TASK, 5501, "r.bitrix24.ru"),
        ),
        (["deal", "4711"], (DEAL, 4711, "")),
        (["deal:4711"], (DEAL, 4711, "")),
        (["Сделка", "№4711"], (DEAL, 4711, "")),
        (["лид", "5"], (LEAD, 5, "")),
        (["task", "5501"], (TASK, 5501, "")),
        (["4711"], (CARD, 4711, "")),
    ],
)
def test_a_card_is_understood(words: list[str], meant: tuple[cardlink.Kind, int, str]) -> None:
    """Links from the portal and from a screenshot, English and Russian words, a bare number."""
    assert cardlink.read(words) == cardlink.Meant(*meant)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["окна"],
        ["invoice 5"],
        ["deal"],
        ["deal -1"],
        ["https://r.bitrix24.ru/crm/deal/kanban/"],
        ["9" * 30],
    ],
)
def test_what_is_no_card_is_not_guessed(words: list[str]) -> None:
    """Nothing is looked up under a wrong name."""
    assert cardlink.read(words) is None
