"""Opening a database: migrations, addresses, and what the tables refuse."""

from __future__ import annotations

import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from engine import Engine, EngineError, Settings
from engine.errors import NotFound, Refused
from engine.storage import migrations
from engine.storage.database import Database
from engine.storage.tables import metadata
from tests.engine.steps import TWO, publish, start


def test_opening_again_asks_one_question(database_url: str) -> None:
    Database.open(database_url).close()
    asked: list[str] = []

    database = Database.open(database_url, watch=asked.append)

    assert asked == ["SELECT version_num FROM alembic_version"]
    database.close()


def test_many_may_open_an_empty_database_at_once(database_url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: Database.open(database_url), range(8)))

    for database in opened:
        with database.reading() as connection:
            assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1
        database.close()


def test_migrations_make_the_tables(database_url: str) -> None:
    database = Database.open(database_url)
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_head_is_the_newest_migration() -> None:
    folder = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert folder.get_heads() == [migrations.HEAD]


def test_a_database_of_a_newer_huiyin_is_left_alone(database_url: str) -> None:
    database = Database.open(database_url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()

    with pytest.raises(EngineError, match="9999"):
        Database.open(database_url)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("huiyin.db", "sqlite:///huiyin.db"),
        ("mysql://localhost/huiyin", "mysql"),
        ("sqlite:////no/such/folder/huiyin.db", "/no/such/folder"),
        ("sqlite:////proc/huiyin.db", "unable to open"),
        ("postgresql://127.0.0.1:1/huiyin", "127.0.0.1"),
    ],
)
def test_an_address_that_does_not_work_is_explained(url: str, reason: str) -> None:
    with pytest.raises(EngineError, match=reason):
        Engine.open(url, settings=Settings(env="test"))


def test_a_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_bytes(b"Dear Sir or Madam, " * 100)

    with pytest.raises(EngineError, match="not a database"):
        Engine.open(f"sqlite:///{path}", settings=Settings(env="test"))


def test_sqlite_writes_are_durable(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'a.db'}")
    with database.writing() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    database.close()


@pytest.mark.parametrize("table", ["case_log", "procedure_version", "file"])
@pytest.mark.parametrize("change", ["DELETE FROM {table}", "UPDATE {table} SET {column} = {column}"])
def test_what_was_written_cannot_be_changed(engine: Engine, database_url: str, table: str, change: str) -> None:
    publish(engine, TWO)
    start(engine)
    column = {"case_log": "actor", "procedure_version": "name", "file": "sha256"}[table]
    server = create_engine(database_url)

    with pytest.raises(DBAPIError, match="append-only"), server.begin() as connection:
        connection.execute(text(change.format(table=table, column=column)))
    server.dispose()


def test_an_engine_without_a_file_works(settings: Settings) -> None:
    with Engine.open("sqlite://", settings=settings) as engine:
        publish(engine, TWO)
        assert start(engine, caller_name="张三").status == "open"
        assert engine.verify().ok


@pytest.mark.parametrize("bad", ["\ud800", "a\x00b"])
def test_what_the_database_cannot_look_up_is_refused(engine: Engine, bad: str) -> None:
    for ask in (engine.case, engine.user, engine.version, engine.attachment, engine.history, engine.task):
        with pytest.raises((NotFound, Refused)):
            ask(bad)
    with pytest.raises((NotFound, Refused)):
        engine.version("p", 10**30)
    with pytest.raises((NotFound, Refused)):
        start(engine, procedure=bad)


def test_what_goes_wrong_in_the_database_is_told_without_the_values(database_url: str) -> None:
    database, phone = Database.open(database_url), str(13_900_000_000 + 12_345_678)
    with pytest.raises(EngineError) as caught, database.reading() as connection:
        connection.execute(text("SELECT :phone FROM nowhere"), {"phone": phone})
    database.close()
    told = "".join(traceback.format_exception(caught.value))
    assert "nowhere" in told and phone not in told
