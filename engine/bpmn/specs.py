"""From diagrams as drawn to SpiffWorkflow specifications made of our elements."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

from engine.bpmn import activity, clock_properties, containers, element, events, gateways, service_tasks, tasks
from engine.bpmn.model import Node, Process, Scope
from engine.rules.decisions import Decision

_TASKS = {
    "task": activity.Activity,
    "userTask": tasks.UserTask,
    "manualTask": tasks.UserTask,
    "scriptTask": tasks.ScriptTask,
    "receiveTask": tasks.ReceiveTask,
    "callActivity": containers.CallActivity,
}
_OTHERS = {
    "exclusiveGateway": gateways.ExclusiveGateway,
    "parallelGateway": gateways.ParallelGateway,
    "eventBasedGateway": gateways.EventBasedGateway,
    "startEvent": events.StartEvent,
    "endEvent": events.EndEvent,
    "intermediateCatchEvent": events.IntermediateCatchEvent,
    "intermediateThrowEvent": events.IntermediateThrowEvent,
    "boundaryEvent": events.BoundaryEvent,
}


class Specs:
    """Everything a case on one version can run.

    ``scopes``: SpiffWorkflow's specification of each process and embedded subprocess; ``drawn``: the processes as
    read; ``elements``: by (process id, element id), subprocesses included. ``others``: the decisions of the processes
    that are of other versions; ``newest``: what the newest version of a procedure is in this step.
    """

    def __init__(
        self,
        processes: Mapping[str, Process],
        tables: Mapping[str, Decision],
        others: Mapping[str, Mapping[str, Decision]] | None = None,
        newest: Mapping[str, int] | None = None,
    ) -> None:
        self.drawn = dict(processes)
        self.newest = dict(newest or {})
        self.scopes: dict[str, BpmnProcessSpec] = {}
        self.elements: dict[tuple[str, str], element.Element] = {}
        self._tables = tables
        self._others = others or {}
        for process in processes.values():
            self._build(process, process.id, process.id)

    @cached_property
    def may_wake(self) -> bool:
        """Whether an element can go on once nothing moves, see ``Element.wakes``: then every token is asked."""
        return any(
            found.node.type == "inclusiveGateway"
            or found.node.in_ad_hoc
            or (found.node.event is not None and found.node.event.kind == "conditional")
            for found in self.elements.values()
        )

    @cached_property
    def ending_kinds(self) -> frozenset[str]:
        """The kinds of clocks that run until another element ends."""
        return clock_properties.ending_kinds([found.node.properties for found in self.elements.values()])

    def _build(self, drawn: Scope, key: str, process: str) -> None:
        scope = BpmnProcessSpec(name=key)
        self.scopes[key] = scope
        for node in drawn.nodes.values():
            built = self._element(scope, node, drawn)
            self.elements[process, node.id] = built
            if node.scope is not None:
                self._build(node.scope, containers.scope_name(process, node.id), process)
        for flow in drawn.flows.values():
            scope.task_specs[element.spec_name(flow.source)].connect(scope.task_specs[element.spec_name(flow.target)])

    def _element(self, scope: BpmnProcessSpec, node: Node, drawn: Scope) -> element.Element:
        boundaries = [boundary.id for boundary in drawn.boundary_events(node.id)]
        if node.is_subprocess:
            return containers.SubProcess(scope, node, boundaries, self.scopes)
        if node.type == "businessRuleTask" or node.topic == "decision":
            return tasks.BusinessRuleTask(scope, node, boundaries, self._others.get(node.process, self._tables))
        if node.type in ("serviceTask", "sendTask"):
            return service_tasks.kind_of(node)(scope, node, boundaries)
        if node.type in _TASKS:
            return _TASKS[node.type](scope, node, boundaries)
        if node.type == "inclusiveGateway":
            return gateways.InclusiveGateway(scope, node, drawn)
        return _OTHERS[node.type](scope, node)
