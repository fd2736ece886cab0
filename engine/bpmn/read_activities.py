"""Reading activities: loops, scripts, calls, parameters and our own properties."""

from __future__ import annotations

import re

from lxml import etree

from engine.bpmn import dialect
from engine.bpmn.dialect import camunda
from engine.bpmn.document import Document, Element, bpmn
from engine.bpmn.model import NEWEST, AdHoc, EventDefinition, Loop, Mapping_, Node
from engine.bpmn.problems import Problems
from engine.bpmn.read_events import expression_text
from engine.rules.expressions.syntax import is_identifier

#: Attributes of ``camunda:in`` and ``out``.
_MAPPING = {"source", "sourceExpression", "target", "variables", "businessKey", "local"}
_TOPIC = re.compile(r"[\w.:-]{1,100}")


def properties(extensions: Element) -> dict[str, str]:
    """``camunda:properties``: what is ours (milestone, status, publicStatus, unit, …)."""
    return {
        item.get("name", ""): item.get("value", "")
        for item in extensions.iterfind(f"{camunda('properties')}/{camunda('property')}")
    }


def parameters(
    extensions: Element, identifier: str, problems: Problems
) -> tuple[tuple[Mapping_, ...], tuple[Mapping_, ...]]:
    """``camunda:inputOutput``: values made for, and taken from, one activity."""
    found: dict[str, list[Mapping_]] = {"inputParameter": [], "outputParameter": []}
    for item in extensions.iterfind(f"{camunda('inputOutput')}/*"):
        tag = etree.QName(item).localname
        if tag not in found or len(item) > 0:
            problems.error(
                identifier,
                "not_executed",
                "输入输出参数只能是文本或 ${表达式}。",
                "Input and output parameters are text or ${expression} only.",
            )
            continue
        found[tag].append(Mapping_(item.get("name", ""), (item.text or "").strip()))
    return tuple(found["inputParameter"]), tuple(found["outputParameter"])


def read_activity(element: Element, node: Node, document: Document) -> None:
    """Fills in what is particular to the kind of activity."""
    problems = document.problems
    _read_loop(element, node, problems)
    if node.type == "scriptTask":
        script = element.find(bpmn("script"))
        node.script = "".join(str(part) for part in script.itertext()) if script is not None else ""
        language = element.get("scriptFormat", "").lower()
        if language not in dialect.SCRIPT_FORMATS:
            problems.error(
                node.id,
                "script_language",
                f"脚本语言“{language}”不能执行：脚本只能是逐行的“变量 = 表达式”。",
                f"Scripts in “{language}” are not executed: a script is lines of “name = expression”.",
            )
    elif node.type in ("sendTask", "receiveTask"):
        _read_message(element, node, document)
    elif node.type == "callActivity":
        _read_call(element, node, problems)
    elif node.type == "adHocSubProcess":
        until = element.find(bpmn("completionCondition"))
        node.ad_hoc = AdHoc(
            sequential=element.get("ordering") == "Sequential",
            until=expression_text(until) if until is not None else "",
            cancels=element.get("cancelRemainingInstances", "true") != "false",
        )
    if node.type in ("serviceTask", "sendTask"):
        _read_topic(element, node, problems)


def _read_message(element: Element, node: Node, document: Document) -> None:
    reference = element.get("messageRef")
    if reference is None and node.type == "sendTask" and element.get(camunda("topic")):
        return
    name = document.messages.get(reference or "")
    if name is None:
        document.problems.error(
            node.id,
            "message_missing",
            "没有选择消息，或所选消息不存在。",
            "No message is chosen, or it does not exist.",
        )
    node.event = EventDefinition("message", name=name or "")


def _read_topic(element: Element, node: Node, problems: Problems) -> None:
    topic = element.get(camunda("topic"))
    if node.type == "sendTask" and topic is None:
        return
    if element.get(camunda("type")) != "external" or topic is None:
        problems.error(
            node.id,
            "service_missing",
            "服务任务没有说明要做什么。请设为 external 并选择主题。",
            "The service task does not say what to do. Make it external and choose a topic.",
        )
        return
    if node.event is not None:
        problems.warning(
            node.id,
            "topic_ignored",
            f"选择了消息，主题“{topic[:80]}”不起作用。",
            f"A message is chosen, so the topic “{topic[:80]}” means nothing.",
        )
    elif not _TOPIC.fullmatch(topic):
        problems.error(
            node.id,
            "topic_invalid",
            f"“{topic[:80]}”不能作主题：最多 100 个文字、数字或 . : _ -，不能是表达式。",
            f"“{topic[:80]}” cannot be a topic: at most 100 letters, digits or . : _ -, and no expression.",
        )
    for name in dialect.WAITING_TOPICS.get(node.topic, ()):
        if node.parameter(name) is None:
            problems.error(
                node.id,
                "parameter_missing",
                f"主题“{topic}”缺少输入参数“{name}”。",
                f"The topic “{topic}” needs the input parameter “{name}”.",
            )


