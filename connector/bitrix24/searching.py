"""The portal's search by phones and e-mails: crm.duplicate.findbycomm (reference §5.5).

Law: each phone is asked in all its spellings, all types of objects at once. A call takes 20 values, so the comms of
several cards share one; whose find is whose is told by the found ones' own comms. Where that can't be told (a type filled
to its 20 hits, a find whose comms the lists hide or spell past recognition) each comm of the call is asked by itself;
and where even one comm fills a type, which hides what comes later, each type by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, names, values
from robots import contacts, model

Ref = model.CardRef | model.ClientRef
Found = tuple[Ref, ...] | errors.PortalError
Describe = Callable[[Sequence[Ref]], Awaitable[Mapping[Ref, frozenset[str]]]]
"""Reads what was found; answers the normal comms of all that is known so far."""
CUT = 20
"""At so many hits of a type the search stops and says nothing of later types (reference §5.5)."""
TOGETHER = 6
"""Comms of one call: three spellings of a phone each fit into 20 values, and six clients stay far from the cut."""
_SEARCHED: Mapping[str, str] = {"LEAD": "lead", "CONTACT": "contact", "COMPANY": "company"}


async def search(
    at: desk.Desk, comms: Sequence[str], lane: ports.Lane, describe: Describe
) -> dict[str, Found]:
    """Normal comm -> what has it, or why that isn't known. Everything found has been described."""
    parts = [*_parts(one for one in comms if "@" not in one), *_parts(one for one in comms if "@" in one)]
    answers = await asyncio.gather(*(_ask(at, part, lane) for part in parts))
    described = await describe(_refs(answers))
    hits: dict[str, Found] = {}
    apart: list[str] = []
    for part, found in zip(parts, answers, strict=True):
        shared = _shared_out(part, found, described)
        hits.update(shared)
        apart += [comm for comm in part if comm not in shared]
    if apart:
        single = await asyncio.gather(*(_ask(at, [comm], lane) for comm in apart))
        hits.update((comm, found or ()) for comm, found in zip(apart, single, strict=True))
        await describe([ref for ref in _refs(single) if ref not in described])
    return hits


def _parts(comms: Iterable[str]) -> list[list[str]]:
    return names.chunked(comms, TOGETHER)


def _refs(answers: Iterable[Found | None]) -> list[Ref]:
    return list(dict.fromkeys(ref for found in answers if isinstance(found, tuple) for ref in found))


def _shared_out(
    part: Sequence[str], found: Found | None, described: Mapping[Ref, frozenset[str]]
) -> dict[str, Found]:
    """The finds of a call by comm; nothing of a call that must be asked comm by comm."""
    if found is None or (isinstance(found, errors.Rejected) and len(part) > 1):
        return {}
    if isinstance(found, errors.PortalError) or len(part) == 1:
        return dict.fromkeys(part, found)
    asked = frozenset(part)
    if any(asked.isdisjoint(described.get(ref, ())) for ref in found):
        return {}
    return {comm: tuple(ref for ref in found if comm in described[ref]) for comm in part}


async def _ask(at: desk.Desk, part: Sequence[str], lane: ports.Lane) -> Found | None:
    """None: several comms filled a type together, and what lies beyond isn't known."""
    mail = "@" in part[0]
    spelled = list(part) if mail else [text for comm in part for text in contacts.variants(comm)]
    params = {"type": "EMAIL" if mail else "PHONE", "values": spelled}
    (outcome,) = await at.client.group([client.Command("crm.duplicate.findbycomm", params)], lane=lane)
    if isinstance(outcome, errors.PortalError):
        return outcome
    try:
        found = {name: _hits(name, outcome.result) for name in _SEARCHED}
    except errors.Unreadable as error:
        return error
    if any(len(hits) >= CUT for hits in found.values()):
        return await _ask_by_type(at, params, lane) if len(part) == 1 else None
    return tuple(ref for hits in found.values() for ref in hits)


async def _ask_by_type(at: desk.Desk, params: Mapping[str, Any], lane: ports.Lane) -> Found:
    """Each type by itself: a full one hid the later ones."""
    commands = [
        client.Command("crm.duplicate.findbycomm", {**params, "entity_type": name}, name=name) for name in _SEARCHED
    ]  # fmt: skip
    found: list[Ref] = []
    for name, outcome in zip(_SEARCHED, await at.client.group(commands, lane=lane), strict=True):
        if isinstance(outcome, errors.PortalError):
            return outcome
        try:
            found += _hits(name, outcome.result)
        except errors.Unreadable as error:
            return error
    return tuple(found)


def _hits(name: str, result: Any) -> list[Ref]:
    ids = values.idents(result.get(name) if isinstance(result, dict) else None, name)
    if name == "LEAD":
        return [model.CardRef(model.CardKind.LEAD, number) for number in ids]
    kind = model.ClientKind(_SEARCHED[name])
    return [model.ClientRef(kind, number) for number in ids]
