"""Attributes that would change what an element means, and are not executed."""

from __future__ import annotations

from lxml import etree

from engine.bpmn import dialect
from engine.bpmn.document import Element
from engine.bpmn.problems import Problems

#: Attributes that are true or false.
_BOOLEANS = {
    "cancelActivity",
    "cancelRemainingInstances",
    "instantiate",
    "isExecutable",
    "isForCompensation",
    "isInterrupting",
    "isSequential",
    "parallelMultiple",
    "testBefore",
    "triggeredByEvent",
    "waitForCompletion",
}


def check_attributes(element: Element, tag: str, problems: Problems) -> None:
    """Refuses attributes that would change the meaning and are not executed."""
    identifier = _owner(element)
    known = dialect.COMMON_ATTRIBUTES | dialect.ATTRIBUTES.get(tag, set())
    for qualified, raw in element.attrib.items():
        name = etree.QName(str(qualified))
        value = str(raw)
        if not name.namespace:
            if name.localname not in known:
                problems.error(
                    identifier,
                    "attribute_unknown",
                    f"不认识的属性 {name.localname}=“{value}”。",
                    f"Unknown attribute {name.localname}=“{value}”.",
                )
            elif value not in dialect.HARMLESS_VALUES.get(name.localname, {value}):
                problems.error(
                    identifier,
                    "not_executed",
                    f"属性 {name.localname}=“{value}”不能执行。",
                    f"The attribute {name.localname}=“{value}” is not executed here.",
                )
        elif name.namespace == dialect.CAMUNDA:
            allowed = dialect.CAMUNDA_ATTRIBUTES.get(tag, set()) | dialect.CAMUNDA_IGNORED
            if name.localname not in allowed:
                problems.error(
                    identifier,
                    "not_executed",
                    f"扩展属性 camunda:{name.localname} 不能执行，请删除。",
                    f"The attribute camunda:{name.localname} is not executed here; remove it.",
                )
            elif name.localname.endswith("Binding") and value not in (
                dialect.CALL_BINDINGS if name.localname == "calledElementBinding" else dialect.BINDINGS
            ):
                problems.error(
                    identifier,
                    "not_executed",
                    f"camunda:{name.localname}=“{value}”不能执行：诉求件始终使用发布时的版本。",
                    f"camunda:{name.localname}=“{value}” is not executed: a case keeps what its version had.",
                )
        elif name.namespace in dialect.OTHER_ENGINES:
            problems.error(
                identifier,
                "other_engine",
                f"属于{dialect.OTHER_ENGINES[name.namespace]}的扩展属性 {name.localname} 不能执行。",
                f"{name.localname} is an extension of {dialect.OTHER_ENGINES[name.namespace]}, not executed here.",
            )


def check_booleans(root: Element, problems: Problems) -> None:
    """Refuses what is neither true nor false where one of them has to stand: guessing could turn the meaning round."""
    for element in root.iter():
        if etree.QName(element).namespace != dialect.BPMN:
            continue
        for name in _BOOLEANS & {str(found) for found in element.attrib}:
            value = element.get(name, "")
            if value not in ("true", "false"):
                problems.error(
                    _owner(element),
                    "attribute_invalid",
                    f"属性 {name}=“{value[:80]}”应为 true 或 false。",
                    f"The attribute {name}=“{value[:80]}” should be true or false.",
                )


def check_definition(element: Element, owner: str, problems: Problems) -> None:
    """Refuses what an event definition asks for besides what is executed."""
    tag = etree.QName(element).localname
    known = {"id", "name", *dialect.EVENT_DEFINITIONS.get(tag, ())}
    for qualified in element.attrib:
        name = etree.QName(str(qualified))
        if name.namespace == dialect.CAMUNDA and name.localname in dialect.CAMUNDA_DEFINITIONS.get(tag, ()):
            continue
        if name.namespace not in (None, "", dialect.CAMUNDA) or (not name.namespace and name.localname in known):
            continue
        if name.localname in dialect.CAMUNDA_IGNORED:
            continue
        problems.error(
            owner,
            "event_attribute",
            f"事件定义的属性 {name.localname} 不能执行，请删除。",
            f"The attribute {name.localname} of the event definition is not executed here; remove it.",
        )
    for extension in element.iterfind(f"{{{dialect.BPMN}}}extensionElements/*"):
        name = etree.QName(extension)
        if name.namespace == dialect.CAMUNDA:
            problems.error(
                owner,
                "event_attribute",
                f"事件定义的扩展 camunda:{name.localname} 不能执行，请删除。",
                f"The extension camunda:{name.localname} of the event definition is not executed here; remove it.",
            )


def _owner(element: Element) -> str:
    """The id of an element, or of the nearest around it that has one."""
    return element.get("id") or next((a.get("id", "") for a in element.iterancestors() if a.get("id")), "")
