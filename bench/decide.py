"""How many looks a second one core decides: 100 robots, of which 3 apply to the card.

Floor: the same loop around a function that only makes an empty Decision. Run: `python -m bench.decide`.
"""

from __future__ import annotations

import dataclasses
import json
import time
from datetime import timedelta

from robots import changes, decision, model
from robots import look as looks
from robots import robot as r
from robots.kinds import notify
from tests.robots import builders, rules


def hundred() -> decision.Rules:
    """The funnel's robots and gates, and 95 more that wait for other stages and other fields."""
    funnel = rules.funnel()
    text = builders.template("{{Сделка: Название}}: {{Сделка: Сумма}}")
    stages = [s for s in builders.SALES_STAGES if s[1] not in ("Новый лид",)]
    more = [
        rules.robot(
            f"Правило {number}/notify",
            "notify",
            notify.Options((rules.MANAGER,), text),
            r.Entered(model.StageId(stages[number % len(stages)][0]))
            if number % 2
            else r.Changed(f"UF_CRM_{number}"),
            order=number,
        )
        for number in range(95)
    ]
    return dataclasses.replace(funnel, robots=(*funnel.robots, *more))


def fresh_look(rules_: decision.Rules) -> looks.Look:
    """A new deal at its first look: РОП, a task and the rest to be decided."""
    seen = builders.look(clients=(builders.contact(),), arrived=(builders.visit(created=True),), first=True)
    numbers, changed = changes.count(None, seen.card, {})
    active = looks.Activation(builders.NOW - timedelta(days=1), 1000, 50)
    ids = [robot.id for robot in rules_.robots] + [gate.id for gate in rules_.gates]
    return dataclasses.replace(seen, changes=numbers, changed=changed, activations=dict.fromkeys(ids, active))


def rate(seconds: float, rules_: decision.Rules, seen: looks.Look) -> float:
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        for _ in range(100):
            decision.decide(rules_, seen, builders.NOW)
        done += 100
    return done / (time.perf_counter() - started)


def main() -> None:
    many = hundred()
    first = fresh_look(many)
    wishes = decision.decide(many, first, builders.NOW).wishes
    again = dataclasses.replace(
        first, first=False, arrived=(), changed=frozenset(), accepted=first.visit, before=first.card
    )
    result = {
        "robots": len(many.robots),
        "wishes_at_first_look": len(wishes),
        "first_looks_per_s": round(rate(2, many, first)),
        "repeated_looks_per_s": round(rate(2, many, again)),
        "floor_empty_rules_per_s": round(rate(1, decision.Rules(), again)),
        "wanted_per_s": 20_000,
    }
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
