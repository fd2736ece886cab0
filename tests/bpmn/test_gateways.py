"""Splits and joins, in loops too (BPMN 2.0.2 §13.4)."""

from __future__ import annotations

import pytest

from engine.errors import NoPathTaken
from tests.bpmn.drawing import END, START, Player, boundary, catch, flow, flows, throw, timer, users


def test_one_task_after_another() -> None:
    case = Player(START + users("a", "b") + END + flows("start>a", "a>b", "b>end"))
    assert case.open == ["a"]
    case.do("a", x=1)
    assert case.open == ["b"]
    case.do("b")
    assert case.finished and case.values == {"x": 1}


def test_parallel_checks_in_a_rework_loop_join_once_a_round() -> None:
    case = Player(
        START + '<exclusiveGateway id="again"/><parallelGateway id="fork"/><parallelGateway id="join"/>'
        '<exclusiveGateway id="ok" default="ok_end"/>'
        + users("documents", "address")
        + END
        + flows(
            "start>again",
            "again>fork",
            "fork>documents",
            "fork>address",
            "documents>join",
            "address>join",
            "join>ok",
            "ok>end",
        )
        + flow("ok", "again", "${redo}")
    )
    for redo in (True, True, True, False):
        assert case.open == ["address", "documents"]
        case.do("documents", redo=redo)
        assert case.open == ["address"]
        case.do("address")
    assert case.finished


def test_a_join_takes_one_token_of_each_flow_and_leaves_the_excess() -> None:
    case = Player(
        START
        + '<parallelGateway id="fork"/><exclusiveGateway id="merge"/><parallelGateway id="join"/>'
        + users("a", "b", "c", "after")
        + flows("start>fork", "fork>a", "fork>b", "fork>c", "a>merge", "b>merge", "merge>join", "c>join", "join>after")
    )
    case.do("a").do("b")
    assert case.open == ["c"]
    case.do("c")
    assert case.open == ["after"]
    case.do("after")
    assert not case.finished, "one token still waits at the join"
    assert case.step.starved == ("join",), "and nothing will ever come"


@pytest.mark.parametrize(("n", "opened"), [(0, ["c"]), (1, ["a"]), (2, ["a", "b"])])
def test_inclusive_split_takes_every_true_flow_else_the_default(n: int, opened: list[str]) -> None:
    case = Player(
        START
        + '<inclusiveGateway id="split" default="split_c"/>'
        + users("a", "b", "c")
        + flows("start>split", "split>c")
        + flow("split", "a", "${n > 0}")
        + flow("split", "b", "${n > 1}"),
        {"n": n},
    )
    assert case.open == opened


def test_inclusive_join_waits_for_a_branch_with_an_exclusive_block_in_it() -> None:
    case = Player(
        START + '<inclusiveGateway id="split" default="split_c"/><inclusiveGateway id="join"/>'
        '<exclusiveGateway id="x" default="x_a1"/>'
        + users("a", "a1", "b", "c", "after")
        + END
        + flow("split", "a", "${n > 0}")
        + flow("split", "b", "${n > 1}")
        + flow("x", "join", "${n == 9}")
        + flows("start>split", "split>c", "a>x", "x>a1", "a1>join", "b>join", "c>join", "join>after", "after>end"),
        {"n": 2},
    )
    case.do("b")
    assert case.open == ["a"]
    case.do("a")
    assert case.open == ["a1"]
    case.do("a1")
    assert case.open == ["after"]
    assert case.do("after").finished


def test_exclusive_gateway_takes_the_first_true_flow() -> None:
    body = (
        START
        + '<exclusiveGateway id="x" default="x_c"/>'
        + users("a", "b", "c")
        + flow("x", "a", "${n > 5}")
        + flow("x", "b", "n > 1")
        + flows("start>x", "x>c")
    )
    assert Player(body, {"n": 9}).open == ["a"]
    assert Player(body, {"n": 3}).open == ["b"]
    assert Player(body, {"n": 0}).open == ["c"]


def test_no_path_is_said_with_the_element() -> None:
    body = (
        START
        + '<exclusiveGateway id="x"/>'
        + users("a", "b")
        + flows("start>x")
        + flow("x", "a", "${n > 5}")
        + flow("x", "b", "${n > 9}")
    )
    with pytest.raises(NoPathTaken) as caught:
        Player(body, {"n": 0})
    assert caught.value.element == "x"


def test_conditional_flows_out_of_a_task_are_an_inclusive_split() -> None:
    body = START + users("a", "b", "c") + flows("start>a") + flow("a", "b", "${x}") + flow("a", "c", "${y}")
    assert Player(body).do("a", x=True, y=True).open == ["b", "c"]
    assert Player(body).do("a", x=False, y=True).open == ["c"]


def test_a_condition_on_the_only_flow_counts() -> None:
    case = Player(START + users("a", "b") + flows("start>a") + flow("a", "b", "${x}"))
    with pytest.raises(NoPathTaken):
        case.do("a", x=False)
    assert case.do("a", x=True).open == ["b"]


