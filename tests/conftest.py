"""What holds for every test."""

from __future__ import annotations

import importlib.metadata
import os
import secrets
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import NullPool, create_engine, make_url
from sqlalchemy.schema import CreateSchema, DropSchema

from engine import Engine
from engine.settings import Settings

POSTGRES = os.environ.get("HUIYIN_TEST_POSTGRES", "")
#: PostgreSQL is there whenever ``make test`` runs; without it the quick round covers SQLite.
DATABASES = ("sqlite", "postgresql") if POSTGRES else ("sqlite",)

SHOWN = ("huiyin", "SpiffWorkflow", "SQLAlchemy", "Flask", "playwright")


def pytest_report_header() -> list[str]:
    """Which versions a report is about, and whether PostgreSQL is there."""
    versions = ", ".join(f"{name} {_version(name)}" for name in SHOWN)
    server = os.environ.get("HUIYIN_TEST_POSTGRES", "none (run make test, or tests/setup/with_postgres.py)")
    return [f"{versions}, SQLite {sqlite3.sqlite_version}", f"PostgreSQL: {server}"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests counted for the reader (``record_property("count: …", text)``), also where workers ran them."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name.startswith("count: "):
                terminalreporter.section(name.removeprefix("count: "))
                terminalreporter.write_line(str(text))


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


# --- An engine on every database --------------------------------------------------------------------------------


class FakeClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        """Later by that much: ``forward(hours=2)``."""
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> FakeClock:
    """Monday 2026-11-23, nine o'clock in Shanghai."""
    return FakeClock()


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, of every kind that is there: a new file, a new schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'huiyin.db'}"
        return
    schema = f"t_{secrets.token_hex(8)}"
    server = create_engine(POSTGRES, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        connection.execute(CreateSchema(schema))
    yield make_url(POSTGRES).update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(False)
    with server.connect() as connection:
        connection.execute(DropSchema(schema, cascade=True))
    server.dispose()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of a test: keys are kept in its own folder."""
    return Settings(env="test", home=str(tmp_path / "home"))


@pytest.fixture
def engine(database_url: str, clock: FakeClock, settings: Settings) -> Iterator[Engine]:
    """An engine on an empty database of each kind."""
    with Engine.open(database_url, clock=clock, settings=settings) as opened:
        yield opened
