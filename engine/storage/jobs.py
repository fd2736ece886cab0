"""Where the schedule and the queue of the background work are kept: apart from the cases, and worth nothing without
them. It may be deleted at any time."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from engine.errors import Bilingual, DatabaseFailed
from engine.storage.database import BUSY_SECONDS, Database


class JobsDatabase:
    """``url``: its address; ``schema``: PostgreSQL's schema, empty on SQLite; ``engine``: SQLAlchemy's engine."""

    def __init__(self, url: str, schema: str, engine: Engine) -> None:
        self.url = url
        self.schema = schema
        self.engine: Any = engine
        self._closed = False
        event.listen(engine, "checkin", self._let_go)

    def close(self) -> None:
        """Gives the connections back, also those that somebody still uses, once they come back."""
        self._closed = True
        self.engine.dispose()

    def _let_go(self, _connection: Any, record: Any) -> None:
        if self._closed:
            record.invalidate()


def open_jobs(database: Database) -> JobsDatabase:
    """On SQLite the file ``<database>.jobs``, on PostgreSQL the schema ``<schema>_jobs`` (``huiyin_jobs`` beside
    ``public``) of the same database. Raises ``DatabaseFailed`` where it cannot be made."""
    if database.is_sqlite:
        file = database.file
        folder = Path(tempfile.mkdtemp(prefix="huiyin-")) if file is None else file.absolute().parent
        return _sqlite(folder / f"{file.name if file is not None else 'huiyin'}.jobs")
    return _postgresql(database)


def jobs_file(database: Path) -> Path:
    """The file of the jobs beside a SQLite file."""
    return database.absolute().parent / f"{database.name}.jobs"


def _sqlite(file: Path) -> JobsDatabase:
    url = URL.create("sqlite", database=str(file))
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    return JobsDatabase(url.render_as_string(), "", engine)


def _prepare(connection: Any, _record: object) -> None:
    # Writers take turns from the start of a transaction; and nothing in here is worth waiting for the disk.
    connection.isolation_level = "IMMEDIATE"
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA foreign_keys = ON")


def _postgresql(database: Database) -> JobsDatabase:
    # DBOS keeps connections for itself: some are held while it polls.
    engine = create_engine(database.url, pool_size=5, max_overflow=10, pool_pre_ping=True, hide_parameters=True)
    try:
        with engine.connect() as connection:
            schema = _schema_beside(connection)
            known = text("SELECT count(*) FROM pg_namespace WHERE nspname = :name")
            if not connection.execute(known, {"name": schema}).scalar_one():
                connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
                connection.commit()
    except ProgrammingError as error:
        engine.dispose()
        raise DatabaseFailed(
            reason=Bilingual(
                zh=f"不能建立后台任务的模式 {schema}（需要在该库 CREATE 的权限，或由管理员先建好）",
                en=f"the schema {schema} for background work cannot be made: it needs CREATE on the database, "
                "or somebody who makes it and gives it to this role",
            )
        ) from error
    except DBAPIError as error:
        engine.dispose()
        raise DatabaseFailed(reason=str(error.orig)) from error
    return JobsDatabase(database.url.render_as_string(hide_password=False), schema, engine)


def _schema_beside(connection: Connection) -> str:
    found = str(connection.execute(text("SELECT current_schema()")).scalar_one())
    name = "huiyin_jobs" if found == "public" else f"{found}_jobs"
    return "".join(letter for letter in name if letter.isalnum() or letter == "_")[:63]
