"""Undoing what was done (BPMN 2.0.2 §10.7, §13.5.5). Every step begins from the saved snapshot."""

from __future__ import annotations

import json

import pytest

from engine import bpmn
from engine.errors import MigrationRefused
from tests.bpmn.drawing import (
    END,
    ERROR,
    ESCALATION,
    START,
    Player,
    boundary,
    document,
    flow,
    flows,
    subprocess,
    throw,
    timer,
    users,
)
from tests.bpmn.test_hostile import codes

UNDO_ALL = "<compensateEventDefinition/>"
ON_UNDO = "<compensateEventDefinition/>"
LOOP = '<multiInstanceLoopCharacteristics camunda:collection="items" camunda:elementVariable="item"/>'


def undo(activity: str, waits: bool = True) -> str:
    """The definition of an event that throws the compensation of one activity."""
    return f'<compensateEventDefinition activityRef="{activity}" waitForCompletion="{str(waits).lower()}"/>'


def handler(activity: str, name: str = "", drawn: str = "") -> str:
    """A compensation boundary event on ``activity`` and what undoes it: a user task ``undo_<activity>``."""
    name = name or f"undo_{activity}"
    return (
        boundary(f"c_{activity}", activity, ON_UNDO)
        + (drawn or f'<userTask id="{name}" name="{name}" isForCompensation="true"/>')
        + f'<association id="as_{activity}" sourceRef="c_{activity}" targetRef="{name}"/>'
    )


def done(*activities: str) -> str:
    """User tasks that can be undone."""
    return "".join(users(name) + handler(name) for name in activities)


def test_what_was_completed_is_undone_the_last_one_first() -> None:
    case = Player(
        START
        + done("a", "b", "c")
        + throw("t", UNDO_ALL)
        + users("after")
        + END
        # c is never reached: what has not completed is not undone.
        + flows("start>a", "a>b", "b>t", "t>after", "after>c", "c>end")
    )
    case.do("a").do("b")
    assert case.open == ["undo_b"]
    assert case.kinds("t") == ["element_began", "compensation_thrown"]
    assert case.do("undo_b").open == ["undo_a"]
    assert case.do("undo_a").open == ["after"]


def test_the_order_is_that_of_completion_and_not_of_the_drawing() -> None:
    case = Player(
        START
        + '<parallelGateway id="f"/><parallelGateway id="j"/>'
        + done("a", "b")
        + throw("t", UNDO_ALL)
        + END
        + flows("start>f", "f>a", "f>b", "a>j", "b>j", "j>t", "t>end")
    )
    case.do("b").do("a")
    assert case.open == ["undo_a"]
    assert case.do("undo_a").open == ["undo_b"]
    assert case.do("undo_b").finished


def test_one_activity_is_undone_by_name_and_only_once() -> None:
    case = Player(
        START
        + done("a", "b")
        + throw("t", undo("a"))
        + f'<endEvent id="e">{UNDO_ALL}</endEvent>'
        + flows("start>a", "a>b", "b>t", "t>e")
    )
    case.do("a").do("b")
    assert case.open == ["undo_a"]
    assert case.do("undo_a").open == ["undo_b"], "what is left is undone by the end event"
    assert case.do("undo_b").finished


def test_with_nothing_completed_the_throwing_event_goes_on() -> None:
    case = Player(
        START
        + '<parallelGateway id="f"/>'
        + done("a")
        + throw("t", undo("a"))
        + users("after")
        + flows("start>f", "f>a", "f>t", "t>after")
    )
    assert case.open == ["a", "after"], "an activity under way is not undone"


def test_who_does_not_wait_goes_on_while_it_is_undone() -> None:
    case = Player(
        START
        + done("a")
        + throw("t", undo("a", waits=False))
        + users("after")
        + END
        + flows("start>a", "a>t")
        + flows("t>after", "after>end")
    )
    case.do("a")
    assert case.open == ["after", "undo_a"]
    assert not case.do("after").finished, "the case is not over before everything is undone"
    assert case.do("undo_a").finished


def test_each_round_of_a_loop_is_undone() -> None:
    case = Player(
        START
        + '<exclusiveGateway id="m"/><exclusiveGateway id="x" default="x_t"/>'
        + done("a")
        + throw("t", undo("a"))
        + END
        + flows("start>m", "m>a", "a>x", "x>t", "t>end")
        + flow("x", "m", "${again}")
    )
    case.do("a", again=True).do("a", again=True).do("a", again=False)
    for _ in range(3):
        assert case.open == ["undo_a"]
        case.do("undo_a")
    assert case.finished


