"""`needs:`: which fields, stages and pipelines a funnel wants of the portal, and which of them it lacks (F20, S2.12).

Pure: `connect` shows what `missing` answers, then creates it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robots import model
from robots.config import grammar_portal, names, nodes, resolver


@dataclass(frozen=True, slots=True)
class NeedField:
    owner: str
    """A key of `Directory.fields`: `deal`, `lead`, `contact`, `company`."""
    name: str
    type: model.FieldType
    options: tuple[str, ...] = ()
    many: bool = False
    """It holds many values."""


@dataclass(frozen=True, slots=True)
class NeedStages:
    pipeline: str
    work: tuple[str, ...]
    won: str
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Needs:
    fields: tuple[NeedField, ...] = ()
    stages: tuple[NeedStages, ...] = ()

    def names(self) -> frozenset[str]:
        """Folded names of everything here, for hints beside «no such name»."""
        known = [one.name for one in self.fields]
        for one in self.stages:
            known += [one.pipeline, *one.work, one.won, *one.lost]
        return frozenset(map(names.fold, known))


@dataclass(frozen=True, slots=True)
class MissingStage:
    pipeline: str
    name: str
    semantic: model.Semantic


@dataclass(frozen=True, slots=True)
class OtherType:
    """A field of that name is there and holds something else."""

    wanted: NeedField
    found: model.Field


@dataclass(frozen=True, slots=True)
class MissingOption:
    field: model.Field
    owner: str
    name: str


@dataclass(frozen=True, slots=True)
class Missing:
    fields: tuple[NeedField, ...] = ()
    pipelines: tuple[NeedStages, ...] = ()
    """Whole pipelines to be made with all their stages."""
    stages: tuple[MissingStage, ...] = ()
    """Stages of pipelines that are there. Present ones are never renamed or re-ordered."""
    options: tuple[MissingOption, ...] = ()
    other_types: tuple[OtherType, ...] = ()

    @property
    def nothing(self) -> bool:
        return not (self.fields or self.pipelines or self.stages or self.options or self.other_types)


_OWNERS = {"Сделка": "deal", "Лид": "lead", "Контакт": "contact", "Компания": "company"}


def compile_needs(node: nodes.Node | None) -> Needs:
    fields = []
    for owner, listed in nodes.pairs(nodes.get(node, "fields")):
        for name, kind in nodes.pairs(listed):
            made = _field(_OWNERS.get(owner.text, ""), name.text, kind)
            if made is not None:
                fields.append(made)
    stages = tuple(
        NeedStages(
            name.text,
            tuple(map(nodes.text, nodes.items(nodes.get(body, "work")))),
            nodes.text(nodes.get(body, "won")),
            tuple(map(nodes.text, nodes.items(nodes.get(body, "lost")))),
        )
        for name, body in nodes.pairs(nodes.get(node, "stages"))
    )
    return Needs(tuple(fields), stages)


def _field(owner: str, name: str, kind: nodes.Node) -> NeedField | None:
    options = nodes.get(kind, "список")
    if options is not None:
        listed = tuple(map(nodes.text, nodes.items(options)))
        return NeedField(owner, name, model.FieldType.ENUMERATION, listed) if owner else None
    word = nodes.text(kind)
    written, many = grammar_portal.FIELD_TYPES.get(word), word in grammar_portal.MANY
    return NeedField(owner, name, model.FieldType(written), many=many) if written and owner else None


def missing(wanted: Needs, directory: model.Directory) -> Missing:
    """What the portal lacks. Names are compared as everywhere: case, spaces, ё, look-alike letters."""
    fields, others, options = [], [], []
    for need in wanted.fields:
        found = _existing(need, directory)
        if found is None:
            fields.append(need)
        elif not _fits(need, found):
            others.append(OtherType(need, found))
        else:
            options += [MissingOption(found, need.owner, one) for one in _lacking(need, found)]
    asked = resolver.Resolver(directory)
    pipelines: list[NeedStages] = []
    stages: list[MissingStage] = []
    for block in wanted.stages:
        answer = asked.pipeline(block.pipeline)
        if isinstance(answer, names.Miss):
            pipelines.append(block)
        else:
            stages += _stages(block, answer.value, asked)
    return Missing(tuple(fields), tuple(pipelines), tuple(stages), tuple(options), tuple(others))


def _existing(need: NeedField, directory: model.Directory) -> model.Field | None:
    titled = [
        field
        for field in directory.fields.get(need.owner, {}).values()
        if names.fold_alike(field.title) == names.fold_alike(need.name)
    ]
    return next((one for one in titled if _fits(need, one)), titled[0] if titled else None)


_TEXTS = {model.FieldType.STRING, model.FieldType.TEXT}
_NUMBERS = {model.FieldType.INTEGER, model.FieldType.DOUBLE, model.FieldType.MONEY}
_DATES = {model.FieldType.DATE, model.FieldType.DATETIME}
_LISTS = {model.FieldType.ENUMERATION, model.FieldType.STATUS}


def _fits(need: NeedField, found: model.Field) -> bool:
    """A list does for tags as well: its values are then a matter of the people."""
    if need.many:
        return found.multiple and found.type in _TEXTS | _LISTS
    wanted = need.type
    groups = (_TEXTS, _NUMBERS, _DATES, _LISTS)
    return wanted is found.type or any({wanted, found.type} <= group for group in groups)


def _lacking(need: NeedField, found: model.Field) -> list[str]:
    known = {names.fold_alike(title) for title in found.options.values()}
    return [one for one in need.options if names.fold_alike(one) not in known]


def _stages(block: NeedStages, pipeline: model.Pipeline, asked: resolver.Resolver) -> Iterator[MissingStage]:
    groups = (
        (block.work, model.Semantic.WORK),
        ((block.won,), model.Semantic.WON),
        (block.lost, model.Semantic.LOST),
    )
    for listed, semantic in groups:
        for name in listed:
            if name and isinstance(asked.stage(pipeline, name), names.Miss):
                yield MissingStage(block.pipeline, name, semantic)
