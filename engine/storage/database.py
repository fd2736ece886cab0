"""Opening a database: SQLite (one file, one machine) or PostgreSQL; connections for reading and for writing."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    NoSuchModuleError,
)
from sqlalchemy.pool import StaticPool

from engine.errors import Bilingual, ConnectionLost, DatabaseFailed, refused
from engine.storage import schema

BUSY_SECONDS = 30
#: A PostgreSQL connection that nobody used for so long is asked whether it is still there.
IDLE_SECONDS = 5


class AlreadyStored(Exception):
    """A unique value is taken; inside the engine only, handlers turn it into words. ``detail``: the constraint."""


class Database:
    """A database with an up-to-date schema. Thread-safe; connections are pooled."""

    def __init__(self, url: URL, engine: Engine) -> None:
        self.url = url
        self._engine = engine
        self._writers = engine.execution_options(writing=True)
        self._standing: Connection | None = None
        #: SQLite lets one writer in and has the others look again now and then, ever more seldom. Within a process they
        #: queue up here instead.
        self._turn: AbstractContextManager[Any] = threading.Lock() if self.is_sqlite else nullcontext()

    @classmethod
    def open(cls, text: str, watch: Callable[[str], None] | None = None) -> Database:
        """Opens ``sqlite:///file`` or ``postgresql://…`` and brings the schema up to date. Raises ``DatabaseFailed``.

        ``watch`` is told every SQL statement, begin and commit left out, for whoever counts them.
        """
        url = _read_url(text)
        sqlite = url.get_backend_name() == "sqlite"
        engine = _sqlite(url) if sqlite else _postgresql(url)
        if watch is not None:
            _watch(engine, watch)
            engine.update_execution_options(watch=watch)
        opened = cls(url, engine)
        try:
            with _failures():
                if opened.file is not None:
                    _use_wal(engine)
                schema.upgrade(engine)
        except BaseException:
            opened.close()
            raise
        return opened

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for PostgreSQL and for a database in memory."""
        name = self.url.database
        return Path(name) if self.is_sqlite and name and name != ":memory:" else None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the database for as long as it is held."""
        options: dict[str, Any] = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with _failures(), self._engine.connect() as connection:
            connection = connection.execution_options(**options)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: committed where the block ends, rolled back where it raises. SQLite writers take turns.

        Raises ``ConnectionLost`` where the database went away before the commit was asked for: nothing is stored then,
        so the block may be run again."""
        committing = False
        try:
            with self._turn, _failures(), self._writer() as connection, connection.begin():
                yield connection
                committing = True
        except DatabaseFailed as error:
            lost = isinstance(error.__cause__, DBAPIError) and error.__cause__.connection_invalidated
            if lost and not committing:
                raise ConnectionLost(**error.values) from error
            raise

    @contextmanager
    def _writer(self) -> Iterator[Connection]:
        """A connection to write with. Writers of a file take turns, so one connection serves them all: taking one from
        the pool and giving it back would cost more than the writing."""
        if self.file is None:
            with self._writers.connect() as connection:
                yield connection
            return
        if self._standing is None or self._standing.closed or self._standing.invalidated:
            self._standing = self._writers.connect()
        yield self._standing

    def close(self) -> None:
        """Gives the connections back; the object cannot be used afterwards."""
        if self._standing is not None:
            self._standing.close()
        self._engine.dispose()


def _read_url(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        raise DatabaseFailed(
            reason=Bilingual(
                zh="地址格式不对，应形如 sqlite:///huiyin.db 或 postgresql://用户@主机/库",
                en="the address should look like sqlite:///huiyin.db or postgresql://user@host/database",
            )
        ) from None
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise DatabaseFailed(
            reason=Bilingual(
                zh=f"不支持 {url.drivername}，只支持 SQLite 与 PostgreSQL",
                en=f"{url.drivername} is not supported, only SQLite and PostgreSQL are",
            )
        )
    return url


def _sqlite(url: URL) -> Engine:
    memory = url.database in (None, "", ":memory:")
    if not memory:
        folder = Path(str(url.database)).absolute().parent
        if not folder.is_dir():
            raise DatabaseFailed(
                reason=Bilingual(zh=f"文件夹 {folder} 不存在", en=f"the folder {folder} does not exist")
            )
    options: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS, "check_same_thread": False}}
    if memory:
        options["poolclass"] = StaticPool
    else:
        options.update(pool_size=5, max_overflow=50)
    engine = create_engine(url, hide_parameters=True, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: a deferred one could fail half-way for another writer.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # A person is erased by deleting a key: it must not linger in a free page of the file.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    driver: Any = connection.connection.dbapi_connection
    driver.execute("BEGIN IMMEDIATE" if writing else "BEGIN")


def _use_wal(engine: Engine) -> None:
    """Write-ahead logging is a property of the file. Switching it on needs the file for oneself for a moment, and
    SQLite does not wait for that by itself, so openers at the same time try again."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            with closing(engine.raw_connection()) as raw, closing(raw.cursor()) as cursor:
                cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.Error as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise DatabaseFailed(reason=str(error)) from None
            time.sleep(0.02)


def _watch(engine: Engine, watch: Callable[[str], None]) -> None:
    def told(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            watch(statement)

    event.listen(engine, "before_cursor_execute", told)


def _postgresql(url: URL) -> Engine:
    try:
        engine = create_engine(url, pool_size=5, max_overflow=50, hide_parameters=True)
    except NoSuchModuleError as error:
        raise DatabaseFailed(reason=str(error)) from None
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", _ping_after_a_pause)
    return engine


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _ping_after_a_pause(connection: Any, record: Any, proxy: Any) -> None:
    """Asks a connection whether it is still there if nobody used it for a while. Asking every time would cost each
    command a round trip; a server that goes away in between is noticed by the first statement."""
    if time.monotonic() - record.info.get("used", time.monotonic()) < IDLE_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception:
        # Tells the pool to throw the connection away and to try with another.
        raise DisconnectionError from None


@contextmanager
def _failures() -> Iterator[None]:
    """A driver's exceptions end here; the statement and its values stay out of the text: they may be personal."""
    try:
        yield
    except IntegrityError as error:
        raise AlreadyStored(str(error.orig)) from error
    except (DataError, OverflowError, UnicodeEncodeError) as error:
        raise refused(
            "含有数据库不能存储或查找的字符或数字。",
            "It holds characters or a number that the database cannot store or look up.",
        ) from error
    except DBAPIError as error:
        raise DatabaseFailed(reason=str(error.orig)) from error
