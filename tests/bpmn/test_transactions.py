"""Transactions (BPMN 2.0.2 §10.3.5, §13.3.3). Every step begins from the saved snapshot."""

from __future__ import annotations

import pytest

from tests.bpmn.drawing import END, ERROR, START, Player, boundary, flow, flows, subprocess, throw, timer, users
from tests.bpmn.test_compensation import LOOP, UNDO_ALL, done, handler
from tests.bpmn.test_hostile import codes

CANCEL = "<cancelEventDefinition/>"


def transaction(body: str, name: str = "tx", loop: str = "") -> str:
    return f'<transaction id="{name}"><startEvent id="is_{name}"/>{body}{loop}</transaction>'


#: a, then b, then: enough, or cancelled.
BOOKING = transaction(
    done("a", "b")
    + '<exclusiveGateway id="x" default="x_fine"/><endEvent id="fine"/>'
    + f'<endEvent id="cancel">{CANCEL}</endEvent>'
    + flows("is_tx>a", "a>b", "b>x", "x>fine")
    + flow("x", "cancel", "${stop}")
)
AROUND = (
    START
    + boundary("cancelled", "tx", CANCEL)
    + boundary("wrong", "tx", ERROR)
    + users("after", "on_cancel", "on_error")
    + flows("start>tx", "tx>after", "cancelled>on_cancel", "wrong>on_error")
)


def test_a_transaction_that_is_not_cancelled_goes_on() -> None:
    assert Player(AROUND + BOOKING).do("a").do("b", stop=False).open == ["after"]


def test_a_cancelled_transaction_is_undone_in_reverse_and_left_by_its_cancel_event() -> None:
    case = Player(AROUND + BOOKING).do("a").do("b", stop=True)
    assert case.open == ["undo_b"]
    assert "transaction_cancelled" in case.kinds("tx")
    assert case.do("undo_b").open == ["undo_a"]
    assert case.do("undo_a").open == ["on_cancel"]
    assert case.do("on_cancel").finished


def test_nothing_to_undo_is_no_hindrance() -> None:
    body = users("a") + f'<endEvent id="cancel">{CANCEL}</endEvent>' + flows("is_tx>a", "a>cancel")
    assert Player(AROUND + transaction(body)).do("a").open == ["on_cancel"]


def test_what_is_under_way_stops_and_what_it_completed_is_undone_too() -> None:
    body = (
        '<parallelGateway id="f"/>'
        + done("a")
        + subprocess("sub", '<startEvent id="ss"/>' + done("i", "j") + flows("ss>i", "i>j"))
        + users("b", "c")
        + f'<endEvent id="cancel">{CANCEL}</endEvent>'
        + flows("is_tx>a", "a>f", "f>sub", "f>b", "f>c", "c>cancel")
    )
    case = Player(AROUND + transaction(body)).do("a").do("i").do("c")
    assert case.open == ["undo_i"]
    assert "element_cancelled" in case.kinds("b") and "element_cancelled" in case.kinds("j")
    assert case.do("undo_i").open == ["undo_a"]
    assert case.do("undo_a").open == ["on_cancel"]


def test_completed_instances_of_a_loop_under_way_are_undone() -> None:
    body = (
        '<parallelGateway id="f"/>'
        + f'<userTask id="a">{LOOP}</userTask>'
        + handler("a")
        + users("c")
        + f'<endEvent id="cancel">{CANCEL}</endEvent>'
        + flows("is_tx>f", "f>a", "f>c", "c>cancel")
    )
    case = Player(AROUND + transaction(body), {"items": ["p", "q"]}).do("a", 1).do("c")
    assert [(task.element, task.values["item"]) for task in case.step.tasks] == [("undo_a", "q")]
    assert case.do("undo_a").open == ["on_cancel"]


def test_a_transaction_is_cancelled_from_a_subprocess_inside_it() -> None:
    body = (
        done("a")
        + subprocess(
            "sub",
            '<startEvent id="ss"/>'
            + users("i")
            + f'<endEvent id="cancel">{CANCEL}</endEvent>'
            + flows("ss>i", "i>cancel"),
        )
        + flows("is_tx>a", "a>sub")
    )
    case = Player(AROUND + transaction(body)).do("a").do("i")
    assert case.open == ["undo_a"]
    assert case.do("undo_a").open == ["on_cancel"]


