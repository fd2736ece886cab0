"""Keys of messages: which of several waiting elements a message is meant for."""

from __future__ import annotations

from typing import Any

import pytest

from engine import bpmn
from engine.errors import ExpressionFailed, Refused
from tests.bpmn.drawing import END, MESSAGE, NOW, START, Player, boundary, document, flow, flows, throw, users


def keyed(text: str) -> str:
    """The property ``correlationKey``."""
    return (
        f'<extensionElements><camunda:properties><camunda:property name="correlationKey" value="{text}"/>'
        "</camunda:properties></extensionElements>"
    )


def catches(name: str, key: str) -> str:
    return f'<intermediateCatchEvent id="{name}">{keyed(key)}{MESSAGE}</intermediateCatchEvent>'


BODIES = {
    "catch": START + catches("wait", "${no}") + users("a") + flows("start>wait", "wait>a"),
    "receive": START + f'<receiveTask id="wait" messageRef="m1">{keyed("${no}")}</receiveTask>' + users("a")
    + flows("start>wait", "wait>a"),
    "boundary": START + users("host", "a") + boundary("wait", "host", keyed("${no}") + MESSAGE)
    + flows("start>host", "wait>a"),
    "event subprocess": START + users("host") + flow("start", "host")
    + f'<subProcess id="sub" triggeredByEvent="true"><startEvent id="wait">{keyed("${no}")}{MESSAGE}</startEvent>'
    + users("a") + flow("wait", "a") + "</subProcess>",
    "event gateway": START + '<eventBasedGateway id="g"/>' + catches("wait", "${no}") + users("a")
    + flows("start>g", "g>wait", "wait>a"),
}  # fmt: skip


def sent(case: Player, name: str = "paid", key: str | None = None, **values: Any) -> Player:
    case.step = bpmn.step(case.definition, case.step.snapshot, bpmn.Message(name, values, key), NOW)
    return case


@pytest.mark.parametrize("kind", BODIES)
def test_an_element_waits_for_the_key_it_had_when_it_began(kind: str) -> None:
    case = Player(BODIES[kind], {"no": "A-1"})
    assert [(wait.name, wait.key) for wait in case.step.waits] == [("paid", "A-1")]
    with pytest.raises(Refused):
        sent(case, key="A-2")
    sent(case, key="A-1", no="later")
    assert case.open == ["a"]
    assert [fact.data.get("key") for fact in case.step.facts if fact.kind == "message_caught"] == ["A-1"]


def test_a_message_for_this_case_needs_no_key() -> None:
    assert sent(Player(BODIES["catch"], {"no": "A-1"})).open == ["a"]


def test_an_element_without_key_takes_any() -> None:
    case = Player(START + f'<receiveTask id="wait" messageRef="m1"/>{users("a")}' + flows("start>wait", "wait>a"))
    assert [wait.key for wait in case.step.waits] == [None]
    assert sent(case, key="A-1").open == ["a"]


def test_each_instance_waits_for_a_key_of_its_own() -> None:
    loop = '<multiInstanceLoopCharacteristics camunda:collection="units" camunda:elementVariable="unit"/>'
    body = START + f'<receiveTask id="wait" messageRef="m1">{keyed("${no}/${unit}")}{loop}</receiveTask>' + END
    case = Player(body + flows("start>wait", "wait>end"), {"no": 7, "units": ["x", "y", "z"]})
    assert sorted(wait.key or "" for wait in case.step.waits) == ["7/x", "7/y", "7/z"]
    sent(case, key="7/y")
    assert sorted(wait.key or "" for wait in case.step.waits) == ["7/x", "7/z"]
    with pytest.raises(Refused):
        sent(case, key="7/y")
    assert sent(sent(case, key="7/z"), key="7/x").finished


