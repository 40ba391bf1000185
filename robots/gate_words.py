"""What a manager is told when a gate says no (users.md F2, F14): what is missing, what to do, where.

A phone's push shows the first line only, so it names the reason; the card's name gives way to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from robots import gates, look, model, paths, robot

FIRST_LINE = 90
"""A phone's push shows so many characters (users.md F14)."""
TITLE_LEAST, STAGE_ROOM = 12, 30
"""Of the first line: what is left of a long name of a card, and of the stage it went to."""


@dataclass(frozen=True, slots=True)
class _Noun:
    """A card in the forms that the texts need."""

    card: str
    open: str
    it: str
    returned: str
    went: str


_NOUNS = {
    model.CardKind.DEAL: _Noun("Сделка", "сделку", "её", "вернулась", "ушла"),
    model.CardKind.LEAD: _Noun("Лид", "лид", "его", "вернулся", "ушёл"),
}


def refusal_text(verdict: gates.Refuse, seen: look.Look) -> str:
    """F2: what is missing, what to do, where. F14: the first line is what a phone shows, so it names the reason."""
    noun, fields = _NOUNS[seen.card.ref.kind], _fields(verdict.missing)
    first, own = _told(seen, f" {noun.returned}", ": не заполнено ", verdict.missing)
    lines = [first, *own]
    if fields:
        what = "это поле" if len(fields) == 1 else "эти поля" if _listed(fields) in first else _listed(fields)
        into = _stage_name(seen, seen.visit)
        lines.append(f"Чтобы перевести {noun.it} в «{into}», заполните {what} и передвиньте ещё раз.")
    where = _where(seen)
    if len(lines) == 1:
        lines.append(where)
    else:
        lines[-1] += f" {where}"
    if verdict.gate.policy.admin:
        lines.append(f"Если поля нет в карточке, напишите: {verdict.gate.policy.admin}.")
    return "\n".join(lines)


def consult_text(gate: robot.Gate, who: str, seen: look.Look) -> str:
    """F16: the card waits for somebody's agreement."""
    noun = _NOUNS[seen.card.ref.kind]
    into = seen.directory.stage(gate.pipeline, gate.stage)
    itself = {model.CardKind.DEAL: "сама", model.CardKind.LEAD: "сам"}[seen.card.ref.kind]
    asked = f"{who}: поставлена задача «согласуйте». Согласие — и {noun.card.lower()} перейдёт {itself}"
    return "\n".join(
        [
            _first_line(noun.card, seen, f" {noun.returned}: нужно согласие"),
            f"{asked} в «{into.name if into else gate.stage}». {_where(seen)}",
        ]
    )


def tell_text(verdict: gates.Tell, seen: look.Look) -> str:
    """The soft mode: said, not sent back."""
    noun, fields = _NOUNS[seen.card.ref.kind], _fields(verdict.missing)
    into = _clipped(_stage_name(seen, seen.visit), STAGE_ROOM)
    first, own = _told(seen, f" {noun.went} в «{into}»", " без полей ", verdict.missing)
    policy = verdict.gate.policy
    later = (
        f"С {policy.then_from:%d.%m.%Y} такие {_PLURAL[seen.card.ref.kind]} будут возвращаться."
        if policy.then_from is not None and policy.do is robot.GateDoes.TELL and not verdict.overruled
        else ""
    )
    every = f"Не заполнено {_listed(fields)}." if fields and _listed(fields) not in first else ""
    return "\n".join(line for line in (first, *own, every, later, _where(seen)) if line)


_PLURAL = {model.CardKind.DEAL: "сделки", model.CardKind.LEAD: "лиды"}


def because(missing: Sequence[gates.Missing]) -> str:
    listed = _listed(_fields(missing))
    own = dict.fromkeys(m.requirement.text for m in missing if m.requirement.text)
    return "; ".join([*([f"не заполнено {listed}"] if listed else ()), *own])


def _told(
    seen: look.Look, happened: str, lacking: str, missing: Sequence[gates.Missing]
) -> tuple[str, tuple[str, ...]]:
    """The first line, and the texts of the gate's own that it doesn't hold whole."""
    noun, fields = _NOUNS[seen.card.ref.kind].card, _fields(missing)
    own = tuple(dict.fromkeys(m.requirement.text.strip() for m in missing if m.requirement.text))
    room = FIRST_LINE - len(f"{noun} «»{happened}") - min(len(seen.card.title), TITLE_LEAST)
    if fields:
        return _first_line(noun, seen, happened + lacking + _some(fields, room - len(lacking))), own
    reason = _reason(own[0], room - len(". "))
    whole = reason == own[0].rstrip(".")
    return _first_line(noun, seen, f"{happened}. {reason}"), own[1:] if whole else own


def _fields(missing: Sequence[gates.Missing]) -> list[str]:
    """What is told by name; requirements with a text of their own speak for themselves."""
    return list(dict.fromkeys(m.requirement.shown for m in missing if not m.requirement.text))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"«{name}»" for name in names)


def _some(names: Sequence[str], room: int) -> str:
    """As many names as there is room for, the others counted."""
    for shown in range(len(names), 0, -1):
        rest = len(names) - shown
        line = _listed(names[:shown]) + (f" и ещё {rest}" if rest else "")
        if len(line) <= room or shown == 1:
            return line
    return ""


def _reason(text: str, room: int) -> str:
    """The text's first sentence; a longer one up to its first colon or dash, or else up to a word."""
    line = text.splitlines()[0]
    sentence = _SENTENCE.match(line)
    said = (sentence.group() if sentence else line).rstrip(". ")
    if len(said) > room:
        said = _CLAUSE.split(said)[0]
    return _clipped(said, room)


_SENTENCE = re.compile(r".+?[.!?…](?=\s+[«\"(A-ZА-ЯЁ0-9]|\s*$)")
_CLAUSE = re.compile(r"[:;] | [—–-] ")


def _clipped(text: str, room: int) -> str:
    """The text, or its beginning up to a word, if that is not too little, with «…»."""
    if len(text) <= room:
        return text
    cut = text[: max(room - 1, 1)]
    word = cut[: cut.rfind(" ")] if not text[len(cut)].isspace() and " " in cut[len(cut) // 2 :] else cut
    return word.rstrip(" ,;:.—–-") + "…"


def _where(seen: look.Look) -> str:
    return f"Открыть {_NOUNS[seen.card.ref.kind].open}: {paths.link(seen.card, seen.directory)}"


def _stage_name(seen: look.Look, visit: model.Visit) -> str:
    stage = seen.directory.stage(visit.pipeline, visit.stage)
    return stage.name if stage else visit.stage


def _first_line(noun: str, seen: look.Look, rest: str) -> str:
    """The card's name gives way to what the push must say."""
    room = max(FIRST_LINE - len(f"{noun} «»{rest}"), TITLE_LEAST)
    title = seen.card.title if len(seen.card.title) <= room else seen.card.title[: room - 1].rstrip() + "…"
    return f"{noun} «{title}»{rest}"
