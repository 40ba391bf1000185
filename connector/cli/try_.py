"""`voronka try LINK --as-if "стадия: Договор"`: what the robots would do with one card now, with the texts; writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from connector.cli import asking, cardlink, exits, output, reading, texts, why


def register(app: typer.Typer) -> None:
    app.command("try")(attempt)
    app.command("примерить", hidden=True)(attempt)


def attempt(
    words: Annotated[list[str], typer.Argument(help="Ссылка на карточку, или deal 123, lead 123")],
    as_if: Annotated[
        list[str] | None,
        typer.Option("--as-if", help="Как если бы: «стадия: Договор», «Сумма: 100000». Можно несколько раз."),
    ] = None,
    portal: Annotated[str, typer.Option("--portal", help="Какой портал, если их несколько.")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Что роботы сделали бы с одной карточкой сейчас: условия и тексты. Ничего не меняет."""
    meant = cardlink.read(words)
    if meant is None or meant.kind is cardlink.Kind.TASK:
        raise exits.Stop(exits.Code.USAGE, texts.text("not_a_card", text=" ".join(words)))
    supposed = [_sides(text) for text in as_if or []]

    async def question(beside: reading.Beside) -> Mapping[str, Any]:
        ref, _ = await why.card(beside, meant)
        return await asking.ask(beside, "try", card=str(ref), as_if=supposed)

    found = reading.ask(question, portal or meant.host)
    if as_json:
        return output.as_json(found)
    output.data(f"«{found['title']}», стадия «{found['stage']}»")
    for line in found["lines"]:
        output.data(line)
    return output.data("Ничего не записано.")


def _sides(text: str) -> tuple[str, str]:
    from robots import rehearsal

    try:
        return rehearsal.parse(text)
    except rehearsal.Unclear as unclear:
        raise exits.Stop(exits.Code.USAGE, str(unclear)) from None
