"""The schedule: kept by DBOS, which knows no case and talks to nobody."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, column, create_engine, select, table

from engine import Engine
from engine.background import Worker
from engine.background import schedule as of_schedule
from engine.background import worker as of_worker
from engine.background.schedule import cron
from engine.errors import BadSetting
from engine.storage.jobs import jobs_file
from tests.background.conftest import POSTGRES, drop_schema, until
from tests.background.diagrams import TIMER
from tests.engine.steps import kinds, publish, start


def still_there(worker: Worker) -> Callable[[float], bool]:
    """Whether a worker in a thread is still at it after so many seconds."""

    def still(seconds: float) -> bool:
        thread = worker.thread
        assert thread is not None
        thread.join(seconds)
        return thread.is_alive()

    return still


def forget_jobs(engine: Engine, database_url: str) -> None:
    """Deletes everything that DBOS knows."""
    known = engine.jobs_database()
    known.close()
    if known.schema:
        drop_schema(known.schema)
        return
    file = jobs_file(Path(database_url.removeprefix("sqlite:///")))
    for name in (file, *file.parent.glob(f"{file.name}-*")):
        name.unlink()


def test_what_the_schedule_knows_may_vanish_between_two_runs(
    engine: Engine, database_url: str, clock: Any, jobs: None
) -> None:
    publish(engine, TIMER)
    numbers = []
    for _ in range(2):
        numbers.append(start(engine).case)
        clock.forward(hours=2)
        worker = Worker(engine, every=1)
        worker.start()
        until(lambda: not engine.health().work_is_due, still_there(worker))
        worker.stop()
        forget_jobs(engine, database_url)

    for number in numbers:
        assert kinds(engine, number).count("timer_fired c") == 1
    assert engine.health().workers == ()
    assert engine.verify().ok


def test_what_the_schedule_knows_may_vanish_under_a_running_worker(
    engine: Engine, database_url: str, clock: Any, jobs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_worker, "BEAT", 0.2)
    publish(engine, TIMER)
    worker = Worker(engine, every=1)
    worker.start()
    forget_jobs(engine, database_url)
    number = start(engine).case
    clock.forward(hours=2)

    until(lambda: not engine.health().work_is_due, still_there(worker))
    worker.stop()

    assert kinds(engine, number).count("timer_fired c") == 1
    assert engine.verify().ok


def test_it_listens_to_nobody_and_calls_nobody_but_its_database(
    engine: Engine, database_url: str, clock: Any, jobs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[Any] = []
    for name in ("bind", "listen", "connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, lambda self, *address: called.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *address, **_: called.append(address) or [])
    publish(engine, TIMER)
    start(engine)
    clock.forward(hours=2)
    worker = Worker(engine, every=1)
    worker.start()
    until(lambda: not engine.health().work_is_due, still_there(worker))
    worker.stop()

    # The database's own driver does not go through Python's sockets.
    assert called == []


def test_it_does_not_start_where_it_would_connect_to_a_cloud(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBOS__CLOUD", "true")
    with pytest.raises(BadSetting, match="DBOS__CLOUD"):
        Worker(engine).run()


def remembered(engine: Engine, table_name: str, name: str) -> list[str]:
    """A column of one of DBOS's tables."""
    known = engine.jobs_database()
    known.close()
    kept = create_engine(known.url if not known.schema else POSTGRES, poolclass=NullPool)
    with kept.connect() as connection:
        found = list(
            connection.execute(
                select(column(name)).select_from(table(table_name, schema=known.schema or None))
            ).scalars()
        )
    kept.dispose()
    return found


def test_what_it_keeps_is_no_program_and_not_kept_for_long(
    engine: Engine, jobs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(engine, every=1)
    worker.start()
    until(lambda: worker.drains > 1, still_there(worker))
    inputs = remembered(engine, "workflow_input", "inputs")
    assert inputs and all(content.startswith("{") for content in inputs)

    before = set(remembered(engine, "workflow_output", "workflow_uuid"))
    assert before
    monkeypatch.setattr(of_schedule, "REMEMBERED", timedelta(0))
    of_schedule.sweep(datetime.now(UTC), None)
    worker.stop()

    assert before.isdisjoint(remembered(engine, "workflow_output", "workflow_uuid"))


@pytest.mark.parametrize(
    ("seconds", "line"),
    [
        (1, "*/1 * * * * *"),
        (5, "*/5 * * * * *"),
        (59, "*/59 * * * * *"),
        (60, "0 */1 * * * *"),
        (600, "0 */10 * * * *"),
    ],
)
def test_seconds_become_a_schedule(seconds: int, line: str) -> None:
    assert cron(seconds) == line
