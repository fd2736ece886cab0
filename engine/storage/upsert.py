"""INSERT … ON CONFLICT, which both databases have and SQLAlchemy spells once for each."""

from __future__ import annotations

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can be told what to do where the row exists (``on_conflict_do_nothing``, ``…_do_update``)."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
