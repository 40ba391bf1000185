"""`convert:` to its kind's options (S1.3, S3.3); `leave_out` is completed once the target pipeline's robots are known."""

from __future__ import annotations

from robots import model
from robots.config import nodes
from robots.config.context import Scope
from robots.kinds import convert


def compile_convert(node: nodes.Node, scope: Scope) -> convert.Options:
    to = nodes.get(node, "to") if isinstance(node, nodes.Mapping) else node
    make = {nodes.text(item) for item in nodes.items(nodes.get(node, "make"))}
    comment, responsible = nodes.get(node, "comment"), nodes.get(node, "for")
    if scope.kind is not model.CardKind.LEAD:
        scope.context.error(node, "V017", "convert конвертирует лиды, а это сделки", "пишут под leads:")
    if "сделка" in make and to is None:
        scope.context.error(
            node, "V018", "convert: не сказано, в какую воронку сделка", "to: Воронка / Стадия"
        )
    pipeline, stage = (None, None) if to is None else scope.target(to)
    if to is not None and pipeline is not None and pipeline.kind is not model.CardKind.DEAL:
        scope.context.error(to, "V017", "сделка бывает в воронке сделок, а это стадия лидов")
    wanted = pipeline is not None and (not make or "сделка" in make)
    return convert.Options(
        lead_stage=_won(scope),
        pipeline=pipeline.id if pipeline is not None and wanted else None,
        stage=stage.id if stage is not None and wanted else None,
        shown=f"{pipeline.name} / {stage.name}" if pipeline is not None and stage is not None else "",
        contact=not make or "контакт" in make,
        company=not make or "компания" in make,
        link_known=nodes.text(nodes.get(node, "if_known")) != "leave",
        responsible=scope.person(responsible, scope) if responsible is not None else None,
        comment=scope.template(comment) if comment is not None else None,
    )


def _won(scope: Scope) -> model.StageId:
    leads = scope.context.names.leads()
    stages = leads.stages if leads is not None else ()
    found = (stage.id for stage in stages if stage.semantic is model.Semantic.WON)
    return next(found, model.StageId("CONVERTED"))
