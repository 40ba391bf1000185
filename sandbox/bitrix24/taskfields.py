"""The fields of a task: their table, how values are read from a client, how they look in an answer.

Inside, a task keeps native values under UPPER names: ints, `datetime | None`, "Y"/"N", lists. Clients send UPPER
names; answers are camelCase, every number a string (reference §5.10).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sandbox.bitrix24 import clock, kernel, moments

STATUSES = {
    "2": "Ждёт выполнения",
    "3": "Выполняется",
    "4": "Ожидает контроля",
    "5": "Завершена",
    "6": "Отложена",
}
"""Stored statuses; the negative ones exist only in filters."""


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: str
    """As tasks.task.getFields calls it; "flag" and "ids" are ours for Y/N enums and arrays of users."""
    title: str
    default: Any = None
    writable: bool = False


def _field(line: str) -> Field:
    name, kind, writable, default, title = (part.strip() for part in line.split("|"))
    values: dict[str, Any] = {"-": None, "": "", "[]": [], "{}": []}
    return Field(
        name, kind, title, values[default] if default in values else _number(default), writable == "w"
    )


def _number(text: str) -> Any:
    return int(text) if text.lstrip("-").isdigit() else text


_TABLE = """
ID | integer | r | - | ID
PARENT_ID | integer | w | 0 | Базовая задача
TITLE | string | w | | Название
DESCRIPTION | string | w | | Описание
MARK | enum | w | - | Оценка
PRIORITY | enum | w | 1 | Приоритет
STATUS | enum | w | 2 | Статус
MULTITASK | flag | r | N | Множественная задача
NOT_VIEWED | flag | r | N | Не просмотрена
REPLICATE | flag | r | N | Повторяемая задача
GROUP_ID | integer | w | 0 | Проект
STAGE_ID | integer | w | 0 | Стадия
SPRINT_ID | integer | r | - | Спринт
BACKLOG_ID | integer | r | - | Бэклог
CREATED_BY | integer | w | - | Постановщик
CREATED_DATE | datetime | r | - | Дата создания
RESPONSIBLE_ID | integer | w | - | Исполнитель
ACCOMPLICES | ids | w | [] | Соисполнители
AUDITORS | ids | w | [] | Наблюдатели
CHANGED_BY | integer | r | - | Изменил
CHANGED_DATE | datetime | r | - | Дата изменения
STATUS_CHANGED_BY | integer | r | - | Изменил статус
STATUS_CHANGED_DATE | datetime | r | - | Дата изменения статуса
CLOSED_BY | integer | r | 0 | Закрыл задачу
CLOSED_DATE | datetime | r | - | Дата закрытия
ACTIVITY_DATE | datetime | r | - | Дата последней активности
DATE_START | datetime | r | - | Дата начала
DEADLINE | datetime | w | - | Крайний срок
START_DATE_PLAN | datetime | w | - | Плановое начало
END_DATE_PLAN | datetime | w | - | Плановое завершение
GUID | string | r | | GUID
XML_ID | string | w | - | XML_ID
COMMENTS_COUNT | integer | r | 0 | Комментарии
SERVICE_COMMENTS_COUNT | integer | r | 0 | Служебные комментарии
NEW_COMMENTS_COUNT | integer | r | 0 | Новые комментарии
ALLOW_CHANGE_DEADLINE | flag | w | N | Исполнитель может менять срок
ALLOW_TIME_TRACKING | flag | w | N | Учёт времени
TASK_CONTROL | flag | w | N | Принять работу
ADD_IN_REPORT | flag | w | N | Добавить в отчёт
FORKED_BY_TEMPLATE_ID | enum | r | - | Создана по шаблону
TIME_ESTIMATE | integer | w | 0 | Плановые трудозатраты
TIME_SPENT_IN_LOGS | integer | r | - | Затраченное время
MATCH_WORK_TIME | flag | w | N | Пропустить выходные
FORUM_TOPIC_ID | integer | r | - | Тема форума
FORUM_ID | integer | r | - | Форум
SITE_ID | string | r | s1 | Сайт
SUBORDINATE | flag | r | N | Задача подчинённого
FAVORITE | flag | r | N | Избранное
EXCHANGE_MODIFIED | datetime | r | - | Изменена в Exchange
EXCHANGE_ID | integer | r | - | Exchange
OUTLOOK_VERSION | integer | r | 1 | Версия Outlook
VIEWED_DATE | datetime | r | - | Дата просмотра
SORTING | double | r | - | Сортировка
DURATION_PLAN | integer | r | - | Длительность, план
DURATION_FACT | integer | r | - | Длительность, факт
CHECKLIST | array | r | [] | Чек-лист
DURATION_TYPE | enum | r | days | Единица длительности
IS_MUTED | flag | r | N | Без звука
IS_PINNED | flag | r | N | Закреплена
IS_PINNED_IN_GROUP | flag | r | N | Закреплена в проекте
FLOW_ID | integer | w | - | Поток
TAGS | strings | w | [] | Теги
CHAT_ID | integer | r | - | Чат задачи
UF_CRM_TASK | strings | w | [] | Элементы CRM
UF_TASK_WEBDAV_FILES | strings | w | [] | Файлы
UF_MAIL_MESSAGE | integer | w | - | Письмо
"""
ALL = {field.name: field for field in map(_field, _TABLE.strip().splitlines())}
USUAL = tuple(name for name in ALL if not name.startswith("UF_"))
"""What an answer carries when nothing is selected: user fields must be asked for."""


def defaults() -> dict[str, Any]:
    return {f.name: list(f.default) if isinstance(f.default, list) else f.default for f in ALL.values()}


def read(fields: Any, zone: tzinfo) -> dict[str, Any]:
    """What a client may write, as native values; unknown and read-only names are dropped, as the portal does."""
    if not isinstance(fields, dict):
        raise kernel.Refusal(400, "100", "Could not find value for parameter {fields}")
    read_in = {}
    for name, value in fields.items():
        spec = ALL.get(str(name))
        if spec is not None and spec.writable:
            read_in[spec.name] = _native(spec, value, zone)
    return read_in


def _native(spec: Field, value: Any, zone: tzinfo) -> Any:
    reader: Callable[[Any, tzinfo], Any] = _NATIVE.get(spec.type, _as_text)
    try:
        return reader(value, zone)
    except (ValueError, TypeError):
        text = f"Неверное значение поля {spec.name} ({spec.title})<br> (internal error)"
        raise kernel.Refusal(400, "ERROR_CORE", text) from None


def _as_text(value: Any, _zone: tzinfo) -> str:
    return "" if value is None else str(value)


def _as_number(value: Any, _zone: tzinfo) -> int:
    return int(value) if value not in (None, "", False) else 0


def _as_flag(value: Any, _zone: tzinfo) -> str:
    return "Y" if value in ("Y", "y", True, 1, "1") else "N"


def _as_list(value: Any) -> list[Any]:
    if value in (None, "", False):
        return []
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list) else [value]


_NATIVE: dict[str, Callable[[Any, tzinfo], Any]] = {
    "integer": _as_number,
    "flag": _as_flag,
    "enum": lambda value, _zone: _number(str(value)),
    "datetime": moments.parse,
    "ids": lambda value, _zone: [int(one) for one in _as_list(value) if one != ""],
    "strings": lambda value, _zone: [str(one) for one in _as_list(value) if one != ""],
}


def camel(name: str) -> str:
    head, *rest = name.lower().split("_")
    return head + "".join(part.capitalize() for part in rest)


def chosen(select: Any) -> list[str]:
    """The UPPER names that a `select` means; ID always comes along."""
    asked = [str(one).upper() for one in _as_list(select)]
    if not asked:
        return list(USUAL)
    names = ["ID"]
    for one in asked:
        if one == "*":
            names += USUAL
        elif one == "UF_*":
            names += [name for name in ALL if name.startswith("UF_")]
        elif one in ALL:
            names.append(one)
    return list(dict.fromkeys(names))


def shown(values: dict[str, Any], names: Iterable[str], time: clock.Clock) -> dict[str, Any]:
    return {camel(name): _shown(values[name], time) for name in names if name != "CHECKLIST"}


def _shown(value: Any, time: clock.Clock) -> Any:
    if isinstance(value, datetime):
        return time.iso(value)
    if isinstance(value, list):
        return [str(one) for one in value]
    return str(value) if isinstance(value, int | float) else value


def described() -> dict[str, Any]:
    """The answer of tasks.task.getFields."""
    fields = {}
    for spec in ALL.values():
        kind = {"flag": "enum", "ids": "array", "strings": "array"}.get(spec.type, spec.type)
        entry: dict[str, Any] = {"title": spec.title, "type": kind}
        if spec.name == "ID":
            entry["primary"] = True
        if spec.name in ("TITLE", "RESPONSIBLE_ID", "CREATED_BY"):
            entry["required"] = True
        if spec.name == "UF_CRM_TASK":
            entry["type"] = "crm"
        if spec.name == "UF_TASK_WEBDAV_FILES":
            entry["type"] = "disk_file"
        if spec.type == "flag":
            entry["values"] = {"Y": "Да", "N": "Нет"}
        entry |= {
            "STATUS": {"values": STATUSES},
            "PRIORITY": {"values": {"2": "Высокий", "1": "Средний", "0": "Низкий"}},
        }.get(spec.name, {})
        if spec.default not in (None, "", []):
            entry["default"] = spec.default
        fields[spec.name] = entry
    return fields
