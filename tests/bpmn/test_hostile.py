"""Diagrams nobody here wrote: refused by element and reason, or ended in bounded time."""

from __future__ import annotations

import pytest

from engine import bpmn
from engine.errors import DiagramFailed, TooManySteps, VersionRejected
from tests.bpmn.drawing import (
    END,
    ERROR,
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


def codes(body: str) -> set[tuple[str, str]]:
    """The errors found: (element, code)."""
    return {
        (problem.element, problem.code)
        for problem in bpmn.check({"p.bpmn": document(body)})
        if problem.severity == "error"
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<",
        b"\x00\xff\xfe",
        b"not xml at all",
        "你好".encode("gb18030"),
        b"<a/>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        b"<a>" * 50_000 + b"</a>" * 50_000,
        b"<a>" + b"<b/>" * 300_000 + b"</a>",
    ],
)
def test_bytes_that_are_no_diagram_are_named_and_never_raise(content: bytes) -> None:
    problems = bpmn.check({"x.bpmn": content})
    assert problems and problems[0].severity == "error" and problems[0].file == "x.bpmn"
    with pytest.raises(VersionRejected):
        bpmn.load({"x.bpmn": content})


@pytest.mark.parametrize(
    ("body", "element", "code"),
    [
        (START + '<transaction id="t" method="##Image"/>', "t", "not_executed"),
        (START + '<adHocSubProcess id="t" ordering="Whatever"/>', "t", "not_executed"),
        (START + '<adHocSubProcess id="t" triggeredByEvent="true"/>', "t", "not_executed"),
        (START + '<complexGateway id="t"/>', "t", "not_executed"),
        (START + '<serviceTask id="t" camunda:class="java.lang.Runtime"/>', "t", "not_executed"),
        (START + '<serviceTask id="t" camunda:type="external" camunda:topic="rm -r"/>', "t", "topic_invalid"),
        (START + '<serviceTask id="t"/>', "t", "service_missing"),
        (START + '<scriptTask id="t"><script>import os</script></scriptTask>', "t", "script_invalid"),
        (
            START + '<scriptTask id="t" scriptFormat="groovy"><script>x = 1</script></scriptTask>',
            "t",
            "script_language",
        ),
        (START + '<scriptTask id="t"><script>x = __import__("os")</script></scriptTask>', "t", "script_invalid"),
        (START + '<userTask id="t" camunda:assignee="${a.b.c(}"/>', "t", "expression_invalid"),
        (START + '<scriptTask id="t"><script>case_no = 1</script></scriptTask>', "t", "variable_reserved"),
        (START + f'<userTask id="{"t" * 300}"/>', "t" * 200, "text_too_long"),
        (START + f'<userTask id="t" name="{"长" * 600}"/>', "t", "text_too_long"),
        (START + '<userTask id="t" camunda:dueDate="tomorrow"/>', "t", "timer_invalid"),
        (START + '<userTask id="t" camunda:priority="high"/>', "t", "priority_invalid"),
        (START + '<callActivity id="t" calledElement="nowhere"/>', "t", "call_unknown"),
        (
            START + '<callActivity id="t" calledElement="p" camunda:calledElementBinding="version"/>',
            "t",
            "called_version_invalid",
        ),
        (
            START + '<callActivity id="t" calledElement="p" camunda:calledElementVersionTag="v1"/>',
            "t",
            "not_executed",
        ),
        ('<startEvent id="t" camunda:initiator="a b"/>', "t", "initiator_invalid"),
        (START + '<subProcess id="t" triggeredByEvent="1"/>', "t", "attribute_invalid"),
        (
            START + '<userTask id="t"><standardLoopCharacteristics testBefore="yes"/></userTask>',
            "t",
            "attribute_invalid",
        ),
        (
            START
            + catch("t", "<timerEventDefinition><timeDate>x</timeDate><timeCycle>y</timeCycle></timerEventDefinition>"),
            "t",
            "timer_several",
        ),
        (START + catch("t", '<signalEventDefinition signalRef="s1" camunda:async="true"/>'), "t", "event_attribute"),
        (START + catch("t", '<signalEventDefinition signalRef="s1" scope="x"/>'), "t", "event_attribute"),
        (
            START
            + '<endEvent id="t"><messageEventDefinition messageRef="m1"><extensionElements><camunda:field name="x"/>'
            "</extensionElements></messageEventDefinition></endEvent>",
            "t",
            "event_attribute",
        ),
        (
            START + '<callActivity id="t" calledElement="p"><extensionElements>'
            '<camunda:in source="a" target="b" local="true"/></extensionElements></callActivity>',
            "t",
            "mapping_attribute",
        ),
        (START + '<businessRuleTask id="t" camunda:decisionRef="nowhere"/>', "t", "decision_unknown"),
        (START + '<userTask id="t" camunda:formRef="nowhere"/>', "t", "form_unknown"),
        (START + catch("t", "<messageEventDefinition/>"), "t", "message_missing"),
        (START + catch("t", timer("soon")), "t", "timer_invalid"),
        (START + catch("t", timer("P9999999999M")), "t", "timer_invalid"),
        (START + catch("t", timer("P999999Y")), "t", "timer_invalid"),
        (START + catch("t", timer("R/PT0S", "timeCycle")), "t", "timer_invalid"),
        (START + catch("t", "<compensateEventDefinition/>"), "t", "event_not_executed"),
        (START + users("a") + boundary("t", "nowhere", timer("PT1H")), "t", "boundary_broken"),
        (START + users("a") + flow("a", "nowhere", name="t"), "t", "flow_broken"),
        (
            START + '<task id="a"><extensionElements><camunda:taskListener class="x"/></extensionElements></task>',
            "a",
            "not_executed",
        ),
        (
            START + '<userTask id="a"><dataInputAssociation id="t"><assignment/></dataInputAssociation></userTask>',
            "t",
            "not_executed",
        ),
        (START + '<userTask id="t"><somethingNew/></userTask>', "t", "not_executed"),
        (START + '<somethingNew id="t"/>', "t", "not_executed"),
        (START + '<userTask id="t" startQuantity="2"/>', "t", "not_executed"),
        (START + '<userTask id="t" isForCompensation="true"/>', "t", "compensation_handler"),
        (START + '<userTask id="t" isForCompensation="maybe"/>', "t", "not_executed"),
        (START + '<userTask id="t"><standardLoopCharacteristics/></userTask>', "t", "loop_broken"),
        (START + '<userTask id="t"><multiInstanceLoopCharacteristics/></userTask>', "t", "loop_broken"),
        (START + '<startEvent id="t"/>', "t", "several_starts"),
        (
            START + '<exclusiveGateway id="x" default="x_a"/>' + users("a", "b") + flows("start>x", "x>a", "x>b"),
            "x_b",
            "condition_missing",
        ),
        (
            START + '<exclusiveGateway id="x" default="gone"/>' + users("a") + flows("start>x", "x>a"),
            "x",
            "default_broken",
        ),
        (f'<startEvent id="t">{timer("${d}")}</startEvent>' + users("a") + flows("t>a"), "t", "start_timer_variable"),
        (
            '<startEvent id="t"><conditionalEventDefinition><condition>x</condition></conditionalEventDefinition>'
            "</startEvent>" + users("a") + flows("t>a"),
            "t",
            "event_not_executed",
        ),
        (START + subprocess("s", f'<startEvent id="t">{timer("PT1H")}</startEvent>'), "t", "event_not_executed"),
        (START + users("a") + boundary("t", "a", ERROR, interrupting=False), "t", "error_interrupts"),
        (
            START + subprocess("s", f'<startEvent id="t" isInterrupting="false">{ERROR}</startEvent>', event=True),
            "t",
            "error_interrupts",
        ),
        (
            START
            + '<endEvent id="t"><extensionElements><camunda:inputOutput/></extensionElements></endEvent>'
            + flows("start>t"),
            "t",
            "parameters_misplaced",
        ),
        (
            START
            + '<eventBasedGateway id="g"/><receiveTask id="t" messageRef="m1"/>'
            + boundary("b", "t", timer("PT1H"))
            + flows("start>g", "g>t"),
            "t",
            "event_gateway_receive",
        ),
        (START + subprocess("t", ""), "t", "empty"),
        (START + '<eventBasedGateway id="g"/>' + users("t") + flows("start>g", "g>t"), "t", "event_gateway_target"),
        (users("t") + flows("t>t"), "p", "no_start"),
        (START + '<documentation/><sequenceFlow id="t" sourceRef="start"/>', "t", "flow_broken"),
        (
            START
            + '<userTask id="t"><multiInstanceLoopCharacteristics camunda:collection="a" camunda:elementVariable="1x"/>'
            "</userTask>",
            "t",
            "variable_invalid",
        ),
    ],
)
def test_what_is_not_executed_is_refused_with_its_element(body: str, element: str, code: str) -> None:
    assert (element, code) in codes(body)