def _read_call(element: Element, node: Node, problems: Problems) -> None:
    node.calls = element.get("calledElement", "").strip()
    if not node.calls or "${" in node.calls:
        problems.error(
            node.id,
            "call_missing",
            "调用活动没有写明要调用的流程 id。",
            "The call activity does not name the process it calls.",
        )
    _read_binding(element, node, problems)
    extensions = element.find(bpmn("extensionElements"))
    if extensions is None:
        return
    ins: list[Mapping_] = []
    outs: list[Mapping_] = []
    for item in extensions:
        if item.tag not in (camunda("in"), camunda("out")):
            continue
        into = item.tag == camunda("in")
        for name, value in ((str(name), str(value)) for name, value in item.attrib.items()):
            if name not in _MAPPING or (name, value) == ("local", "true") or (name == "variables" and value != "all"):
                problems.error(
                    node.id,
                    "mapping_attribute",
                    f"变量传递的属性 {name}=“{value[:80]}”不能执行。",
                    f"The attribute {name}=“{value[:80]}” of a variable mapping is not executed here.",
                )
        if item.get("variables") == "all":
            node.call_in_all, node.call_out_all = node.call_in_all or into, node.call_out_all or not into
        elif item.get("businessKey") is None:
            expression = item.get("sourceExpression")
            source = expression if expression is not None else "${" + item.get("source", "") + "}"
            if not item.get("target") or source == "${}":
                problems.error(
                    node.id,
                    "mapping_broken",
                    "变量传递缺少来源或目标。",
                    "A variable mapping lacks its source or target.",
                )
                continue
            (ins if into else outs).append(Mapping_(item.get("target", ""), source))
    node.call_in, node.call_out = tuple(ins), tuple(outs)


def _read_binding(element: Element, node: Node, problems: Problems) -> None:
    """Which version it calls."""
    binding = element.get(camunda("calledElementBinding"))
    if binding == "latest":
        node.calls_version = NEWEST
    elif binding == "version":
        number = element.get(camunda("calledElementVersion"), "").strip()
        if number.isascii() and number.isdigit() and 0 < len(number) < 9 and int(number) > 0:
            node.calls_version = int(number)
        else:
            problems.error(
                node.id,
                "called_version_invalid",
                f"要调用的版本“{number[:80]}”应为版本号，如 3，不能是表达式。",
                f"The version to call, “{number[:80]}”, should be its number, such as 3, and no expression.",
            )


def _read_loop(element: Element, node: Node, problems: Problems) -> None:
    standard = element.find(bpmn("standardLoopCharacteristics"))
    if standard is not None:
        condition = standard.find(bpmn("loopCondition"))
        maximum = standard.get("loopMaximum")
        if maximum is not None and not (maximum.isascii() and maximum.isdigit() and len(maximum) < 6):
            problems.error(
                node.id, "loop_broken", f"循环上限“{maximum}”不是数字。", f"The loop maximum “{maximum}” is no number."
            )
            maximum = None
        if condition is None and maximum is None:
            problems.error(
                node.id,
                "loop_broken",
                "循环既没有条件也没有上限，永远不会结束。",
                "The loop has neither a condition nor a maximum: it would never end.",
            )
        node.loop = Loop(
            standard=True,
            sequential=True,
            while_=expression_text(condition) if condition is not None else "",
            test_before=standard.get("testBefore") == "true",
            maximum=int(maximum) if maximum else None,
        )
        return
    several = element.find(bpmn("multiInstanceLoopCharacteristics"))
    if several is None:
        return
    _check_multi_instance(several, node, problems)
    collection = several.get(camunda("collection")) or _text(several, "loopDataInputRef")
    item = several.find(bpmn("inputDataItem"))
    output_item = several.find(bpmn("outputDataItem"))
    cardinality = several.find(bpmn("loopCardinality"))
    until = several.find(bpmn("completionCondition"))
    node.loop = Loop(
        sequential=several.get("isSequential") == "true",
        cardinality=expression_text(cardinality) if cardinality is not None else "",
        collection=collection,
        item=several.get(camunda("elementVariable")) or _name(item),
        output=_text(several, "loopDataOutputRef"),
        output_item=_name(output_item),
        until=expression_text(until) if until is not None else "",
    )
    if not node.loop.cardinality and not node.loop.collection:
        problems.error(
            node.id,
            "loop_broken",
            "多实例没有写明次数或集合。",
            "The multi-instance has neither a cardinality nor a collection.",
        )


def _check_multi_instance(element: Element, node: Node, problems: Problems) -> None:
    behaviour = element.get("behavior", "All")
    if behaviour != "All" or element.find(bpmn("complexBehaviorDefinition")) is not None:
        problems.error(
            node.id,
            "not_executed",
            f"多实例的 behavior=“{behaviour}”不能执行。",
            f"Multi-instance behavior=“{behaviour}” is not executed.",
        )
    for qualified in element.attrib:
        name = etree.QName(str(qualified))
        allowed = dialect.CAMUNDA_ATTRIBUTES["multiInstanceLoopCharacteristics"] | dialect.CAMUNDA_IGNORED
        if name.namespace == dialect.CAMUNDA and name.localname not in allowed:
            problems.error(
                node.id,
                "not_executed",
                f"扩展属性 camunda:{name.localname} 不能执行。",
                f"The attribute camunda:{name.localname} is not executed.",
            )


def _text(element: Element, tag: str) -> str:
    child = element.find(bpmn(tag))
    return (child.text or "").strip() if child is not None else ""


def _name(element: Element | None) -> str:
    """The variable a data item stands for: its name where that can be one, else its id."""
    if element is None:
        return ""
    name = element.get("name", "")
    return name if is_identifier(name) else element.get("id", "") or name
