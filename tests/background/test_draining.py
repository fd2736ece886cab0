"""Doing what is due: each thing once, in order, and nothing is held up by what fails."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from engine import Engine, bpmn
from engine.background import drain
from engine.commands import ResumeCase, RetryIncident, SuspendCase
from engine.settings import Settings
from engine.storage.database import Database
from engine.storage.vault import Vault
from tests.background.diagrams import NEEDS_N, OPENS, TAKES, THROWS, TIMER
from tests.bpmn.drawing import START, catch, document, flows, timer
from tests.engine.steps import complete, kinds, publish, start


def test_what_is_due_is_done_once_the_longest_due_first(engine: Engine, clock: Any) -> None:
    publish(engine, TIMER)
    numbers = []
    for _ in range(5):
        numbers.append(start(engine).case)
        clock.forward(minutes=1)
    assert drain(engine, {}).moved == {}

    clock.forward(minutes=57)
    assert list(drain(engine, {}).moved) == numbers[:3]
    clock.forward(hours=9)
    done = drain(engine, {})

    assert list(done.moved) == numbers[3:]
    assert (done.ok, drain(engine, {}).as_json()["fired"]) == (True, [])
    for number in numbers:
        assert kinds(engine, number).count("timer_fired c") == 1
    assert engine.verify().ok


def test_a_timer_that_fails_is_left_alone_until_its_case_is_mended(engine: Engine, clock: Any) -> None:
    publish(engine, NEEDS_N)
    bad, good = start(engine), start(engine, n=1)
    clock.forward(hours=1)

    done = drain(engine, {})
    assert (list(done.moved), done.failed, done.ok) == ([good.case], [bad.case], False)
    entries = len(engine.history(bad.case))
    for _ in range(3):
        clock.forward(hours=1)
        assert (drain(engine, {}).moved, drain(engine, {}).failed) == ({}, [])
    assert len(engine.history(bad.case)) == entries
    assert (engine.health().timers, engine.health().held, engine.health().incidents) == (0, 1, 1)

    incident = engine.case(bad.case).incidents[0]
    engine.handle(RetryIncident(case=bad.case, seq=incident.seq, values={"n": 1}, reason="补上", actor="system"))

    assert [task.element for task in engine.open_tasks(case=bad.case)] == ["b", "a"]
    assert (engine.case(bad.case).status, engine.health().held) == ("open", 0)
    assert engine.verify().ok


def test_a_suspended_case_stands_still_and_catches_up(engine: Engine, clock: Any) -> None:
    publish(engine, TIMER)
    number = start(engine).case
    engine.handle(SuspendCase(case=number, reason="核实", actor="system"))
    clock.forward(hours=2)
    assert drain(engine, {}).moved == {}
    assert engine.health().work_is_due is False

    engine.handle(ResumeCase(case=number, reason="", actor="system"))
    drain(engine, {})
    assert kinds(engine, number).count("timer_fired c") == 1
    assert engine.verify().ok


def test_a_diagram_that_arms_a_due_timer_for_ever_ends_in_an_incident(
    engine: Engine, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.background.draining.MOST_MOVES", 10)
    loop = '<exclusiveGateway id="again"/>'
    # The date has passed whenever it is armed.
    always = timer("2020-01-01T00:00:00Z", "timeDate")
    publish(engine, document(START + loop + catch("c", always) + flows("start>again", "again>c", "c>again")), TAKES)
    livelock = start(engine).case

    done = drain(engine, {})

    assert done.failed == [livelock]
    assert engine.case(livelock).status == "stuck"
    assert drain(engine, {}).moved == {}
    assert engine.verify().ok


def test_a_signal_reaches_each_receiver_once_whatever_fails_in_between(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(engine, THROWS, TAKES, OPENS)
    takers = [start(engine, procedure="r").case for _ in range(4)]
    thrower = start(engine, procedure="q")
    with monkeypatch.context() as killed:
        killed.setattr(Engine.hand_on, "__defaults__", (3,))
        complete(engine, thrower)
    reached = [number for number in takers if engine.open_tasks(case=number)]
    assert 0 < len(reached) < len(takers)

    rounds = [threading.Thread(target=drain, args=(engine, {})) for _ in range(3)]
    for one in rounds:
        one.start()
    for one in rounds:
        one.join()

    for number in takers:
        assert kinds(engine, number).count("signal_caught w") == 1
    assert engine.cases(procedure="o").total == 1
    assert engine.health().handed_on == 0
    assert engine.verify().ok


@pytest.mark.parametrize("cases", [2, 60])
def test_a_due_timer_costs_the_same_however_many_cases_wait(
    cases: int, database_url: str, clock: Any, settings: Settings
) -> None:
    told: list[str] = []
    database = Database.open(database_url, watch=told.append)
    with Engine(database, Vault(settings, database), clock) as engine:
        publish(engine, TIMER)
        first = start(engine)
        clock.forward(minutes=30)
        for _ in range(cases):
            start(engine)
        clock.forward(minutes=30)
        told.clear()

        assert [outcome.case for outcome in engine.fire_due().moved] == [first.case]

        # Two looks that find nothing more, and the step itself.
        assert len(told) <= 14, told
        assert not [text for text in told if "FROM wait" in text and "next_at" not in text and '"case" =' not in text]


def test_a_defect_in_one_case_does_not_keep_others_from_their_timers(
    engine: Engine, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(engine, TIMER)
    bad, good = start(engine).case, start(engine).case
    clock.forward(hours=1)
    proper, failing = bpmn.step, [True]

    def broken(definition: Any, before: Any, action: Any, *rest: Any, **more: Any) -> Any:
        if isinstance(action, bpmn.Fire) and failing:
            failing.clear()
            raise ZeroDivisionError("a defect")
        return proper(definition, before, action, *rest, **more)

    monkeypatch.setattr(bpmn, "step", broken)

    done = drain(engine, {})

    assert (list(done.moved), done.failed) == ([good], [bad])
    assert "ZeroDivisionError" in engine.case(bad).incidents[0].en
    assert engine.verify().ok


def test_a_defect_in_what_is_handed_on_keeps_nothing_else_from_it(
    engine: Engine, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(engine, THROWS, TAKES)
    taker, other = (start(engine, procedure="r").case for _ in range(2))
    proper = bpmn.step

    def broken(definition: Any, before: Any, action: Any, *rest: Any, **more: Any) -> Any:
        if isinstance(action, bpmn.Signal) and failing:
            failing.pop()
            raise ZeroDivisionError("a defect")
        return proper(definition, before, action, *rest, **more)

    failing = [True]
    monkeypatch.setattr(bpmn, "step", broken)
    thrower = complete(engine, start(engine, procedure="q"))

    assert thrower.status == "open", "whoever threw it is not concerned"
    assert [bool(engine.open_tasks(case=number)) for number in (taker, other)] == [False, True]
    clock.forward(minutes=1)
    assert drain(engine, {}).handed_on == 1
    for number in (taker, other):
        assert kinds(engine, number).count("signal_caught w") == 1
    assert engine.verify().ok
