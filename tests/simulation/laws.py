"""What must be true of a world at rest, whatever happened to it. Each law yields its breaches as sentences.

Two witnesses: the portal's own state (tasks, deals, comments, history, and who moved what), which no code of ours has
written down for itself, and the store, which must agree with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from connector import ports
from robots import intents, model
from sandbox.bitrix24 import schema, seed, store
from tests.simulation import config, people

if TYPE_CHECKING:
    from tests.simulation import world as worlds

DEAL = schema.DEAL
TITLES = {
    "Новый лид": "Взять в работу новый лид",
    "Обрабатываем запрос": "Сделать КП",
    "Сделали предложение": "Получить ответ на КП",
    "Новый заказ": "Собрать заказ",
}
"""Stage -> how its task's title ends."""
SILENT = ("lastActivityTime", "lastActivityBy")
"""What the portal changes without an event and without a new updatedTime (reference §5.1)."""
CHECKLIST = ["Уточните размеры", "Посчитайте цену"]
S = intents.WishState


async def breaches(world: worlds.World) -> list[str]:
    found = [*world.failures, *world.loop.failures, *(f"a loop crashed: {one}" for one in world.log.failures)]
    for law in (
        ended,
        marks_once,
        tasks_once,
        present_task,
        comments_once,
        notices_once,
        copies,
        returns,
        rop,
        limits,
    ):
        found += [f"{law.__name__}: {line}" for line in law(world)]
    return found + [f"mirrored: {line}" async for line in mirrored(world)]


def deals(world: worlds.World) -> list[store.Item]:
    return list(world.portal.crm.table(DEAL).rows.values())


def _stage(world: worlds.World, item: store.Item) -> str:
    rows = world.portal.crm.dictionaries.stages(DEAL, item.get("categoryId"))
    return next(row.name for row in rows if row.status_id == item.get("stageId"))


def _tasks(world: worlds.World, deal: int) -> list[Any]:
    own = world.portal.taskbook.of_card(f"D_{deal}")
    return [task for task in own if str(task["XML_ID"] or "").startswith("voronka-")]


def _wishes(world: worlds.World) -> list[Any]:
    return list(world.store.world.portals[config.PORTAL].wishes.values())


# ---------------------------------------------------------------- laws


def ended(world: worlds.World) -> Iterator[str]:
    """No wish is left open, refused or given up; nothing is dirty; health is green."""
    for row in _wishes(world):
        gone = row.wish.card.id in world.people.deleted or not _exists(world, row.wish.card)
        if not row.state.final or (row.state in (S.REFUSED, S.GIVEN_UP, S.NO_EFFECT) and not gone):
            yield f"{row.wish.key} is {row.state.value}: {row.note}"
    if world.worker is None or not world.worker.health.ready(world.clock.now()):
        troubles = world.worker.health.troubles(world.clock.now()) if world.worker else ()
        yield f"the daemon isn't ready: {[one.text for one in troubles]}"


def _exists(world: worlds.World, ref: model.CardRef) -> bool:
    return world.portal.crm.exists(DEAL, ref.id)


def marks_once(world: worlds.World) -> Iterator[str]:
    """No two tasks or deals of one marker: at no moment, not only at rest."""
    tasks = Counter(str(task["XML_ID"]) for task in world.portal.taskbook.tasks.values() if task["XML_ID"])
    yield from (f"{count} tasks bear {mark}" for mark, count in tasks.items() if count > 1)
    made = Counter(item.get("originId") for item in deals(world) if item.get("originatorId") == "voronka")
    yield from (f"{count} deals of origin {mark}" for mark, count in made.items() if count > 1)


