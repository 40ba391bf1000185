"""What `voronka doctor` looks at, in the order in which a person would: the file, the secrets, the portal, the disk and the
store, the running daemon, its doorbells, and who hears of a trouble.

Each look ends in findings: what is, and where it isn't well what to do. One that can't be made says so and stops no other.
No finding holds a secret: portal errors are built from codes, addresses of mail and ping aren't repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from connector import clock, errors, settings
from connector.alerts import channels, disk
from connector.bitrix24 import secret, setup
from connector.bootstrap import application, configuration, files, joining, keyring, wiring

SKEW, MUCH_SKEW = timedelta(seconds=5), timedelta(minutes=1)
BIG_WAL = 64 * disk.MB


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"
    """It works without."""
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    level: Level
    text: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    path: Path
    made: settings.Settings
    health: Callable[[], Mapping[str, Any]]
    """What the running daemon's /health/ready says; empty: none runs."""
    figures: Callable[[], Mapping[str, float]]
    """The running daemon's metrics by name with labels; empty: none runs."""
    clock: clock.SystemClock


def examine(patient: Patient) -> Iterator[Finding]:
    try:
        compiled = configuration.compiled(files.read(patient.path), None)
    except files.NoFile as missing:
        yield Finding("config", Level.BAD, f"нет файла настройки: {missing}", "создайте его: voronka connect")
        return
    yield _config(patient.path, compiled)
    chosen = compiled.loaded.settings
    kept: settings.Secrets | None = None
    try:
        kept = settings.secrets(patient.path)
    except settings.SettingsError as wrong:
        yield Finding("secrets", Level.BAD, str(wrong), "исправьте файл секретов и повторите voronka doctor")
    if kept is not None:
        yield from _secrets(patient.path, kept, chosen.portal)
        for line, what in keyring.lacking(compiled, kept):
            cure = f"впишите {line}=… в {settings.secrets_file(patient.path)}"
            yield Finding("keys", Level.BAD, f"{what}: нет ключа {line}", cure)
        yield from _portal(patient, kept, chosen.portal)
    yield from _store(patient.made)
    yield from _daemon(patient, chosen.portal)
    if kept is not None:
        yield _alerts(chosen.alerts.to, kept)


def _config(path: Path, seen: configuration.Compiled) -> Finding:
    if seen.errors:
        return Finding(
            "config", Level.BAD, f"{path}: ошибок {len(seen.errors)}", f"их места: voronka check {path}"
        )
    if not seen.loaded.settings.portal.address:
        return Finding("config", Level.BAD, f"{path}: не указан портал", "впишите portal: address: …")
    return Finding("config", Level.OK, f"{path}: читается")


def _secrets(path: Path, kept: settings.Secrets, portal: wiring.PortalSection) -> Iterator[Finding]:
    if not (kept.b24_url or kept.app):
        yield Finding(
            "secrets",
            Level.BAD,
            "не задан адрес входящего вебхука",
            f"переменная B24_URL или строка B24_URL=… в {settings.secrets_file(path)}; проще: voronka connect",
        )
    elif portal.events == "webhook" and not kept.events_token and not kept.app:
        yield Finding(
            "secrets",
            Level.NOTE,
            "сигналы портала не принимаются: нет токена исходящего вебхука",
            f"впишите его: B24_EVENTS_TOKEN=… в {settings.secrets_file(path)}",
        )
    else:
        yield Finding("secrets", Level.OK, "секреты есть, чужим они не видны")


# ------------------------------------------------------------ the portal


def _portal(patient: Patient, kept: settings.Secrets, section: Any) -> Iterator[Finding]:
    if not section.address or not (kept.b24_url or kept.app):
        return
    try:
        if kept.app:
            asyncio.run(application.directory(patient.made, section, kept))
            yield Finding("portal", Level.OK, f"{section.address}: отвечает приложению")
            return
        url = wiring.webhook(section, kept)
        found = joining.probe(kept.b24_url, section)
    except wiring.BadUrl as wrong:
        yield Finding("portal", Level.BAD, str(wrong), "возьмите вебхук этого портала: voronka connect")
        return
    except (joining.Refused, errors.PortalError) as refused:
        text = refused.text if isinstance(refused, joining.Refused) else wiring.why(refused)
        yield Finding("portal", Level.BAD, text, "откройте портал в браузере и проверьте вебхук и тариф")
        return
    yield Finding("portal", Level.OK, f"{section.address}: отвечает")
    yield from _rights(found)
    yield _clock(url, patient.clock)


NEEDED: Mapping[str, frozenset[str]] = {
    "crm": frozenset({"crm"}),
    "task": frozenset({"task", "tasks"}),
    "im": frozenset({"im"}),
    "user_basic": frozenset({"user", "user_basic", "user_brief"}),
    "department": frozenset({"department"}),
}
"""Scope -> any of which will do."""


def _rights(found: setup.Found) -> Iterator[Finding]:
    lacking = [name for name, any_of in NEEDED.items() if not any_of & found.scopes]
    if lacking:
        names = ", ".join(lacking)
        cure = "отметьте их в карточке вебхука: Разработчикам → Интеграции"
        yield Finding("scopes", Level.BAD, f"у вебхука нет прав: {names}", cure)
    else:
        yield Finding("scopes", Level.OK, "права вебхука на месте")
    if found.admin:
        yield Finding("admin", Level.OK, f"от чьего имени: {found.owner}, администратор")
    else:
        yield Finding(
            "admin",
            Level.NOTE,
            f"владелец вебхука ({found.owner}) не администратор: часть сделок он может не видеть, постановщиком задач будет он сам",
            "создайте вебхук под администратором",
        )


