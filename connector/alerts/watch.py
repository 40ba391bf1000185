"""What is said about troubles, and when: one word when a trouble has come, one when it is over, none in between (F18).

A trouble is of a kind that the configuration names (`alerts: when:`). Passing ones get some minutes before a person is
woken. What was told is in the notebook, so that a restart neither repeats it nor forgets to say that it is over; a life
that ended without a word is told of by the next one. The ping beats only while nothing is wrong: its silence is the alarm.
Waits are measured by the clock that can't be set; only what people read is a moment of the day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from connector import errors, ports
from connector.alerts import channels
from robots import model, words

TOLD = "alerts"
"""Notebook: {told: {kind: since (ISO)}, beat: when this was last alive (ISO), stopped: whether it said good-bye}."""
STEP, BEAT = 5.0, 300.0
AGAIN_FIRST, AGAIN_MOST = 15.0, 900.0
AWAY = timedelta(minutes=5)
FAREWELL = 3.0
"""Seconds that the last word may take: the whole stop has ten."""

KINDS: Mapping[str, tuple[str, str]] = {
    "access_lost": (
        "нет доступа к порталу",
        "Роботы стоят, ничего не потеряно: сделанное без них будет найдено, когда доступ вернётся.",
    ),
    "portal_unreachable": (
        "портал не отвечает",
        "Роботы ждут, ничего не потеряно. Проверьте интернет на этом компьютере и открывается ли портал в браузере.",
    ),
    "stopped": ("робот остановлен", "Пока он не запущен, задачи не ставятся и сделки не проверяются. Запуск: voronka run."),
    "many_failures": ("у робота много ошибок", "Что не вышло и почему: voronka problems. Повторить: voronka retry."),
    "disk": (
        "диск",
        "Сигналы портала не записываются и ждут обхода. Освободите место: перезапуск не нужен. Подробно: voronka doctor.",
    ),
    "held": ("робот ждёт решения", "Посмотрите, о чём он спрашивает: voronka problems."),
}  # fmt: skip
PATIENCE: Mapping[str, float] = {"portal_unreachable": 120.0, "many_failures": 120.0}
"""Seconds that a trouble of this kind may pass by itself."""


class Trouble(Protocol):
    @property
    def code(self) -> str: ...

    @property
    def text(self) -> str: ...


class Plan(Protocol):
    """`alerts:` of the configuration in force."""

    @property
    def to(self) -> tuple[str, ...]: ...

    @property
    def when(self) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class Sight:
    """What the watch sees of the daemon. All are cheap; `failures` may read the store (StoreError)."""

    troubles: Callable[[], Collection[Trouble]]
    failures: Callable[[], Awaitable[str]]
    """Many wishes went wrong lately: a sentence with numbers; empty: no."""
    disk: Callable[[], str]
    """The disk is nearly full: a sentence; empty: no."""
    plan: Callable[[], Plan]
    zone: Callable[[], str]
    why_stopped: Callable[[], str]
    """What a person must mend before it runs again; empty: it was stopped by a person."""
    aside: Callable[[], bool] = bool
    """Another worker has the portal, and says what there is to say."""


@dataclass
class State:
    since: dict[str, datetime] = field(default_factory=dict)
    """Troubles that are there, told or not yet."""
    first: dict[str, float] = field(default_factory=dict)
    """The same by the clock that can't be set."""
    told: dict[str, datetime] = field(default_factory=dict)
    tries: int = 0
    again: float | None = None
    beaten: float | None = None
    noted: Any = None


def kind_of(code: str) -> str:
    """The configuration's word for a reason of the red light; empty: it is nobody's alarm (a start, a first sweep)."""
    if code in ("starting", "first_sweep", "stopped", "waiting_lease"):
        return ""
    if code in ("portal_unreachable", "portal_overload", "sweep_late"):
        return "portal_unreachable"
    if code == "rights" or code.startswith("portal_"):
        return "access_lost"
    return {"store": "disk", "gone": "held", "restored": "held", "held": "held"}.get(
        code, "many_failures" if code.startswith("loop_") else ""
    )