def test_a_flow_to_a_refused_element_is_not_called_broken_too() -> None:
    assert codes(START + '<complexGateway id="t"/>' + flows("start>t")) == {("t", "not_executed")}


def test_data_objects_and_their_associations_are_drawn_only() -> None:
    drawn = (
        '<dataObject id="do"/><dataObjectReference id="dor" dataObjectRef="do"/><userTask id="a" name="a">'
        '<property id="pr" name="__targetRef_placeholder"/><dataInputAssociation id="dia"><sourceRef>dor</sourceRef>'
        "<targetRef>pr</targetRef></dataInputAssociation></userTask>"
    )
    assert Player(START + drawn + flows("start>a")).open == ["a"]


@pytest.mark.parametrize("body", ['<userTask name="no id"/>', '<userTask id="" name="empty id"/>'])
def test_an_element_without_id_is_refused(body: str) -> None:
    assert ("", "id_missing") in codes(START + body)


def test_an_id_used_twice_is_refused() -> None:
    assert ("a", "id_duplicate") in codes(START + subprocess("s", users("a")) + users("a"))


def test_elements_named_start_and_end_are_ordinary() -> None:
    case = Player('<startEvent id="Start"/><userTask id="End"/><endEvent id="root"/>' + flows("Start>End", "End>root"))
    assert case.open == ["End"]
    assert case.do("End").finished


