"""Clocks a diagram declares: ``camunda:properties`` on an activity, a subprocess or the process itself.

``deadline``: the kind; with ``deadlineLimit`` (a limit such as ``7 WD``) or ``deadlineDue`` (a moment).
``deadlineEnds`` on any element: that its end stops the clock of that kind. A clock whose end nobody draws stops where
its own element does. ``deadlinePauses`` on an activity: clocks of that kind stand still while it runs.

What a clock is at any time is told by its facts in the log (``engine.rules.clocks``); the snapshot keeps of a running
one only what later steps need.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from SpiffWorkflow.task import Task

from engine import clock
from engine.bpmn import timers
from engine.bpmn.case_workflow import CaseWorkflow, called_process
from engine.bpmn.clock_properties import DECLARES, ENDS, PAUSES, Reading, Result, kinds, plain_name, variable_of
from engine.bpmn.model import Process
from engine.bpmn.step import Fact
from engine.errors import Bilingual, ExpressionFailed
from engine.rules.calendar import CalendarError
from engine.rules.clocks import given_back, warning_moments
from engine.rules.deadlines import DeadlineError, span


def begin(token: Task, case: CaseWorkflow) -> None:
    """The clock of an activity begins. One that runs until another element ends goes on where its element is entered
    anew: sending back does not stop the limit (Q21)."""
    node = token.task_spec.node
    kind = node.properties[DECLARES].strip()
    at = _at(token.workflow, case)
    if kind in case.specs.ending_kinds and any(
        (found["kind"], found["at"], found["element"]) == (kind, at, node.id) for found in case.clocks.values()
    ):
        return
    reading = Reading(node.id, node.properties, case.variables(token), case.now)
    name, due = variable_of(node.properties), reading.due()
    if name not in reading.values or not plain_name(node.properties.get("deadlineDue", "")):
        if "instance" in token.internal_data:
            # Each instance has a clock of its own, so its due moment is no business of the others.
            token.internal_data.setdefault("local", {}).setdefault(name, None)
        case.assign(token, {name: _text(due)})
    where = {"process": node.process, "token": token.id}
    if "instance" in token.internal_data:
        where["instance"] = token.internal_data["instance"]["index"]
    _start(case, str(token.id), at, node.id, where, node.name, reading, name, due)


def begin_process(workflow: Any, drawn: Process, case: CaseWorkflow) -> None:
    """The clock of a process as a whole begins."""
    at = _at(workflow, case)
    reading = Reading(drawn.id, drawn.properties, workflow.data, case.now)
    name, due = variable_of(drawn.properties), reading.due()
    where = {"process": drawn.id, "token": at}
    if name not in workflow.data or not plain_name(drawn.properties.get("deadlineDue", "")):
        before = workflow.data.get(name)
        workflow.data[name] = _text(due)
        if name not in workflow.written:
            workflow.written.append(name)
        case.facts.append(Fact("values_set", "", {**where, "values": {name: _text(due)}, "before": {name: before}}))
    _start(case, f"{at}.0" if at else "0", at, "", where, drawn.name, reading, name, due)


def stop(token: Task, case: CaseWorkflow) -> None:
    """An element that stops clocks has ended: those of its scope, and of the scopes around it."""
    for key in _around(token, ENDS, case):
        _end(key, case, cancelled=False)


def pause(token: Task, case: CaseWorkflow) -> None:
    """An activity begins during which clocks stand still: those of its scope, and of the scopes around it. What is
    overdue does not, and what somebody paused by hand waits for them."""
    for key in _around(token, PAUSES, case):
        found = case.clocks[key]
        if "paused" in found:
            found["paused"]["by"].append(token.id)
            continue
        if found["variable"] in case.held or (found["due"] is not None and found["due"] < clock.to_text(case.now)):
            continue
        found["paused"] = {"from": clock.to_text(case.now), "by": [token.id]}
        case.held = sorted({*case.held, found["variable"]})
        case.touched.add(found["variable"])
        node = token.task_spec.node
        case.facts.append(
            Fact("clock_paused", found["element"], {**_about(key, found), "reason": node.name or node.id})
        )


def settle(case: CaseWorkflow) -> set[str]:
    """Once a case has come to rest: clocks whose element or scope is gone have ended, those that stood still for an
    activity that has ended go on, and those whose variable was set have moved. Returns the variables whose moments
    have to be worked out anew."""
    withdrawn = {fact.data["token"] for fact in case.facts if fact.kind == "element_cancelled"}
    for key, found in list(case.clocks.items()):
        owner = found["at"] if key.endswith(".0") or key == "0" else int(key)
        until_other = found["kind"] in case.specs.ending_kinds
        if case.finished or (owner and not until_other and case.token(owner) is None):
            _end(key, case, owner in withdrawn)
        elif found["at"] and case.token(found["at"]) is None:
            _end(key, case, found["at"] in withdrawn)
        else:
            _resume(key, owner, case)
            _follow(key, owner, case)
    # A clock that ended while it stood still leaves nothing standing still behind.
    free = (case.ended_clocks & set(case.held)) - {found["variable"] for found in case.clocks.values()}
    case.held = [name for name in case.held if name not in free]
    return case.touched | free


def _start(
    case: CaseWorkflow,
    key: str,
    at: int,
    element: str,
    where: Mapping[str, Any],
    name: str,
    reading: Reading,
    variable: str,
    due: datetime | None,
) -> None:
    started, unit = clock.to_text(reading.started), reading.limit.unit
    warnings = reading.guard("deadlineWarn", lambda: warning_moments(reading.started, due, reading.levels, unit))
    label = reading.properties.get("deadlineLabel") or name or reading.kind
    state = {
        "kind": reading.kind,
        "label": label,
        "variable": variable,
        "due": _text(due),
        "started": started,
        "unit": unit,
        "levels": list(reading.levels),
        "at": at,
        "process": where["process"],
        "element": element,
    }
    case.clocks[key] = state
    data = {
        **where,
        "key": key,
        "kind": reading.kind,
        "label": label,
        "started": started,
        "due": _text(due),
        "unit": unit,
        "value": reading.limit.value,
        "warnings": warnings,
        "cap": reading.cap,
        "variable": variable,
    }
    case.facts.append(Fact("clock_started", element, data))


def _end(key: str, case: CaseWorkflow, cancelled: bool) -> None:
    found = case.clocks.pop(key)
    case.ended_clocks.add(found["variable"])
    case.facts.append(Fact("clock_ended", found["element"], {**_about(key, found), "cancelled": cancelled}))


def _about(key: str, found: Mapping[str, Any]) -> dict[str, Any]:
    token = int(key.removesuffix(".0"))
    return {
        "process": found["process"],
        "token": token,
        "key": key,
        "kind": found["kind"],
        "label": found["label"],
    }


def _around(token: Task, name: str, case: CaseWorkflow) -> list[str]:
    """The keys of the clocks that an element's property names, in its scope and the scopes around it."""
    places = [_at(token.workflow, case)]
    while places[-1]:
        places.append(_at(case.scope_token(_scope(places[-1], case)).workflow, case))
    named = kinds(token.task_spec.node.properties[name])
    return [key for key, found in case.clocks.items() if found["kind"] in named and found["at"] in places]


