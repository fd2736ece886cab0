"""Several people, or several workers, at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engine import Engine, EngineError, Outcome, Settings
from engine.commands import CompleteTask, FireTimers, PublishVersion, StartCase
from engine.errors import AlreadyThere, StaleCase, TaskAlreadyDone
from engine.storage.cases import CaseRow, Cases
from tests.bpmn.drawing import END, START, catch, document, flows, timer, users
from tests.engine.steps import TWO, complete, kinds, publish, start

#: Eight tasks at once, then one.
FORK = document(
    START
    + '<parallelGateway id="fork"/><parallelGateway id="join"/>'
    + users(*"abcdefgh", "z")
    + END
    + flows(
        "start>fork",
        *(f"fork>{name}" for name in "abcdefgh"),
        *(f"{name}>join" for name in "abcdefgh"),
        "join>z",
        "z>end",
    )
)


def at_once(*moves: Callable[[], object]) -> list[object]:
    """What each move returned or raised, all begun together."""

    def attempt(move: Callable[[], object]) -> object:
        try:
            return move()
        except EngineError as error:
            return error

    with ThreadPoolExecutor(len(moves)) as pool:
        return list(pool.map(attempt, moves))


def test_one_task_is_done_by_one_of_many(engine: Engine) -> None:
    publish(engine, TWO)
    task = start(engine).tasks[0]

    found = at_once(*(lambda who=who: engine.handle(CompleteTask(task=task.id, actor=f"u{who}")) for who in range(8)))

    assert sorted(type(item).__name__ for item in found) == ["Outcome"] + ["TaskAlreadyDone"] * 7
    assert kinds(engine, task.case).count("task_completed a") == 1
    assert engine.verify().ok


def test_parallel_tasks_of_one_case_are_all_done(engine: Engine) -> None:
    publish(engine, FORK)
    outcome = start(engine)

    found = at_once(
        *(lambda task=task: engine.handle(CompleteTask(task=task.id, actor="li")) for task in outcome.tasks)
    )

    assert all(isinstance(item, Outcome) for item in found), found
    assert [task.element for task in engine.open_tasks(case=outcome.case)] == ["z"]
    assert engine.verify().ok


def test_cases_started_at_once_have_numbers_of_their_own(engine: Engine) -> None:
    publish(engine, TWO)
    found = at_once(*(lambda: start(engine) for _ in range(16)))
    assert len({item.case for item in found if isinstance(item, Outcome)}) == 16
    assert engine.verify().cases == 16


def test_one_reference_opens_one_case_for_all(engine: Engine) -> None:
    publish(engine, TWO)
    found = at_once(*(lambda: engine.handle(StartCase(procedure="p", reference="R", actor="li")) for _ in range(8)))

    opened = [item.case for item in found if isinstance(item, Outcome)]
    assert len(opened) == 1
    assert {item.case for item in found if isinstance(item, AlreadyThere)} == set(opened)
    assert engine.cases().total == 1


def test_two_workers_fire_a_timer_once(engine: Engine, database_url: str, clock: Any, settings: Settings) -> None:
    publish(engine, document(START + catch("c", timer("PT1H")) + users("a") + END + flows("start>c", "c>a", "a>end")))
    numbers = [start(engine).case for _ in range(5)]
    clock.forward(hours=1)
    with Engine.open(database_url, clock=clock, settings=settings) as second:
        at_once(*(lambda by=by: by.handle(FireTimers(actor="clock")) for by in (engine, second, engine, second)))
    for number in numbers:
        assert kinds(engine, number).count("timers_fired") == 1
    assert engine.verify().ok


def test_publishing_at_once_makes_one_version(engine: Engine) -> None:
    files = {"a.bpmn": TWO}
    found = at_once(*(lambda: engine.handle(PublishVersion(files=files, actor="li")) for _ in range(6)))
    assert sorted(len(item) for item in found if isinstance(item, list)) == [0, 0, 0, 0, 0, 1]
    assert [version.number for version in engine.versions("p")] == [1]


def test_a_case_that_moved_on_is_tried_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(engine, TWO)
    outcome = start(engine)
    change, failures = Cases.change, [1, 1]

    def overtaken(self: Cases, row: CaseRow, base: int) -> None:
        change(self, row, base - failures.pop() if failures else base)

    monkeypatch.setattr(Cases, "change", overtaken)
    outcome = complete(engine, outcome)
    assert [task.element for task in outcome.tasks] == ["b"]

    failures.extend([1, 1, 1])
    with pytest.raises(StaleCase):
        complete(engine, outcome)
    assert [task.element for task in engine.open_tasks(case=outcome.case)] == ["b"]
    with pytest.raises(TaskAlreadyDone):
        engine.handle(CompleteTask(task=f"{outcome.case}.2", actor="li"))
    assert engine.verify().ok
