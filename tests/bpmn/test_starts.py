"""Where a case begins (BPMN 2.0.2 §10.5.2, §13.1)."""

from __future__ import annotations

import pytest

from engine import bpmn
from engine.errors import Refused
from tests.bpmn.drawing import END, MESSAGE, NOW, SIGNAL, Player, catch, document, flows, timer, users

SEVERAL = (
    '<startEvent id="plain"/>'
    f'<startEvent id="by_message">{MESSAGE}</startEvent><startEvent id="by_signal">{SIGNAL}</startEvent>'
    f'<startEvent id="by_time">{timer("R3/P1D", "timeCycle")}</startEvent>'
    '<exclusiveGateway id="meet"/>'
    + users("a", "m", "s", "t", "all")
    + END
    + flows("plain>a", "by_message>m", "by_signal>s", "by_time>t", "a>meet", "m>meet", "s>meet", "t>meet", "meet>all")
    + flows("all>end")
)


@pytest.mark.parametrize(
    ("start", "opened"),
    [
        (bpmn.Start(), ["a"]),
        (bpmn.Start(message="paid"), ["m"]),
        (bpmn.Start(signal="go"), ["s"]),
        (bpmn.Start(element="by_time"), ["t"]),
        (bpmn.Start(element="by_message"), ["m"]),
    ],
)
def test_each_start_event_begins_its_own_way_and_the_others_do_nothing(start: bpmn.Start, opened: list[str]) -> None:
    definition = bpmn.load({"p.bpmn": document(SEVERAL)}).procedures["p"]
    step = bpmn.step(definition, None, start, NOW)
    assert [task.element for task in step.tasks] == opened and step.waits == ()
    step = bpmn.step(definition, step.snapshot, bpmn.Complete(step.tasks[0].token), NOW)
    assert [task.element for task in step.tasks] == ["all"]
    assert bpmn.step(definition, step.snapshot, bpmn.Complete(step.tasks[0].token), NOW).finished


def test_a_start_event_that_is_not_there_is_refused() -> None:
    definition = bpmn.load({"p.bpmn": document(SEVERAL)}).procedures["p"]
    for start in (bpmn.Start(element="a"), bpmn.Start(element="x"), bpmn.Start(message="other")):
        with pytest.raises(Refused):
            bpmn.step(definition, None, start, NOW)


def test_the_timers_that_open_cases_are_told() -> None:
    definition = bpmn.load({"p.bpmn": document(SEVERAL)}).procedures["p"]
    assert definition.start_timers == [bpmn.StartTimer("by_time", "timeCycle", "R3/P1D")]


def test_without_a_start_event_everything_nothing_leads_to_begins() -> None:
    case = Player(users("a", "b", "c") + catch("w", MESSAGE) + flows("a>c", "w>c"))
    assert case.open == ["a", "b"] and case.waits == [("message", "w")]
