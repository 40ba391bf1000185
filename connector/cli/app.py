"""The command line: which commands there are, and the one place where their ends become exit codes.

Commands are translation only. A command's module imports nothing heavy at its top, so that `voronka --help` stays quick.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from connector import settings
from connector.cli import (
    audit,
    check,
    connect,
    demo,
    developer,
    diary,
    doctor,
    enroll,
    erase,
    exits,
    held,
    interrupts,
    journal,
    output,
    pause,
    person,
    plan,
    rehearse,
    report,
    run_,
    state,
    texts,
    try_,
    undo,
    why,
)

app = typer.Typer(
    name="voronka",
    help="Роботы, которых нет в вашем тарифе Битрикс24. Без команды: «Хочу узнать… → команда».",
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
for group in (
    demo,
    connect,
    check,
    plan,
    run_,
    rehearse,
    try_,
    why,
    state,
    journal,
    doctor,
    report,
    audit,
    pause,
    enroll,
    undo,
    person,
    held,
    diary,
    erase,
    developer,
):
    group.register(app)


@app.callback(invoke_without_command=True)
def front(
    ctx: typer.Context,
    lang: Annotated[str, typer.Option("--lang", help="ru или en", envvar="VORONKA_LANG")] = texts.RU,
    version: Annotated[bool, typer.Option("--version", help="Какая это версия.")] = False,
) -> None:
    texts.speak(lang)
    if version:
        import importlib.metadata

        output.data(f"voronka {importlib.metadata.version('voronka')}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        output.table((texts.text("want"), texts.text("command")), texts.QUESTIONS[texts.language()])
        output.data("")
        output.data(texts.text("more"))


def run(arguments: Sequence[str]) -> int:
    """Runs one command line; every end that people may cause is a sentence on stderr and a code."""
    try:
        ended = app(list(arguments), standalone_mode=False, prog_name="voronka")
        return ended if isinstance(ended, int) else exits.Code.FINE
    except exits.Stop as stop:
        if stop.text:
            output.say(stop.text)
        return stop.code
    except settings.Refused as refused:
        output.say(str(refused))
        return exits.Code.REFUSED
    except settings.SettingsError as wrong:
        output.say(str(wrong))
        return exits.Code.CONFIG
    except typer.Exit as ended:
        return int(ended.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        output.say("")
        return interrupts.INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) left: nothing more to say, and nothing wrong.
        sys.stderr.close()
        return exits.Code.FINE
    except exits.usage_error() as wrong:
        output.say(texts.text("usage", error=exits.words(wrong)))
        return exits.Code.USAGE
