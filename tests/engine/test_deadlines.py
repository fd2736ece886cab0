"""Limits people are held to: they run, stand still, are extended and told of, and what waits for them moves too."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from engine import Engine, Outcome
from engine.cli.output import local as on_the_clock
from engine.commands import (
    AddNote,
    CancelCase,
    CorrectValues,
    ExtendDeadline,
    FireDeadlines,
    FireTimers,
    MigrateCase,
    PauseDeadline,
    RebuildIndexes,
    ResumeCase,
    ResumeDeadline,
    SendSignal,
    SuspendCase,
)
from engine.errors import CaseClosed, EngineError, ExpressionFailed, NotAllowed, NotFound, Refused, VersionRejected
from engine.records import Deadline
from engine.rules.clocks import fold
from tests.bpmn.drawing import END, START, boundary, document, flow, flows, subprocess, timer, users
from tests.conftest import FakeClock
from tests.engine.steps import complete, kinds, publish, staff, start


def properties(**values: str) -> str:
    """Extension elements with ``camunda:properties``."""
    items = "".join(f'<camunda:property name="{name}" value="{value}"/>' for name, value in values.items())
    return f"<extensionElements><camunda:properties>{items}</camunda:properties></extensionElements>"


def task(name: str, attributes: str = "", **values: str) -> str:
    """A user task with properties."""
    return f'<userTask id="{name}" name="{name}" {attributes}>{properties(**values)}</userTask>'


#: A task with three working days, and an escalation when they are over.
LIMITED = document(
    START
    + task(
        "a",
        'camunda:dueDate="${handling_due}"',
        deadline="handling",
        deadlineLimit="3 WD",
        deadlineCap="5 WD, 2x",
        deadlineWarn="0.5,0.8",
        deadlineLabel="办理时限",
    )  # fmt: skip
    + boundary("late", "a", timer("${handling_due}", "timeDate"), interrupting=False)
    + users("chief")
    + END
    + '<endEvent id="escalated"/>'
    + flows("start>a", "a>end", "late>chief", "chief>escalated")
)


def only(engine: Engine, **which: Any) -> Deadline:
    (found,) = engine.deadlines(**which)
    return found


def local(moment: str | None) -> str:
    """The day and the time at the office."""
    assert moment is not None
    return on_the_clock(moment)[5:]


def timer_of(engine: Engine, number: str) -> str | None:
    """When the case's timer fires; None while it stands still."""
    (wait,) = (wait for wait in engine.case(number).waits if wait.kind == "timer")
    return wait.due


def assert_in_order(engine: Engine) -> None:
    """The log tells what is stored."""
    assert [str(found) for found in engine.verify().mismatches] == []


@pytest.fixture
def number(engine: Engine) -> str:
    """A case with a limit, begun on Monday 2026-11-23 at nine o'clock."""
    publish(engine, LIMITED)
    return start(engine).case


def test_extending_re_arms_the_waiting_timer_and_the_open_task(engine: Engine, clock: FakeClock, number: str) -> None:
    assert local(timer_of(engine, number)) == "11-26 09:00"

    outcome = engine.handle(ExtendDeadline(case=number, key="handling", by="2 WD", reason="复杂", actor="li"))

    assert local(timer_of(engine, number)) == local(outcome.tasks[0].due) == "11-30 09:00"
    clock.forward(days=5)
    assert engine.handle(FireTimers(actor="clock")) == []
    clock.forward(days=2)
    (moved,) = engine.handle(FireTimers(actor="clock"))
    assert [item.element for item in moved.tasks] == ["a", "chief"]
    assert_in_order(engine)