def test_each_instance_is_undone_with_its_own_item() -> None:
    case = Player(
        START
        + f'<userTask id="a">{LOOP}</userTask>'
        + handler("a")
        + throw("t", undo("a"))
        + END
        + flows("start>a", "a>t", "t>end"),
        {"items": ["p", "q"]},
    )
    case.do("a", 1).do("a")
    assert [task.values["item"] for task in case.step.tasks] == ["p"]
    case.do("undo_a")
    assert [task.values["item"] for task in case.step.tasks] == ["q"], "completed first, undone last"
    assert case.do("undo_a").finished


def test_instances_of_an_activity_that_is_under_way_are_not_undone() -> None:
    case = Player(
        START
        + '<parallelGateway id="f"/>'
        + f'<userTask id="a">{LOOP}</userTask>'
        + handler("a")
        + users("b", "after")
        + throw("t", undo("a"))
        + flows("start>f", "f>a", "f>b", "b>t", "t>after"),
        {"items": ["p", "q"]},
    )
    assert case.do("a").do("b").open == ["a", "after"]


def test_a_handler_is_a_subprocess_a_call_or_a_task_that_nobody_does() -> None:
    inner = '<startEvent id="is"/>' + users("i1", "i2") + flows("is>i1", "i1>i2")
    called = document('<startEvent id="cs"/>' + users("inside") + flows("cs>inside"), process="sub")
    case = Player(
        START
        + users("a", "b", "c")
        + handler("a", "undo_a", f'<subProcess id="undo_a" isForCompensation="true">{inner}</subProcess>')
        + handler("b", "undo_b", '<callActivity id="undo_b" calledElement="sub" isForCompensation="true"/>')
        + handler("c", "undo_c", '<scriptTask id="undo_c" isForCompensation="true"><script>x = 0</script></scriptTask>')
        + throw("t", UNDO_ALL)
        + users("after")
        + flows("start>a", "a>b", "b>c", "c>t", "t>after"),
        others={"sub.bpmn": called},
    )
    case.do("a", x=1).do("b").do("c")
    assert case.open == ["inside"] and case.values == {"x": 0}
    assert case.do("inside").open == ["i1"]
    case.do("i1")
    assert case.do("i2").open == ["after"]


def inner(*names: str, more: str = "") -> str:
    """A subprocess ``sub`` with tasks that can be undone, one after another."""
    first, *_ = names
    chain = [f"{one}>{two}" for one, two in zip(names, names[1:], strict=False)]
    return subprocess("sub", '<startEvent id="is"/>' + done(*names) + flows(f"is>{first}", *chain) + more)


def test_a_completed_subprocess_is_undone_from_inside_in_reverse() -> None:
    case = Player(
        START
        + inner("a", "b")
        + done("c")
        + throw("t", UNDO_ALL)
        + users("after")
        + flows("start>sub", "sub>c", "c>t", "t>after")
    )
    case.do("a").do("b").do("c")
    assert case.open == ["undo_c"]
    assert case.do("undo_c").open == ["undo_b"]
    assert case.do("undo_b").open == ["undo_a"]
    assert case.do("undo_a").open == ["after"]


def test_instances_of_a_subprocess_are_undone_each_with_its_item() -> None:
    body = '<startEvent id="is"/>' + done("a") + flows("is>a")
    case = Player(
        START
        + f'<subProcess id="sub">{body}{LOOP}</subProcess>'
        + throw("t", undo("sub"))
        + END
        + flows("start>sub", "sub>t", "t>end"),
        {"items": ["p", "q"]},
    )
    case.do("a").do("a")
    assert [(task.element, task.values["item"]) for task in case.step.tasks] == [("undo_a", "q")]
    case.do("undo_a")
    assert [(task.element, task.values["item"]) for task in case.step.tasks] == [("undo_a", "p")]
    assert case.do("undo_a").finished


def test_a_handler_on_the_subprocess_stands_for_all_that_is_inside() -> None:
    case = Player(
        START + inner("a") + handler("sub") + throw("t", UNDO_ALL) + END + flows("start>sub", "sub>t", "t>end")
    )
    assert case.do("a").open == ["undo_sub"]
    assert case.do("undo_sub").finished


@pytest.mark.parametrize("again", [True, False])
def test_a_compensation_event_subprocess_takes_the_place_of_the_default(again: bool) -> None:
    inside = f'<startEvent id="hs">{ON_UNDO}</startEvent>' + users("h")
    inside += (throw("again", UNDO_ALL) + flows("hs>h", "h>again")) if again else flows("hs>h")
    case = Player(
        START
        + inner("a", "b", more=subprocess("handler", inside, event=True))
        + throw("t", undo("sub"))
        + users("after")
        + flows("start>sub", "sub>t", "t>after")
    )
    case.do("a").do("b")
    assert case.open == ["h"]
    case.do("h")
    if again:
        assert case.open == ["undo_b"], "it can undo what stands around it"
        assert case.do("undo_b").open == ["undo_a"]
        case.do("undo_a")
    assert case.open == ["after"]


