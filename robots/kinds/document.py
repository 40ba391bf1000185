"""A document of the card by a template of the portal, and where it is wanted a letter to the client with its file (S1.7).

Once per stay. The letter stands on the document: where that was refused, none goes; a client without an e-mail leaves the
document without a letter, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robots import intents, templates
from robots import robot as robots_robot
from robots.kinds import base, message

LASTING = robots_robot.Lasting.WHILE_THERE
OCCASION = robots_robot.Occasion.PER_VISIT
PDF = "pdf"
STEP = "document"


@dataclass(frozen=True, slots=True)
class Options:
    template: int
    title: str
    """The template's name."""
    values: tuple[tuple[str, templates.Template], ...] = ()
    stamps: bool = False
    letter: message.Letter | None = None
    file: str = PDF
    """`pdf` or `docx`: in which form the letter has it."""


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    values = {name: templates.render(text, ask.look) for name, text in options.values}
    act = intents.MakeDocument(options.template, options.title, values, options.stamps)
    yield base.Step(STEP, act, f"документ «{options.title}»")
    if options.letter is None:
        return
    letter = message.written(ask, options.letter, attach=options.file)
    yield letter._replace(after=STEP) if isinstance(letter, base.Step) else letter
