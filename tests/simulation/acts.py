"""Every kind of act, wished for once, with one fault in its way; and what the portal then looks like.

The oracle is the same wish in fair weather: whatever struck, the portal's picture at rest must be that one, line by line.
A picture is all that people see (cards, clients, products, tasks with checklists, comments, records, notices, rows of
history), without ids and moments of its own. Between, nothing bears one mark twice (`laws`).
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from robots import decision, intents, model
from sandbox.bitrix24 import dispatch, faults, schema, seed
from sandbox.bitrix24 import portal as portals
from tests.connector.loops import world as scripts
from tests.simulation import laws, net, people, runner
from tests.simulation import world as worlds

Code = model.FieldCode
LEAD, DEAL, CONTACT, COMPANY, INVOICE = 1, schema.DEAL, 3, 4, schema.SMART_INVOICE
WRITING = re.compile(r'(?:^|")[a-zA-Z0-9.]+\.(?:add|update|delete|complete|set|delegate|upload)[ ?]')
"""A method that changes something, alone or in a batch."""
SEED = 11
DEADLINE = datetime(2026, 3, 6, 15, 0, tzinfo=UTC)
SET = intents.SetTask(
    "Позвонить", "Клиент ждёт", None, model.UserId(seed.IVANOV), DEADLINE, checklist=("Раз", "Два")
)
TABLE = intents.Table("План", ("карточка", "сумма"), (("1", "300"),), (1,))
MOMENTS = ("Time", "moved", "updated", "lastActivity", "created", "dateClosed")
"""How names of fields begin or end that tell when, not what."""


@dataclass(frozen=True, slots=True)
class Place:
    """What lies in the portal before anything is wished for."""

    portal: portals.Portal
    deal: int
    lead: int
    contact: int
    comment: int
    chat: int

    def stage(self, name: str) -> model.StageId:
        return model.StageId(seed.stage(self.portal, "Продажи", name))

    def pipeline(self, name: str) -> model.PipelineId:
        return model.PipelineId(seed.category(self.portal, name).id)


Steps = Callable[[Place], Sequence[scripts.Step]]


def _one(act: Callable[[Place], intents.Act]) -> Steps:
    return lambda place: [scripts.Step("act", act(place))]


def _after_a_task(act: Callable[[intents.WishKey], intents.Act]) -> Steps:
    """The act concerns the task that the wish before it sets."""

    def steps(place: Place) -> Sequence[scripts.Step]:
        visit = place.portal.crm.history(DEAL).of(place.deal)[-1].id
        key = intents.WishKey(f"robot/deal:{place.deal}/h{visit}/task")
        return [scripts.Step("task", SET), scripts.Step("act", act(key), after="task")]

    return steps


def _contact(place: Place) -> model.ClientRef:
    return model.ClientRef(model.ClientKind.CONTACT, place.contact)


def _converted(place: Place) -> intents.ConvertLead:
    return intents.ConvertLead(
        stage=model.StageId("CONVERTED"),
        contact={Code("name"): "Мария", Code("assignedById"): seed.IVANOV},
        company={Code("title"): "Лютик", Code("assignedById"): seed.IVANOV},
        deal={Code("title"): "Окна", Code("assignedById"): seed.IVANOV, Code(seed.NEEDS): "два окна"},
        pipeline=place.pipeline("Продажи"),
        deal_stage=place.stage("Новый лид"),
        phones=("+7 916 000-00-01",),
        emails=("maria@mail.ru",),
    )


KINDS: Mapping[type, Steps] = {
    intents.SetFields: _one(lambda _: intents.SetFields({Code(seed.NEEDS): "двадцать штук"})),
    intents.SetClient: _one(lambda at: intents.SetClient(_contact(at), {Code(seed.SEGMENT): "опт"})),
    intents.RepairComm: _one(
        lambda at: intents.RepairComm(_contact(at), "PHONE", people.PHONES[0], "+79160000000")
    ),
    intents.MoveStage: _one(
        lambda at: intents.MoveStage(
            at.pipeline("Продажи"), at.stage("Обрабатываем запрос"), at.stage("Новый лид")
        )
    ),
    intents.SetTask: _one(lambda _: SET),
    intents.CloseTask: _after_a_task(lambda key: intents.CloseTask(key, None)),
    intents.ReassignTask: _after_a_task(
        lambda key: intents.ReassignTask(key, None, model.UserId(seed.SIDOROVA))
    ),
    intents.PlanActivity: _one(
        lambda at: intents.PlanActivity(
            intents.Activity.CALL,
            "Позвонить",
            "О сроках",
            model.UserId(seed.IVANOV),
            DEADLINE,
            _contact(at),
            people.PHONES[0],
        )
    ),
    intents.MakeInvoice: _one(
        lambda _: intents.MakeInvoice("Счёт за окна", model.UserId(seed.IVANOV), DEADLINE)
    ),
    intents.MakeDocument: _one(
        lambda at: intents.MakeDocument(min(at.portal.documents.templates), "Счёт", {"Memo": "окна"})
    ),
    intents.Notify: _one(lambda _: intents.Notify(model.UserId(seed.IVANOV), "Новая сделка", "tag-1")),
    intents.SendFile: _one(lambda _: intents.SendFile(model.UserId(seed.IVANOV), "План", "План", (TABLE,))),
    intents.Comment: _one(lambda _: intents.Comment("Проверьте адрес доставки")),
    intents.Say: _one(lambda at: intents.Say(f"chat{at.chat}", "Пришла сделка")),
    intents.LogEntry: _one(lambda _: intents.LogEntry("Робот", "Передал сделку")),
    intents.CopyDeal: _one(
        lambda at: intents.CopyDeal(
            at.pipeline("Доставка"),
            model.StageId(seed.stage(at.portal, "Доставка", "Новый заказ")),
            frozenset({Code(seed.ROP)}),
        )
    ),
    intents.ConvertLead: _one(_converted),
    intents.TakeBack: _one(
        lambda at: intents.TakeBack(intents.WishKey("earlier"), intents.Made.COMMENT, at.comment)
    ),
    intents.Remember: _one(lambda _: intents.Remember("проверено: повторов нет")),
}
LETTER = _one(
    lambda at: intents.SendLetter(
        "maria@mail.ru", _contact(at), "Заказ", "Приняли", responsible=model.UserId(seed.IVANOV)
    )
)
BESIDE = frozenset({intents.SendSms, intents.CallUrl})
"""They leave the portal: `tests/contract/test_outside.py`."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault at the `nth` request that writes: of the whole exchange (`net.KINDS`), or of one command (the sandbox's)."""

    kind: str
    nth: int = 1
    late: float | None = None
    """Seconds after the client gave up."""
    blind: int = 0
    unseen: float = 0.0
    """What is made stays out of lists for so many seconds."""

    def strike(self, world: worlds.World) -> None:
        if self.kind in net.KINDS:
            world.net.strike = net.Strike(self.kind, self.nth, _writes, self.late, self.blind)
        elif self.kind:
            methods = ("*.add", "*.update", "*.complete", "*.set", "*.delete", "*.upload")
            world.portal.faults.add(faults.Fault(self.kind, methods, self.nth))
        if self.unseen:
            hidden = {"seconds": self.unseen}
            world.portal.faults.add(faults.Fault("invisible_in_lists", ("*.add",), times=None, params=hidden))


