"""Erasing a person (R15): who is meant, what is kept of them, forgetting it, the act that says so.

Order: the marks go into the no-copy list first, so that a daemon beside brings nothing back; then what was kept is
scrubbed; then the bytes are. The act names ids and counts, never the person.
"""

from __future__ import annotations

import asyncio
import json
import os
import pwd
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from zoneinfo import ZoneInfo

from connector import ports, settings
from connector.bootstrap import notes
from connector.store import api, opening, purging
from robots import contacts, declension, forgetting, model, words

ACTS = "erasures"
"""Notebook, of a portal: [{at, who, by, refs, counts}], newest last."""
FOLDER = "erasure"
CHUNK = 8 * 1024 * 1024
COUNTED: Mapping[str, tuple[str, str, str]] = {
    "clients": ("запись клиента", "записи клиентов", "записей клиентов"),
    "comms": ("отпечаток телефона или почты", "отпечатка телефонов и почты", "отпечатков телефонов и почты"),
    "cards": ("карточка", "карточки", "карточек"),
    "ledger": ("действие робота", "действия роботов", "действий роботов"),
    "looks": ("запись истории", "записи истории", "записей истории"),
    "parked": ("отложенная карточка", "отложенные карточки", "отложенных карточек"),
    "notes": ("служебная запись", "служебные записи", "служебных записей"),
}
Where = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is to be erased, as a person said it."""

    refs: frozenset[str] = frozenset()
    comms: tuple[str, ...] = ()
    """Phones and e-mails as written."""
    names: tuple[str, ...] = ()
    """Names that the copy may not know, each whole: «Мария Канарейкина»."""


@dataclass(frozen=True)
class Found:
    persons: tuple[ports.Known, ...]
    key: bytes = field(repr=False)
    written: frozenset[str]
    """Their marks."""
    counts: Mapping[str, int]
    remarks: tuple[str, ...]
    forms: tuple[str, ...] = field(repr=False)
    """How they may be written in files, for the search of bytes."""

    @property
    def marks(self) -> forgetting.Marks:
        return forgetting.marks(self.written, self.key)

    @property
    def cards(self) -> tuple[str, ...]:
        return tuple(sorted({card for one in self.persons for card in one.cards}))


@dataclass(frozen=True, slots=True)
class Erased:
    counts: Mapping[str, int]
    left: str
    """What the database itself still keeps and who must see to it; empty: nothing."""
    act: Path
    text: str


# ---------------------------------------------------------------- who and what


async def find(
    store: api.Store, portal: model.PortalId, asked: Asked, staff: Collection[model.User]
) -> Found:
    key = await _key(store, portal)
    hashes = {mark for text in asked.comms if (mark := forgetting.comm_mark(text, key))}
    bare = [mark.removeprefix(forgetting.COMM) for mark in hashes]
    persons = await store.erasure.known(portal, key, asked.refs, bare)
    refs = {*asked.refs, *(one.ref for one in persons)}
    employees = {frozenset(forgetting.words(user.full_name)) for user in staff}
    names = [_named(one) for one in persons] + [tuple(name.split()) for name in asked.names]
    kept = [name for name in names if frozenset(forgetting.words(" ".join(name))) not in employees]
    spoken = _in_every_case(word for one in kept for word in forgetting.words(" ".join(one)) if len(word) > 2)
    spoken -= _in_every_case(word for one in employees for word in one)
    alone = await store.erasure.alone(portal, spoken, refs)
    companies = {
        word
        for one in persons
        if one.ref.startswith("company:")
        for word in forgetting.words(" ".join(one.names))
    }
    alone -= _in_every_case(companies)
    written = {*refs, *hashes, *(forgetting.COMM + one for known in persons for one in known.comms)}
    for name in kept:
        written |= forgetting.name_marks(name, alone, key)
    counts = await store.erasure.traces(portal, forgetting.marks(written, key))
    remarks = tuple(_remarks(persons, len(kept) < len(names), any(asked.names) or any(names)))
    return Found(persons, key, frozenset(written), counts, remarks, tuple(_forms(asked.comms, kept, alone)))


def _in_every_case(spoken: Iterable[str]) -> set[str]:
    return {form for word in spoken for form in declension.forms(word)}


def _named(known: ports.Known) -> tuple[str, ...]:
    return known.names


async def _key(store: api.Store, portal: model.PortalId) -> bytes:
    """The daemon's; a store that never had one gets it with the first erasure."""
    written = await store.notebook.read(portal, notes.DIGEST_KEY)
    return bytes.fromhex(str(written)) if written else bytes.fromhex(token_hex(32))


