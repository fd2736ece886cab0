"""What people do to a running case by hand: moments that move, values that are put right, tokens that are moved."""

from __future__ import annotations

from collections.abc import Mapping, Set
from copy import deepcopy
from typing import Any

from SpiffWorkflow.task import Task

from engine.bpmn import compensation, loops
from engine.bpmn.activity import Activity
from engine.bpmn.case_workflow import CaseWorkflow, called_process, is_listener, is_other
from engine.bpmn.element import Element
from engine.bpmn.events import CatchingElement
from engine.bpmn.gateways import JoiningGateway
from engine.bpmn.step import Begin, Fact, Modify, Rearm
from engine.bpmn.tasks import UserTask
from engine.errors import Refused, refused
from engine.rules import expressions


def correct(values: Mapping[str, Any], case: CaseWorkflow) -> None:
    """Replaces variables in every process of the case that has them; in the case's own where none has."""
    owners = [scope for scope in (case, *case.subprocesses.values()) if scope.own_data]
    for scope in owners:
        there = {
            name: value
            for name, value in values.items()
            if name in scope.data or (scope is case and not any(name in other.data for other in owners))
        }
        before = {name: scope.data.get(name) for name in there}
        changed = {
            name: deepcopy(value)
            for name, value in there.items()
            if name not in scope.data or is_other(before[name], value)
        }
        if not changed:
            continue
        scope.data.update(changed)
        scope.written.extend(name for name in changed if name not in scope.written)
        at = 0 if scope is case else scope.parent_task_id
        process = case.process if scope is case else called_process(case.scope_token(scope))
        data = {"process": process, "token": at, "values": deepcopy(changed)}
        case.facts.append(Fact("values_set", "", {**data, "before": {name: before[name] for name in changed}}))


def rearm(action: Rearm, case: CaseWorkflow) -> None:
    """Sets the variables and works out anew every waiting moment that mentions one of them; those that mention a
    variable in ``hold`` stand still until it is set."""
    host = case.token(action.at)
    own = host.internal_data.get("local", {}) if host is not None else {}
    if host is not None:
        case.assign(host, {name: deepcopy(value) for name, value in action.values.items() if name in own})
    correct({name: value for name, value in action.values.items() if name not in own}, case)
    before = set(case.held)
    case.held = sorted((before - set(action.values)) | set(action.hold))
    case.released = before - set(case.held)
    case.rearmed = {*action.values, *action.hold}
    work_out_anew(case.rearmed, case)


def work_out_anew(touched: Set[str], case: CaseWorkflow) -> None:
    """Every waiting timer, and the dates of every open task, that mention one of these variables."""
    if not touched:
        return
    for token in case.tokens():
        element = token.task_spec
        if isinstance(element, CatchingElement) and "due" in token.internal_data and element.event.timer == "timeDate":
            if expressions.names_in_text(element.event.text) & touched:
                element.arm(token, case)
        elif isinstance(element, UserTask) and "task" in token.internal_data:
            element.set_moments(token, case, touched)


def modify(action: Modify, case: CaseWorkflow) -> None:
    """Withdraws tokens, sets values and begins new tokens, in that order for whoever reads the log. A subprocess in
    which nothing is left is withdrawn with them. Raises ``Refused`` and then nothing has happened."""
    leaving = [_leaving(number, case) for number in dict.fromkeys(action.cancel)]
    places = [_place(begin, case) for begin in action.begin]
    correct(action.values, case)
    begun = [_begin(workflow, element, case) for workflow, element in places]
    scopes: list[Any] = []
    for token in leaving:
        if token.id not in token.workflow.tasks:
            continue  # withdrawn together with what it ran inside of
        workflow, instance = token.workflow, token.internal_data.get("instance")
        case.cancel_token(token)
        if token.id in workflow.tasks:
            case.discard(token)
        scopes.append(workflow)
        if instance is not None and isinstance(token.task_spec, Activity) and instance["of"] in workflow.tasks:
            loops.instance_done(token.task_spec, workflow.tasks[instance["of"]], instance["index"], None, case)
        compensation.withdrawn(token, case)
    if any(token.id not in token.workflow.tasks and token.workflow not in _alive(case) for token in begun):
        raise refused(
            "新令牌所在的子流程同时被撤销了。", "A new token stands inside a subprocess that is withdrawn with it."
        )
    for workflow in scopes:
        _withdraw_if_empty(workflow, case)


def _alive(case: CaseWorkflow) -> list[Any]:
    return [case, *case.subprocesses.values()]


def _leaving(number: int, case: CaseWorkflow) -> Task:
    token = case.token(number)
    if token is None or is_listener(token):
        known = "、".join(_told(other) for other in case.tokens() if not is_listener(other))
        raise refused(f"没有令牌 {number}。可以撤销：{known}。", f"There is no token {number}. There are: {known}.")
    return token


def _told(token: Task) -> str:
    return f"{token.id} ({token.task_spec.bpmn_id})"


def _place(begin: Begin, case: CaseWorkflow) -> tuple[Any, Element]:
    """The scope and the element at which a token begins."""
    element = case.specs.elements.get((begin.process, begin.element))
    if element is None:
        raise refused(
            f"流程 {begin.process} 中没有元素“{begin.element}”。",
            f"The process {begin.process} has no element “{begin.element}”.",
        )
    node = element.node
    if node.type == "boundaryEvent" or node.is_event_subprocess:
        raise refused(
            f"令牌不能放在“{node.id}”上：请选择它之后的元素。",
            f"A token cannot be put at “{node.id}”: choose the element behind it.",
        )
    if isinstance(element, JoiningGateway) and len(node.incoming) > 1:
        raise refused(
            f"“{node.id}”要等待其他分支：请选择它之后的元素。",
            f"“{node.id}” waits for other branches: choose the element behind it.",
        )
    open_ = [scope for scope in _alive(case) if scope.spec.task_specs.get(element.name) is element]
    if begin.at is not None:
        open_ = [scope for scope in open_ if _at(scope, case) == begin.at]
    if len(open_) != 1:
        raise _not_one_place(begin, [_at(scope, case) for scope in open_])
    return open_[0], element


def _at(scope: Any, case: CaseWorkflow) -> int:
    """The token at which a scope runs; 0 for the case itself."""
    return 0 if scope is case else int(scope.parent_task_id)


def _not_one_place(begin: Begin, found: list[int]) -> Refused:
    if not found:
        return refused(
            f"“{begin.element}”所在的子流程没有在进行。请从子流程本身开始。",
            f"The subprocess that holds “{begin.element}” is not under way. Begin at the subprocess itself.",
        )
    places = ", ".join(map(str, found))
    return refused(
        f"“{begin.element}”可以在几处开始，请用 at 指明其一：{places}。",
        f"“{begin.element}” could begin in several places; name one with “at”: {places}.",
    )


def _begin(workflow: Any, element: Element, case: CaseWorkflow) -> Task:
    token = case.make_token(workflow, element)
    case.emit("token_placed", token)
    element._update(token)
    return token


def _withdraw_if_empty(workflow: Any, case: CaseWorkflow) -> None:
    """A scope whose last token was withdrawn has not ended: it is withdrawn too, and what is around it."""
    while workflow in _alive(case) and not any(not is_listener(token) for token in case.tokens(workflow)):
        if workflow is case:
            raise refused(
                "这样诉求件就没有任何待办了。要结束它，请撤销诉求件。",
                "Nothing would be left of the case. To end it, cancel the case.",
            )
        host = case.scope_token(workflow)
        workflow = host.workflow
        case.cancel_token(host)
