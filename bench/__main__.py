"""`python -m bench [NAME …] [--json]`: the benches, one after the other, and one table of their figures.

`--json` adds one JSON object as the last line; `--svg FOLDER` draws there how costs grow, where a bench says it. The exit code is 1 where a wanted figure is not reached. `torture` and
`soak` are no benches: `python -m bench torture --trials 200` tries to lose or to double work (bench/torture.py), `python -m
bench soak --for 1h` looks whether the daemon grows (bench/soak.py).
"""

from __future__ import annotations

import argparse
import importlib
import json
import pathlib
import sys

from bench import report, svg

NAMES = (
    "decide",
    "intake",
    "copy",
    "arrivals",
    "updates",
    "mirror",
    "idle",
    "growth",
    "insight",
    "portals",
    "triage",
)
"""A module of this package each, with `run() -> report.Report`."""


def main(argv: list[str] | None = None) -> int:
    args = sys.argv[1:] if argv is None else argv
    if args[:1] == ["torture"]:
        from bench import torture

        return torture.main(args[1:])
    if args[:1] == ["soak"]:
        from bench import soak

        return soak.main(args[1:])
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; all without one")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--svg", type=pathlib.Path, metavar="FOLDER", help="draw how costs grow there")
    given = parser.parse_args(args)
    unknown = [name for name in given.names if name not in NAMES]
    if unknown:
        parser.error(f"no bench {', '.join(unknown)}: there are {', '.join(NAMES)}; torture and soak")
    reports = []
    for name in given.names or NAMES:
        print(f"{name} …", file=sys.stderr, flush=True)
        found: report.Report = importlib.import_module(f"bench.{name}").run()
        reports.append(found)
    print(report.table(reports))
    if given.svg is not None:
        for path in svg.write(given.svg, [curve for one in reports for curve in one.curves]):
            print(f"{path} written", file=sys.stderr)
    if given.json:
        print(json.dumps({one.bench: one.as_json() for one in reports}, ensure_ascii=False))
    return 0 if all(one.met for one in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
