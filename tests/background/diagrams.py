"""Diagrams that the tests of the background work share."""

from __future__ import annotations

from tests.bpmn.drawing import END, SIGNAL, START, catch, document, flow, flows, throw, timer, users

#: An hour after the start, task a.
TIMER = document(START + catch("c", timer("PT1H")) + users("a") + END + flows("start>c", "c>a", "a>end"))

#: As TIMER, but it needs ``n`` then; task b can be done at any time and changes nothing by itself.
NEEDS_N = document(
    START
    + '<parallelGateway id="fork"/><exclusiveGateway id="g"/><parallelGateway id="join"/>'
    + catch("c", timer("PT1H"))
    + users("a", "b")
    + END
    + flows("start>fork", "fork>c", "c>g", "fork>b", "a>join", "b>join", "join>end")
    + flow("g", "a", "${n > 0}", name="g_a")
)

#: Task a, then the signal ``go`` to everybody; then task z.
THROWS = document(
    START + users("a", "z") + throw("t", SIGNAL) + END + flows("start>a", "a>t", "t>z", "z>end"), process="q"
)
#: Waits for the signal ``go``, then task s, again and again.
TAKES = document(
    START
    + '<exclusiveGateway id="again"/>'
    + catch("w", SIGNAL)
    + users("s")
    + flows("start>again", "again>w", "w>s", "s>again"),
    process="r",
)
#: Begins with the signal ``go``: task first.
OPENS = document(
    '<startEvent id="start"><signalEventDefinition signalRef="s1"/></startEvent>'
    + users("first")
    + END
    + flows("start>first", "first>end"),
    process="o",
)
#: A notice leaves after task a; then task z.
NOTICE = document(
    START
    + users("a", "z")
    + '<serviceTask id="n" camunda:type="external" camunda:topic="notify"/>'
    + END
    + flows("start>a", "a>n", "n>z", "z>end"),
    process="notices",
)
