"""What must hold of start events, transactions, ad-hoc subprocesses and compensation before they may be published."""

from __future__ import annotations

from contextlib import suppress

from engine.bpmn.model import Node, Process, Scope
from engine.bpmn.problems import Problems
from engine.rules import expressions


def check_scopes(process: Process, problems: Problems) -> None:
    """Everything of that kind in a process and in the subprocesses inside it."""
    if (undoes := process.compensation_subprocess()) is not None:
        problems.error(
            undoes.id,
            "compensation_never",
            "最上层的补偿事件子流程永远不会被触发：请放在子流程内。",
            "Nothing can trigger a compensation event subprocess at the top level: put it inside a subprocess.",
        )
    _check_scope(process, (), problems)


def _check_scope(scope: Scope, around: tuple[tuple[Node, Scope], ...], problems: Problems) -> None:
    """``around``: the subprocesses that hold this scope, the innermost last, each with the scope it stands in."""
    if sum("compensate" in node.scope_starts for node in scope.event_subprocesses()) > 1:
        problems.error(
            scope.id,
            "compensation_handler",
            "一个子流程只能有一个补偿事件子流程。",
            "A subprocess has one compensation event subprocess only.",
        )
    for node in scope.nodes.values():
        _check_handlers(node, scope, problems)
        if node.type == "startEvent":
            _check_start(node, bool(around), problems)
        elif node.type in ("endEvent", "intermediateThrowEvent") and node.kind == "compensate":
            _check_thrown(node, scope, around, problems)
        elif node.type == "endEvent" and node.kind == "cancel":
            _check_cancel(node, around, problems)
        elif node.type == "boundaryEvent":
            _check_boundary(node, scope, problems)
        elif node.ad_hoc is not None and node.scope is not None:
            _check_ad_hoc(node.scope, problems)
        if node.type in ("transaction", "adHocSubProcess") and node.attributes.get("triggeredByEvent") == "true":
            problems.error(
                node.id,
                "not_executed",
                "由事件触发的只能是普通子流程。",
                "Only a plain subprocess can be triggered by an event.",
            )
        if node.scope is not None:
            _check_scope(node.scope, (*around, (node, scope)), problems)


def _check_start(node: Node, inside: bool, problems: Problems) -> None:
    if node.kind == "error" and not node.interrupting:
        problems.error(
            node.id, "error_interrupts", "错误事件子流程必须中断。", "An error event subprocess interrupts its scope."
        )
    if node.kind == "timer" and not inside and node.event is not None:
        with suppress(expressions.ExpressionError):  # said elsewhere
            for name in sorted(expressions.names_in_text(node.event.text)):
                problems.error(
                    node.id,
                    "start_timer_variable",
                    f"定时开始事件不能使用变量“{name}”：立案之前没有任何数据。",
                    f"A timer start event cannot use the variable “{name}”: before a case there is no data.",
                )


def _check_handlers(node: Node, scope: Scope, problems: Problems) -> None:
    if node.is_for_compensation and (node.incoming or node.outgoing or scope.boundary_events(node.id)):
        problems.error(
            node.id,
            "compensation_flow",
            "补偿活动不在正常流程中：不能有连线，也不能附有边界事件。",
            "An activity for compensation stands outside the normal flow: it has neither flows nor boundary events.",
        )
    if node.compensated_by is not None and node.scope is not None and node.scope.compensation_subprocess() is not None:
        problems.error(
            node.id,
            "compensation_handler",
            "这个子流程既有补偿边界事件又有补偿事件子流程，请保留一个。",
            "This subprocess has both a compensation boundary event and a compensation event subprocess; keep one.",
        )


def _check_boundary(node: Node, scope: Scope, problems: Problems) -> None:
    host = scope.nodes.get(node.attached_to or "")
    if node.kind == "compensate" and node.outgoing:
        problems.error(
            node.id,
            "compensation_flow",
            "补偿边界事件不能有流出的连线：请用关联线连到补偿活动。",
            "A compensation boundary event has no outgoing flow: associate it with the activity that undoes.",
        )
    if node.kind == "cancel":
        others = [other for other in scope.boundary_events(node.attached_to or "") if other.kind == "cancel"]
        if host is None or host.type != "transaction" or others[0] is not node or not node.interrupting:
            problems.error(
                node.id,
                "cancel_misplaced",
                "取消边界事件只能附在事务上，每个事务一个，且必须中断。",
                "A cancel boundary event is attached to a transaction, one to each, and interrupts it.",
            )
    if node.kind == "error" and not node.interrupting:
        problems.error(
            node.id, "error_interrupts", "错误边界事件必须中断。", "An error boundary event interrupts its activity."
        )


def _check_thrown(node: Node, scope: Scope, around: tuple[tuple[Node, Scope], ...], problems: Problems) -> None:
    """An activity whose compensation is thrown stands in the same scope; seen from an event subprocess, also in the one
    around it (BPMN 2.0.2, table 10.88)."""
    wanted = node.event.activity if node.event is not None else ""
    if not wanted:
        return
    visible = dict(scope.nodes)
    for owner, outside in reversed(around):
        if not owner.is_event_subprocess:
            break
        visible.update(outside.nodes)
    found = visible.get(wanted)
    if found is None or not found.is_activity or found.is_event_subprocess or found.is_for_compensation:
        problems.error(
            node.id,
            "compensation_unknown",
            f"要补偿的“{wanted}”不是同一流程（子流程）中的活动。",
            f"“{wanted}”, which is to be compensated, is no activity of the same process or subprocess.",
        )
    elif not _can_be_undone(found):
        problems.warning(
            node.id,
            "compensation_nothing",
            f"“{wanted}”没有补偿活动，补偿它不会做任何事。",
            f"Nothing undoes “{wanted}”: compensating it does nothing.",
        )


def _can_be_undone(node: Node) -> bool:
    if node.compensated_by is not None:
        return True
    if node.scope is None:
        return False
    return node.scope.compensation_subprocess() is not None or any(map(_can_be_undone, node.scope.nodes.values()))


def _check_cancel(node: Node, around: tuple[tuple[Node, Scope], ...], problems: Problems) -> None:
    for owner, outside in reversed(around):
        if owner.is_for_compensation or "compensate" in owner.scope_starts:
            break
        if owner.type != "transaction":
            continue
        if not any(other.kind == "cancel" for other in outside.boundary_events(owner.id)):
            problems.error(
                owner.id,
                "cancel_boundary_missing",
                "事务内有取消结束事件，但事务上没有取消边界事件：取消后无路可走。",
                "The transaction can be cancelled, but has no cancel boundary event by which to leave.",
            )
        if owner.loop is not None:
            problems.error(
                owner.id,
                "not_executed",
                "循环或多实例的事务不能取消。请把循环放到事务之外。",
                "A transaction that is repeated cannot be cancelled. Put the loop around it.",
            )
        return
    problems.error(
        node.id,
        "cancel_misplaced",
        "取消结束事件只能放在事务内，且不在补偿之中。",
        "A cancel end event stands inside a transaction, and not inside compensation.",
    )


def _check_ad_hoc(scope: Scope, problems: Problems) -> None:
    for node in scope.nodes.values():
        if node.type in ("startEvent", "endEvent"):
            problems.error(
                node.id,
                "ad_hoc_event",
                "自由子流程内没有开始和结束事件。",
                "There are no start and end events in an ad-hoc subprocess.",
            )
