"""What ``docs/howto/scale.md`` tells people to do with PostgreSQL works as it stands there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from engine import Engine, Settings
from engine.commands import AddNote
from engine.errors import DatabaseFailed
from tests.conftest import DATABASES
from tests.engine.steps import TWO, complete, publish, start

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "scale.md"
on_postgresql = pytest.mark.parametrize(
    "database_url", [name for name in DATABASES if name == "postgresql"], indirect=True
)


def run(url: str, statements: str) -> None:
    server = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with server.begin() as connection:
        for statement in statements.split(";"):
            if statement.strip():
                connection.execute(text(statement))
    server.dispose()


@on_postgresql
def test_the_log_can_be_partitioned_by_month(database_url: str, clock: Any, settings: Settings) -> None:
    Engine.open(database_url, clock=clock, settings=settings).close()
    run(database_url, PAGE.read_text(encoding="utf-8").split("```sql")[1].split("```")[0])

    with Engine.open(database_url, clock=clock, settings=settings) as engine:
        publish(engine, TWO)
        complete(engine, start(engine))
        clock.forward(days=10)
        complete(engine, start(engine))
        clock.forward(days=60)
        complete(engine, start(engine))
        assert engine.verify().ok

    for partition in ("2026_11", "2026_12", "others"):
        server = create_engine(make_url(database_url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
        with server.connect() as connection:
            count = text(f"SELECT count(*) FROM case_log_{partition}")  # noqa: S608
            assert connection.execute(count).scalar_one() > 0
        server.dispose()
        with pytest.raises(Exception, match="append-only"):
            run(database_url, f"DELETE FROM case_log_{partition}")  # noqa: S608


@on_postgresql
def test_a_replica_answers_and_changes_nothing(
    engine: Engine, database_url: str, clock: Any, settings: Settings
) -> None:
    publish(engine, TWO)
    outcome = complete(engine, start(engine))
    read_only = make_url(database_url)
    options = f"{read_only.query['options']} -cdefault_transaction_read_only=on"
    address = read_only.update_query_dict({"options": options}).render_as_string(False)

    with Engine.open(address, clock=clock, settings=settings) as replica:
        assert replica.verify().ok
        assert replica.case(outcome.case).status == "open"
        assert len(replica.history(outcome.case)) == len(engine.history(outcome.case))
        with pytest.raises(DatabaseFailed):
            replica.handle(AddNote(case=outcome.case, text="x", actor="li"))
