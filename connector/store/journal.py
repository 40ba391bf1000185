"""The story: one row a look, with its trace, for `why`. Only ever appended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from connector import ports
from connector.store import codec, engine, tables
from robots import model

LOOKS = tables.looks.c


def write(conn: sa.Connection, portal: str, looked: Sequence[ports.Looked]) -> None:
    rows = []
    for look in looked:
        place = look.memory.card or look.memory.visit
        rows.append(
            {
                "portal": portal,
                "card": str(look.ref),
                "look": look.look_id,
                "at": codec.micros(look.at),
                "stage": codec.clean_text(place.stage) if place else "",
                "pipeline": codec.whole(place.pipeline if place else 0) or 0,
                "config": look.config,
                "trace": codec.dump_trace(look.trace),
            }
        )
    engine.bulk(conn, tables.looks, rows)


class SqlJournal(ports.Journal):
    def __init__(self, database: engine.Engine) -> None:
        self._engine = database

    async def story(
        self, portal: model.PortalId, ref: model.CardRef, limit: int = 200
    ) -> Sequence[ports.StoryLook]:
        """The newest `limit` looks, oldest first."""
        query = (
            sa.select(tables.looks)
            .where(LOOKS.portal == portal, LOOKS.card == str(ref))
            .order_by(LOOKS.seq.desc())
            .limit(limit)
        )
        looks = await self._engine.read(lambda conn: [_look(row) for row in conn.execute(query)])
        return list(reversed(looks))


def _look(row: sa.Row[Any]) -> ports.StoryLook:
    return ports.StoryLook(
        look_id=row.look,
        at=codec.moment(row.at),
        stage=model.StageId(row.stage),
        pipeline=model.PipelineId(row.pipeline),
        config=row.config,
        trace=codec.load_trace(row.trace),
    )
