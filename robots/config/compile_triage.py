"""`triage:` of a funnel: saved rules in order, each a robot of its own; the first that fits takes the card (S3.2).

«The first» is said by conditions: a rule also demands that none above it fits. One that can't be read breaks all below it,
for what it would have kept out is not known.
"""

from __future__ import annotations

from dataclasses import replace

from robots import conditions
from robots.config import compile_acts, compile_conditions, nodes, robot_maker


def rules(section: nodes.Node | None, place: robot_maker.Place, maker: robot_maker.Maker) -> None:
    above: list[conditions.Condition] = []
    read: list[nodes.Node | None] = []
    for item in nodes.items(section):
        name, wanted = nodes.get(item, "name"), nodes.get(item, "if")
        if not isinstance(item, nodes.Mapping):
            continue
        others = conditions.Not(conditions.AnyOf(tuple(above))) if above else None
        here = replace(
            place,
            path=f"{place.path}/triage",
            condition=robot_maker.both(place.condition, others),
            around=(*place.around, *read),
        )
        label = " ".join(nodes.text(name).split())
        maker.act(compile_acts.Act("triage", item, item, label), here, label)
        read.append(wanted)
        off = nodes.text(nodes.get(item, "mode")) == "off"
        if wanted is not None and not nodes.is_faulty(wanted) and not off:
            above.append(compile_conditions.compile_condition(wanted, place.scope))
