"""Multi-instance and standard loops (BPMN 2.0.2 §13.3.6–7)."""

from __future__ import annotations

import pytest

from engine.errors import DiagramFailed
from tests.bpmn.drawing import END, START, Player, document, flow, flows, users


def several(inner: str = "", sequential: bool = False) -> str:
    return (
        '<userTask id="a" name="a"><multiInstanceLoopCharacteristics '
        f'isSequential="{str(sequential).lower()}" camunda:collection="items" camunda:elementVariable="item">{inner}'
        "</multiInstanceLoopCharacteristics></userTask>"
    )


def around(task: str) -> str:
    """The task, then z, then round again while ``again``."""
    return (
        START
        + '<exclusiveGateway id="m"/><exclusiveGateway id="x" default="x_end"/>'
        + task
        + users("z")
        + END
        + flows("start>m", "m>a", "a>z", "z>x", "x>end")
        + flow("x", "m", "${again}")
    )


OUTPUT = "<loopDataOutputRef>results</loopDataOutputRef>"


def test_parallel_instances_each_see_their_item_and_give_their_result_in_order() -> None:
    case = Player(around(several(OUTPUT)), {"items": ["p", "q"]})
    assert [task.values["item"] for task in case.step.tasks] == ["p", "q"]
    case.do("a", 1, done="second")
    case.do("a", 0, done="first")
    assert case.open == ["z"]
    assert case.values["results"] == [{"done": "first"}, {"done": "second"}]


def test_a_second_round_through_a_multi_instance_begins_anew() -> None:
    case = Player(around(several(OUTPUT)), {"items": ["p", "q"]})
    for again in (True, True, False):
        assert case.open == ["a", "a"]
        case.do("a").do("a").do("z", again=again)
    assert case.finished


def test_sequential_instances_come_one_after_another() -> None:
    case = Player(around(several(sequential=True)), {"items": ["p", "q"]})
    assert [task.values["item"] for task in case.step.tasks] == ["p"]
    case.do("a")
    assert [task.values["item"] for task in case.step.tasks] == ["q"]
    assert case.do("a").open == ["z"]


def test_an_empty_collection_is_passed_through() -> None:
    assert Player(around(several()), {"items": []}).open == ["z"]


def test_a_completion_condition_withdraws_the_rest() -> None:
    inner = "<completionCondition>${nrOfCompletedInstances >= 2}</completionCondition>".replace(">=", "&gt;=")
    case = Player(around(several(inner)), {"items": [1, 2, 3, 4]})
    assert case.do("a").open == ["a", "a", "a"]
    assert case.do("a").open == ["z"]


def test_cardinality_by_expression() -> None:
    body = (
        START
        + '<userTask id="a" name="a"><multiInstanceLoopCharacteristics><loopCardinality>${n + 1}</loopCardinality>'
        "</multiInstanceLoopCharacteristics></userTask>" + flows("start>a")
    )
    case = Player(body, {"n": 2})
    assert sorted(task.values["loopCounter"] for task in case.step.tasks) == [0, 1, 2]


@pytest.mark.parametrize("n", [10_000_000, -1, 1.5, "3", True])
def test_a_cardinality_that_makes_no_sense_is_refused(n: object) -> None:
    body = (
        START + '<userTask id="a"><multiInstanceLoopCharacteristics><loopCardinality>${n}</loopCardinality>'
        "</multiInstanceLoopCharacteristics></userTask>" + flows("start>a")
    )
    with pytest.raises(DiagramFailed) as caught:
        Player(body, {"n": n})
    assert caught.value.element == "a"


def test_a_standard_loop_repeats_while_its_condition_holds_up_to_its_maximum() -> None:
    body = (
        START + '<userTask id="a"><standardLoopCharacteristics loopMaximum="3"><loopCondition>${go}</loopCondition>'
        "</standardLoopCharacteristics></userTask>" + END + flows("start>a", "a>end")
    )
    assert Player(body).do("a", go=False).finished
    case = Player(body).do("a", go=True).do("a")
    assert case.open == ["a"]
    assert case.do("a").finished


