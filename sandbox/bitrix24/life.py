"""The life of the demo's portal: clients write, managers work — each in a way that robots are there to see.

Sidorova works as one should and lets the robots close her tasks; Ivanov leaves fields empty, lets tasks go overdue, and
clicks deals through the stages. `past` is what had happened before anybody looked; `opening` shows every habit once,
then the dice go on for ever. Everything is done through the portal's own verbs as one of its users, so it leaves the
same traces as people do. The portal is `seed.rop_funnel`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from sandbox.bitrix24 import kernel, lifehands, lifewords, schema, seed, store
from sandbox.bitrix24 import portal as portals

LAZY, GOOD, HEAD = lifehands.LAZY, lifehands.GOOD, lifehands.HEAD
WORK, DELIVERY = lifehands.WORK, lifehands.DELIVERY
WON, LOST, SILENT = lifehands.WON, "Дорого", "Перестал выходить на связь"
MISFIT = "Не подошёл по портрету"
MOST_OPEN = 40
"""So many deals at work at the most: beyond that somebody finishes one first."""
PATIENCE, GLANCE = 8.0, 0.2
"""Seconds for which she waits for the task of a new stage, and between two looks for it."""
BEFORE = (
    (LAZY, SILENT, "Доставка"),
    (GOOD, WON, "Доставка"),
    (LAZY, MISFIT, "Самовывоз"),
    (GOOD, "Отправили заказ", "Доставка"),
    (LAZY, "Отправили заказ", "Доставка"),
    (LAZY, "Получили оплату", "Самовывоз"),
    (GOOD, "Отправили счёт", "Доставка"),
    (GOOD, "Получили ответ", "Самовывоз"),
    (LAZY, "Сделали предложение", "Доставка"),
    (GOOD, "Обрабатываем запрос", "Доставка"),
)
"""The deals of the past, oldest first: whose, how far they got, how they are delivered."""


class Life(lifehands.Hands):
    def __init__(self, portal: portals.Portal, seed_number: int = 0, pace: float = 1.0) -> None:
        """`pace`: how many times faster people live; 1 as for a person who looks on, infinity without pauses."""
        super().__init__(portal, seed_number)
        self.pace = pace
        self.done: list[str] = []
        """Names of what has happened, in order."""
        self.refused: list[str] = []
        """What the portal did not let people do."""

    async def run(self) -> None:
        """The opening, then life by chance until cancelled."""
        await self.opening()
        while True:
            await self._pause(self.dice.uniform(4, 8))
            self.step()

    def past(self) -> None:
        """Deals of the last days, filled as they should be: a company that works already, its robots not yet begun."""
        day = 86_400.0
        self.portal.clock.advance(-day * len(BEFORE))
        for owner, stage, way in BEFORE:
            deal = self._client_of(owner)
            whole = self._all_fields(deal, way) | {seed.ROP: HEAD}
            if stage == MISFIT:
                whole[seed.LOSS_COMMENT] = "Искал мебель для дачи, готов ждать до лета"
            self.portal.crm.update(schema.DEAL, deal.id, whole, owner)
            self._move(deal, stage, owner)
            self.portal.clock.advance(day)

    async def opening(self) -> None:
        """Every habit once, in about fifteen seconds at pace 1: both managers at work side by side."""
        await asyncio.gather(self._her_morning(), self._his_morning())

    async def _her_morning(self) -> None:
        self._do(self.client_writes_her)
        deal = self._open_of(GOOD)[-1]
        await self._pause(1)
        self._do(self.good_delivers)
        for _ in range(3):
            await self._task_seen(deal)
            await self._pause(0.8)
            self._do(self.good_works)

    async def _his_morning(self) -> None:
        await self._pause(0.7)
        for happens in (
            self.client_writes_him,
            self.client_writes_again,
            self.lazy_moves_on,
            self.lazy_clicks_through,
            self.pickup_is_sent,
            self.lost_without_a_word,
            self.lazy_forgets_a_task,
            self.lead_arrives,
        ):
            self._do(happens)
            await self._pause(1.9)

    def step(self) -> None:
        """One thing more, whatever the dice say."""
        if len(self._open()) >= MOST_OPEN:
            self._do(self.head_tidies_up)
            return
        habits: dict[Callable[[], None], int] = {
            self.client_writes_her: 4,
            self.client_writes_him: 3,
            self.good_works: 12,
            self.lazy_moves_on: 3,
            self.client_writes_again: 1,
            self.lazy_forgets_a_task: 1,
            self.good_delivers: 2,
            self.lazy_clicks_through: 1,
            self.lost_without_a_word: 1,
            self.pickup_is_sent: 1,
            self.lead_arrives: 1,
            self.order_is_delivered: 2,
        }
        (happens,) = self.dice.choices(list(habits), list(habits.values()))
        self._do(happens)

    # clients

    def client_writes_her(self) -> None:
        """A new contact with a phone and a deal of Sidorova's in the first stage."""
        self._client_of(GOOD)

    def client_writes_him(self) -> None:
        self._client_of(LAZY)

    def client_writes_again(self) -> None:
        """A client of hers writes to him: the same phone, spelled otherwise, another contact with another deal."""
        contacts = self.portal.crm.table(schema.CONTACT)
        known = [
            item
            for number in contacts.ids
            if (item := contacts.rows[number]).fm and item.get("assignedById") == GOOD
        ]
        if not known:
            self.client_writes_her()
            return
        old = self.dice.choice(known)
        phone = "8" + "".join(sign for sign in old.fm[0].value if sign.isdigit())[1:]
        self._new_deal(LAZY, self._add_contact(LAZY, str(old.get("name")), "", phone))

    def lead_arrives(self) -> None:
        """A lead that nobody has looked at yet."""
        name, last = self._person()
        fields = {
            "title": f"Заявка с сайта: {self._what()}", "name": name, "lastName": last,
            "sourceId": self.dice.choice(lifewords.SOURCES), "assignedById": LAZY,
            "fm": [{"typeId": "PHONE", "valueType": "WORK", "value": next(self._phones)}],
        }  # fmt: skip
        self.portal.crm.add(schema.LEAD, fields, HEAD)

    # the good manager

    def good_works(self) -> None:
        """One of her deals goes one stage further, properly: one whose task is set, or the one that waits longest."""
        mine = [deal for deal in self._open_of(GOOD) if not self._is_far(deal)]
        if not mine:
            self.client_writes_her()
            return
        asked = [deal for deal in mine if self._tasks(deal)]
        self._work_once(min(asked or mine, key=lambda deal: deal.get("movedTime")))

    def good_delivers(self) -> None:
        """Her deal that got farthest comes to the client's door."""
        mine = [deal for deal in self._open_of(GOOD) if self._is_far(deal)]
        if mine:
            self._work_once(mine[0])
        else:
            self.good_works()

    # the lazy manager

    def lazy_moves_on(self) -> None:
        """On to the next stage with the required fields empty."""
        deal = self._lazy_deal()
        self._move(deal, self._following(deal), LAZY)

    def lazy_clicks_through(self) -> None:
        """Four stages within a second, nothing done in any of them."""
        deal = self._client_of(LAZY)
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
        self._move(self._lazy_deal(0), LOST, LAZY)

    def pickup_is_sent(self) -> None:
        """The client comes himself, and yet the deal is dragged to «Отправили заказ»."""
        paid = [
            deal
            for deal in self._open_of(LAZY)
            if deal.get("stageId") == self._stage("Получили оплату")
            and deal.get(seed.SHIPPING) == self._shipping("Самовывоз")
        ]
        deal = paid[0] if paid else self._client_of(LAZY)
        if not paid:
            fields = self._all_fields(deal, "Самовывоз") | {"stageId": self._stage("Получили оплату")}
            self.portal.crm.update(schema.DEAL, deal.id, fields, LAZY)
        self._move(deal, "Отправили заказ", LAZY)

    # the others

    def head_tidies_up(self) -> None:
        """The deal that has waited longest is ended: delivered if it got that far, given up if not."""
        oldest = min(self._open(), key=lambda deal: deal.get("movedTime"))
        self._move(oldest, WON if self._is_far(oldest) else SILENT, HEAD)

    def order_is_delivered(self) -> None:
        """The oldest order of the next department goes one stage further."""
        names = ("Новый заказ", "В пути", "Доставлено")
        codes = [seed.stage(self.portal, DELIVERY, name) for name in names]
        for deal in self._open(DELIVERY)[:1]:
            then = codes[codes.index(deal.get("stageId")) + 1]
            self.portal.crm.update(schema.DEAL, deal.id, {"stageId": then}, deal.get("assignedById") or HEAD)

    # how it is done

    def _do(self, happens: Callable[[], None]) -> None:
        try:
            happens()
        except kernel.Refusal as no:
            self.refused.append(f"{happens.__name__}: {no}")
        self.done.append(happens.__name__)

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.pace)

    async def _task_seen(self, deal: store.Item) -> None:
        """Until the robots have set her the task of this stage; for a while only: robots may be off."""
        waited = 0.0
        while not self._tasks(deal) and waited < PATIENCE / self.pace:
            await asyncio.sleep(GLANCE)
            waited += GLANCE
