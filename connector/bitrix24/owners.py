"""Where a doorbell that isn't about a card leads: task, activity, comment, client -> cards and clients."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, names, parsing, timelines, values
from robots import model


async def of_things(
    at: desk.Desk, things: Sequence[ports.Thing], lane: ports.Lane
) -> dict[ports.Thing, Sequence[ports.Thing]]:
    """A thing that is gone or hidden has no owners: what it changed shows on the card itself."""
    found = await asyncio.gather(*(_of_thing(at, thing, lane) for thing in things))
    return dict(zip(things, found, strict=True))


async def _of_thing(at: desk.Desk, thing: ports.Thing, lane: ports.Lane) -> tuple[ports.Thing, ...]:
    commands = _commands(thing)
    if not commands:
        return (thing,)
    outcomes = await at.client.group(commands, lane=lane)
    owners: list[ports.Thing | None] = []
    for command, outcome in zip(commands, outcomes, strict=True):
        if isinstance(outcome, errors.Rejected):
            continue
        if isinstance(outcome, errors.PortalError):
            raise outcome
        owners += _read(command, outcome.result)
    return tuple(dict.fromkeys(one for one in owners if one is not None))


def _commands(thing: ports.Thing) -> list[client.Command]:
    match thing.kind:
        case ports.Kind.TASK:
            return [client.Command("tasks.task.get", {"taskId": thing.id, "select": ["ID", "UF_CRM_TASK"]})]
        case ports.Kind.ACTIVITY:
            return [
                client.Command("crm.activity.get", {"id": thing.id}),
                client.Command("crm.activity.binding.list", {"activityId": thing.id}),
            ]
        case ports.Kind.COMMENT:
            return [client.Command("crm.timeline.comment.get", {"id": thing.id})]
        case ports.Kind.CONTACT | ports.Kind.COMPANY:
            ref = model.ClientRef(model.ClientKind(thing.kind.value), thing.id)
            return [command for kind in model.CardKind for command in open_cards(kind, [ref], ["id"])]
        case _:
            return []


def open_cards(
    kind: model.CardKind, refs: Iterable[model.ClientRef], select: list[str]
) -> list[client.Command]:
    """Open cards of clients, the newest page of each link. `contactIds` and `contactId` are both asked: whether the
    list searches all bound contacts or the primary one by either is nowhere written."""
    wanted = {kind_: [ref.id for ref in refs if ref.kind is kind_] for kind_ in model.ClientKind}
    links = {
        "@contactIds": wanted[model.ClientKind.CONTACT],
        "@contactId": wanted[model.ClientKind.CONTACT],
        "@companyId": wanted[model.ClientKind.COMPANY],
    }
    return [
        client.Command(
            "crm.item.list",
            {
                "entityTypeId": names.TYPE_OF[kind.value],
                "select": select,
                "filter": {link: ids, "=stageSemanticId": "P"},
                "order": {"id": "DESC"},
                "start": -1,
                **names.RAW_UF,
            },
            name=f"{kind.value}{link}",
        )
        for link, ids in links.items()
        if ids
    ]


def _read(command: client.Command, result: Any) -> list[ports.Thing | None]:
    match command.method:
        case "tasks.task.get":
            raw = parsing.item_of(result, "task") or {}
            bound = raw.get("ufCrmTask")
            return [names.bound(one) for one in bound] if isinstance(bound, list) else []
        case "crm.activity.get":
            raw = result if isinstance(result, dict) else {}
            return [names.thing(values.number(raw.get("OWNER_TYPE_ID")), values.number(raw.get("OWNER_ID")))]
        case "crm.activity.binding.list":
            return [
                names.thing(values.number(raw.get("entityTypeId")), values.number(raw.get("entityId")))
                for raw in parsing.rows_of(result)
            ]
        case "crm.timeline.comment.get":
            raw = result if isinstance(result, dict) else {}
            return [timelines.owner(raw.get("ENTITY_TYPE"), raw.get("ENTITY_ID"))]
        case _:
            rows = parsing.rows_of(result, "items")
            number = command.params.get("entityTypeId")
            kind = number if isinstance(number, int) else None
            return [names.thing(kind, values.ident(raw.get("id"))) for raw in rows]
