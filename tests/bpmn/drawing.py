"""Small diagrams written in a line, and a player that carries them through step by step.

After every step the player compares what the step says is open with what its snapshot says is open: what is saved is
what is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

from engine import bpmn

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

START, END = '<startEvent id="start"/>', '<endEvent id="end"/>'
DECLARED = (
    '<message id="m1" name="paid"/><message id="m2" name="other"/><signal id="s1" name="go"/>'
    '<error id="e1" errorCode="E1"/><error id="e2" errorCode="E2"/><escalation id="x1" escalationCode="X1"/>'
)
MESSAGE = '<messageEventDefinition messageRef="m1"/>'
SIGNAL = '<signalEventDefinition signalRef="s1"/>'
ERROR = '<errorEventDefinition errorRef="e1"/>'
ESCALATION = '<escalationEventDefinition escalationRef="x1"/>'


def document(body: str, process: str = "p") -> bytes:
    """A BPMN file with one executable process."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
        'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'id="definitions_{process}" targetNamespace="test">{DECLARED}<process id="{process}" isExecutable="true">'
        f"{body}</process></definitions>"
    ).encode()


def users(*names: str) -> str:
    """User tasks without form or role."""
    return "".join(f'<userTask id="{name}" name="{name}"/>' for name in names)


def flow(source: str, target: str, condition: str | None = None, name: str = "") -> str:
    inner = ""
    if condition is not None:
        inner = f'<conditionExpression xsi:type="tFormalExpression">{escape(condition)}</conditionExpression>'
    name = name or f"{source}_{target}"
    return f'<sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>'


def flows(*pairs: str) -> str:
    """``a>b`` for each flow without a condition."""
    return "".join(flow(*pair.split(">")) for pair in pairs)


def timer(text: str, kind: str = "timeDuration") -> str:
    return f"<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>"


def boundary(name: str, host: str, definition: str, interrupting: bool = True) -> str:
    cancel = str(interrupting).lower()
    return f'<boundaryEvent id="{name}" attachedToRef="{host}" cancelActivity="{cancel}">{definition}</boundaryEvent>'


def catch(name: str, definition: str) -> str:
    return f'<intermediateCatchEvent id="{name}">{definition}</intermediateCatchEvent>'


def throw(name: str, definition: str) -> str:
    return f'<intermediateThrowEvent id="{name}">{definition}</intermediateThrowEvent>'


def subprocess(name: str, body: str, event: bool = False) -> str:
    return f'<subProcess id="{name}" triggeredByEvent="{str(event).lower()}">{body}</subProcess>'


class Player:
    """One case on a diagram, played with a clock of its own."""

    def __init__(
        self,
        body: str,
        values: dict[str, Any] | None = None,
        others: dict[str, bytes] | None = None,
        message: str | None = None,
    ) -> None:
        files = {"p.bpmn": document(body), **(others or {})}
        self.definition = bpmn.load(files).procedures["p"]
        self.now = NOW
        self._step(None, bpmn.Start(values or {}, message=message))

    def _step(self, before: str | None, action: bpmn.Action) -> None:
        self.step = bpmn.step(self.definition, before, action, self.now)
        if not self.step.finished:
            assert bpmn.open_items(self.definition, self.step.snapshot, self.now) == (self.step.tasks, self.step.waits)

    @property
    def open(self) -> list[str]:
        """The elements at which people have something to do."""
        return sorted(task.element for task in self.step.tasks)

    @property
    def waits(self) -> list[tuple[str, str]]:
        return sorted((wait.kind, wait.element) for wait in self.step.waits)

    @property
    def finished(self) -> bool:
        return self.step.finished

    @property
    def values(self) -> dict[str, Any]:
        return dict(self.step.values)

    def kinds(self, element: str) -> list[str]:
        """What the last step recorded of an element."""
        return [fact.kind for fact in self.step.facts if fact.element == element]

    def do(self, element: str, index: int = 0, /, **values: Any) -> Player:
        """Completes the task at that element (the ``index``-th of several)."""
        task = [task for task in self.step.tasks if task.element == element][index]
        self._step(self.step.snapshot, bpmn.Complete(task.token, values))
        return self

    def message(self, name: str, /, **values: Any) -> Player:
        self._step(self.step.snapshot, bpmn.Message(name, values))
        return self

    def signal(self, name: str, /, **values: Any) -> Player:
        self._step(self.step.snapshot, bpmn.Signal(name, values))
        return self

    def later(self, **time: float) -> Player:
        """Moves the clock and lets due timers fire."""
        self.now += timedelta(**time)
        self._step(self.step.snapshot, bpmn.Fire())
        return self
