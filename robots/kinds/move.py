"""Move the card to another stage or pipeline."""

from __future__ import annotations

from dataclasses import dataclass

from robots import model


@dataclass(frozen=True, slots=True)
class Options:
    pipeline: model.PipelineId
    stage: model.StageId
    shown: str
    """«Продажи / Отправили счёт»."""
