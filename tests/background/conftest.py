"""Background work on every kind of database, without leaving the schedule's tables behind."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.schema import DropSchema

from engine import Engine
from tests.conftest import POSTGRES

#: Somebody waits this many times a twentieth of a second before a test is given up.
PATIENCE = 1_200


@pytest.fixture
def jobs(engine: Engine) -> Iterator[None]:
    """What DBOS made for the engine is gone afterwards."""
    yield
    with_jobs = engine.jobs_database()
    with_jobs.close()
    if with_jobs.schema:
        drop_schema(with_jobs.schema)


def drop_schema(name: str) -> None:
    """Deletes a schema of PostgreSQL with all that is in it."""
    server = create_engine(POSTGRES, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        # Whoever was killed may not have been noticed yet.
        connection.execute(text("SET lock_timeout = '20s'"))
        connection.execute(DropSchema(name, cascade=True, if_exists=True))
    server.dispose()


def until(reached: Callable[[], bool], running: Callable[[float], bool]) -> None:
    """Looks again and again whether something has come about, while ``running``, which lets a little time pass, says
    that those who do it are still at it."""
    for _ in range(PATIENCE):
        if reached():
            return
        assert running(0.05), "it ended before"
    raise AssertionError("it never came about")


def is_running(process: subprocess.Popen[str]) -> Callable[[float], bool]:
    """Whether a process is still there after so many seconds."""

    def still(seconds: float) -> bool:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    return still
