"""Reading events and their definitions."""

from __future__ import annotations

from lxml import etree

from engine.bpmn import dialect, read_compensation
from engine.bpmn.check_attributes import check_definition
from engine.bpmn.document import Document, Element
from engine.bpmn.model import EventDefinition, Node
from engine.bpmn.problems import Problems
from engine.rules.expressions.syntax import is_identifier
from engine.rules.json_values import RESERVED

#: Which definitions make sense where (BPMN 2.0.2, tables 10.84 to 10.92), without what we do not execute.
ALLOWED = {
    "startEvent": {"none", "message", "signal", "timer"},
    "startEvent in event subprocess": {
        "message",
        "signal",
        "timer",
        "conditional",
        "error",
        "escalation",
        "compensate",
    },
    "endEvent": {"none", "message", "signal", "error", "escalation", "terminate", "compensate", "cancel"},
    "intermediateCatchEvent": {"message", "signal", "timer", "conditional", "link"},
    "intermediateThrowEvent": {"none", "message", "signal", "escalation", "link", "compensate"},
    "boundaryEvent": {"message", "signal", "timer", "conditional", "error", "escalation", "compensate", "cancel"},
}


def expression_text(element: Element) -> str:
    """The text of a condition: an expression whether or not it stands in ``${}``."""
    text = "".join(str(part) for part in element.itertext()).strip()
    if text.startswith("${") and text.endswith("}"):
        return text[2:-1].strip()
    if text.startswith("="):
        return text[1:].strip()
    return text


def read_event(element: Element, node: Node, document: Document) -> None:
    """Fills in the event definition, what the event is attached to, and whether it interrupts."""
    problems = document.problems
    definitions = [
        child
        for child in element
        if etree.QName(child).namespace == dialect.BPMN and etree.QName(child).localname.endswith("EventDefinition")
    ]
    if len(definitions) > 1 or element.find(f"{{{dialect.BPMN}}}eventDefinitionRef") is not None:
        problems.error(
            node.id,
            "not_executed",
            "一个事件带有多个定义，不能执行。请拆成几个事件。",
            "An event with several definitions is not executed. Draw several events.",
        )
    node.event = read_definition(definitions[0], node, document) if definitions else EventDefinition("none")
    for definition in definitions:
        check_definition(definition, node.id, problems)
    if node.type == "boundaryEvent":
        node.attached_to = element.get("attachedToRef", "")
        node.interrupting = element.get("cancelActivity", "true") != "false"
    elif node.type == "startEvent":
        node.interrupting = element.get("isInterrupting", "true") != "false"
    place = node.type
    parent = element.getparent()
    if node.type == "startEvent" and parent is not None and parent.get("triggeredByEvent") == "true":
        place = "startEvent in event subprocess"
    if node.event.kind not in ALLOWED[place] and not problems.has_errors:
        problems.error(
            node.id,
            "event_not_executed",
            f"{place} 不支持“{node.event.kind}”定义。",
            f"A “{node.event.kind}” definition is not executed on a {place}.",
        )
    if (
        node.type == "startEvent"
        and place == "startEvent"
        and parent is not None
        and etree.QName(parent).localname in dialect.SUBPROCESSES
        and node.event.kind != "none"
    ):
        problems.error(
            node.id,
            "event_not_executed",
            "子流程只能有普通开始事件。",
            "An embedded subprocess starts with a plain start event only.",
        )


def read_definition(element: Element, node: Node, document: Document) -> EventDefinition:
    """One event definition; problems where it refers to nothing or lacks its text."""
    tag = etree.QName(element).localname
    problems = document.problems
    kind = tag.removesuffix("EventDefinition")
    if kind in ("message", "signal"):
        table = document.messages if kind == "message" else document.signals
        name = table.get(element.get(f"{kind}Ref", ""))
        if name is None:
            word = {"message": "消息", "signal": "信号"}[kind]
            problems.error(
                node.id,
                f"{kind}_missing",
                f"没有选择{word}，或所选{word}不存在。",
                f"No {kind} is chosen, or it does not exist.",
            )
        return EventDefinition(kind, name=name or "")
    if kind in ("error", "escalation"):
        table = document.errors if kind == "error" else document.escalations
        reference = element.get(f"{kind}Ref")
        if reference is not None and reference not in table:
            problems.error(
                node.id,
                f"{kind}_missing",
                f"引用的 {kind}“{reference}”不存在。",
                f"The {kind} “{reference}” does not exist.",
            )
        catches = node.type in ("boundaryEvent", "startEvent")
        if reference is None and not catches:
            problems.error(node.id, f"{kind}_missing", f"没有选择要抛出的 {kind}。", f"No {kind} to throw is chosen.")
        names = [
            _variable(element, name, node, problems) if kind == "error" and catches else ""
            for name in ("errorCodeVariable", "errorMessageVariable")
        ]
        return EventDefinition(
            kind, code=table.get(reference or "", ""), code_variable=names[0], message_variable=names[1]
        )
    if kind == "compensate":
        return read_compensation.read_definition(element, node, problems)
    if kind == "timer":
        return _read_timer(element, node, document)
    if kind == "conditional":
        condition = element.find(f"{{{dialect.BPMN}}}condition")
        text = expression_text(condition) if condition is not None else ""
        if not text:
            problems.error(node.id, "condition_empty", "条件事件没有条件。", "The conditional event has no condition.")
        return EventDefinition("conditional", text=text)
    if kind == "link":
        name = element.get("name") or ""
        if not name:
            problems.error(node.id, "link_missing", "链接事件没有名称。", "The link event has no name.")
        return EventDefinition("link", name=name)
    return EventDefinition(kind)


def _variable(element: Element, attribute: str, node: Node, problems: Problems) -> str:
    """The variable that takes what is known of an error; "" for none, or for a name that no variable can have."""
    name = element.get(dialect.camunda(attribute), "")
    if name and (not is_identifier(name) or name in RESERVED):
        # A warning: release 0.1 read past it.
        problems.warning(
            node.id,
            "error_variable_ignored",
            f"“{name[:80]}”不能作变量名，camunda:{attribute} 不起作用。",
            f"“{name[:80]}” cannot be a variable; camunda:{attribute} means nothing.",
        )
        return ""
    return name


def _read_timer(element: Element, node: Node, document: Document) -> EventDefinition:
    tags = ("timeDate", "timeDuration", "timeCycle")
    kinds = [tag for tag in tags if element.find(f"{{{dialect.BPMN}}}{tag}") is not None]
    if len(kinds) > 1:
        document.problems.error(
            node.id,
            "timer_several",
            f"定时器只能有一种时间，这里有：{'、'.join(kinds)}。",
            f"A timer has one of date, duration and cycle; this one has {', '.join(kinds)}.",
        )
    for child in element:
        if etree.QName(child).namespace != dialect.BPMN:
            continue
        tag = etree.QName(child).localname
        if tag in ("timeDate", "timeDuration", "timeCycle"):
            text = "".join(str(part) for part in child.itertext()).strip()
            if text:
                return EventDefinition("timer", timer=tag, text=text)
    document.problems.error(
        node.id,
        "timer_empty",
        "定时器没有时间。请填写日期、时长（如 PT30M）或周期（如 R3/PT10M）。",
        "The timer has no time. Give a date, a duration (PT30M) or a cycle (R3/PT10M).",
    )
    return EventDefinition("timer", timer="timeDate")
