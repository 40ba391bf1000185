"""What `connect` says: pure texts of what was found, and what to do in the portal by hand. Nothing is asked or sent here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from connector import settings

if TYPE_CHECKING:
    from connector.bitrix24 import setup

EVENTS = (
    ("ONCRMDEALADD", "создание сделки"),
    ("ONCRMDEALUPDATE", "обновление сделки"),
    ("ONCRMDEALDELETE", "удаление сделки"),
    ("ONCRMLEADADD", "создание лида"),
    ("ONCRMLEADUPDATE", "обновление лида"),
    ("ONCRMLEADDELETE", "удаление лида"),
    ("ONCRMCONTACTUPDATE", "обновление контакта"),
    ("ONCRMCOMPANYUPDATE", "обновление компании"),
    ("ONTASKUPDATE", "обновление задачи"),
    ("ONTASKDELETE", "удаление задачи"),
    ("ONCRMTIMELINECOMMENTADD", "добавление комментария"),
)
NEEDED = ("crm", "task", "im", "user_basic", "department")
"""Scopes without which robots can't do their usual work."""
USEFUL = {"calendar": "не узнаю рабочее время и выходные портала (возьму из YAML)"}


def missing(probe: setup.Found) -> tuple[str, ...]:
    """Needed scopes that the webhook lacks; `user` and `task`'s newer names count."""
    equal = {"user_basic": {"user", "user_basic", "user_brief"}, "task": {"task", "tasks"}}
    return tuple(name for name in NEEDED if not equal.get(name, {name}) & probe.scopes)


SCOPES = (*NEEDED, *USEFUL)


def application(address: str, public_url: str) -> Iterator[str]:
    """Step 1 with an application: what to enter in the portal, word for word."""
    portal = settings.portal_id(address)
    door = f"{public_url.rstrip('/')}/install/{portal}"
    yield "1/6 Приложение  в портале под техническим сотрудником: Разработчикам → Другое → Локальное приложение"
    yield "                тип: серверное; отметьте «Использует только API»"
    yield f"                путь вашего обработчика:             {door}"
    yield f"                путь для первоначальной установки:   {door}"
    yield f"                права: {' '.join(SCOPES)}"
    yield "                Сохраните. Портал покажет client_id и client_secret: они понадобятся. Жду портал…"


def rights(probe: setup.Found, *, app: bool = False) -> Iterator[str]:
    """Steps 3 and 4."""
    whose = "приложения" if app else "вебхука"
    lacking = missing(probe)
    have = [name for name in NEEDED if name not in lacking]
    yield f"3/6 Права       ✓ {' '.join(have)}"
    for name in lacking:
        yield f"                ✗ нет {name}: отметьте его в правах {whose}, без него роботы не смогут работать"
    for name, loss in USEFUL.items():
        if name not in probe.scopes:
            yield f"                ~ нет {name}: {loss} (можно без него)"
    if not probe.admin:
        yield f"                ✗ владелец {whose} не администратор: постановщиком задач будет он, а не РОП;"
        yield "                  поля и стадии создать не смогу"
    if probe.simple_crm:
        yield "                ~ в портале простая CRM: лидов нет, раздел leads: не нужен"
    deals = f", он сам ведёт сделок: {probe.owner_deals}" if probe.owner_deals else ""
    what = "приложение установил сотрудник" if app else "вебхук принадлежит сотруднику"
    yield f"4/6 От чьего имени   {what} «{probe.owner}»{deals}. Роботы будут подписаны его именем."
    if probe.owner_deals:
        yield "                Лучше отдельный сотрудник «Робот Воронка» (займёт место в тарифе)"


def signals(address: str, public_url: str, *, app: bool = False) -> Iterator[str]:
    """Step 5: the outbound webhook, with the exact URL and events; an application's are bound by the daemon."""
    if app:
        yield "5/6 Сигналы     ✓ события портала привяжу сама при запуске, и переход сделки в другую воронку тоже"
        yield f"                обработчик: {public_url.rstrip('/')}/hooks/{settings.portal_id(address)}"
        return
    if not public_url:
        yield "5/6 Сигналы     публичного адреса нет → смотрю портал сама каждые 30 с. Всё работает; задержка до 30 с"
        return
    portal = settings.portal_id(address)
    yield "5/6 Сигналы     создайте в портале исходящий вебхук (Разработчикам → Другое → Исходящий вебхук):"
    yield f"                адрес обработчика: {public_url.rstrip('/')}/hooks/{portal}"
    yield "                события:"
    for code, name in EVENTS:
        yield f"                  {code}  {name}"
    yield "                токен, который покажет портал, впишите в .secrets: B24_EVENTS_TOKEN=…"


def needs(lines: Sequence[str]) -> Iterator[str]:
    if not lines:
        yield "                ✓ все нужные поля и стадии в портале уже есть"
        return
    yield "                в портале не хватает, создам:"
    for line in lines:
        yield f"                  + {line}"


def farewell(config: str) -> Iterator[str]:
    yield ""
    yield f"Готово. Настройка: {config} (mode: watch: роботы решают, но ничего не делают)."
    yield f"  voronka check {config}    нет ли ошибок"
    yield f"  voronka run {config}      запустить"
    yield "Когда увидите, что роботы решают верно, поставьте mode: on."
