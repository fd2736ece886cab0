"""A database as lines of JSON, table by table: how the history of a release is kept in this folder.

The first line names the schema it was written under; a line of a table is ``[table, {column: value}]``, bytes as
``{"base64": …}``. It is put into an empty database of either kind at that schema, as that release would have left it.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import Connection, MetaData, create_engine, make_url, text

from engine.storage import schema

FOLDER = Path(__file__).parent
#: Written by the database itself, or nothing that a history is about.
_LEFT_OUT = {"alembic_version"}


def releases() -> list[str]:
    """The releases whose history is kept."""
    return sorted(path.name.removesuffix(".jsonl.gz") for path in FOLDER.glob("*.jsonl.gz"))


def write(url: str, release: str) -> int:
    """Keeps the database at ``url`` as the history of a release; the number of rows."""
    engine = create_engine(url)
    found = MetaData()
    rows = 0
    with engine.connect() as connection:
        found.reflect(connection)
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        lines = [json.dumps({"release": release, "schema": version})]
        for table in found.sorted_tables:
            if table.name in _LEFT_OUT:
                continue
            order = list(table.primary_key.columns)
            for row in connection.execute(table.select().order_by(*order)).mappings():
                lines.append(json.dumps([table.name, {key: _plain(value) for key, value in row.items()}]))
                rows += 1
    engine.dispose()
    content = "\n".join(lines).encode("utf-8")
    # Without a moment in its header, the same history makes the same file.
    (FOLDER / f"{release}.jsonl.gz").write_bytes(gzip.compress(content, mtime=0))
    return rows


def restore(release: str, url: str) -> str:
    """Puts a release's history into the empty database at ``url``, at that release's schema, and returns the schema."""
    lines = _lines(release)
    head = next(lines)
    engine = create_engine(make_url(url).set(drivername=_driver(url)))
    with engine.connect() as connection, connection.begin():
        command.upgrade(schema.configuration(connection), head["schema"])
        found = MetaData()
        found.reflect(connection)
        _without_checks(connection)
        for table in found.sorted_tables:
            rows = [row for name, row in _lines(release) if name == table.name] if table.name not in _LEFT_OUT else []
            if rows:
                connection.execute(table.insert(), [_read(row) for row in rows])
        _count_on(connection, found)
    engine.dispose()
    return str(head["schema"])


def _lines(release: str) -> Iterator[Any]:
    with gzip.open(FOLDER / f"{release}.jsonl.gz", "rt", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return iter(lines)


def _driver(url: str) -> str:
    return "postgresql+psycopg" if url.startswith("postgresql") else "sqlite"


def _without_checks(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))


def _count_on(connection: Connection, found: MetaData) -> None:
    """PostgreSQL counts numbers itself; what was inserted with its number is not counted."""
    if connection.dialect.name == "sqlite":
        return
    for table in found.sorted_tables:
        for column in table.primary_key.columns:
            if column.autoincrement is True or (column.name == "id" and column.type.python_type is int):
                connection.execute(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), "  # noqa: S608
                        f"(SELECT coalesce(max({column.name}), 0) + 1 FROM {table.name}), false)"
                    )
                )


def _plain(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode("ascii")} if isinstance(value, bytes) else value


def _read(row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: base64.b64decode(value["base64"]) if isinstance(value, dict) and "base64" in value else value
        for key, value in row.items()
    }
