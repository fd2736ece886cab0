"""The snapshot: where a case stands, as text (ADR 0002).

Only what is alive is in it: the tokens, the subprocesses under way and the variables. It is plain JSON without types or
key order that would carry meaning, it never holds the definition, and it does not grow with a case's past::

    {"v": 1, "process": "hotline", "next": 8, "finished": false,
     "scopes": [{"at": 0, "data": {…}, "written": […], "tokens": […]}]}

A scope's ``at`` is the token at which the subprocess runs, 0 for the case itself; ``data`` is null where a subprocess
shares the variables around it. ``in`` names the process of an element that another process draws.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.case_workflow import CaseWorkflow
from engine.bpmn.specs import Specs
from engine.errors import Bilingual, DiagramFailed

VERSION = 1
_STATES = {TaskState.WAITING: "waiting", TaskState.STARTED: "started"}
_STATE_OF = {name: state for state, name in _STATES.items()}


def dump(case: CaseWorkflow) -> str:
    """The text of a case's state after a step."""
    scopes = [_dump_scope(case, 0, case)]
    scopes += [_dump_scope(scope, token, case) for token, scope in sorted(case.subprocesses.items())]
    return json.dumps(
        {"v": VERSION, "process": case.process, "next": case.next_token, "finished": case.finished, "scopes": scopes},
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
    )


def _dump_scope(workflow: Any, at: int, case: CaseWorkflow) -> dict[str, Any]:
    return {
        "at": at,
        "data": workflow.data if workflow.own_data else None,
        "written": workflow.written,
        "tokens": [
            {
                "id": token.id,
                "process": token.task_spec.node.process,
                "element": token.task_spec.bpmn_id,
                "state": _STATES[token.state],
                "data": token.internal_data,
            }
            for token in case.tokens(workflow)
        ],
    }


def restore(text: str, specs: Specs, now: datetime) -> CaseWorkflow:
    """The case a snapshot describes, ready for the next action. Raises ``DiagramFailed`` if the version it is pinned to
    lacks an element at which it stands: then the snapshot belongs to another version."""
    state = json.loads(text)
    case = CaseWorkflow(specs, state["process"], now)
    case.next_token, case.finished = state["next"], state["finished"]
    waiting = {scope["at"]: scope for scope in state["scopes"]}
    _restore_scope(case, waiting.pop(0), specs)
    while waiting:
        ready = [at for at in waiting if case.token(at) is not None]
        if not ready:
            raise DiagramFailed(
                element=state["process"], reason=Bilingual(zh="快照已损坏。", en="The snapshot is damaged.")
            )
        for at in ready:
            host = case.token(at)
            if host is not None:
                _open_scope(case, host, waiting.pop(at), specs)
    return case


def _open_scope(case: CaseWorkflow, host: Task, saved: dict[str, Any], specs: Specs) -> None:
    node = host.task_spec.node
    name = node.calls if node.type == "callActivity" else f"{node.process}/{node.id}"
    scope = case.open_scope(host, name, own_data=saved["data"] is not None)
    _restore_scope(scope, saved, specs)


def _restore_scope(workflow: Any, saved: dict[str, Any], specs: Specs) -> None:
    workflow.written = saved["written"]
    if saved["data"] is not None:
        workflow.data.update(saved["data"])
    for item in saved["tokens"]:
        element = specs.elements.get((item["process"], item["element"]))
        if element is None:
            raise DiagramFailed(
                element=item["element"],
                reason=Bilingual(
                    zh="当前版本中没有这个元素，快照不属于这个版本。",
                    en="This version has no such element; the snapshot belongs to another one.",
                ),
            )
        token = Task(workflow, element, workflow.task_tree, _STATE_OF[item["state"]], id=item["id"])
        token.internal_data.update(item["data"])
