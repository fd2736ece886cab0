"""Diagrams that grow or turn for ever: each ends in an error, having held little memory."""

from __future__ import annotations

import tracemalloc

import pytest

from engine import bpmn
from engine.errors import DiagramFailed, TooManySteps
from tests.bpmn.drawing import (
    END,
    ERROR,
    ESCALATION,
    START,
    Player,
    boundary,
    catch,
    document,
    flow,
    flows,
    subprocess,
    timer,
    users,
)
from tests.bpmn.drawing import throw as thrown


def many(count: str) -> str:
    return (
        f'<multiInstanceLoopCharacteristics isSequential="false"><loopCardinality>{count}</loopCardinality>'
        "</multiInstanceLoopCharacteristics>"
    )


INSTANCES = f'<userTask id="a" name="a">{many("1000")}</userTask>'
FOR_EVER = [
    START
    + '<exclusiveGateway id="m"/><parallelGateway id="f"/>'
    + users("u")
    + flows("start>m", "m>f", "f>u")
    + flow("f", "m", name="again"),
    START + subprocess("s", f'{many("1000")}<startEvent id="i"/>{INSTANCES}' + flows("i>a")) + flows("start>s"),
    START
    + subprocess(
        "s",
        f'{many("1000")}<startEvent id="i"/>'
        + subprocess("t", f'{many("1000")}<startEvent id="j"/>{INSTANCES}' + flows("j>a"))
        + flows("i>t"),
    )
    + flows("start>s"),
    START + f'<callActivity id="c" calledElement="p">{many("10")}</callActivity>' + flows("start>c"),
    START
    + '<task id="a"/><task id="h" isForCompensation="true"/><association sourceRef="b" targetRef="h"/>'
    + boundary("b", "a", "<compensateEventDefinition/>")
    + thrown("t", "<compensateEventDefinition/>")
    + '<exclusiveGateway id="m"/>'
    + flows("start>m", "m>a", "a>t", "t>m"),
    START
    + thrown("l", '<linkEventDefinition name="L"/>')
    + catch("k", '<linkEventDefinition name="L"/>')
    + flows("start>l", "k>l"),
    START + '<task id="a"><standardLoopCharacteristics loopMaximum="99999"/></task>' + flows("start>a"),
]


@pytest.mark.parametrize("body", FOR_EVER)
def test_what_multiplies_is_stopped_before_it_fills_the_memory(body: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TooManySteps):
            Player(body)
        assert tracemalloc.get_traced_memory()[1] < 150_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("count", ["10000000", "n", "0 - 1", "1/2", "'x'", "True"])
def test_a_cardinality_that_nobody_can_work_on_is_an_error_of_the_step(count: str) -> None:
    body = START + f'<userTask id="a" name="a">{many(count)}</userTask>' + flows("start>a")
    with pytest.raises(DiagramFailed):
        Player(body, {"n": 1e308})


@pytest.mark.parametrize("every", ["PT1S", "PT0.000001S"])
def test_a_cycle_that_opens_tasks_through_years_of_downtime_is_stopped(every: str) -> None:
    body = START + users("a", "x") + boundary("b", "a", timer(f"R/{every}", "timeCycle"), interrupting=False)
    case = Player(body + flows("start>a", "b>x"))
    before = case.step.snapshot
    with pytest.raises(TooManySteps):
        case.later(days=3650)
    assert case.step.snapshot == before


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("timeDate", "0001-01-01T00:00:00"),
        ("timeDate", "0001-01-01T00:00:00+14:00"),
        ("timeDate", "9999-12-31T23:59:59-14:00"),
        ("timeDate", "9999-12-31T23:59:59Z"),
        ("timeCycle", "R/9999-12-31T23:59:59/P1D"),
        ("timeCycle", "R/0001-01-01T00:00:00+14:00/PT1S"),
        ("timeDuration", "P9999999999M"),
        ("timeDuration", "PT999999999999H"),
    ],
)
def test_a_moment_at_the_end_of_the_calendar_is_refused(kind: str, text: str) -> None:
    literal = document(START + catch("t", timer(text, kind)) + flows("start>t"))
    assert [found.code for found in bpmn.check({"p.bpmn": literal})] == ["timer_invalid"]
    with pytest.raises(DiagramFailed):
        Player(START + catch("t", timer("${m}", kind)) + flows("start>t"), {"m": text})


@pytest.mark.parametrize(
    ("start", "inner"),
    [(ESCALATION, thrown("again", ESCALATION)), (ERROR, f'<endEvent id="again">{ERROR}</endEvent>')],
)
def test_a_handler_that_throws_what_it_handles_does_not_handle_itself(start: str, inner: str) -> None:
    interrupts = "true" if start == ERROR else "false"
    handler = f'<startEvent id="h" isInterrupting="{interrupts}">{start}</startEvent>{inner}' + flows("h>again")
    case = Player(
        START + subprocess("e", handler, event=True) + f'<endEvent id="t">{start}</endEvent>' + flows("start>t")
    )
    assert case.finished
    assert [fact.element for fact in case.step.facts].count("h") <= 3


def test_conditions_that_turn_each_other_true_for_ever_are_stopped() -> None:
    def when(name: str, value: int) -> str:
        condition = f"<conditionalEventDefinition><condition>x == {value}</condition></conditionalEventDefinition>"
        return catch(name, condition)

    def script(name: str, value: int) -> str:
        return f'<scriptTask id="{name}"><script>x = {value}</script></scriptTask>'

    gateways = '<parallelGateway id="f"/><exclusiveGateway id="n1"/><exclusiveGateway id="n2"/>'
    body = START + gateways + when("c1", 1) + when("c2", 2) + script("to2", 2) + script("to1", 1) + END
    path = flows("start>f", "f>n1", "n1>c1", "c1>to2", "to2>n1", "f>n2", "n2>c2", "c2>to1", "to1>n2")
    with pytest.raises(TooManySteps):
        Player(body + path, {"x": 1})


@pytest.mark.parametrize(("given", "kept"), [(1e308, 2**31 - 1), (-1e308, -(2**31) + 1), (7, 7)])
def test_a_priority_stays_within_what_databases_hold(given: float, kept: int) -> None:
    case = Player(START + '<userTask id="a" camunda:priority="${n}"/>' + flows("start>a"), {"n": given})
    assert [task.priority for task in case.step.tasks] == [kept]
