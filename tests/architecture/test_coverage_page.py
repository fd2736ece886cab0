"""The page that says what of BPMN is executed is made from the tables the reader works with; every row is tried."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine import bpmn
from engine.bpmn import dialect
from engine.bpmn.read_events import ALLOWED
from tests.architecture import coverage
from tests.bpmn.drawing import END, NOW, START, document, flow, flows, users

EVENTS = [(place, kind) for place in coverage.PLACES for kind in coverage.KINDS]
DECISION = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="f" name="f" namespace="t">
<decision id="d" name="d"><decisionTable id="t" hitPolicy="FIRST"><output id="o" name="n" typeRef="number"/>
<rule id="r"><outputEntry id="e"><text>1</text></outputEntry></rule></decisionTable></decision></definitions>"""
BESIDE = {
    "q.bpmn": document(START + END + flow("start", "end"), process="q"),
    "d.dmn": DECISION.encode(),
}


def test_the_page_says_what_the_tables_say() -> None:
    found = coverage.PAGE.read_text("utf-8")
    hint = "write it anew: python -m tests.architecture.coverage"
    assert found == coverage.page(found), hint


def test_every_element_and_event_has_a_row() -> None:
    nodes = (dialect.FLOW_NODES - dialect.EVENTS) | {child for child in dialect.CHILDREN if child.endswith("istics")}
    assert nodes <= set(coverage.NAMES)
    assert set(ALLOWED) == set(coverage.PLACES)
    assert set().union(*ALLOWED.values()) <= set(coverage.KINDS)


@pytest.mark.parametrize("tag", coverage.NAMES)
def test_an_element_is_played_or_refused(tag: str) -> None:
    body = coverage.ELEMENTS[tag]
    if coverage.executed(tag):
        assert "x" in touched(body)
    else:
        assert "x" in refused(body)


@pytest.mark.parametrize(("place", "kind"), EVENTS, ids=[f"{place}-{kind}" for place, kind in EVENTS])
def test_an_event_is_played_or_refused(place: str, kind: str) -> None:
    body = coverage.event(place, kind)
    if kind in ALLOWED[place]:
        # What is compensated is its own handler; a boundary event only says which.
        assert touched(body) & {"x", "undo"}
    else:
        assert "x" in refused(body)


@pytest.mark.parametrize("tag", dialect.REFUSED)
def test_what_is_refused_by_name_is_refused_wherever_it_stands(tag: str) -> None:
    part = f'<{tag} id="x" name="x"/>'
    places = {
        "transformation": f'<userTask id="a"><dataInputAssociation>{part}</dataInputAssociation></userTask>',
        "assignment": f'<userTask id="a"><dataInputAssociation>{part}</dataInputAssociation></userTask>',
    }
    inner = places.get(tag, part)
    assert "x" in refused(START + inner + flow("start", "a" if tag in places else "x"))


def refused(body: str) -> set[str]:
    """The elements that a diagram is refused for."""
    problems = bpmn.check({"p.bpmn": document(body), **BESIDE})
    return {problem.element for problem in problems if problem.severity == "error"}


def touched(body: str) -> set[str]:
    """The elements of which a case's log tells when people, messages, signals and time have done what they can."""
    definition = bpmn.load({"p.bpmn": document(body), **BESIDE}).procedures["p"]
    node = definition.nodes.get(("p", "x"))
    kind = node.event.kind if node is not None and node.type == "startEvent" and node.event is not None else ""
    top = node is not None and "x" in definition.processes["p"].nodes
    start = bpmn.Start(
        {"ready": False},
        message="paid" if top and kind == "message" else None,
        signal="go" if top and kind == "signal" else None,
    )
    now = NOW
    step = bpmn.step(definition, None, start, now)
    found = {fact.element for fact in step.facts}
    for _ in range(8):
        if step.finished:
            break
        action: Any = None
        waits = {wait.kind for wait in step.waits}
        if "message" in waits:
            action = bpmn.Message("paid")
        elif "signal" in waits:
            action = bpmn.Signal("go")
        elif "timer" in waits:
            now, action = now + timedelta(hours=2), bpmn.Fire()
        elif "conditional" in waits:
            action = bpmn.Correct({"ready": True})
        if action is None:
            assert step.tasks, step
            action = bpmn.Complete(step.tasks[0].token, {"ready": True})
        step = bpmn.step(definition, step.snapshot, action, now)
        found |= {fact.element for fact in step.facts}
    return found


def test_the_examples_would_notice() -> None:
    """An element that nothing leads to is not played."""
    assert "x" not in touched(START + users("a", "x") + END + flows("start>a", "a>end", "x>end"))
