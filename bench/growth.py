"""How costs grow: one look with the number of cards in the store, one decision with the number of robots.

    cards    milliseconds of a round of looks, of a sweep and of an idle executor's question, as `bench.mirror` times them
    robots   microseconds of processor for a decision, first and repeated, as `bench.decide` times them; the rival beside
             asks each robot in turn

The floor of a figure is the smallest of its curve: what doesn't grow is x1. `python -m bench growth --svg docs/img` draws
them. Run: `python -m bench growth`.
"""

from __future__ import annotations

import asyncio
import dataclasses

from bench import decide, mirror, report
from robots import decision
from tests.robots import builders

CARDS = (1_000, 3_000, 10_000, 30_000)
ROBOTS = (10, 30, 100, 300, 1_000)
SECONDS = 0.5
"""Of processor for each point of robots."""
FORMULA = "the smallest of the same curve"


def of_cards(sizes: tuple[int, ...]) -> list[report.Curve]:
    seen = asyncio.run(mirror.mirrors(sizes))
    return [
        report.Curve("cards", what, "ms", [(one.cards, one.ms(what)) for one in seen])
        for what in mirror.WORKS
    ]


def of_robots(sizes: tuple[int, ...]) -> list[report.Curve]:
    points: dict[str, list[tuple[float, float]]] = {"first look": [], "repeated look": [], "one by one": []}
    for size in sizes:
        rules = decide.many(size)
        first = decide.fresh_look(rules)
        again = dataclasses.replace(
            first, first=False, arrived=(), changed=frozenset(), accepted=first.visit, before=first.card
        )
        alone = [dataclasses.replace(rules, robots=(robot,), gates=()) for robot in rules.robots]
        works = {
            "first look": lambda rules=rules, seen=first: decision.decide(rules, seen, builders.NOW),
            "repeated look": lambda rules=rules, seen=again: decision.decide(rules, seen, builders.NOW),
            "one by one": lambda alone=alone, seen=again: [
                decision.decide(each, seen, builders.NOW) for each in alone
            ],
        }
        for name, work in works.items():
            run = 2 if name == "one by one" else 50
            points[name].append((size, 1e6 / decide.rate(SECONDS, work, run)))
    return [report.Curve("robots", name, "µs", found) for name, found in points.items()]


def figure(one: report.Curve, rival: float | None) -> report.Figure:
    size, cost = one.points[-1]
    what = f"{size:,.0f} {one.chart} against {one.points[0][0]:,.0f}: {one.what}"
    return report.Figure(what, cost, one.unit, one.points[0][1], rival)


def run(cards: tuple[int, ...] = CARDS, robots: tuple[int, ...] = ROBOTS) -> report.Report:
    by_cards, by_robots = of_cards(cards), of_robots(robots)
    *ours, naive = by_robots
    figures = [figure(one, None) for one in by_cards]
    figures += [figure(one, naive.points[-1][1]) for one in ours]
    return report.Report(
        "growth", figures, FORMULA, "each robot asked in turn", curves=[*by_cards, *by_robots]
    )
