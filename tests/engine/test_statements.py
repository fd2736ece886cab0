"""A command takes a fixed number of SQL statements, whatever the case's past and however much it waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine import Engine, Settings
from engine.commands import AddNote, ClaimTask, CompleteTask, FireTimers, SendMessage, StartCase, UnclaimTask
from engine.storage.database import Database
from engine.storage.vault import Vault
from tests.bpmn.drawing import END, MESSAGE, START, boundary, catch, document, flow, flows, timer, users
from tests.engine.steps import complete, publish, staff

LOOP = document(
    START
    + users("a")
    + boundary("t", "a", timer("PT1H"), interrupting=False)
    + catch("m", MESSAGE)
    + '<exclusiveGateway id="g" default="g_m"/><endEvent id="late"/>'
    + END
    + flows("start>a", "a>g", "g>m", "m>end", "t>late")
    + flow("g", "a", "${again}", name="again")
)
#: As many instances of task i as there are items, then task z.
MANY = document(
    START
    + '<userTask id="i" name="i"><multiInstanceLoopCharacteristics camunda:collection="${items}" '
    + 'camunda:elementVariable="item"/></userTask>'
    + users("z")
    + END
    + flows("start>i", "i>z", "z>end"),
    process="q",
)
#: What completing a task may take, and what the longest command may. Raising them is a decision, not an accident.
MOST_FOR_A_TASK = 8
MOST = 14


@pytest.fixture
def told() -> list[str]:
    """The statements of the counted engine."""
    return []


@pytest.fixture
def counted(database_url: str, clock: Any, settings: Settings, told: list[str]) -> Iterator[Engine]:
    """An engine whose statements are told, with accounts, so that rights are looked up."""
    database = Database.open(database_url, watch=told.append)
    with Engine(database, Vault(settings, database), clock) as engine:
        publish(engine, LOOP, MANY)
        staff(engine, li="agent", wang="agent")
        yield engine


def cost(told: list[str], move: Callable[[], object]) -> int:
    told.clear()
    move()
    return len(told)


def test_completing_costs_the_same_in_every_round(counted: Engine, told: list[str]) -> None:
    outcome = counted.handle(StartCase(procedure="p", actor="li"))
    costs = []
    for _ in range(30):
        task = outcome.tasks[0].id
        costs.append(
            cost(told, lambda task=task: counted.handle(CompleteTask(task=task, values={"again": True}, actor="li")))
        )
        outcome = counted.handle(AddNote(case=outcome.case, text="x", actor="li"))
    assert len(set(costs[1:])) == 1
    assert max(costs) <= MOST_FOR_A_TASK


def test_a_process_that_never_saw_the_case_needs_no_more(
    counted: Engine, database_url: str, clock: Any, settings: Settings
) -> None:
    outcome = counted.handle(StartCase(procedure="p", actor="li"))
    told: list[str] = []
    database = Database.open(database_url, watch=told.append)
    with Engine(database, Vault(settings, database), clock) as other:
        # Versions are read once a process.
        other.handle(ClaimTask(task=outcome.tasks[0].id, actor="wang"))
    database = Database.open(database_url, watch=told.append)
    with Engine(database, Vault(settings, database), clock) as third:
        third.open_tasks(case=outcome.case)
        complete = CompleteTask(task=outcome.tasks[0].id, values={"again": True}, actor="wang")
        assert cost(told, lambda: third.handle(complete)) <= MOST_FOR_A_TASK


def test_every_command_costs_the_same_early_and_late(counted: Engine, told: list[str], clock: Any) -> None:
    def round_of(number: str) -> dict[str, int]:
        task = counted.open_tasks(case=number)[0].id
        clock.forward(hours=2)
        return {
            "claim": cost(told, lambda: counted.handle(ClaimTask(task=task, actor="li"))),
            "unclaim": cost(told, lambda: counted.handle(UnclaimTask(task=task, actor="li"))),
            "note": cost(told, lambda: counted.handle(AddNote(case=number, text="x", actor="li"))),
            "timers": cost(told, lambda: counted.handle(FireTimers(actor="clock"))),
            "complete": cost(
                told, lambda: counted.handle(CompleteTask(task=task, values={"again": False}, actor="li"))
            ),
            "message": cost(told, lambda: counted.handle(SendMessage(name="paid", case=number, actor="li"))),
        }

    def at_its_task(rounds: int) -> str:
        outcome = counted.handle(StartCase(procedure="p", actor="li"))
        for _ in range(rounds):
            outcome = complete(counted, outcome, again=True)
        return outcome.case

    round_of(at_its_task(1))
    young = round_of(at_its_task(1))
    old = round_of(at_its_task(20))

    assert young == old
    assert max(young.values()) <= MOST
    assert counted.verify().ok


def test_many_tasks_cost_no_more_than_a_few(counted: Engine, told: list[str]) -> None:
    def costs(count: int) -> tuple[int, int, int]:
        values = {"items": list(range(count))}
        begun = cost(told, lambda: counted.handle(StartCase(procedure="q", values=values, actor="li")))
        number = counted.cases().rows[0].number
        tasks = counted.open_tasks(case=number)
        assert len(tasks) == count
        one = cost(told, lambda: counted.handle(CompleteTask(task=tasks[0].id, actor="li")))
        listed = cost(told, lambda: counted.worklist("li"))
        return begun, one, listed

    costs(1)
    assert costs(3) == costs(60)


def test_lists_are_a_query_each(counted: Engine, told: list[str]) -> None:
    for _ in range(5):
        counted.handle(StartCase(procedure="p", actor="li"))
    few = [cost(told, lambda: counted.worklist("li")), cost(told, lambda: counted.cases("li"))]
    for _ in range(40):
        counted.handle(StartCase(procedure="p", actor="li"))
    # The actor, the count, the page.
    assert [cost(told, lambda: counted.worklist("li")), cost(told, lambda: counted.cases("li"))] == few == [3, 3]