def test_pausing_holds_the_timer_and_resuming_gives_the_time_back(
    engine: Engine, clock: FakeClock, number: str
) -> None:
    clock.forward(hours=2)
    engine.handle(PauseDeadline(case=number, key="handling", reason="等待补正材料", actor="li"))
    assert timer_of(engine, number) is None
    assert only(engine).state == "paused" and only(engine).next_at is None
    assert_in_order(engine)

    clock.forward(days=30)
    assert engine.handle(FireTimers(actor="clock")) == []
    assert engine.handle(FireDeadlines(actor="clock")) == []
    engine.handle(ResumeDeadline(case=number, key="handling", reason="材料已到", actor="li"))

    # 30 days later it is Wednesday at eleven: 22 working days have gone by.
    assert local(timer_of(engine, number)) == "12-28 09:00"
    clock.forward(days=5)
    assert [item.case for item in engine.handle(FireTimers(actor="clock"))] == [number]
    assert_in_order(engine)


def test_a_pause_outside_office_hours_gives_nothing_back(engine: Engine, clock: FakeClock, number: str) -> None:
    clock.forward(hours=10)
    engine.handle(PauseDeadline(case=number, key="handling", reason="x", actor="li"))
    clock.forward(hours=13)
    engine.handle(ResumeDeadline(case=number, key="handling", reason="x", actor="li"))
    assert local(only(engine).due) == local(timer_of(engine, number)) == "11-26 09:00"
    assert [bool(pause["to"]) for pause in only(engine).pauses] == [True]
    assert_in_order(engine)


def test_natural_time_is_given_back_as_it_passed(engine: Engine, clock: FakeClock) -> None:
    publish(engine, document(START + task("a", deadline="fix", deadlineLimit="24 h") + END + flows("start>a", "a>end")))
    number = start(engine).case
    clock.forward(hours=10)
    engine.handle(PauseDeadline(case=number, key="fix", reason="x", actor="li"))
    clock.forward(hours=13)
    engine.handle(ResumeDeadline(case=number, key="fix", reason="x", actor="li"))
    assert local(only(engine).due) == "11-24 22:00"
    assert engine.case(number).values["fix_due"] == only(engine).due


def test_a_changed_limit_keeps_the_pause(engine: Engine, clock: FakeClock, number: str) -> None:
    engine.handle(PauseDeadline(case=number, key="handling", reason="x", actor="li"))
    engine.handle(ExtendDeadline(case=number, key="handling", by="1 WD", reason="x", actor="li"))
    assert only(engine).state == "paused" and timer_of(engine, number) is None
    clock.forward(days=1)
    engine.handle(ResumeDeadline(case=number, key="handling", reason="x", actor="li"))
    # Three working days, one of extension, one given back.
    assert local(timer_of(engine, number)) == "11-30 09:00"
    assert_in_order(engine)


@pytest.mark.parametrize(
    "command",
    [
        {"by": "6 WD"},
        {"by": "9 d"},
        {"due": "2026-11-25T09:00:00+08:00"},
        {"due": "2020-01-01T09:00:00+08:00"},
        {"by": "3 WD", "due": "2026-12-01T09:00:00+08:00"},
        {},
        {"by": "soon"},
        {"by": "none"},
        {"due": "tomorrow"},
        {"by": "-1 WD"},
        {"by": "3 WD", "reason": "  "},
        {"by": "3 WD", "key": "paying"},
        {"by": "99999999 WD"},
        {"due": "2099-01-01T09:00:00+08:00", "by_decision": True},
        {"due": "9999-12-31T23:59:59+00:00", "by_decision": True},
    ],
)
def test_what_an_extension_may_not_be(engine: Engine, number: str, command: dict[str, Any]) -> None:
    before = engine.history(number)
    with pytest.raises(Refused) as caught:
        engine.handle(ExtendDeadline(**{"case": number, "key": "handling", "reason": "x", "actor": "li", **command}))
    assert caught.value.text("zh") and caught.value.text("en")
    assert engine.history(number) == before


