"""How the daemon is, for health, metrics and the status page: read from what is already known, cheaply."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from connector import ports
from connector.bootstrap import daemon, notes
from connector.web import seams
from robots import intents, model, story, words

SHOWN = 15
HELD = "held"
"""The note of what limits hold."""
OPEN = (
    intents.WishState.WISHED,
    intents.WishState.SENT,
    intents.WishState.UNKNOWN,
    intents.WishState.HELD,
    intents.WishState.WAITING,
    intents.WishState.REFUSED,
    intents.WishState.GIVEN_UP,
    intents.WishState.NO_EFFECT,
)


class Views:
    def __init__(self, worked: daemon.Daemon) -> None:
        self._worked = worked

    def as_seams(self) -> seams.Views:
        return seams.Views(self.ready, self.live, self.status, lambda: not self._worked.standby)

    def live(self) -> bool:
        return not self._worked.finished

    def ready(self) -> seams.Readiness:
        worked, now = self._worked, self._worked.clock.now()
        notes_ = tuple(self._remarks())
        if worked.standby and worked.doors_open:
            return seams.Readiness(True, (), (*notes_, daemon.STANDBY))
        if worked.waiting is not None or worked.worker is None:
            return seams.Readiness(
                False, (worked.waiting or seams.Trouble("stopped", "остановлена"),), notes_
            )
        health = worked.worker.health
        troubles = tuple(seams.Trouble(one.code, one.text) for one in health.troubles(now))
        ready = health.ready(now)
        if not ready and not troubles:
            troubles = (seams.Trouble("first_sweep", "первый обход портала ещё идёт"),)
        return seams.Readiness(ready, troubles, notes_)

    async def status(self) -> seams.Status:
        worked = self._worked
        keeper = worked.keeper
        present = keeper.present if keeper else None
        rows = await worked.store.ledger.rows(worked.portal, states=OPEN, limit=10_000)
        last = await worked.store.ledger.rows(worked.portal, limit=SHOWN * 2)
        modes: Counter[str] = Counter()
        if present is not None:
            modes.update(present.modes.values())
            modes["broken"] = len(present.loaded.broken)
        directory = keeper.directory if keeper else notes.directory(worked.portal, None)
        return seams.Status(
            portal=str(worked.portal),
            address=worked.section.address,
            config=present.bundle.hash if present else "",
            readiness=self.ready(),
            modes=modes,
            inbox=await worked.store.inbox.depth(worked.portal),
            states=Counter(row.state.value for row in rows),
            acts=tuple(_acts(last, self._address(directory))),
            now=worked.clock.now(),
            zone=directory.calendar.timezone if directory.calendar else "UTC",
            swept=worked.worker.health.beats.get("sweep") if worked.worker else None,
        )

    def _address(self, directory: model.Directory) -> str:
        return f"{'http' if self._worked.section.insecure_http else 'https'}://{directory.address}"

    def _remarks(self) -> Iterator[seams.Trouble]:
        worked = self._worked
        if worked.application is not None:
            yield from worked.application.remarks()
        elif not worked.kept.events_token and worked.section.events == "webhook":
            yield seams.Trouble("no_token", "сигналы портала не принимаются: не задан B24_EVENTS_TOKEN")
        if worked.reached is not None:
            for lack in (*worked.reached.notes, *worked.reached.troubles.values()):
                yield seams.Trouble("portal_degraded", lack)
        yield from worked.admission.notes()
        if worked.worker is not None and (held := worked.worker.desk.meter.held):
            acts = words.count(sum(held.values()), "действие", "действия", "действий")
            yield seams.Trouble(HELD, f"придержано: {acts} ({', '.join(held)}): voronka held")
        keeper = worked.keeper
        if keeper is None:
            return
        if keeper.waiting:
            yield seams.Trouble("config_waiting", "изменения ждут: voronka apply")
        if keeper.rejected:
            yield seams.Trouble(
                "config_rejected", "файл с ошибками не принят, работает прежняя настройка: voronka check"
            )
        if keeper.present is not None and keeper.present.errors:
            yield seams.Trouble("robots_broken", f"не поняты: {len(keeper.present.errors)}; voronka check")


def _acts(rows: Sequence[ports.Row], address: str) -> Iterator[seams.Act]:
    """Newest first; what never leaves the house isn't shown."""
    listed = [row for row in reversed(rows) if not isinstance(row.wish.act, intents.Remember)]
    for row in listed[:SHOWN]:
        kind = "Сделка" if row.wish.card.kind is model.CardKind.DEAL else "Лид"
        path = row.wish.card.kind.value
        yield seams.Act(
            at=row.done_at or row.sent_at or row.wished_at,
            card=f"{kind} {row.wish.card.id}",
            robot=row.wish.robot,
            what=story.deed(row.wish.act),
            word=story.outcome_word(row.state.value),
            link=f"{address}/crm/{path}/details/{row.wish.card.id}/",
        )
