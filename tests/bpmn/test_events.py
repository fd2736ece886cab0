"""Events that wait and events that cause (BPMN 2.0.2 §13.5)."""

from __future__ import annotations

import pytest

from engine.errors import Refused
from tests.bpmn.drawing import (
    END,
    ERROR,
    ESCALATION,
    MESSAGE,
    SIGNAL,
    START,
    Player,
    boundary,
    catch,
    flow,
    flows,
    subprocess,
    throw,
    timer,
    users,
)

CONDITION = "<conditionalEventDefinition><condition>${ready}</condition></conditionalEventDefinition>"


def test_a_message_reaches_the_element_that_waits_for_it() -> None:
    case = Player(START + catch("wait", MESSAGE) + users("a") + flows("start>wait", "wait>a"))
    assert case.open == [] and case.waits == [("message", "wait")]
    case.message("paid", amount=5)
    assert case.open == ["a"] and case.values == {"amount": 5}
    with pytest.raises(Refused):
        case.message("paid")


def test_a_timer_fires_when_due_and_not_before() -> None:
    case = Player(START + catch("wait", timer("PT1H")) + users("a") + flows("start>wait", "wait>a"))
    assert case.later(minutes=59).open == []
    assert case.later(minutes=1).open == ["a"]


def test_a_timer_by_expression_and_by_quoted_literal() -> None:
    for text in ("${d}", '"PT2H"'):
        case = Player(START + catch("wait", timer(text)) + users("a") + flows("start>wait", "wait>a"), {"d": "PT2H"})
        assert case.later(hours=1).open == []
        assert case.later(hours=1).open == ["a"]


@pytest.mark.parametrize(("event", "first"), [("paid", "on_paid"), ("other", "on_other"), (None, "on_first")])
def test_an_event_gateway_takes_what_comes_first_and_forgets_the_rest(event: str | None, first: str) -> None:
    case = Player(
        START
        + '<eventBasedGateway id="g"/>'
        + catch("c1", MESSAGE)
        + catch("c2", timer("PT1H"))
        + catch("c3", timer("PT2H"))
        + '<receiveTask id="c4" messageRef="m2"/>'
        + users("on_paid", "on_first", "on_second", "on_other")
        + flows("start>g", "g>c1", "g>c2", "g>c3", "g>c4", "c1>on_paid", "c2>on_first", "c3>on_second", "c4>on_other")
    )
    if event is None:
        case.later(hours=3)
    else:
        case.message(event)
    assert case.open == [first] and case.waits == []


def test_an_interrupting_boundary_timer_withdraws_the_task() -> None:
    case = Player(
        START + users("a", "late") + boundary("t", "a", timer("PT1H")) + END + flows("start>a", "a>end", "t>late")
    )
    case.later(hours=2)
    assert case.open == ["late"]
    assert "element_cancelled" in case.kinds("a")


def test_a_boundary_timer_is_gone_with_its_task() -> None:
    case = Player(
        START + users("a", "b", "late") + boundary("t", "a", timer("PT1H")) + flows("start>a", "a>b", "t>late")
    )
    case.do("a")
    assert case.waits == []
    assert case.later(hours=5).open == ["b"]


def test_a_cycle_fires_each_time_and_catches_up_after_downtime() -> None:
    case = Player(
        START
        + users("a", "remind")
        + boundary("t", "a", timer("R3/PT1H", "timeCycle"), interrupting=False)
        + flows("start>a", "t>remind")
    )
    assert case.later(hours=1).open == ["a", "remind"]
    assert case.later(hours=9).open == ["a", "remind", "remind", "remind"]
    assert case.waits == []


@pytest.mark.parametrize(("definition", "send"), [(MESSAGE, "message"), (SIGNAL, "signal")])
def test_a_non_interrupting_boundary_fires_every_time(definition: str, send: str) -> None:
    case = Player(
        START + users("a", "more") + boundary("b", "a", definition, interrupting=False) + flows("start>a", "b>more")
    )
    for count in (1, 2, 3):
        case.message("paid") if send == "message" else case.signal("go")
        assert case.open == ["a"] + ["more"] * count


def test_a_condition_sees_what_another_branch_wrote() -> None:
    case = Player(
        START
        + '<parallelGateway id="f"/>'
        + users("a", "b", "c")
        + boundary("t", "a", CONDITION)
        + flows("start>f", "f>a", "f>b", "t>c")
    )
    assert case.do("b", ready=True).open == ["c"]


def test_a_signal_thrown_inside_the_case_reaches_who_waits_in_it() -> None:
    case = Player(
        START
        + '<parallelGateway id="f"/>'
        + catch("w", SIGNAL)
        + throw("t", SIGNAL)
        + users("a", "b")
        + END
        + flows("start>f", "f>w", "f>a", "a>t", "t>end", "w>b")
    )
    assert case.do("a").open == ["b"]


def test_a_signal_end_event_throws() -> None:
    case = Player(
        START
        + '<parallelGateway id="f"/>'
        + catch("w", SIGNAL)
        + f'<endEvent id="se">{SIGNAL}</endEvent>'
        + users("a", "b")
        + flows("start>f", "f>w", "f>a", "a>se", "w>b")
    )
    assert case.do("a").open == ["b"]


def test_links_lead_on() -> None:
    link = '<linkEventDefinition name="L"/>'
    case = Player(START + throw("out", link) + catch("in", link) + users("a") + flows("start>out", "in>a"))
    assert case.open == ["a"]


INNER = (
    '<startEvent id="is"/><parallelGateway id="fork"/>'
    + users("i1", "i2")
    + '<endEvent id="iend"/>'
    + flows("is>fork", "fork>i1", "fork>i2", "i2>iend")
)


