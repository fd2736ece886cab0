"""What people write into a diagram: expressions, scripts, timers, dates and names of variables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from engine.bpmn import correlation, dialect, timers
from engine.bpmn.model import Node
from engine.bpmn.problems import Problems
from engine.bpmn.timers import TimerUnreadable
from engine.clock import system_clock
from engine.rules import expressions
from engine.rules.expressions.syntax import is_identifier
from engine.rules.json_values import RESERVED


def check_texts(node: Node, problems: Problems) -> None:
    """Everything written into one element can be read, and names variables by names they can have."""
    for text, is_template in _expressions(node):
        _check_expression(node, text, is_template, problems)
    if node.event is not None and node.event.kind == "timer":
        _check_timer(node, problems)
    if node.type == "scriptTask":
        _check_script(node, problems)
    _check_dates(node, problems)
    initiator = node.camunda("initiator")
    if initiator is not None and (initiator in RESERVED or not is_identifier(initiator)):
        problems.error(
            node.id,
            "initiator_invalid",
            f"“{initiator[:80]}”不能作变量名。",
            f"“{initiator[:80]}” cannot be a variable.",
        )
    for name in _variables_made(node):
        if name in RESERVED:
            problems.error(
                node.id,
                "variable_reserved",
                f"“{name}”由系统填写，不能由流程写入。请换一个变量名。",
                f"“{name}” is set by the system and not by a diagram. Choose another name.",
            )
        if not is_identifier(name):
            problems.error(
                node.id,
                "variable_invalid",
                f"“{name[:80]}”不能作变量名：只能由文字、数字和下划线组成，且不以数字开头。",
                f"“{name[:80]}” cannot be a variable: letters, digits and underscores, not beginning with a digit.",
            )


def _check_dates(node: Node, problems: Problems) -> None:
    """A due or follow-up date without ``${}`` is a moment or a duration; a priority is a number."""
    for name in ("dueDate", "followUpDate"):
        text = node.camunda(name) or ""
        if text and "${" not in text:
            try:
                timers.moment(text, system_clock())
            except TimerUnreadable as error:
                problems.error(node.id, "timer_invalid", error.zh, error.en)
    priority = (node.camunda("taskPriority") if node.waits_outside else node.camunda("priority")) or "50"
    if "${" not in priority and not priority.strip().lstrip("-").isdecimal():
        problems.error(
            node.id,
            "priority_invalid",
            f"优先级“{priority[:80]}”不是整数。",
            f"The priority “{priority[:80]}” is no whole number.",
        )


def _expressions(node: Node) -> Iterator[tuple[str, bool]]:
    """Every expression of a node with whether it is a text with ``${}`` in it (True) or the bare expression."""
    for flow in node.outgoing:
        if flow.condition is not None:
            yield flow.condition, False
    if node.event is not None and node.event.kind == "conditional":
        yield node.event.text, False
    if node.ad_hoc is not None and node.ad_hoc.until:
        yield node.ad_hoc.until, False
    if node.loop is not None:
        for text in (
            node.loop.while_,
            node.loop.cardinality,
            node.loop.until,
            node.loop.collection.removeprefix("${").removesuffix("}"),
        ):
            if text:
                yield text, False
    for parameter in (*node.inputs, *node.outputs, *node.call_in, *node.call_out):
        yield parameter.source, True
    for name in ("assignee", "candidateGroups", "candidateUsers", "dueDate", "followUpDate", "priority"):
        if attribute := node.camunda(name):
            yield attribute, True
    if node.waits_outside and (priority := node.camunda("taskPriority")):
        yield priority, True
    if "unit" in node.properties:
        yield node.properties["unit"], True
    if correlation.PROPERTY in node.properties:
        yield node.properties[correlation.PROPERTY], True


def _variables_made(node: Node) -> Iterator[str]:
    """The names of the variables an element sets by itself."""
    for mapping in (*node.inputs, *node.outputs, *node.call_in, *node.call_out):
        yield mapping.target
    if node.loop is not None:
        yield from (name for name in (node.loop.item, node.loop.output, node.loop.output_item) if name)
    with suppress(expressions.ExpressionError):  # what is wrong with a script is said elsewhere
        yield from (name for name, _ in expressions.parse_script(node.script))
    if variable := node.camunda("resultVariable"):
        yield variable
    if node.topic in ("decision", *dialect.WAITING_TOPICS) and (variable := node.parameter("result")):
        yield variable


def _check_expression(node: Node, text: str, is_template: bool, problems: Problems) -> None:
    try:
        if is_template:
            expressions.parse_text(text)
        else:
            expressions.parse(text)
    except expressions.ExpressionError as error:
        problems.error(
            node.id,
            "expression_invalid",
            f"表达式 {text[:100]} 有误：{error.zh}",
            f"The expression {text[:100]} is wrong: {error.en}",
        )


def _check_script(node: Node, problems: Problems) -> None:
    try:
        if not expressions.parse_script(node.script):
            problems.warning(node.id, "script_empty", "脚本是空的。", "The script is empty.")
    except expressions.ExpressionError as error:
        problems.error(
            node.id,
            "script_invalid",
            f"脚本有误：{error.zh} 脚本只能是逐行的“变量 = 表达式”。",
            f"The script is wrong: {error.en} A script is lines of “name = expression”.",
        )


def _check_timer(node: Node, problems: Problems) -> None:
    event = node.event
    if event is None or not event.text:
        return
    try:
        if "${" in event.text:
            expressions.parse_text(event.text)
        else:
            timers.schedule(event.timer, event.text, system_clock())
    except expressions.ExpressionError as error:
        problems.error(
            node.id, "expression_invalid", f"定时表达式有误：{error.zh}", f"The timer's expression is wrong: {error.en}"
        )
    except TimerUnreadable as error:
        problems.error(node.id, "timer_invalid", error.zh, error.en)