def _clock(url: secret.WebhookUrl, ours: clock.SystemClock) -> Finding:
    before = ours.now()
    try:
        said = datetime.fromisoformat(str(setup.Setup(url).call("server.time")))
    except (errors.PortalError, ValueError) as refused:
        return Finding("clock", Level.NOTE, f"часы портала не сверены: {type(refused).__name__}")
    middle = before + (ours.now() - before) / 2
    off = abs(middle - said.astimezone(UTC))
    text = f"часы этого компьютера и портала расходятся на {int(off.total_seconds())} с"
    if off > SKEW:
        cure = "включите на этом компьютере сверку времени (NTP)"
        return Finding("clock", Level.BAD if off > MUCH_SKEW else Level.NOTE, text, cure)
    return Finding("clock", Level.OK, "часы идут вместе с порталом")


# ------------------------------------------------------------ the store


def _store(made: settings.Settings) -> Iterator[Finding]:
    from connector.store import opening

    try:
        place = opening.database(made.database_url)
    except errors.StoreError as wrong:
        yield Finding("store", Level.BAD, str(wrong), "поправьте VORONKA_DATABASE_URL")
        return
    if isinstance(place, Path):
        yield from _file(place)
    yield _opens(made.database_url, place)


def _file(place: Path) -> Iterator[Finding]:
    if not place.exists():
        return
    if low := disk.low(place):
        yield Finding("disk", Level.BAD, low, "освободите место: перезапуск не нужен")
    else:
        yield Finding("disk", Level.OK, f"места на диске с базой: {_size(disk.room(place).free)}")
    seen = disk.room(place)
    text = f"база {_size(seen.store)}, её журнал {_size(seen.wal)}"
    if seen.wal > BIG_WAL:
        cure = "кто-то держит базу открытой: закройте программы, которые её читают"
        yield Finding("wal", Level.NOTE, text, cure)
    else:
        yield Finding("wal", Level.OK, text)


def _opens(url: str, place: Path | str) -> Finding:
    from connector.store import api

    async def opened() -> None:
        async with api.open_store(url, daemon=False):
            return

    if isinstance(place, Path) and not place.exists():
        return Finding("store", Level.NOTE, f"базы {place} ещё нет", "она появится с первым voronka run")
    try:
        asyncio.run(opened())
    except errors.StoreError as refused:
        cure = "проверьте VORONKA_DATABASE_URL, права на папку и место на диске"
        return Finding("store", Level.BAD, f"база не открывается: {refused}", cure)
    return Finding("store", Level.OK, "база открывается")


# ------------------------------------------------------------ the daemon


def _daemon(patient: Patient, section: Any) -> Iterator[Finding]:
    said = patient.health()
    if not said:
        yield Finding("daemon", Level.BAD, "Voronka не запущена", f"запустите: voronka run {patient.path}")
        return
    for one in said.get("reasons", ()):
        yield Finding(str(one.get("code", "daemon")), Level.BAD, str(one.get("text", "")), "voronka status")
    if said.get("ready"):
        yield Finding("daemon", Level.OK, "Voronka работает")
    for one in said.get("notes", ()):
        yield Finding(str(one.get("code", "daemon")), Level.NOTE, str(one.get("text", "")))
    figures = patient.figures()
    yield from _swept(figures)
    yield _doorbells(figures, section.events)


def _swept(figures: Mapping[str, float]) -> Iterator[Finding]:
    ages = [value for name, value in figures.items() if name.startswith("voronka_sweep_age_seconds")]
    if ages:
        yield Finding("sweep", Level.OK, f"портал обойдён {int(ages[0])} с назад")


def _doorbells(figures: Mapping[str, float], events: str) -> Finding:
    def count(result: str) -> int:
        return int(sum(v for name, v in figures.items() if "voronka_hooks_total" in name and result in name))

    taken, refused = count('result="saved"') + count('result="ignored"'), count('result="refused"')
    if events != "webhook":
        return Finding(
            "events", Level.OK, "сигналы не настроены: портал обходится сам, задержка до периода обхода"
        )
    if refused > taken:
        cure = "сверьте B24_EVENTS_TOKEN с токеном исходящего вебхука в портале"
        return Finding("events", Level.BAD, f"сигналов с чужим токеном: {refused}, своих: {taken}", cure)
    if not taken:
        cure = "измените любую сделку; если не поможет, проверьте адрес обработчика исходящего вебхука"
        return Finding(
            "events", Level.NOTE, "сигналов портала с запуска не было, работает только обход", cure
        )
    return Finding("events", Level.OK, f"сигналы доходят: {taken} с запуска")


def _alerts(to: tuple[str, ...], kept: settings.Secrets) -> Finding:
    if not to:
        cure = "впишите alerts: {to: ['mailto:…', 'https://…']}"
        return Finding("alerts", Level.NOTE, "если робот заболеет сам, об этом никто не узнает", cure)
    lack = channels.channels(to, kept.smtp_url)[1]
    if lack:
        return Finding("alerts", Level.BAD, lack, "впишите VORONKA_SMTP_URL=smtps://… в файл секретов")
    return Finding("alerts", Level.OK, "о болезни робота есть кому сказать")


def _size(count: int) -> str:
    return f"{count / disk.MB:.0f} МБ" if count < 1024 * disk.MB else f"{count / disk.MB / 1024:.1f} ГБ"
