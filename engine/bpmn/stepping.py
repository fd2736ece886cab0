"""One step: an action carried out on a case until everything waits again. A pure function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any

from SpiffWorkflow.exceptions import SpiffWorkflowException

from engine import clock
from engine.bpmn import clocks, containers, events, interventions, snapshot
from engine.bpmn.case_workflow import CaseWorkflow
from engine.bpmn.definition import Definition
from engine.bpmn.events import CatchingElement
from engine.bpmn.service_tasks import ExternalTask
from engine.bpmn.step import (
    Action,
    Complete,
    Correct,
    External,
    Fault,
    Finish,
    Fire,
    Message,
    Modify,
    OpenTask,
    Rearm,
    Signal,
    Skip,
    Start,
    Step,
    Wait,
    moment_key,
)
from engine.bpmn.tasks import UserTask
from engine.errors import Bilingual, CaseClosed, DiagramFailed, Refused, TaskAlreadyDone, refused


def step(definition: Definition, before: str | None, action: Action, now: datetime, skips: Sequence[Skip] = ()) -> Step:
    """What ``action`` does to the case whose snapshot is ``before`` (None: a new case, ``action`` is ``Start``).

    ``skips``: elements to pass by instead of executing them, each once. Same arguments, same result: identities are
    counted, the moment is given. Raises ``DiagramFailed`` (then nothing has happened), ``TaskAlreadyDone``,
    ``Refused``.
    """
    try:
        case = _begin(definition, before, action, moment_key(now), tuple(skips))
        case.run()
        if isinstance(action, Fire):
            _fire_due(case)
        for skip in case.not_skipped:
            raise refused(
                f"没有令牌经过“{skip.element}”，无法跳过。",
                f"No token comes to “{skip.element}”; it cannot be passed by.",
            )
        return result_of(case)
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


def open_externals(definition: Definition, text: str, now: datetime) -> tuple[External, ...]:
    """The work outside that a snapshot waits for."""
    if not definition.works_outside:
        return ()
    return _externals(snapshot.restore(text, definition.specs, now))


def _begin(
    definition: Definition, before: str | None, action: Action, now: datetime, skips: tuple[Skip, ...]
) -> CaseWorkflow:
    if before is None:
        if not isinstance(action, Start):
            raise TypeError("a case begins with Start")
        return _start(definition, action, now, skips)
    case = snapshot.restore(before, definition.specs, now)
    case.skips = skips
    if case.finished:
        raise CaseClosed(case=definition.id)
    if isinstance(action, Complete):
        token = case.token(action.token)
        if token is None or not isinstance(token.task_spec, UserTask) or "task" not in token.internal_data:
            raise TaskAlreadyDone(task=action.token, by=Bilingual(zh="他人", en="somebody else"))
        token.task_spec.enter(token, action.values, case)
    elif isinstance(action, Finish | Fault):
        token = case.token(action.token)
        if token is None or not isinstance(token.task_spec, ExternalTask) or "external" not in token.internal_data:
            raise TaskAlreadyDone(task=action.token, by=Bilingual(zh="他人", en="somebody else"))
        if isinstance(action, Finish):
            token.task_spec.finish(token, action.values, case)
        else:
            token.task_spec.fault(token, action.code, action.message, action.values, case)
    elif isinstance(action, Message) and not events.deliver_message(
        action.name, action.values, case, action.key, addressed=True
    ):
        raise _nobody_waits("消息", "message", action.name)
    elif isinstance(action, Signal) and not events.deliver_signal(action.name, action.values, case):
        raise _nobody_waits("信号", "signal", action.name)
    elif isinstance(action, Correct):
        interventions.correct(action.values, case)
    elif isinstance(action, Rearm):
        interventions.rearm(action, case)
    elif isinstance(action, Modify):
        interventions.modify(action, case)
    return case


def _nobody_waits(zh: str, en: str, name: str) -> Refused:
    return Refused(reason=Bilingual(zh=f"没有环节在等待{zh}“{name}”。", en=f"Nothing waits for the {en} “{name}”."))


def _start(definition: Definition, action: Start, now: datetime, skips: tuple[Skip, ...]) -> CaseWorkflow:
    case = CaseWorkflow(definition.specs, definition.id, now)
    case.skips = skips
    case.data.update(deepcopy(dict(action.values)))
    drawn = definition.processes[definition.id]
    starts = drawn.start_events()
    starts_at = action.element
    if starts_at is not None:
        if starts_at not in {node.id for node in starts}:
            raise refused(
                f"流程 {definition.id} 没有开始事件“{starts_at}”。",
                f"{definition.id} has no start event “{starts_at}”.",
            )
    elif action.message is not None or action.signal is not None:
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
                    zh=f"流程 {definition.id} 没有普通开始事件，只能由消息、信号或时间启动。",
                    en=f"{definition.id} has no plain start event: messages, signals or the time start it.",
                )
            )
        starts_at = starts[0].id
    containers.enter_scope(case, drawn, case, starts_at)
    return case


def _fire_due(case: CaseWorkflow) -> None:
    """Fires what is due, the longest due first, and looks again: a cycle catches up, a fired timer may arm another."""
    while not case.finished:
        # The moments are written alike, so that the smallest text is the longest due.
        due, number = min(_timers(case), default=("", 0))
        if not due or clock.from_text(due) > case.now:
            return
        token = case.token(number)
        if token is not None:
            case.count_element(token)
            case.emit("timer_fired", token, due=due)
            token.task_spec.fire(token, case)
            case.run()


def _timers(case: CaseWorkflow) -> Iterator[tuple[str, int]]:
    """When each timer is due, with its token. A step that catches up asks thousands of times: nothing is sorted."""
    for scope in (case, *case.subprocesses.values()):
        for number, token in scope.tasks.items():
            if "due" in token.internal_data and "held" not in token.internal_data:
                yield token.internal_data["due"], number


def result_of(case: CaseWorkflow) -> Step:
    """What a case that has come to rest amounts to."""
    if case.clocks or case.held:
        interventions.work_out_anew(clocks.settle(case) - case.rearmed, case)
    tasks, waits = ((), ()) if case.finished else (_open_tasks(case), _waits(case))
    externals = () if case.finished else _externals(case)
    # Nobody and nothing will ever act on this case again, and it has not ended: a join waits in vain.
    at_rest = case.finished or tasks or waits or externals
    starved = () if at_rest else tuple(token.task_spec.bpmn_id for token in case.tokens())
    return Step(
        snapshot=snapshot.dump(case),
        facts=tuple(case.facts),
        sends=tuple(case.sends),
        finished=case.finished,
        tasks=tasks,
        waits=waits,
        starved=tuple(dict.fromkeys(starved)),
        # The case is left alone from here on, so what it holds need not be copied.
        values=dict(case.data),
        externals=externals,
        called=dict(case.called),
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
                due=None if terms.get("held") else terms["due"],
                follow_up=terms["follow_up"],
                priority=terms["priority"],
                documentation=node.documentation,
                values=dict(case.variables(token)),
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
                    due=None if "held" in token.internal_data else token.internal_data.get("due"),
                    key=token.internal_data.get("key"),
                )
            )
    return tuple(found)


def _externals(case: CaseWorkflow) -> tuple[External, ...]:
    found = (token.task_spec.opened(token) for token in case.tokens() if isinstance(token.task_spec, ExternalTask))
    return tuple(external for external in found if external is not None)
