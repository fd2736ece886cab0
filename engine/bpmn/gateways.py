"""Gateways (BPMN 2.0.2 §13.4)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.case_workflow import CaseWorkflow, is_listener
from engine.bpmn.element import Element, case_of
from engine.bpmn.model import Node, Scope


class ExclusiveGateway(Element):
    """The first outgoing flow whose condition holds, in the order drawn; else the default. A single flow without a
    condition beside conditional ones is the default, marked or not."""

    def leave(self, token: Task, case: CaseWorkflow) -> list[str]:
        if len(self.node.outgoing) == 1 and self.node.outgoing[0].condition is None:
            return [self.node.outgoing[0].id]
        otherwise = self.node.default
        for flow in self.node.outgoing:
            if flow.id == self.node.default:
                continue
            if flow.condition is None:
                otherwise = otherwise or flow.id
            elif self.holds(flow, token, case):
                return [flow.id]
        if otherwise is None and self.node.outgoing:
            raise case.no_path(token)
        return [otherwise] if otherwise else []


class JoiningGateway(Element):
    """A gateway at which tokens wait for others. A waiting token remembers the flow it came by."""

    def waiting(self, workflow: Any) -> list[Task]:
        """The tokens that wait here, oldest first."""
        return [
            token
            for token in case_of(workflow.task_tree).tokens(workflow)
            if token.task_spec is self and token.has_state(TaskState.WAITING)
        ]

    def merge(self, token: Task, case: CaseWorkflow) -> None:
        """Consumes one token of each other flow that has one, and lets ``token`` go on for all of them. Tokens in
        excess stay (§13.4.1)."""
        seen = {token.internal_data["flow"]}
        for other in self.waiting(token.workflow):
            if other.internal_data["flow"] not in seen:
                seen.add(other.internal_data["flow"])
                case.discard(other)
        token._ready()


class ParallelGateway(JoiningGateway):
    """Goes on once every incoming flow has a token; then all outgoing flows (§13.4.1)."""

    def _update_hook(self, my_task: Task) -> bool:
        if len(self.node.incoming) < 2:
            return True
        my_task._set_state(TaskState.WAITING)
        first_by_flow: dict[str, Task] = {}
        for token in self.waiting(my_task.workflow):
            first_by_flow.setdefault(token.internal_data["flow"], token)
        if len(first_by_flow) == len(self.node.incoming):
            self.merge(first_by_flow[self.node.incoming[0].id], case_of(my_task))
        return False

    def leave(self, token: Task, case: CaseWorkflow) -> list[str]:
        return [flow.id for flow in self.node.outgoing]


class InclusiveGateway(JoiningGateway):
    """Goes on once no token can still reach an incoming flow that has none; then every flow whose condition holds,
    else the default (§13.4.3)."""

    def __init__(self, scope: BpmnProcessSpec, node: Node, drawn: Scope) -> None:
        super().__init__(scope, node)
        self._drawn = drawn

    @cached_property
    def sources(self) -> dict[str, set[str]]:
        """By incoming flow, the elements from which a token can come to it. Worked out when first needed: a diagram may
        have thousands of gateways."""
        return _sources(self.node, self._drawn)

    @cached_property
    def direct(self) -> dict[str, set[str]]:
        """Those from which it can come when their own boundary events do not fire."""
        return {
            flow.id: {name for name in reached if name == flow.source or self._leads_on(name, reached)}
            for flow in self.node.incoming
            for reached in [self.sources[flow.id]]
        }

    def _leads_on(self, name: str, reached: set[str]) -> bool:
        node = self._drawn.nodes[name]
        is_link = node.event is not None and node.event.kind == "link"
        return is_link or any(flow.target in reached for flow in node.outgoing)

    def _update_hook(self, my_task: Task) -> bool:
        if len(self.node.incoming) < 2:
            return True
        my_task._set_state(TaskState.WAITING)
        return False

    def wakes(self, token: Task, case: CaseWorkflow) -> bool:
        if not token.has_state(TaskState.WAITING):
            return False
        filled = {other.internal_data["flow"] for other in self.waiting(token.workflow)}
        empty = [flow.id for flow in self.node.incoming if flow.id not in filled]
        for other in case.tokens(token.workflow):
            if is_listener(other) or other.task_spec is self:
                continue
            place = other.task_spec.bpmn_id
            if any(place in self.sources[flow] for flow in empty) and not any(
                place in self.direct[flow] for flow in filled
            ):
                return False
        self.merge(token, case)
        return True

    def leave(self, token: Task, case: CaseWorkflow) -> list[str]:
        flows = self.node.outgoing
        chosen = [
            flow.id
            for flow in flows
            if flow.id != self.node.default and (flow.condition is None or self.holds(flow, token, case))
        ]
        if not chosen and self.node.default is not None:
            chosen = [self.node.default]
        if not chosen and flows:
            raise case.no_path(token)
        return chosen


def _sources(node: Node, drawn: Scope) -> dict[str, set[str]]:
    """For each incoming flow, the elements from which a token can come to it without visiting the gateway itself: along
    sequence flows and by boundary events, which may fire or not."""
    came_from: dict[str, set[str]] = {
        name: {flow.source for flow in other.incoming} for name, other in drawn.nodes.items()
    }
    for name, other in drawn.nodes.items():
        if other.attached_to is not None:
            came_from[name].add(other.attached_to)
        if other.type == "intermediateCatchEvent" and other.event and other.event.kind == "link":
            came_from[name] |= {
                throw.id
                for throw in drawn.nodes.values()
                if throw.type == "intermediateThrowEvent"
                and throw.event
                and throw.event.kind == "link"
                and throw.event.name == other.event.name
            }
    found: dict[str, set[str]] = {}
    for flow in node.incoming:
        reached: set[str] = set()
        open_ = [flow.source]
        while open_:
            place = open_.pop()
            if place not in reached and place != node.id:
                reached.add(place)
                open_.extend(came_from.get(place, ()))
        found[flow.id] = reached
    return found


class EventBasedGateway(Element):
    """Waits for whichever of the events behind it comes first (§13.4.4)."""

    def execute(self, token: Task, case: CaseWorkflow) -> bool | None:
        for flow in self.node.outgoing:
            catcher = case.make_token(
                token.workflow, self.target(flow.id), TaskState.WAITING, gateway=token.id, flow=flow.id
            )
            catcher.task_spec.listen(catcher, case)
        return None

    def leave(self, token: Task, case: CaseWorkflow) -> list[str]:
        return []
