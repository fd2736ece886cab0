"""A step that fails: nothing is lost, a person is told, the next success settles it."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Engine
from engine.commands import CancelCase, FireTimers, StartCase
from engine.errors import DiagramFailed, NotAllowed
from tests.bpmn.drawing import END, START, catch, document, flow, flows, timer, users
from tests.engine.steps import complete, kinds, publish, staff, start

GATEWAY = '<exclusiveGateway id="g"/>'
#: Needs ``n`` after task a.
NEEDS_N = document(
    START + users("a", "b") + GATEWAY + END + flows("start>a", "a>g", "b>end") + flow("g", "b", "${n > 0}", name="g_b")
)


def test_a_failed_step_leaves_the_case_as_it_was_and_an_incident(engine: Engine) -> None:
    publish(engine, NEEDS_N)
    outcome = start(engine)

    for _ in range(2):
        with pytest.raises(DiagramFailed):
            complete(engine, outcome, other=1)

    case = engine.case(outcome.case)
    assert (case.status, [incident.command for incident in case.incidents]) == ("stuck", ["CompleteTask"])
    assert "n" in case.incidents[0].zh
    assert [task.element for task in engine.open_tasks(case=outcome.case)] == ["a"]
    assert "other" not in case.values
    assert kinds(engine, outcome.case)[-1] == f"incident_raised {case.incidents[0].element}".strip()
    assert kinds(engine, outcome.case).count(kinds(engine, outcome.case)[-1]) == 1
    assert [incident.seq for _, incident in engine.incidents()] == [case.incidents[0].seq]
    assert engine.verify().ok


def test_the_next_success_settles_it(engine: Engine) -> None:
    publish(engine, NEEDS_N)
    outcome = start(engine)
    with pytest.raises(DiagramFailed):
        complete(engine, outcome)

    assert complete(engine, outcome, n=1).status == "open"

    case = engine.case(outcome.case)
    assert (case.status, case.incidents) == ("open", ())
    assert "incident_resolved" in kinds(engine, outcome.case)
    assert engine.incidents() == []
    assert engine.verify().ok


def test_a_case_that_cannot_start_is_not_there(engine: Engine) -> None:
    publish(engine, document(START + GATEWAY + END + flows("start>g") + flow("g", "end", "${n > 0}")))
    with pytest.raises(DiagramFailed):
        start(engine)
    with pytest.raises(DiagramFailed):
        engine.handle(StartCase(procedure="p", first={}, actor="li"))
    assert engine.cases().total == 0
    assert start(engine, n=1).status == "closed"


def test_a_timer_that_fails_does_not_hold_up_the_others(engine: Engine, clock: Any) -> None:
    body = START + catch("c", timer("PT1H")) + GATEWAY + END
    publish(engine, document(body + flows("start>c", "c>g") + flow("g", "end", "${n > 0}")))
    bad, good = start(engine).case, start(engine, n=1).case
    clock.forward(hours=1)

    assert [outcome.case for outcome in engine.handle(FireTimers(actor="clock"))] == [good]
    assert engine.case(bad).status == "stuck"
    entries = len(engine.history(bad))
    assert engine.handle(FireTimers(actor="clock")) == []
    assert len(engine.history(bad)) == entries

    other = start(engine, n=1).case
    clock.forward(hours=1)
    assert [outcome.case for outcome in engine.handle(FireTimers(limit=1, actor="clock"))] == [other]
    assert engine.verify().ok


def test_incidents_are_for_those_who_mend_them(engine: Engine) -> None:
    staff(engine, li="agent", cheng="process_owner", admin="sysadmin")
    for login in ("cheng", "admin"):
        assert engine.incidents(login) == []
    with pytest.raises(NotAllowed):
        engine.incidents("li")


def test_a_join_that_waits_in_vain_is_an_incident_and_the_case_can_be_cancelled(engine: Engine) -> None:
    publish(
        engine,
        document(
            START
            + '<exclusiveGateway id="either" default="either_b"/><parallelGateway id="both"/>'
            + users("a", "b", "after")
            + flow("either", "a", "${x}")
            + flows("start>either", "either>b", "a>both", "b>both", "both>after")
        ),
    )
    outcome = complete(engine, start(engine, x=True))

    case = engine.case(outcome.case)
    assert (outcome.status, case.status, outcome.tasks) == ("stuck", "stuck", ())
    assert [found.element for found in case.incidents] == ["both"]
    assert engine.verify(case.number).ok
    engine.handle(CancelCase(case=case.number, reason="流程画错了", actor="li"))
    assert engine.case(case.number).status == "cancelled"
    assert engine.verify(case.number).ok
