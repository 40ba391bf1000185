"""Those who were erased: ids and keyed hashes of what isn't to be copied again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "no_copy",
        sa.Column("portal", sa.Text, nullable=False, primary_key=True),
        sa.Column("mark", sa.Text, nullable=False, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
