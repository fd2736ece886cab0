"""Bringing the schema up to date: one query when it is, a lock and Alembic when it is not."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from engine.errors import SchemaTooNew
from engine.storage.migrations import HEAD

#: Any number, the same in every process that opens the database.
_LOCK = 4_807_110_154

_FOLDER = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Applies what is missing. Several processes may do so at once: one works, the others wait and find it done."""
    if current(engine) == HEAD:
        return
    with engine.connect() as connection:
        connection = connection.execution_options(writing=True)
        with connection.begin():
            if connection.dialect.name != "sqlite":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            found = _version(connection) if _has_version_table(connection) else None
            if found == HEAD:
                return
            if found is not None and found not in _known():
                raise SchemaTooNew(found=found)
            command.upgrade(configuration(connection), "head")


def current(engine: Engine) -> str | None:
    """The migration the database is at; None for an empty database."""
    with engine.connect() as connection:
        try:
            return _version(connection)
        except DBAPIError:
            # No such table, or the database does not answer: the second is found out by the next statement.
            return None


def configuration(connection: Connection) -> Config:
    """Alembic's settings for that connection."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _version(connection: Connection) -> str | None:
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found


def _has_version_table(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        query = text("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'")
    else:
        query = text("SELECT count(*) FROM pg_class WHERE oid = to_regclass('alembic_version')")
    return bool(connection.execute(query).scalar_one())


def _known() -> set[str]:
    return {script.revision for script in ScriptDirectory(str(_FOLDER)).walk_revisions()}