def _resume(key: str, owner: int, case: CaseWorkflow) -> None:
    """A clock that stood still for activities of which none is left goes on, and gets back the time."""
    found = case.clocks[key]
    if "paused" not in found:
        return
    name = found["variable"]
    if name in case.held:
        if any(case.token(number) is not None for number in found["paused"]["by"]):
            return
        if found["due"] is not None:
            stopped = clock.from_text(found["paused"]["from"])
            due = _counted(found, lambda: given_back(clock.from_text(found["due"]), stopped, case.now, found["unit"]))
            _set(owner, found["at"], name, clock.to_text(due), case)
        case.held = [other for other in case.held if other != name]
        case.released.add(name)
        case.touched.add(name)
        case.facts.append(Fact("clock_resumed", found["element"], _about(key, found)))
    # Otherwise somebody let it go on by hand.
    del found["paused"]


def _set(owner: int, at: int, name: str, value: str, case: CaseWorkflow) -> None:
    """Sets the variable of a clock where it is seen from."""
    token = case.token(owner) if owner != at else None
    scope = _scope(at, case)
    if token is None and not scope.own_data:
        token = case.scope_token(scope)
    if token is not None:
        case.assign(token, {name: value})
        return
    before = scope.data.get(name)
    scope.data[name] = value
    process = case.process if scope is case else called_process(case.scope_token(scope))
    data = {"process": process, "token": at, "values": {name: value}, "before": {name: before}}
    case.facts.append(Fact("values_set", "", data))


def _counted(found: Mapping[str, Any], call: Callable[[], Result]) -> Result:
    try:
        return call()
    except (CalendarError, DeadlineError, timers.TimerUnreadable) as error:
        raise ExpressionFailed(
            element=found["element"], expression=found["variable"], reason=Bilingual(zh=error.zh, en=error.en)
        ) from None


def _follow(key: str, owner: int, case: CaseWorkflow) -> None:
    """Where the clock's variable was set to another moment, the clock is due at that."""
    found = case.clocks[key]
    value = _visible(owner, found["at"], case).get(found["variable"])
    due = _counted(found, lambda: None if value in (None, "") else timers.read_date(str(value)))
    before = found["due"]
    if _text(due) == before:
        return
    start, unit = clock.from_text(found["started"]), found["unit"]
    if due is not None and before is not None and found["variable"] in case.released:
        # It moved because it stood still: that time does not count as used, nor as allowed.
        stood = _counted(found, lambda: span(clock.from_text(before), due, unit))
        found["stood"] = found.get("stood", 0.0) + stood.total_seconds()
    stood_still = timedelta(seconds=found.get("stood", 0.0))
    warnings = _counted(found, lambda: warning_moments(start, due, found["levels"], unit, stood_still))
    found["due"] = _text(due)
    case.facts.append(
        Fact("clock_moved", found["element"], {**_about(key, found), "due": found["due"], "warnings": warnings})
    )
    case.touched.add(found["variable"])


def _visible(owner: int, at: int, case: CaseWorkflow) -> Mapping[str, Any]:
    """The variables as they are seen where a clock runs."""
    token = case.token(owner) if owner != at else None
    if token is not None:
        return case.variables(token)
    scope = _scope(at, case)
    data: Mapping[str, Any] = scope.data if scope.own_data else case.variables(case.scope_token(scope))
    return ChainMap(dict(data))


def _scope(at: int, case: CaseWorkflow) -> Any:
    return case if at == 0 else case.subprocesses[at]


def _at(workflow: Any, case: CaseWorkflow) -> int:
    """The token at which a scope runs; 0 for the case itself."""
    return 0 if workflow is case else int(workflow.parent_task_id)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else clock.to_text(moment)