def test_the_cap_counts_all_extensions(engine: Engine, clock: FakeClock, number: str) -> None:
    def extend(by: str, **more: Any) -> None:
        engine.handle(ExtendDeadline(case=number, key="handling", by=by, reason="x", actor="li", **more))

    extend("3 WD")
    with pytest.raises(Refused):
        extend("3 WD")
    extend("2 WD")
    assert local(only(engine).due) == "12-03 09:00"
    with pytest.raises(Refused):
        extend("1 WD")
    extend("1 WD", by_decision=True)
    assert [item["by_decision"] for item in only(engine).extensions] == [False, False, True]
    assert only(engine).first_due < str(only(engine).due)
    assert_in_order(engine)


def test_a_decision_may_shorten_and_may_come_late(engine: Engine, clock: FakeClock, number: str) -> None:
    short = {"case": number, "key": "handling", "reason": "紧急", "actor": "li", "by_decision": True}
    engine.handle(ExtendDeadline(due="2026-11-24T12:00:00+08:00", **short))
    assert local(timer_of(engine, number)) == "11-24 12:00"
    clock.forward(days=2)
    with pytest.raises(Refused):
        engine.handle(ExtendDeadline(**{**short, "by_decision": False}, by="2 WD"))
    with pytest.raises(Refused):
        engine.handle(PauseDeadline(case=number, key="handling", reason="x", actor="li"))
    engine.handle(ExtendDeadline(**short, by="3 WD"))
    assert local(only(engine).due) == "11-27 12:00"


def test_who_may_change_a_deadline(engine: Engine, number: str) -> None:
    staff(engine, li="hotline_agent", office="lg_office", desk="customer_service")
    change = {"case": number, "key": "handling", "reason": "x"}
    for actor in ("li", "nobody"):
        with pytest.raises(NotAllowed):
            engine.handle(PauseDeadline(**change, actor=actor))
    engine.handle(PauseDeadline(**change, actor="desk"))
    engine.handle(ResumeDeadline(**change, actor="desk"))
    with pytest.raises(NotAllowed):
        engine.handle(ExtendDeadline(**change, actor="desk", by="1 WD", by_decision=True))
    engine.handle(ExtendDeadline(**change, actor="office", by="1 WD", by_decision=True))
    with pytest.raises(NotAllowed):
        engine.deadlines(case=number, actor="nobody")
    assert engine.deadlines(actor="nobody") == []
    assert len(engine.deadlines(actor="office")) == len(engine.deadlines(case=number, actor="li")) == 1


def test_what_cannot_be_paused_or_resumed(engine: Engine, number: str) -> None:
    change = {"case": number, "key": "handling", "reason": "x", "actor": "li"}
    with pytest.raises(Refused):
        engine.handle(ResumeDeadline(**change))
    engine.handle(PauseDeadline(**change))
    with pytest.raises(Refused):
        engine.handle(PauseDeadline(**change))
    complete(engine, engine.handle(ResumeDeadline(**change)))
    with pytest.raises((Refused, CaseClosed)):
        engine.handle(PauseDeadline(**change))
    with pytest.raises(NotFound):
        engine.handle(PauseDeadline(**{**change, "case": "20200101-0001"}))


def test_people_are_warned_and_told_once(engine: Engine, clock: FakeClock, number: str) -> None:
    def told() -> list[tuple[str, Any]]:
        engine.handle(FireDeadlines(actor="clock"))
        engine.handle(FireDeadlines(actor="clock"))
        return [
            (entry.kind, entry.data.get("level"))
            for entry in engine.history(number)
            if entry.kind in ("deadline_warned", "deadline_missed")
        ]

    assert told() == []
    clock.forward(days=1, hours=5, minutes=59)
    assert told() == []
    clock.forward(minutes=1)
    # Three working days are 24 office hours: half of them are over on Tuesday at three o'clock.
    assert told() == [("deadline_warned", 0.5)]
    clock.forward(days=2)
    assert told() == [("deadline_warned", 0.5), ("deadline_warned", 0.8), ("deadline_missed", None)]
    assert [state.key for state in engine.deadlines(state="overdue")] == [only(engine).key]
    sent = [(send.topic, send.values["about"], send.values["supervisors"]) for send in engine.outbox()]
    assert sent == [
        ("notify", "deadline_warned", []),
        ("notify", "deadline_warned", []),
        ("notify", "deadline_missed", ["lg_office"]),
    ]
    assert_in_order(engine)