def _remarks(persons: Sequence[ports.Known], staff: bool, named: bool) -> Iterator[str]:
    shared = sum(one.shared for one in persons)
    if shared:
        yield (
            f"{words.count(shared, 'телефон или почта общие', 'телефона или почты общие', 'телефонов или почты общие')}"
            " с другими клиентами: они остаются у тех"
        )
    if staff:
        yield "так же зовут сотрудника: имя в текстах не тронуто, стёрты телефоны и почта"
    if not named:
        yield (
            "имени этого человека в копии нет: если он назван в текстах, добавьте его (--name «Имя Фамилия»)"
        )


def _forms(comms: Iterable[str], names: Iterable[Sequence[str]], alone: Collection[str]) -> Iterator[str]:
    for text in comms:
        yield text
        normal = contacts.email(text) if "@" in text else contacts.phone(text)
        if normal:
            yield from contacts.variants(normal) if normal.startswith("+") else (normal,)
    for name in names:
        if len(name) > 1:
            yield from (" ".join(name), " ".join(reversed(name)))
        yield from (part for part in name if set(forgetting.words(part)) <= set(alone))


def counted(counts: Mapping[str, int]) -> str:
    """«карточки 2, записи истории 5», the words of people."""
    return ", ".join(words.count(counts[name], *COUNTED[name]) for name in COUNTED if counts.get(name))


# ---------------------------------------------------------------- doing it


async def erase(
    store: api.Store,
    portal: model.PortalId,
    found: Found,
    made: settings.Settings,
    *,
    now: datetime,
    by: str,
    zone: str,
    address: str,
) -> Erased:
    await store.erasure.forget(portal, found.written, found.key, now)
    marks = await store.erasure.marks(portal, found.key)
    counts = await store.erasure.erase(portal, marks)
    wish = marks.text(by)
    entry = {
        "at": now.isoformat(),
        "who": _who(),
        "by": wish,
        "refs": sorted(marks.refs & found.written),
        "counts": dict(counts),
    }
    before = await store.notebook.read(portal, ACTS) or []
    await store.notebook.write(portal, ACTS, [*before, entry])
    left = await asyncio.to_thread(purging.purge, made.database_url)
    text = "\n".join(_act(entry, found.cards, counts, left, now.astimezone(ZoneInfo(zone)), zone, address))
    path = await asyncio.to_thread(_filed, made.home / FOLDER, now, text)
    return Erased(counts, left, path, text)


def _who() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def _act(
    entry: Mapping[str, object],
    cards: Sequence[str],
    counts: Mapping[str, int],
    left: str,
    at: datetime,
    zone: str,
    address: str,
) -> Iterator[str]:
    refs = entry["refs"]
    yield "Акт об удалении персональных данных из базы Voronka"
    yield f"Когда: {at:%d.%m.%Y %H:%M} ({zone})"
    yield f"Портал: {address}"
    yield f"Кого (номера в портале): {', '.join(refs) if isinstance(refs, list) and refs else 'в копии не было'}"
    yield f"Карточки этого человека: {', '.join(cards) or 'нет'}"
    yield f"По чьему желанию: {entry['by'] or 'не указано'}"
    yield f"Кто выполнил: {entry['who']}"
    yield f"Изменено и стёрто: {counted(counts) or 'в базе ничего не нашлось'}"
    yield "Осталось: номера карточек и отпечатки с ключом, чтобы данные не вернулись с сигналом или обходом портала"
    if left:
        yield f"Не стёрто до конца: {left}"
    yield "В самом портале ничего не менялось"
    yield ""


def _filed(folder: Path, now: datetime, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"act-{now:%Y%m%d-%H%M%S-%f}.txt"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(text)
    return path


# ---------------------------------------------------------------- what other files say


def remnants(made: settings.Settings, beside: Iterable[Path], forms: Sequence[str]) -> Where:
    """(file, hits) of everything near the store in which the person is still written; blocks."""
    place = opening.database(made.database_url)
    near = [place.parent] if isinstance(place, Path) else []
    folders = dict.fromkeys([made.home, made.home / FOLDER, *near])
    files = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
    needles = sorted({spelled for form in forms for spelled in _spelled(form)})
    found = ((path, _hits(path, needles)) for path in dict.fromkeys([*files, *beside]) if path.is_file())
    return [(str(path), hits) for path, hits in found if hits]


def _spelled(form: str) -> tuple[bytes, ...]:
    """As text, and as JSON that escapes what isn't ASCII."""
    return form.encode(), json.dumps(form).strip('"').encode()


def _hits(path: Path, needles: Sequence[bytes]) -> int:
    if not needles:
        return 0
    overlap = max(map(len, needles)) - 1
    hits, kept = 0, b""
    try:
        with path.open("rb") as opened:
            while chunk := opened.read(CHUNK):
                text = kept + chunk
                hits += sum(text.count(needle) for needle in needles)
                kept = text[len(text) - overlap :] if overlap else b""
                hits -= sum(kept.count(needle) for needle in needles)
    except PermissionError:
        return 0
    return hits
