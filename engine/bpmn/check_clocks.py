"""Whether the clocks a diagram declares can run, before it is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.bpmn import timers
from engine.bpmn.clock_properties import DECLARES, DETAILS, ENDS, PAUSES, kinds
from engine.bpmn.model import Node, Process
from engine.bpmn.problems import Problems
from engine.rules import expressions
from engine.rules.calendar import CalendarError
from engine.rules.clocks import read_cap, read_levels
from engine.rules.deadlines import DeadlineError, read_limit
from engine.rules.expressions.syntax import is_identifier
from engine.rules.json_values import RESERVED

_READ: Mapping[str, Callable[[str], object]] = {
    "deadlineLimit": read_limit,
    "deadlineUnit": lambda text: read_limit({"unit": text}),
    "deadlineDue": timers.read_date,
    "deadlineFrom": timers.read_date,
    "deadlineWarn": read_levels,
    "deadlineCap": read_cap,
}


def check_clocks(process: Process, problems: Problems) -> None:
    """Every clock of one process, and every element that stops one."""
    nodes = list(process.walk())
    _check(process.id, process.properties, True, problems)
    for node in nodes:
        _check(node.id, node.properties, node.is_activity and not node.is_event_subprocess, problems)
    every = [process.properties, *(node.properties for node in nodes)]
    declared = {properties.get(DECLARES, "").strip() for properties in every}
    for node in nodes:
        _check_ends(node, declared, problems)


def _check_ends(node: Node, declared: set[str], problems: Problems) -> None:
    named = [kind for name in (ENDS, PAUSES) for kind in kinds(node.properties.get(name, ""))]
    for kind in named:
        if kind not in declared:
            # The clock may belong to a process that calls this one.
            problems.warning(
                node.id,
                "deadline_unknown",
                f"本流程没有“{kind}”时限，如不是由调用它的流程设定的，请更正。",
                f"This process declares no deadline “{kind}”; unless one that calls it does, mend this.",
            )


def _check(element: str, properties: Mapping[str, str], may_carry: bool, problems: Problems) -> None:
    others = (ENDS, PAUSES) if may_carry else (ENDS,)
    given = [name for name in properties if name.startswith("deadline") and name not in others]
    if not given:
        return

    def wrong(zh: str, en: str) -> None:
        problems.error(element, "deadline_invalid", zh, en)

    for name in given:
        if name not in (DECLARES, *DETAILS, PAUSES):
            known = "、".join((DECLARES, *DETAILS, ENDS, PAUSES))
            wrong(f"没有属性“{name}”，可用：{known}。", f"There is no property “{name}”; there are: {known}.")
    if not may_carry:
        wrong(
            "时限只能设在活动或整个流程上；事件和网关只能用 deadlineEnds 使它停止。",
            "A deadline belongs on an activity or the process; events and gateways can only stop one (deadlineEnds).",
        )
        return
    kind = properties.get(DECLARES, "").strip()
    if not is_identifier(f"{kind}_due") or not is_identifier(kind) or f"{kind}_due" in RESERVED:
        wrong(
            f"时限的种类 deadline=“{kind[:80]}”应是一个名字，由文字、数字和下划线组成，如 handling。",
            f"The kind of a deadline, deadline=“{kind[:80]}”, is a name of letters, digits and underscores.",
        )
        return
    if ("deadlineLimit" in properties) == ("deadlineDue" in properties):
        wrong(
            "请写明 deadlineLimit（时限，未设定写 none）或 deadlineDue（到期时刻）之一。",
            "Say either deadlineLimit (the limit; none where it is not set) or deadlineDue (the moment).",
        )
    for name, read in _READ.items():
        _check_text(name, properties.get(name, ""), read, wrong)


def _check_text(name: str, text: str, read: Callable[[str], object], wrong: Callable[[str, str], None]) -> None:
    if not text.strip():
        return
    try:
        if "${" in text:
            expressions.parse_text(text)
        else:
            read(text)
    except (expressions.ExpressionError, DeadlineError, CalendarError, timers.TimerUnreadable) as error:
        wrong(f"{name}：{error.zh}", f"{name}: {error.en}")
