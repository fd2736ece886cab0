"""Reading compensation: what is thrown, and which activity undoes which (BPMN 2.0.2 §10.7)."""

from __future__ import annotations

from engine.bpmn.document import Document, Element
from engine.bpmn.model import EventDefinition, Node, Scope
from engine.bpmn.problems import Problems


def read_definition(element: Element, node: Node, problems: Problems) -> EventDefinition:
    """A compensation event definition. Only one that is thrown names an activity and says whether it is waited for."""
    waits = element.get("waitForCompletion", "true")
    if waits not in ("true", "false", "1", "0"):
        problems.error(
            node.id,
            "not_executed",
            f"属性 waitForCompletion=“{waits}”不能执行。",
            f"The attribute waitForCompletion=“{waits}” is not executed here.",
        )
    return EventDefinition("compensate", activity=element.get("activityRef", ""), waits=waits in ("true", "1"))


def tie_handlers(scope: Scope, document: Document) -> None:
    """Notes with each activity which one undoes it: the one its compensation boundary event is associated with."""
    problems = document.problems
    handlers: set[str] = set()
    for boundary in scope.nodes.values():
        if boundary.type != "boundaryEvent" or boundary.event is None or boundary.event.kind != "compensate":
            continue
        tied = [scope.nodes[name] for name in document.associated.get(boundary.id, ()) if name in scope.nodes]
        found = list(dict.fromkeys(node.id for node in tied if node.is_for_compensation))
        if len(found) != 1:
            problems.error(
                boundary.id,
                "compensation_handler",
                "补偿边界事件应以关联线连到一个（且只有一个）补偿活动（isForCompensation）。",
                "A compensation boundary event is associated with exactly one activity that is for compensation.",
            )
            continue
        handlers.add(found[0])
        host = scope.nodes.get(boundary.attached_to or "")
        if host is None:
            continue  # said elsewhere
        if host.compensated_by is not None:
            problems.error(
                boundary.id,
                "compensation_handler",
                "一个活动只能有一个补偿边界事件。",
                "An activity has one compensation boundary event only.",
            )
        host.compensated_by = found[0]
    for node in scope.nodes.values():
        if node.is_for_compensation and node.id not in handlers:
            problems.error(
                node.id,
                "compensation_handler",
                "补偿活动没有与任何补偿边界事件关联，永远不会执行。",
                "This activity is for compensation, but no compensation boundary event is associated with it.",
            )