def test_an_extended_deadline_is_told_of_again(engine: Engine, clock: FakeClock, number: str) -> None:
    clock.forward(days=4)
    engine.handle(FireDeadlines(actor="clock"))
    assert only(engine).missed_at is not None
    change = {"case": number, "key": "handling", "reason": "x", "actor": "li"}
    engine.handle(ExtendDeadline(**change, by="5 WD", by_decision=True))
    assert only(engine).missed_at is None and only(engine).next_at is not None
    clock.forward(days=10)
    engine.handle(FireDeadlines(actor="clock"))
    assert kinds(engine, number).count("deadline_missed a") == 2
    assert_in_order(engine)


def test_a_deadline_met_and_one_that_is_late(engine: Engine, clock: FakeClock) -> None:
    publish(engine, LIMITED)
    complete(engine, start(engine))
    late = start(engine)
    clock.forward(days=9)
    outcome = complete(engine, late)
    assert [(item.case, item.state) for item in engine.deadlines()] == [
        (engine.deadlines(state="met")[0].case, "met"),
        (outcome.case, "late"),
    ]
    assert engine.handle(FireDeadlines(actor="clock")) == []
    assert_in_order(engine)


def test_a_withdrawn_task_and_a_cancelled_case_cancel_their_deadlines(engine: Engine) -> None:
    publish(
        engine,
        document(
            START
            + task("a", deadline="handling", deadlineLimit="3 WD")
            + boundary("stop", "a", '<signalEventDefinition signalRef="s1"/>')
            + END
            + flows("start>a", "a>end", "stop>end")
        ),
    )
    first, second = start(engine).case, start(engine).case
    engine.handle(SendSignal(name="go", case=first, actor="system"))
    engine.handle(CancelCase(case=second, reason="x", actor="li"))
    assert [item.state for item in engine.deadlines()] == ["cancelled", "cancelled"]
    assert_in_order(engine)


def test_a_limit_that_is_not_set_is_shown_and_not_guessed(engine: Engine, clock: FakeClock) -> None:
    publish(
        engine,
        document(START + task("a", deadline="reply", deadlineLimit="${limit}") + END + flows("start>a", "a>end")),
    )
    number = start(engine, limit={"value": None, "unit": "none"}).case
    assert (only(engine).due, only(engine, state="unset").state) == (None, "running")
    assert engine.case(number).values["reply_due"] is None
    clock.forward(days=400)
    assert engine.handle(FireDeadlines(actor="clock")) == []
    change = {"case": number, "key": "reply", "reason": "领导批示", "actor": "li"}
    with pytest.raises(Refused):
        engine.handle(ExtendDeadline(**change, by="3 WD"))
    engine.handle(ExtendDeadline(**change, due="2028-01-10T17:00:00+08:00"))
    assert local(only(engine).due) == local(only(engine).first_due) == "01-10 17:00"
    start(engine, limit={"value": 2, "unit": "WD"})
    assert len(engine.deadlines(state="unset")) == 0
    assert_in_order(engine)


#: The whole procedure has a limit that a decision sets later and that the answer stops; sending back does not.
WHOLE = document(
    properties(
        deadline="handling", deadlineDue="${due_at}", deadlineUnit="WD", deadlineLabel="总时限", deadlineCap="30 d"
    )
    + START
    + users("dispatch")
    + task("investigate", deadline="investigation", deadlineLimit="2 WD")
    + task("answer", deadlineEnds="handling, investigation")
    + users("archive")
    + '<exclusiveGateway id="g" default="g_archive"/>'
    + END
    + flows("start>dispatch", "dispatch>investigate", "investigate>g2", "g2>answer", "answer>g", "g>archive")
    + flows("archive>end")
    + '<exclusiveGateway id="g2" default="g2_answer"/>'
    + flow("g2", "investigate", "${again}", name="again")
)


