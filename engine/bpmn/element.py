"""The base of all elements: SpiffWorkflow task specs that act on tokens (BPMN 2.0.2 chapter 13)."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.task import Task

from engine.bpmn import clocks
from engine.bpmn.case_workflow import CaseWorkflow
from engine.bpmn.clock_properties import ENDS
from engine.bpmn.model import Flow, Node
from engine.errors import refused


def spec_name(identifier: str) -> str:
    """The name of an element among SpiffWorkflow's, which keeps ``Start`` and ``End`` for itself."""
    return f"#{identifier}"


class Element(BpmnSpecMixin):
    """A flow node. By default: it is passed through at once, and all outgoing flows are taken."""

    node: Node

    def __init__(self, scope: BpmnProcessSpec, node: Node) -> None:
        super().__init__(
            scope,
            spec_name(node.id),
            bpmn_name=node.name or None,
            lane=node.lane or None,
            documentation=node.documentation or None,
        )
        self.bpmn_id = node.id
        self.node = node
        self.flows: dict[str, Flow] = {flow.id: flow for flow in node.outgoing}

    def target(self, flow: str) -> Element:
        """The element a flow leads to."""
        element: Element = self._wf_spec.task_specs[spec_name(self.flows[flow].target)]
        return element

    def sibling(self, identifier: str) -> Element:
        """Another element of the same scope."""
        element: Element = self._wf_spec.task_specs[spec_name(identifier)]
        return element

    # What SpiffWorkflow calls

    def test(self) -> None:
        """Checked when the diagram was published."""

    def _predict(self, my_task: Task, seen: Any = None, looked_ahead: int = 0, mask: int = 0) -> None:
        """Nothing is predicted: a token knows where it is, not where it may go."""

    def _update_hook(self, my_task: Task) -> bool:
        return True

    def _on_ready_hook(self, my_task: Task) -> None:
        case_of(my_task).enqueue(my_task)

    def _run_hook(self, my_task: Task) -> bool | None:
        case = case_of(my_task)
        case.emit("element_began", my_task, type=self.node.type, name=self.node.name)
        if case.skip_of(my_task) is not None:
            return True
        return self.execute(my_task, case)

    def _on_complete(self, my_task: Task) -> None:
        case = case_of(my_task)
        if ENDS in self.node.properties:
            clocks.stop(my_task, case)
        flows = self.ways(my_task, case)
        case.emit("element_ended", my_task, flows=flows)
        case.follow(my_task, flows)

    # What an element does

    def execute(self, token: Task, case: CaseWorkflow) -> bool | None:
        """Does the element's work. True: it is done; None: it waits."""
        return True

    def ways(self, token: Task, case: CaseWorkflow) -> list[str]:
        """The flows a token takes: those the element says, or the one chosen by whoever had it pass the element by."""
        skip = case.skip_of(token)
        if skip is None:
            return self.leave(token, case)
        if skip.flow is not None:
            if skip.flow not in self.flows:
                raise refused(
                    f"连线“{skip.flow}”不从“{self.bpmn_id}”流出。",
                    f"The flow “{skip.flow}” does not leave “{self.bpmn_id}”.",
                )
            return [skip.flow]
        if any(flow.condition is not None or flow.id == self.node.default for flow in self.node.outgoing):
            raise refused(
                f"“{self.bpmn_id}”之后有几条路，请指明走哪一条：{'、'.join(self.flows)}。",
                f"Several ways lead on from “{self.bpmn_id}”; say which to take: {', '.join(self.flows)}.",
            )
        return list(self.flows)

    def leave(self, token: Task, case: CaseWorkflow) -> list[str]:
        """The flows to take. Unconditional ones always, conditional ones if true, the default if none of those is
        (BPMN 2.0.2 §13.2.1)."""
        conditional = [
            flow for flow in self.node.outgoing if flow.condition is not None and flow.id != self.node.default
        ]
        if not conditional:
            return [flow.id for flow in self.node.outgoing if flow.id != self.node.default] or [
                flow.id for flow in self.node.outgoing
            ]
        chosen = {flow.id for flow in conditional if self.holds(flow, token, case)}
        if not chosen and self.node.default is not None:
            chosen = {self.node.default}
        taken = [
            flow.id
            for flow in self.node.outgoing
            if flow.id in chosen or (flow.condition is None and flow.id != self.node.default)
        ]
        if not taken:
            raise case.no_path(token)
        return taken

    def holds(self, flow: Flow, token: Task, case: CaseWorkflow) -> bool:
        """Whether a flow's condition is true here."""
        return flow.condition is not None and bool(case.evaluate(token, flow.condition))

    def wakes(self, token: Task, case: CaseWorkflow) -> bool:
        """Called when nothing moves: does this waiting token go on by itself? True if it did."""
        return False

    def scope_finished(self, token: Task, scope: Any, case: CaseWorkflow) -> None:
        """The subprocess that ran at this token has no token left."""


def case_of(token: Task) -> CaseWorkflow:
    """The case a token belongs to."""
    case: CaseWorkflow = token.workflow.top_workflow
    return case
