"""The board: what people see of the portal, and what their clicks do to it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import test_utils

from sandbox.bitrix24 import app, clock, seed
from sandbox.bitrix24 import portal as portals
from tests.sandbox import rooms

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


class Visitor:
    """Somebody before the board, with a browser that keeps cookies."""

    def __init__(self, client: test_utils.TestClient[Any, Any], portal: portals.Portal) -> None:
        self.client, self.portal = client, portal

    async def see(self, path: str) -> str:
        async with self.client.get(path) as answer:
            assert answer.status == 200, path
            return await answer.text()

    async def submit(self, path: str, **fields: str) -> int:
        async with self.client.post(path, data=fields, allow_redirects=False) as answer:
            return answer.status

    def deal(self, **fields: Any) -> int:
        pipeline = seed.category(self.portal, "Продажи").id
        given = {"title": "Шкаф", "categoryId": pipeline, "assignedById": seed.IVANOV} | fields
        return self.portal.crm.add(2, given, seed.IVANOV).id


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    portal = seed.rop_funnel(clock.Clock(start=rooms.NOON, speed=0.0))
    async with test_utils.TestClient(test_utils.TestServer(app.create_app(portal))) as client:
        yield Visitor(client, portal)


def words(page: str) -> str:
    """The text of a page, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


async def test_a_card_tells_what_matters(visitor: Visitor) -> None:
    """Title, client, sum, who is responsible, the РОП, open tasks and how many are late."""
    contact = visitor.portal.crm.add(3, {"name": "Мария", "lastName": "Смирнова"}, seed.IVANOV).id
    deal = visitor.deal(contactIds=[contact], opportunity=84000, **{seed.ROP: seed.HEAD})
    for deadline in ("2026-01-05T10:00:00+03:00", "2026-01-06T10:00:00+03:00"):
        fields = {
            "TITLE": "Позвонить",
            "RESPONSIBLE_ID": seed.IVANOV,
            "DEADLINE": deadline,
            "UF_CRM_TASK": [f"D_{deal}"],
        }
        visitor.portal.taskbook.add(seed.HEAD, fields)
    page = await visitor.see("/board/")
    card = page[page.index(f'data-id="{deal}"') :]
    assert words(
        "<" + card[: card.index("</a>")]
    ) == "Шкаф Мария Смирнова 84\u202f000\u202f₽ сейчас ПИ Иванов РОП: Петрова 2".replace("\u202f", " ")
    assert "просрочено: 1" in card


async def test_every_stage_of_the_pipeline_is_there(visitor: Visitor) -> None:
    """The busiest pipeline opens by itself; its stages come with the portal's colours, none of them inline."""
    visitor.deal()
    page = await visitor.see("/board/")
    for stage in visitor.portal.crm.dictionaries.stages(2, seed.category(visitor.portal, "Продажи").id):
        assert f'data-stage="{stage.status_id}"' in page
    colours = await visitor.see(f"/board/stages.css?pipeline={seed.category(visitor.portal, 'Продажи').id}")
    assert colours.splitlines()[0] == ".stage-0{--stage:#39A8EF}"
    assert "style=" not in page
    assert re.findall(r"<script(?![^>]* src=)", page) == []


async def test_a_notice_leads_to_its_deal(visitor: Visitor) -> None:
    """A link to a portal's card is shown as words, in the page and in the refreshed bell, and the address itself works."""
    deal = visitor.deal()
    visitor.portal.notices.notify(1, f"Сделка вернулась. http://127.0.0.1:1/crm/deal/details/{deal}/")
    for path in ("/board/", "/board/bell"):
        page = await visitor.see(path)
        assert (f'<a href="/board/deals/{deal}">Открыть сделку</a>' in page, "crm/deal" in page) == (
            True,
            False,
        )
    async with visitor.client.get(f"/crm/deal/details/{deal}/", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, f"/board/deals/{deal}")


async def test_what_clients_write_is_never_markup(visitor: Visitor) -> None:
    """Hostile text in every place that shows text is escaped, and the policy forbids inline scripts anyway."""
    contact = visitor.portal.crm.add(
        3, {"name": HOSTILE, "fm": [{"typeId": "PHONE", "valueType": "WORK", "value": HOSTILE}]}, 1
    ).id
    deal = visitor.deal(title=HOSTILE, comments=HOSTILE, contactIds=[contact], **{seed.NEEDS: HOSTILE})
    task = visitor.portal.taskbook.add(
        1, {"TITLE": HOSTILE, "DESCRIPTION": HOSTILE, "RESPONSIBLE_ID": 1, "UF_CRM_TASK": [f"D_{deal}"]}
    )
    visitor.portal.taskbook.add_item(1, task.id, {"TITLE": HOSTILE, "PARENT_ID": 0})
    visitor.portal.taskbook.add_item(1, task.id, {"TITLE": HOSTILE})
    visitor.portal.timeline.comment(1, (2, deal), HOSTILE)
    visitor.portal.timeline.log(1, (2, deal), HOSTILE, HOSTILE)
    visitor.portal.notices.notify(1, HOSTILE)
    for path in ("/board/", f"/board/deals/{deal}", f"/board/deals/{deal}/body"):
        page = await visitor.see(path)
        assert "&lt;script&gt;" in page
        assert "<script>alert" not in page
        assert "<img" not in page
    async with visitor.client.get("/board/") as answer:
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"]


