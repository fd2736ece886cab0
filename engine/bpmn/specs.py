"""From diagrams as drawn to SpiffWorkflow specifications made of our elements."""

from __future__ import annotations

from collections.abc import Mapping

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

from engine.bpmn import activity, containers, element, events, gateways, tasks
from engine.bpmn.model import Node, Process, Scope
from engine.rules.decisions import Decision

_TASKS = {
    "task": activity.Activity,
    "userTask": tasks.UserTask,
    "manualTask": tasks.UserTask,
    "scriptTask": tasks.ScriptTask,
    "serviceTask": tasks.ServiceTask,
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
    read; ``elements``: by (process id, element id), subprocesses included.
    """

    def __init__(self, processes: Mapping[str, Process], tables: Mapping[str, Decision]) -> None:
        self.drawn = dict(processes)
        self.scopes: dict[str, BpmnProcessSpec] = {}
        self.elements: dict[tuple[str, str], element.Element] = {}
        self._tables = tables
        for process in processes.values():
            self._build(process, process.id, process.id)

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
        if node.type == "subProcess":
            return containers.SubProcess(scope, node, boundaries, self.scopes)
        if node.type == "businessRuleTask":
            return tasks.BusinessRuleTask(scope, node, boundaries, self._tables)
        if node.type == "sendTask":
            return (tasks.SendTask if node.event is not None else tasks.ServiceTask)(scope, node, boundaries)
        if node.type in _TASKS:
            return _TASKS[node.type](scope, node, boundaries)
        if node.type == "inclusiveGateway":
            return gateways.InclusiveGateway(scope, node, drawn)
        return _OTHERS[node.type](scope, node)