def test_a_message_thrown_reaches_the_branch_that_waits_for_its_key() -> None:
    body = (
        START + '<parallelGateway id="f"/>' + catches("one", "1") + catches("two", "2") + users("a", "on1", "on2")
        + f'<intermediateThrowEvent id="t">{keyed("${which}")}{MESSAGE}</intermediateThrowEvent>'
        + flows("start>f", "f>one", "f>two", "f>a", "a>t", "one>on1", "two>on2")
    )  # fmt: skip
    case = Player(body)
    assert case.do("a", which=2).open == ["on2"]
    assert case.step.sends == ()


def test_a_message_without_a_key_passes_by_who_waits_for_one() -> None:
    body = START + '<parallelGateway id="f"/>' + catches("one", "1") + users("a", "on1") + throw("t", MESSAGE)
    case = Player(body + flows("start>f", "f>one", "f>a", "a>t", "one>on1"))
    case.do("a")
    assert case.open == [] and [send.values for send in case.step.sends] == [{"name": "paid", "values": {}}]


@pytest.mark.parametrize("sender", ["throw", "end", "task"])
def test_the_key_of_a_message_sent_goes_with_it(sender: str) -> None:
    inner = keyed("${no}")
    last = {
        "throw": f'<intermediateThrowEvent id="t">{inner}{MESSAGE}</intermediateThrowEvent>',
        "end": f'<endEvent id="t">{inner}{MESSAGE}</endEvent>',
        "task": f'<sendTask id="t" messageRef="m1">{inner}</sendTask>',
    }
    case = Player(START + last[sender] + flow("start", "t"), {"no": 12})
    assert [send.values for send in case.step.sends] == [{"name": "paid", "values": {}, "key": "12"}]
    assert next(fact for fact in case.step.facts if fact.kind == "message_sent").data["key"] == "12"


@pytest.mark.parametrize("no", [None, "", "  ", True, 1.5, [1], {"a": 1}, "x" * 201])
def test_a_key_that_is_none_fails_instead_of_waiting_for_anything(no: object) -> None:
    with pytest.raises(ExpressionFailed, match="关联键"):
        Player(BODIES["catch"], {"no": no})


@pytest.mark.parametrize(
    ("body", "element", "code"),
    [
        (
            f'<startEvent id="start">{keyed("1")}{MESSAGE}</startEvent>' + END + flow("start", "end"),
            "start",
            "correlation_misplaced",
        ),
        (
            START + f'<userTask id="a" name="a">{keyed("1")}</userTask>' + flow("start", "a"),
            "a",
            "correlation_misplaced",
        ),
        (START + catches("c", "${1 +}") + flow("start", "c"), "c", "expression_invalid"),
        (
            START + END + flow("start", "end") + '<correlationSubscription id="cs" correlationKeyRef="k"/>',
            "cs",
            "not_executed",
        ),
    ],
)
def test_a_key_in_the_wrong_place_is_refused(body: str, element: str, code: str) -> None:
    found = [problem for problem in bpmn.check({"p.bpmn": document(body)}) if problem.severity == "error"]
    assert [(problem.element, problem.code) for problem in found] == [(element, code)]


@pytest.mark.parametrize(
    ("xml", "element"),
    [
        ('<correlationProperty id="cp"><correlationPropertyRetrievalExpression messageRef="m1"><messagePath>no'
         "</messagePath></correlationPropertyRetrievalExpression></correlationProperty>", "cp"),
        ('<collaboration id="c"><participant id="p1" processRef="p"/><correlationKey id="ck">'
         "<correlationPropertyRef>cp</correlationPropertyRef></correlationKey></collaboration>", "ck"),
        ('<collaboration id="c"><conversation id="cv"><correlationKey id="ck"/></conversation></collaboration>', "cv"),
    ],
)  # fmt: skip
def test_correlation_drawn_the_other_way_is_refused_by_name(xml: str, element: str) -> None:
    content = document(START + END + flow("start", "end")).replace(b"</definitions>", xml.encode() + b"</definitions>")
    found = [problem for problem in bpmn.check({"p.bpmn": content}) if problem.severity == "error"]
    assert [(problem.element, problem.code) for problem in found] == [(element, "not_executed")]
    assert "correlationKey" in found[0].en or "conversation" in found[0].en
