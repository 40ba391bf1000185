"""A small portal «Ромашка» and its cards, for the tests of the engine. Everything is keyword-only with a default.

Pipelines «Продажи» (1, stages of S2.6), «Доставка» (2) and leads. People: Смирнов Олег (director, head of the company),
Петрова Анна (head of «Отдел продаж»), Иванов Пётр (there), Сидорова Ольга («Опт», without a head), Уволенный Олег
(dismissed), Админова Ирина (the webhook's owner). Stages, fields and list values may be written as people see them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from robots import look as robots_look
from robots import model, paths, templates

MOSCOW = ZoneInfo("Europe/Moscow")
SALES, DELIVERY = model.PipelineId(1), model.PipelineId(2)
ADMIN, SMIRNOV, PETROVA, IVANOV, SIDOROVA, FIRED = (model.UserId(n) for n in (1, 2, 10, 11, 12, 13))
COMPANY_ROOT, SALES_DEPARTMENT, WAREHOUSE, WHOLESALE = (model.DepartmentId(n) for n in (1, 5, 6, 7))
ROP, DEMANDS, SUBJECT, DELIVERY_WAY, LOST_COMMENT, HANDS_OFF = (
    model.FieldCode(code)
    for code in (
        "UF_CRM_ROP",
        "UF_CRM_DEMANDS",
        "UF_CRM_SUBJECT",
        "UF_CRM_WAY",
        "UF_CRM_LOST",
        "UF_CRM_HANDS_OFF",
    )
)
BY_COURIER, PICKUP = 45, 47
"""The option ids of «Способ доставки»: «Доставка», «Самовывоз»."""

SALES_STAGES = (
    ("C1:NEW", "Новый лид", model.Semantic.WORK),
    ("C1:PREPARATION", "Обрабатываем запрос", model.Semantic.WORK),
    ("C1:OFFER", "Сделали предложение", model.Semantic.WORK),
    ("C1:ANSWER", "Получили ответ", model.Semantic.WORK),
    ("C1:INVOICE", "Отправили счёт", model.Semantic.WORK),
    ("C1:PAID", "Получили оплату", model.Semantic.WORK),
    ("C1:SHIPPED", "Отправили заказ", model.Semantic.WORK),
    ("C1:WON", "Клиент получил заказ", model.Semantic.WON),
    ("C1:LOSE", "Спам", model.Semantic.LOST),
    ("C1:UNFIT", "Не подошёл по портрету", model.Semantic.LOST),
    ("C1:SILENT", "Перестал выходить на связь", model.Semantic.LOST),
    ("C1:PRICE", "Дорого", model.Semantic.LOST),
    ("C1:OTHER", "Другое", model.Semantic.LOST),
)
DELIVERY_STAGES = (
    ("C2:NEW", "Новый заказ", model.Semantic.WORK),
    ("C2:PACKING", "Собираем", model.Semantic.WORK),
    ("C2:WON", "Доставлен", model.Semantic.WON),
    ("C2:LOSE", "Отменён", model.Semantic.LOST),
)
LEAD_STAGES = (
    ("NEW", "Не обработан", model.Semantic.WORK),
    ("IN_PROCESS", "В работе", model.Semantic.WORK),
    ("CONVERTED", "Качественный лид", model.Semantic.WON),
    ("JUNK", "Некачественный лид", model.Semantic.LOST),
)


def at(text: str) -> datetime:
    """`at("2026-03-02 16:30")`: that moment on a Moscow clock."""
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


NOW = at("2026-03-02 10:00")
"""A working Monday."""


def rub(amount: int | str) -> model.Money:
    return model.Money(Decimal(amount), "RUB")


def span(start: str, end: str) -> tuple[time, time]:
    return time.fromisoformat(start), time.fromisoformat(end)


def work_day(*hours: tuple[str, str]) -> model.WorkDay:
    """`work_day(("09:00", "13:00"), ("14:00", "18:00"))`; without hours a day off."""
    return model.WorkDay(tuple(span(*one) for one in hours))


def calendar(
    *,
    timezone: str = "Europe/Moscow",
    hours: tuple[tuple[str, str], ...] = (("09:00", "13:00"), ("14:00", "18:00")),
    days_off: tuple[str, ...] = ("2026-03-09",),
    short_days: Mapping[str, tuple[str, str]] | None = None,
) -> model.WorkCalendar:
    """Five days with lunch; Monday 09.03.2026 is a holiday."""
    exceptions = {date.fromisoformat(day): work_day() for day in days_off}
    exceptions |= {date.fromisoformat(day): work_day(one) for day, one in (short_days or {}).items()}
    return model.WorkCalendar(timezone, (work_day(*hours),) * 5 + (work_day(),) * 2, exceptions)


def _pipeline(
    pipeline_id: model.PipelineId, name: str, stages: tuple[tuple[str, str, model.Semantic], ...]
) -> model.Pipeline:
    kind = model.CardKind.LEAD if pipeline_id == model.LEADS else model.CardKind.DEAL
    made = (
        model.Stage(model.StageId(s), title, at * 10, means) for at, (s, title, means) in enumerate(stages, 1)
    )
    return model.Pipeline(pipeline_id, name, kind, tuple(made))


_MANY = {"UF_CRM_TEGI"}


def _fields(
    *rows: tuple[str, str, model.FieldType, dict[int | str, str]],
) -> dict[model.FieldCode, model.Field]:
    made = (
        model.Field(model.FieldCode(code), title, kind, multiple=code in _MANY, options=options)
        for code, title, kind, options in rows
    )
    return {one.code: one for one in made}


_T = model.FieldType
_COMMON: tuple[tuple[str, str, model.FieldType, dict[int | str, str]], ...] = (
    ("title", "Название", _T.STRING, {}),
    ("assignedById", "Ответственный", _T.USER, {}),
    ("opportunity", "Сумма", _T.MONEY, {}),
    ("sourceId", "Источник", _T.STATUS, {"CALL": "Звонок", "WEB": "Веб-сайт"}),
    ("comments", "Комментарий", _T.TEXT, {}),
    ("createdTime", "Дата создания", _T.DATETIME, {}),
)
FIELDS: Mapping[str, Mapping[model.FieldCode, model.Field]] = {
    "deal": _fields(
        *_COMMON,
        ("leadId", "Лид", _T.BINDING, {}),
        ("closedate", "Предполагаемая дата закрытия", _T.DATE, {}),
        (ROP, "РОП", _T.USER, {}),
        (DEMANDS, "Требования", _T.TEXT, {}),
        (SUBJECT, "Предмет сделки", _T.STRING, {}),
        (DELIVERY_WAY, "Способ доставки", _T.ENUMERATION, {BY_COURIER: "Доставка", PICKUP: "Самовывоз"}),
        (LOST_COMMENT, "Комментарий при провале", _T.TEXT, {}),
        (HANDS_OFF, "Роботы не трогают", _T.BOOLEAN, {}),
        ("UF_CRM_COUNT", "Количество", _T.DOUBLE, {}),
        ("UF_CRM_TEGI", "Теги", _T.STRING, {}),
        ("UF_CRM_TAGS", "Интересы", _T.ENUMERATION, {1: "Розы", 2: "Тюльпаны"}),
        ("UF_CRM_SCAN", "Скан договора", _T.FILE, {}),
    ),
    "lead": _fields(*_COMMON, ("name", "Имя", _T.STRING, {}), ("lastName", "Фамилия", _T.STRING, {})),
    "contact": _fields(
        ("name", "Имя", _T.STRING, {}),
        ("UF_CRM_PAYS", "Как платит", _T.ENUMERATION, {1: "Наличка", 2: "Онлайн"}),
        ("UF_CRM_SEGMENT", "Сегментация", _T.STRING, {}),
    ),
    "company": _fields(("title", "Название", _T.STRING, {}), ("UF_CRM_INN", "ИНН", _T.STRING, {})),
}


def _people() -> Mapping[model.UserId, model.User]:
    users = (
        model.User(ADMIN, "Ирина", "Админова", "admin@romashka.ru"),
        model.User(SMIRNOV, "Олег", "Смирнов", "smirnov@romashka.ru", departments=(COMPANY_ROOT,)),
        model.User(PETROVA, "Анна", "Петрова", "petrova@romashka.ru", departments=(SALES_DEPARTMENT,)),
        model.User(IVANOV, "Пётр", "Иванов", "ivanov@romashka.ru", departments=(SALES_DEPARTMENT,)),
        model.User(SIDOROVA, "Ольга", "Сидорова", "sidorova@romashka.ru", departments=(WHOLESALE,)),
        model.User(
            FIRED, "Олег", "Уволенный", "fired@romashka.ru", active=False, departments=(SALES_DEPARTMENT,)
        ),
    )
    return {user.id: user for user in users}


def _departments() -> Mapping[model.DepartmentId, model.Department]:
    departments = (
        model.Department(COMPANY_ROOT, "Ромашка", None, SMIRNOV),
        model.Department(SALES_DEPARTMENT, "Отдел продаж", COMPANY_ROOT, PETROVA),
        model.Department(WAREHOUSE, "Склад", COMPANY_ROOT, None),
        model.Department(WHOLESALE, "Опт", SALES_DEPARTMENT, None),
    )
    return {one.id: one for one in departments}


def directory(**changes: Any) -> model.Directory:
    """The portal «Ромашка»; `changes` replace attributes of `model.Directory`."""
    made = model.Directory(
        portal=model.PortalId("romashka"),
        address="romashka.bitrix24.ru",
        pipelines=(
            _pipeline(SALES, "Продажи", SALES_STAGES),
            _pipeline(DELIVERY, "Доставка", DELIVERY_STAGES),
            _pipeline(model.LEADS, "Лиды", LEAD_STAGES),
        ),
        fields=FIELDS,
        users=_people(),
        departments=_departments(),
        base_currency="RUB",
        rates={"RUB": Decimal(1), "USD": Decimal(90)},
        calendar=calendar(),
        me=ADMIN,
        templates=(
            model.DocumentTemplate(3, "Счёт (Россия)", ("2", "31")),
            model.DocumentTemplate(4, "Анкета", ("1",)),
            model.DocumentTemplate(5, "Накладная", (f"2_category_{DELIVERY}",)),
        ),
    )
    return dataclasses.replace(made, **changes)


def stage(name: str, *, pipeline: model.PipelineId = SALES) -> model.Stage:
    """A stage by its name or id."""
    found = directory().pipeline(pipeline)
    assert found is not None, f"no pipeline {pipeline}"
    for one in found.stages:
        if name in (one.name, one.id):
            return one
    raise AssertionError(f"no stage {name} in {found.name}")


# The builders below take arguments of the same names.
_stage, _directory = stage, directory


def _field_values(kind: model.CardKind, given: Mapping[str, Any]) -> dict[model.FieldCode, model.Value]:
    known = FIELDS[kind.value]
    values: dict[model.FieldCode, model.Value] = {}
    for name, value in given.items():
        code = next((c for c, f in known.items() if name in (c, f.title)), None)
        assert code is not None, f"no field {name}"
        named = next((o for o, title in known[code].options.items() if title == value), value)
        values[code] = named
    return values


def card(
    *,
    id: int = 4711,  # noqa: A002
    kind: model.CardKind = model.CardKind.DEAL,
    pipeline: model.PipelineId = SALES,
    stage: str = "Новый лид",
    title: str = "Окна для Марии",
    responsible: model.UserId | None = IVANOV,
    created: datetime = NOW,
    updated: datetime | None = None,
    moved_by: model.UserId | None = None,
    contacts: tuple[int, ...] = (),
    company: int | None = None,
    lead: int | None = None,
    origin: tuple[str, str] | None = None,
    fields: Mapping[str, Any] | None = None,
) -> model.Card:
    """`stage` by name or id; `fields` by title or code, list values by name: `{"Способ доставки": "Самовывоз"}`."""
    if kind is model.CardKind.LEAD:
        pipeline, stage = model.LEADS, "Не обработан" if stage == "Новый лид" else stage
    elif pipeline == DELIVERY and stage == "Новый лид":
        stage = "Новый заказ"
    found = _stage(stage, pipeline=pipeline)
    values: dict[model.FieldCode, model.Value] = {
        model.FieldCode("title"): title,
        model.FieldCode("assignedById"): responsible,
        model.FieldCode("createdTime"): created,
        **_field_values(kind, fields or {}),
    }
    return model.Card(
        ref=model.CardRef(kind, id),
        pipeline=pipeline,
        stage=found.id,
        semantic=found.semantic,
        title=title,
        responsible=responsible,
        created=created,
        updated=updated or created,
        moved_by=moved_by,
        contacts=contacts,
        company=company,
        lead=lead,
        origin=origin,
        fields=values,
    )


_card = card


def contact(
    *,
    id: int = 21,  # noqa: A002
    name: str = "Мария",
    last_name: str = "",
    phones: tuple[str, ...] = ("+79160000001",),
    emails: tuple[str, ...] = ("maria@mail.ru",),
    **rest: Any,
) -> model.Client:
    ref = model.ClientRef(model.ClientKind.CONTACT, id)
    return model.Client(ref=ref, name=name, last_name=last_name, phones=phones, emails=emails, **rest)


def company(
    *,
    id: int = 31,  # noqa: A002
    name: str = "ООО «Лютик»",
    phones: tuple[str, ...] = ("+74950000002",),
    emails: tuple[str, ...] = ("info@lutik.ru",),
    **rest: Any,
) -> model.Client:
    return model.Client(
        ref=model.ClientRef(model.ClientKind.COMPANY, id), name=name, phones=phones, emails=emails, **rest
    )


def visit(
    *,
    row: int | None = 100,
    pipeline: model.PipelineId = SALES,
    stage: str = "Новый лид",
    entered: datetime = NOW,
    created: bool = False,
) -> model.Visit:
    """One stay; `row=None` is a stay seen without a history row."""
    found = _stage(stage, pipeline=pipeline)
    visit_id = model.VisitId(f"h{row}" if row is not None else "s1")
    return model.Visit(visit_id, pipeline, found.id, found.semantic, entered, row, created)


def look(
    *,
    card: model.Card | None = None,
    directory: model.Directory | None = None,
    visit: model.Visit | None = None,
    clients: tuple[model.Client, ...] | None = None,
    **rest: Any,
) -> robots_look.Look:
    """One card, whole. Given `clients` are bound to a card that names none; the visit is the card's stage since NOW."""
    seen = card or _card()
    if clients and not seen.contacts and seen.company is None:
        firms = [c.ref.id for c in clients if c.ref.kind is model.ClientKind.COMPANY]
        people = tuple(c.ref.id for c in clients if c.ref.kind is model.ClientKind.CONTACT)
        seen = dataclasses.replace(seen, contacts=people, company=firms[0] if firms else None)
    stay = visit or model.Visit(
        model.VisitId("h100"), seen.pipeline, seen.stage, seen.semantic, seen.created, 100
    )
    where = directory or _directory()
    return robots_look.Look(card=seen, directory=where, visit=stay, clients=clients, **rest)


