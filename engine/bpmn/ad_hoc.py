"""Ad-hoc subprocesses (BPMN 2.0.2 §10.3.6, §13.3.5).

Everything in one that nothing leads to is enabled when it begins. The standard lets a performer choose what is started
and when; our performers choose from their lists of open tasks, so all of it is opened at once. Where one thing is done
at a time (``ordering`` Sequential) nobody could choose from a list, so what is enabled is done in the order in which it
became so, at first that of the diagram.

After each activity in it the completion condition is asked. Once it holds nothing further begins, and what is still
under way is withdrawn or waited for. Without one it is over when all is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from SpiffWorkflow.task import Task

from engine.bpmn.case_workflow import CaseWorkflow, is_listener
from engine.rules import expressions

if TYPE_CHECKING:
    from engine.bpmn.model import AdHoc

#: Marks of tokens that begin as part of something that has begun: instances of a loop, compensation handlers.
_PARTS = ("instance", "undoes")


def host_of(token: Task, case: CaseWorkflow) -> Task | None:
    """The token of the ad-hoc subprocess in which ``token`` is one of the activities, None if it is in none."""
    node = token.task_spec.node
    if not node.in_ad_hoc or node.is_event_subprocess:
        return None
    host = case.scope_token(token.workflow)
    return None if "reopened" in host.internal_data else host


def is_too_late(token: Task, case: CaseWorkflow) -> bool:
    """Whether the activity at ``token`` may not begin any more, because the completion condition has held."""
    host = host_of(token, case)
    return host is not None and "over" in host.internal_data and token.internal_data.keys().isdisjoint(_PARTS)


def has_turn(token: Task, case: CaseWorkflow) -> bool:
    """Whether the activity at ``token`` may begin: where one is done at a time, once no other is."""
    host = host_of(token, case)
    if host is None or not _terms(host).sequential or not token.internal_data.keys().isdisjoint(_PARTS):
        return True
    return not any(
        other is not token
        and other.task_spec.node.is_activity
        and not other.task_spec.node.is_event_subprocess
        and not is_listener(other)
        and (other.id < token.id or "queued" not in other.internal_data)
        and "instance" not in other.internal_data
        for other in case.tokens(token.workflow)
    )


def is_over(host: Task, token: Task, case: CaseWorkflow) -> bool:
    """Whether the completion condition holds, now that the activity at ``token`` has ended, or has held before. What is
    not yet known is not yet true."""
    until, visible = _terms(host).until, case.variables(host)
    if "over" in host.internal_data:
        return True
    if not until or any(name not in visible for name in expressions.parse(until).required):
        return False
    if bool(case.evaluate(host, until)):
        host.internal_data["over"] = True
    return "over" in host.internal_data


def end(host: Task, token: Task, case: CaseWorkflow) -> None:
    """After ``token`` nothing further begins; the rest is withdrawn, or ends by itself."""
    workflow = token.workflow
    case.discard(token)
    for other in case.tokens(workflow):
        running = other.task_spec.node.is_activity and "queued" not in other.internal_data
        if _terms(host).cancels or not (running or is_listener(other)):
            case.cancel_token(other)
    case.settle(workflow)


def _terms(host: Task) -> AdHoc:
    terms: AdHoc = host.task_spec.node.ad_hoc
    return terms