def test_a_limit_of_the_whole_follows_its_variable_until_an_element_ends_it(engine: Engine, clock: FakeClock) -> None:
    publish(engine, WHOLE)
    outcome = start(engine)
    assert (only(engine).element, only(engine).due, only(engine).label) == ("", None, "总时限")

    outcome = complete(engine, outcome, due_at="2026-12-01T09:00:00+08:00", again=False)
    whole, part = engine.deadlines(outcome.case)[::-1]
    assert (local(whole.due), whole.kind, part.kind) == ("12-01 09:00", "handling", "investigation")

    clock.forward(days=1)
    outcome = complete(engine, outcome, again=True)
    outcome = complete(engine, outcome, again=False)
    # Sent back, the investigation's limit went on: it was not begun anew.
    assert [item.state for item in engine.deadlines(outcome.case)] == ["running", "running"]

    clock.forward(days=1)
    outcome = complete(engine, outcome)
    assert [(item.kind, item.state) for item in engine.deadlines(outcome.case)] == [
        ("investigation", "met"),
        ("handling", "met"),
    ]
    clock.forward(days=100)
    assert engine.handle(FireDeadlines(actor="clock")) == []
    complete(engine, outcome)
    assert_in_order(engine)


def test_a_diagram_that_extends_its_own_limit_re_arms_what_waits(engine: Engine, clock: FakeClock) -> None:
    publish(
        engine,
        document(
            properties(deadline="handling", deadlineDue="${due_at}")
            + START
            + '<parallelGateway id="fork"/>'
            + task("a", 'camunda:dueDate="${due_at}"')
            + boundary("late", "a", timer("${due_at}", "timeDate"))
            + users("extension", "chief")
            + END
            + flows("start>fork", "fork>a", "fork>extension", "a>end", "extension>end", "late>chief", "chief>end")
        ),
    )
    outcome = start(engine, due_at="2026-11-25T09:00:00+08:00")
    outcome = complete(engine, outcome, "extension", due_at="2026-11-27T09:00:00+08:00")
    assert local(timer_of(engine, outcome.case)) == local(outcome.tasks[0].due) == "11-27 09:00"
    assert local(only(engine).due) == "11-27 09:00"
    assert_in_order(engine)


#: The limit of the whole stands still while the caller is asked for papers; a timer is made of it.
ASKING = document(
    properties(deadline="handling", deadlineLimit="3 WD", deadlineWarn="0.5")
    + START
    + users("check")
    + task("ask", deadlinePauses="handling")
    + users("answer")
    + END
    + subprocess(
        "late",
        '<startEvent id="late_start" isInterrupting="false">'
        + timer("${handling_due}", "timeDate")
        + '</startEvent><userTask id="chief" name="chief"/>'
        + flows("late_start>chief"),
        event=True,
    )
    + flows("start>check", "check>ask", "ask>answer", "answer>end")
)


def test_a_limit_stands_still_while_the_caller_is_asked(engine: Engine, clock: FakeClock) -> None:
    publish(engine, ASKING)
    outcome = start(engine)
    clock.forward(hours=2)
    outcome = complete(engine, outcome)
    assert (only(engine).state, timer_of(engine, outcome.case)) == ("paused", None)
    assert only(engine).pauses[0]["reason"] == "ask"
    assert_in_order(engine)

    clock.forward(days=10)
    assert engine.handle(FireDeadlines(actor="clock")) == engine.handle(FireTimers(actor="clock")) == []
    outcome = complete(engine, outcome)

    # From Monday at eleven to Thursday of the week after at eleven: eight working days.
    assert (only(engine).state, local(only(engine).due)) == ("running", "12-08 09:00")
    assert only(engine).due == timer_of(engine, outcome.case)
    # Half of the 24 office hours: two were used before, and ten are left from Thursday at eleven.
    assert local(only(engine).next_at) == "12-04 15:00"
    clock.forward(days=7)
    assert [len(item.tasks) for item in engine.handle(FireTimers(actor="clock"))] == [2]
    assert_in_order(engine)