def test_inside_a_subprocess_only_what_is_in_it_is_undone() -> None:
    case = Player(
        START
        + done("x")
        + inner("a", more=throw("t", UNDO_ALL) + users("after") + flows("a>t", "t>after"))
        + flows("start>x", "x>sub")
    )
    case.do("x").do("a")
    assert case.open == ["undo_a"]
    assert case.do("undo_a").open == ["after"]


def test_an_error_handler_undoes_what_was_done_before_the_error() -> None:
    rescue = f'<startEvent id="hs">{ERROR}</startEvent>' + users("h") + throw("t", UNDO_ALL) + users("told")
    case = Player(
        START
        + inner(
            "a",
            more=subprocess("rescue", rescue + flows("hs>h", "h>t", "t>told"), event=True)
            + users("b")
            + f'<endEvent id="fail">{ERROR}</endEvent>'
            + flows("a>b", "b>fail"),
        )
        + users("after")
        + flows("start>sub", "sub>after")
    )
    case.do("a").do("b")
    assert case.open == ["h"]
    assert case.do("h").open == ["undo_a"]
    assert case.do("undo_a").open == ["told"]
    assert case.do("told").open == ["after"]


def test_what_an_interrupted_subprocess_did_is_not_remembered() -> None:
    case = Player(
        START
        + inner("a", "b")
        + boundary("late", "sub", timer("PT1H"))
        + throw("t", UNDO_ALL)
        + users("after", "never")
        + flows("start>sub", "sub>never", "late>t", "t>after")
    )
    case.do("a").later(hours=1)
    assert case.open == ["after"]


def test_an_interrupted_compensation_stops() -> None:
    case = Player(
        START
        + subprocess(
            "outer", '<startEvent id="os"/>' + done("a", "b") + throw("t", UNDO_ALL) + flows("os>a", "a>b", "b>t")
        )
        + boundary("late", "outer", timer("PT1H"))
        + users("after", "next")
        + flows("start>outer", "outer>next", "late>after")
    )
    case.do("a").do("b")
    assert case.open == ["undo_b"]
    assert case.later(hours=1).open == ["after"]
    assert case.do("after").finished


def test_an_error_in_a_handler_is_caught_around_what_is_undone() -> None:
    failing = f'<startEvent id="us"/><endEvent id="fail">{ERROR}</endEvent>' + flows("us>fail")
    case = Player(
        START
        + subprocess(
            "outer",
            '<startEvent id="os"/>'
            + users("a")
            + handler("a", "undo_a", f'<subProcess id="undo_a" isForCompensation="true">{failing}</subProcess>')
            + throw("t", UNDO_ALL)
            + flows("os>a", "a>t"),
        )
        + boundary("wrong", "outer", ERROR)
        + users("rescue", "next")
        + flows("start>outer", "outer>next", "wrong>rescue")
    )
    assert case.do("a").open == ["rescue"]


def test_an_event_subprocess_that_has_ended_is_undone_with_its_scope() -> None:
    warn = f'<startEvent id="hs" isInterrupting="false">{ESCALATION}</startEvent>' + done("w") + flows("hs>w")
    case = Player(
        START
        + inner(
            "a", more=throw("esc", ESCALATION) + users("b") + flows("a>esc", "esc>b") + subprocess("warn", warn, True)
        )
        + throw("t", undo("sub"))
        + END
        + flows("start>sub", "sub>t", "t>end")
    )
    case.do("a").do("w").do("b")
    assert case.open == ["undo_w"]
    assert case.do("undo_w").open == ["undo_a"]
    assert case.do("undo_a").finished


def test_the_snapshot_remembers_nothing_where_nothing_can_be_undone() -> None:
    case = Player(START + users("a", "b") + flows("start>a", "a>b"))
    assert "done" not in json.loads(case.do("a").step.snapshot)["scopes"][0]
    case = Player(
        START + done("a") + users("b") + throw("t", UNDO_ALL) + users("c") + flows("start>a", "a>b", "b>t", "t>c")
    )
    assert json.loads(case.do("a").step.snapshot)["scopes"][0]["done"] == [{"element": "a"}]
    case.do("b").do("undo_a")
    assert case.open == ["c"] and "done" not in json.loads(case.step.snapshot)["scopes"][0]


