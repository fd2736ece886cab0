"""Large diagrams and long lives: nothing grows with the length of a chain or the number of rounds but what must."""

from __future__ import annotations

import json
import re

import pytest

from engine import Engine, bpmn
from engine.bpmn.case_workflow import MAX_ELEMENTS, MAX_TOKENS
from engine.bpmn.checks import MAX_NODES
from engine.errors import TooManySteps
from tests.bpmn.drawing import END, NOW, START, document, flow, flows, users
from tests.engine.steps import publish, start

LONG = 10_000


def chain(tag: str, length: int) -> bytes:
    """A line of elements, with the shapes and edges that an editor adds."""
    names = ["start", *(f"n{place}" for place in range(length)), "end"]
    elements = "".join(f'<{tag} id="{name}" name="{name}"/>' for name in names[1:-1])
    drawn = "".join(
        f'<bpmndi:BPMNShape id="shape_{name}" bpmnElement="{name}"><dc:Bounds x="{place}" y="0" width="9" height="9"/>'
        "</bpmndi:BPMNShape>"
        for place, name in enumerate(names)
    )
    spaces = 'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"'
    diagram = f'<bpmndi:BPMNDiagram {spaces}><bpmndi:BPMNPlane bpmnElement="p">{drawn}</bpmndi:BPMNPlane>'
    lines = "".join(flow(*pair) for pair in zip(names, names[1:], strict=False))
    content = document(START + elements + END + lines)
    return content.replace(b"</definitions>", f"{diagram}</bpmndi:BPMNDiagram></definitions>".encode())


def test_a_long_chain_runs_by_itself() -> None:
    files = {"p.bpmn": chain("task", LONG)}
    assert bpmn.check(files) == []
    step = bpmn.step(bpmn.load(files).procedures["p"], None, bpmn.Start(), NOW)
    assert step.finished
    assert len([fact for fact in step.facts if fact.kind == "element_ended"]) == LONG + 2


def test_a_long_chain_is_done_task_by_task() -> None:
    definition = bpmn.load({"p.bpmn": chain("userTask", LONG)}).procedures["p"]
    step = bpmn.step(definition, None, bpmn.Start(), NOW)
    lengths = set()
    for place in range(LONG):
        assert [task.element for task in step.tasks] == [f"n{place}"]
        if place:
            lengths.add(len(re.sub(r"\d+", "0", step.snapshot)))
        step = bpmn.step(definition, step.snapshot, bpmn.Complete(step.tasks[0].token), NOW)
    assert step.finished
    assert len(lengths) == 1


def test_a_long_chain_is_published_and_kept(engine: Engine) -> None:
    publish(engine, chain("task", LONG))
    finished = start(engine)
    assert finished.status == "closed"
    assert len(engine.history(finished.case)) == 2 * (LONG + 2) + 2


def test_more_elements_than_anybody_draws_are_refused() -> None:
    problems = bpmn.check({"p.bpmn": chain("task", MAX_NODES)})
    assert [(problem.element, problem.code) for problem in problems] == [("p", "too_large")]


@pytest.mark.parametrize(
    "body",
    [
        START + '<exclusiveGateway id="m"/><task id="t" name="t"/>' + flows("start>m", "m>t", "t>m"),
        START + '<task id="t" name="t"/>' + flows("start>t") + flow("t", "t", name="f1") + flow("t", "t", name="f2"),
        START
        + '<exclusiveGateway id="m"/><scriptTask id="t" name="t"><script>x = x + "aaaaaaaaaa"</script></scriptTask>'
        + flows("start>m", "m>t", "t>m"),
    ],
    ids=["circle", "fork", "growing"],
)
def test_a_loop_that_waits_for_nobody_is_stopped(body: str) -> None:
    definition = bpmn.load({"p.bpmn": document(body)}).procedures["p"]
    with pytest.raises(TooManySteps) as stopped:
        bpmn.step(definition, None, bpmn.Start({"x": ""}), NOW)
    assert str(MAX_ELEMENTS) in str(stopped.value) or str(MAX_TOKENS) in str(stopped.value)


def test_round_five_thousand_costs_what_round_ten_cost() -> None:
    """A parallel block that is done over and over: as many tokens, facts and characters as at the beginning."""
    body = (
        START
        + '<exclusiveGateway id="again"/><parallelGateway id="fork"/><parallelGateway id="join"/>'
        + users("documents", "address")
        + '<exclusiveGateway id="ask" default="ask_end"/>'
        + END
        + flows("start>again", "again>fork", "fork>documents", "fork>address", "documents>join", "address>join")
        + flows("join>ask", "ask>end")
        + flow("ask", "again", "round &lt; 5000".replace("&lt;", "<"))
    )
    definition = bpmn.load({"p.bpmn": document(body)}).procedures["p"]
    step = bpmn.step(definition, None, bpmn.Start({"round": 0}), NOW)
    costs: dict[int, tuple[int, int, int, int]] = {}
    for count in range(1, 5_001):
        before = json.loads(step.snapshot)["next"]
        facts = characters = 0
        for _ in range(2):
            assert len(step.tasks) == (2 if _ == 0 else 1)
            step = bpmn.step(definition, step.snapshot, bpmn.Complete(step.tasks[0].token, {"round": count}), NOW)
            facts += len(step.facts)
            characters += len(re.sub(r"\d+", "0", step.snapshot))
        if not step.finished:
            state = json.loads(step.snapshot)
            costs[count] = (facts, state["next"] - before, len(state["scopes"][0]["tokens"]), characters)
    assert step.finished
    assert costs[4_999] == costs[10]