def tasks_once(world: worlds.World) -> Iterator[str]:
    """No more tasks of a stage than people came into it; their checklists whole."""
    for item in deals(world):
        entries = Counter(_names(world, item, row) for row in world.portal.crm.history(DEAL).of(item.id))
        own = _tasks(world, item.id)
        for stage, title in TITLES.items():
            of_stage = [task for task in own if task["TITLE"].endswith(title)]
            if len(of_stage) > entries[stage] and world.portal.switch.get("history") != "old_box":
                yield f"deal {item.id}: {len(of_stage)} tasks «{title}», {entries[stage]} entries to the stage"
        for task in own:
            items = sorted(one.title for one in task.checklist.items.values() if one.title in CHECKLIST)
            if task["TITLE"].endswith("Сделать КП") and items != sorted(CHECKLIST):
                yield f"task {task.id} has the checklist {items}"


def _names(world: worlds.World, item: store.Item, row: Any) -> str:
    rows = world.portal.crm.dictionaries.stages(DEAL, row.category_id)
    return next(one.name for one in rows if one.status_id == row.stage_id)


def present_task(world: worlds.World) -> Iterator[str]:
    """Exactly one task of the stage the card stands in is open, unless people closed it; none of another stage is."""
    for item in deals(world):
        stage = _stage(world, item)
        own = _tasks(world, item.id)
        opened = [task for task in own if task.is_open and "Укажите" not in task["TITLE"]]
        wanted = TITLES.get(stage)
        for task in opened:
            if wanted is None or not task["TITLE"].endswith(wanted):
                yield f"deal {item.id} stands in «{stage}», the task «{task['TITLE']}» is open"
        of_stage = [task for task in own if wanted and task["TITLE"].endswith(wanted)]
        by_people = any(task.id in world.people.completed for task in of_stage) or any(
            deal == item.id and title.endswith(wanted or "") for deal, title in world.people.lost_tasks
        )
        count = sum(task.is_open for task in of_stage)
        if wanted is not None and count != 1 and not by_people:
            yield f"deal {item.id} in «{stage}» has {count} open tasks «{wanted}» of {len(of_stage)}"
    for task in world.portal.taskbook.tasks.values():
        bound = [str(one) for one in task["UF_CRM_TASK"]]
        if task.is_open and bound and not any(world.portal.crm.exists(DEAL, int(one[2:])) for one in bound):
            yield f"task {task.id} of the deleted {bound} is open"


def comments_once(world: worlds.World) -> Iterator[str]:
    """What is said bears the mark of its wish: no text stands twice in one card or chat."""
    texts = Counter[tuple[object, str]](
        (note.owner, note.text) for note in world.portal.timeline.comments.values()
    )
    texts.update(
        (chat.title, one.text) for chat in world.portal.notices.chats.values() for one in chat.messages
    )
    yield from (f"{owner}: «{text}» stands {n} times" for (owner, text), n in texts.items() if n > 1)


def documents_once(world: worlds.World) -> Iterator[str]:
    """A document's values bear the mark of its wish."""
    marks = Counter(one.values.get("VoronkaMark") for one in world.portal.documents.rows.values())
    yield from (f"{count} documents of one wish {mark}" for mark, count in marks.items() if count > 1)


def notices_once(world: worlds.World) -> Iterator[str]:
    tags = Counter((one.user_id, one.tag) for one in world.portal.notices.notices.values() if one.tag)
    yield from (f"{count} notices under {tag}" for tag, count in tags.items() if count > 1)


def copies(world: worlds.World) -> Iterator[str]:
    """One copy per won deal, whole; none of what was never won."""
    rows = deals(world)
    copied = [item for item in rows if item.get("originatorId") == "voronka"]
    titles = Counter(item.get("title") for item in copied)
    yield from (f"{count} copies of «{title}»" for title, count in titles.items() if count > 1)
    for item in rows:
        if item.get("stageId") == world.people.won and not titles[item.get("title")]:
            if _copy_was_deleted(world, item):
                continue
            yield f"deal {item.id} stands won and was never handed over"
    for copy in copied:
        source = next(
            (one for one in rows if one.get("title") == copy.get("title") and one is not copy), None
        )
        if source is not None:
            yield from _halves(world, source, copy)


def _copy_was_deleted(world: worlds.World, item: store.Item) -> bool:
    ref = model.CardRef(model.CardKind.DEAL, item.id)
    made = [
        row.made
        for row in _wishes(world)
        if row.wish.card == ref and isinstance(row.wish.act, intents.CopyDeal)
    ]
    return any(number is not None and not world.portal.crm.exists(DEAL, number) for number in made)


