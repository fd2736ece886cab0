"""Statements that every step runs: written in SQLAlchemy once, compiled once a kind of database, run on its driver.

Working out an SQL text anew, and wrapping its result, costs several times what the database needs to answer it. What
is not on the path of every step goes through SQLAlchemy as usual.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, RowMapping
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.sql.elements import CompilerElement

#: A row by column name, as the driver or as SQLAlchemy hands it out.
Row = Mapping[str, Any] | RowMapping

#: The driver's word for a connection on which no transaction has begun.
_IDLE = 0
#: Rows of one INSERT. More are sent one by one, so that there are not too many texts to prepare.
MOST_AT_ONCE = 40

_DIALECTS: Mapping[str, Any] = {
    "sqlite": pysqlite.dialect(paramstyle="named"),
    "postgresql": psycopg.dialect(paramstyle="pyformat"),  # type: ignore[no-untyped-call]
}


class Prepared:
    """A statement with named parameters. ``columns``: those that an INSERT or UPDATE sets."""

    def __init__(self, statement: CompilerElement, columns: Sequence[str] | None = None) -> None:
        compiled = {
            name: statement.compile(dialect=dialect, column_keys=columns) for name, dialect in _DIALECTS.items()
        }
        self._texts = {name: str(found) for name, found in compiled.items()}
        #: Constants that were written into the statement itself.
        self._rows = _insert_parts(self._texts["postgresql"])
        self._given = {
            name: {key: value for key, value in found.params.items() if value is not None}
            for name, found in compiled.items()
        }

    def rows(self, connection: Connection, **values: Any) -> list[Row]:
        """Runs a query; all rows by column name."""
        driver, text, given = self._at(connection)
        try:
            # The first statement of a transaction travels together with its BEGIN.
            first = connection.dialect.name == "postgresql" and driver.info.transaction_status == _IDLE
            with driver.pipeline() if first else nullcontext():
                cursor = driver.execute(text, given | values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]
        except connection.dialect.loaded_dbapi.Error as error:
            raise _as_usual(error, connection, text) from error

    def run(self, connection: Connection, values: Row) -> Any:
        """Runs a change; the driver's cursor, whose ``rowcount`` says how many rows it met."""
        driver, text, given = self._at(connection)
        try:
            return driver.execute(text, given | dict(values))
        except connection.dialect.loaded_dbapi.Error as error:
            raise _as_usual(error, connection, text) from error

    def run_many(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Runs a change for each row."""
        if len(rows) == 1:
            self.run(connection, rows[0])
            return
        driver, text, given = self._at(connection)
        if self._rows is not None and connection.dialect.name == "postgresql" and len(rows) <= MOST_AT_ONCE:
            self._insert_at_once(connection, driver, rows)
            return
        cursor = driver.cursor()
        try:
            cursor.executemany(text, [given | dict(row) for row in rows] if given else rows)
        except connection.dialect.loaded_dbapi.Error as error:
            raise _as_usual(error, connection, text) from error
        finally:
            cursor.close()

    def _insert_at_once(self, connection: Connection, driver: Any, rows: Sequence[Row]) -> None:
        """All rows in one INSERT: to PostgreSQL each statement is a message that has to be answered."""
        before, row_text, names = self._rows or ("", "", ())
        text = before + ", ".join([row_text] * len(rows))
        try:
            driver.execute(text, [row[name] for row in rows for name in names])
        except connection.dialect.loaded_dbapi.Error as error:
            raise _as_usual(error, connection, text) from error

    def _at(self, connection: Connection) -> tuple[Any, str, dict[str, Any]]:
        """The driver's connection, the text for it and its constants; whoever counts statements is told."""
        kind = connection.dialect.name
        text = self._texts[kind]
        watch = connection.get_execution_options().get("watch")
        if watch is not None:
            watch(text)
        return connection.connection.dbapi_connection, text, self._given[kind]


def _insert_parts(text: str) -> tuple[str, str, tuple[str, ...]] | None:
    """An INSERT as what stands before its row, the row with a mark for each value, and the names of the values."""
    before, values, row = text.partition(" VALUES ")
    if not before.startswith("INSERT") or not row.endswith(")"):
        return None
    names = tuple(re.findall(r"%\((\w+)\)s", row))
    return before + values, re.sub(r"%\(\w+\)s", "%s", row), names


@contextmanager
def together(connection: Connection) -> Iterator[None]:
    """Changes that need not wait for each other's answers: on PostgreSQL they travel at once. Only prepared
    statements may run inside, and their row counts are known after it."""
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    try:
        with driver.pipeline():
            yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise _as_usual(error, connection, "") from error


def _as_usual(error: Exception, connection: Connection, text: str) -> StatementError:
    """A driver's error as SQLAlchemy's, without the values; a connection that is gone is taken out of the pool."""
    dialect: Any = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    if lost:
        connection.invalidate(error)
    return DBAPIError.instance(text, None, error, dialect.loaded_dbapi.Error, True, lost, dialect)
