"""`voronka test [FILE…]`: stories of a card played by the robots of a YAML, without a portal and on a clock of their own."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli import exits, output, texts

if TYPE_CHECKING:
    from robots.playing import play

FOLDERS = (Path("rehearsals"), Path("config/rehearsals"))
YAMLS = (".yaml", ".yml")


def register(app: typer.Typer) -> None:
    app.command("test")(rehearse)
    app.command("репетиция", hidden=True)(rehearse)


def rehearse(
    given: Annotated[
        list[Path] | None, typer.Argument(help="Файлы репетиций или папки с ними.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON.")] = False,
) -> None:
    """Репетиция: что роботы сделают в историях из файла и то ли это, чего вы ждали. Портал не нужен."""
    results: dict[str, tuple[play.Result, ...]] = {}
    broken = 0
    for path in _files(given or []):
        found, shown = one(path)
        broken += bool(shown)
        results[path.as_posix()] = found
        if shown:
            output.say(shown)
    if as_json:
        output.as_json({name: [_plain(result) for result in found] for name, found in results.items()})
    else:
        for line in _told(results, broken):
            output.data(line)
    failed = any(not result.passed for found in results.values() for result in found)
    raise exits.Stop(exits.Code.CONFIG if broken else exits.Code.FINDINGS if failed else exits.Code.FINE)


def _files(given: list[Path]) -> list[Path]:
    """Of a folder the YAMLs that stand in it; those in folders below are configurations."""
    places = given or [one for one in FOLDERS if one.is_dir()]
    if not places:
        raise exits.Stop(exits.Code.USAGE, texts.text("no_rehearsals"))
    found: list[Path] = []
    for place in places:
        if not place.exists():
            raise exits.Stop(exits.Code.USAGE, texts.text("no_file", path=place))
        found += sorted(one for one in place.iterdir() if one.suffix in YAMLS) if place.is_dir() else [place]
    if not found:
        raise exits.Stop(exits.Code.USAGE, texts.text("no_rehearsals"))
    return found


def one(path: Path) -> tuple[tuple[play.Result, ...], str]:
    """The stories of one file played, or what is wrong with it or with its configuration, in words."""
    from connector.bootstrap import configuration, files
    from connector.bootstrap import snapshot as snapshots
    from robots.config import problems, source
    from robots.playing import play, script

    text = source.decode(path.read_bytes(), path.as_posix())
    if isinstance(text, problems.Problem):
        return (), problems.render_all([text], {})
    head = script.head(text, path.as_posix())
    if head.problems:
        return (), problems.render_all(head.problems, {path.as_posix(): text})
    try:
        directory = snapshots.read((path.parent / head.portal).read_bytes())
        compiled = configuration.compiled(files.read(path.parent / head.config), directory)
    except (OSError, files.NoFile, snapshots.Unreadable) as wrong:
        return (), f"{path}: {_why(wrong)}"
    if compiled.errors:
        return (), compiled.shown()
    played = play.play(head, compiled.rules(), configuration.worked(compiled, directory))
    return played.results, problems.render_all(played.problems, {path.as_posix(): text})


def _why(wrong: Exception) -> str:
    return f"нет файла {wrong.filename}" if isinstance(wrong, OSError) and wrong.filename else str(wrong)


# ---------------------------------------------------------------- what is shown


def _told(results: dict[str, tuple[play.Result, ...]], broken: int) -> Iterator[str]:
    from robots import words
    from robots.playing import play

    for name, found in results.items():
        yield name
        for result in found:
            yield f"  {'сошлось ' if result.passed else 'НЕ ТАК  '} {result.name}"
            yield from (f"      {line}" for line in story(result))
    every, differ = play.summary(results)
    counted = words.count(every, "история", "истории", "историй")
    told = [f"не так — {differ}"] if differ else []
    told += [f"не прочитано файлов — {broken}"] if broken else []
    yield f"{counted}: {', '.join(told) or 'всё сошлось'}"


def story(result: play.Result) -> Iterator[str]:
    for step in result.steps:
        at = step.at or "сразу"
        for deed in step.deeds:
            yield f"{at:>12}  {deed.robot}: {deed.text}"
        for difference in step.differences:
            yield f"{at:>12}  {step.mark}: {difference.what} не так (- ждали, + стало)"
            for line in difflib.ndiff(difference.wanted, difference.got):
                if not line.startswith("?"):
                    yield f"{'':>12}    {line}"
    if result.endless:
        yield result.endless


def _plain(result: play.Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "place": str(result.mark),
        "passed": result.passed,
        "steps": [
            {
                "at": step.at,
                "place": str(step.mark),
                "did": [{"robot": deed.robot, "act": deed.text} for deed in step.deeds],
                "differences": [
                    {"what": one.what, "wanted": list(one.wanted), "got": list(one.got)}
                    for one in step.differences
                ],
            }
            for step in result.steps
        ],
        "endless": result.endless,
    }
