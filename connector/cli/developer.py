"""`ledger list`, `mirror show`: JSON read-outs for harnesses and developers (docs/harness.md), hidden from the front help."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from connector.cli import cardlink, exits, output, reading, texts
from robots import intents, model

Portal = Annotated[str, typer.Option("--portal", help="Какой портал, если их несколько.")]
Json = Annotated[bool, typer.Option("--json", help="JSON.")]

ledger = typer.Typer(help="Что роботы решили и сделали, строками.", rich_markup_mode=None)
mirror = typer.Typer(help="Что известно о карточке.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    app.add_typer(ledger, name="ledger", hidden=True)
    app.add_typer(mirror, name="mirror", hidden=True)


@ledger.callback()
def about_ledger() -> None:
    """Для разработчиков."""


@mirror.callback()
def about_mirror() -> None:
    """Для разработчиков."""


@ledger.command("list")
def list_rows(
    card: Annotated[str, typer.Option(help="deal:123")] = "",
    wanted: Annotated[
        list[str] | None, typer.Option("--state", help="Состояние; можно несколько раз.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Не больше строк.", min=1)] = 100_000,
    portal: Portal = "",
    as_json: Json = False,
) -> None:
    """Строки книги действий."""
    states = [state_of(one) for one in wanted or []]
    ref = card_of([card]) if card else None

    async def question(beside: reading.Beside) -> list[dict[str, Any]]:
        rows = await beside.store.ledger.rows(beside.portal, card=ref, states=states, limit=limit)
        return [flat(row) for row in rows]

    rows = reading.ask(question, portal)
    if as_json:
        return output.as_json(rows)
    return output.table(
        ("№", "карточка", "робот", "состояние", "почему"),
        [(str(r["seq"]), r["card"], r["robot"], r["state"], r["note"] or r["because"]) for r in rows],
    )


@mirror.command("show")
def show(
    words: Annotated[list[str], typer.Argument(help="deal 123")], portal: Portal = "", as_json: Json = False
) -> None:
    """Карточка, какой её знает Voronka."""
    ref = card_of(words)

    async def question(beside: reading.Beside) -> dict[str, Any] | None:
        memory = (await beside.store.mirror.memories(beside.portal, [ref]))[ref]
        if memory.card is None and not memory.deleted:
            return None
        seen: dict[str, Any] = output.plain(memory)
        seen.pop("past", None)
        return seen

    seen = reading.ask(question, portal)
    if seen is None:
        raise exits.Stop(exits.Code.FINDINGS, f"{ref}: —")
    output.as_json(seen, indent=None if as_json else 2)


def card_of(words: list[str]) -> model.CardRef:
    meant = cardlink.read(words)
    if meant is None or meant.kind not in (cardlink.Kind.DEAL, cardlink.Kind.LEAD):
        raise exits.Stop(exits.Code.USAGE, texts.text("not_a_card", text=" ".join(words)))
    return model.CardRef(model.CardKind(meant.kind.value), meant.id)


def state_of(name: str) -> intents.WishState:
    try:
        return intents.WishState(name)
    except ValueError:
        known = ", ".join(state.value for state in intents.WishState)
        raise exits.Stop(exits.Code.USAGE, f"--state {name}: {known}") from None


def flat(row: Any) -> dict[str, Any]:
    """A `ports.Row` as docs/harness.md documents it."""
    wish = row.wish
    return {
        "seq": row.seq,
        "key": wish.key,
        "robot": wish.robot,
        "card": str(wish.card),
        "cause": wish.cause,
        "state": row.state.value,
        "act": output.plain(wish.act),
        "because": wish.because,
        "wished_at": output.plain(row.wished_at),
        "sent_at": output.plain(row.sent_at),
        "done_at": output.plain(row.done_at),
        "tries": row.tries,
        "made": row.made,
        "note": row.note,
        "dry_run": wish.dry_run,
        "depth": wish.depth,
    }
