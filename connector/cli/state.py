"""`status`, `problems`, `retry`: how it is, what didn't work, and once more."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.bootstrap import notes
from connector.cli import cardlink, developer, exits, output, reading, texts
from robots import intents, story, words

if TYPE_CHECKING:
    from connector import ports
    from robots import model

Portal = Annotated[str, typer.Option("--portal", help="Какой портал, если их несколько.")]
Json = Annotated[bool, typer.Option("--json")]
TROUBLED = (
    intents.WishState.REFUSED,
    intents.WishState.GIVEN_UP,
    intents.WishState.NO_EFFECT,
    intents.WishState.HELD,
    intents.WishState.UNKNOWN,
)
BELIEVED = timedelta(hours=1)
"""How long cards may vanish in any number after `retry --gone`."""
AGAIN = (
    intents.WishState.REFUSED,
    intents.WishState.GIVEN_UP,
    intents.WishState.BLOCKED,
    intents.WishState.NO_EFFECT,
)


def register(app: typer.Typer) -> None:
    app.command("status")(status)
    app.command("состояние", hidden=True)(status)
    app.command("problems")(problems)
    app.command("retry")(retry)


def status(portal: Portal = "", as_json: Json = False) -> None:
    """Жив ли робот: работает или стоит, и почему."""

    async def question(beside: reading.Beside) -> dict[str, Any]:
        return await gather(beside)

    seen = reading.ask(question, portal)
    if as_json:
        output.as_json(seen)
    else:
        for line in worded(seen):
            output.data(line)
    if not (seen["running"] and seen["ready"]):
        raise exits.Stop(exits.Code.FINDINGS)


async def gather(beside: reading.Beside) -> dict[str, Any]:
    notebook, portal = beside.store.notebook, beside.portal
    health = reach(await notebook.read(portal, notes.HTTP))
    robots = await notebook.read(portal, notes.ROBOTS) or {}
    accepted = await notebook.read(portal, notes.ACCEPTED) or {}
    states = (*TROUBLED, intents.WishState.WISHED, intents.WishState.WAITING)
    rows = await beside.store.ledger.rows(portal, states=states, limit=100_000)
    remarks = list(health.get("notes", ()))
    if not health and await notebook.read(portal, notes.WAITING):
        remarks.append({"code": "config_waiting", "text": "изменения ждут: voronka apply"})
    modes = Counter(robots.get("robots", {}).values())
    if robots.get("broken"):
        modes["broken"] = len(robots["broken"])
    return {
        "portal": str(portal),
        "address": beside.about.get("address", ""),
        "running": bool(health),
        "ready": bool(health.get("ready")),
        "reasons": list(health.get("reasons", ())),
        "notes": remarks,
        "modes": dict(modes),
        "broken": robots.get("broken", []),
        "inbox": await beside.store.inbox.depth(portal),
        "wishes": dict(Counter(row.state.value for row in rows)),
        "config": accepted.get("hash", ""),
        "config_at": accepted.get("at", ""),
    }


def reach(http: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What the running daemon says of itself; empty if none answers."""
    if not http:
        return {}
    from urllib import error, request

    try:
        with request.urlopen(f"{http['url']}/health/ready", timeout=3) as answer:  # noqa: S310  our own, on loopback
            said = json.load(answer)
    except error.HTTPError as red:
        try:
            said = json.load(red)
        except ValueError:
            return {}
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def worded(seen: Mapping[str, Any]) -> Sequence[str]:
    running = "running" if seen["ready"] else "stands" if seen["running"] else "not_running"
    lines = [f"{seen['address'] or seen['portal']}: {texts.text(running)}"]
    lines += [f"  ! {one['text']}" for one in seen["reasons"]]
    lines += [f"  ~ {one['text']}" for one in seen["notes"]]
    names = {"on": "работают", "watch": "только смотрят", "off": "выключены", "broken": "не поняты"}
    if seen["modes"]:
        counted = ", ".join(f"{names.get(mode, mode)} {number}" for mode, number in seen["modes"].items())
        lines.append(f"  роботы: {counted}; настройка {seen['config']}")
    lines += [f"  ! {one['robot']}: {one['text']} ({one['place']})" for one in seen["broken"]]
    lines.append(f"  в очереди карточек: {seen['inbox']}")
    for state, number in seen["wishes"].items():
        lines.append(f"  {story.outcome_word(state)}: {number}")
    return lines