def test_an_error_leaves_without_undoing() -> None:
    body = done("a") + f'<endEvent id="fail">{ERROR}</endEvent>' + flows("is_tx>a", "a>fail")
    assert Player(AROUND + transaction(body)).do("a").open == ["on_error"]


def test_an_error_while_it_is_undone_leaves_by_the_error_event() -> None:
    failing = f'<startEvent id="us"/>{users("u")}<endEvent id="fail">{ERROR}</endEvent>' + flows("us>u", "u>fail")
    body = (
        done("a")
        + users("b")
        + handler("b", "undo_b", f'<subProcess id="undo_b" isForCompensation="true">{failing}</subProcess>')
        + f'<endEvent id="cancel">{CANCEL}</endEvent>'
        + flows("is_tx>a", "a>b", "b>cancel")
    )
    case = Player(AROUND + transaction(body)).do("a").do("b")
    assert case.open == ["u"]
    assert case.do("u").open == ["on_error"]


def test_a_timer_may_stop_a_transaction_while_it_is_undone() -> None:
    late = boundary("late", "tx", timer("PT1H")) + users("on_time") + flows("late>on_time")
    case = Player(AROUND + BOOKING + late).do("a").do("b", stop=True)
    assert case.later(hours=1).open == ["on_time"]
    assert case.do("on_time").finished


def test_a_completed_transaction_can_be_undone_from_outside() -> None:
    body = (
        START
        + BOOKING
        + boundary("cancelled", "tx", CANCEL)
        + throw("t", UNDO_ALL)
        + users("after", "on_cancel")
        + flows("start>tx", "tx>t", "t>after", "cancelled>on_cancel")
    )
    case = Player(body).do("a").do("b", stop=False)
    assert case.open == ["undo_b"]
    assert case.do("undo_b").do("undo_a").open == ["after"]


def test_what_a_compensation_under_way_had_not_come_to_is_undone_by_the_cancellation() -> None:
    body = (
        done("a", "b")
        + '<parallelGateway id="f"/>'
        + throw("t", UNDO_ALL)
        + users("c")
        + f'<endEvent id="cancel">{CANCEL}</endEvent>'
        + flows("is_tx>a", "a>b", "b>f", "f>t", "f>c", "c>cancel")
    )
    case = Player(AROUND + transaction(body)).do("a").do("b")
    assert case.open == ["c", "undo_b"]
    assert case.do("c").open == ["undo_a"]
    assert case.do("undo_a").open == ["on_cancel"]


def test_the_second_round_through_a_transaction_begins_anew() -> None:
    case = Player(
        START
        + '<exclusiveGateway id="m"/>'
        + BOOKING
        + boundary("cancelled", "tx", CANCEL)
        + END
        + flows("start>m", "m>tx", "tx>end", "cancelled>m")
    )
    case.do("a").do("b", stop=True).do("undo_b").do("undo_a")
    assert case.open == ["a"]
    assert case.do("a").do("b", stop=False).finished


@pytest.mark.parametrize(
    ("body", "element", "code"),
    [
        (BOOKING, "tx", "cancel_boundary_missing"),
        (users("a") + boundary("c", "a", CANCEL), "c", "cancel_misplaced"),
        (BOOKING + boundary("c", "tx", CANCEL) + boundary("d", "tx", CANCEL), "d", "cancel_misplaced"),
        (BOOKING + boundary("c", "tx", CANCEL, interrupting=False), "c", "cancel_misplaced"),
        (f'<endEvent id="e">{CANCEL}</endEvent>' + flows("start>e"), "e", "cancel_misplaced"),
        (
            transaction(f'<endEvent id="e">{CANCEL}</endEvent>' + flows("is_tx>e"), loop=LOOP)
            + boundary("c", "tx", CANCEL),
            "tx",
            "not_executed",
        ),
        (
            transaction(
                users("a")
                + handler(
                    "a",
                    "u",
                    '<subProcess id="u" isForCompensation="true"><startEvent id="us"/>'
                    f'<endEvent id="e">{CANCEL}</endEvent>{flows("us>e")}</subProcess>',
                )
            )
            + boundary("c", "tx", CANCEL),
            "e",
            "cancel_misplaced",
        ),
    ],
)
def test_transactions_that_cannot_be_meant_are_refused(body: str, element: str, code: str) -> None:
    assert (element, code) in codes(START + body)
