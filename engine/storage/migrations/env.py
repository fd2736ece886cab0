"""Runs migrations on the connection it is handed, inside the transaction that is already open on it."""

from __future__ import annotations

from alembic import context

from engine.storage.operations_tables import incident

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=incident.metadata, render_as_batch=connection.dialect.name == "sqlite"
)
with context.begin_transaction():
    context.run_migrations()
