"""The lists of open tasks and waits are indexes: they can be written anew from snapshots and logs."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from engine import Engine
from engine.commands import CancelCase, ClaimTask, RebuildIndexes, SaveDraft
from engine.errors import NotAllowed, NotFound
from tests.bpmn.drawing import END, START, boundary, document, flows, timer, users
from tests.conftest import FakeClock
from tests.engine.steps import complete, publish, roles_task, staff, start

DIAGRAM = document(
    START
    + users("a")
    + roles_task("b", candidateGroups="desk", candidateUsers="li", priority="3")
    + boundary("t", "b", timer("P1D"))
    + END
    + flows("start>a", "a>b", "b>end", "t>end")
)


@pytest.fixture
def number(engine: Engine, clock: FakeClock) -> str:
    """A case at its second task, which is claimed and has a draft and a timer; a case before it, one that has ended."""
    staff(engine, li="desk", admin="sysadmin")
    publish(engine, DIAGRAM)
    start(engine)
    engine.handle(CancelCase(case=start(engine).case, reason="x", actor="li"))
    outcome = start(engine)
    clock.forward(minutes=5)
    outcome = complete(engine, outcome, choice="yes")
    clock.forward(minutes=5)
    engine.handle(ClaimTask(task=outcome.tasks[0].id, actor="li"))
    engine.handle(SaveDraft(task=outcome.tasks[0].id, values={"text": "half"}, actor="li"))
    clock.forward(minutes=5)
    return outcome.case


def run(database_url: str, statement: str) -> None:
    """Changes the tables behind the engine's back."""
    server = create_engine(database_url)
    with server.begin() as connection:
        assert connection.execute(text(statement)).rowcount > 0
    server.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM open_task",
        "DELETE FROM wait",
        "DELETE FROM task_candidate",
        "UPDATE open_task SET name = 'x', claimed_by = 'wang', roles = '[]', opened_at = '2020'",
        "UPDATE task_candidate SET kind = 'role', value = 'everybody' WHERE kind = 'user'",
        "UPDATE wait SET due = '2036-01-01T00:00:00.000000+00:00'",
    ],
)
def test_what_was_lost_or_altered_is_written_anew(
    engine: Engine, number: str, database_url: str, statement: str
) -> None:
    tasks, waits = engine.open_tasks(), engine.case(number).waits
    history = engine.history(number)
    run(database_url, statement)
    assert {found.code for found in engine.verify().mismatches} == {"index_differs"}

    assert len(engine.handle(RebuildIndexes(actor="admin"))) == 3

    assert engine.verify().ok
    assert (engine.open_tasks(), engine.case(number).waits) == (tasks, waits)
    assert engine.history(number) == history


def test_one_case_is_rebuilt_alone_and_drafts_stay(engine: Engine, number: str, database_url: str) -> None:
    (task,) = engine.open_tasks(case=number)
    run(database_url, "UPDATE open_task SET name = 'x'")

    assert engine.handle(RebuildIndexes(case=number, actor="system")) == [number]

    assert engine.open_tasks(case=number) == [task]
    assert number not in {found.case for found in engine.verify().mismatches}
    assert not engine.verify().ok
    assert engine.task_draft(task.id, "li") == {"text": "half"}


def test_only_administrators_rebuild(engine: Engine, number: str) -> None:
    with pytest.raises(NotAllowed):
        engine.handle(RebuildIndexes(actor="li"))
    with pytest.raises(NotFound):
        engine.handle(RebuildIndexes(case="20000101-0001", actor="admin"))
