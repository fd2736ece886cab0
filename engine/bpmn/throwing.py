"""Errors and escalations: which scope catches them, and what stops (BPMN 2.0.2 §10.5.7, §13.5.4)."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.task import Task

from engine.bpmn.case_workflow import CaseWorkflow
from engine.bpmn.element import Element, spec_name
from engine.bpmn.model import EventDefinition, Node


def boundary_fired(boundary: Element, host: Task, case: CaseWorkflow) -> None:
    """A token leaves by a boundary event; an interrupting one stops its activity first."""
    workflow = host.workflow
    if boundary.node.interrupting:
        case.cancel_token(host)
    case.arrive(workflow, boundary)


def start_event_subprocess(workflow: Any, event: Any, case: CaseWorkflow, listener: Task | None = None) -> None:
    """Runs an event subprocess; an interrupting one stops everything else in its scope first."""
    owner = owner_of(event, workflow)
    token = case.make_token(workflow, owner, starts_at=event.bpmn_id)
    if event.node.interrupting:
        case.cancel_all(workflow, keep=token)
    elif listener is not None and event.event.kind == "timer" and not event.rearm(listener, case):
        case.discard(listener)
    owner._update(token)


def owner_of(start: Element, workflow: Any) -> Element:
    """The event subprocess that a start event begins."""
    for element in workflow.spec.task_specs.values():
        node = getattr(element, "node", None)
        if (
            node is not None
            and node.is_event_subprocess
            and node.scope is not None
            and start.bpmn_id in node.scope.nodes
        ):
            found: Element = element
            return found
    raise KeyError(start.bpmn_id)


def is_caught(token: Task, code: str, case: CaseWorkflow) -> bool:
    """Would anything catch an error thrown by the activity at ``token``: its own boundary, or a scope around it?"""
    if _boundary(token, "error", code) is not None:
        return True
    return _catcher(token.workflow, "error", code, case) is not None


def throw_error_at(token: Task, code: str, message: str, case: CaseWorkflow) -> None:
    """The activity at ``token`` ends in this error: its own boundary event is asked first, then the scopes around it
    (BPMN 2.0.2 §10.5.7). What catches it may name variables for the code and the message."""
    case.emit("error_thrown", token, code=code, message=message)
    boundary = _boundary(token, "error", code)
    catcher = (boundary, token.workflow, token) if boundary else _catcher(token.workflow, "error", code, case)
    if catcher is not None:
        _tell(catcher, code, message, case)
    if boundary is not None:
        boundary_fired(boundary, _loop_of(token), case)
        return
    workflow = token.workflow
    case.cancel_token(token)
    _throw_out_of(workflow, code, case)


def _tell(catcher: tuple[Element, Any, Task | None], code: str, message: str, case: CaseWorkflow) -> None:
    element, workflow, host = catcher
    event = element.node.event or EventDefinition("none")
    told = {event.code_variable: code, event.message_variable: message}
    values = {name: value for name, value in told.items() if name}
    if values:
        case.assign(host or case.tokens(workflow)[0], values)


def throw_error(token: Task, code: str, case: CaseWorkflow) -> None:
    """The nearest scope outwards that handles this error stops and goes on there; without one the case ends."""
    case.emit("error_thrown", token, code=code)
    workflow = token.workflow
    case.discard(token)
    _throw_out_of(workflow, code, case)


def _throw_out_of(workflow: Any, code: str, case: CaseWorkflow) -> None:
    catcher = _catcher(workflow, "error", code, case)
    if catcher is None:
        case.cancel_all(case)
        case.finished = True
    else:
        _caught(*catcher, case)


def throw_escalation(token: Task, code: str, case: CaseWorkflow) -> None:
    """The nearest scope outwards that handles this escalation does; nobody has to."""
    case.emit("escalation_thrown", token, code=code)
    catcher = _catcher(token.workflow, "escalation", code, case)
    if catcher is not None:
        _caught(*catcher, case)


def _catcher(workflow: Any, kind: str, code: str, case: CaseWorkflow) -> tuple[Element, Any, Task | None] | None:
    """What catches an error or escalation thrown in a scope, looking outwards: the start of an event subprocess with
    the scope it stands in, or a boundary event with its scope and the token it is attached to. None: nothing does."""
    own = True
    while True:
        host = None if workflow is case else case.scope_token(workflow)
        # A subprocess that is open again to be undone has completed: what it caught is caught no more.
        reopened = host is not None and "reopened" in host.internal_data
        start = _handler(workflow, kind, code) if own and not reopened else None
        if start is not None:
            return start, workflow, None
        if host is None:
            return None
        boundary = _boundary(host, kind, code) if not reopened else None
        if boundary is not None:
            return boundary, host.workflow, host
        # What an event subprocess throws is not for its neighbours in the same scope, but for the scope around.
        own = not host.task_spec.node.is_event_subprocess
        workflow = host.workflow


def _caught(element: Element, workflow: Any, host: Task | None, case: CaseWorkflow) -> None:
    if host is None:
        start_event_subprocess(workflow, element, case)
    else:
        boundary_fired(element, _loop_of(host), case)


def _loop_of(host: Task) -> Task:
    """The multi-instance as a whole, where ``host`` is one instance of it."""
    instance = host.internal_data.get("instance")
    return host.workflow.tasks[instance["of"]] if instance is not None else host


def _matches(event: EventDefinition | None, kind: str, code: str) -> int:
    """2: exactly this code; 1: catches all of the kind; 0: something else."""
    if event is None or event.kind != kind:
        return 0
    return 2 if event.code == code else 1 if event.code == "" else 0


def _handler(workflow: Any, kind: str, code: str) -> Element | None:
    best: tuple[int, Node | None, Element | None] = (0, None, None)
    for element in workflow.spec.task_specs.values():
        node = getattr(element, "node", None)
        if node is None or not node.is_event_subprocess or node.scope is None:
            continue
        for start in node.scope.start_events():
            rank = _matches(start.event, kind, code)
            if rank > best[0]:
                best = (rank, start, element)
    _, start_node, owner = best
    if start_node is None or owner is None:
        return None
    inner: Element = owner.inner_scope().task_specs[spec_name(start_node.id)]
    return inner


def _boundary(host: Task, kind: str, code: str) -> Element | None:
    found = sorted(
        ((_matches(element.node.event, kind, code), element) for element in host.task_spec.boundaries()),
        key=lambda pair: -pair[0],
    )
    return found[0][1] if found and found[0][0] > 0 else None