def at(trouble: Trouble, nth: int) -> Trouble:
    """The same at another request."""
    return dataclasses.replace(trouble, nth=nth)


def _writes(request: str) -> bool:
    return WRITING.search(request) is not None


@dataclass(frozen=True, slots=True)
class Seen:
    """The world after it."""

    picture: tuple[str, ...]
    states: tuple[str, ...]
    breaches: tuple[str, ...]
    writes: int
    """Requests that wrote."""
    struck: int


class Telling:
    """One wish, one trouble; `deleted`: just before that request which writes (from 1) arrives somebody deletes the card."""

    def __init__(self, kind: type, trouble: Trouble, deleted: int = 0) -> None:
        self.kind, self.trouble, self.deleted = kind, trouble, deleted
        self.script = scripts.Script()
        rules = decision.Rules(robots=(scripts.robot(),), config="c1")
        self.world = worlds.World(SEED, worlds.calm_plan(), rules=rules, decide=self.script)
        self.world.net.heard = self._heard
        self.writes = 0
        self._on = False
        lead = kind is intents.ConvertLead
        self.card = (LEAD if lead else DEAL, 1)
        self.ref = model.CardRef(model.CardKind.LEAD if lead else model.CardKind.DEAL, 1)

    def _heard(self, request: str) -> None:
        if self._on and _writes(request):
            self.writes += 1
            if self.writes == self.deleted:
                self.world.portal.crm.delete(*self.card)

    def run(self) -> Seen:
        return self.world.loop.run(self._whole())

    async def _whole(self) -> Seen:
        await self.world.begun()
        steps = {**KINDS, intents.SendLetter: LETTER}[self.kind](_placed(self.world))
        self.script.steps = lambda seen: steps if seen.card.ref == self.ref else ()
        self._on = True
        self.trouble.strike(self.world)
        self.world.portal.crm.update(*self.card, {"comments": "тронут"}, seed.IVANOV)
        await asyncio.sleep(25)
        seen: Seen = await self.world.ended(self._seen)
        return seen

    async def _seen(self, world: worlds.World) -> Seen:
        breaches = [*world.failures, *world.loop.failures, *world.log.failures]
        for law in (laws.marks_once, laws.comments_once, laws.documents_once, laws.notices_once, laws.limits):
            breaches += law(world)
        struck = sum(count for kind, count in world.net.struck.items() if kind != "well")
        return Seen(
            tuple(picture(world.portal)),
            tuple(row.state.value for row in laws._wishes(world)),
            tuple(breaches),
            self.writes,
            struck + len(world.portal.faults.struck),
        )


