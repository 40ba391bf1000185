"""document: a document by a template of the portal, and a letter with its file that stands on it (S1.7)."""

from __future__ import annotations

from typing import Any

from robots import decision, intents, model
from robots import robot as r
from robots.kinds import document, message
from tests.robots import builders, rules
from tests.robots.world import World

ID = "Правило/document"
WORKING = builders.stage("Обрабатываем запрос")
LETTER = message.Letter(builders.template("Счёт"), builders.template("Здравствуйте"))
MADE = "document: Счёт (Россия) {'Memo': 'Окна для Марии'}"


def making(**rest: Any) -> decision.Rules:
    values = (("Memo", builders.template("{{Сделка: Название}}")),)
    options = document.Options(3, "Счёт (Россия)", values, **rest)
    return decision.Rules((rules.robot(ID, "document", options, r.Entered(WORKING.id)),))


def test_one_document_to_a_stay() -> None:
    """With the card's own words; a second look makes no second one."""
    world = World(making()).work().move("Обрабатываем запрос").work()
    assert world.acts() == [MADE]
    assert world.work().acts() == [MADE]


def test_the_letter_stands_on_the_document() -> None:
    """It goes after the document was made, with its file, and never where it was refused."""
    maria = builders.contact(emails=("maria@mail.ru",))
    world = (
        World(making(letter=LETTER, file="docx"), clients=(maria,)).work().move("Обрабатываем запрос").look()
    )
    first, second = (row.wish for row in world.ledger.values())
    assert isinstance(first.act, intents.MakeDocument)
    assert isinstance(second.act, intents.SendLetter)
    assert (second.stands_on, second.act.attach, second.act.to) == (first.key, "docx", "maria@mail.ru")


def test_a_client_without_an_e_mail_leaves_the_document_without_a_letter() -> None:
    """And it is said why."""
    world = World(making(letter=LETTER), clients=(builders.contact(emails=()),)).work()
    world.move("Обрабатываем запрос").look()
    assert ("failed", "письмо некому: у клиента нет верного e-mail") in world.told(ID)
    assert world.work().acts() == [MADE]


def test_a_template_is_for_a_kind_of_cards_or_for_a_pipeline_of_them() -> None:
    """`2` is every deal, `2_category_7` a pipeline's; where nothing is told, it may be tried."""
    deal, lead = model.CardKind.DEAL, model.CardKind.LEAD
    seven, eight = model.PipelineId(7), model.PipelineId(8)
    narrow = model.DocumentTemplate(1, "", ("2_category_7",))
    assert [narrow.fits(deal, one) for one in (seven, eight, None)] == [True, False, True]
    assert not narrow.fits(lead, None)
    assert model.DocumentTemplate(1, "", ("2", "31")).fits(deal, eight)
    assert not model.DocumentTemplate(1, "", ("31", "21")).fits(deal, None)
    assert model.DocumentTemplate(1, "").fits(lead, None)
