"""convert: a lead becomes company, contact and deal, once (S1.3, S3.3)."""

from __future__ import annotations

import dataclasses
from typing import Any

from robots import decision, intents, model
from robots import look as looks
from robots import robot as r
from robots.kinds import convert
from tests.robots import builders, rules
from tests.robots.world import World

ID = "Лиды/on_create/convert"
DEAL = {"pipeline": builders.SALES, "stage": builders.stage("Новый лид").id, "shown": "Продажи / Новый лид"}
CODE = model.FieldCode


def converting(**options: Any) -> decision.Rules:
    made = convert.Options(model.StageId("CONVERTED"), **{**DEAL, **options})
    robot = rules.robot(ID, "convert", made, r.Created(), pipeline=model.LEADS)
    return decision.Rules((dataclasses.replace(robot, card=model.CardKind.LEAD),))


def lead(
    rules_: decision.Rules,
    duplicates: tuple[looks.Match, ...] = (),
    stage: str = "Не обработан",
    **fields: Any,
) -> World:
    world = World(rules_, kind=model.CardKind.LEAD, title="Окна", stage=stage, duplicates=duplicates)
    given = {CODE(code): value for code, value in fields.items()}
    world.card = dataclasses.replace(world.card, fields={**world.card.fields, **given})
    return world.look()


def act(world: World) -> intents.ConvertLead:
    (found,) = [
        row.wish.act for row in world.ledger.values() if isinstance(row.wish.act, intents.ConvertLead)
    ]
    return found


PERSON = {"name": "Мария", "lastName": "Белова", "phone": ("+7 916 000-00-01",), "email": ("maria@mail.ru",)}
RESPONSIBLE = CODE("assignedById")


def test_everything_that_the_lead_holds_is_carried_over() -> None:
    """Company, contact with its phones, deal with the sum and the source, all under the lead's responsible."""
    world = lead(
        converting(), companyTitle="ООО «Лютик»", sourceId="WEB", opportunity=builders.rub(900), **PERSON
    )

    assert act(world) == intents.ConvertLead(
        stage=model.StageId("CONVERTED"),
        contact={
            CODE("name"): "Мария",
            CODE("lastName"): "Белова",
            CODE("sourceId"): "WEB",
            RESPONSIBLE: builders.IVANOV,
        },
        company={CODE("title"): "ООО «Лютик»", RESPONSIBLE: builders.IVANOV},
        deal={
            CODE("title"): "Окна",
            CODE("opportunity"): builders.rub(900),
            CODE("sourceId"): "WEB",
            RESPONSIBLE: builders.IVANOV,
        },
        pipeline=builders.SALES,
        deal_stage=DEAL["stage"],
        phones=("+7 916 000-00-01",),
        emails=("maria@mail.ru",),
    )
    assert world.told(ID) == [("wished", "конвертация: сделка в «Продажи / Новый лид», контакт, компания")]


def test_what_the_lead_lacks_isn_t_made() -> None:
    """S3.3: a lead without potential becomes contact and company alone; one that names nobody becomes a deal alone."""
    poor = lead(converting(pipeline=None, stage=None), **PERSON)
    nameless = lead(converting())
    nothing = lead(converting(pipeline=None, stage=None))

    assert (act(poor).deal, act(poor).company, act(poor).contact is not None) == (None, None, True)
    assert (act(nameless).contact, act(nameless).company, act(nameless).deal is not None) == (
        None,
        None,
        True,
    )
    assert nothing.told(ID)[0][0] == "failed"


def match_of(kind: model.ClientKind, number: int, **rest: Any) -> looks.Match:
    return looks.Match(model.ClientRef(kind, number), "Мария", builders.SIDOROVA, via="+79160000001", **rest)


CONTACT, COMPANY = model.ClientKind.CONTACT, model.ClientKind.COMPANY


def test_a_known_client_is_linked_and_not_made_twice() -> None:
    """The oldest contact; a common phone names nobody."""
    twice = (match_of(CONTACT, 9), match_of(CONTACT, 7), match_of(COMPANY, 3))
    linked = act(lead(converting(), twice, companyTitle="ООО", **PERSON))
    common = act(lead(converting(), (match_of(CONTACT, 7, shared_by=40),), **PERSON))

    assert (linked.contact_id, linked.contact, linked.company_id, linked.company) == (7, None, 3, None)
    assert (common.contact_id, common.contact is not None) == (None, True)


def test_a_known_client_s_lead_may_be_left_to_people() -> None:
    """S3.4: its owner converts it himself."""
    world = lead(converting(link_known=False), (match_of(CONTACT, 7),), **PERSON)

    assert world.told(ID) == [("filtered", "клиент уже есть: contact:7 «Мария»")]


def test_once_and_never_a_closed_one() -> None:
    """Asked at each look, it is wished once; a lead that people closed is theirs."""
    once = lead(converting(), **PERSON).work()
    closed = lead(converting(), stage="Некачественный лид", **PERSON)

    assert act(once).deal is not None
    assert closed.told(ID) == [("nothing_to_do", "лид уже закрыт")]


def test_fields_of_one_name_are_carried_a_list_s_value_by_its_name() -> None:
    """What the target's robots fill stays out."""
    way, rop = CODE("UF_CRM_LEAD_WAY"), CODE("UF_CRM_LEAD_ROP")
    enumeration, user = model.FieldType.ENUMERATION, model.FieldType.USER
    more = {
        way: model.Field(way, "Способ доставки", enumeration, options={901: "самовывоз", 902: "Голубь"}),
        rop: model.Field(rop, "РОП", user),
    }
    world = World(converting(leave_out=frozenset({builders.ROP})), kind=model.CardKind.LEAD)
    fields = {**world.directory.fields, "lead": {**world.directory.fields["lead"], **more}}
    world.directory = dataclasses.replace(world.directory, fields=fields)
    world.card = dataclasses.replace(
        world.card, fields={**world.card.fields, way: 901, rop: builders.PETROVA}
    )
    deal = act(world.look()).deal
    assert deal is not None

    assert {code: value for code, value in deal.items() if code.startswith("UF_")} == {
        builders.DELIVERY_WAY: builders.PICKUP
    }


def test_the_comment_comes_after() -> None:
    """«Конвертация проведена в СКК» (S3.3) stands on the conversion."""
    world = lead(converting(comment=builders.template("Конвертация проведена в СКК")), **PERSON)
    convert_, comment = (row.wish for row in world.ledger.values())

    assert (comment.act, comment.stands_on) == (intents.Comment("Конвертация проведена в СКК"), convert_.key)