def problems(portal: Portal = "", as_json: Json = False) -> None:
    """Что не вышло и почему."""

    async def question(beside: reading.Beside) -> list[dict[str, Any]]:
        return await trouble(beside)

    found = reading.ask(question, portal)
    if as_json:
        output.as_json(found)
    elif not found:
        output.data(texts.text("no_problems"))
    else:
        output.table(
            ("когда", "карточка", "робот", "что", "почему"),
            [
                (one["at"][:16], one["card"], one["robot"], story.outcome_word(one["state"]), one["why"])
                for one in found
            ],
        )
    if found:
        raise exits.Stop(exits.Code.FINDINGS)


async def trouble(beside: reading.Beside) -> list[dict[str, Any]]:
    rows = await beside.store.ledger.rows(beside.portal, states=TROUBLED, limit=100_000)
    found = [problem(row) for row in rows]
    found += [
        {
            "kind": "parked",
            "card": f"{one.thing.kind}:{one.thing.id}",
            "robot": "",
            "state": "failed",
            "why": one.why,
            "at": output.plain(one.until),
            "key": "",
        }
        for one in await beside.store.inbox.parked(beside.portal)
    ]
    for kind, state, name in (("gone", "held", notes.GONE), ("shared", "failed", notes.SHARED)):
        note = await beside.store.notebook.read(beside.portal, name)
        if note:
            why = {"why": note["text"], "at": note["at"]}
            found.append({"kind": kind, "card": "", "robot": "", "state": state, **why, "key": ""})
    return found


def problem(row: ports.Row) -> dict[str, Any]:
    return {
        "kind": "wish",
        "card": str(row.wish.card),
        "robot": row.wish.robot,
        "state": row.state.value,
        "why": row.note or row.wish.because,
        "at": output.plain(row.done_at or row.sent_at or row.wished_at),
        "key": row.wish.key,
    }


def retry(
    card: Annotated[
        list[str] | None, typer.Argument(help="Карточка (deal 123); без неё — всё, что не вышло.")
    ] = None,
    gone: Annotated[
        bool, typer.Option("--gone", help="Пропавшие карточки и правда удалены: поверить.")
    ] = False,
    portal: Portal = "",
    as_json: Json = False,
) -> None:
    """Сделать ещё раз то, что не вышло. Безопасно: прежде ищется сделанное."""
    ref = developer.card_of(card) if card else None
    if card and cardlink.read(card) is None:
        raise exits.Stop(exits.Code.USAGE, texts.text("not_a_card", text=" ".join(card)))

    async def question(beside: reading.Beside) -> tuple[int, int]:
        from connector import clock

        now = clock.SystemClock().now()
        if gone:
            until = (now + BELIEVED).isoformat()
            await beside.store.notebook.write(beside.portal, notes.GONE_APPROVED, until)
            await beside.store.notebook.write(beside.portal, notes.GONE, None)
            return 0, await _wake(beside, None)
        rows = await beside.store.ledger.rows(beside.portal, card=ref, states=AGAIN, limit=100_000)
        keys = [row.wish.key for row in rows]
        woken = await _wake(beside, ref)
        return await beside.store.ledger.redo(beside.portal, keys, now) if keys else 0, woken

    acts, cards = reading.ask(question, portal)
    if as_json:
        return output.as_json({"retried": acts, "looked": cards})
    if gone:
        output.data(texts.text("believed"))
    if acts:
        output.data(texts.text("retried", count=words.count(acts, "действие", "действия", "действий")))
    if cards:
        output.data(texts.text("woken", count=words.count(cards, "карточку", "карточки", "карточек")))
    return None if acts or cards or gone else output.data(texts.text("nothing_to_retry"))


async def _wake(beside: reading.Beside, ref: model.CardRef | None) -> int:
    """What couldn't be looked at is looked at again; how many cards."""
    parked = await beside.store.inbox.parked(beside.portal)
    things = [one.thing for one in parked if ref is None or one.thing.card == ref]
    await beside.store.inbox.wake(beside.portal, things)
    return len(things)
