"""Small durable facts, by portal and name."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from connector import ports
from connector.store import codec, engine, tables
from robots import model

NOTES = tables.notes.c
READ = sa.select(NOTES.value).where(
    NOTES.portal == sa.bindparam("portal"), NOTES.name == sa.bindparam("name")
)


class SqlNotebook(ports.Notebook):
    def __init__(self, database: engine.Engine) -> None:
        self._engine = database

    async def read(self, portal: model.PortalId, name: str) -> Any | None:
        named = {"portal": portal, "name": name}
        text = await self._engine.read(lambda conn: conn.execute(READ, named).scalar_one_or_none())
        return None if text is None else codec.load_json(text)

    async def write(self, portal: model.PortalId, name: str, value: Any) -> None:
        row = {"portal": portal, "name": name, "value": codec.dump_json(value)}

        def work(conn: sa.Connection) -> None:
            insert = engine.insert(conn, tables.notes).values(**row)
            new = {"value": row["value"]}
            conn.execute(insert.on_conflict_do_update(index_elements=["portal", "name"], set_=new))

        await self._engine.write(work)
