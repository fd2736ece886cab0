"""Messages, signals and timers reaching cases."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Engine
from engine.commands import CancelCase, FireTimers, SendMessage, SendSignal
from engine.due_work import LONGEST_CHAIN
from engine.errors import NotAllowed, Refused
from tests.bpmn.drawing import END, MESSAGE, SIGNAL, START, boundary, catch, document, flows, throw, timer, users
from tests.engine.steps import complete, kinds, publish, staff, start

MESSAGE_START = f'<startEvent id="start">{MESSAGE}</startEvent>'
SIGNAL_START = f'<startEvent id="start">{SIGNAL}</startEvent>'


def test_a_message_reaches_the_case_that_waits(engine: Engine) -> None:
    publish(engine, document(START + catch("c", MESSAGE) + users("a") + END + flows("start>c", "c>a", "a>end")))
    number = start(engine).case
    assert [(wait.kind, wait.name) for wait in engine.case(number).waits] == [("message", "paid")]

    with pytest.raises(Refused, match="other"):
        engine.handle(SendMessage(name="other", case=number, actor="li"))
    outcome = engine.handle(SendMessage(name="paid", values={"amount": 5}, case=number, actor="li"))

    assert [task.element for task in outcome.tasks] == ["a"]
    assert engine.case(number).values["amount"] == 5
    assert engine.case(number).waits == ()
    with pytest.raises(Refused):
        engine.handle(SendMessage(name="paid", case=number, actor="li"))
    assert engine.verify().ok


def test_a_message_opens_a_case(engine: Engine) -> None:
    publish(engine, document(MESSAGE_START + users("a") + END + flows("start>a", "a>end")))

    outcome = engine.handle(SendMessage(name="paid", values={"amount": 5}, actor="li"))

    assert engine.case(outcome.case).values["amount"] == 5
    assert engine.history(outcome.case)[0].data["message"] == "paid"
    assert engine.verify().ok
    with pytest.raises(Refused):
        engine.handle(SendMessage(name="other", actor="li"))


def test_a_signal_reaches_every_case_that_waits_and_opens_others(engine: Engine) -> None:
    body = START + catch("c", SIGNAL) + users("a") + END + flows("start>c", "c>a", "a>end")
    publish(engine, document(body), document(SIGNAL_START + users("x") + END + flows("start>x", "x>end"), process="q"))
    waiting = [start(engine).case for _ in range(3)]
    engine.handle(CancelCase(case=waiting[0], reason="x", actor="li"))

    outcomes = engine.handle(SendSignal(name="go", values={"n": 1}, actor="li"))

    assert [outcome.case for outcome in outcomes[:2]] == waiting[1:]
    assert engine.case(outcomes[2].case).procedure == "q"
    assert all(engine.case(outcome.case).values["n"] == 1 for outcome in outcomes)
    assert engine.verify().ok


def test_a_signal_for_one_case(engine: Engine) -> None:
    publish(engine, document(START + catch("c", SIGNAL) + users("a") + END + flows("start>c", "c>a", "a>end")))
    one, other = start(engine).case, start(engine).case

    assert [outcome.case for outcome in engine.handle(SendSignal(name="go", case=one, actor="li"))] == [one]
    assert engine.case(other).waits
    with pytest.raises(Refused):
        engine.handle(SendSignal(name="go", case=one, actor="li"))


def test_not_everybody_may_broadcast(engine: Engine) -> None:
    staff(engine, li="agent")
    with pytest.raises(NotAllowed):
        engine.handle(SendSignal(name="go", actor="li"))


def test_a_signal_thrown_in_one_case_reaches_the_others(engine: Engine) -> None:
    publish(
        engine,
        document(START + catch("c", SIGNAL) + users("a") + END + flows("start>c", "c>a", "a>end")),
        document(START + users("x") + throw("t", SIGNAL) + END + flows("start>x", "x>t", "t>end"), process="q"),
    )
    waiting = start(engine)
    thrower = start(engine, procedure="q")

    assert complete(engine, thrower).status == "closed"

    assert [task.element for task in engine.open_tasks(case=waiting.case)] == ["a"]
    assert engine.history(waiting.case)[-1].actor == "system"
    assert engine.outbox() == []
    assert engine.verify().ok


def test_a_message_sent_by_one_case_opens_another(engine: Engine) -> None:
    publish(
        engine,
        document(MESSAGE_START + users("a") + END + flows("start>a", "a>end")),
        document(START + throw("t", MESSAGE) + END + flows("start>t", "t>end"), process="q"),
    )
    assert start(engine, procedure="q").status == "closed"
    assert [case.procedure for case in engine.cases(order="oldest").rows] == ["q", "p"]
    assert engine.outbox() == []


def test_a_message_nobody_starts_with_waits_in_the_outbox(engine: Engine) -> None:
    publish(engine, document(START + throw("t", MESSAGE) + END + flows("start>t", "t>end")))
    number = start(engine).case
    assert [(send.case, send.topic, send.values["name"]) for send in engine.outbox()] == [(number, "message", "paid")]


def test_a_condition_that_turns_true_is_told(engine: Engine) -> None:
    condition = "<conditionalEventDefinition><condition>${amount &gt; 100}</condition></conditionalEventDefinition>"
    publish(
        engine,
        document(START + users("a", "x") + boundary("c", "a", condition, interrupting=False) + users("b") + END
                 + '<parallelGateway id="f"/>' + flows("start>f", "f>a", "f>b", "a>end", "b>end", "c>x", "x>end")),
    )  # fmt: skip
    outcome = complete(engine, start(engine, amount=1), "b", amount=500)
    assert [task.element for task in outcome.tasks] == ["a", "x"]
    assert "condition_met c" in kinds(engine, outcome.case)
    assert engine.verify().ok


def test_timers_fire_when_due_and_once(engine: Engine, clock: Any) -> None:
    body = START + users("a", "late") + boundary("b", "a", timer("PT1H")) + END
    publish(engine, document(body + flows("start>a", "a>end", "b>late", "late>end")))
    number = start(engine).case
    assert engine.case(number).waits[0].due == "2026-11-23T02:00:00.000000+00:00"
    clock.forward(minutes=59)
    assert engine.handle(FireTimers(actor="clock")) == []
    clock.forward(minutes=1)

    fired = engine.handle(FireTimers(actor="clock"))

    assert [[task.element for task in outcome.tasks] for outcome in fired] == [["late"]]
    entries = len(engine.history(number))
    assert engine.handle(FireTimers(actor="clock")) == []
    assert len(engine.history(number)) == entries
    assert kinds(engine, number).count("timers_fired") == 1
    assert engine.verify().ok


def test_timers_fire_in_order_and_as_many_as_wanted(engine: Engine, clock: Any) -> None:
    publish(engine, document(START + catch("c", timer("PT1H")) + END + flows("start>c", "c>end")))
    numbers = []
    for _ in range(3):
        numbers.append(start(engine).case)
        clock.forward(minutes=1)
    clock.forward(hours=2)

    assert [outcome.case for outcome in engine.handle(FireTimers(limit=2, actor="clock"))] == numbers[:2]
    assert [outcome.case for outcome in engine.handle(FireTimers(limit=2, actor="clock"))] == numbers[2:]
    assert engine.verify().ok


@pytest.mark.parametrize(("begin", "event"), [(MESSAGE_START, MESSAGE), (SIGNAL_START, SIGNAL)])
def test_a_procedure_that_sets_itself_off_for_ever_is_stopped(engine: Engine, begin: str, event: str) -> None:
    body = throw("t", event) + users("a") + flows("start>t", "t>a")
    publish(engine, document(START + body), document(begin + body, process="again"))

    first = start(engine)

    cases = engine.cases(size=100).rows
    assert len(cases) == LONGEST_CHAIN + 1
    stuck = [case for case in cases if case.status == "stuck"]
    assert len(stuck) == 1 and stuck[0].number != first.case
    assert engine.case(stuck[0].number).incidents[0].element == "t"
    # Nothing is left for the worker, and what was opened can be worked on.
    engine.handle(FireTimers(actor="clock"))
    assert engine.cases().total == len(cases)
    assert complete(engine, first).status == "closed"
    assert engine.verify().ok