def test_a_pause_of_the_diagram_and_one_by_hand_do_not_count_twice(engine: Engine, clock: FakeClock) -> None:
    publish(engine, ASKING)
    by_hand, over, late = start(engine), start(engine), start(engine)
    change = {"key": "handling", "reason": "x", "actor": "li"}

    asked = complete(engine, by_hand)
    with pytest.raises(Refused):
        engine.handle(PauseDeadline(case=asked.case, **change))
    clock.forward(days=1)
    engine.handle(ResumeDeadline(case=asked.case, **change))
    assert local(only(engine, case=asked.case).due) == "11-27 09:00"
    clock.forward(days=1)
    complete(engine, asked)
    assert local(only(engine, case=asked.case).due) == local(timer_of(engine, asked.case)) == "11-27 09:00"

    engine.handle(PauseDeadline(case=over.case, **change))
    asked = complete(engine, over)
    clock.forward(days=1)
    answer = complete(engine, asked)
    assert only(engine, case=over.case).state == "paused"
    engine.handle(ResumeDeadline(case=over.case, **change))
    assert local(only(engine, case=over.case).due) == local(timer_of(engine, answer.case)) == "11-27 09:00"

    clock.forward(days=2)
    complete(engine, late)
    assert only(engine, case=late.case).state == "running", "what is overdue does not stand still"
    assert_in_order(engine)


def test_every_instance_has_a_clock_of_its_own(engine: Engine, clock: FakeClock) -> None:
    measure = (
        '<userTask id="m" name="m" camunda:dueDate="${measure_due}">'
        + properties(deadline="measure", deadlineLimit="${item}")
        + '<multiInstanceLoopCharacteristics camunda:collection="${items}" camunda:elementVariable="item"/></userTask>'
    )
    publish(engine, document(START + measure + END + flows("start>m", "m>end")))
    outcome = start(engine, items=["1 WD", "2 WD", "none"])
    first, second, unset = engine.deadlines(outcome.case)
    assert (local(first.due), local(second.due), unset.due) == ("11-24 09:00", "11-25 09:00", None)
    assert [item.due for item in outcome.tasks] == [first.due, second.due, None]

    change = {"case": outcome.case, "reason": "x", "actor": "li"}
    with pytest.raises(Refused):
        engine.handle(ExtendDeadline(**change, key="measure", by="1 WD"))
    outcome = engine.handle(ExtendDeadline(**change, key=second.key, by="1 WD"))
    assert [item.due and local(item.due) for item in outcome.tasks] == ["11-24 09:00", "11-26 09:00", None]
    assert [item.due and local(item.due) for item in engine.deadlines()] == ["11-24 09:00", "11-26 09:00", None]
    outcome = complete(engine, outcome)
    assert sorted(item.state for item in engine.deadlines()) == ["met", "running", "running"]
    assert_in_order(engine)


def test_the_end_of_a_paused_deadline_lets_others_go_on(engine: Engine, clock: FakeClock) -> None:
    publish(
        engine,
        document(
            START
            + '<parallelGateway id="fork"/>'
            + task("a", deadline="handling", deadlineDue="${due_at}")
            + users("b")
            + boundary("late", "b", timer("${due_at}", "timeDate"))
            + END
            + flows("start>fork", "fork>a", "fork>b", "a>end", "b>end", "late>end")
        ),
    )
    outcome = start(engine, due_at="2026-11-25T09:00:00+08:00")
    engine.handle(PauseDeadline(case=outcome.case, key="handling", reason="x", actor="li"))
    assert timer_of(engine, outcome.case) is None
    complete(engine, outcome, "a")
    assert local(timer_of(engine, outcome.case)) == "11-25 09:00"
    assert only(engine).state == "met"
    assert_in_order(engine)


