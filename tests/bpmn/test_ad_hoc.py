"""Ad-hoc subprocesses (BPMN 2.0.2 §10.3.6, §13.3.5). Every step begins from the saved snapshot."""

from __future__ import annotations

import pytest

from tests.bpmn.drawing import END, MESSAGE, START, Player, boundary, catch, flow, flows, timer, users
from tests.bpmn.test_compensation import LOOP, UNDO_ALL, done
from tests.bpmn.test_hostile import codes

UNTIL = "<completionCondition>${enough}</completionCondition>"


def ad_hoc(body: str, until: str = UNTIL, more: str = "", **attributes: str) -> str:
    """An ad-hoc subprocess ``any`` with a task after it."""
    given = "".join(f' {name}="{value}"' for name, value in attributes.items())
    inside = f'<adHocSubProcess id="any"{given}>{body}{until}</adHocSubProcess>'
    return START + inside + users("after") + END + flows("start>any", "any>after", "after>end") + more


def test_everything_is_open_at_once_and_the_condition_ends_it() -> None:
    case = Player(ad_hoc(users("a", "b", "c")))
    assert case.open == ["a", "b", "c"]
    assert case.do("b", enough=False).open == ["a", "c"]
    assert case.do("a", enough=True).open == ["after"]
    assert "element_cancelled" in case.kinds("c")


def test_what_is_not_known_yet_is_not_yet_true() -> None:
    assert Player(ad_hoc(users("a", "b"))).do("a").open == ["b"]


def test_without_a_condition_it_is_over_when_all_is_done() -> None:
    case = Player(ad_hoc(users("a", "b"), until=""))
    assert case.do("a").open == ["b"]
    assert case.do("b").open == ["after"]


def test_the_rest_may_be_waited_for_but_nothing_further_begins() -> None:
    body = users("a", "b", "b2") + flows("b>b2")
    case = Player(ad_hoc(body, cancelRemainingInstances="false"))
    assert case.do("a", enough=True).open == ["b"]
    assert case.do("b", enough=False).open == ["after"], "it has held once"


def test_while_the_rest_is_waited_for_a_boundary_event_can_end_it() -> None:
    body = users("a", "b", "b2") + boundary("late", "b", timer("PT1H")) + flows("late>b2")
    case = Player(ad_hoc(body, cancelRemainingInstances="false"))
    assert case.do("a", enough=True).open == ["b"]
    assert case.later(hours=1).open == ["after"]


def test_flows_inside_lead_on() -> None:
    body = (
        users("a", "b", "c") + '<exclusiveGateway id="x" default="x_c"/>' + flows("a>x", "x>c") + flow("x", "b", "${k}")
    )
    case = Player(ad_hoc(body, until=""))
    assert case.do("a", k=True).open == ["b"]
    assert case.do("b").open == ["after"]


def test_an_event_inside_is_waited_for_until_the_condition_holds() -> None:
    body = users("a", "b") + catch("m", MESSAGE) + flows("a>m", "m>b")
    case = Player(ad_hoc(body))
    case.do("a", enough=False)
    assert case.waits == [("message", "m")]
    assert case.message("paid").open == ["b"]
    assert case.do("b", enough=True).open == ["after"]


def test_one_at_a_time_goes_in_the_order_of_the_drawing() -> None:
    case = Player(ad_hoc(users("a", "b", "c"), ordering="Sequential"))
    assert case.open == ["a"]
    assert case.do("a", enough=False).open == ["b"]
    assert case.do("b", enough=True).open == ["after"]
    case = Player(ad_hoc(users("a", "b"), until="", ordering="Sequential"))
    assert case.do("a").open == ["b"]
    assert case.do("b").open == ["after"]


def test_one_at_a_time_holds_for_what_follows_inside_too() -> None:
    body = users("a", "b", "a2", "a3") + flows("a>a2", "a>a3")
    case = Player(ad_hoc(body, until="", ordering="Sequential"))
    for name in ("a", "b", "a2", "a3"):
        assert case.open == [name], "in the order in which they became possible"
        case.do(name)
    assert case.open == ["after"]


def test_one_at_a_time_with_a_receive_task_a_loop_and_an_interruption() -> None:
    body = (
        users("a", "c")
        + '<receiveTask id="r" messageRef="m1"/>'
        + f'<userTask id="l">{LOOP}</userTask>'
        + boundary("late", "c", timer("PT1H"))
    )
    case = Player(ad_hoc(body, until="", ordering="Sequential"), {"items": [1, 2]})
    assert case.open == ["a"] and case.waits == []
    assert case.do("a").open == ["c"]
    case.later(hours=1)
    assert case.open == [] and case.waits == [("message", "r")]
    assert case.message("paid").open == ["l", "l"]
    assert case.do("l").do("l").open == ["after"]


def test_a_second_round_begins_anew() -> None:
    body = (
        START + f'<exclusiveGateway id="m"/><exclusiveGateway id="x" default="x_end"/>'
        f'<adHocSubProcess id="any" cancelRemainingInstances="false">{users("a", "b")}{UNTIL}</adHocSubProcess>'
        + END
        + flows("start>m", "m>any", "any>x", "x>end")
        + flow("x", "m", "${again}")
    )
    case = Player(body)
    for again in (True, False):
        assert case.open == ["a", "b"]
        case.do("a", enough=True, again=again).do("b", enough=False)
    assert case.finished


def test_several_of_them_at_once_do_not_mix() -> None:
    until = "<completionCondition>${x}</completionCondition>"
    inside = f'<adHocSubProcess id="any">{users("a", "b")}{until}{LOOP}</adHocSubProcess>'
    case = Player(START + inside + users("after") + flows("start>any", "any>after"), {"items": [1, 2], "x": False})
    assert case.open == ["a", "a", "b", "b"]
    assert case.do("a", x=True).open == ["a", "b"]
    assert case.do("b").open == ["after"]


def test_what_was_done_in_it_can_be_undone() -> None:
    thrown = f'<intermediateThrowEvent id="t">{UNDO_ALL}</intermediateThrowEvent>'
    body = (
        START
        + f'<adHocSubProcess id="any">{done("a", "b")}{UNTIL}</adHocSubProcess>'
        + thrown
        + END
        + flows("start>any", "any>t", "t>end")
    )
    case = Player(body).do("b", enough=False).do("a", enough=True)
    assert case.open == ["undo_a"]
    assert case.do("undo_a").open == ["undo_b"]
    assert case.do("undo_b").finished


@pytest.mark.parametrize(
    ("body", "element", "code"),
    [
        ('<startEvent id="s"/>' + users("a") + flows("s>a"), "s", "ad_hoc_event"),
        (users("a") + '<endEvent id="e"/>' + flows("a>e"), "e", "ad_hoc_event"),
        (users("a") + flows("a>a"), "any", "no_start"),
        ("", "any", "empty"),
    ],
)
def test_what_cannot_stand_in_one_is_refused(body: str, element: str, code: str) -> None:
    assert (element, code) in codes(ad_hoc(body))


def test_a_broken_condition_is_refused() -> None:
    assert ("any", "expression_invalid") in codes(
        ad_hoc(users("a"), "<completionCondition>${a.b(}</completionCondition>")
    )
