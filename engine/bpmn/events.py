"""Events: those that wait (catch, boundary, start of an event subprocess) and those that cause (throw, end)."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine import clock
from engine.bpmn import compensation, correlation, throwing, timers
from engine.bpmn.case_workflow import CaseWorkflow
from engine.bpmn.element import Element
from engine.bpmn.model import EventDefinition
from engine.bpmn.step import Send
from engine.errors import Bilingual, ExpressionFailed
from engine.rules import expressions

#: Kinds of event for which a token waits; errors and escalations are looked for when they are thrown.
WAITING_KINDS = {"timer", "message", "signal", "conditional"}


class CatchingElement(Element):
    """An element that can wait for an event: arm, wait, fire."""

    @property
    def event(self) -> EventDefinition:
        return self.node.event or EventDefinition("none")

    def listen(self, token: Task, case: CaseWorkflow) -> None:
        """Begins to wait."""
        if self.event.kind == "timer":
            self.arm(token, case)
        elif self.event.kind == "conditional":
            token.internal_data["was"] = False
        elif self.event.kind == "message":
            key = correlation.key_of(self.node, token, case)
            if key is not None:
                token.internal_data["key"] = key

    def arm(self, token: Task, case: CaseWorkflow) -> None:
        """Works out a timer's due moment. It is kept with the token, so that it stays while variables change, and is
        worked out anew only when somebody moves it (``Rearm``)."""
        try:
            plan = timers.schedule(self.event.timer, case.evaluate_text(token, self.event.text), case.now)
        except timers.TimerUnreadable as error:
            raise ExpressionFailed(
                element=self.bpmn_id, expression=self.event.text[:200], reason=Bilingual(zh=error.zh, en=error.en)
            ) from None
        token.internal_data["due"] = clock.to_text(plan.due)
        if plan.every is not None:
            token.internal_data.update(every=plan.every, left=plan.left)
            if plan.day is not None:
                token.internal_data["day"] = plan.day
        token.internal_data.pop("held", None)
        if self.event.timer == "timeDate" and case.is_held(self.event.text):
            token.internal_data["held"] = True
            case.emit("timer_held", token)
            return
        case.emit("timer_armed", token, due=token.internal_data["due"])

    def catches(self, kind: str, name: str) -> bool:
        """Whether a message or signal of that name is what it waits for."""
        return self.event.kind == kind and self.event.name == name

    def is_waiting(self, token: Task) -> bool:
        """Whether this token waits for the event (a token on its way through, or a loop as a whole, does not)."""
        return bool(token.has_state(TaskState.WAITING | TaskState.STARTED)) and token.internal_data.keys().isdisjoint(
            ("loop", "queued")
        )

    def wakes(self, token: Task, case: CaseWorkflow) -> bool:
        """A conditional event fires when its condition turns true (§10.5.4). What is not yet known is not yet true."""
        if self.event.kind != "conditional" or "was" not in token.internal_data:
            return False
        holds = self._condition_holds(token, case)
        turned = holds and not token.internal_data["was"]
        token.internal_data["was"] = holds
        if turned:
            case.emit("condition_met", token, condition=self.event.text)
            self.fire(token, case)
        return turned

    def _condition_holds(self, token: Task, case: CaseWorkflow) -> bool:
        visible = case.variables(token)
        if any(name not in visible for name in expressions.parse(self.event.text).required):
            return False
        return bool(case.evaluate(token, self.event.text))

    def fire(self, token: Task, case: CaseWorkflow) -> None:
        """What it waited for has happened."""
        gateway = token.internal_data.get("gateway")
        if gateway is None:
            token.complete()
            return
        waiting_gateway = case.token(gateway)
        if waiting_gateway is None:
            return
        del token.internal_data["gateway"]
        case.emit("element_ended", waiting_gateway, flows=[token.internal_data["flow"]])
        for other in case.tokens(token.workflow):
            if other.internal_data.get("gateway") == gateway:
                case.cancel_token(other)
        case.discard(waiting_gateway)
        token._set_state(TaskState.STARTED)
        case.emit("element_began", token, type=self.node.type, name=self.node.name)
        token.complete()

    def rearm(self, token: Task, case: CaseWorkflow) -> bool:
        """After a firing: True if a cycle goes on. Missed firings are caught up one after another."""
        every, left = token.internal_data.get("every"), token.internal_data.get("left")
        if every is None or left == 0:
            return False
        due = timers.after(clock.from_text(token.internal_data["due"]), every, token.internal_data.get("day"))
        token.internal_data.update(due=clock.to_text(due), left=None if left is None else left - 1)
        case.emit("timer_armed", token, due=token.internal_data["due"])
        return True


class IntermediateCatchEvent(CatchingElement):
    """Waits for its event. A link catch is passed through: it is where a link throw leads."""

    def execute(self, token: Task, case: CaseWorkflow) -> bool | None:
        if self.event.kind == "link":
            return True
        self.listen(token, case)
        return None


class StartEvent(CatchingElement):
    """Where a token begins. As the start of an event subprocess it listens while the scope around runs."""

    def fire(self, token: Task, case: CaseWorkflow) -> None:
        throwing.start_event_subprocess(token.workflow, self, case, token)


class BoundaryEvent(CatchingElement):
    """Listens while its activity runs; interrupts it or not (§13.5.3)."""

    def fire(self, token: Task, case: CaseWorkflow) -> None:
        host = case.token(token.internal_data["attached"])
        if host is not None:
            throwing.boundary_fired(self, host, case)
        if self.node.interrupting:
            return
        if self.event.kind == "timer" and not self.rearm(token, case):
            case.discard(token)


class IntermediateThrowEvent(Element):
    """Causes its event and goes on, unless what it caused interrupts it."""

    def execute(self, token: Task, case: CaseWorkflow) -> bool | None:
        event = self.node.event or EventDefinition("none")
        if event.kind == "escalation":
            throwing.throw_escalation(token, event.code, case)
        elif event.kind in ("message", "signal"):
            send(event.kind, event.name, token, case)
        elif event.kind == "compensate":
            return True if compensation.throw(token, event, case) else None
        return True if token.id in token.workflow.tasks else None

    def leave(self, token: Task, case: CaseWorkflow) -> list[str]:
        event = self.node.event
        if event is None or event.kind != "link":
            return super().leave(token, case)
        return []

    def _on_complete(self, my_task: Task) -> None:
        event = self.node.event
        if event is not None and event.kind == "link":
            workflow = my_task.workflow
            case: CaseWorkflow = workflow.top_workflow
            target = next(
                spec
                for spec in self._wf_spec.task_specs.values()
                if isinstance(spec, IntermediateCatchEvent)
                and spec.event.kind == "link"
                and spec.event.name == event.name
            )
            case.emit("element_ended", my_task, flows=[])
            case.discard(my_task)
            case.arrive(workflow, target)
            return
        super()._on_complete(my_task)


class EndEvent(Element):
    """Consumes the token; message, signal, escalation, error, compensation, cancel and terminate ends cause their event
    (§13.5.6)."""

    def execute(self, token: Task, case: CaseWorkflow) -> bool | None:
        event = self.node.event or EventDefinition("none")
        if event.kind in ("message", "signal"):
            send(event.kind, event.name, token, case)
        elif event.kind == "escalation":
            throwing.throw_escalation(token, event.code, case)
        elif event.kind == "error":
            case.emit("element_ended", token, flows=[])
            throwing.throw_error(token, event.code, case)
            return None
        elif event.kind == "terminate":
            case.cancel_all(token.workflow, keep=token)
        elif event.kind == "compensate":
            return True if compensation.throw(token, event, case) else None
        elif event.kind == "cancel":
            compensation.cancel(token, case)
        return True if token.id in token.workflow.tasks else None


def send(kind: str, name: str, token: Task, case: CaseWorkflow, values: Mapping[str, Any] | None = None) -> None:
    """Throws a message or signal: to what waits for it in this case, and out of it after the commit."""
    content = deepcopy(dict(values or {}))
    if kind == "message":
        key = correlation.key_of(token.task_spec.node, token, case)
        keyed = {} if key is None else {"key": key}
        case.emit("message_sent", token, name=name, values=content, **keyed)
        if not deliver_message(name, content, case, key):
            case.sends.append(Send("message", token.task_spec.bpmn_id, {"name": name, "values": content, **keyed}))
        return
    case.emit("signal_thrown", token, name=name)
    deliver_signal(name, content, case, thrower=token)
    case.sends.append(Send("signal", token.task_spec.bpmn_id, {"name": name, "values": content}))


def waiting_for(kind: str, name: str, case: CaseWorkflow) -> list[Task]:
    """The tokens that wait for that message or signal, oldest first."""
    return [
        token
        for token in case.tokens()
        if isinstance(token.task_spec, CatchingElement)
        and token.task_spec.catches(kind, name)
        and token.task_spec.is_waiting(token)
    ]


def deliver_message(
    name: str, values: Mapping[str, Any], case: CaseWorkflow, key: str | None = None, addressed: bool = False
) -> bool:
    """Hands a message to the element that waits longest, of those that wait for its key or for none. ``addressed``: it
    is meant for this case, so that without a key any will do. False if nothing waits for it."""
    anything = addressed and key is None
    token = next(
        (
            waiting
            for waiting in waiting_for("message", name, case)
            if anything or correlation.takes(waiting.internal_data.get("key"), key)
        ),
        None,
    )
    if token is None:
        return False
    case.emit("message_caught", token, name=name, **({} if key is None else {"key": key}))
    case.assign(token, dict(values))
    token.task_spec.fire(token, case)
    return True


def deliver_signal(name: str, values: Mapping[str, Any], case: CaseWorkflow, thrower: Task | None = None) -> int:
    """Hands a signal to all that waited for it when it was thrown; how many took it."""
    taken = 0
    for token in waiting_for("signal", name, case):
        if token.id not in token.workflow.tasks:
            continue  # interrupted by one that took the signal before it
        case.emit("signal_caught", token, name=name)
        case.assign(token, dict(values))
        token.task_spec.fire(token, case)
        taken += 1
    return taken