async def test_dragging_moves_as_the_chosen_user(visitor: Visitor) -> None:
    """The move is made by the employee chosen in the corner, and the portal tells of it."""
    deal = visitor.deal()
    told: list[str] = []
    visitor.portal.listeners.append(lambda event: told.append(event.name))
    await visitor.submit("/board/user", user=str(seed.SIDOROVA), back="/board/")
    stage = seed.stage(visitor.portal, "Продажи", "Получили ответ")
    assert await visitor.submit(f"/board/deals/{deal}/move", stage=stage) == 303
    item = visitor.portal.crm.item(2, deal)
    assert item is not None
    assert (item.get("stageId"), item.get("movedBy"), told) == (stage, seed.SIDOROVA, ["ONCRMDEALUPDATE"])


async def test_a_refusal_is_said_in_words(visitor: Visitor) -> None:
    """What the portal refuses comes back as 409 with its text."""
    async with visitor.client.post(
        f"/board/deals/{visitor.deal()}/move", data={"stage": "C99:NOWHERE"}
    ) as answer:
        assert (answer.status, await answer.json()) == (409, {"error": 'Недопустимое значение поля "Стадия"'})


async def test_a_foreign_page_may_not_post(visitor: Visitor) -> None:
    """A form from another origin is forbidden."""
    deal = visitor.deal()
    headers = {"Origin": "https://evil.example"}
    async with visitor.client.post(f"/board/deals/{deal}/delete", headers=headers) as answer:
        assert answer.status == 403
    assert visitor.portal.crm.exists(2, deal)


async def test_a_deal_is_created(visitor: Visitor) -> None:
    """With its client and phone, in the first stage, responsible whoever created it."""
    pipeline = seed.category(visitor.portal, "Продажи").id
    await visitor.submit("/board/user", user=str(seed.IVANOV), back="/board/")
    fields = {
        "title": "Кухня",
        "client": "Мария Смирнова",
        "phone": "+7 916 111-22-33",
        "sum": "215000",
        "pipeline": str(pipeline),
    }
    assert await visitor.submit("/board/deals", **fields) == 303
    (deal,) = visitor.portal.crm.table(2).rows.values()
    (contact,) = visitor.portal.crm.table(3).rows.values()
    assert [deal.get(name) for name in ("title", "opportunity", "assignedById", "contactIds", "stageId")] == [
        "Кухня", 215000.0, seed.IVANOV, (contact.id,), seed.stage(visitor.portal, "Продажи", "Новый лид"),
    ]  # fmt: skip
    assert [multi.value for multi in contact.fm] == ["+7 916 111-22-33"]


async def test_fields_are_saved(visitor: Visitor) -> None:
    """What is filled is stored by its type, what is emptied is cleared, foreign names are left alone."""
    deal = visitor.deal(opportunity=500, **{seed.NEEDS: "старое"})
    shipping = visitor.portal.crm.user_fields.by_entity["CRM_DEAL"][seed.SHIPPING].options[1].id
    fields = {
        seed.NEEDS: "",
        seed.SHIPPING: str(shipping),
        "opportunity": "700",
        "stageId": "C1:WON",
        seed.HANDS_OFF: "Y",
    }
    assert await visitor.submit(f"/board/deals/{deal}/fields", **fields) == 303
    item = visitor.portal.crm.item(2, deal)
    assert item is not None
    assert [item.get(name) for name in (seed.SHIPPING, "opportunity", seed.HANDS_OFF)] == [
        shipping,
        700.0,
        "Y",
    ]
    assert not item.get(seed.NEEDS)
    assert item.get("stageSemanticId") == "P"


async def test_tasks_are_ticked_and_done(visitor: Visitor) -> None:
    """An item is ticked, the task completed and renewed; a comment joins the feed."""
    deal = visitor.deal()
    book = visitor.portal.taskbook
    task = book.add(1, {"TITLE": "Собрать заказ", "RESPONSIBLE_ID": 1, "UF_CRM_TASK": [f"D_{deal}"]})
    book.add_item(1, task.id, {"TITLE": "Чек-лист", "PARENT_ID": 0})
    item = book.add_item(1, task.id, {"TITLE": "Подтвердить оплату"})
    await visitor.submit(f"/board/tasks/{task.id}/items/{item.id}", done="Y")
    await visitor.submit(f"/board/tasks/{task.id}/complete")
    done = (item.complete, task["STATUS"])
    await visitor.submit(f"/board/tasks/{task.id}/renew")
    await visitor.submit(f"/board/deals/{deal}/comment", text="Созвонились")
    page = words(await visitor.see(f"/board/deals/{deal}"))
    assert (done, task["STATUS"]) == ((True, 5), 2)
    assert "Подтвердить оплату" in page
    assert "Созвонились" in page


async def test_an_unchanged_page_is_not_sent_again(visitor: Visitor) -> None:
    """Polling costs nothing while nothing happens."""
    visitor.deal()
    async with visitor.client.get("/board/columns") as first:
        tag = first.headers["ETag"]
    async with visitor.client.get("/board/columns", headers={"If-None-Match": tag}) as second:
        assert second.status == 304
    visitor.deal()
    async with visitor.client.get("/board/columns", headers={"If-None-Match": tag}) as third:
        assert third.status == 200


async def test_a_deleted_deal(visitor: Visitor) -> None:
    """Deleting goes back to the board; the page of what is gone is 404."""
    deal = visitor.deal()
    assert await visitor.submit(f"/board/deals/{deal}/delete") == 303
    async with visitor.client.get(f"/board/deals/{deal}/body") as answer:
        assert answer.status == 404


async def test_an_empty_portal(visitor: Visitor) -> None:
    """No deals at all is a board too, and / leads to it."""
    assert "Перетащите карточку" in await visitor.see("/")
