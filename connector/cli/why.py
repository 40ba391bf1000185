"""`voronka why LINK`: the story of one card, the answer first (users.md F23)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.bootstrap import notes
from connector.cli import cardlink, exits, output, reading, texts
from robots import intents, model

if TYPE_CHECKING:
    from robots import story


def register(app: typer.Typer) -> None:
    app.command("why")(why)
    app.command("почему", hidden=True)(why)


def why(
    words: Annotated[list[str], typer.Argument(help="Ссылка на карточку, или deal 123, lead 123, task 123")],
    robot: Annotated[str, typer.Option("--robot", help="Только этот робот: путь или вид (task).")] = "",
    task: Annotated[bool, typer.Option("--task", help="Почему нет задачи: только задачи.")] = False,
    portal: Annotated[str, typer.Option("--portal")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Почему с карточкой так вышло: первая строка — ответ."""
    from robots import story

    meant = cardlink.read(words)
    if meant is None:
        raise exits.Stop(exits.Code.USAGE, texts.text("not_a_card", text=" ".join(words)))

    async def question(beside: reading.Beside) -> tuple[story.Story, str]:
        asked = await asking(beside, meant, "task" if task else robot)
        return story.tell(asked), beside.zone

    told, zone = reading.ask(question, portal or meant.host)
    if as_json:
        output.as_json({"answer": told.answer, "reason": told.reason.value, "events": told.events})
    else:
        for line in story.text(told, zone):
            output.data(line)


async def asking(beside: reading.Beside, meant: cardlink.Meant, robot: str = "") -> story.Asked:
    """Everything that `story.tell` wants, read from the store."""
    from robots import story

    ref, only = await card(beside, meant)
    looks = await beside.store.journal.story(beside.portal, ref)
    memory = (await beside.store.mirror.memories(beside.portal, [ref]))[ref]
    written = await beside.store.notebook.read(beside.portal, notes.ROBOTS) or {}
    return story.Asked(
        card=ref,
        looks=[
            story.Look(
                one.at,
                one.stage,
                one.pipeline,
                tuple(story.Line(t.robot, t.outcome, t.reason, t.mark, t.wish) for t in one.trace),
                one.config,
            )
            for one in sorted(looks, key=lambda one: one.at)
        ],
        past=[row for row in memory.past if only is None or row.made == only],
        directory=beside.directory,
        robot=robot,
        loaded=written.get("robots", {}),
        zone=beside.zone,
    )


async def card(beside: reading.Beside, meant: cardlink.Meant) -> tuple[model.CardRef, int | None]:
    """The card that is meant; for a task the card it hangs on, and the task's number."""
    if meant.kind is cardlink.Kind.TASK:
        for row in await beside.store.ledger.rows(beside.portal, limit=1_000_000):
            if row.made == meant.id and isinstance(row.wish.act, intents.SetTask):
                return row.wish.card, meant.id
        raise exits.Stop(exits.Code.FINDINGS, texts.text("no_task", id=meant.id))
    if meant.kind is not cardlink.Kind.CARD:
        return model.CardRef(model.CardKind(meant.kind.value), meant.id), None
    both = [model.CardRef(kind, meant.id) for kind in model.CardKind]
    memories = await beside.store.mirror.memories(beside.portal, both)
    known = [ref for ref in both if memories[ref].card is not None]
    if len(known) > 1:
        raise exits.Stop(exits.Code.USAGE, texts.text("which_card", id=meant.id))
    return (known or both)[0], None
