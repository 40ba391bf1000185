"""The drawings of `python -m bench --svg`."""

from __future__ import annotations

import pathlib
from xml.etree import ElementTree

from bench import report, svg

SVG = "{http://www.w3.org/2000/svg}"


def test_a_chart_is_well_formed_and_names_do_not_lie_on_each_other(tmp_path: pathlib.Path) -> None:
    """Two costs that are the same, and one that grows: a file to a chart, each curve with how much dearer it became."""
    curves = [
        report.Curve("robots", "first <look>", "µs", [(10, 46), (1000, 46)]),
        report.Curve("robots", "repeated", "µs", [(10, 46), (1000, 46)]),
        report.Curve("cards", "sweep", "ms", [(1000, 0.5), (30000, 5.0)]),
    ]
    written = svg.write(tmp_path / "img", curves)
    assert [path.name for path in written] == ["growth-robots.svg", "growth-cards.svg"]
    robots, cards = (ElementTree.parse(path).getroot() for path in written)
    names = {node.text: float(node.attrib["y"]) for node in robots.iter(f"{SVG}text")}
    assert abs(names["first <look> (x1)"] - names["repeated (x1)"]) >= 15
    assert "sweep (x10)" in [node.text for node in cards.iter(f"{SVG}text")]
    lines = [node.attrib["points"].split() for node in robots.iter(f"{SVG}polyline")]
    assert all(start.split(",")[1] == end.split(",")[1] for start, end in lines), (
        "a level cost is a level line"
    )