def test_a_handler_waits_for_its_message_like_any_other() -> None:
    receive = '<receiveTask id="undo_a" messageRef="m1" isForCompensation="true"/>'
    case = Player(
        START
        + users("a")
        + handler("a", "undo_a", receive)
        + throw("t", UNDO_ALL)
        + END
        + flows("start>a", "a>t", "t>end")
    )
    case.do("a")
    assert case.waits == [("message", "undo_a")]
    assert case.message("paid").finished


BOUNDARY = boundary("c", "a", ON_UNDO)


@pytest.mark.parametrize(
    ("body", "element", "code"),
    [
        (users("a") + BOUNDARY, "c", "compensation_handler"),
        (users("a", "b") + BOUNDARY + '<association sourceRef="c" targetRef="b"/>', "c", "compensation_handler"),
        (
            done("a") + boundary("c", "a", ON_UNDO) + '<association sourceRef="c" targetRef="undo_a"/>',
            "c",
            "compensation_handler",
        ),
        (done("a") + users("b") + flows("c_a>b"), "c_a", "compensation_flow"),
        (done("a") + users("b") + flows("undo_a>b"), "undo_a", "compensation_flow"),
        (done("a") + boundary("late", "undo_a", timer("PT1H")), "undo_a", "compensation_flow"),
        (done("a") + throw("t", undo("nowhere")) + flows("a>t"), "t", "compensation_unknown"),
        (done("a") + throw("t", undo("start")) + flows("a>t"), "t", "compensation_unknown"),
        (inner("i") + users("a") + throw("t", undo("i")) + flows("a>t"), "t", "compensation_unknown"),
        (
            subprocess("h", f'<startEvent id="hs">{ON_UNDO}</startEvent>' + users("k") + flows("hs>k"), event=True),
            "h",
            "compensation_never",
        ),
        (
            inner("i", more=subprocess("h", f'<startEvent id="hs">{ON_UNDO}</startEvent>', event=True))
            + handler("sub")
            + users("a"),
            "sub",
            "compensation_handler",
        ),
    ],
)
def test_compensation_that_cannot_be_meant_is_refused(body: str, element: str, code: str) -> None:
    assert (element, code) in codes(START + body + (flows("start>a") if 'id="a"' in body else ""))


def test_compensating_what_nothing_undoes_is_said() -> None:
    found = bpmn.check({"p.bpmn": document(START + users("a") + throw("t", undo("a")) + flows("start>a", "a>t"))})
    assert ("t", "compensation_nothing", "warning") in {(one.element, one.code, one.severity) for one in found}


# Where people step in


UNDONE = START + done("a", "b") + throw("t", UNDO_ALL) + users("after") + flows("start>a", "a>b", "b>t", "t>after")


def test_a_handler_that_is_withdrawn_by_hand_does_not_hold_up_the_others() -> None:
    case = Player(UNDONE).do("a").do("b")
    step = bpmn.step(case.definition, case.step.snapshot, bpmn.Modify(cancel=(case.step.tasks[0].token,)), case.now)
    assert [task.element for task in step.tasks] == ["undo_a"]


def test_another_version_must_be_able_to_undo_what_was_completed() -> None:
    case = Player(UNDONE).do("a")
    renamed = UNDONE.replace('"a"', '"first"').replace('"undo_a"', '"undo_first"')
    new = bpmn.load({"p.bpmn": document(renamed)}).procedures["p"]
    step, _ = bpmn.migrate(case.definition, case.step.snapshot, new, {"a": "first"}, case.now)
    case.definition, case.step = new, step
    case.do("b").do("undo_b")
    assert case.open == ["undo_first"]
    case = Player(UNDONE).do("a")
    plain = START + users("a") + done("b") + throw("t", UNDO_ALL) + flows("start>a", "a>b", "b>t")
    with pytest.raises(MigrationRefused):
        bpmn.migrate(
            case.definition, case.step.snapshot, bpmn.load({"p.bpmn": document(plain)}).procedures["p"], {}, case.now
        )


def test_an_activity_that_was_passed_by_is_not_undone() -> None:
    case = Player(
        START + users("z") + UNDONE.removeprefix(START).replace('sourceRef="start"', 'sourceRef="z"') + flows("start>z")
    )
    task = case.step.tasks[0].token
    step = bpmn.step(
        case.definition, case.step.snapshot, bpmn.Complete(task, {}), case.now, (bpmn.Skip(process="p", element="a"),)
    )
    case.step = step
    assert case.do("b").open == ["undo_b"]
    assert case.do("undo_b").open == ["after"]
