"""validate: one message about everything that is wrong with the client's contacts, once (S4.2, S4.6)."""

from __future__ import annotations

from typing import Any

from robots import decision, model
from robots import robot as r
from robots.kinds import base, comment, notify, validate
from tests.robots import builders, rules
from tests.robots.world import World

TELL = base.ActSpec("notify", notify.Options((rules.MANAGER,)))
ID = "Продажи/on_create/validate"


def checking(**options: Any) -> decision.Rules:
    made = validate.Options(**{"if_bad": (TELL,), **options})
    return decision.Rules((rules.robot(ID, "validate", made, r.Always()),))


def letters(world: World) -> list[str]:
    """The whole texts of what was told."""
    return [row.wish.act.text for row in world.ledger.values() if hasattr(row.wish.act, "text")]


BAD = builders.contact(phones=("8 916 123",), emails=("mаria@mail.ru", "maria@mail.ru"))


def test_everything_wrong_is_one_message() -> None:
    """What, whose, why, what was meant; the card's name first, the link last."""
    world = World(checking(), clients=(BAD,)).work()

    assert letters(world) == [
        "«Окна для Марии»: проверьте: телефон, e-mail\n"
        "телефон «8 916 123» (Мария): 7 цифр, а в номере России их 11 вместе с кодом страны\n"
        "e-mail «mаria@mail.ru» (Мария): русская буква «а» вместо латинской «a». Похоже, это maria@mail.ru\n"
        "Исправьте в карточке, иначе до клиента не дозвониться и не дописаться. "
        "https://romashka.bitrix24.ru/crm/deal/details/4711/"
    ]
    assert world.told(ID)[0][0] == "already_done"


def test_good_contacts_cost_nothing() -> None:
    """No row in the ledger for a card that has nothing wrong."""
    world = World(checking(), clients=(builders.contact(),)).work()

    assert (world.acts(), world.told(ID)) == ([], [("nothing_to_do", "контакты в порядке")])


def test_the_same_mistake_made_anew_is_news_and_another_one_too() -> None:
    """bad → good → bad is told twice; a mistake corrected to another mistake is told again; a repeat isn't."""
    world = World(checking(), clients=(BAD,)).work().work()
    assert len(letters(world)) == 1
    world.bind(builders.contact()).work()
    assert world.told(ID) == [("nothing_to_do", "контакты в порядке")]
    world.bind(BAD).work()
    assert len(letters(world)) == 2
    world.bind(builders.contact(phones=("8 916 1234",))).work()
    assert len(letters(world)) == 3


def test_the_ledger_keeps_no_phone_of_the_client_beside_the_message() -> None:
    """What is remembered is masked."""
    world = World(checking(), clients=(BAD,)).work()

    assert world.acts()[-1] == (
        "remember: телефон 8*** (9 зн.): 7 цифр, а в номере России их 11 вместе с кодом страны; "
        "e-mail m***@mail.ru (13 зн.): русская буква «а» вместо латинской «a»"
    )


def test_what_is_missing_is_asked_for_in_the_same_message() -> None:
    """S4.6: what is missing is one list for the manager."""
    wanted = (builders.path("Контакт / Имя"), builders.path("Предмет сделки"))
    nameless = builders.contact(name="", phones=("8 916 123",), emails=())
    assert letters(World(checking(filled=wanted), clients=(nameless,)).work())[0].splitlines()[1:3] == [
        "телефон «8 916 123»: 7 цифр, а в номере России их 11 вместе с кодом страны",
        "не заполнено: «Контакт / Имя», «Предмет сделки»",
    ]
    only = World(checking(filled=wanted), clients=(builders.contact(),)).work()
    assert letters(only) == [
        "«Окна для Марии»: не заполнено «Предмет сделки»\n"
        "Заполните, пожалуйста. https://romashka.bitrix24.ru/crm/deal/details/4711/"
    ]


def test_sites_are_looked_at_and_what_wasn_t_asked_for_is_left_alone() -> None:
    """`check: [сайт]`."""
    shop = builders.contact(phones=("123",), fields={validate.WEB: ("romashka", "lutik.ru")})
    world = World(checking(phones=False, emails=False), clients=(shop,)).work()

    assert letters(world)[0].splitlines()[:2] == [
        "«Окна для Марии»: проверьте: сайт",
        "сайт «romashka» (Мария): это не адрес сайта: в нём нет точки, например romashka.ru",
    ]


def test_a_lead_s_own_contacts_are_looked_at() -> None:
    """A lead keeps its phone itself."""
    lead = rules.robot(ID, "validate", validate.Options(if_bad=(TELL,)), r.Always(), pipeline=None)
    rules_of_leads = decision.Rules((r.Robot(**{**_parts(lead), "card": model.CardKind.LEAD}),))
    world = World(rules_of_leads, kind=model.CardKind.LEAD)
    world.card.fields[model.FieldCode("phone")] = ("12",)  # type: ignore[index]
    world.work()

    assert (
        letters(world)[0].splitlines()[1]
        == "телефон «12»: 2 цифры, а в номере России их 11 вместе с кодом страны"
    )


def _parts(robot: r.Robot) -> dict[str, Any]:
    return {name: getattr(robot, name) for name in robot.__dataclass_fields__}


def test_a_closed_card_is_left_in_peace() -> None:
    """Nobody corrects the phone of a lost deal."""
    world = World(checking(), clients=(BAD,), stage="Дорого").work()

    assert (world.acts(), world.told(ID)[0][0]) == ([], "not_triggered")


def test_other_acts_may_be_named() -> None:
    """`if_bad: [comment: …]`."""
    said = base.ActSpec("comment", comment.Options(builders.template("Проверьте контакты")))
    world = World(checking(if_bad=(said,)), clients=(BAD,)).work()

    assert world.acts()[0] == "write: Проверьте контакты"


def test_what_can_surely_be_put_right_is_and_isn_t_complained_of() -> None:
    """fix: the form of phones, look-alike letters; what nobody can tell is still a person's."""
    untidy = builders.contact(
        phones=("8 (916) 000-00-01", "8 916 123-45-67 доб. 5", "8 916 123"),
        emails=("Mаria@mail.ru", "ok@mail.ru"),
    )
    world = World(checking(fix=True), clients=(untidy,)).work()

    assert world.acts()[:2] == [
        "repair contact:21 PHONE: 8 (916) 000-00-01 → +79160000001",
        "repair contact:21 EMAIL: Mаria@mail.ru → maria@mail.ru",
    ]
    assert [text.splitlines()[1:-1] for text in letters(world)] == [
        ["телефон «8 916 123» (Мария): 7 цифр, а в номере России их 11 вместе с кодом страны"]
    ]
    assert world.clients[0].phones == ("+79160000001", "8 916 123-45-67 доб. 5", "8 916 123")


def test_what_is_under_way_isn_t_complained_of() -> None:
    """A second doorbell before the first repair was sent."""
    world = World(checking(fix=True), clients=(builders.contact(emails=("mаria@mail.ru",)),)).look().look()

    assert [row.wish.key.rpartition("/")[2] for row in world.ledger.values()] == ["fix"]


def test_a_portal_that_keeps_it_as_it_was_isn_t_asked_twice() -> None:
    """Then the manager is told after all."""
    world = World(checking(fix=True), clients=(builders.contact(emails=("mаria@mail.ru",)),)).look()
    for _ in range(3):
        world.carry_out()
        world.clients = (builders.contact(emails=("mаria@mail.ru",)),)
        world.look()

    assert len([act for act in world.acts() if act.startswith("repair")]) == 1
    assert "Похоже, это maria@mail.ru" in letters(world)[0]
