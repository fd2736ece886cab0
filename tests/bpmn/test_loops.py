"""Multi-instance and standard loops (BPMN 2.0.2 §13.3.6–7)."""

from __future__ import annotations

import pytest

from engine.errors import DiagramFailed
from tests.bpmn.drawing import END, START, Player, flow, flows, users


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