_VIRTUAL = {
    "Клиент": (paths.Owner.CARD, paths.Virtual.CLIENT),
    "Сумма": (paths.Owner.CARD, paths.Virtual.SUM),
    "Стадия": (paths.Owner.CARD, paths.Virtual.STAGE),
    "Воронка": (paths.Owner.CARD, paths.Virtual.PIPELINE),
    "Ссылка": (paths.Owner.CARD, paths.Virtual.LINK),
    "ID": (paths.Owner.CARD, paths.Virtual.ID),
    "Ответственный": (paths.Owner.CARD, paths.Virtual.RESPONSIBLE),
    "Контакт / Имя": (paths.Owner.CONTACT, paths.Virtual.NAME),
    "Контакт / Полное имя": (paths.Owner.CONTACT, paths.Virtual.FULL_NAME),
    "Контакт / Телефон": (paths.Owner.CONTACT, paths.Virtual.PHONE),
    "Контакт / E-mail": (paths.Owner.CONTACT, paths.Virtual.EMAIL),
    "Компания / Название": (paths.Owner.COMPANY, paths.Virtual.NAME),
    "Компания / Телефон": (paths.Owner.COMPANY, paths.Virtual.PHONE),
}
_OWNERS = {"Контакт": paths.Owner.CONTACT, "Компания": paths.Owner.COMPANY, "Сделка": paths.Owner.CARD}


def path(shown: str, *, kind: str = "deal") -> paths.Path:
    """«Сумма», «Контакт / Телефон», «Сделка: Название»; unknown names raise `templates.UnknownName`."""
    name = shown.replace(": ", " / ").removeprefix("Сделка / ")
    if name in _VIRTUAL:
        return paths.Path(*_VIRTUAL[name], shown=shown)
    prefix, _, title = name.rpartition(" / ")
    owner = _OWNERS[prefix] if prefix else paths.Owner.CARD
    known = FIELDS[kind if owner is paths.Owner.CARD else owner.value]
    code = next((c for c, f in known.items() if title in (c, f.title)), None)
    if code is None:
        raise templates.UnknownName(shown)
    return paths.Path(owner, code, shown)


def template(text: str) -> templates.Template:
    return templates.parse(text, path)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
