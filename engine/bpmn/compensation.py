"""Compensation: undoing what was done (BPMN 2.0.2 §10.7, §13.5.5), and how a transaction is cancelled (§13.3.3).

A scope remembers, in order of completion, the activities in it that can be undone: those with a compensation boundary
event, and subprocesses in which something can be. A *record* of one is ``{"element": id}``, with ``local`` (the values
an instance of a loop had of its own) and ``done`` (the records of what was completed inside a subprocess). Nothing else
is remembered, so the snapshot of a diagram without compensation does not change.

What is thrown takes the records out of the scope, so that nothing is undone twice, and undoes them one after another,
the last one first. The token that does so, the *driver*, carries those that are left in ``undo``; each handler carries
the number of its driver in ``undoes``. The driver is the token of the throwing event; beside one that does not wait, a
token of its own; for what is inside a subprocess, the token at which that subprocess is open again; for a cancelled
transaction, the transaction's token.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn import throwing
from engine.bpmn.case_workflow import CaseWorkflow
from engine.bpmn.element import Element, spec_name
from engine.errors import Bilingual, DiagramFailed

if TYPE_CHECKING:
    from engine.bpmn.model import EventDefinition, Node

Record = dict[str, Any]


# Remembering


def record_of(token: Task) -> list[Record]:
    """What can be undone of the activity that completes at ``token``."""
    node, data = token.task_spec.node, token.internal_data
    inside: list[Record] = data.get("done", [])
    if "loop" in data:
        return inside
    record: Record = {"element": node.id}
    if node.compensated_by is None:
        if not inside and (node.scope is None or node.scope.compensation_subprocess() is None):
            return []
        record["done"] = inside
    inputs = {parameter.target for parameter in node.inputs}
    local = {name: value for name, value in data.get("local", {}).items() if name not in inputs}
    if local:
        record["local"] = deepcopy(local)
    return [record]


def remember(token: Task, records: list[Record]) -> None:
    """The activity at ``token`` has completed: its scope, or the loop it is an instance of, remembers it."""
    if not records:
        return
    instance = token.internal_data.get("instance")
    if instance is None:
        token.workflow.completed.extend(records)
    else:
        token.workflow.tasks[instance["of"]].internal_data.setdefault("done", []).extend(records)


# Throwing


def throw(token: Task, event: EventDefinition, case: CaseWorkflow) -> bool:
    """Undoes what the throwing event at ``token`` can see. True if it goes on at once."""
    case.emit("compensation_thrown", token, activity=event.activity)
    records = _visible(token.workflow, event.activity, case)
    if not records:
        return True
    driver = token
    if not event.waits:
        driver = case.make_token(token.workflow, token.task_spec, TaskState.STARTED, background=True)
    driver.internal_data["undo"] = records
    _go_on(driver, case)
    return not event.waits


def _visible(workflow: Any, activity: str, case: CaseWorkflow) -> list[Record]:
    """Takes the records out of a scope, the last one first; of all activities if none is named. What is thrown in an
    event subprocess concerns the scope it belongs to as well (table 10.88)."""
    taken: list[Record] = []
    while True:
        chosen = [record for record in workflow.completed if activity in ("", record["element"])]
        workflow.completed = [record for record in workflow.completed if record not in chosen]
        taken += _placed(workflow, chosen, case)
        host = None if workflow is case else case.scope_token(workflow)
        if host is None or not host.task_spec.node.is_event_subprocess:
            return taken
        workflow = host.workflow


def _placed(workflow: Any, records: list[Record], case: CaseWorkflow) -> list[Record]:
    """Records in the order in which they are undone, with the scope they belong to."""
    at = 0 if workflow is case else workflow.parent_task_id
    return [{**record, "at": at} for record in reversed(records)]


# Undoing


def _go_on(driver: Task, case: CaseWorkflow) -> None:
    """Undoes the next thing; after the last one the driver goes its way."""
    undo: list[Record] = driver.internal_data["undo"]
    if undo:
        _undo(driver, undo.pop(0), case)
        return
    del driver.internal_data["undo"]
    workflow = driver.workflow
    if driver.internal_data.get("background"):
        case.discard(driver)
        case.settle(workflow)
    elif driver.internal_data.get("cancelled"):
        _leave_cancelled(driver, case)
    elif driver.id in case.subprocesses:
        case.settle(case.subprocesses[driver.id])
    else:
        driver.complete()


def handled(token: Task, case: CaseWorkflow) -> None:
    """The handler at ``token`` has ended."""
    case.emit("compensation_ended", token)
    driver = case.token(token.internal_data["undoes"])
    case.discard(token)
    if driver is not None:
        _go_on(driver, case)


def _undo(driver: Task, record: Record, case: CaseWorkflow) -> None:
    workflow: Any = case.subprocesses[record["at"]] if record["at"] else case
    element = workflow.spec.task_specs.get(spec_name(record["element"]))
    if element is None:
        raise DiagramFailed(
            element=record["element"],
            reason=Bilingual(
                zh="要补偿的活动在当前版本中不存在。", en="The activity to compensate does not exist in this version."
            ),
        )
    own: dict[str, Any] = {"undoes": driver.id}
    if "local" in record:
        own["local"] = record["local"]
    if "done" not in record:
        handler: Element = element.sibling(element.node.compensated_by)
        token = case.make_token(workflow, handler, **own)
        case.emit("compensation_began", token, activity=record["element"])
        handler._update(token)
        return
    # What was completed inside a subprocess is undone inside it: it is open again, for that alone.
    host = case.make_token(workflow, element, TaskState.STARTED, reopened=True, **own)
    case.emit("compensation_began", host, activity=record["element"])
    scope = case.open_scope(host, element.scope_key, own_data=False)
    start = None if record.get("partial") else element.compensation_start()
    if start is not None:
        scope.completed = record["done"]
        throwing.start_event_subprocess(scope, start, case)
    else:
        host.internal_data["undo"] = _placed(scope, record["done"], case)
        _go_on(host, case)


def withdrawn(token: Task, case: CaseWorkflow) -> None:
    """Somebody withdrew a handler by hand: what comes after it is undone all the same."""
    driver = case.token(token.internal_data.get("undoes", 0))
    if driver is not None:
        _go_on(driver, case)


def take_over(
    records: list[Record], process: str, nodes: Mapping[tuple[str, str], Node], mapping: Mapping[str, str]
) -> list[str]:
    """Renames what a snapshot remembers, for another version with these nodes. Returns the activities that it cannot
    undo."""
    missing = []
    for record in records:
        name = record["element"]
        record["element"] = mapping.get(name, name)
        node = nodes.get((process, record["element"]))
        if node is None or (node.scope if "done" in record else node.compensated_by) is None:
            missing.append(name)
        missing += take_over(record.get("done", []), process, nodes, mapping)
    return missing


# Cancelling a transaction


def cancel(token: Task, case: CaseWorkflow) -> None:
    """A cancel end event: the transaction around it stops, all that was completed in it is undone, and it is left by
    its cancel boundary event."""
    workflow = token.workflow
    host = case.scope_token(workflow)
    while host.task_spec.node.type != "transaction":
        workflow = host.workflow
        host = case.scope_token(workflow)
    case.emit("element_ended", token, flows=[])
    case.emit("transaction_cancelled", host)
    case.discard(token)
    _put_back(workflow, case)
    records = _so_far(workflow, case)
    case.cancel_all(workflow)
    workflow.completed = []
    host.internal_data.update(cancelled=True, undo=_placed(workflow, records, case))
    _go_on(host, case)


def _leave_cancelled(host: Task, case: CaseWorkflow) -> None:
    boundary = next(element for element in host.task_spec.boundaries() if element.event.kind == "cancel")
    throwing.boundary_fired(boundary, host, case)


def _put_back(workflow: Any, case: CaseWorkflow) -> None:
    """What a compensation that is under way has not come to yet is remembered again."""
    for inner in _within(workflow, case):
        for token in case.tokens(inner):
            left = token.internal_data.pop("undo", [])
            for record in reversed(left):
                owner: Any = case.subprocesses[record["at"]] if record["at"] else case
                owner.completed.append({key: value for key, value in record.items() if key != "at"})


def _within(workflow: Any, case: CaseWorkflow) -> Iterable[Any]:
    yield workflow
    for token in case.tokens(workflow):
        scope = case.subprocesses.get(token.id)
        if scope is not None and not scope.own_data:
            yield from _within(scope, case)


def _so_far(workflow: Any, case: CaseWorkflow) -> list[Record]:
    """What was completed in a scope and in the subprocesses that are still under way in it."""
    records: list[Record] = list(workflow.completed)
    for token in case.tokens(workflow):
        records += token.internal_data.get("done", [])
        scope = case.subprocesses.get(token.id)
        if scope is None or scope.own_data:
            continue
        inside = _so_far(scope, case)
        if inside:
            record: Record = {"element": token.task_spec.bpmn_id, "done": inside, "partial": True}
            if token.internal_data.get("local"):
                record["local"] = deepcopy(token.internal_data["local"])
            records.append(record)
    return records
