"""Activities that run others: embedded subprocesses, event subprocesses and call activities."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn import clocks
from engine.bpmn.activity import Activity
from engine.bpmn.case_workflow import CaseWorkflow, ScopeWorkflow, called_process
from engine.bpmn.clock_properties import DECLARES
from engine.bpmn.element import Element, spec_name
from engine.bpmn.events import WAITING_KINDS, StartEvent
from engine.bpmn.model import NEWEST, Node, Process, Scope
from engine.bpmn.token import Token
from engine.errors import Bilingual, DiagramFailed


def scope_name(process: str, subprocess: str) -> str:
    """The key of an embedded subprocess among all scopes; a process's own key is its id."""
    return f"{process}/{subprocess}"


def enter_scope(workflow: Any, drawn: Scope, case: CaseWorkflow, starts_at: str | None = None) -> None:
    """Puts the first tokens into a scope: the named start event, else the plain one, else every implicit start.
    Event subprocesses begin to listen."""
    specs = workflow.spec.task_specs
    if isinstance(drawn, Process) and DECLARES in drawn.properties:
        clocks.begin_process(workflow, drawn, case)
    for node in drawn.event_subprocesses():
        owner = specs[spec_name(node.id)]
        for start in owner.inner_starts():
            if start.event.kind in WAITING_KINDS:
                listener = case.make_token(workflow, start, TaskState.WAITING, listens=node.id)
                start.listen(listener, case)
    starts = (
        [node for node in drawn.start_events() if node.id == starts_at]
        if starts_at
        else [node for node in drawn.start_events() if node.event is None or node.event.kind == "none"]
        or drawn.implicit_starts()
    )
    for node in starts:
        case.arrive(workflow, specs[spec_name(node.id)])
    case.settle(workflow)


class SubProcess(Activity):
    """An embedded subprocess; it shares the variables around it."""

    def __init__(
        self, scope: BpmnProcessSpec, node: Node, boundary_ids: list[str], scopes: dict[str, BpmnProcessSpec]
    ) -> None:
        super().__init__(scope, node, boundary_ids)
        self._scopes = scopes

    @property
    def drawn(self) -> Scope:
        return self.node.scope or Scope(self.node.id)

    @property
    def scope_key(self) -> str:
        """Under which name its scope is known."""
        return scope_name(self.node.process, self.node.id)

    def inner_scope(self) -> BpmnProcessSpec:
        """SpiffWorkflow's specification of what is inside."""
        return self._scopes[self.scope_key]

    def inner_starts(self) -> list[StartEvent]:
        """The start events inside."""
        inside: dict[str, Element] = self.inner_scope().task_specs
        return [
            element
            for node in self.drawn.start_events()
            if isinstance(element := inside[spec_name(node.id)], StartEvent)
        ]

    def compensation_start(self) -> StartEvent | None:
        """The start of the event subprocess that undoes it, if it has one."""
        owner = self.drawn.compensation_subprocess()
        if owner is None:
            return None
        inside: SubProcess = self.inner_scope().task_specs[spec_name(owner.id)]
        return inside.inner_starts()[0]

    def execute(self, token: Task, case: CaseWorkflow) -> bool | None:
        scope = case.open_scope(token, self.scope_key, own_data=False)
        # Started first: a subprocess without anything to do completes this token at once.
        token._set_state(TaskState.STARTED)
        enter_scope(scope, self.drawn, case, token.internal_data.get("starts_at"))
        return None

    def scope_finished(self, token: Task, scope: ScopeWorkflow, case: CaseWorkflow) -> None:
        if scope.completed:
            token.internal_data["done"] = scope.completed


class CallActivity(Activity):
    """Runs another process with variables of its own. ``camunda:in`` and ``out`` say what goes in and comes back; with
    neither, everything goes in and all that the called process has set comes back."""

    def execute(self, token: Task, case: CaseWorkflow) -> bool | None:
        called = self._process_called(token, case)
        values: dict[str, Any] = {}
        if self.node.call_in_all or not (self.node.call_in or self.node.call_out or self.node.call_out_all):
            values.update(deepcopy(dict(case.variables(token))))
        for mapping in self.node.call_in:
            values[mapping.target] = deepcopy(case.evaluate_text(token, mapping.source))
        scope = case.open_scope(token, called, own_data=True)
        scope.data.update(values)
        token._set_state(TaskState.STARTED)
        enter_scope(scope, case.specs.drawn[called], case)
        return None

    def _process_called(self, token: Task, case: CaseWorkflow) -> str:
        """The process it is about to run. Raises ``DiagramFailed`` if its newest version is not known or cannot be
        called."""
        node = self.node
        if node.calls_version is None:
            return called_process(token)
        number = case.specs.newest.get(node.calls or "")
        if node.calls_version == NEWEST and number is not None:
            token.internal_data["called"] = f"{node.calls}@{number}"
            case.called[node.calls or ""] = number
        name = called_process(token)
        drawn = case.specs.drawn.get(name)
        if drawn is None:
            raise _cannot_be_called(node, f"没有被调用流程的版本：{name}。", f"There is no version {name} to call.")
        if drawn.start_events() and not drawn.plain_starts():
            raise _cannot_be_called(
                node,
                f"被调用的流程“{name}”没有普通开始事件。",
                f"The called process “{name}” has no plain start event.",
            )
        return name

    def scope_finished(self, token: Task, scope: ScopeWorkflow, case: CaseWorkflow) -> None:
        values: dict[str, Any] = {}
        if self.node.call_out_all or not (self.node.call_in or self.node.call_out or self.node.call_in_all):
            values.update({name: deepcopy(scope.data[name]) for name in scope.written if name in scope.data})
        inside = Token(scope, self, scope.task_tree, TaskState.STARTED, id=f"out {token.id}")
        for mapping in self.node.call_out:
            values[mapping.target] = deepcopy(case.evaluate_text(inside, mapping.source))
        case.assign(token, values)


def _cannot_be_called(node: Node, zh: str, en: str) -> DiagramFailed:
    return DiagramFailed(element=node.id, reason=Bilingual(zh=zh, en=en))
