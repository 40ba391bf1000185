"""The same world with Hypothesis at the helm: it picks who does what and when, what breaks and when the daemon dies, and
shrinks what breaks a law to the few steps that matter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import hypothesis
import pytest
from hypothesis import stateful
from hypothesis import strategies as st

from tests.simulation import bells, laws, net, people
from tests.simulation import life as lives
from tests.simulation import world as worlds

ACTS: Mapping[str, Callable[[people.People], None]] = {
    act.__name__: act
    for act in (
        people.People.create,
        people.People.forward,
        people.People.jump,
        people.People.back,
        people.People.flip,
        people.People.fill,
        people.People.win,
        people.People.lose,
        people.People.reopen,
        people.People.complete,
        people.People.hand,
        people.People.delete,
    )
}
MOODS = {"well": bells.Mood(), "lost": bells.Mood(drop=1.0), "late": bells.Mood(double=0.5, late=1.0)}
POINTS = ("", "ledger.sending.after", "wire.after", "ledger.end.before", "mirror.record.after")


class Machine(stateful.RuleBasedStateMachine):
    @stateful.initialize(seed=st.integers(0, 999), lazy=st.sampled_from([0.0, 0.5]))
    def begin(self, seed: int, lazy: float) -> None:
        self.world = worlds.World(seed, worlds.calm_plan(deletes=True, lazy=lazy))
        self.world.loop.until(self.world.begun())
        self.world.people.create()

    @stateful.rule(act=st.sampled_from(sorted(ACTS)), seconds=st.sampled_from([0.0, 0.3, 3.0, 20.0]))
    def act(self, act: str, seconds: float) -> None:
        self.world.people.do(ACTS[act])
        self.wait(seconds)

    @stateful.rule(seconds=st.sampled_from([0.02, 3.0, 80.0]))
    def wait(self, seconds: float) -> None:
        self.world.loop.until(asyncio.sleep(seconds))

    @stateful.rule(kind=st.sampled_from(("", *net.KINDS)), likely=st.sampled_from([0.2, 1.0]))
    def weather(self, kind: str, likely: float) -> None:
        self.world.net.weather = net.Weather((kind,) if kind else (), likely)

    @stateful.rule(mood=st.sampled_from(sorted(MOODS)))
    def doorbells(self, mood: str) -> None:
        self.world.bells.mood = MOODS[mood]

    @stateful.rule(point=st.sampled_from(POINTS), count=st.integers(1, 3))
    def die(self, point: str, count: int) -> None:
        """At once, or when this life passes a point for the n-th time; the next one has no doom of its own."""
        life, self.world.deaths = self.world.life, 1
        if life is not None and point:
            life.doom = lives.Doom(point, count)
        elif life is not None:
            life.end("here")

    @stateful.invariant()
    def nothing_is_doubled(self) -> None:
        found = [
            line
            for law in (laws.marks_once, laws.comments_once, laws.notices_once)
            for line in law(self.world)
        ]
        assert found == []

    def teardown(self) -> None:
        """Whatever it was, once it is over everything is done."""
        if hasattr(self, "world"):
            assert self.world.loop.run(self.world.ended(laws.breaches)) == []


# A time-out amid the search would look like a breach of its own; shrinking one takes minutes.
TestMachine = pytest.mark.timeout(600)(Machine.TestCase)
TestMachine.settings = hypothesis.settings(
    max_examples=50,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
