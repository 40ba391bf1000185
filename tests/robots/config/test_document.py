"""`document:` from the YAML: the template by the portal's name of it."""

from __future__ import annotations

import pytest

from robots.kinds import document, message
from tests.robots import builders
from tests.robots.config import reading

DEALS = "pipelines: {Продажи: {on_create: [{document: %s}]}}"
LEADS = "leads: {on_create: [{document: %s}]}"


@pytest.mark.parametrize("written", ["Счёт (Россия)", "счет (россия)", "3", "{template: Счёт (Россия)}"])
def test_a_template_is_known_by_its_name_or_number(written: str) -> None:
    """Case and ё don't tell names apart."""
    made = reading.robots(DEALS % written)
    assert made["Продажи/on_create/document"].options == document.Options(3, "Счёт (Россия)")


def test_all_of_it() -> None:
    """Values and the letter are texts with the card's own words in them."""
    made = reading.robots(
        DEALS
        % '{template: 3, values: {Memo: "{{Название}}"}, stamps: true, file: docx, email: {subject: а, text: б}}'
    )
    letter = message.Letter(builders.template("а"), builders.template("б"))
    options = made["Продажи/on_create/document"].options
    assert (options.stamps, options.letter, options.file) == (True, letter, "docx")
    assert [name for name, _ in options.values] == ["Memo"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DEALS % "Счет Россия", "нет такого шаблона документа: «Счет Россия»"),
        (DEALS % "Счет Россия", "может быть, «Счёт (Россия)»?"),
        (DEALS % "Анкета", "шаблон «Анкета» не для сделок этой воронки"),
        (DEALS % "Накладная", "шаблон «Накладная» не для сделок этой воронки"),
        (LEADS % "Счёт (Россия)", "шаблон «Счёт (Россия)» не для лидов"),
        (DEALS % "{template: 3, file: pdf}", "прикладывать не к чему"),
    ],
)
def test_what_can_t_be_is_said(text: str, said: str) -> None:
    """At its place, with what to do."""
    assert said in reading.told(text)


def test_templates_that_the_portal_hides_are_named_as_such() -> None:
    """No right to see them: it isn't the name that is wrong."""
    blind = builders.directory(templates=None)
    told = reading.told(DEALS % "Счёт (Россия)", directory=blind)
    assert "шаблонов документов на портале не видно" in told
    assert "дайте пользователю вебхука право" in told
