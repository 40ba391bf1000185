"""How many looks a second one core decides: 100 robots and 200, of which 3 apply to the card.

    floor = the same look with no rules at all: only an empty Decision is made

Seconds are the process's own of CPU and the best of many short runs, as timeit counts: what neighbours on the machine take
isn't ours. The naive rival asks each robot in turn, as a list of handlers does, instead of those whose occasion it is. A first look
(its wishes are made) and a repeated one (nothing to do) are told apart. Run: `python -m bench decide`.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from datetime import timedelta

from bench import report
from robots import changes, decision, model
from robots import look as looks
from robots import robot as r
from robots.kinds import notify
from tests.robots import builders, rules

ROBOTS = (100, 200)
WANTED = 20_000
FORMULA = "the same look with no rules: an empty Decision"
RIVAL = "each robot asked in turn, with no timetable of occasions"


def many(count: int = ROBOTS[0]) -> decision.Rules:
    """The funnel's robots and gates, one more for the new deal's stage, and many for other stages and other fields."""
    funnel = rules.funnel()
    text = builders.template("{{Сделка: Название}}: {{Сделка: Сумма}}")
    here, *stages = sorted(builders.SALES_STAGES, key=lambda stage: stage[1] != "Новый лид")
    more = [
        rules.robot(
            f"Правило {number}/notify",
            "notify",
            notify.Options((rules.MANAGER,), text),
            _trigger(number, here[0] if number == 0 else stages[number % len(stages)][0]),
            order=number,
        )
        for number in range(count - len(funnel.robots))
    ]
    return dataclasses.replace(funnel, robots=(*funnel.robots, *more))


def _trigger(number: int, stage: str) -> r.Trigger:
    """Fields and stages by turns; the first is a stage's."""
    return r.Changed(f"UF_CRM_{number}") if number % 2 else r.Entered(model.StageId(stage))


def fresh_look(rules_: decision.Rules) -> looks.Look:
    """A new deal at its first look: РОП, a task and the rest to be decided."""
    seen = builders.look(clients=(builders.contact(),), arrived=(builders.visit(created=True),), first=True)
    numbers, changed = changes.count(None, seen.card, {})
    active = looks.Activation(builders.NOW - timedelta(days=1), 1000, 50)
    ids = [robot.id for robot in rules_.robots] + [gate.id for gate in rules_.gates]
    return dataclasses.replace(seen, changes=numbers, changed=changed, activations=dict.fromkeys(ids, active))


def rate(seconds: float, work: Callable[[], object], run: int = 100) -> float:
    """Per second of CPU: the best run of `run` calls among those begun within `seconds`."""
    best, until = float("inf"), time.process_time() + seconds
    while (began := time.process_time()) < until:
        for _ in range(run):
            work()
        best = min(best, time.process_time() - began)
    return run / best


def looks_per_second(rules_: decision.Rules, seen: looks.Look) -> tuple[float, float, float]:
    """(ours, with no rules, one robot after the other)"""
    alone = [dataclasses.replace(rules_, robots=(robot,), gates=()) for robot in rules_.robots]
    return (
        rate(2, lambda: decision.decide(rules_, seen, builders.NOW)),
        rate(1, lambda: decision.decide(decision.Rules(), seen, builders.NOW)),
        rate(1, lambda: [decision.decide(each, seen, builders.NOW) for each in alone], run=5),
    )


def run() -> report.Report:
    figures, notes = [], []
    for count in ROBOTS:
        rules_ = many(count)
        first = fresh_look(rules_)
        again = dataclasses.replace(
            first, first=False, arrived=(), changed=frozenset(), accepted=first.visit, before=first.card
        )
        for name, seen in (("first", first), ("repeated", again)):
            ours, floor, naive = looks_per_second(rules_, seen)
            what = f"{name} looks, {len(rules_.robots)} robots"
            figures.append(
                report.Figure(what, ours, "/s", floor, naive, f">= {WANTED:,}/s", ours >= WANTED, more=True)
            )
        wishes = len(decision.decide(rules_, first, builders.NOW).wishes)
        notes.append(f"{count} robots: {wishes} wishes at the first look")
    return report.Report("decide", figures, FORMULA, RIVAL, notes)
