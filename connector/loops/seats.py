"""One card of a batch: memory and facts become a Look, a decision becomes a Looked. Pure; the shell gathers and records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connector import ports
from connector.loops import comms as hashed
from connector.loops import config
from connector.loops import desk as desks
from robots import changes, decision, depth, happenings, intents, look, model, occasions, visits

OUR_MARK = "voronka"
S = intents.WishState


@dataclass(slots=True)
class Seat:
    """A card on the table while its batch is looked at. `look` grows with what is gathered."""

    dirty: ports.Dirty
    memory: ports.Memory
    followed: visits.Followed
    look: look.Look
    comms: str
    origin: ports.Row | None = None
    decided: decision.Decision = field(default_factory=decision.Decision)
    judged: datetime | None = None
    """The moment that was decided for, where time calls robots."""
    heard: tuple[str, ...] = ()

    @property
    def ref(self) -> model.CardRef:
        return self.look.card.ref


@dataclass(frozen=True, slots=True)
class Torn:
    """History and card disagree: nothing is decided, the card is due again at once."""

    dirty: ports.Dirty
    memory: ports.Memory
    card: model.Card


def ask(ref: model.CardRef, memory: ports.Memory) -> ports.FactsAsk:
    return ports.FactsAsk(ref, memory.last_row, own_tasks(memory.past))


def own_tasks(past: Sequence[intents.Past]) -> tuple[model.TaskId, ...]:
    """Tasks that we set and haven't closed."""
    closed = {
        row.wish.act.set_by
        for row in past
        if isinstance(row.wish.act, intents.CloseTask) and row.state.happened
    }
    return tuple(
        model.TaskId(row.made)
        for row in past
        if isinstance(row.wish.act, intents.SetTask) and row.made is not None and row.wish.key not in closed
    )


def lay(
    dirty: ports.Dirty,
    memory: ports.Memory,
    facts: ports.Facts,
    book: desks.Book,
    key: bytes,
    origin: ports.Row | None,
) -> Seat | Torn:
    """`facts.rows` hold no row that the mirror has as a stay."""
    card = facts.card
    followed = visits.follow(
        card, facts.rows, last=memory.visit, unseen=memory.unseen_rows, torn_before=memory.torn
    )
    if followed.torn:
        return Torn(dirty, memory, card)
    numbers, changed = changes.count(memory.card, card, memory.changes)
    first = memory.visit is None
    seen = look.Look(
        card=card,
        directory=book.directory,
        visit=followed.visit,
        before=memory.card,
        accepted=memory.accepted,
        refused=memory.refused,
        judged=memory.judged,
        heard=frozenset(memory.heard),
        first=first,
        arrived=(*memory.since, *followed.arrived),
        changes=numbers,
        changed=changed,
        tasks=facts.tasks,
        past=memory.past,
        activations=book.activations,
        unfinished_origin=origin is not None and not origin.state.happened,
        origin_card=origin.wish.card if origin is not None else None,
        depth=depth.depth(
            memory.card,
            card,
            followed.arrived,
            changed,
            memory.past,
            made_by=origin.wish if origin is not None and first else None,
        ),
    )
    seat = Seat(dirty, memory, followed, seen, memory.comms, origin)
    if not bound(card):
        with_clients(seat, (), key)
    return seat


def bound(card: model.Card) -> bool:
    return bool(card.contacts) or card.company is not None


def with_clients(seat: Seat, clients: tuple[model.Client, ...], key: bytes) -> None:
    """The clients are gathered, and with them the card's phones and e-mails: their change is counted."""
    phones, emails = hashed.of_card(seat.look.card, clients)
    seat.comms = hashed.digest(key, (*phones, *emails))
    numbers, changed = changes.count_comms(
        seat.look.changes, seat.look.changed, seat.memory.comms, seat.comms
    )
    seat.look = replace(seat.look, clients=clients, changes=numbers, changed=changed)


