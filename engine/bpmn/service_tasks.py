"""Tasks that programs do: sent on and forgotten, noted in a ledger, or done outside by whoever fetches their topic."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from SpiffWorkflow.task import Task

from engine.bpmn import events, throwing
from engine.bpmn.activity import Activity
from engine.bpmn.case_workflow import CaseWorkflow
from engine.bpmn.model import Node
from engine.bpmn.step import External, Send
from engine.errors import Bilingual, ErrorUncaught, ExpressionFailed

#: Urgency where the diagram says nothing (``camunda:taskPriority``).
PRIORITY = 50
#: Priorities beyond this mean no more.
MOST_URGENT = 1_000_000


class ProgrammedTask(Activity):
    """What all of these share: their input parameters are the content."""

    def content(self, token: Task) -> dict[str, Any]:
        """The input parameters as they were worked out when the token came in."""
        local = token.internal_data.get("local", {})
        names = [parameter.target for parameter in self.node.inputs]
        return {name: deepcopy(local[name]) for name in names if name in local}


class NotifyTask(ProgrammedTask):
    """Sends something after the commit and goes on (topic ``notify``)."""

    def execute(self, token: Task, case: CaseWorkflow) -> bool | None:
        content = self.content(token)
        case.emit("send_requested", token, topic=self.node.topic, values=deepcopy(content))
        case.sends.append(Send(self.node.topic, self.bpmn_id, content))
        return True


class SendTask(ProgrammedTask):
    """Sends its message and goes on."""

    def execute(self, token: Task, case: CaseWorkflow) -> bool | None:
        events.send("message", self.node.event.name if self.node.event else "", token, case, self.content(token))
        return True


class LedgerTask(ProgrammedTask):
    """Writes one line of a ledger (台账) into the log and goes on (topic ``ledger``)."""

    def execute(self, token: Task, case: CaseWorkflow) -> bool | None:
        case.emit("ledger_noted", token, values=self.content(token))
        return True


class ExternalTask(ProgrammedTask):
    """Waits for work that is done outside: the token stays until somebody who fetched the topic reports what came of
    it (``Finish``, ``Fault``), or a boundary event takes it away."""

    def execute(self, token: Task, case: CaseWorkflow) -> bool | None:
        priority = self._priority(token, case)
        token.internal_data["external"] = {"topic": self.node.topic, "priority": priority}
        case.emit("external_opened", token, topic=self.node.topic, priority=priority, values=self.content(token))
        return None

    def opened(self, token: Task) -> External | None:
        """What waits at this token; None for the token of a loop as a whole."""
        terms = token.internal_data.get("external")
        if terms is None:
            return None
        return External(
            token=token.id,
            element=self.bpmn_id,
            process=self.node.process,
            topic=terms["topic"],
            values=self.content(token),
            priority=terms["priority"],
        )

    def finish(self, token: Task, values: Mapping[str, Any], case: CaseWorkflow) -> None:
        """The work is done and brought these values."""
        brought = deepcopy(dict(values))
        if "instance" in token.internal_data:
            token.internal_data["entered"] = deepcopy(brought)
        case.assign(token, brought)
        token.complete()

    def fault(self, token: Task, code: str, message: str, values: Mapping[str, Any], case: CaseWorkflow) -> None:
        """The work ended in a business error. Raises ``ErrorUncaught`` where nothing catches it: a case must not end
        because of what a program outside reported."""
        if not throwing.is_caught(token, code, case):
            raise ErrorUncaught(element=self.bpmn_id, code=code, reason=message)
        case.assign(token, deepcopy(dict(values)))
        throwing.throw_error_at(token, code, message, case)

    def _priority(self, token: Task, case: CaseWorkflow) -> int:
        text = self.node.camunda("taskPriority")
        found = case.evaluate_text(token, text) if text else None
        if found in (None, ""):
            return PRIORITY
        try:
            return min(max(int(float(str(found))), -MOST_URGENT), MOST_URGENT)
        except (ValueError, OverflowError):
            raise ExpressionFailed(
                element=self.bpmn_id,
                expression=(text or "")[:200],
                reason=Bilingual(zh=f"优先级“{found}”不是数字。", en=f"The priority “{found}” is no number."),
            ) from None


def kind_of(node: Node) -> type[ProgrammedTask]:
    """What a service or send task does, by its topic. A send task with a message sends it, whatever its topic."""
    if node.waits_outside:
        return ExternalTask
    return {"notify": NotifyTask, "ledger": LedgerTask}.get(node.topic, SendTask)
