"""Alembic's own entry: it is given an open connection and leaves the transaction to the caller."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
