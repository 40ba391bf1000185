"""What is said about troubles, and when: one word when a trouble has come, one when it is over, none in between (F18).

A trouble is of a kind that the configuration names (`alerts: when:`). Passing ones get some minutes before a person is
woken. What was told is in the notebook, so that a restart neither repeats it nor forgets to say that it is over; a life
that ended without a word is told of by the next one. The ping beats only while nothing is wrong: its silence is the alarm.
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


@dataclass
class State:
    since: dict[str, datetime] = field(default_factory=dict)
    """Troubles that are there, told or not yet."""
    told: dict[str, datetime] = field(default_factory=dict)
    tries: int = 0
    again: datetime | None = None
    beaten: datetime | None = None
    noted: Any = None


def kind_of(code: str) -> str:
    """The configuration's word for a reason of the red light; empty: it is nobody's alarm (a start, a first sweep)."""
    if code in ("starting", "first_sweep", "stopped", "waiting_lease"):
        return ""
    if code in ("portal_unreachable", "portal_overload", "sweep_late"):
        return "portal_unreachable"
    if code == "rights" or code.startswith("portal_"):
        return "access_lost"
    return {"store": "disk", "gone": "held"}.get(code, "many_failures" if code.startswith("loop_") else "")


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
        self._begun = False

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.step()
            try:
                async with asyncio.timeout(STEP):
                    await stop.wait()
            except TimeoutError:
                continue
        await self.farewell()

    async def step(self) -> None:
        now, state = self._clock.now(), self._state
        if not self._begun:
            self._begun = True
            await self._begin(now)
        seen = await self._seen()
        for kind in seen:
            state.since.setdefault(kind, now)
        for kind in [one for one in state.since if one not in seen]:
            del state.since[kind]
        if state.again is None or now >= state.again:
            await self._tell(seen, now)
        if (
            not state.told
            and not seen
            and (state.beaten is None or now - state.beaten >= timedelta(seconds=BEAT))
        ):
            state.beaten = now
            await self._beat()
        await self._note(now)

    async def farewell(self) -> None:
        """The last word of this life."""
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

    async def _tell(self, seen: Mapping[str, str], now: datetime) -> None:
        state, failed = self._state, False
        for kind, text in seen.items():
            ripe = now - state.since[kind] >= timedelta(seconds=self._patience.get(kind, 0.0))
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
            state.tries, state.again = state.tries + 1, now + timedelta(seconds=delay)
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