def comms_ask(seat: Seat) -> ports.CommsAsk:
    phones, emails = hashed.of_card(seat.look.card, seat.look.clients or ())
    own = tuple(one.ref for one in seat.look.clients or () if one.phones or one.emails)
    return ports.CommsAsk(seat.ref, phones, emails, own)


def judged(seat: Seat, rules: decision.Rules, now: datetime) -> None:
    """What this look asks robots about that time and news call; a card that decides nothing yet is asked later."""
    if seat.look.unfinished_origin:
        seat.judged, seat.heard = seat.memory.judged, seat.memory.heard
        return
    seat.judged = now if rules.timetable.timed else None
    seat.heard = tuple(sorted(happenings.heard(seat.look, now))) if rules.timetable.told else ()


def looked(seat: Seat, now: datetime, settings: config.LoopSettings, rules: str) -> ports.Looked:
    """What the mirror keeps of a whole look."""
    if seat.look.unfinished_origin and seat.origin is not None and not seat.origin.state.final:
        return _unfinished(seat, now, settings, rules)
    seen, decided, followed = seat.look, seat.decided, seat.followed
    stands = decided.accepted is not None and occasions.same(decided.accepted, seen.visit)
    memory = ports.Memory(
        card=seen.card,
        visit=followed.visit,
        accepted=decided.accepted,
        refused=decided.refused,
        since=() if stands and decided.refused is None else seen.arrived,
        changes=seen.changes,
        comms=seat.comms,
        unseen_rows=followed.unseen,
        judged=seat.judged,
        heard=seat.heard,
    )
    return ports.Looked(
        dirty=seat.dirty,
        ref=seat.ref,
        look_id=_look_id(seat.dirty, now),
        at=now,
        memory=memory,
        arrived=followed.arrived,
        clients=client_refs(seen.card),
        wishes=decided.wishes,
        wake_at=decided.wake_at,
        trace=tuple(_trace(seat)),
        config=rules,
    )


def _unfinished(seat: Seat, now: datetime, settings: config.LoopSettings, rules: str) -> ports.Looked:
    """A card that our own saga is still making is as good as unseen: the look after the saga's end is its first, or what
    creation calls would never be asked."""
    return ports.Looked(
        dirty=seat.dirty,
        ref=seat.ref,
        look_id=_look_id(seat.dirty, now),
        at=now,
        memory=replace(seat.memory, deleted=False),
        trace=tuple(_trace(seat)),
        due_again=now + timedelta(seconds=settings.origin_delay),
        config=rules,
    )


def torn(seat: Torn, now: datetime, settings: config.LoopSettings, rules: str) -> ports.Looked:
    """Only the count of torn looks is remembered: what changed is counted by the look that is whole."""
    return ports.Looked(
        dirty=seat.dirty,
        ref=seat.card.ref,
        look_id=_look_id(seat.dirty, now),
        at=now,
        memory=replace(seat.memory, torn=seat.memory.torn + 1, deleted=False),
        due_again=now + timedelta(seconds=settings.torn_delay),
        config=rules,
    )


def client_refs(card: model.Card) -> tuple[model.ClientRef, ...]:
    refs = [model.ClientRef(model.ClientKind.CONTACT, contact) for contact in card.contacts]
    if card.company is not None:
        refs.append(model.ClientRef(model.ClientKind.COMPANY, card.company))
    return tuple(refs)


def _trace(seat: Seat) -> list[ports.TraceLine]:
    lines = [
        ports.TraceLine(told.robot, told.outcome, told.reason, told.mark, told.wish)
        for told in seat.decided.trace
    ]
    if seat.followed.gave_up:
        reason = "история портала так и не сошлась с карточкой: взята стадия карточки"
        lines.insert(0, ports.TraceLine(decision.ENGINE, "looked", reason))
    return lines


def _look_id(dirty: ports.Dirty, now: datetime) -> str:
    return f"{dirty.thing.kind}:{dirty.thing.id}@{now:%Y%m%dT%H%M%S.%f}"