def tell(kind: type, trouble: Trouble, deleted: int = 0) -> Seen:
    with runner.unburdened():
        return Telling(kind, trouble, deleted).run()


@functools.cache
def fair(kind: type) -> Seen:
    """In fair weather."""
    return tell(kind, Trouble(""))


# ---------------------------------------------------------------- the portal before and after


def _placed(world: worlds.World) -> Place:
    portal = world.portal

    def call(method: str, **params: Any) -> Any:
        return dispatch.call(portal, method, params, user_id=seed.ROBOT)

    contact = int(call("crm.contact.add", fields={"NAME": "Анна", "PHONE": [{"VALUE": people.PHONES[0]}]}))
    fields = {"title": "Заказ", "categoryId": world.people.sales, "stageId": world.people.stages[0]}
    fields |= {"assignedById": seed.IVANOV, "contactId": contact, seed.SUBJECT: "окна", "opportunity": 300}
    deal = portal.crm.add(DEAL, fields, seed.IVANOV).id
    lead = portal.crm.add(LEAD, {"title": "Заявка", "assignedById": seed.IVANOV}, seed.IVANOV).id
    rows = [{"productName": "Окно", "price": 4500, "quantity": 2}]
    for owner, number in (("D", deal), ("L", lead)):
        call("crm.item.productrow.set", ownerType=owner, ownerId=number, productRows=rows)
    note = {"ENTITY_TYPE": "deal", "ENTITY_ID": deal, "COMMENT": "Лишнее"}
    comment = int(call("crm.timeline.comment.add", fields=note))
    chat = int(call("im.chat.add", TITLE="Отдел продаж", USERS=[seed.IVANOV]))
    return Place(portal, deal, lead, contact, comment, chat)


def picture(portal: portals.Portal) -> list[str]:
    return sorted([*_cards(portal), *_tasks(portal), *_texts(portal)])


def _cards(portal: portals.Portal) -> list[str]:
    lines = []
    for kind in (LEAD, DEAL, CONTACT, COMPANY, INVOICE):
        for item in portal.crm.table(kind).rows.values():
            values = {
                name: value
                for name, value in sorted(item.values.items())
                if not name.endswith(MOMENTS) and not name.startswith(MOMENTS)
            }
            comms = sorted((one.type_id, one.value) for one in item.fm)
            rows = [
                sorted(str(row.values.get(name)) for name in ("productName", "price", "quantity"))
                for row in portal.crm.products.get((kind, item.id), [])
            ]
            stays = [row.stage_id for row in portal.crm.history(kind).of(item.id)] if kind <= DEAL else []
            lines.append(f"{kind} {values} {comms} {rows} {stays}")
    return lines


def _tasks(portal: portals.Portal) -> list[str]:
    names = ("TITLE", "DESCRIPTION", "RESPONSIBLE_ID", "DEADLINE", "XML_ID", "UF_CRM_TASK")
    return [
        f"task {'OPEN' if task.is_open else 'closed'} {[task[name] for name in names]} {sorted(one.title for one in task.checklist.items.values())}"
        for task in portal.taskbook.tasks.values()
    ]


def _texts(portal: portals.Portal) -> list[str]:
    line = portal.timeline
    return [
        *(f"comment {one.owner} {one.text}" for one in line.comments.values()),
        *(f"record {one.owner} {one.title} {one.text}" for one in line.logs.values()),
        *(f"mail {one['subject']} {one['to']}" for one in line.activities.mails),
        *(f"activity {_planned(one.values)}" for one in line.activities.rows.values()),
        *(f"said {chat.id} {one.text}" for chat in portal.notices.chats.values() for one in chat.messages),
        *(
            f"document {one.template} {one.owner} {sorted(one.values.items(), key=str)}"
            for one in portal.documents.rows.values()
        ),
        *(f"notice {one.user_id} {one.tag} {one.text}" for one in portal.notices.notices.values()),
    ]


def _planned(values: Mapping[str, Any]) -> list[Any]:
    return [
        values[name] for name in ("OWNER_ID", "TYPE_ID", "SUBJECT", "DESCRIPTION", "DEADLINE", "COMPLETED")
    ]


def difference(wanted: Sequence[str], found: Sequence[str]) -> list[str]:
    return [f"- {one}" for one in wanted if one not in found] + [
        f"+ {one}" for one in found if found.count(one) > wanted.count(one)
    ]
