"""Portals ready made: `plain`, and `rop_funnel`, the funnel of the ready-made preset (shared/requirements.md, S2).

Ids are stable, so tests and demos may name them: they are the constants below and the secrets of the webhooks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.bitrix24 import clock as clocks
from sandbox.bitrix24 import dictionaries, people, schema, store
from sandbox.bitrix24 import portal as portals

SECRET = "plainsecret000001"  # noqa: S105 - a sandbox's
ROBOT_SECRET = "robotsecret000001"  # noqa: S105
MANAGER_SECRET = "managersecret0001"  # noqa: S105
DIRECTOR, HEAD, IVANOV, SIDOROVA, DISMISSED, ROBOT = 1, 2, 3, 4, 5, 6
COMPANY, SALES, DELIVERY = 1, 2, 3
"""Departments. `DELIVERY` has no head of its own."""

_Stages = tuple[tuple[str, str, str, str | None], ...]
SALES_STAGES: _Stages = (
    ("NEW", "Новый лид", "#39A8EF", None),
    ("PREPARATION", "Обрабатываем запрос", "#2FC6F6", None),
    ("PREPAYMENT_INVOICE", "Сделали предложение", "#55D0E0", None),
    ("EXECUTING", "Получили ответ", "#47E4C2", None),
    ("FINAL_INVOICE", "Отправили счёт", "#FFA900", None),
    ("UC_PAID01", "Получили оплату", "#FFD800", None),
    ("UC_SENT01", "Отправили заказ", "#B7EB81", None),
    ("WON", "Клиент получил заказ", "#7BD500", "S"),
    ("LOSE", "Спам", "#FF5752", "F"),
    ("APOLOGY", "Не подошёл по портрету", "#FF5752", "F"),
    ("UC_GONE01", "Перестал выходить на связь", "#FF5752", "F"),
    ("UC_DEAR01", "Дорого", "#FF5752", "F"),
    ("UC_OTHER1", "Другое", "#FF5752", "F"),
)
DELIVERY_STAGES: _Stages = (
    ("NEW", "Новый заказ", "#39A8EF", None),
    ("EXECUTING", "В пути", "#47E4C2", None),
    ("WON", "Доставлено", "#7BD500", "S"),
    ("LOSE", "Возврат", "#FF5752", "F"),
)
SUBJECT, NEEDS, ROP, SHIPPING, LOSS_COMMENT, HANDS_OFF = (f"UF_CRM_17473098{at}" for at in range(71, 77))
"""Deal fields «Предмет сделки», «Требования», «РОП», «Способ доставки», «Комментарий при провале», «Роботы не трогают»."""
HOW_PAYS, SEGMENT = "UF_CRM_1747309881", "UF_CRM_1747309882"
"""Contact fields «Как платит», «Сегментация»."""


def plain(clock: clocks.Clock | None = None) -> portals.Portal:
    """One administrator, one webhook, dictionaries by default, the pipeline «Общая»."""
    portal = portals.Portal(clock=clock or clocks.Clock())
    portal.users[1] = people.User(
        1, "Админ", "Порталов", "admin@sandbox.local", admin=True, departments=[COMPANY]
    )
    portal.departments[COMPANY] = people.Department(COMPANY, "Компания", head=1)
    portal.webhooks[SECRET] = portals.Webhook(1, SECRET)
    return portal


def rop_funnel(clock: clocks.Clock | None = None) -> portals.Portal:
    """A sales department with a head, its pipelines «Продажи» and «Доставка», and its fields."""
    portal = portals.Portal(clock=clock or clocks.Clock())
    for user in _people():
        portal.users[user.id] = user
    portal.departments = {
        COMPANY: people.Department(COMPANY, "Торговый дом", head=DIRECTOR),
        SALES: people.Department(SALES, "Отдел продаж", parent=COMPANY, head=HEAD),
        DELIVERY: people.Department(DELIVERY, "Отдел доставки", parent=COMPANY),
    }
    portal.webhooks[ROBOT_SECRET] = portals.Webhook(ROBOT, ROBOT_SECRET)
    portal.webhooks[MANAGER_SECRET] = portals.Webhook(IVANOV, MANAGER_SECRET)
    portal.crm.dictionaries.add_category(schema.DEAL, "Продажи", 100, stages=SALES_STAGES)
    portal.crm.dictionaries.add_category(schema.DEAL, "Доставка", 200, stages=DELIVERY_STAGES)
    _fields(portal)
    _templates(portal)
    return portal


def _people() -> list[people.User]:
    def person(
        number: int, last: str, first: str, login: str, position: str, department: int, **more: Any
    ) -> people.User:
        return people.User(
            number, first, last, f"{login}@sandbox.local", departments=[department], position=position, **more
        )

    return [
        person(DIRECTOR, "Орлов", "Сергей", "orlov", "Директор", COMPANY, admin=True),
        person(HEAD, "Петрова", "Анна", "petrova", "Руководитель отдела продаж", SALES),
        person(IVANOV, "Иванов", "Пётр", "ivanov", "Менеджер", SALES),
        person(SIDOROVA, "Сидорова", "Ольга", "sidorova", "Менеджер", SALES),
        person(DISMISSED, "Кузнецов", "Илья", "kuznetsov", "Менеджер", SALES, active=False),
        person(ROBOT, "Воронка", "Робот", "robot", "Технический пользователь", COMPANY, admin=True),
    ]


def _fields(portal: portals.Portal) -> None:
    book = portal.crm.user_fields

    def field(entity: str, name: str, kind: str, label: str, *options: str) -> None:
        labels = {"edit": label, "list": label, "filter": label}
        book.add(entity, name, kind, labels=labels, options=options, sort=100 + 10 * len(book.by_id))

    field("CRM_DEAL", SUBJECT, "string", "Предмет сделки")
    field("CRM_DEAL", NEEDS, "string", "Требования")
    field("CRM_DEAL", ROP, "employee", "РОП")
    field("CRM_DEAL", SHIPPING, "enumeration", "Способ доставки", "Доставка", "Самовывоз")
    field("CRM_DEAL", LOSS_COMMENT, "string", "Комментарий при провале")
    field("CRM_DEAL", HANDS_OFF, "boolean", "Роботы не трогают")
    field("CRM_CONTACT", HOW_PAYS, "enumeration", "Как платит", "наличка", "онлайн", "по счету")
    field("CRM_CONTACT", SEGMENT, "string", "Сегментация")
    portal.crm.fields_changed()


def _templates(portal: portals.Portal) -> None:
    """Of deals as a whole, of one pipeline, of leads."""
    sales = category(portal, "Продажи").id
    portal.documents.template("Счёт (Россия)", "2", "31")
    portal.documents.template("Коммерческое предложение", f"2_category_{sales}")
    portal.documents.template("Анкета клиента", "1")


SEEDS: dict[str, Callable[[clocks.Clock], portals.Portal]] = {"plain": plain, "rop_funnel": rop_funnel}


def category(portal: portals.Portal, name: str) -> dictionaries.Category:
    """A deal pipeline by its name."""
    return next(row for row in portal.crm.dictionaries.categories_of(schema.DEAL) if row.name == name)


def stage(portal: portals.Portal, pipeline: str, name: str) -> str:
    """The code of a deal stage by the names of the pipeline and the stage."""
    rows = portal.crm.dictionaries.stages(schema.DEAL, category(portal, pipeline).id)
    return next(row.status_id for row in rows if row.name == name)


def subscribe(portal: portals.Portal, url: str, token: str, *events: str) -> None:
    """An outgoing webhook; without events it gets all that the portal offers to one."""
    portal.subscriptions.append(portals.Subscription(url, token, frozenset(name.upper() for name in events)))


def many_deals(portal: portals.Portal, count: int, *, spread: int = 86_400) -> None:
    """So many deals in progress, made within the last `spread` seconds, with their first history row; no events."""
    room = portal.crm
    pipeline = room.dictionaries.default_category(schema.DEAL)
    stages = [row for row in room.dictionaries.stages(schema.DEAL, pipeline) if not row.semantics]
    managers = [user.id for user in portal.users.values() if user.active]
    first = int(portal.clock.time()) - spread
    table, log = room.table(schema.DEAL), room.history(schema.DEAL)
    for at in range(count):
        item_id = portal.next_id(f"item:{schema.DEAL}")
        moment = first + spread * at // count
        user_id, row = managers[at % len(managers)], stages[at % len(stages)]
        values = {
            "title": f"Сделка #{item_id}",
            "categoryId": pipeline,
            "stageId": row.status_id,
            "stageSemanticId": "P",
            "assignedById": user_id,
            "opened": "Y",
            "opportunity": 1000.0 + at % 97 * 100,
            "currencyId": "RUB",
            "createdTime": moment,
            "createdBy": user_id,
            "updatedTime": moment,
            "updatedBy": user_id,
            "movedTime": moment,
            "movedBy": user_id,
        }
        table.add(store.Item(item_id, schema.DEAL, values))
        log.write_at(moment, item_id, pipeline or 0, row.status_id)
