"""One table with one text a row, through the driver itself: what the disk and the database cost without an engine."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
from sqlalchemy import make_url


class PlainTable(ABC):
    """Rows by key. ``put`` is one transaction, on the disk when it returns."""

    @classmethod
    @contextmanager
    def open(cls, url: str) -> Iterator[PlainTable]:
        """Makes the table in an empty database."""
        address = make_url(url)
        if address.get_backend_name() == "sqlite":
            with closing(sqlite3.connect(str(address.database), isolation_level=None)) as connection:
                yield _InSqlite(connection)
        else:
            with psycopg.connect(address.set(drivername="postgresql").render_as_string(False)) as server:
                yield _InPostgres(server)

    @abstractmethod
    def get(self, key: str) -> str:
        """The text of a row that is there."""

    @abstractmethod
    def put(self, key: str, text: str) -> None:
        """Adds or replaces a row and commits."""


class _InSqlite(PlainTable):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # As the engine sets it (engine/storage/database.py): a write-ahead log, and every commit on the disk.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE plain (key TEXT PRIMARY KEY, content TEXT NOT NULL)")

    def get(self, key: str) -> str:
        return str(self._connection.execute("SELECT content FROM plain WHERE key = ?", (key,)).fetchone()[0])

    def put(self, key: str, text: str) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("UPDATE plain SET content = ? WHERE key = ?", (text, key)).rowcount == 0:
            connection.execute("INSERT INTO plain VALUES (?, ?)", (key, text))
        connection.execute("COMMIT")


class _InPostgres(PlainTable):
    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        connection.execute("CREATE TABLE plain (key text PRIMARY KEY, content text NOT NULL)")
        connection.commit()

    def get(self, key: str) -> str:
        row = self._connection.execute("SELECT content FROM plain WHERE key = %s", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        return str(row[0])

    def put(self, key: str, text: str) -> None:
        if self._connection.execute("UPDATE plain SET content = %s WHERE key = %s", (text, key)).rowcount == 0:
            self._connection.execute("INSERT INTO plain VALUES (%s, %s)", (key, text))
        self._connection.commit()