class Watch:
    def __init__(
        self,
        portal: model.PortalId,
        sight: Sight,
        notebook: ports.Notebook,
        clock: ports.Clock,
        log: Any,
        *,
        channels_for: Callable[[Sequence[str]], tuple[channels.Channel, ...]],
        clean: Callable[[str], str],
        patience: Mapping[str, float] = PATIENCE,
    ) -> None:
        """`clean` takes secrets, phones and e-mails out of a text."""
        self._portal, self._sight, self._notebook, self._clock, self._log = (
            portal,
            sight,
            notebook,
            clock,
            log,
        )
        self._channels_for, self._clean, self._patience = channels_for, clean, patience
        self._state = State()
        self._begun = self._aside = False

    async def run(self, stop: asyncio.Event) -> None:
        """A word on its way to a server that hangs doesn't hold up the last one."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._look_on()), group.create_task(stop.wait())]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
        await self.farewell()

    async def _look_on(self) -> None:
        while True:
            try:
                await self.step()
            except Exception as crash:  # noqa: BLE001  a watch that stumbles must not stop what it watches; it is logged
                self._log.error("loop.failed", loop="alerts", error=type(crash).__name__, exc_info=crash)
            await asyncio.sleep(STEP)

    async def step(self) -> None:
        self._aside = self._sight.aside()
        if self._aside:
            self._begun, self._state = False, State()
            return
        now, ticks, state = self._clock.now(), self._clock.monotonic(), self._state
        if not self._begun:
            self._begun = True
            await self._begin(now)
        seen = await self._seen()
        for kind in seen:
            state.since.setdefault(kind, now)
            state.first.setdefault(kind, ticks)
        for kind in [one for one in state.since if one not in seen]:
            del state.since[kind], state.first[kind]
        if state.again is None or ticks >= state.again:
            await self._tell(seen, ticks)
        due = state.beaten is None or ticks - state.beaten >= BEAT
        if due and not state.told and not seen:
            state.beaten = ticks
            await self._beat()
        await self._note(now)

    async def farewell(self) -> None:
        """The last word of this life."""
        if self._aside:
            return
        now, plan = self._clock.now(), self._sight.plan()
        if "stopped" in plan.when:
            self._state.told["stopped"] = now
        await self._note(now, stopped=True)
        if "stopped" in plan.when:
            why = self._sight.why_stopped()
            text = f"Voronka остановлена: {why}" if why else "Voronka остановлена."
            await self._say("stopped", self._word("stopped", text, now), FAREWELL)

    # ------------------------------------------------------------ what is seen

    async def _seen(self) -> dict[str, str]:
        """Kind -> sentence, of the kinds that somebody wants to hear of."""
        found: dict[str, str] = {}
        for one in self._sight.troubles():
            kind = kind_of(one.code)
            # What a crash says may hold anything: it stays in the log.
            found.setdefault(
                kind, "цикл работы падает и поднимается снова" if kind == "many_failures" else one.text
            )
        if low := self._sight.disk():
            found.setdefault("disk", low)
        if "disk" not in found:
            try:
                if many := await self._sight.failures():
                    found.setdefault("many_failures", many)
            except errors.StoreError as refused:
                found["disk"] = f"база не отвечает: {refused}"
        wanted = self._sight.plan().when
        return {kind: text for kind, text in found.items() if kind in wanted}

    async def _begin(self, now: datetime) -> None:
        noted = await self._read()
        self._state.told = {
            kind: datetime.fromisoformat(at) for kind, at in noted.get("told", {}).items() if kind in KINDS
        }
        beat = datetime.fromisoformat(noted.get("beat") or now.isoformat())
        if noted.get("stopped") or "stopped" not in self._sight.plan().when or now - beat < AWAY:
            return
        text = f"Voronka снова работает. С {self._moment(beat)} она не работала: компьютер или программа остановились внезапно."
        await self._say("stopped", self._word("stopped", text, now, bad=False))

    # ------------------------------------------------------------ what is said

    async def _tell(self, seen: Mapping[str, str], ticks: float) -> None:
        state, failed = self._state, False
        for kind, text in seen.items():
            ripe = ticks - state.first[kind] >= self._patience.get(kind, 0.0)
            if kind not in state.told and ripe:
                if await self._say(kind, self._word(kind, text, state.since[kind])):
                    state.told[kind] = state.since[kind]
                else:
                    failed = True
        for kind in [one for one in state.told if one not in seen]:
            if await self._say(kind, self._over(kind, state.told[kind])):
                del state.told[kind]
            else:
                failed = True
        if failed:
            delay = min(AGAIN_MOST, AGAIN_FIRST * 2.0**state.tries)
            state.tries, state.again = state.tries + 1, ticks + delay
        else:
            state.tries, state.again = 0, None

    def _word(self, kind: str, text: str, since: datetime, *, bad: bool = True) -> channels.Word:
        what, cure = KINDS[kind]
        subject = f"Voronka, {self._portal}: {what}" if bad else f"Voronka, {self._portal}: снова работает"
        lines = [text, f"С {self._moment(since)}.", cure, "Состояние: voronka status"] if bad else [text]
        return channels.Word(subject, self._clean("\n".join(lines)), bad)

    def _over(self, kind: str, since: datetime) -> channels.Word:
        what, _ = KINDS[kind]
        text = f"Прошло: {what} (с {self._moment(since)})."
        return channels.Word(f"Voronka, {self._portal}: прошло: {what}", self._clean(text), bad=False)

    def _moment(self, at: datetime) -> str:
        return words.moment(at, self._sight.zone())

    async def _say(self, kind: str, word: channels.Word, within: float = channels.TIMEOUT) -> bool:
        """Whether one channel at least took it; without any, there is nothing to do."""
        ways = self._channels_for(self._sight.plan().to)
        said = await asyncio.gather(*(self._one(way.say(word, within), kind) for way in ways))
        if any(said):
            self._log.info("alert.sent", kind=kind)
        return any(said) or not ways

    async def _beat(self) -> None:
        ways = self._channels_for(self._sight.plan().to)
        await asyncio.gather(*(self._one(way.beat(), "beat") for way in ways))

    async def _one(self, saying: Awaitable[None], kind: str) -> bool:
        try:
            await saying
        except channels.Undelivered as lost:
            self._log.error("alert.failed", kind=kind, reason=str(lost))
            return False
        return True

    # ------------------------------------------------------------ what is remembered

    async def _read(self) -> Mapping[str, Any]:
        try:
            return await self._notebook.read(self._portal, TOLD) or {}
        except errors.StoreError:
            return {}  # the trouble itself is seen by `failures`, and told

    async def _note(self, now: datetime, *, stopped: bool = False) -> None:
        told = {kind: at.isoformat() for kind, at in self._state.told.items()}
        minute = now.replace(second=0, microsecond=0)
        noted = {"told": told, "beat": minute.isoformat(), "stopped": stopped}
        if noted == self._state.noted:
            return
        try:
            await self._notebook.write(self._portal, TOLD, noted)
            self._state.noted = noted
        except errors.StoreError:
            return  # an ill store is what is being told of