def test_a_multi_instance_over_a_subprocess_keeps_each_item_apart() -> None:
    loop = '<multiInstanceLoopCharacteristics camunda:collection="items" camunda:elementVariable="item"/>'
    inner = '<startEvent id="is"/>' + users("i") + flows("is>i")
    case = Player(
        START + f'<subProcess id="sub">{inner}{loop}</subProcess>' + users("z") + flows("start>sub", "sub>z"),
        {"items": [7, 8]},
    )
    assert sorted(task.values["item"] for task in case.step.tasks) == [7, 8]
    assert case.do("i").do("i").open == ["z"]


def test_two_loops_one_after_the_other_may_call_their_item_alike() -> None:
    for sequential in (False, True):
        loop = (
            f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}" '
            'camunda:collection="items" camunda:elementVariable="item"/>'
        )
        case = Player(
            START + f'<userTask id="a">{loop}</userTask><userTask id="b">{loop}</userTask>' + flows("start>a", "a>b"),
            {"items": [1, 2]},
        )
        case.do("a").do("a")
        assert case.step.tasks[0].element == "b" and case.step.tasks[0].values["item"] == 1
        assert case.do("b").do("b").finished


def test_an_output_collection_that_is_there_already_is_replaced() -> None:
    loop = f"<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality>{OUTPUT}"
    case = Player(
        START
        + f'<userTask id="a">{loop}</multiInstanceLoopCharacteristics></userTask>'
        + users("z")
        + flows("start>a", "a>z"),
        {"results": ["old"]},
    )
    case.do("a", n=1).do("a", n=2)
    assert case.values["results"] == [{"n": 1}, {"n": 2}]


def test_the_counts_of_a_multi_instance_can_be_seen_in_it() -> None:
    case = Player(around(several()), {"items": [1, 2, 3]})
    seen = ("nrOfInstances", "nrOfActiveInstances", "nrOfCompletedInstances")
    assert [case.step.tasks[0].values[name] for name in seen] == [3, 3, 0]
    case.do("a")
    assert [case.step.tasks[0].values[name] for name in seen] == [3, 2, 1]
    case = Player(around(several(sequential=True)), {"items": [1, 2, 3]}).do("a")
    assert [case.step.tasks[0].values[name] for name in seen] == [3, 1, 1]


def test_a_loop_inside_a_loop_keeps_its_items_apart() -> None:
    inner = (
        '<startEvent id="is"/><userTask id="i"><multiInstanceLoopCharacteristics camunda:collection="group" '
        'camunda:elementVariable="one"/></userTask>' + flows("is>i")
    )
    outer = '<multiInstanceLoopCharacteristics camunda:collection="groups" camunda:elementVariable="group"/>'
    case = Player(
        START + f'<subProcess id="sub">{inner}{outer}</subProcess>' + flows("start>sub"), {"groups": [[1, 2], [3]]}
    )
    assert sorted(task.values["one"] for task in case.step.tasks) == [1, 2, 3]
    assert case.do("i").do("i").do("i").finished


def test_a_multi_instance_call_gives_each_result() -> None:
    called = document('<startEvent id="cs"/>' + users("inside") + flows("cs>inside"), process="sub")
    mapping = (
        '<extensionElements><camunda:in source="item" target="x"/>'
        '<camunda:out source="y" target="got"/></extensionElements>'
    )
    loop = (
        '<multiInstanceLoopCharacteristics camunda:collection="items" camunda:elementVariable="item">'
        '<loopDataOutputRef>results</loopDataOutputRef><outputDataItem id="got"/></multiInstanceLoopCharacteristics>'
    )
    case = Player(
        START
        + f'<callActivity id="call" calledElement="sub">{mapping}{loop}</callActivity>'
        + users("z")
        + flows("start>call", "call>z"),
        {"items": ["p", "q"]},
        {"sub.bpmn": called},
    )
    assert [dict(task.values) for task in case.step.tasks] == [{"x": "p"}, {"x": "q"}]
    case.do("inside", 1, y="Q").do("inside", y="P")
    assert case.values["results"] == ["P", "Q"]
