"""The tokens of an application: one sealed text per portal, and the lock of its refresh."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("portal", sa.Text, nullable=False, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("sealed", sa.Text),
        sa.Column("why", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("holder", sa.Text),
        sa.Column("held_until", sa.BigInteger),
    )
