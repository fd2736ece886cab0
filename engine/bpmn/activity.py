"""Activities: boundary events, parameters and loops around the work itself (BPMN 2.0.2 §13.3)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn import ad_hoc, clocks, compensation, loops
from engine.bpmn.case_workflow import CaseWorkflow
from engine.bpmn.clock_properties import DECLARES, ENDS, PAUSES
from engine.bpmn.element import Element, case_of
from engine.bpmn.events import WAITING_KINDS, CatchingElement
from engine.bpmn.model import Node


class Activity(Element):
    """A task, subprocess or call. ``work`` is what a kind of activity does."""

    def __init__(self, scope: BpmnProcessSpec, node: Node, boundary_ids: list[str]) -> None:
        super().__init__(scope, node)
        self._boundary_ids = boundary_ids

    def boundaries(self) -> list[CatchingElement]:
        """The boundary events attached to it."""
        return [element for name in self._boundary_ids if isinstance(element := self.sibling(name), CatchingElement)]

    def _update_hook(self, my_task: Task) -> bool:
        case = case_of(my_task)
        if ad_hoc.is_too_late(my_task, case):
            case.discard(my_task)
            return False
        if not ad_hoc.has_turn(my_task, case):
            my_task.internal_data["queued"] = True
            my_task._set_state(TaskState.WAITING)
            return False
        return True

    def wakes(self, token: Task, case: CaseWorkflow) -> bool:
        if "queued" not in token.internal_data:
            return super().wakes(token, case)
        if not ad_hoc.has_turn(token, case):
            return False
        del token.internal_data["queued"]
        token._ready()
        return True

    def _run_hook(self, my_task: Task) -> bool | None:
        case = case_of(my_task)
        is_instance = "instance" in my_task.internal_data
        if self.node.loop is not None and not is_instance:
            case.emit("element_began", my_task, type=self.node.type, name=self.node.name, loop=True)
            if case.skip_of(my_task) is not None:
                return True
            self._arm(my_task, case)
            return loops.begin(self, my_task, case)
        case.emit("element_began", my_task, type=self.node.type, name=self.node.name)
        if case.skip_of(my_task) is not None:
            return True
        if self.node.inputs:
            local = my_task.internal_data.setdefault("local", {})
            for parameter in self.node.inputs:
                local[parameter.target] = deepcopy(case.evaluate_text(my_task, parameter.source))
        if DECLARES in self.node.properties:
            clocks.begin(my_task, case)
        if PAUSES in self.node.properties:
            clocks.pause(my_task, case)
        if not is_instance:
            self._arm(my_task, case)
        return self.execute(my_task, case)

    def _arm(self, token: Task, case: CaseWorkflow) -> None:
        for boundary in self.boundaries():
            if boundary.event.kind in WAITING_KINDS:
                listener = case.make_token(token.workflow, boundary, TaskState.WAITING, attached=token.id)
                if case.skip_of(listener) is not None:
                    case.discard(listener)
                    continue
                boundary.listen(listener, case)

    def _on_complete(self, my_task: Task) -> None:
        case = case_of(my_task)
        if "reopened" in my_task.internal_data:
            compensation.handled(my_task, case)
            return
        if case.skip_of(my_task) is None:
            done = compensation.record_of(my_task)
            self._take_outputs(my_task, case)
            if "undoes" not in my_task.internal_data:
                compensation.remember(my_task, done)
        instance = my_task.internal_data.get("instance")
        if ENDS in self.node.properties and instance is None:
            clocks.stop(my_task, case)
        if instance is not None:
            loop = my_task.workflow.tasks[instance["of"]]
            result = loops.result_of(self, my_task, case)
            case.emit("element_ended", my_task, flows=[])
            case.discard(my_task)
            loops.instance_done(self, loop, instance["index"], result, case)
            return
        for other in case.tokens(my_task.workflow) if self._boundary_ids else ():
            if other.internal_data.get("attached") == my_task.id:
                case.discard(other)
        if "undoes" in my_task.internal_data:
            case.emit("element_ended", my_task, flows=[])
            compensation.handled(my_task, case)
            return
        host = ad_hoc.host_of(my_task, case)
        if host is not None and ad_hoc.is_over(host, my_task, case):
            case.emit("element_ended", my_task, flows=[])
            ad_hoc.end(host, my_task, case)
            return
        super()._on_complete(my_task)

    def _take_outputs(self, token: Task, case: CaseWorkflow) -> None:
        if not self.node.outputs or "loop" in token.internal_data:
            return
        values = {
            parameter.target: deepcopy(case.evaluate_text(token, parameter.source)) for parameter in self.node.outputs
        }
        token.internal_data.pop("local", None)
        case.assign(token, values)

    def loop_variables(self, loop: Task) -> dict[str, Any]:
        """What every instance of a multi-instance can see of it (§10.3.8, table 10.30)."""
        return loops.variables(loop)
