"""The one entrance: files of one portal, its directory, texts and presets in; robots, gates, settings and problems out.

    loaded = load.load({"romashka.yaml": text}, directory, files={"новый-лид.txt": "…"}, presets={"rop-funnel.yaml": "…"})

Never raises for what is written in the files. Without a directory names aren't checked and robots have made-up ids:
good for `check` offline, never for acting (`Loaded.usable` is False).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from robots import conditions, decision, intents, model, people, reports
from robots import robot as robots_robot
from robots.config import (
    compile_conditions,
    compile_outside,
    compile_people,
    compile_pipelines,
    compile_settings,
    grammar,
    loader,
    needs,
    nodes,
    robot_maker,
    settings,
    shape_checks,
)
from robots.config import presets as config_presets
from robots.config import problems as config_problems
from robots.config.context import Context, Scope


@dataclass(frozen=True, slots=True)
class Loaded:
    robots: tuple[robots_robot.Robot, ...] = ()
    gates: tuple[robots_robot.Gate, ...] = ()
    problems: tuple[config_problems.Problem, ...] = ()
    settings: settings.Settings = field(default_factory=settings.Settings)
    broken: tuple[robot_maker.Broken, ...] = ()
    pins: Mapping[intents.RobotId, robot_maker.Pin] = field(default_factory=dict)
    hands_off: conditions.Condition | None = None
    presets: tuple[str, ...] = ()
    config: str = ""
    """A short hash of what was read: the same file, the same hash."""
    usable: bool = False
    """There is a directory, every file could be read and the portal-wide sections are sound: robots may act."""

    @property
    def errors(self) -> tuple[config_problems.Problem, ...]:
        return tuple(one for one in self.problems if one.severity is config_problems.Severity.ERROR)

    @property
    def rules(self) -> decision.Rules:
        return decision.Rules(
            self.robots,
            self.gates,
            self.hands_off,
            self.config,
            self.settings.notifications,
            self.settings.limits,
            self.settings.reports,
        )


def load(
    text_by_file: Mapping[str, str],
    directory: model.Directory | None,
    files: Mapping[str, str] | None = None,
    presets: Mapping[str, str] | None = None,
) -> Loaded:
    """`text_by_file`: one YAML or several of a folder, read as one. `files`: texts for `file:` by name."""
    found: list[config_problems.Problem] = []
    own, readable = _joined(text_by_file, found)
    config = _hash(text_by_file, files or {}, presets or {})
    if own is None:
        return Loaded(problems=config_problems.tidy(found), config=config)
    if readable and not own.pairs:
        text = "файл пуст: в нём нет ни портала, ни роботов"
        hint = "готовый файл для начала пишет voronka connect"
        found.append(config_problems.Problem("V011", own.mark, text, hint))
    root, used = _expanded(own, presets or {}, found)
    checker = shape_checks.Checker()
    checker.check(root, grammar.ROOT)
    found += checker.found
    made = _compile(root, Context(directory, files or {}, found))
    return Loaded(
        robots=made.robots,
        gates=made.gates,
        problems=config_problems.tidy(found),
        settings=made.settings,
        broken=made.broken,
        pins=made.pins,
        hands_off=made.hands_off,
        presets=used,
        config=config,
        usable=readable and directory is not None and not _unsound(own) and not _unsound(root),
    )


def _expanded(
    own: nodes.Mapping, texts: Mapping[str, str], found: list[config_problems.Problem]
) -> tuple[nodes.Mapping, tuple[str, ...]]:
    use = own.get("use")
    if use is not None:
        checker = shape_checks.Checker()
        checker.check(use, grammar.ROOT.keys["use"].shape)
        found += checker.found
    return config_presets.expand(own, texts, found)


def _joined(
    text_by_file: Mapping[str, str], found: list[config_problems.Problem]
) -> tuple[nodes.Mapping | None, bool]:
    """(the files' trees as one, could every file be read). F35: keys of two files may not repeat."""
    joined: nodes.Mapping | None = None
    readable = True
    for file in sorted(text_by_file):
        tree = loader.load(text_by_file[file], file)
        found += tree.problems
        root = tree.root
        if isinstance(root, nodes.Scalar) and root.empty:
            root = nodes.Mapping(root.mark)
        if root is None:
            readable = False
        elif not isinstance(root, nodes.Mapping):
            readable = False
            text = "в файле нет ни одного ключа верхнего уровня: нужно, например, «pipelines: …»"
            found.append(config_problems.Problem("V011", root.mark, text, span=root.span))
        elif joined is None:
            joined = root
        else:
            _join(joined, root, found)
    return joined, readable


_SHARED = frozenset({"pipelines", "people"})
"""Sections whose entries may stand in several files."""
_REPEATED = frozenset({"version"})


def _join(joined: nodes.Mapping, more: nodes.Mapping, found: list[config_problems.Problem]) -> None:
    for key, value in more.pairs:
        present = joined.get(key.text)
        if present is None:
            joined.pairs.append((key, value))
        elif key.text in _SHARED and isinstance(present, nodes.Mapping) and isinstance(value, nodes.Mapping):
            _join(present, value, found)
        elif (
            key.text == "robots" and isinstance(present, nodes.Sequence) and isinstance(value, nodes.Sequence)
        ):
            present.items.extend(value.items)
        elif key.text not in _REPEATED:
            first = joined.key(key.text)
            hint = f"первый раз — {first.mark}" if first else ""
            text = f"ключ «{key.text}» повторяется в другом файле"
            found.append(config_problems.Problem("V013", key.mark, text, hint, span=key.span))
            key.faulty = True


def _compile(root: nodes.Mapping, context: Context) -> Loaded:
    needed = needs.compile_needs(root.get("needs"))
    context.needed = needed.names()
    context.outside = compile_outside.compile_outside(root, context)
    book = compile_people.Book(context, root.get("people"))
    book.absences(root.get("absences"))
    book.compile_all()
    scope = Scope(context, book.person)
    made = compile_settings.compile_settings(root, scope, needed)
    hands_off_node = nodes.get(root, "hands_off")
    hands_off = (
        compile_conditions.compile_condition(hands_off_node, scope) if hands_off_node is not None else None
    )
    maker = robot_maker.Maker(context)
    compile_pipelines.compile_all(root, compile_pipelines.Funnels(context, maker, book, made.portal.admin))
    maker.finish()
    made = replace(made, reports=(*made.reports, *_of_watching(maker, made.reports, context)))
    return Loaded(
        robots=tuple(maker.robots),
        gates=tuple(maker.gates),
        settings=made,
        broken=tuple(maker.broken),
        pins=maker.pins(),
        hands_off=None if nodes.is_faulty(hands_off_node) else hands_off,
    )


def _of_watching(
    maker: robot_maker.Maker, written: tuple[reports.Report, ...], context: Context
) -> tuple[reports.Report, ...]:
    """While anybody only watches, its week is told to whose webhook it is, unless the file has a report of it."""
    watch = robots_robot.Mode.WATCH
    anybody = any(one.mode is watch for one in maker.robots) or any(one.mode is watch for one in maker.gates)
    known = any(reports.Section.WATCHED in one.show for one in written)
    me = context.names.directory.me if context.names.directory else None
    return (reports.watching(people.Employee(me)),) if anybody and not known and me else ()


_WHOLE = ("use", "portal", "calendar", "hands_off", "limits", "version")
"""Sections that bear on every robot: wrong ones (and unknown ones: `hand_off:`) aren't guessed at, the last good
configuration works on."""


def _unsound(root: nodes.Mapping) -> bool:
    return any(key.faulty for key, _ in root.pairs) or any(nodes.is_faulty(root.get(key)) for key in _WHOLE)


def _hash(*parts: Mapping[str, str]) -> str:
    text = "\x00".join(f"{name}\x01{part[name]}" for part in parts for name in sorted(part))
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()[:12]