def test_a_subprocess_and_a_called_process_have_limits(engine: Engine, clock: FakeClock) -> None:
    called = document(
        properties(deadline="check", deadlineLimit="当日") + START + users("c") + END + flows("start>c", "c>end"), "q"
    )
    inner = subprocess(
        "s", properties(deadline="part", deadlineLimit="2 d", deadlineFrom="${begun}") + START + users("b") + END
        + flows("start>b", "b>end").replace('id="', 'id="s_')
    ).replace('id="start"', 'id="s_start"').replace('id="end"', 'id="s_end"').replace('"start"', '"s_start"').replace(
        '"end"', '"s_end"'
    )  # fmt: skip
    publish(
        engine,
        called,
        document(
            START + inner + '<callActivity id="call" name="call" calledElement="q"/>' + END
            + flows("start>s", "s>call", "call>end")
        ),
    )  # fmt: skip
    outcome = start(engine, begun="2026-11-22T08:00:00+08:00")
    assert (only(engine).kind, local(only(engine).due)) == ("part", "11-24 08:00")
    outcome = complete(engine, outcome)
    assert [(item.kind, item.state, local(item.due)) for item in engine.deadlines()] == [
        ("check", "running", "11-23 18:30"),
        ("part", "met", "11-24 08:00"),
    ]
    engine.handle(ExtendDeadline(case=outcome.case, key="check", by="1 WD", reason="x", actor="li"))
    assert local(engine.deadlines(state="running")[0].due) == "11-24 18:30"
    complete(engine, outcome)
    assert_in_order(engine)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM deadline",
        "UPDATE deadline SET due = '2036-01-01T00:00:00.000000+00:00'",
        "UPDATE deadline SET next_at = NULL",
        "UPDATE deadline SET pauses = '[]', state = 'met'",
    ],
)
def test_what_was_lost_or_altered_is_found_and_written_anew(
    engine: Engine, clock: FakeClock, number: str, database_url: str, statement: str
) -> None:
    change = {"case": number, "key": "handling", "reason": "x", "actor": "li"}
    engine.handle(PauseDeadline(**change))
    clock.forward(days=1)
    engine.handle(ResumeDeadline(**change))
    engine.handle(ExtendDeadline(**change, by="2 d"))
    clock.forward(days=3)
    engine.handle(FireDeadlines(actor="clock"))
    before = engine.deadlines()
    server = create_engine(database_url)
    with server.begin() as connection:
        connection.execute(text(statement))
    server.dispose()
    assert {found.code for found in engine.verify().mismatches} == {"index_differs"}

    engine.handle(RebuildIndexes(actor="system"))

    assert engine.deadlines() == before
    assert_in_order(engine)


@pytest.mark.parametrize(
    "declared",
    [
        {"deadline": "a b", "deadlineLimit": "3 WD"},
        {"deadline": "x"},
        {"deadline": "x", "deadlineLimit": "3 WD", "deadlineDue": "${y}"},
        {"deadline": "x", "deadlineLimit": "3 fortnights"},
        {"deadline": "x", "deadlineLimit": "${1 +}"},
        {"deadline": "x", "deadlineLimit": "3 WD", "deadlineWarn": "80"},
        {"deadline": "x", "deadlineLimit": "3 WD", "deadlineCap": "often"},
        {"deadline": "x", "deadlineLimit": "3 WD", "deadlineWarnings": "0.8"},
        {"deadlineLimit": "3 WD"},
        {"deadline": "x", "deadlineDue": "soon"},
    ],
)
def test_a_deadline_that_makes_no_sense_is_refused_at_check(engine: Engine, declared: dict[str, str]) -> None:
    diagram = document(START + task("a", **declared) + END + flows("start>a", "a>end"))
    with pytest.raises(VersionRejected) as caught:
        publish(engine, diagram)
    assert {(item.element, item.code) for item in caught.value.problems if item.severity == "error"} == {
        ("a", "deadline_invalid")
    }


