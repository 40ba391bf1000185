"""One batch of cards: gather, decide, record, in that order, with one write at the end (design.md «The look»).

Facts that cost more calls are gathered for all cards of the batch together, only if a robot needs them, and the question
is put again: `decide` is pure. A card's trouble is its own; the others are recorded without it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connector import errors, ports
from connector.loops import absences, imports, seats
from connector.loops import desk as desks
from robots import decision, look, model

Decide = Callable[[decision.Rules, look.Look, datetime], decision.Decision]
Troubles = dict[ports.Dirty, Exception]

FEW = 25
"""Cards recorded together: some 15 ms, which is what a look may add to a doorbell's answer."""


Attempts = tuple[look.Attempt, ...]
Plans = look.Plans


class Looking:
    def __init__(self, desk: desks.Desk, decide: Decide, key: bytes) -> None:
        self._desk, self._decide, self._key = desk, decide, key
        self._absences = absences.Absences(desk)
        self._imports = imports.Imports(desk)

    async def look(
        self, batch: Sequence[tuple[ports.Dirty, model.CardRef]], lane: ports.Lane
    ) -> tuple[Troubles, Collection[model.CardRef]]:
        """Which cards couldn't be looked at and why, and which were recorded."""
        troubles: Troubles = {}
        table, torn = await self._lay(batch, lane, troubles)
        await self._decide_all(table, lane, troubles)
        await self._imports.hold([seat for seat in table if seat.dirty not in troubles])
        now, settings, rules = self._desk.clock.now(), self._desk.settings, self._desk.book.rules.config
        made = [seats.looked(seat, now, settings, rules) for seat in table if seat.dirty not in troubles]
        made += [seats.torn(seat, now, settings, rules) for seat in torn]
        recorded = await self._record(made, troubles)
        self._tell(table, torn, recorded)
        return troubles, recorded

    async def rehearse(self, ref: model.CardRef) -> decision.Decision | str:
        """What would be decided now of a card; nothing is recorded. A sentence: why nothing can be. Raises what `decide`
        raises, errors.PortalError."""
        dirty = ports.Dirty(ports.Thing(ports.Kind(ref.kind.value), ref.id), -1, ports.Lane.LIVE)
        memory = (await self._desk.mirror.memories(self._desk.id, [ref]))[ref]
        facts = (await self._desk.portal.facts([seats.ask(ref, memory)], dirty.lane))[ref]
        table: list[seats.Seat] = []
        troubles: Troubles = {}
        if isinstance(facts, ports.Facts):
            await self._seat(dirty, memory, facts, table, [], troubles)
            await self._decide_all(table, dirty.lane, troubles)
        elif isinstance(facts, Exception):
            raise facts
        else:
            return "в портале такой карточки нет" if facts.gone else f"портал её не показывает: {facts.why}"
        for trouble in troubles.values():
            raise trouble
        return table[0].decided if table else "карточка как раз меняется: повторите через несколько секунд"

    # ------------------------------------------------------------ gather

    async def _lay(
        self, batch: Sequence[tuple[ports.Dirty, model.CardRef]], lane: ports.Lane, troubles: Troubles
    ) -> tuple[list[seats.Seat], list[seats.Torn]]:
        desk = self._desk
        memories = await desk.mirror.memories(desk.id, [ref for _, ref in batch])
        found = await desk.portal.facts([seats.ask(ref, memories[ref]) for _, ref in batch], lane)
        table: list[seats.Seat] = []
        torn: list[seats.Torn] = []
        gone: list[absences.Gone] = []
        for dirty, ref in batch:
            match found[ref]:
                case ports.Absent(True):
                    gone.append(absences.Gone(dirty, ref, memories[ref]))
                case ports.Absent(False, why):
                    troubles[dirty] = self._absences.hidden(ref, memories[ref], why)
                case ports.Facts() as facts:
                    self._absences.seen(ref)
                    await self._seat(dirty, memories[ref], facts, table, torn, troubles)
                case Exception() as trouble:
                    troubles[dirty] = trouble
        if gone:
            troubles.update(await self._absences.bury(gone))
        return table, torn

    async def _seat(
        self,
        dirty: ports.Dirty,
        memory: ports.Memory,
        facts: ports.Facts,
        table: list[seats.Seat],
        torn: list[seats.Torn],
        troubles: Troubles,
    ) -> None:
        facts = await self._only_news(memory, facts)
        origin = await self._origin(facts.card)
        try:
            seat = seats.lay(dirty, memory, facts, self._desk.book, self._key, origin)
        except Exception as broken:  # noqa: BLE001 - this card is parked with its reason, its fellows go on
            troubles[dirty] = broken
            return
        if isinstance(seat, seats.Torn):
            torn.append(seat)
        else:
            seat.look = replace(seat.look, care=self._desk.care.of(seat.ref))
            table.append(seat)

    async def _only_news(self, memory: ports.Memory, facts: ports.Facts) -> ports.Facts:
        """After a stay seen without a row the whole history was read: rows that are stays already say nothing new."""
        if memory.visit is None or memory.visit.row is not None:
            return facts
        numbers = [visit.row for visit in facts.rows if visit.row is not None]
        known = await self._desk.mirror.rows_known(self._desk.id, facts.card.ref.kind, numbers)
        return replace(facts, rows=tuple(visit for visit in facts.rows if visit.row not in known))

    async def _origin(self, card: model.Card) -> ports.Row | None:
        """The hand-over that made this card, if it was ours."""
        if card.origin is None or card.origin[0] != seats.OUR_MARK:
            return None
        return await self._desk.ledger.by_marker(self._desk.id, card.origin[1])

    async def _gather(self, asking: Sequence[seats.Seat], lane: ports.Lane, troubles: Troubles) -> None:
        tried = [seat for seat in asking if look.Need.ACTIVITIES in seat.decided.needs]
        if tried:
            attempts = await self._desk.portal.attempts([seat.ref for seat in tried], lane)
            for seat in tried:
                self._put_attempts(seat, attempts[seat.ref], troubles)
        planned = [
            seat for seat in asking if look.Need.PLANS in seat.decided.needs and seat.dirty not in troubles
        ]
        if planned:
            plans = await self._desk.portal.plans([seat.ref for seat in planned], lane)
            for seat in planned:
                self._put_plans(seat, plans[seat.ref], troubles)
        lacking = [seat for seat in asking if seat.look.clients is None and seat.dirty not in troubles]
        if lacking:
            clients = await self._desk.portal.clients([seat.look.card for seat in lacking], lane)
            for seat in lacking:
                self._put_clients(seat, clients, troubles)
        searching = [
            seat
            for seat in asking
            if look.Need.DUPLICATES in seat.decided.needs and seat.dirty not in troubles
        ]
        if searching:
            await self._put_duplicates(searching, lane, troubles)

    def _put_attempts(self, seat: seats.Seat, found: Attempts | Exception, troubles: Troubles) -> None:
        if isinstance(found, Exception):
            troubles[seat.dirty] = found
        else:
            seat.look = replace(seat.look, attempts=found)

    def _put_plans(self, seat: seats.Seat, found: Plans | Exception, troubles: Troubles) -> None:
        if isinstance(found, Exception):
            troubles[seat.dirty] = found
        else:
            seat.look = replace(seat.look, plans=found)

    def _put_clients(
        self,
        seat: seats.Seat,
        clients: Mapping[model.CardRef, tuple[model.Client, ...] | Exception],
        troubles: Troubles,
    ) -> None:
        found = clients[seat.ref]
        if isinstance(found, Exception):
            troubles[seat.dirty] = found
        else:
            seats.with_clients(seat, found, self._key)

    async def _put_duplicates(
        self, searching: Sequence[seats.Seat], lane: ports.Lane, troubles: Troubles
    ) -> None:
        asks = {seat.ref: seats.comms_ask(seat) for seat in searching}
        worth = [one for one in asks.values() if one.phones or one.emails]
        found = await self._desk.portal.duplicates(worth, lane) if worth else {}
        for seat in searching:
            answer = found[seat.ref] if asks[seat.ref] in worth else look.Duplicates(comms=())
            if isinstance(answer, Exception):
                troubles[seat.dirty] = answer
            else:
                seat.look = replace(seat.look, duplicates=answer)

    # ------------------------------------------------------------ decide

    async def _decide_all(self, table: Sequence[seats.Seat], lane: ports.Lane, troubles: Troubles) -> None:
        asking = list(table)
        for _ in range(self._desk.settings.rounds):
            for seat in asking:
                self._decide_one(seat, troubles)
            asking = [seat for seat in asking if seat.dirty not in troubles and seat.decided.needs]
            if not asking:
                return
            await self._gather(asking, lane, troubles)
            asking = [seat for seat in asking if seat.dirty not in troubles]
        for seat in asking:
            needs = ", ".join(sorted(seat.decided.needs))
            troubles[seat.dirty] = RuntimeError(f"фактов не хватило и после {needs}")

    def _decide_one(self, seat: seats.Seat, troubles: Troubles) -> None:
        rules, now = self._desk.book.rules, self._desk.clock.now()
        seats.judged(seat, rules, now)
        try:
            seat.decided = self._decide(rules, seat.look, now)
        except Exception as broken:  # noqa: BLE001 - this card is parked with its reason, its fellows go on
            troubles[seat.dirty] = broken

    # ------------------------------------------------------------ record

    async def _record(self, made: Sequence[ports.Looked], troubles: Troubles) -> set[model.CardRef]:
        """A few cards a transaction: a doorbell that rings meanwhile waits for no more than that. Each card stands by
        itself, so those already recorded are well whatever becomes of the rest."""
        recorded: set[model.CardRef] = set()
        for at in range(0, len(made), FEW):
            try:
                recorded |= await self._record_few(made[at : at + FEW], troubles)
            except errors.StoreError as ill:
                troubles.update(dict.fromkeys((one.dirty for one in made[at:]), ill))
                break
        return recorded

    async def _record_few(self, made: Sequence[ports.Looked], troubles: Troubles) -> set[model.CardRef]:
        self._desk.at("before_record")
        try:
            await self._desk.mirror.record(self._desk.id, made)
        except errors.StoreError:
            raise
        except Exception as broken:  # noqa: BLE001 - one of them can't be written; each is tried by itself
            if len(made) == 1:
                troubles[made[0].dirty] = broken
                return set()
            return {ref for one in made for ref in await self._record_few([one], troubles)}
        self._desk.at("after_record")
        return {one.ref for one in made}

    def _tell(
        self, table: Sequence[seats.Seat], torn: Sequence[seats.Torn], recorded: Collection[model.CardRef]
    ) -> None:
        log = self._desk.log
        for one in torn:
            log.info("card.torn", card=str(one.card.ref), torn=one.memory.torn + 1)
        for seat in table:
            if seat.ref not in recorded:
                continue
            log.debug("card.looked", card=str(seat.ref), stage=seat.look.card.stage)
            watched = {wish.key for wish in seat.decided.wishes if wish.dry_run}
            for told in seat.decided.trace:
                say = log.info if told.wish is not None and told.outcome == "wished" else log.debug
                say(
                    "robot.decided",
                    card=str(seat.ref),
                    robot=told.robot,
                    outcome="dry_run" if told.wish in watched else told.outcome,
                    reason=told.reason,
                )
