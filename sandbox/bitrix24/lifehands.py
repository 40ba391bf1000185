"""The hands of the demo's people: what anybody does in the portal, by its own verbs; `life` says who does what when."""

from __future__ import annotations

import random
from typing import Any

from sandbox.bitrix24 import lifewords, schema, seed, store, taskmodel
from sandbox.bitrix24 import portal as portals

LAZY, GOOD, HEAD = seed.IVANOV, seed.SIDOROVA, seed.HEAD
PIPELINE, DELIVERY = "Продажи", "Доставка"
PRICES = dict(lifewords.GOODS)
WORK = ("Новый лид", "Обрабатываем запрос", "Сделали предложение", "Получили ответ", "Отправили счёт", "Получили оплату", "Отправили заказ")  # fmt: skip
WON = "Клиент получил заказ"


class Hands:
    def __init__(self, portal: portals.Portal, seed_number: int = 0) -> None:
        self.portal = portal
        self.dice = random.Random(seed_number)
        self._phones = (
            f"+7 916 {self.dice.randint(100, 999)}-{number // 100:02}-{number % 100:02}"
            for number in range(10_000)
        )
        self._goods: list[str] = []
        self._worked: set[int] = set()
        """Tasks whose work is done; closing them is left to the robots."""

    def _tasks(self, deal: store.Item) -> list[taskmodel.Task]:
        """Open ones of the deal's responsible that nobody has worked on."""
        bound = self.portal.taskbook.of_card(f"D_{deal.id}")
        mine = [task for task in bound if task["RESPONSIBLE_ID"] == deal.get("assignedById")]
        return [task for task in mine if task.is_open and task.id not in self._worked]

    def _person(self) -> tuple[str, str]:
        if self.dice.random() < 0.5:
            return self.dice.choice(lifewords.WOMEN), self.dice.choice(lifewords.SURNAMES) + "а"
        return self.dice.choice(lifewords.MEN), self.dice.choice(lifewords.SURNAMES)

    def _what(self) -> str:
        """What somebody buys: all goods in turn, each time in another order."""
        if not self._goods:
            self._goods = self.dice.sample(list(PRICES), len(PRICES))
        return self._goods.pop()

    def _client_of(self, owner: int) -> store.Item:
        return self._new_deal(owner, self._add_contact(owner, *self._person(), next(self._phones)))

    def _add_contact(self, owner: int, name: str, last: str, phone: str) -> int:
        fields = {
            "name": name, "lastName": last, "assignedById": owner, "sourceId": self.dice.choice(lifewords.SOURCES),
            "fm": [{"typeId": "PHONE", "valueType": "MOBILE", "value": phone}],
        }  # fmt: skip
        return self.portal.crm.add(schema.CONTACT, fields, owner).id

    def _new_deal(self, owner: int, contact: int) -> store.Item:
        fields = {
            "title": self._what(), "categoryId": seed.category(self.portal, PIPELINE).id, "stageId": self._stage(WORK[0]),
            "contactIds": [contact], "sourceId": self.dice.choice(lifewords.SOURCES), "assignedById": owner,
        }  # fmt: skip
        return self.portal.crm.add(schema.DEAL, fields, owner)

    def _work_once(self, deal: store.Item) -> None:
        """Ticks off the checklists, fills what the stage asks for and moves on: the task is the robots' to close."""
        user = deal.get("assignedById")
        for task in self._tasks(deal):
            self._worked.add(task.id)
            for item in task.checklist.ordered():
                if not item.complete and item.parent_id:
                    self.portal.taskbook.change_item(user, task.id, item.id, {"IS_COMPLETE": "Y"})
        if self.dice.random() < 0.4:
            said = self.dice.choice(lifewords.SAID)
            self.portal.timeline.comment(user, (schema.DEAL, deal.id), said)
        due = self._due(deal)
        if due:
            self.portal.crm.update(schema.DEAL, deal.id, due, user)
        stage = self._following(deal)
        if stage == "Отправили заказ" and deal.get(seed.SHIPPING) == self._shipping("Самовывоз"):
            stage = WON
        self._move(deal, stage, user)

    def _due(self, deal: store.Item) -> dict[str, Any]:
        """What the deal still lacks and its stage asks for."""
        every = self._all_fields(deal, self.dice.choice(("Доставка", "Доставка", "Самовывоз")))
        first = deal.get("stageId") == self._stage(WORK[0])
        asked = {seed.NEEDS} if first else set(every)
        return {name: value for name, value in every.items() if name in asked and not deal.get(name)}

    def _all_fields(self, deal: store.Item, way: str) -> dict[str, Any]:
        what = str(deal.get("title"))
        return {
            seed.NEEDS: self.dice.choice(lifewords.NEEDS),
            seed.SUBJECT: what,
            "opportunity": PRICES.get(what, 25_000),
            seed.SHIPPING: self._shipping(way),
        }

    def _move(self, deal: store.Item, stage: str, user: int) -> None:
        self.portal.crm.update(schema.DEAL, deal.id, {"stageId": self._stage(stage)}, user)

    def _following(self, deal: store.Item) -> str:
        names = (*WORK, WON)
        codes = [self._stage(name) for name in names]
        return names[min(codes.index(deal.get("stageId")) + 1, len(names) - 1)]

    def _is_far(self, deal: store.Item) -> bool:
        return deal.get("stageId") in [self._stage(name) for name in WORK[-2:]]

    def _lazy_deal(self, place: int | None = None) -> store.Item:
        """One of his that has hardly begun, by its place among them or any; or a new one."""
        early = [self._stage(name) for name in WORK[:2]]
        mine = [deal for deal in self._open_of(LAZY) if deal.get("stageId") in early]
        if not mine:
            return self._client_of(LAZY)
        return self.dice.choice(mine) if place is None else mine[place]

    def _open_of(self, owner: int) -> list[store.Item]:
        return [deal for deal in self._open() if deal.get("assignedById") == owner]

    def _open(self, called: str = PIPELINE) -> list[store.Item]:
        """Deals at work of a pipeline, oldest first."""
        table = self.portal.crm.table(schema.DEAL)
        pipeline = seed.category(self.portal, called).id
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
