"""Dictionaries, stages and pipelines of a portal (reference §5.4, Appendix B).

The defaults are built once and shared by all portals; a portal that changes a dictionary gets its own tuple.
Semantics: here None, "S", "F"; cards say "P" where the dictionary says None.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from sandbox.bitrix24 import schema

Key = tuple[int, int]
"""(entity type id, category id)"""


@dataclass(frozen=True, slots=True)
class Status:
    id: int
    entity_id: str
    status_id: str
    name: str
    sort: int
    system: bool = False
    color: str = ""
    semantics: str | None = None
    extra: str = "process"
    category_id: int | None = None
    name_init: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    id: int
    type_id: int
    name: str
    sort: int = 300
    default: bool = False


_BLUE = ("#39A8EF", "#2FC6F6", "#55D0E0", "#47E4C2", "#FFA900")
_DEAL_STAGES = (
    ("NEW", "Новая", "#39A8EF", None),
    ("PREPARATION", "Подготовка документов", "#2FC6F6", None),
    ("PREPAYMENT_INVOICE", "Счёт на предоплату", "#55D0E0", None),
    ("EXECUTING", "В работе", "#47E4C2", None),
    ("FINAL_INVOICE", "Финальный счёт", "#FFA900", None),
    ("WON", "Сделка успешна", "#7BD500", "S"),
    ("LOSE", "Сделка провалена", "#FF5752", "F"),
    ("APOLOGY", "Анализ причины провала", "#FF5752", "F"),
)
_LEAD_STAGES = (
    ("NEW", "Не обработан", "#39A8EF", None),
    ("IN_PROCESS", "В работе", "#2FC6F6", None),
    ("PROCESSED", "Обработан", "#55D0E0", None),
    ("CONVERTED", "Качественный лид", "#7BD500", "S"),
    ("JUNK", "Некачественный лид", "#FF5752", "F"),
)
_QUOTE_STAGES = (
    ("DRAFT", "Черновик", "#39A8EF", None),
    ("SENT", "Отправлено клиенту", "#2FC6F6", None),
    ("APPROVED", "Принято", "#7BD500", "S"),
    ("DECLAINED", "Отклонено", "#FF5752", "F"),
)
_INVOICE_STAGES = (
    ("N", "Новый", "#39A8EF", None),
    ("S", "Отправлен клиенту", "#2FC6F6", None),
    ("P", "Оплачен", "#7BD500", "S"),
    ("D", "Не оплачен", "#FF5752", "F"),
)
_DYNAMIC_STAGES = (
    ("NEW", "Начало", "#39A8EF", None),
    ("PREPARATION", "Подготовка", "#2FC6F6", None),
    ("CLIENT", "Согласование", "#55D0E0", None),
    ("SUCCESS", "Успех", "#7BD500", "S"),
    ("FAIL", "Провал", "#FF5752", "F"),
)
_PLAIN = {
    "SOURCE": "CALL Звонок|EMAIL Электронная почта|WEB Веб-сайт|ADVERTISING Реклама|PARTNER Существующий клиент|RECOMMENDATION По рекомендации|TRADE_SHOW Выставка|WEBFORM CRM-форма|CALLBACK Обратный звонок|RC_GENERATOR Генератор продаж|STORE Интернет-магазин|OTHER Другое",
    "CONTACT_TYPE": "CLIENT Клиенты|SUPPLIER Поставщики|PARTNER Партнёры|OTHER Другое",
    "COMPANY_TYPE": "CUSTOMER Клиент|SUPPLIER Поставщик|COMPETITOR Конкурент|PARTNER Партнёр|OTHER Другое",
    "DEAL_TYPE": "SALE Продажа|COMPLEX Комплексная продажа|GOODS Продажа товара|SERVICES Услуги|SERVICE Сервисное обслуживание",
    "INDUSTRY": "IT Информационные технологии|TELECOM Телекоммуникации|MANUFACTURING Производство|BANKING Банковские услуги|CONSULTING Консалтинг|FINANCE Финансы|OTHER Другое",
    "EMPLOYEES": "EMPLOYEES_1 менее 50|EMPLOYEES_2 50-250|EMPLOYEES_3 250-500|EMPLOYEES_4 более 500",
    "HONORIFIC": "HNR_RU_1 г-н|HNR_RU_2 г-жа",
    "CALL_LIST": "IN_WORK В работе|SUCCESS Успешно|FAILURE Неуспешно",
}  # fmt: skip
NAMES = {
    "STATUS": "Стадии лида",
    "SOURCE": "Источники",
    "CONTACT_TYPE": "Тип контакта",
    "COMPANY_TYPE": "Тип компании",
    "DEAL_TYPE": "Тип сделки",
    "INDUSTRY": "Сфера деятельности",
    "EMPLOYEES": "Количество сотрудников",
    "HONORIFIC": "Обращения",
    "CALL_LIST": "Статусы обзвона",
    "QUOTE_STATUS": "Стадии предложения",
    "DEAL_STAGE": "Стадии сделки",
}
_numbers = itertools.count(1)


def _stages(
    entity_id: str, prefix: str, category: int | None, table: tuple[tuple[str, str, str, str | None], ...]
) -> tuple[Status, ...]:
    seen_failure = False
    rows: list[Status] = []
    for position, (code, name, color, semantics) in enumerate(table):
        extra = {"S": "success", "F": "apology" if seen_failure else "failure"}.get(
            semantics or "", "process"
        )
        system = semantics == "S" or position == 0 or (semantics == "F" and not seen_failure)
        seen_failure = seen_failure or semantics == "F"
        rows.append(
            Status(next(_numbers), entity_id, prefix + code, name, 10 * (position + 1), system, color, semantics, extra, category, name)
        )  # fmt: skip
    return tuple(rows)


def _plain(entity_id: str, text: str) -> tuple[Status, ...]:
    pairs = (part.partition(" ") for part in text.split("|"))
    return tuple(
        Status(next(_numbers), entity_id, code, name, 10 * (at + 1))
        for at, (code, _, name) in enumerate(pairs)
    )


DEFAULTS: dict[str, tuple[Status, ...]] = {
    "STATUS": _stages("STATUS", "", None, _LEAD_STAGES),
    **{name: _plain(name, text) for name, text in _PLAIN.items()},
    "DEAL_STAGE": _stages("DEAL_STAGE", "", 0, _DEAL_STAGES),
    "QUOTE_STATUS": _stages("QUOTE_STATUS", "", None, _QUOTE_STAGES),
    "SMART_INVOICE_STAGE_1": _stages("SMART_INVOICE_STAGE_1", "DT31_1:", 1, _INVOICE_STAGES),
}
_FIRST_OWN_ID = next(_numbers)
_DEFAULT_CATEGORIES: dict[Key, Category] = {
    (schema.DEAL, 0): Category(0, schema.DEAL, "Общая", default=True),
    (schema.CONTACT, 0): Category(0, schema.CONTACT, "Общая", default=True),
    (schema.COMPANY, 0): Category(0, schema.COMPANY, "Общая", default=True),
    (schema.SMART_INVOICE, 1): Category(1, schema.SMART_INVOICE, "Общая", default=True),
}


def semantic(status: Status | None) -> str:
    """P, S or F, as cards and history say it."""
    return (status.semantics if status else None) or "P"


class Dictionaries:
    """One portal's statuses by ENTITY_ID, and its pipelines."""

    def __init__(self) -> None:
        self.statuses: dict[str, tuple[Status, ...]] = dict(DEFAULTS)
        self.categories: dict[Key, Category] = dict(_DEFAULT_CATEGORIES)
        self._ids = itertools.count(_FIRST_OWN_ID)
        self._category_ids = itertools.count(2)
        self._by_code: dict[str, dict[str, Status]] = {}

    def stage_entity(self, type_id: int, category_id: int | None) -> str | None:
        """ENTITY_ID of the stages of a card type (and pipeline); None for types without stages."""
        if type_id == schema.LEAD:
            return "STATUS"
        if type_id == schema.QUOTE:
            return "QUOTE_STATUS"
        if type_id == schema.DEAL:
            return f"DEAL_STAGE_{category_id}" if category_id else "DEAL_STAGE"
        if type_id == schema.SMART_INVOICE:
            return f"SMART_INVOICE_STAGE_{category_id}"
        return f"DYNAMIC_{type_id}_STAGE_{category_id}" if type_id >= schema.FIRST_DYNAMIC else None

    def prefix(self, type_id: int, category_id: int | None) -> str:
        """What stage codes of a pipeline begin with, colon included."""
        if type_id == schema.DEAL:
            return f"C{category_id}:" if category_id else ""
        return f"DT{type_id}_{category_id}:" if type_id >= schema.SMART_INVOICE else ""

    def stages(self, type_id: int, category_id: int | None) -> tuple[Status, ...]:
        """In the portal's order: in progress, won, lost."""
        return self.statuses.get(self.stage_entity(type_id, category_id) or "", ())

    def stage(self, type_id: int, category_id: int | None, code: str) -> Status | None:
        return self.status(self.stage_entity(type_id, category_id) or "", code)

    def status(self, entity_id: str, code: str) -> Status | None:
        table = self._by_code.get(entity_id)
        if table is None:
            table = {row.status_id: row for row in self.statuses.get(entity_id, ())}
            self._by_code[entity_id] = table
        return table.get(code)

    def by_id(self, status_row_id: int) -> Status | None:
        rows = (row for table in self.statuses.values() for row in table)
        return next((row for row in rows if row.id == status_row_id), None)

    def put(self, entity_id: str, rows: list[Status]) -> None:
        """Replaces a dictionary, sorted as the portal sorts: P, then S, then F, each by SORT."""
        order = {None: 0, "S": 1, "F": 2}
        self.statuses[entity_id] = tuple(
            sorted(rows, key=lambda row: (order[row.semantics], row.sort, row.id))
        )
        self._by_code.pop(entity_id, None)

    def add_status(self, row: Status) -> Status:
        row = replace(row, id=next(self._ids))
        self.put(row.entity_id, [*self.statuses.get(row.entity_id, ()), row])
        return row

    def change_status(self, row: Status) -> None:
        others = [each for each in self.statuses[row.entity_id] if each.id != row.id]
        self.put(row.entity_id, [*others, row])

    def drop_status(self, row: Status) -> None:
        self.put(row.entity_id, [each for each in self.statuses[row.entity_id] if each.id != row.id])

    def category(self, type_id: int, category_id: int) -> Category | None:
        return self.categories.get((type_id, category_id))

    def categories_of(self, type_id: int) -> list[Category]:
        rows = [row for row in self.categories.values() if row.type_id == type_id]
        return sorted(rows, key=lambda row: (row.sort, row.id))

    def default_category(self, type_id: int) -> int | None:
        rows = self.categories_of(type_id)
        return next((row.id for row in rows if row.default), rows[0].id if rows else None)

    def add_category(
        self,
        type_id: int,
        name: str,
        sort: int = 300,
        *,
        default: bool = False,
        stages: tuple[tuple[str, str, str, str | None], ...] | None = None,
    ) -> Category:
        """A pipeline with its stages: those given (code, name, colour, semantics), or the usual ones."""
        row = Category(next(self._category_ids), type_id, name, sort, default)
        self.categories[(type_id, row.id)] = row
        entity = self.stage_entity(type_id, row.id)
        if entity is not None:
            usual = {schema.DEAL: _DEAL_STAGES, schema.SMART_INVOICE: _INVOICE_STAGES}.get(
                type_id, _DYNAMIC_STAGES
            )
            made = _stages(entity, self.prefix(type_id, row.id), row.id, stages or usual)
            self.put(entity, [replace(each, id=next(self._ids)) for each in made])
        return row

    def drop_category(self, row: Category) -> None:
        del self.categories[(row.type_id, row.id)]
        entity = self.stage_entity(row.type_id, row.id)
        self.statuses.pop(entity or "", None)
        self._by_code.pop(entity or "", None)