@pytest.mark.parametrize(
    "body",
    [
        START + '<task id="a"/><exclusiveGateway id="m"/>' + flows("start>m", "m>a", "a>m"),
        START
        + '<exclusiveGateway id="m"/><parallelGateway id="f"/><task id="a"/>'
        + flows("start>m", "m>f", "f>a", "a>m")
        + flow("f", "m", name="again"),
        START
        + '<userTask id="a"/>'
        + boundary("t", "a", timer("R/PT1S", "timeCycle"), interrupting=False)
        + '<task id="b"/>'
        + flows("start>a", "t>b"),
    ],
)
def test_what_never_waits_is_stopped(body: str) -> None:
    with pytest.raises(TooManySteps):
        Player(body).later(days=3650)


def test_a_process_that_calls_itself_is_stopped() -> None:
    with pytest.raises(DiagramFailed):
        Player(START + '<callActivity id="c" calledElement="p"/>' + flows("start>c"))


def test_a_script_that_doubles_a_text_is_stopped() -> None:
    body = (
        START
        + '<scriptTask id="a"><script>x = x + x</script></scriptTask><exclusiveGateway id="m"/>'
        + flows("start>m", "m>a", "a>m")
    )
    with pytest.raises(DiagramFailed):
        Player(body, {"x": "a"})


def test_a_long_chain_runs() -> None:
    count = 1_500
    body = START + "".join(f'<task id="t{n}"/>' for n in range(count)) + END
    assert Player(body + flows("start>t0", *(f"t{n}>t{n + 1}" for n in range(count - 1)), f"t{count - 1}>end")).finished


def test_a_message_that_is_called_by_an_expression_is_refused() -> None:
    named = document(START + catch("c", '<messageEventDefinition messageRef="m1"/>')).replace(b'"paid"', b'"paid-${n}"')
    assert ("m1", "name_expression") in {(one.element, one.code) for one in bpmn.check({"p.bpmn": named})}


def test_what_an_earlier_release_published_still_runs_though_it_would_be_refused_today() -> None:
    files = {
        "p.bpmn": document(START + '<subProcess id="s" triggeredByEvent="0">' + '<startEvent id="is"/></subProcess>')
    }
    with pytest.raises(VersionRejected):
        bpmn.load(files)
    assert bpmn.load(files, published=True).procedures["p"].id == "p"
    broken = {"p.bpmn": document(START + '<complexGateway id="g"/>')}
    with pytest.raises(VersionRejected):
        bpmn.load(broken, published=True)
