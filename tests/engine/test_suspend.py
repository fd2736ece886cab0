"""Cases and procedures that stand still, and go on where they stood."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Engine
from engine.commands import (
    AddNote,
    CancelCase,
    CompleteTask,
    CorrectValues,
    FireTimers,
    RebuildIndexes,
    ResumeCase,
    ResumeProcedure,
    RetryIncident,
    SendMessage,
    SendSignal,
    StartCase,
    SuspendCase,
    SuspendProcedure,
)
from engine.errors import CaseClosed, CaseSuspended, DiagramFailed, NotAllowed, NotFound, ProcedureSuspended, Refused
from tests.bpmn.drawing import END, MESSAGE, SIGNAL, START, boundary, catch, document, flow, flows, throw, timer, users
from tests.engine.steps import complete, kinds, publish, staff, start

#: Task a, with two timers that open further tasks, one after an hour and one after two.
TIMED = document(
    START
    + users("a", "first", "second")
    + boundary("t1", "a", timer("PT1H"), interrupting=False)
    + boundary("t2", "a", timer("PT2H"), interrupting=False)
    + END
    + flows("start>a", "a>end", "t1>first", "t2>second")
)
WAITS = document(
    START
    + '<parallelGateway id="split"/>'
    + users("a")
    + catch("m", MESSAGE)
    + catch("s", SIGNAL)
    + END
    + flows("start>split", "split>a", "split>m", "split>s", "a>end", "m>end", "s>end")
)


def suspend(engine: Engine, number: str) -> None:
    engine.handle(SuspendCase(case=number, reason="待核实", actor="cheng"))


def test_a_suspended_case_stands_still_until_it_is_resumed(engine: Engine, clock: Any) -> None:
    publish(engine, TIMED)
    outcome = start(engine)
    suspend(engine, outcome.case)

    assert engine.case(outcome.case).status == "suspended"
    (task,) = engine.open_tasks(case=outcome.case)
    assert (task.element, task.case_status) == ("a", "suspended")
    with pytest.raises(CaseSuspended, match="挂起"):
        complete(engine, outcome)
    clock.forward(hours=3)
    assert engine.handle(FireTimers(actor="clock")) == []
    engine.handle(AddNote(case=outcome.case, text="已联系", actor="li"))
    engine.handle(CorrectValues(case=outcome.case, values={"n": 1}, reason="补录", actor="cheng"))
    assert engine.case(outcome.case).status == "suspended"
    assert engine.verify().ok

    resumed = engine.handle(ResumeCase(case=outcome.case, actor="cheng"))
    assert (resumed.status, [task.element for task in resumed.tasks]) == ("open", ["a", "first", "second"])
    fired = [entry.element for entry in engine.history(outcome.case) if entry.kind == "timer_fired"]
    assert fired == ["t1", "t2"]
    assert engine.handle(FireTimers(actor="clock")) == []
    assert engine.verify().ok


def test_timers_that_fall_due_after_the_case_was_resumed_fire_as_ever(engine: Engine, clock: Any) -> None:
    publish(engine, TIMED)
    number = start(engine).case
    suspend(engine, number)
    engine.handle(ResumeCase(case=number, reason="核实完毕", actor="cheng"))
    clock.forward(hours=1)
    assert [outcome.case for outcome in engine.handle(FireTimers(actor="clock"))] == [number]
    assert engine.verify().ok


def test_a_message_from_outside_is_refused_and_a_signal_is_kept(engine: Engine) -> None:
    publish(engine, WAITS)
    outcome = start(engine)
    suspend(engine, outcome.case)
    with pytest.raises(CaseSuspended):
        engine.handle(SendMessage(name="paid", case=outcome.case, actor="li"))

    assert engine.handle(SendSignal(name="go", values={"why": "all"}, actor="system")) == []
    case = engine.case(outcome.case)
    assert (case.status, [incident.command for incident in case.incidents]) == ("suspended", ["SendSignal"])
    with pytest.raises(CaseSuspended):
        engine.handle(RetryIncident(case=case.number, seq=case.incidents[0].seq, actor="cheng"))
    assert engine.verify().ok

    assert engine.handle(ResumeCase(case=case.number, actor="cheng")).status == "stuck"
    engine.handle(RetryIncident(case=case.number, seq=case.incidents[0].seq, actor="cheng"))
    case = engine.case(outcome.case)
    assert (case.status, case.values) == ("open", {"why": "all"})
    assert engine.verify().ok


def test_a_signal_of_another_case_is_kept_too(engine: Engine) -> None:
    thrower = START + throw("t", SIGNAL) + END + flows("start>t", "t>end")
    publish(engine, WAITS, document(thrower, process="q"))
    waiting = start(engine).case
    suspend(engine, waiting)
    assert start(engine, procedure="q").status == "closed"
    assert [incident.command for incident in engine.case(waiting).incidents] == ["SendSignal"]
    assert engine.verify().ok


def test_a_stuck_case_is_stuck_again_once_it_is_resumed(engine: Engine) -> None:
    gateway = '<exclusiveGateway id="g"/>'
    publish(
        engine,
        document(START + users("a", "b") + gateway + flows("start>a", "a>g") + flow("g", "b", "${n > 0}", name="g_b")),
    )
    outcome = start(engine)
    with pytest.raises(DiagramFailed):
        complete(engine, outcome)
    suspend(engine, outcome.case)
    assert engine.verify().ok
    assert engine.handle(ResumeCase(case=outcome.case, actor="cheng")).status == "stuck"
    assert engine.verify().ok


def test_suspending_is_for_those_who_repair_and_says_why(engine: Engine) -> None:
    staff(engine, li="agent", cheng="process_owner")
    publish(engine, TIMED)
    outcome = start(engine)
    with pytest.raises(NotAllowed):
        engine.handle(SuspendCase(case=outcome.case, reason="r", actor="li"))
    for reason in ("", "  ", "x" * 2_000, "\x00"):
        with pytest.raises(Refused):
            engine.handle(SuspendCase(case=outcome.case, reason=reason, actor="cheng"))
    with pytest.raises(Refused):
        engine.handle(ResumeCase(case=outcome.case, actor="cheng"))
    suspend(engine, outcome.case)
    with pytest.raises(NotAllowed):
        engine.handle(ResumeCase(case=outcome.case, actor="li"))
    with pytest.raises(Refused):
        suspend(engine, outcome.case)
    with pytest.raises(NotFound):
        suspend(engine, "nobody")
    assert engine.handle(RebuildIndexes(case=outcome.case, actor="system")) == [outcome.case]
    assert engine.verify().ok
    engine.handle(CancelCase(case=outcome.case, reason="撤回", actor="li"))
    assert engine.case(outcome.case).status == "cancelled"
    with pytest.raises(CaseClosed):
        suspend(engine, outcome.case)
    assert engine.verify().ok


def test_a_suspended_procedure_opens_no_cases(engine: Engine) -> None:
    by_message = f'<startEvent id="start">{MESSAGE}</startEvent>' + users("a") + END + flows("start>a", "a>end")
    by_signal = f'<startEvent id="start">{SIGNAL}</startEvent>' + users("a") + END + flows("start>a", "a>end")
    publish(engine, TIMED, document(by_message, "m"), document(by_signal, "s"))
    for procedure in ("p", "m", "s"):
        assert engine.handle(SuspendProcedure(procedure=procedure, reason="制度修订", actor="cheng")) == []
    with pytest.raises(ProcedureSuspended, match="制度修订"):
        start(engine)
    with pytest.raises(ProcedureSuspended):
        engine.handle(SendMessage(name="paid", actor="system"))
    assert engine.handle(SendSignal(name="go", actor="system")) == []
    assert engine.cases().total == 0
    assert [found.procedure for found in engine.suspensions()] == ["m", "p", "s"]
    with pytest.raises(Refused):
        engine.handle(SuspendProcedure(procedure="p", reason="r", actor="cheng"))
    with pytest.raises(NotFound):
        engine.handle(SuspendProcedure(procedure="nothing", reason="r", actor="cheng"))

    engine.handle(ResumeProcedure(procedure="p", actor="cheng"))
    assert start(engine).status == "open"
    with pytest.raises(Refused):
        engine.handle(ResumeProcedure(procedure="p", actor="cheng"))


def test_the_cases_of_a_procedure_stand_still_with_it(engine: Engine, clock: Any) -> None:
    publish(engine, TIMED)
    first, second, alone, over = (start(engine) for _ in range(4))
    suspend(engine, alone.case)
    engine.handle(CancelCase(case=over.case, reason="撤回", actor="system"))

    suspended = engine.handle(SuspendProcedure(procedure="p", reason="制度修订", cases=True, actor="cheng"))
    assert suspended == [first.case, second.case]
    with pytest.raises(CaseSuspended):
        complete(engine, first)
    clock.forward(hours=1)
    resumed = engine.handle(ResumeProcedure(procedure="p", reason="修订完成", actor="cheng"))
    assert resumed == [first.case, second.case]
    assert "timer_fired t1" in kinds(engine, first.case)
    assert engine.case(alone.case).status == "suspended"
    assert engine.verify().ok


def test_rights_on_procedures(engine: Engine) -> None:
    staff(engine, li="agent", cheng="process_owner")
    publish(engine, TIMED)
    with pytest.raises(NotAllowed):
        engine.handle(SuspendProcedure(procedure="p", reason="r", actor="li"))
    engine.handle(SuspendProcedure(procedure="p", reason="r", actor="cheng"))
    with pytest.raises(NotAllowed):
        engine.handle(ResumeProcedure(procedure="p", actor="li"))
    with pytest.raises(ProcedureSuspended):
        engine.handle(StartCase(procedure="p", actor="cheng"))


def test_a_task_done_before_the_case_was_suspended_is_still_done(engine: Engine) -> None:
    publish(engine, WAITS)
    outcome = start(engine)
    engine.handle(CompleteTask(task=outcome.tasks[0].id, actor="li"))
    suspend(engine, outcome.case)
    engine.handle(ResumeCase(case=outcome.case, actor="cheng"))
    assert engine.handle(SendMessage(name="paid", case=outcome.case, actor="li")).status == "open"
    assert engine.verify().ok
