"""The portal «Ромашка» after `voronka connect`: with the fields, values, pipelines and stages that `needs:` asks for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from robots import model
from robots.config import load, needs
from tests.robots import builders


def directory(texts: Mapping[str, str], presets: Mapping[str, str]) -> model.Directory:
    """What stands in the portal once everything has been created that these files need of it."""
    bare = builders.directory()
    missing = needs.missing(load.load(dict(texts), bare, presets=presets).settings.needs, bare)
    assert not missing.other_types, missing.other_types
    return dataclasses.replace(
        bare,
        pipelines=(*(_with_stages(one, missing) for one in bare.pipelines), *_new(bare, missing)),
        fields={owner: {**rows, **_fields(owner, missing)} for owner, rows in bare.fields.items()},
    )


def _with_stages(pipeline: model.Pipeline, missing: needs.Missing) -> model.Pipeline:
    added = [(one.name, one.semantic) for one in missing.stages if one.pipeline == pipeline.name]
    stages = pipeline.stages + _stages(f"C{pipeline.id}", added, len(pipeline.stages))
    return dataclasses.replace(pipeline, stages=stages)


def _new(bare: model.Directory, missing: needs.Missing) -> list[model.Pipeline]:
    made = []
    for number, one in enumerate(missing.pipelines, max(int(each.id) for each in bare.pipelines) + 1):
        named = [(name, model.Semantic.WORK) for name in one.work]
        named += [(one.won, model.Semantic.WON), *((name, model.Semantic.LOST) for name in one.lost)]
        number_ = model.PipelineId(number)
        made.append(
            model.Pipeline(number_, one.pipeline, model.CardKind.DEAL, _stages(f"C{number}", named, 0))
        )
    return made


def _stages(prefix: str, named: list[tuple[str, model.Semantic]], behind: int) -> tuple[model.Stage, ...]:
    return tuple(
        model.Stage(model.StageId(f"{prefix}:UC{at}"), name, at * 10, semantic)
        for at, (name, semantic) in enumerate(named, behind + 1)
    )


def _fields(owner: str, missing: needs.Missing) -> dict[model.FieldCode, model.Field]:
    made: dict[model.FieldCode, model.Field] = {}
    for at, one in enumerate(missing.fields, 1):
        if one.owner == owner:
            code = model.FieldCode(f"UF_CRM_V_{at}")
            made[code] = model.Field(code, one.name, one.type, options=dict(enumerate(one.options, 1)))
    for option in missing.options:
        if option.owner == owner:
            field = made.get(option.field.code, option.field)
            options: dict[int | str, str] = {**field.options, 100 + len(field.options): option.name}
            made[field.code] = dataclasses.replace(field, options=options)
    return made
