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


def throw_error(token: Task, code: str, case: CaseWorkflow) -> None:
    """The nearest scope outwards that handles this error stops and goes on there; without one the case ends."""
    case.emit("error_thrown", token, code=code)
    workflow, skip_subprocesses = token.workflow, False
    case.discard(token)
    while True:
        if not skip_subprocesses:
            start = _handler(workflow, "error", code)
            if start is not None:
                start_event_subprocess(workflow, start, case)
                return
        if workflow is case:
            case.cancel_all(case)
            case.finished = True
            return
        host = case.scope_token(workflow)
        boundary = _boundary(host, "error", code)
        if boundary is not None:
            boundary_fired(boundary, _loop_of(host), case)
            return
        # What an event subprocess throws is not for its neighbours in the same scope, but for the scope around.
        skip_subprocesses = host.task_spec.node.is_event_subprocess
        workflow = host.workflow


def throw_escalation(token: Task, code: str, case: CaseWorkflow) -> None:
    """The nearest scope outwards that handles this escalation does; nobody has to."""
    case.emit("escalation_thrown", token, code=code)
    workflow, skip_subprocesses = token.workflow, False
    while True:
        if not skip_subprocesses:
            start = _handler(workflow, "escalation", code)
            if start is not None:
                start_event_subprocess(workflow, start, case)
                return
        if workflow is case:
            return
        host = case.scope_token(workflow)
        boundary = _boundary(host, "escalation", code)
        if boundary is not None:
            boundary_fired(boundary, _loop_of(host), case)
            return
        skip_subprocesses = host.task_spec.node.is_event_subprocess
        workflow = host.workflow


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
