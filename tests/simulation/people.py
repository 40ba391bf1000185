"""People of the sales department, by seed: they make deals, move them forth and back, fill fields, win, regret, delete.

Each act goes through the portal's own rules at once, as a click does; what the portal refuses is simply not done.
`moves` remembers who moved what, for the laws: the portal's history doesn't say.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.bitrix24 import dispatch, kernel, schema, seed, store
from sandbox.bitrix24 import portal as portals
from tests.simulation import loop as loops
from tests.simulation import trace as traces

PHONES = ("+79161234567", "+79031112233", "+74951234567")
DEAL = schema.DEAL
WORK = ("Новый лид", "Обрабатываем запрос", "Сделали предложение", "Получили ответ", "Отправили счёт")
WON, DEAR = "Клиент получил заказ", "Дорого"
Act = Callable[["People"], None]


@dataclass(frozen=True, slots=True)
class Move:
    at: float
    deal: int
    user: int
    was: str
    now: str


class People:
    def __init__(
        self,
        loop: loops.VirtualLoop,
        portal: portals.Portal,
        dice: random.Random,
        trace: traces.Trace,
        *,
        deletes: bool,
    ) -> None:
        self._loop, self.portal, self.dice, self._trace = loop, portal, dice, trace
        self._deletes = deletes
        self.sales = seed.category(portal, "Продажи").id
        self.stages = [seed.stage(portal, "Продажи", name) for name in WORK]
        self.won, self.dear = seed.stage(portal, "Продажи", WON), seed.stage(portal, "Продажи", DEAR)
        self.deals: list[int] = []
        self.deleted: set[int] = set()
        self.completed: set[int] = set()
        """Tasks that people closed."""
        self.lost_tasks: set[tuple[int, str]] = set()
        """(deal, title) of tasks that somebody deleted."""
        self._titles: dict[int, tuple[int, str]] = {}
        self.clients: list[int] = []
        self.moves: list[Move] = []
        """Every change of a stage, the robot's as well."""
        self._stage_of: dict[int, str] = {}
        portal.listeners.append(self._watch)

    def _watch(self, event: portals.Event) -> None:
        if event.name.startswith("ONTASK"):
            self._watch_task(event)
        if event.name == "ONCRMDEALDELETE":
            self.deleted.add(int(event.data["FIELDS"]["ID"]))
        if event.name not in ("ONCRMDEALADD", "ONCRMDEALUPDATE"):
            return
        item = self.portal.crm.item(DEAL, int(event.data["FIELDS"]["ID"]))
        if item is None:
            return
        before = self._stage_of.get(item.id)
        self._stage_of[item.id] = item.get("stageId")
        if before is not None and before != item.get("stageId"):
            move = Move(self._loop.time(), item.id, item.get("updatedBy"), before, item.get("stageId"))
            self.moves.append(move)

    def _watch_task(self, event: portals.Event) -> None:
        sides = (event.data["FIELDS_AFTER"], event.data["FIELDS_BEFORE"])
        number = next(int(side["ID"]) for side in sides if isinstance(side, dict))
        task = self.portal.taskbook.tasks.get(number)
        if task is not None and task["UF_CRM_TASK"]:
            self._titles[number] = (int(task["UF_CRM_TASK"][0][2:]), task["TITLE"])
        elif task is None and number in self._titles:
            self.lost_tasks.add(self._titles[number])

    # ------------------------------------------------------------ a story

    def begin(self, acts: int, deals: int) -> float:
        """Spreads acts over time; returns how long they take."""
        at, now = 0.0, self._loop.time()
        for number in range(acts):
            fresh = number == 0 or (number < deals and self.dice.random() < 0.5)
            self._loop.at(now + at, self._create if fresh else self._something)
            at += self.dice.random() * 2 if self.dice.random() < 0.5 else self.dice.expovariate(1 / 20)
        return at

    def _create(self) -> None:
        self.create()

    def _something(self) -> None:
        acts: list[tuple[int, Act]] = [
            (8, People.forward),
            (3, People.jump),
            (3, People.back),
            (3, People.flip),
            (4, People.fill),
            (3, People.win),
            (2, People.lose),
            (1, People.reopen),
            (2, People.complete),
            (1, People.hand),
            (2 if self._deletes else 0, People.delete),
            (1, People.create),
        ]
        act = self.dice.choices([act for _, act in acts], [weight for weight, _ in acts])[0]
        self.do(act)

    def do(self, act: Act) -> None:
        """One act; what the portal refuses isn't done."""
        try:
            act(self)
        except kernel.Refusal as refusal:
            self._trace.note("people", act.__name__, "refused", refusal)

    # ------------------------------------------------------------ acts

    def create(self) -> None:
        dice, number = self.dice, len(self.deals) + 1
        fields: dict[str, Any] = {
            "title": f"Заказ {number}",
            "categoryId": self.sales,
            "stageId": self.stages[0] if dice.random() < 0.85 else dice.choice(self.stages),
            "assignedById": dice.choice([seed.IVANOV, seed.SIDOROVA]),
        }
        if dice.random() < 0.6:
            fields["contactId"] = self._client()
        for code, text in ((seed.NEEDS, "двадцать штук"), (seed.SUBJECT, "окна")):
            if dice.random() < 0.6:
                fields[code] = text
        made = self.portal.crm.add(DEAL, fields, seed.IVANOV)
        self.deals.append(made.id)
        self._trace.note("people", "create", made.id, fields)
        if dice.random() < 0.5:
            rows = [{"productName": f"Товар {n}", "price": 100 * n, "quantity": n} for n in (1, 2)]
            params = {"ownerType": "D", "ownerId": made.id, "productRows": rows}
            dispatch.call(self.portal, "crm.item.productrow.set", params, user_id=seed.ROBOT)

    def _client(self) -> int:
        if self.clients and self.dice.random() < 0.5:
            return self.dice.choice(self.clients)
        params = {"fields": {"NAME": "Анна", "PHONE": [{"VALUE": self.dice.choice(PHONES)}]}}
        made = int(dispatch.call(self.portal, "crm.contact.add", params, user_id=seed.ROBOT))
        self.clients.append(made)
        return made

    def forward(self) -> None:
        self._step(lambda at: at + 1)

    def jump(self) -> None:
        self._step(lambda at: at + self.dice.randint(2, 4))

    def back(self) -> None:
        self._step(lambda at: at - self.dice.randint(1, 2))

    def flip(self) -> None:
        """There and back within an instant, or there and further."""
        item = self._deal()
        if item is None or item.get("stageId") not in self.stages:
            return
        here = item.get("stageId")
        self.move(item, self.dice.choice(self.stages))
        self.move(item, here if self.dice.random() < 0.7 else self.dice.choice(self.stages))

    def _step(self, to: Callable[[int], int]) -> None:
        item = self._deal()
        if item is not None and item.get("stageId") in self.stages:
            at = to(self.stages.index(item.get("stageId")))
            self.move(item, self.stages[max(0, min(at, len(self.stages) - 1))])

    def move(self, item: store.Item, stage: str) -> None:
        self._trace.note("people", "move", item.id, item.get("stageId"), "->", stage)
        self.portal.crm.update(DEAL, item.id, {"stageId": stage}, self._hand(item))

    def fill(self) -> None:
        item = self._deal()
        if item is not None:
            code = self.dice.choice(
                [seed.NEEDS, seed.SUBJECT, seed.SHIPPING, seed.LOSS_COMMENT, "opportunity"]
            )
            value: Any = (
                self.dice.choice([100, 250]) if code == "opportunity" else self.dice.choice(["да", ""])
            )
            if code != seed.SHIPPING:
                self._trace.note("people", "fill", item.id, code, value)
                self.portal.crm.update(DEAL, item.id, {code: value}, self._hand(item))

    def win(self) -> None:
        item = self._deal()
        if item is not None:
            self.move(item, self.won)

    def lose(self) -> None:
        item = self._deal()
        if item is not None:
            self.move(item, self.dear)

    def reopen(self) -> None:
        closed = [one for one in self._living() if one.get("stageId") in (self.won, self.dear)]
        if closed:
            self.move(self.dice.choice(closed), self.dice.choice(self.stages))

    def complete(self) -> None:
        book = self.portal.taskbook
        tasks = [task for number in self.deals for task in book.of_card(f"D_{number}") if task.is_open]
        if tasks:
            task = self.dice.choice(tasks)
            self.completed.add(task.id)
            self._trace.note("people", "complete", task.id)
            book.act(task["RESPONSIBLE_ID"], "complete", task.id)

    def hand(self) -> None:
        """Another manager is responsible."""
        item = self._deal()
        if item is not None:
            other = seed.SIDOROVA if item.get("assignedById") == seed.IVANOV else seed.IVANOV
            self._trace.note("people", "hand", item.id, other)
            self.portal.crm.update(DEAL, item.id, {"assignedById": other}, seed.HEAD)

    def delete(self) -> None:
        item = self._deal()
        if item is not None:
            self._trace.note("people", "delete", item.id)
            self.portal.crm.delete(DEAL, item.id)

    # ------------------------------------------------------------ who

    def _living(self) -> list[store.Item]:
        found = (self.portal.crm.item(DEAL, number) for number in self.deals)
        return [one for one in found if one is not None]

    def _deal(self) -> store.Item | None:
        living = self._living()
        return self.dice.choice(living) if living else None

    def _hand(self, item: store.Item) -> int:
        return int(item.get("assignedById"))
