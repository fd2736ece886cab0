"""Tasks: by a person, by a table, by expressions, or sent elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Set
from copy import deepcopy
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.task import Task

from engine import clock
from engine.bpmn import timers
from engine.bpmn.activity import Activity
from engine.bpmn.case_workflow import CaseWorkflow
from engine.bpmn.events import CatchingElement
from engine.bpmn.model import Node
from engine.errors import Bilingual, DiagramFailed, ExpressionFailed
from engine.rules import decisions, expressions

#: The largest number a priority's column holds in every database.
MOST_URGENT = 2**31 - 1


class UserTask(Activity):
    """Waits for a person: user tasks, and manual tasks, which a person confirms. Who may do it, with which form and by
    when, is worked out once, when it opens."""

    def execute(self, token: Task, case: CaseWorkflow) -> bool | None:
        # The order of the keys is part of the snapshot's text, which logs seal.
        terms: dict[str, Any] = {
            **self._people(token, case),
            "due": self._moment(token, case, "dueDate"),
            "follow_up": self._moment(token, case, "followUpDate"),
            "priority": self._priority(token, case),
        }
        if not (terms["roles"] or terms["users"] or terms["assignee"]):
            terms["lane"] = self.node.lane
        if self._is_held(case):
            terms["held"] = True
        token.internal_data["task"] = terms
        case.emit("task_opened", token, name=self.node.name, **terms)
        return None

    def set_moments(self, token: Task, case: CaseWorkflow, touched: Set[str]) -> None:
        """Works out anew the dates that mention one of these variables; on hold, there is none for the time being."""
        terms = token.internal_data["task"]
        moved = False
        for key, attribute in (("due", "dueDate"), ("follow_up", "followUpDate")):
            if expressions.names_in_text(self.node.camunda(attribute) or "") & touched:
                terms[key] = self._moment(token, case, attribute)
                moved = True
        if not moved:
            return
        terms.pop("held", None)
        if self._is_held(case):
            terms["held"] = True
        case.emit(
            "task_moved", token, due=terms["due"], follow_up=terms["follow_up"], held=bool(terms.get("held", False))
        )

    def reassign(self, token: Task, case: CaseWorkflow) -> None:
        """Works out anew who may do the open task, with which form and how urgently; its dates stay."""
        terms = token.internal_data["task"]
        terms.update(self._people(token, case), priority=self._priority(token, case))
        terms.pop("lane", None)
        if not (terms["roles"] or terms["users"] or terms["assignee"]):
            terms["lane"] = self.node.lane

    def _is_held(self, case: CaseWorkflow) -> bool:
        return case.is_held(self.node.camunda("dueDate") or "")

    def enter(self, token: Task, values: Mapping[str, Any], case: CaseWorkflow) -> None:
        """A person finished the task with these values."""
        entered = deepcopy(dict(values))
        if "instance" in token.internal_data:
            token.internal_data["entered"] = deepcopy(entered)
        case.assign(token, entered)
        token.complete()

    def _people(self, token: Task, case: CaseWorkflow) -> dict[str, Any]:
        return {
            "roles": self._names(token, case, "candidateGroups"),
            "users": self._names(token, case, "candidateUsers"),
            "assignee": self._text(token, case, "assignee"),
            "unit": self._unit(token, case),
            "form": self.node.form,
        }

    def _value(self, token: Task, case: CaseWorkflow, attribute: str) -> Any:
        text = self.node.camunda(attribute)
        return case.evaluate_text(token, text) if text else None

    def _names(self, token: Task, case: CaseWorkflow, attribute: str) -> list[str]:
        found = self._value(token, case, attribute)
        items = found if isinstance(found, list) else str(found).split(",") if found is not None else []
        return [str(item).strip() for item in items if item is not None and str(item).strip()]

    def _text(self, token: Task, case: CaseWorkflow, attribute: str) -> str | None:
        found = self._value(token, case, attribute)
        return str(found) if found not in (None, "") else None

    def _unit(self, token: Task, case: CaseWorkflow) -> str | None:
        text = self.node.properties.get("unit")
        found = case.evaluate_text(token, text) if text else None
        return str(found) if found not in (None, "", []) else None

    def _moment(self, token: Task, case: CaseWorkflow, attribute: str) -> str | None:
        found = self._text(token, case, attribute)
        if found is None:
            return None
        try:
            return clock.to_text(timers.moment(found, case.now))
        except timers.TimerUnreadable as error:
            raise ExpressionFailed(
                element=self.bpmn_id,
                expression=(self.node.camunda(attribute) or "")[:200],
                reason=Bilingual(zh=error.zh, en=error.en),
            ) from None

    def _priority(self, token: Task, case: CaseWorkflow) -> int:
        found = self._text(token, case, "priority")
        try:
            return min(max(int(float(found)), -MOST_URGENT), MOST_URGENT) if found is not None else 50
        except (ValueError, OverflowError):
            raise ExpressionFailed(
                element=self.bpmn_id,
                expression=(self.node.camunda("priority") or "")[:200],
                reason=Bilingual(zh=f"优先级“{found}”不是数字。", en=f"The priority “{found}” is no number."),
            ) from None


class ScriptTask(Activity):
    """Lines of ``name = expression``; a later line sees the earlier ones."""

    def execute(self, token: Task, case: CaseWorkflow) -> bool | None:
        try:
            assigned = expressions.run_script(self.node.script, case.variables(token), case.now)
        except expressions.ExpressionError as error:
            raise ExpressionFailed(
                element=self.bpmn_id, expression=self.node.script[:200], reason=Bilingual(zh=error.zh, en=error.en)
            ) from None
        case.assign(token, assigned)
        return True


class BusinessRuleTask(Activity):
    """Asks a decision table; which rules fired is recorded. A service task of the topic ``decision`` is one too."""

    def __init__(
        self, scope: BpmnProcessSpec, node: Node, boundary_ids: list[str], tables: Mapping[str, decisions.Decision]
    ) -> None:
        super().__init__(scope, node, boundary_ids)
        self.tables = tables
        self.decision = node.decision or ""

    def execute(self, token: Task, case: CaseWorkflow) -> bool | None:
        try:
            outcome = decisions.decide(self.tables[self.decision], case.variables(token), case.now, self.tables)
            result = self._result(outcome)
        except (decisions.DecisionError, expressions.ExpressionError) as error:
            raise ExpressionFailed(
                element=self.bpmn_id, expression=self.decision, reason=Bilingual(zh=error.zh, en=error.en)
            ) from None
        for taken in (*outcome.required, outcome):
            case.emit("decision_made", token, **deepcopy(taken.as_json()))
        case.assign(token, result)
        return True

    def _result(self, outcome: decisions.Outcome) -> dict[str, Any]:
        variable = self.node.result_variable
        if variable is not None:
            return {variable: deepcopy(outcome.mapped(self.node.camunda("mapDecisionResult")))}
        record = outcome.mapped("singleResult")
        if record is None:
            raise DiagramFailed(
                element=self.bpmn_id,
                reason=Bilingual(
                    zh=f"决策 {self.decision} 没有匹配的规则，无法写入变量。请补充规则。",
                    en=f"No rule of the decision {self.decision} matches. Add the missing rule.",
                ),
            )
        return dict(deepcopy(record))


class ReceiveTask(Activity, CatchingElement):
    """Waits for its message."""

    def execute(self, token: Task, case: CaseWorkflow) -> bool | None:
        self.listen(token, case)
        return None
