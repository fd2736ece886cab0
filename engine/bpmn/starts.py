"""Timer start events: when a procedure opens a case by itself (BPMN 2.0.2 §10.5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import isodate

from engine import clock
from engine.bpmn import timers
from engine.bpmn.model import Process
from engine.errors import Bilingual, ExpressionFailed
from engine.rules import expressions

#: A cycle may have come round that often before it is published.
MOST_PASSED = 20_000


@dataclass(frozen=True)
class StartTimer:
    """A timer start event: its ``element``, ``kind`` (timeDate, timeDuration, timeCycle) and ``text`` as drawn."""

    element: str
    kind: str
    text: str


@dataclass(frozen=True)
class StartMoment:
    """When the next case opens, as text, None if no more do; for a cycle what stands between two, how many are left
    after the next (None: without end), and the day of the month it falls on where it is one of months."""

    due: str | None
    every: str | None = None
    left: int | None = 0
    day: int | None = None


def start_timers(process: Process) -> list[StartTimer]:
    """The timer start events of a process, in document order."""
    return [
        StartTimer(node.id, node.event.timer, node.event.text)
        for node in process.start_events()
        if node.event is not None and node.event.kind == "timer"
    ]


def first_moment(timer: StartTimer, now: datetime) -> StartMoment:
    """When a timer start event that is published at ``now`` opens its first case. What was due before is past: it
    opens none, but counts where a cycle says how often. Raises ``ExpressionFailed``."""
    try:
        plan = timers.schedule(timer.kind, expressions.evaluate_text(timer.text, {}, now), now)
    except expressions.ExpressionError as error:
        raise _failed(timer, error.zh, error.en) from None
    except timers.TimerUnreadable as error:
        raise _failed(timer, error.zh, error.en) from None
    due, left = plan.due, plan.left
    if plan.every is not None and due < now:
        due, passed = _skip(timer, plan, now)
        if left is not None and passed > left:
            return StartMoment(None)
        left = None if left is None else left - passed
    if due < now:
        return StartMoment(None)
    return StartMoment(clock.to_text(due), plan.every, left, plan.day)


def next_moment(before: StartMoment) -> StartMoment:
    """The one after: of a cycle, each in its turn, also those that fell due while nobody looked."""
    if before.due is None or before.every is None or before.left == 0:
        return StartMoment(None)
    due = timers.after(clock.from_text(before.due), before.every, before.day)
    return StartMoment(clock.to_text(due), before.every, None if before.left is None else before.left - 1, before.day)


def _skip(timer: StartTimer, plan: timers.Schedule, now: datetime) -> tuple[datetime, int]:
    """The first firing of a cycle that is not past, and how many were."""
    due, every, passed = plan.due, plan.every or "", 0
    if every.startswith("PT"):
        step = isodate.parse_duration(every)
        passed = -((due - now) // step)
        return due + passed * step, passed
    while due < now:
        due, passed = timers.after(due, every, plan.day), passed + 1
        if passed > MOST_PASSED:
            raise _failed(
                timer,
                f"周期开始得太早：发布前已过 {MOST_PASSED} 次。",
                f"The cycle begins too long ago: {MOST_PASSED} times have passed.",
            )
    return due, passed


def _failed(timer: StartTimer, zh: str, en: str) -> ExpressionFailed:
    return ExpressionFailed(element=timer.element, expression=timer.text[:200], reason=Bilingual(zh=zh, en=en))