def test_several_flows_out_of_a_task_are_a_parallel_split() -> None:
    case = Player(START + users("a", "b", "c") + flows("start>a", "a>b", "a>c"))
    assert case.do("a").open == ["b", "c"]
    assert not case.do("b").finished
    assert case.do("c").finished


def test_a_process_without_start_event_begins_where_nothing_leads_to() -> None:
    assert Player(users("a", "b")).open == ["a", "b"]


# Inclusive joins (§13.4.3)


def inclusive(body: str, *pairs: str) -> str:
    """A split into a and b (both, by ``n``), a join, a task after it."""
    return (
        START
        + '<inclusiveGateway id="split"/><inclusiveGateway id="join"/>'
        + users("a", "b", "after")
        + END
        + body
        + flow("split", "b", "${n > 0}")
        + flow("split", "a", "${n > 1}")
        + flows("start>split", "join>after", "after>end", *pairs)
    )


def test_an_inclusive_join_waits_for_a_branch_that_leaves_by_a_boundary_event() -> None:
    late = boundary("late", "b", timer("PT1H")) + users("apology")
    body = inclusive(late, "a>join", "b>join", "late>apology", "apology>join")
    case = Player(body, {"n": 2})
    case.do("a").later(hours=1)
    assert case.open == ["apology"], "the branch is on its way by another path"
    assert case.do("apology").open == ["after"]
    assert case.do("after").finished
    case = Player(body, {"n": 2})
    assert case.do("a").do("b").open == ["after"]


def test_an_inclusive_join_does_not_wait_for_what_a_boundary_event_led_away() -> None:
    late = boundary("late", "b", timer("PT1H")) + users("elsewhere")
    case = Player(inclusive(late, "a>join", "b>join", "late>elsewhere"), {"n": 2})
    assert case.do("a").open == ["b"]
    assert case.later(hours=1).open == ["after", "elsewhere"]


def test_an_inclusive_join_waits_for_a_branch_beside_which_a_boundary_event_fired() -> None:
    remind = boundary("remind", "b", timer("PT1H"), interrupting=False) + users("told")
    case = Player(inclusive(remind, "a>join", "b>join", "remind>told", "told>join"), {"n": 2})
    case.later(hours=1).do("a").do("told")
    assert case.open == ["b"]
    assert case.do("b").open == ["after"]


def test_an_inclusive_join_waits_for_loops_inside_its_branches() -> None:
    loops = (
        '<exclusiveGateway id="again1"/><exclusiveGateway id="again2"/>'
        '<exclusiveGateway id="ask1" default="ask1_ask2"/><exclusiveGateway id="ask2" default="ask2_join"/>'
        + users("c")
        + flow("ask1", "again1", "${inner}")
        + flow("ask2", "again2", "${outer}")
    )
    # b: the loop around c inside the loop around b
    body = inclusive(loops, "a>join", "b>again2", "again2>again1", "again1>c", "c>ask1", "ask1>ask2", "ask2>join")
    case = Player(body, {"n": 2})
    case.do("a").do("b")
    for inner, outer in ((True, False), (False, True), (True, True)):
        assert case.do("c", inner=inner, outer=outer).open == ["c"]
    assert case.do("c", inner=False, outer=False).open == ["after"]


def test_an_inclusive_block_in_a_rework_loop_joins_once_a_round() -> None:
    again = '<exclusiveGateway id="m"/><exclusiveGateway id="x" default="x_end"/>'
    body = (
        START
        + '<inclusiveGateway id="split" default="split_a"/><inclusiveGateway id="join"/>'
        + users("a", "b", "after")
        + END
        + again
        + flow("split", "b", "${n > 1}")
        + flow("x", "m", "${redo}")
        + flows("start>m", "m>split", "split>a", "a>join", "b>join", "join>after", "after>x", "x>end")
    )
    case = Player(body, {"n": 2})
    for n, redo in ((1, True), (2, True), (2, False)):
        while case.open != ["after"]:
            assert set(case.open) <= {"a", "b"}
            case.do(case.open[0])
        case.do("after", n=n, redo=redo)
    assert case.finished


def test_an_inclusive_join_lets_excess_tokens_wait_for_the_next_round() -> None:
    body = (
        START
        + '<parallelGateway id="f"/><exclusiveGateway id="merge"/><inclusiveGateway id="join"/>'
        + users("a", "b", "c", "after")
        + flows("start>f", "f>a", "f>b", "f>c", "a>merge", "b>merge", "merge>join", "c>join", "join>after")
    )
    case = Player(body).do("a").do("b")
    assert case.open == ["c"]
    assert case.do("c").open == ["after", "after"], "the second token of the first flow goes on by itself"


def test_an_inclusive_join_waits_for_a_branch_that_comes_by_a_link() -> None:
    link = '<linkEventDefinition name="L"/>'
    body = inclusive(throw("out", link) + catch("in", link) + users("c"), "a>join", "b>out", "in>c", "c>join")
    case = Player(body, {"n": 2}).do("a").do("b")
    assert case.open == ["c"]
    assert case.do("c").open == ["after"]