def _halves(world: worlds.World, source: store.Item, copy: store.Item) -> Iterator[str]:
    rows = [len(world.portal.crm.products.get((DEAL, one.id), [])) for one in (source, copy)]
    if rows[0] != rows[1]:
        yield f"deal {copy.id} has {rows[1]} product rows, its source {rows[0]}"
    if copy.get("contactIds") != source.get("contactIds"):
        yield f"deal {copy.id} has other contacts than its source"


def returns(world: worlds.World) -> Iterator[str]:
    """A gate sends a stay back at most once, and the robot moves a card from where it was to and to where it was to.

    Excused is what REST can't tell: a person's own move within the work of the command that found the card.
    """
    backs = [row.wish for row in _wishes(world) if isinstance(row.wish.act, intents.MoveStage)]
    each = Counter((wish.card, wish.cause) for wish in backs)
    yield from (f"{card} {cause} was sent back by {n} wishes" for (card, cause), n in each.items() if n > 1)
    asked = Counter((wish.card.id, wish.act.only_from, wish.act.stage) for wish in backs)
    ours = [move for move in world.people.moves if move.user == seed.ROBOT and not _overtook(world, move)]
    made = Counter((move.deal, move.was, move.now) for move in ours)
    for (deal, was, now), count in made.items():
        if count > asked[deal, was, now]:
            yield f"the robot moved deal {deal} {was} -> {now} {count} times, it was to {asked[deal, was, now]} times"


def _overtook(world: worlds.World, ours: people.Move) -> bool:
    """A person moved the card after the batch had found it and before its next command moved it."""
    since = ours.at - world.net.profile.cost("crm.item.list") - 1e-6
    return any(
        move.deal == ours.deal and move.user != ours.user and since <= move.at < ours.at
        for move in world.people.moves
    )


def rop(world: worlds.World) -> Iterator[str]:
    for item in deals(world):
        if not item.get(seed.ROP):
            yield f"deal {item.id} has no РОП"


def limits(world: worlds.World) -> Iterator[str]:
    if world.net.limit_errors:
        yield f"{world.net.limit_errors} of {world.net.requests} requests met the portal's limits"


def _differences(kept: model.Card | None, seen: model.Card) -> Iterator[str]:
    if kept is None:
        yield "was never looked at"
        return
    plain = [
        (name, getattr(kept, name), getattr(seen, name))
        for name in seen.__dataclass_fields__
        if name != "fields"
    ]
    fields = [(code, kept.value(code), seen.value(code)) for code in seen.fields if code not in SILENT]
    yield from (f"{name} is {now!r}, mirrored as {was!r}" for name, was, now in plain + fields if was != now)


async def mirrored(world: worlds.World) -> AsyncIterator[str]:
    """The mirror is the portal: each card as a look would see it now, each row of its history a stay."""
    known = world.store.world.portals[config.PORTAL]
    refs = [model.CardRef(model.CardKind.DEAL, item.id) for item in deals(world)]
    here = world.here
    assert here is not None
    facts = await here.facts([ports.FactsAsk(ref, 0) for ref in refs], ports.Lane.LIVE) if refs else {}
    for ref in refs:
        seen, row = facts[ref], known.cards.get(ref)
        if not isinstance(seen, ports.Facts) or row is None:
            yield f"{ref}: {seen if row else 'not in the mirror'}"
            continue
        for line in _differences(row.memory.card, seen.card):
            yield f"{ref}: {line}"
        rows = {visit.row for visit in known.visits[ref].values()}
        missing = [visit.row for visit in seen.rows if visit.row not in rows]
        if missing and world.portal.switch.get("history") == "modern":
            yield f"{ref}: the rows {missing} are no stays in the mirror"
    for ref, row in known.cards.items():
        if ref not in refs and not row.memory.deleted:
            yield f"{ref} is gone over there and alive in the mirror"
