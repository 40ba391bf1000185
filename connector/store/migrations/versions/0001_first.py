"""The first shape of the store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _text(name: str, *, null: bool = False, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, primary_key=key)


def _whole(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null)


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    clause = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=clause, postgresql_where=clause)


def upgrade() -> None:
    _inbox()
    _mirror()
    _clients()
    _ledger()
    _journal()


def _inbox() -> None:
    op.create_table(
        "dirty",
        sa.Column("seq", NUMBER, primary_key=True),
        _text("portal"),
        _text("thing"),
        sa.Column("version", sa.BigInteger, nullable=False, server_default=sa.text("1")),
        sa.Column("lane", sa.SmallInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default=sa.text("0")),
        _whole("parked_until", null=True),
        sa.Column("why", sa.Text, nullable=False, server_default=sa.text("''")),
    )
    op.create_index("dirty_thing", "dirty", ["portal", "thing"], unique=True)
    op.create_index("dirty_order", "dirty", ["portal", "lane", "seq"])


def _mirror() -> None:
    op.create_table(
        "cards",
        _text("portal", key=True),
        _text("card", key=True),
        _text("stage"),
        _whole("updated", null=True),
        sa.Column("closed", sa.SmallInteger, nullable=False),
        sa.Column("deleted", sa.SmallInteger, nullable=False),
        _whole("looked_at", null=True),
        _whole("wake_at", null=True),
        _text("accepted", null=True),
        _text("body", null=True),
        _text("memory"),
    )
    _partial("cards_wake", "cards", ["portal", "wake_at"], "wake_at IS NOT NULL")
    op.create_table(
        "visits",
        _text("portal", key=True),
        _text("card", key=True),
        _text("visit", key=True),
        _text("kind"),
        _whole("row", null=True),
        _whole("entered"),
        _text("body"),
    )
    op.create_index("visits_row", "visits", ["portal", "kind", "row"])


def _clients() -> None:
    op.create_table("links", _text("portal", key=True), _text("client", key=True), _text("card", key=True))
    op.create_index("links_card", "links", ["portal", "card"])
    op.create_table("clients", _text("portal", key=True), _text("client", key=True), _text("body"))
    op.create_table("comms", _text("portal", key=True), _text("hash", key=True), _text("client", key=True))
    op.create_index("comms_client", "comms", ["portal", "client"])


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("seq", NUMBER, primary_key=True),
        *(_text(name) for name in ("portal", "key", "marker", "card", "robot", "digest")),
        _text("stands_on", null=True),
        _text("body"),
        _text("state"),
        sa.Column("open", sa.SmallInteger, nullable=False),
        _whole("wished_at"),
        *(_whole(name, null=True) for name in ("sent_at", "done_at", "retry_at")),
        sa.Column("tries", sa.Integer, nullable=False, server_default=sa.text("0")),
        _whole("made", null=True),
        sa.Column("note", sa.Text, nullable=False, server_default=sa.text("''")),
        _text("life", null=True),
        sqlite_autoincrement=True,
    )
    op.create_index("ledger_key", "ledger", ["portal", "key"], unique=True)
    op.create_index("ledger_marker", "ledger", ["portal", "marker"])
    op.create_index("ledger_card", "ledger", ["portal", "card", "seq"])
    op.create_index("ledger_state", "ledger", ["portal", "state", "seq"])
    _partial("ledger_chain", "ledger", ["portal", "card", "seq"], "open = 1")
    _partial("ledger_made", "ledger", ["portal", "made"], "made IS NOT NULL")
    _partial("ledger_retry", "ledger", ["portal", "retry_at"], "retry_at IS NOT NULL")


def _journal() -> None:
    op.create_table(
        "looks",
        sa.Column("seq", NUMBER, primary_key=True),
        *(_text(name) for name in ("portal", "card", "look")),
        _whole("at"),
        _text("stage"),
        _whole("pipeline"),
        _text("config"),
        _text("trace"),
    )
    op.create_index("looks_card", "looks", ["portal", "card", "seq"])
    op.create_table("notes", _text("portal", key=True), _text("name", key=True), _text("value"))
