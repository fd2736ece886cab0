"""Many cases quickly: one genuine case is copied, row by row, under new numbers and with a log sealed anew."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import MetaData, Table, create_engine, insert, select

from engine.events import Chain

#: Rows in one statement.
BATCH = 2000
LOG = "case_log"


def multiply(url: str, number: str, times: int) -> list[str]:
    """Adds ``times`` copies of a case to its database and returns their numbers.

    All tables with the case's number are copied, whatever they are; the logs' hashes are computed as the engine does,
    so that the copies verify. Only for cases that refer to nothing outside themselves.
    """
    database = create_engine(url)
    try:
        metadata = MetaData()
        with database.begin() as connection:
            metadata.reflect(connection)
            cases = metadata.tables["case"]
            found = _rows(connection, metadata, number)
            template = dict(connection.execute(select(cases).where(cases.c.number == number)).mappings().one())
            numbers = [f"{number}-{place}" for place in range(1, times + 1)]
            for first in range(0, times, BATCH):
                batch = numbers[first : first + BATCH]
                logs = {each: _log(found[LOG], number, each) for each in batch}
                connection.execute(
                    insert(cases),
                    [{**_renamed(template, number, each), "log_hash": logs[each].hash} for each in batch],
                )
                for name in _in_order(metadata, found):
                    rows = [row for each in batch for row in _copies(name, found[name], number, each, logs[each])]
                    connection.execute(insert(metadata.tables[name]), rows)
        return numbers
    finally:
        database.dispose()


def _rows(connection: Any, metadata: MetaData, number: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of all tables that belong to the case or to one of its tasks."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table in metadata.sorted_tables:
        condition = None
        if "case" in table.c:
            condition = table.c["case"] == number
        elif "task" in table.c:
            condition = table.c["task"].startswith(f"{number}.", autoescape=True)
        if condition is not None:
            order = list(table.primary_key.columns)
            rows = connection.execute(select(table).where(condition).order_by(*order)).mappings()
            found[table.name] = [_without_counted(table, row) for row in rows]
    return {name: rows for name, rows in found.items() if rows}


def _without_counted(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without the id the database gives itself."""
    keys = list(table.primary_key.columns)
    counted = keys[0].name if len(keys) == 1 and keys[0].type.python_type is int else None
    return {name: value for name, value in row.items() if name != counted}


def _in_order(metadata: MetaData, found: Mapping[str, Any]) -> Iterator[str]:
    return (table.name for table in metadata.sorted_tables if table.name in found)


def _renamed(row: Mapping[str, Any], number: str, other: str) -> dict[str, Any]:
    return {name: value.replace(number, other) if isinstance(value, str) else value for name, value in row.items()}


def _log(entries: list[dict[str, Any]], number: str, other: str) -> Chain:
    chain = Chain(other)
    for entry in entries:
        data = json.loads(entry["data"].replace(number, other))
        chain.add(entry["at"], entry["actor"], entry["kind"], entry["element"], data)
    return chain


def _copies(table: str, rows: list[dict[str, Any]], number: str, other: str, log: Chain) -> Iterator[dict[str, Any]]:
    for place, row in enumerate(rows):
        copy = _renamed(row, number, other)
        if table == LOG:
            copy.update(prev=log.added[place].prev, hash=log.added[place].hash)
        yield copy
