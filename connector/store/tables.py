"""The tables as the present program knows them; `migrations/` brings a store to this shape (a test compares the two).

Moments are BigInteger microseconds UTC, bodies are JSON text of `codec`, cards, clients and things are `deal:12`.
`HEAD` is the version of this shape: the newest migration.
"""

from __future__ import annotations

import sqlalchemy as sa

HEAD = "0004"

metadata = sa.MetaData()


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


dirty = sa.Table(
    "dirty",
    metadata,
    # Without AUTOINCREMENT: SQLite gives max + 1, which is all that "oldest first" needs, and writes one page less.
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    _key("portal"),
    _key("thing"),
    sa.Column("version", sa.BigInteger, nullable=False, server_default=sa.text("1")),
    sa.Column("lane", sa.SmallInteger, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("parked_until", sa.BigInteger),
    sa.Column("why", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Index("dirty_thing", "portal", "thing", unique=True),
    sa.Index("dirty_order", "portal", "lane", "seq"),
)

cards = sa.Table(
    "cards",
    metadata,
    sa.Column("portal", sa.Text, primary_key=True),
    sa.Column("card", sa.Text, primary_key=True),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("updated", sa.BigInteger),
    sa.Column("closed", sa.SmallInteger, nullable=False),
    sa.Column("deleted", sa.SmallInteger, nullable=False),
    sa.Column("looked_at", sa.BigInteger),  # NULL: only copied, no look has seen it yet
    sa.Column("wake_at", sa.BigInteger),
    sa.Column("accepted", sa.Text),
    sa.Column("body", sa.Text),
    sa.Column("memory", sa.Text, nullable=False),
    sa.Index(
        "cards_wake",
        "portal",
        "wake_at",
        sqlite_where=sa.text("wake_at IS NOT NULL"),
        postgresql_where=sa.text("wake_at IS NOT NULL"),
    ),
)

visits = sa.Table(
    "visits",
    metadata,
    sa.Column("portal", sa.Text, primary_key=True),
    sa.Column("card", sa.Text, primary_key=True),
    sa.Column("visit", sa.Text, primary_key=True),
    _key("kind"),
    sa.Column("row", sa.BigInteger),
    sa.Column("entered", sa.BigInteger, nullable=False),
    _key("body"),
    sa.Index("visits_row", "portal", "kind", "row"),
)

links = sa.Table(
    "links",
    metadata,
    sa.Column("portal", sa.Text, primary_key=True),
    sa.Column("client", sa.Text, primary_key=True),
    sa.Column("card", sa.Text, primary_key=True),
    sa.Index("links_card", "portal", "card"),
)

clients = sa.Table(
    "clients",
    metadata,
    sa.Column("portal", sa.Text, primary_key=True),
    sa.Column("client", sa.Text, primary_key=True),
    _key("body"),
)

comms = sa.Table(
    "comms",
    metadata,
    sa.Column("portal", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("client", sa.Text, primary_key=True),
    sa.Index("comms_client", "portal", "client"),
)

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    _key("portal"),
    _key("key"),
    _key("marker"),
    _key("card"),
    _key("robot"),
    _key("digest"),
    sa.Column("stands_on", sa.Text),
    _key("body"),
    _key("state"),
    sa.Column(
        "open", sa.SmallInteger, nullable=False
    ),  # 0 where the state is final: a partial index hangs on it
    sa.Column("wished_at", sa.BigInteger, nullable=False),
    sa.Column("sent_at", sa.BigInteger),
    sa.Column("done_at", sa.BigInteger),
    sa.Column("retry_at", sa.BigInteger),
    sa.Column("tries", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("made", sa.BigInteger),
    sa.Column("note", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("life", sa.Text),
    sa.Index("ledger_key", "portal", "key", unique=True),
    sa.Index("ledger_marker", "portal", "marker"),
    sa.Index(
        "ledger_made",
        "portal",
        "made",
        sqlite_where=sa.text("made IS NOT NULL"),
        postgresql_where=sa.text("made IS NOT NULL"),
    ),
    sa.Index("ledger_card", "portal", "card", "seq"),
    sa.Index("ledger_state", "portal", "state", "seq"),
    sa.Index(
        "ledger_chain",
        "portal",
        "card",
        "seq",
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open = 1"),
    ),
    sa.Index(
        "ledger_retry",
        "portal",
        "retry_at",
        sqlite_where=sa.text("retry_at IS NOT NULL"),
        postgresql_where=sa.text("retry_at IS NOT NULL"),
    ),
    # AUTOINCREMENT: a number is never given twice, even after old rows are cleared away.
    sqlite_autoincrement=True,
)

looks = sa.Table(
    "looks",
    metadata,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    _key("portal"),
    _key("card"),
    _key("look"),
    sa.Column("at", sa.BigInteger, nullable=False),
    _key("stage"),
    sa.Column("pipeline", sa.BigInteger, nullable=False),
    _key("config"),
    _key("trace"),
    sa.Index("looks_card", "portal", "card", "seq"),
)

notes = sa.Table(
    "notes",
    metadata,
    sa.Column("portal", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    _key("value"),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("portal", sa.Text, primary_key=True),
    _key("worker"),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
)

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("portal", sa.Text, primary_key=True),
    sa.Column("worker", sa.Text, primary_key=True),
    sa.Column("seen", sa.BigInteger, nullable=False),
)

no_copy = sa.Table(
    "no_copy",
    metadata,
    sa.Column("portal", sa.Text, primary_key=True),
    sa.Column("mark", sa.Text, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("portal", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("sealed", sa.Text),  # NULL: erased
    sa.Column("why", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("holder", sa.Text),
    sa.Column("held_until", sa.BigInteger),
)
