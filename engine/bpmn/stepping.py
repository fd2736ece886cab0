"""One step: an action carried out on a case until everything waits again. A pure function."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from typing import Any

from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.task import Task

from engine import clock
from engine.bpmn import containers, events, snapshot
from engine.bpmn.case_workflow import CaseWorkflow
from engine.bpmn.definition import Definition
from engine.bpmn.events import CatchingElement
from engine.bpmn.step import Action, Complete, Fire, Message, OpenTask, Signal, Start, Step, Wait, moment_key
from engine.bpmn.tasks import UserTask
from engine.errors import Bilingual, CaseClosed, DiagramFailed, Refused, TaskAlreadyDone


def step(definition: Definition, before: str | None, action: Action, now: datetime) -> Step:
    """What ``action`` does to the case whose snapshot is ``before`` (None: a new case, ``action`` is ``Start``).

    Same arguments, same result: identities are counted, the moment is given. Raises ``DiagramFailed`` (nothing has
    happened then), ``TaskAlreadyDone``, ``Refused``.
    """
    try:
        case = _begin(definition, before, action, moment_key(now))
        case.run()
        if isinstance(action, Fire):
            _fire_due(case)
        return _result(case)
    except (SpiffWorkflowException, RecursionError, MemoryError) as error:
        raise DiagramFailed(
            element=definition.id,
            reason=Bilingual(
                zh=f"执行引擎出错（{type(error).__name__}）。", en=f"The engine failed ({type(error).__name__})."
            ),
        ) from error


def open_items(definition: Definition, text: str, now: datetime) -> tuple[tuple[OpenTask, ...], tuple[Wait, ...]]:
    """The open tasks and waits a snapshot describes: what the index tables must hold."""
    case = snapshot.restore(text, definition.specs, now)
    return _open_tasks(case), _waits(case)


def _begin(definition: Definition, before: str | None, action: Action, now: datetime) -> CaseWorkflow:
    if before is None:
        if not isinstance(action, Start):
            raise TypeError("a case begins with Start")
        return _start(definition, action, now)
    case = snapshot.restore(before, definition.specs, now)
    if case.finished:
        raise CaseClosed(case=definition.id)
    if isinstance(action, Complete):
        token = case.token(action.token)
        if token is None or not isinstance(token.task_spec, UserTask) or "task" not in token.internal_data:
            raise TaskAlreadyDone(task=action.token, by=Bilingual(zh="他人", en="somebody else"))
        token.task_spec.enter(token, action.values, case)
    elif isinstance(action, Message) and not events.deliver_message(action.name, action.values, case):
        raise _nobody_waits("消息", "message", action.name)
    elif isinstance(action, Signal) and not events.deliver_signal(action.name, action.values, case):
        raise _nobody_waits("信号", "signal", action.name)
    return case


def _nobody_waits(zh: str, en: str, name: str) -> Refused:
    return Refused(reason=Bilingual(zh=f"没有环节在等待{zh}“{name}”。", en=f"Nothing waits for the {en} “{name}”."))


def _start(definition: Definition, action: Start, now: datetime) -> CaseWorkflow:
    case = CaseWorkflow(definition.specs, definition.id, now)
    case.data.update(deepcopy(dict(action.values)))
    drawn = definition.processes[definition.id]
    starts = drawn.start_events()
    starts_at = None
    if action.message is not None or action.signal is not None:
        kind, name = ("message", action.message) if action.message is not None else ("signal", action.signal)
        starts_at = next(
            (node.id for node in starts if node.event and node.event.kind == kind and node.event.name == name), None
        )
        if starts_at is None:
            raise Refused(
                reason=Bilingual(
                    zh=f"流程 {definition.id} 不由“{name}”启动。", en=f"{definition.id} does not start with “{name}”."
                )
            )
    elif starts and not [node for node in starts if node.event is None or node.event.kind == "none"]:
        if len(starts) > 1:
            raise Refused(
                reason=Bilingual(
                    zh=f"流程 {definition.id} 只能由消息或信号启动。",
                    en=f"{definition.id} starts with a message or signal only.",
                )
            )
        starts_at = starts[0].id
    containers.enter_scope(case, drawn, case, starts_at)
    return case


def _fire_due(case: CaseWorkflow) -> None:
    """Fires what is due, the longest due first, and looks again: a cycle catches up, a fired timer may arm another."""
    while not case.finished:
        due = sorted(
            (token.internal_data["due"], token.id)
            for token in _timers(case)
            if clock.from_text(token.internal_data["due"]) <= case.now
        )
        if not due:
            return
        token = case.token(due[0][1])
        if token is not None:
            case.count_element(token)
            case.emit("timer_fired", token, due=due[0][0])
            token.task_spec.fire(token, case)
            case.run()


def _timers(case: CaseWorkflow) -> list[Task]:
    return [token for token in case.tokens() if "due" in token.internal_data]


def _result(case: CaseWorkflow) -> Step:
    tasks, waits = ((), ()) if case.finished else (_open_tasks(case), _waits(case))
    # Nobody and nothing will ever act on this case again, and it has not ended: a join waits in vain.
    starved = () if case.finished or tasks or waits else tuple(token.task_spec.bpmn_id for token in case.tokens())
    return Step(
        snapshot=snapshot.dump(case),
        facts=tuple(case.facts),
        sends=tuple(case.sends),
        finished=case.finished,
        tasks=tasks,
        waits=waits,
        starved=tuple(dict.fromkeys(starved)),
        values=deepcopy(case.data),
    )


def _open_tasks(case: CaseWorkflow) -> tuple[OpenTask, ...]:
    found = []
    for token in case.tokens():
        terms: dict[str, Any] | None = token.internal_data.get("task")
        if terms is None:
            continue
        node = token.task_spec.node
        found.append(
            OpenTask(
                token=token.id,
                element=node.id,
                name=node.name or node.id,
                process=node.process,
                roles=tuple(terms["roles"]),
                users=tuple(terms["users"]),
                assignee=terms["assignee"],
                unit=terms["unit"],
                lane=terms.get("lane", ""),
                form=terms["form"],
                due=terms["due"],
                follow_up=terms["follow_up"],
                priority=terms["priority"],
                documentation=node.documentation,
                values=deepcopy(dict(case.variables(token))),
            )
        )
    return tuple(found)


def _waits(case: CaseWorkflow) -> tuple[Wait, ...]:
    found = []
    for token in case.tokens():
        element = token.task_spec
        if (
            isinstance(element, CatchingElement)
            and element.is_waiting(token)
            and element.event.kind in events.WAITING_KINDS
        ):
            found.append(
                Wait(
                    token=token.id,
                    kind=element.event.kind,
                    element=element.bpmn_id,
                    process=element.node.process,
                    name=element.event.name,
                    due=token.internal_data.get("due"),
                )
            )
    return tuple(found)
