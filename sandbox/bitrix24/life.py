"""The life of the demo's portal: clients write, managers work — each in a way that robots are there to see.

Sidorova works as one should; Ivanov leaves fields empty, lets tasks go overdue, and clicks deals through the stages.
`opening` shows every habit once within twenty seconds, then the dice go on for ever. Everything is done through the
portal's own verbs as one of its users, so it leaves the same traces as people do. The portal is `seed.rop_funnel`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sandbox.bitrix24 import kernel, schema, seed, store, taskmodel
from sandbox.bitrix24 import portal as portals

LAZY, GOOD, HEAD = seed.IVANOV, seed.SIDOROVA, seed.HEAD
PIPELINE = "Продажи"
MOST_OPEN = 40
"""So many deals at work at the most: beyond that somebody finishes one first."""

WOMEN = ("Мария", "Елена", "Ольга", "Наталья", "Ирина", "Светлана", "Дарья", "Юлия")
MEN = ("Алексей", "Дмитрий", "Сергей", "Андрей", "Михаил", "Павел", "Николай", "Артём")
SURNAMES = (
    "Смирнов",
    "Кузнецов",
    "Попов",
    "Васильев",
    "Соколов",
    "Морозов",
    "Волков",
    "Лебедев",
    "Новиков",
    "Фёдоров",
)
GOODS = (
    ("Шкаф-купе", 84_000),
    ("Кухня «Лайм»", 215_000),
    ("Стол переговорный", 46_500),
    ("Кровать с ящиками", 58_900),
    ("Стеллаж в гостиную", 31_200),
    ("Прихожая «Север»", 67_400),
    ("Комод дубовый", 39_800),
    ("Детская «Облако»", 128_000),
)
NEEDS = (
    "Нужен замер, готовы на этой неделе",
    "Цвет светлый дуб, доставка до подъезда",
    "Просит рассрочку, этаж девятый без лифта",
    "Сравнивает с двумя другими магазинами",
)
SOURCES = ("CALL", "WEB", "ADVERTISING", "RECOMMENDATION", "WEBFORM", "STORE")
WORK = ("Новый лид", "Обрабатываем запрос", "Сделали предложение", "Получили ответ", "Отправили счёт", "Получили оплату", "Отправили заказ")  # fmt: skip
WON, LOST, SILENT = "Клиент получил заказ", "Дорого", "Перестал выходить на связь"


class Life:
    def __init__(self, portal: portals.Portal, seed_number: int = 0, pace: float = 1.0) -> None:
        """`pace` stretches the pauses: 1 as for a person who looks on, 0 for none."""
        self.portal, self.pace = portal, pace
        self.dice = random.Random(seed_number)
        self.done: list[str] = []
        """Names of what has happened, in order."""
        self.refused: list[str] = []
        """What the portal did not let people do."""
        self._phones = (
            f"+7 916 {self.dice.randint(100, 999)}-{number // 100:02}-{number % 100:02}"
            for number in range(10_000)
        )

    async def run(self) -> None:
        """The opening, then life by chance until cancelled."""
        await self.opening()
        while True:
            await self._pause(self.dice.uniform(2, 6))
            self.step()

    async def opening(self) -> None:
        """Every habit once, in about fifteen seconds at pace 1."""
        for happens in (
            self.client_writes,
            self.good_starts,
            self.lazy_moves_on,
            self.client_writes_again,
            self.lazy_forgets_a_task,
            self.good_wins,
            self.lazy_clicks_through,
            self.lost_without_a_word,
            self.pickup_is_sent,
            self.lead_arrives,
        ):
            self._do(happens)
            await self._pause(1.4)

    def step(self) -> None:
        """One thing more, whatever the dice say."""
        if len(self._open()) >= MOST_OPEN:
            self._do(self.head_tidies_up)
            return
        habits: dict[Callable[[], None], int] = {
            self.client_writes: 8,
            self.good_works: 10,
            self.lazy_moves_on: 4,
            self.client_writes_again: 1,
            self.lazy_forgets_a_task: 1,
            self.good_wins: 1,
            self.lazy_clicks_through: 1,
            self.lost_without_a_word: 1,
            self.pickup_is_sent: 1,
            self.lead_arrives: 1,
        }
        (happens,) = self.dice.choices(list(habits), list(habits.values()))
        self._do(happens)

    # clients

    def client_writes(self) -> None:
        """A new contact with a phone and a deal in the first stage, each manager in turn."""
        owner = GOOD if len(self.portal.crm.table(schema.DEAL).ids) % 2 else LAZY
        self._new_deal(owner, self._new_contact(owner, next(self._phones)))

    def client_writes_again(self) -> None:
        """The same phone, spelled otherwise, as another contact with another deal."""
        known = [item for item in self.portal.crm.table(schema.CONTACT).rows.values() if item.fm]
        if not known:
            self.client_writes()
            return
        old = self.dice.choice(known)
        phone = "8" + "".join(sign for sign in old.fm[0].value if sign.isdigit())[1:]
        contact = self.portal.crm.add(
            schema.CONTACT,
            {"name": old.get("name"), "fm": [{"typeId": "PHONE", "valueType": "MOBILE", "value": phone}]},
            LAZY,
        )
        self._new_deal(LAZY, contact.id)

    def lead_arrives(self) -> None:
        """A lead that nobody has looked at yet."""
        name, last = self._person()
        fields = {
            "title": f"Заявка с сайта: {self.dice.choice(GOODS)[0]}", "name": name, "lastName": last,
            "sourceId": self.dice.choice(SOURCES), "assignedById": LAZY,
            "fm": [{"typeId": "PHONE", "valueType": "WORK", "value": next(self._phones)}],
        }  # fmt: skip
        self.portal.crm.add(schema.LEAD, fields, HEAD)

    # the good manager

    def good_starts(self) -> None:
        """A deal of her own, with what the first stage asks for, moved on."""
        deal = self._new_deal(GOOD, self._new_contact(GOOD, next(self._phones)))
        self._work_once(deal, GOOD)

    def good_works(self) -> None:
        """Her oldest deal goes one stage further, properly."""
        mine = [deal for deal in self._open() if deal.get("assignedById") == GOOD]
        if mine:
            self._work_once(min(mine, key=lambda deal: deal.get("movedTime")), GOOD)
        else:
            self.good_starts()

    def good_wins(self) -> None:
        """One of hers all the way to the client's door."""
        mine = [deal for deal in self._open() if deal.get("assignedById") == GOOD]
        deal = mine[0] if mine else self._new_deal(GOOD, self._new_contact(GOOD, next(self._phones)))
        while deal.get("stageId") != self._stage(WON):
            self._work_once(deal, GOOD)

    # the lazy manager

    def lazy_moves_on(self) -> None:
        """On to the next stage with the required fields empty."""
        deal = self._lazy_deal()
        self._move(deal, self._following(deal), LAZY)

    def lazy_clicks_through(self) -> None:
        """Four stages within a second, nothing done in any of them."""
        deal = self._new_deal(LAZY, self._new_contact(LAZY, next(self._phones)))
        for stage in WORK[1:5]:
            self._move(deal, stage, LAZY)

    def lazy_forgets_a_task(self) -> None:
        """The head asks him for something soon; he never does it."""
        deal = self._lazy_deal(0)
        soon = self.portal.clock.now() + timedelta(seconds=10)
        fields = {
            "TITLE": f"Перезвонить клиенту по сделке «{deal.get('title')}»", "RESPONSIBLE_ID": LAZY,
            "DEADLINE": soon.isoformat(), "UF_CRM_TASK": [f"D_{deal.id}"],
        }  # fmt: skip
        self.portal.taskbook.add(HEAD, fields)

    def lost_without_a_word(self) -> None:
        """Lost as «Дорого», the comment why left empty."""
        self._move(self._lazy_deal(-1), LOST, LAZY)

    def pickup_is_sent(self) -> None:
        """The client comes himself, and yet the deal is dragged to «Отправили заказ»."""
        deal = self._new_deal(LAZY, self._new_contact(LAZY, next(self._phones)))
        what = str(deal.get("title"))
        fields = {
            seed.SHIPPING: self._shipping("Самовывоз"),
            seed.SUBJECT: what,
            seed.NEEDS: self.dice.choice(NEEDS),
        }
        self.portal.crm.update(
            schema.DEAL,
            deal.id,
            fields | {"opportunity": dict(GOODS)[what], "stageId": self._stage("Получили оплату")},
            LAZY,
        )
        self._move(deal, "Отправили заказ", LAZY)

    def head_tidies_up(self) -> None:
        """The deal that has waited longest is ended: delivered if it got that far, given up if not."""
        oldest = min(self._open(), key=lambda deal: deal.get("movedTime"))
        far = oldest.get("stageId") in [self._stage(name) for name in WORK[-2:]]
        self._move(oldest, WON if far else SILENT, HEAD)

    # how it is done

    def _do(self, happens: Callable[[], None]) -> None:
        try:
            happens()
        except kernel.Refusal as no:
            self.refused.append(f"{happens.__name__}: {no}")
        self.done.append(happens.__name__)

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self.pace)

    def _person(self) -> tuple[str, str]:
        if self.dice.random() < 0.5:
            return self.dice.choice(WOMEN), self.dice.choice(SURNAMES) + "а"
        return self.dice.choice(MEN), self.dice.choice(SURNAMES)

    def _new_contact(self, owner: int, phone: str) -> int:
        name, last = self._person()
        fields = {
            "name": name, "lastName": last, "assignedById": owner, "sourceId": self.dice.choice(SOURCES),
            "fm": [{"typeId": "PHONE", "valueType": "MOBILE", "value": phone}],
        }  # fmt: skip
        return self.portal.crm.add(schema.CONTACT, fields, owner).id

    def _new_deal(self, owner: int, contact: int) -> store.Item:
        what, _ = self.dice.choice(GOODS)
        fields = {
            "title": what, "categoryId": seed.category(self.portal, PIPELINE).id, "stageId": self._stage(WORK[0]),
            "contactIds": [contact], "sourceId": self.dice.choice(SOURCES), "assignedById": owner,
        }  # fmt: skip
        return self.portal.crm.add(schema.DEAL, fields, owner)

    def _work_once(self, deal: store.Item, user: int) -> None:
        """Does the tasks of the stage, fills what it asks for, moves on."""
        for task in self.portal.taskbook.of_card(f"D_{deal.id}"):
            if task.is_open and task["RESPONSIBLE_ID"] == user:
                self._do_task(task, user)
        self.portal.crm.update(schema.DEAL, deal.id, self._due(deal), user)
        self.portal.timeline.comment(
            user,
            (schema.DEAL, deal.id),
            self.dice.choice(("Созвонились, всё в силе", "Клиент доволен", "Договорились")),
        )
        stage = self._following(deal)
        if stage == "Отправили заказ" and deal.get(seed.SHIPPING) == self._shipping("Самовывоз"):
            stage = WON
        self._move(deal, stage, user)

    def _do_task(self, task: taskmodel.Task, user: int) -> None:
        for item in task.checklist.ordered():
            if not item.complete and item.parent_id:
                self.portal.taskbook.change_item(user, task.id, item.id, {"IS_COMPLETE": "Y"})
        self.portal.taskbook.act(user, "complete", task.id)

    def _due(self, deal: store.Item) -> dict[str, Any]:
        """What the deal still lacks and its stage asks for."""
        what = str(deal.get("title"))
        price = dict(GOODS).get(what, 25_000)
        due: dict[str, Any] = {seed.NEEDS: self.dice.choice(NEEDS)}
        if deal.get("stageId") != self._stage(WORK[0]):
            way = self._shipping(self.dice.choice(("Доставка", "Доставка", "Самовывоз")))
            due |= {seed.SUBJECT: what, "opportunity": price, seed.SHIPPING: way}
        return {name: value for name, value in due.items() if not deal.get(name)}

    def _move(self, deal: store.Item, stage: str, user: int) -> None:
        self.portal.crm.update(schema.DEAL, deal.id, {"stageId": self._stage(stage)}, user)

    def _following(self, deal: store.Item) -> str:
        names = (*WORK, WON)
        codes = [self._stage(name) for name in names]
        return names[min(codes.index(deal.get("stageId")) + 1, len(names) - 1)]

    def _lazy_deal(self, place: int | None = None) -> store.Item:
        """One of his that has not got far, by its place among them or any; or a new one."""
        early = [self._stage(name) for name in WORK[:3]]
        mine = [
            deal for deal in self._open() if deal.get("assignedById") == LAZY and deal.get("stageId") in early
        ]
        if not mine:
            return self._new_deal(LAZY, self._new_contact(LAZY, next(self._phones)))
        return self.dice.choice(mine) if place is None else mine[place]

    def _open(self) -> list[store.Item]:
        table = self.portal.crm.table(schema.DEAL)
        pipeline = seed.category(self.portal, PIPELINE).id
        found = (table.rows[number] for number in table.ids)
        return [
            deal
            for deal in found
            if deal.get("stageSemanticId") == "P" and deal.get("categoryId") == pipeline
        ]

    def _stage(self, name: str) -> str:
        return seed.stage(self.portal, PIPELINE, name)

    def _shipping(self, value: str) -> int:
        field = self.portal.crm.user_fields.by_entity["CRM_DEAL"][seed.SHIPPING]
        return next(option.id for option in field.options if option.value == value)
