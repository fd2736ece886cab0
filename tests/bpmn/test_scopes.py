"""What stops, what goes on and who catches it, scope by scope (BPMN 2.0.2 §10.5.7, §13.5). Every step begins from the
saved snapshot."""

from __future__ import annotations

import pytest

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
    document,
    flow,
    flows,
    subprocess,
    throw,
    timer,
    users,
)

CONDITION = "<conditionalEventDefinition><condition>${ready}</condition></conditionalEventDefinition>"
STOP = "<terminateEventDefinition/>"
LOOP = '<multiInstanceLoopCharacteristics camunda:collection="items" camunda:elementVariable="item"/>'


def inside(name: str, body: str, first: str, loop: str = "") -> str:
    """A subprocess whose start event leads to ``first``."""
    return f'<subProcess id="{name}"><startEvent id="{name}_s"/>{body}{loop}</subProcess>'.replace(
        f'<startEvent id="{name}_s"/>', f'<startEvent id="{name}_s"/>' + flow(f"{name}_s", first)
    )


def handler(name: str, definition: str, body: str, first: str, interrupting: bool = True) -> str:
    """An event subprocess."""
    start = f'<startEvent id="{name}_s" isInterrupting="{str(interrupting).lower()}">{definition}</startEvent>'
    return subprocess(name, start + body + flow(f"{name}_s", first), event=True)


# Errors and escalations


def test_an_error_in_one_instance_stops_them_all() -> None:
    body = users("i") + '<exclusiveGateway id="x" default="x_ok"/><endEvent id="ok"/>'
    body += f'<endEvent id="fail">{ERROR}</endEvent>' + flows("i>x", "x>ok") + flow("x", "fail", "${item == 2}")
    case = Player(
        START
        + inside("sub", body, "i", LOOP)
        + boundary("b", "sub", ERROR)
        + users("rescue", "next")
        + flows("start>sub", "sub>next", "b>rescue"),
        {"items": [1, 2, 3]},
    )
    assert case.do("i", 0).open == ["i", "i"]
    assert case.do("i", 0).open == ["rescue"]
    assert case.do("rescue").finished


def test_an_error_passes_a_subprocess_and_a_call_that_do_not_know_it() -> None:
    called = document(
        '<startEvent id="cs"/>' + users("c") + f'<endEvent id="fail">{ERROR}</endEvent>' + flows("cs>c", "c>fail"),
        process="sub",
    )
    case = Player(
        START
        + inside("mid", '<callActivity id="call" calledElement="sub"/>', "call")
        + boundary("b", "mid", "<errorEventDefinition/>")
        + users("rescue", "next")
        + flows("start>mid", "mid>next", "b>rescue"),
        others={"sub.bpmn": called},
    )
    assert case.do("c").open == ["rescue"]


def test_the_boundary_that_names_the_code_is_asked_before_the_one_that_catches_all() -> None:
    case = Player(
        START
        + inside("sub", users("i") + f'<endEvent id="fail">{ERROR}</endEvent>' + flows("i>fail"), "i")
        + boundary("all", "sub", "<errorEventDefinition/>")
        + boundary("this", "sub", ERROR)
        + users("on_all", "on_this")
        + flows("start>sub", "all>on_all", "this>on_this")
    )
    assert case.do("i").open == ["on_this"]


def test_an_escalation_that_does_not_interrupt_is_taken_each_time() -> None:
    case = Player(
        START
        + inside(
            "sub", '<exclusiveGateway id="m"/>' + users("i") + throw("e", ESCALATION) + flows("m>i", "i>e", "e>m"), "m"
        )
        + boundary("b", "sub", ESCALATION, interrupting=False)
        + users("told")
        + flows("start>sub", "b>told")
    )
    for count in (1, 2, 3):
        assert case.do("i").open == ["i"] + ["told"] * count


def test_after_an_escalation_that_interrupts_nothing_of_the_subprocess_goes_on() -> None:
    case = Player(
        START
        + inside("sub", throw("e", ESCALATION) + users("i") + flows("e>i"), "e")
        + boundary("b", "sub", ESCALATION)
        + users("told")
        + flows("start>sub", "b>told")
    )
    assert case.open == ["told"]


def test_after_a_signal_that_interrupts_its_own_subprocess_nothing_of_it_goes_on() -> None:
    case = Player(
        START
        + inside("sub", users("i") + throw("s", SIGNAL) + users("never") + flows("i>s", "s>never"), "i")
        + boundary("b", "sub", SIGNAL)
        + users("told")
        + flows("start>sub", "b>told")
    )
    assert case.do("i").open == ["told"]


def test_an_escalation_nobody_catches_changes_nothing() -> None:
    case = Player(START + inside("sub", throw("e", ESCALATION) + users("i") + flows("e>i"), "e") + flows("start>sub"))
    assert case.open == ["i"]


# Boundary events


def test_an_interrupting_boundary_event_stops_all_instances() -> None:
    case = Player(
        START
        + f'<userTask id="a">{LOOP}</userTask>'
        + boundary("late", "a", timer("PT1H"))
        + users("told", "next")
        + flows("start>a", "a>next", "late>told"),
        {"items": [1, 2, 3]},
    )
    case.do("a").later(hours=1)
    assert case.open == ["told"] and case.do("told").finished


