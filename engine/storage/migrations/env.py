"""Runs migrations on the connection it is handed, inside the transaction that is already open on it."""

from __future__ import annotations

from alembic import context

from engine.storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
