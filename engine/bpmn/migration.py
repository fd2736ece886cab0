"""Taking a running case over to another version of its procedure: the tokens stay, the diagram under them changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn import compensation, snapshot
from engine.bpmn.activity import Activity
from engine.bpmn.case_workflow import CaseWorkflow
from engine.bpmn.definition import Definition
from engine.bpmn.element import spec_name
from engine.bpmn.events import WAITING_KINDS
from engine.bpmn.model import Node
from engine.bpmn.step import Step, moment_key
from engine.bpmn.stepping import result_of
from engine.bpmn.tasks import UserTask
from engine.errors import Bilingual, MigrationRefused


def migrate(
    old: Definition, before: str, new: Definition, mapping: Mapping[str, str], now: datetime
) -> tuple[Step, tuple[str, ...]]:
    """The case whose snapshot on ``old`` is ``before``, on ``new``, and the elements at which tokens stand there.

    ``mapping``: id of an element in ``old`` → its id in ``new``; elements that are not named keep their id. Names,
    labels and anything that is only drawn may change freely. Open tasks get the roles and the form of the new version;
    their dates, and timers that are armed, stay. New boundary events begin to listen, those that are gone stop.
    Raises ``MigrationRefused`` with a reason for each token that cannot be taken over.
    """
    state = json.loads(before)
    reasons: list[tuple[str, Bilingual]] = []
    dropped = _take_over(state, old, new, mapping, reasons)
    if reasons:
        raise MigrationRefused(reasons)
    for scope in state["scopes"]:
        scope["tokens"] = [token for token in scope["tokens"] if token["id"] not in dropped]
    case = snapshot.restore(json.dumps(state, ensure_ascii=False), new.specs, moment_key(now))
    for token in case.tokens():
        if isinstance(token.task_spec, UserTask) and "task" in token.internal_data:
            token.task_spec.reassign(token, case)
    _listen(case)
    case.run()
    step = result_of(case)
    return step, tuple(dict.fromkeys(token.task_spec.bpmn_id for token in case.tokens()))


def _take_over(
    state: dict[str, Any],
    old: Definition,
    new: Definition,
    mapping: Mapping[str, str],
    reasons: list[tuple[str, Bilingual]],
) -> set[int]:
    """Rewrites the tokens of a snapshot; returns the numbers of listeners that have no place any more."""
    if state["process"] != new.id:
        reasons.append((state["process"], Bilingual(zh="这是另一个流程。", en="This is another procedure.")))
        return set()
    known = {token["id"]: token for scope in state["scopes"] for token in scope["tokens"]}
    _take_records_over(state, known, old, new, mapping, reasons)
    dropped: set[int] = set()
    for token in known.values():
        before = old.nodes.get((token["process"], token["element"]))
        renames = mapping if token["process"] in old.own else {}
        target = renames.get(token["element"], token["element"])
        after = new.nodes.get((token["process"], target))
        listens = "attached" in token["data"] or "listens" in token["data"]
        if after is None or before is None:
            if listens and token["element"] not in renames:
                dropped.add(token["id"])
                continue
            reasons.append(_reason(token, target, "新版本中没有这个元素。", "The new version has no such element."))
            continue
        told = _differences(token, before, after, known, renames)
        if told is not None:
            if listens:
                dropped.add(token["id"])
                continue
            reasons.append(_reason(token, target, *told))
            continue
        token["element"] = target
        if "listens" in token["data"]:
            token["data"]["listens"] = renames.get(token["data"]["listens"], token["data"]["listens"])
        if "flow" in token["data"] and not _keep_flow(token, before, after, renames):
            reasons.append(
                _reason(
                    token,
                    target,
                    "它来时所经的连线在新版本中不存在。",
                    "The flow it came by does not exist in the new version.",
                )
            )
    return dropped


def _take_records_over(
    state: dict[str, Any],
    known: Mapping[int, Any],
    old: Definition,
    new: Definition,
    mapping: Mapping[str, str],
    reasons: list[tuple[str, Bilingual]],
) -> None:
    """What was completed and can be undone must be one that the new version can undo."""
    for scope in state["scopes"]:
        host = known.get(scope["at"])
        drawn = old.nodes.get((host["process"], host["element"])) if host is not None else None
        called = drawn and (host["data"].get("called") or drawn.called) if host is not None else None
        process = state["process"] if host is None else called or host["process"]
        kept = [(process, scope.get("done", []))]
        for token in scope["tokens"]:
            kept += [(token["process"], token["data"].get(name, [])) for name in ("done", "undo")]
        for owner, records in kept:
            renames = mapping if owner in old.own else {}
            for name in compensation.take_over(records, owner, new.nodes, renames):
                told = {"element": name}
                reasons.append(
                    _reason(
                        told,
                        renames.get(name, name),
                        "它已经完成，新版本中不能补偿它。",
                        "It was completed, and the new version cannot undo it.",
                    )
                )


def _reason(token: Mapping[str, Any], target: str, zh: str, en: str) -> tuple[str, Bilingual]:
    source = token["element"]
    arrow = source if source == target else f"{source} → {target}"
    return source, Bilingual(zh=f"{arrow}：{zh}", en=f"{arrow}: {en}")


def _differences(
    token: Mapping[str, Any], before: Node, after: Node, known: Mapping[int, Any], mapping: Mapping[str, str]
) -> tuple[str, str] | None:
    """Why a token at ``before`` cannot stand at ``after`` (zh, en)."""
    if before.type != after.type or before.is_event_subprocess != after.is_event_subprocess:
        return f"类型不同（{before.type}、{after.type}）。", f"It is of another type ({before.type}, {after.type})."
    if (before.event and before.event.kind) != (after.event and after.event.kind):
        return "事件的种类不同。", "The event is of another kind."
    if before.calls != after.calls:
        return "调用的是另一个流程。", "It calls another process."
    if before.calls_version != after.calls_version:
        return "调用的版本不同。", "It calls another version."
    if "attached" in token["data"] and after.attached_to is not None:
        host = known.get(token["data"]["attached"], {}).get("element", "")
        if mapping.get(host, host) != after.attached_to and host != after.attached_to:
            return "它附在另一个活动上。", "It is attached to another activity."
    running_loop = "loop" in token["data"] or "instance" in token["data"]
    if running_loop != (after.loop is not None) or (
        before.loop is not None
        and after.loop is not None
        and (before.loop.standard, before.loop.sequential) != (after.loop.standard, after.loop.sequential)
    ):
        return "循环或多实例的方式不同。", "Its loop or multi-instance is of another sort."
    return None


def _keep_flow(token: dict[str, Any], before: Node, after: Node, mapping: Mapping[str, str]) -> bool:
    """A token that waits at a join, or behind an event gateway, remembers its flow: the same id, or the one flow that
    comes from the same element."""
    flow = token["data"]["flow"]
    if flow in {found.id for found in after.incoming}:
        return True
    source = next((found.source for found in before.incoming if found.id == flow), "")
    same = [found.id for found in after.incoming if found.source == mapping.get(source, source)]
    if len(same) != 1:
        return False
    token["data"]["flow"] = same[0]
    return True


def _listen(case: CaseWorkflow) -> None:
    """Arms the boundary events and event subprocesses that the new version has and the old one had not."""
    for token in case.tokens():
        element = token.task_spec
        if not isinstance(element, Activity) or not {"instance", "reopened", "queued"}.isdisjoint(token.internal_data):
            continue
        listening = {
            other.task_spec.bpmn_id
            for other in case.tokens(token.workflow)
            if other.internal_data.get("attached") == token.id
        }
        for boundary in element.boundaries():
            if boundary.event.kind in WAITING_KINDS and boundary.bpmn_id not in listening:
                made = case.make_token(token.workflow, boundary, TaskState.WAITING, attached=token.id)
                boundary.listen(made, case)
    for workflow in (case, *case.subprocesses.values()):
        if workflow is case or "reopened" not in case.scope_token(workflow).internal_data:
            _listen_inside(workflow, case)


def _listen_inside(workflow: Any, case: CaseWorkflow) -> None:
    listening = {token.internal_data.get("listens") for token in case.tokens(workflow)}
    running = {token.task_spec.bpmn_id for token in case.tokens(workflow)}
    for element in list(workflow.spec.task_specs.values()):
        node = getattr(element, "node", None)
        if node is None or not node.is_event_subprocess or node.id in listening or node.id in running:
            continue
        owner = workflow.spec.task_specs[spec_name(node.id)]
        for start in owner.inner_starts():
            if start.event.kind in WAITING_KINDS:
                listener = case.make_token(workflow, start, TaskState.WAITING, listens=node.id)
                start.listen(listener, case)
