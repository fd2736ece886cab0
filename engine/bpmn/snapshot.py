"""The snapshot: where a case stands, as text (ADR 0002).

Only what is alive is in it: the tokens, the subprocesses under way and the variables. It is plain JSON without types or
key order that would carry meaning, it never holds the definition, and it does not grow with a case's past::

    {"v": 1, "process": "hotline", "next": 8, "finished": false,
     "scopes": [{"at": 0, "data": {…}, "written": […], "tokens": […]}]}

``held`` is there only while moments stand still: the names of the variables they are made of; ``clocks`` only while
limits run that the diagram declares.

A scope's ``at`` is the token at which the subprocess runs, 0 for the case itself; ``data`` is null where a subprocess
shares the variables around it; ``done`` is there only where something can be undone. ``in`` names the process of an
element that another process draws. A token at a call that took the newest version has its process in ``called``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.case_workflow import CaseWorkflow, called_process
from engine.bpmn.specs import Specs
from engine.bpmn.token import Token
from engine.errors import Bilingual, DiagramFailed

VERSION = 1
_LISTENS = {"attached", "listens", "gateway"}


@dataclass(frozen=True)
class Place:
    """A token and where it stands. ``inside``: the token of the subprocess or call around it, 0 for the case itself."""

    token: int
    process: str
    element: str
    inside: int


def places(text: str) -> tuple[Place, ...]:
    """Where the tokens of a snapshot stand, oldest first; what only listens (boundary events) is left out."""
    found = [
        Place(token["id"], token["process"], token["element"], scope["at"])
        for scope in json.loads(text)["scopes"]
        for token in scope["tokens"]
        if _LISTENS.isdisjoint(token["data"])
    ]
    return tuple(sorted(found, key=lambda place: place.token))


_STATES = {TaskState.WAITING: "waiting", TaskState.STARTED: "started"}
_STATE_OF = {name: state for state, name in _STATES.items()}


def dump(case: CaseWorkflow) -> str:
    """The text of a case's state after a step."""
    scopes = [_dump_scope(case, 0, case)]
    scopes += [_dump_scope(scope, token, case) for token, scope in sorted(case.subprocesses.items())]
    state = {"v": VERSION, "process": case.process, "next": case.next_token, "finished": case.finished}
    if case.held:
        state["held"] = case.held
    if case.clocks:
        state["clocks"] = case.clocks
    return json.dumps(
        {**state, "scopes": scopes},
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
    )


def _dump_scope(workflow: Any, at: int, case: CaseWorkflow) -> dict[str, Any]:
    return {
        "at": at,
        "data": workflow.data if workflow.own_data else None,
        "written": workflow.written,
        **({"done": workflow.completed} if workflow.completed else {}),
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


def has_clocks(text: str) -> bool:
    """Whether the case of this snapshot has clocks that run, as far as can be told without reading it: it may say so
    of a case that has none, never the other way round."""
    return '"clocks":' in text


def restore(text: str, specs: Specs, now: datetime) -> CaseWorkflow:
    """The case a snapshot describes, ready for the next action. Raises ``DiagramFailed`` if the version it is pinned to
    lacks an element at which it stands: then the snapshot belongs to another version."""
    state = json.loads(text)
    case = CaseWorkflow(specs, state["process"], now)
    case.next_token, case.finished = state["next"], state["finished"]
    case.held = state.get("held", [])
    case.clocks = state.get("clocks", {})
    case.alive = sum(len(scope["tokens"]) for scope in state["scopes"])
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
    name = called_process(host) if node.type == "callActivity" else f"{node.process}/{node.id}"
    scope = case.open_scope(host, name, own_data=saved["data"] is not None)
    _restore_scope(scope, saved, specs)


def _restore_scope(workflow: Any, saved: dict[str, Any], specs: Specs) -> None:
    workflow.written = saved["written"]
    workflow.completed = saved.get("done", [])
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
        token = Token(workflow, element, workflow.task_tree, _STATE_OF[item["state"]], id=item["id"])
        token.internal_data.update(item["data"])