def test_an_error_stops_the_subprocess_and_goes_on_at_its_boundary() -> None:
    case = Player(
        START
        + subprocess("sub", INNER + f'<endEvent id="fail">{ERROR}</endEvent>' + flows("i1>fail"))
        + boundary("b", "sub", ERROR)
        + users("rescue", "next")
        + flows("start>sub", "sub>next", "b>rescue")
    )
    assert case.do("i1").open == ["rescue"]


def test_an_error_with_another_code_goes_to_the_outer_boundary_only() -> None:
    inner = subprocess(
        "inner",
        '<startEvent id="is"/>' + users("i") + f'<endEvent id="fail">{ERROR}</endEvent>' + flows("is>i", "i>fail"),
    )
    case = Player(
        START
        + subprocess(
            "outer",
            '<startEvent id="os"/>'
            + inner
            + boundary("wrong", "inner", '<errorEventDefinition errorRef="e2"/>')
            + users("not_this", "nor_this")
            + flows("os>inner", "wrong>not_this", "inner>nor_this"),
        )
        + boundary("right", "outer", ERROR)
        + users("rescue")
        + flows("start>outer", "right>rescue")
    )
    assert case.do("i").open == ["rescue"]


def test_an_error_nobody_catches_ends_the_case() -> None:
    case = Player(
        START
        + '<parallelGateway id="f"/>'
        + users("a", "b")
        + f'<endEvent id="fail">{ERROR}</endEvent>'
        + flows("start>f", "f>a", "f>b", "a>fail")
    )
    assert case.do("a").finished


@pytest.mark.parametrize(("interrupting", "after"), [(False, ["i2", "told"]), (True, ["told"])])
def test_an_escalation_interrupts_or_not(interrupting: bool, after: list[str]) -> None:
    case = Player(
        START
        + subprocess("sub", INNER + f'<endEvent id="esc">{ESCALATION}</endEvent>' + flows("i1>esc"))
        + boundary("b", "sub", ESCALATION, interrupting)
        + users("told", "next")
        + flows("start>sub", "sub>next", "b>told")
    )
    assert case.do("i1").open == after


def test_terminate_ends_its_own_scope_only() -> None:
    case = Player(
        START
        + subprocess("sub", INNER + '<endEvent id="stop"><terminateEventDefinition/></endEvent>' + flows("i1>stop"))
        + users("next")
        + flows("start>sub", "sub>next")
    )
    assert case.do("i1").open == ["next"]


@pytest.mark.parametrize("interrupting", [True, False])
@pytest.mark.parametrize("definition", [MESSAGE, SIGNAL, timer("PT1H"), CONDITION])
def test_event_subprocesses_at_top_level(definition: str, interrupting: bool) -> None:
    handler = subprocess(
        "handler",
        f'<startEvent id="hs" isInterrupting="{str(interrupting).lower()}">{definition}</startEvent>'
        + users("h")
        + flows("hs>h"),
        event=True,
    )
    case = Player(
        START + '<parallelGateway id="f"/>' + users("a", "tick") + handler + flows("start>f", "f>a", "f>tick")
    )
    if definition == MESSAGE:
        case.message("paid")
    elif definition == SIGNAL:
        case.signal("go")
    elif definition == CONDITION:
        case.do("tick", ready=True)
    else:
        case.later(hours=1)
    left = ["a", "h"] if definition == CONDITION else ["a", "h", "tick"]
    assert case.open == (["h"] if interrupting else left)
    while case.open:
        case.do(case.open[0])
    assert case.finished, "a listener that never fires keeps no case open"


def test_an_event_subprocess_inside_a_subprocess_fires_several_times() -> None:
    handler = subprocess(
        "handler",
        f'<startEvent id="hs" isInterrupting="false">{MESSAGE}</startEvent>' + users("h") + flows("hs>h"),
        event=True,
    )
    case = Player(
        START
        + subprocess("sub", '<startEvent id="is"/>' + users("i") + flows("is>i") + handler)
        + users("next")
        + flows("start>sub", "sub>next")
    )
    case.message("paid").message("paid")
    assert case.open == ["h", "h", "i"]
    case.do("i").do("h")
    assert case.open == ["h"]
    assert case.do("h").open == ["next"]


def test_an_error_event_subprocess_takes_over() -> None:
    handler = subprocess(
        "handler", f'<startEvent id="hs">{ERROR}</startEvent>' + users("h") + flows("hs>h"), event=True
    )
    case = Player(
        START
        + '<parallelGateway id="f"/>'
        + users("a", "b")
        + f'<endEvent id="fail">{ERROR}</endEvent>'
        + handler
        + flows("start>f", "f>a", "f>b", "a>fail")
    )
    assert case.do("a").open == ["h"]
    assert case.do("h").finished


def test_a_case_can_begin_with_a_message() -> None:
    body = f'<startEvent id="s0">{MESSAGE}</startEvent>' + users("a") + flows("s0>a")
    assert Player(body, {"n": 1}, message="paid").open == ["a"]
    with pytest.raises(Refused):
        Player(body, message="nothing")


def test_a_message_sent_with_nobody_waiting_leaves_the_case() -> None:
    case = Player(START + users("a") + throw("t", MESSAGE) + flows("start>a", "a>t") + flow("t", "end") + END)
    case.do("a")
    assert [send.topic for send in case.step.sends] == ["message"]


def test_a_due_date_is_a_moment_or_a_duration_from_when_the_task_opens() -> None:
    body = START + '<userTask id="a" camunda:dueDate="PT2H" camunda:followUpDate="${day}"/>' + flows("start>a")
    task = Player(body, {"day": "2026-12-01"}).step.tasks[0]
    assert (task.due, task.follow_up) == ("2026-11-23T03:00:00.000000+00:00", "2026-11-30T16:00:00.000000+00:00")