def test_a_boundary_event_that_does_not_interrupt_leaves_all_instances() -> None:
    case = Player(
        START
        + inside("sub", users("i"), "i", LOOP)
        + boundary("note", "sub", MESSAGE, interrupting=False)
        + users("told", "next")
        + flows("start>sub", "sub>next", "note>told"),
        {"items": [1, 2]},
    )
    case.message("paid").message("paid")
    assert case.open == ["i", "i", "told", "told"]
    assert case.do("i").do("i").open == ["next", "told", "told"]
    assert case.waits == []


def test_a_boundary_event_that_does_not_interrupt_fires_on_each_turn_of_its_condition() -> None:
    case = Player(
        START
        + '<parallelGateway id="f"/>'
        + users("a", "more")
        + '<userTask id="switch"><standardLoopCharacteristics loopMaximum="9"/></userTask>'
        + boundary("c", "a", CONDITION, interrupting=False)
        + flows("start>f", "f>a", "f>switch", "c>more")
    )
    for ready, count in ((True, 1), (True, 1), (False, 1), (True, 2)):
        assert case.do("switch", ready=ready).open.count("more") == count


# Conditions


def test_a_conditional_catch_sees_what_a_message_brings_and_what_another_branch_writes() -> None:
    body = (
        START
        + '<parallelGateway id="f"/>'
        + catch("c", CONDITION)
        + catch("m", MESSAGE)
        + users("a", "go", "rest")
        + flows("start>f", "f>c", "f>m", "f>a", "c>go", "m>rest")
    )
    assert Player(body).message("paid", ready=True).open == ["a", "go", "rest"]
    assert Player(body).do("a", ready=False).open == []
    assert Player(body).do("a", ready=True).open == ["go"]
    assert Player(body, {"ready": True}).open == ["a", "go"], "what is true already is not waited for"


# Ends


@pytest.mark.parametrize("place", ["process", "call", "instance"])
def test_terminate_ends_the_scope_it_stands_in(place: str) -> None:
    stop = users("i", "j") + f'<parallelGateway id="f"/><endEvent id="stop">{STOP}</endEvent>'
    stop += flows("f>i", "f>j", "i>stop")
    others: dict[str, bytes] = {}
    if place == "process":
        body = START + stop + flows("start>f")
    elif place == "call":
        others = {"sub.bpmn": document('<startEvent id="cs"/>' + stop + flows("cs>f"), process="sub")}
        body = (
            START + '<callActivity id="call" calledElement="sub"/>' + users("next") + flows("start>call", "call>next")
        )
    else:
        body = START + inside("sub", stop, "f", LOOP) + users("next") + flows("start>sub", "sub>next")
    case = Player(body, {"items": [1, 2]}, others)
    case.do("i")
    if place == "process":
        assert case.finished
    elif place == "call":
        assert case.open == ["next"]
    else:
        assert case.open == ["i", "j"], "the other instance goes on"
        assert case.do("i").open == ["next"]


def test_a_process_without_end_event_ends_when_nothing_is_left() -> None:
    case = Player(START + '<parallelGateway id="f"/>' + users("a", "b") + flows("start>f", "f>a", "f>b"))
    assert not case.do("a").finished
    assert case.do("b").finished


# Links


def test_links_join_inside_the_subprocess_they_stand_in() -> None:
    link = '<linkEventDefinition name="L"/>'
    inner = (
        throw("o1", link)
        + throw("o2", link)
        + catch("in", link)
        + users("i")
        + '<exclusiveGateway id="x" default="x_o1"/>'
    )
    inner += flows("x>o1", "in>i") + flow("x", "o2", "${k}")
    outer = throw("out", link) + catch("outer_in", link) + users("a")
    case = Player(
        START + inside("sub", inner, "x") + outer + flows("start>sub", "sub>out", "outer_in>a"),
        {"k": True},
    )
    assert case.open == ["i"]
    assert case.do("i").open == ["a"]


# Flows


def test_a_default_flow_out_of_an_activity_is_taken_only_where_no_condition_holds() -> None:
    body = (
        START
        + '<userTask id="a" default="d"/>'
        + users("b", "c", "always")
        + flow("a", "b", "${x}")
        + flow("a", "c", "${true}", name="d")
        + flows("start>a", "a>always")
        + END
    )
    assert Player(body).do("a", x=True).open == ["always", "b"], "the default's own condition says nothing"
    assert Player(body).do("a", x=False).open == ["always", "c"]


def test_flows_that_meet_at_an_activity_run_it_once_for_each_token() -> None:
    case = Player(
        START + '<parallelGateway id="f"/>' + users("a", "b", "c") + flows("start>f", "f>a", "f>b", "a>c", "b>c")
    )
    assert case.do("a").open == ["b", "c"]
    assert case.do("b").open == ["c", "c"]
    assert case.do("c").do("c").finished


def test_two_files_may_use_one_id_for_different_subprocesses() -> None:
    called = document(
        '<startEvent id="start"/>' + inside("sub", users("theirs"), "theirs") + flows("start>sub"), process="q"
    )
    case = Player(
        START
        + inside("sub", users("ours") + '<callActivity id="call" calledElement="q"/>' + flows("ours>call"), "ours")
        + users("after")
        + flows("start>sub", "sub>after"),
        others={"q.bpmn": called},
    )
    assert case.open == ["ours"]
    assert case.do("ours").open == ["theirs"]
    assert case.do("theirs").open == ["after"]
