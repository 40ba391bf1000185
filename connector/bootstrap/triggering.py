"""Who may call a portal's robots from outside: names that the rules in force wait for, with a token in the secrets file.

A process that doesn't hold the portal's lease takes calls as well: it knows the names from its own reading of the files.
"""

from __future__ import annotations

from connector import settings
from connector.bootstrap import daemon
from connector.web import seams
from robots import decision, happenings, model
from robots import robot as robots_robot


def door(one: daemon.Daemon) -> seams.TriggerPortal:
    async def save(name: str, ref: model.CardRef, number: str) -> bool:
        return await one.store.hands.called(one.portal, happenings.called(name, ref, number), one.clock.now())

    def waited(name: str) -> frozenset[model.CardKind]:
        wanted = robots_robot.Happened(f"{happenings.CALLED}{name}")
        return frozenset(each.card for each in _rules(one).robots if each.trigger == wanted)

    def token(name: str) -> bytes:
        return one.kept.triggers.get(secret_of(name), "").encode()

    return seams.TriggerPortal(one.portal, waited, token, save)


def secret_of(name: str) -> str:
    """The line of the secrets file: `oplata-1c` is `TRIGGER_OPLATA_1C`."""
    return settings.TRIGGER + name.upper().replace("-", "_")


def _rules(one: daemon.Daemon) -> decision.Rules:
    return one.worker.desk.book.rules if one.worker is not None else one.rough.loaded.rules
