"""Message keys: which of several cases a message is meant for (BPMN 2.0.2 §8.4.2, §10.5.1).

The property ``correlationKey`` (text with ``${…}``) of an element that takes messages is worked out when it begins to
listen, and kept with the token; that of an element that sends one goes with the message.
"""

from __future__ import annotations

from SpiffWorkflow.task import Task

from engine.bpmn.case_workflow import CaseWorkflow
from engine.bpmn.model import Node
from engine.bpmn.problems import Problems
from engine.errors import Bilingual, ExpressionFailed
from engine.rules.json_values import message_key

#: The property's name.
PROPERTY = "correlationKey"


def key_of(node: Node, token: Task, case: CaseWorkflow) -> str | None:
    """The key an element waits for, or sends its message with; None where it has none.

    Raises ``ExpressionFailed`` for a key that is empty or no text or whole number: who waits for nothing in particular
    would take messages meant for others."""
    text = node.properties.get(PROPERTY)
    if text is None:
        return None
    found = case.evaluate_text(token, text)
    key = message_key(str(found) if isinstance(found, int) and not isinstance(found, bool) else found)
    if key is None:
        raise ExpressionFailed(
            element=node.id,
            expression=text[:200],
            reason=Bilingual(
                zh="消息的关联键应为 1 至 200 个字符的文本，或整数。",
                en="the key of a message is a text of 1 to 200 characters, or a whole number.",
            ),
        )
    return key


def takes(awaited: str | None, key: str | None) -> bool:
    """Whether an element that waits for ``awaited`` takes a message with ``key``: one that waits for nothing in
    particular takes any."""
    return awaited is None or awaited == key


def check_key(node: Node, top: bool, problems: Problems) -> None:
    """Only what waits for a message or sends one has a key; a start event of a process (``top``) opens a case for each
    message."""
    has_message = node.event is not None and node.event.kind == "message"
    if PROPERTY not in node.properties or (has_message and not (top and node.type == "startEvent")):
        return
    problems.error(
        node.id,
        "correlation_misplaced",
        f"属性 {PROPERTY} 只用于等待或发送消息的元素；以消息启动诉求件的开始事件没有关联键。",
        f"The property {PROPERTY} belongs to elements that wait for a message or send one; a start event that opens a "
        "case has no key.",
    )
