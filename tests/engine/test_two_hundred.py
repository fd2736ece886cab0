"""Two hundred people at the same moment: nothing lost, nothing done twice, nobody told of a conflict that was none."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from engine import Engine, Outcome, Settings
from engine.commands import CompleteTask, FireTimers, PublishVersion, StartCase
from engine.errors import TaskAlreadyDone
from tests.bpmn.drawing import END, START, boundary, document, flows, timer, users
from tests.engine.steps import TWO, kinds, publish, start
from tests.engine.test_at_once import at_once

MANY = 200
#: A task for each item, then one.
EACH = document(
    START
    + '<userTask id="i" name="i"><multiInstanceLoopCharacteristics camunda:collection="${items}" '
    + 'camunda:elementVariable="item"/></userTask>'
    + users("z")
    + END
    + flows("start>i", "i>z", "z>end")
)
BOTH_SIDES = document(
    START
    + '<parallelGateway id="fork"/><parallelGateway id="join"/>'
    + users("a", "b", "z")
    + END
    + flows("start>fork", "fork>a", "fork>b", "a>join", "b>join", "join>z", "z>end")
)
LIMITED = document(
    START
    + users("a", "done", "late")
    + boundary("limit", "a", timer("PT1H"))
    + END
    + '<endEvent id="end2"/>'
    + flows("start>a", "a>done", "done>end", "limit>late", "late>end2")
)


@pytest.fixture
def engines(engine: Engine, database_url: str, clock: Any, settings: Settings) -> Any:
    """Two engines on one database, as two processes would have them."""
    with Engine.open(database_url, clock=clock, settings=settings) as second:
        yield engine, second


def outcomes(found: list[object]) -> Counter[str]:
    return Counter(type(item).__name__ for item in found)


def test_one_task_is_done_once(engines: tuple[Engine, Engine]) -> None:
    publish(engines[0], TWO)
    task = start(engines[0]).tasks[0]

    found = at_once(
        *(lambda who=who: engines[who % 2].handle(CompleteTask(task=task.id, actor=f"u{who}")) for who in range(MANY))
    )

    assert outcomes(found) == {"Outcome": 1, "TaskAlreadyDone": MANY - 1}
    winner = next(entry.actor for entry in engines[0].history(task.case) if entry.kind == "task_completed")
    assert {item.values["by"] for item in found if isinstance(item, TaskAlreadyDone)} == {winner}
    assert engines[0].verify().ok


def test_the_tasks_of_one_case_are_all_done(engines: tuple[Engine, Engine]) -> None:
    publish(engines[0], EACH)
    outcome = start(engines[0], items=list(range(MANY)))

    found = at_once(
        *(
            lambda task=task, by=by: engines[by % 2].handle(CompleteTask(task=task.id, actor="li"))
            for by, task in enumerate(outcome.tasks)
        )
    )

    assert outcomes(found) == {"Outcome": MANY}
    assert [task.element for task in engines[1].open_tasks(case=outcome.case)] == ["z"]
    assert engines[0].verify().ok


def test_tasks_of_different_cases_do_not_meet(engines: tuple[Engine, Engine]) -> None:
    publish(engines[0], TWO)
    tasks = [start(engines[0]).tasks[0] for _ in range(MANY)]

    found = at_once(
        *(
            lambda task=task, by=by: engines[by % 2].handle(CompleteTask(task=task.id, actor="li"))
            for by, task in enumerate(tasks)
        )
    )

    assert outcomes(found) == {"Outcome": MANY}
    assert Counter(task.element for task in engines[0].open_tasks()) == {"b": MANY}
    assert engines[0].verify().ok


def test_joins_reached_from_both_sides_at_once(engines: tuple[Engine, Engine]) -> None:
    publish(engines[0], BOTH_SIDES)
    started = [start(engines[0]) for _ in range(40)]

    found = at_once(
        *(
            lambda task=task, by=by: engines[by].handle(CompleteTask(task=task.id, actor="li"))
            for outcome in started
            for by, task in enumerate(outcome.tasks)
        )
    )

    assert outcomes(found) == {"Outcome": 80}
    assert Counter(task.element for task in engines[0].open_tasks()) == {"z": 40}
    assert engines[0].verify().ok


def test_a_limit_that_ends_while_the_task_is_done(engines: tuple[Engine, Engine], clock: Any) -> None:
    publish(engines[0], LIMITED)
    tasks = [start(engines[0]).tasks[0] for _ in range(40)]
    clock.forward(hours=1)

    moves: list[Any] = [lambda task=task: engines[0].handle(CompleteTask(task=task.id, actor="li")) for task in tasks]
    moves[20:20] = [lambda: engines[1].handle(FireTimers(actor="clock", limit=15)) for _ in range(4)]
    found = at_once(*moves)

    assert set(outcomes(found)) <= {"Outcome", "TaskAlreadyDone", "list"}
    engines[1].handle(FireTimers(actor="clock", limit=100))
    for task in tasks:
        went = kinds(engines[0], task.case)
        assert went.count("task_opened done") + went.count("task_opened late") == 1
        assert ("task_completed a" in went) == ("task_opened done" in went)
    assert engines[0].verify().ok


def test_cases_started_while_versions_are_published(engines: tuple[Engine, Engine]) -> None:
    publish(engines[0], TWO)
    versions = [TWO.replace(b'name="b"', f'name="b{number}"'.encode()) for number in range(6)]
    moves: list[Any] = [lambda: engines[0].handle(StartCase(procedure="p", actor="li")) for _ in range(60)]
    for place, content in enumerate(versions):
        files = {"0.bpmn": content}
        moves.insert(place * 10, lambda files=files: engines[1].handle(PublishVersion(files=files, actor="li")))

    found = at_once(*moves)

    assert outcomes(found) == {"Outcome": 60, "list": 6}
    assert [version.number for version in engines[0].versions("p")] == list(range(7, 0, -1))
    numbers = {item.case for item in found if isinstance(item, Outcome)}
    assert len(numbers) == 60
    assert engines[0].verify().ok