def test_a_limit_that_comes_out_wrong_stops_the_case_with_the_reason(engine: Engine) -> None:
    publish(
        engine, document(START + task("a", deadline="x", deadlineLimit="${limit}") + END + flows("start>a", "a>end"))
    )
    for limit in ("soon", 7, {"value": "x", "unit": "WD"}, {"value": 1, "unit": "moon"}, "1.5 WD", "999999 d"):
        with pytest.raises(ExpressionFailed) as caught:
            start(engine, limit=limit)
        assert "deadlineLimit" in caught.value.text("zh")
    assert engine.deadlines() == []


MOVES = st.lists(
    st.tuples(st.sampled_from(["pause", "resume", "extend", "decide", "tell", "fire", "note"]), st.integers(0, 40)),
    max_size=10,
)


def test_whatever_happens_what_is_stored_is_what_the_log_tells(engine: Engine, clock: FakeClock) -> None:
    publish(engine, LIMITED)

    @settings(max_examples=30, deadline=None)
    @given(MOVES)
    def played(moves: list[tuple[str, int]]) -> None:
        number = start(engine).case
        change = {"case": number, "key": "handling", "reason": "x", "actor": "li"}
        for move, hours in moves:
            clock.forward(hours=hours)
            with suppress(Refused):
                engine.handle(
                    {
                        "pause": PauseDeadline(**change),
                        "resume": ResumeDeadline(**change),
                        "extend": ExtendDeadline(**change, by="1 WD"),
                        "decide": ExtendDeadline(**change, by="20 h", by_decision=True),
                        "tell": FireDeadlines(actor="clock"),
                        "fire": FireTimers(actor="clock"),
                        "note": AddNote(case=number, text="x", actor="li"),
                    }[move]
                )
            (found,) = engine.deadlines(number)
            assert [replace(found, provisional=False)] == fold(number, engine.history(number))
            paused = found.state == "paused"
            for wait in engine.case(number).waits:
                assert wait.due == (None if paused else found.due)
            assert paused == (found.pauses != () and found.pauses[-1]["to"] is None)
            assert found.next_at is None or not paused
        complete(engine, Outcome(number, "open", tuple(engine.open_tasks(number))), "a")
        assert engine.deadlines(number)[0].state in ("met", "late")

    played()
    assert_in_order(engine)


def test_a_migrated_a_repaired_and_a_suspended_case_keep_their_deadlines(
    engine: Engine, clock: FakeClock, number: str
) -> None:
    publish(engine, LIMITED.replace(b'name="chief"', b'name="head"'))
    engine.handle(MigrateCase(case=number, version=2, reason="x", actor="system"))
    assert local(only(engine).due) == "11-26 09:00"

    values = {"handling_due": "2026-11-27T09:00:00+08:00"}
    engine.handle(CorrectValues(case=number, values=values, reason="x", actor="system"))
    assert local(only(engine).due) == local(timer_of(engine, number)) == "11-27 09:00"

    engine.handle(SuspendCase(case=number, reason="x", actor="system"))
    clock.forward(days=10)
    assert engine.handle(FireDeadlines(actor="clock")) == []
    with pytest.raises(EngineError):
        engine.handle(ExtendDeadline(case=number, key="handling", by="1 WD", reason="x", actor="li", by_decision=True))
    engine.handle(ResumeCase(case=number, reason="x", actor="system"))
    assert len(engine.handle(FireDeadlines(actor="clock"))) == 1
    assert only(engine).missed_at is not None
    assert_in_order(engine)
