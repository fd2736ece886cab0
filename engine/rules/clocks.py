"""Clocks: the limits people are held to, told from nothing but a case's log.

A clock is begun and ended by the diagram (``clock_started``, ``clock_moved``, ``clock_ended``); people pause, resume
and extend it; the worker notes what it warned of. ``fold`` makes the state of all clocks out of these entries, and out
of the state before and the new entries likewise: what is stored is what the log tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from engine.clock import from_text, to_text
from engine.events import LogEntry
from engine.records import Deadline
from engine.rules.deadlines import DeadlineError, Limit, later, read_limit, span, used_by

#: The entries a clock's state is made of.
KINDS = frozenset(
    {
        "clock_started",
        "clock_moved",
        "clock_paused",
        "clock_resumed",
        "clock_ended",
        "deadline_paused",
        "deadline_resumed",
        "deadline_extended",
        "deadline_warned",
        "deadline_missed",
        "case_cancelled",
    }
)
#: A clock in one of these states can still be missed.
ALIVE = ("running", "paused")

_TIMES = re.compile(r"(\d{1,3}) ?x")


def fold(case: str, entries: Iterable[LogEntry], before: Iterable[Deadline] = ()) -> list[Deadline]:
    """The clocks of a case after these entries, in the order in which they began."""
    clocks = {clock.key: clock for clock in before}
    for entry in entries:
        if entry.kind == "case_cancelled":
            for clock in clocks.values():
                clocks[clock.key] = _ended(clock, entry.at, "cancelled")
        elif entry.kind == "clock_started":
            clocks[str(entry.data["key"])] = _started(case, entry)
        elif entry.kind in KINDS:
            clock = clocks[str(entry.data["key"])]
            clocks[clock.key] = _after(clock, entry)
    return list(clocks.values())


def _started(case: str, entry: LogEntry) -> Deadline:
    data = entry.data
    return Deadline(
        case=case,
        key=str(data["key"]),
        kind=str(data["kind"]),
        label=str(data["label"]),
        process=str(data["process"]),
        element=entry.element,
        variable=str(data["variable"]),
        unit=str(data["unit"]),
        value=None if data["value"] is None else float(data["value"]),
        started_at=str(data["started"]),
        due=data["due"],
        first_due=data["due"],
        warnings=tuple({**warning, "sent": None} for warning in data["warnings"]),
        cap=str(data["cap"]),
    )


def _after(clock: Deadline, entry: LogEntry) -> Deadline:
    data, at = entry.data, entry.at
    match entry.kind:
        case "clock_moved":
            return _moved(clock, data["due"], data["warnings"], at)
        case "clock_ended":
            return _ended(clock, at, "cancelled" if data["cancelled"] else None)
        case "deadline_paused" | "clock_paused":
            pause = {"from": at, "to": None, "by": entry.actor, "reason": data["reason"]}
            return replace(clock, state="paused", pauses=(*clock.pauses, pause))
        case "deadline_resumed" | "clock_resumed":
            # Its new moment is a fact of its own, clock_moved, as whenever it moves.
            return replace(clock, state="running", pauses=_closed(clock.pauses, at))
        case "deadline_extended":
            extension = {
                "at": at,
                "by": entry.actor,
                "before": clock.due,
                "due": data["due"],
                "reason": data["reason"],
                "by_decision": data["by_decision"],
            }
            return replace(clock, extensions=(*clock.extensions, extension))
        case "deadline_warned":
            sent = tuple(
                {**warning, "sent": at} if warning["level"] == data["level"] else warning for warning in clock.warnings
            )
            return replace(clock, warnings=sent)
        case _:
            return replace(clock, missed_at=at)


def _moved(clock: Deadline, due: str | None, warnings: Iterable[Mapping[str, Any]], at: str) -> Deadline:
    """The clock with another due moment. What was told stays told where it would have to be told at once again; what
    lies ahead again is told again when it comes."""
    if due == clock.due:
        return clock
    sent = {warning["level"]: warning["sent"] for warning in clock.warnings}
    return replace(
        clock,
        due=due,
        first_due=clock.first_due if clock.first_due is not None else due,
        warnings=tuple(
            {**warning, "sent": sent.get(warning["level"]) if warning["at"] <= at else None} for warning in warnings
        ),
        missed_at=clock.missed_at if due is not None and due < at else None,
    )


def _ended(clock: Deadline, at: str, state: str | None) -> Deadline:
    if clock.state not in ALIVE:
        return clock
    if state is None:
        # While it stands still it cannot run out.
        late = clock.state == "running" and clock.due is not None and clock.due < at
        state = "late" if late else "met"
    return replace(clock, state=state, ended_at=at, pauses=_closed(clock.pauses, at))


def _closed(pauses: Sequence[Mapping[str, Any]], at: str) -> tuple[Mapping[str, Any], ...]:
    return tuple({**pause, "to": at} if pause["to"] is None else pause for pause in pauses)


# What a clock's moments are.


def warning_moments(
    start: datetime, due: datetime | None, levels: Iterable[float], unit: str, stood: timedelta = timedelta(0)
) -> list[dict[str, float | str]]:
    """When each part of the time between ``start`` and ``due`` is used, as {level, at}. ``stood``: how much of it the
    clock stood still."""
    if due is None:
        return []
    whole = max(span(start, due, unit) - stood, timedelta(0))
    found: list[dict[str, float | str]] = []
    for level in sorted(set(levels)):
        at = min(due, later(due, -whole * (1 - level), unit))
        found.append({"level": level, "at": to_text(at)})
    return found


def read_levels(given: object) -> tuple[float, ...]:
    """Parts of the time at which to warn: ``0.5,0.8``, a number, or a list of them. Raises ``DeadlineError``."""
    items = given if isinstance(given, list) else str(given).replace("，", ",").split(",") if given is not None else []
    levels = []
    for item in items:
        text = str(item).strip()
        if not text:
            continue
        try:
            level = float(text)
        except ValueError:
            level = -1.0
        if not 0 < level < 1 or isinstance(item, bool):
            raise DeadlineError(
                f"预警点“{text[:40]}”应是 0 与 1 之间的数，如 0.8。",
                f"The warning level “{text[:40]}” should lie between 0 and 1, such as 0.8.",
            )
        levels.append(level)
    return tuple(sorted(set(levels)))


@dataclass(frozen=True)
class Cap:
    """The most that all extensions together may be: so much time, so many times, or both."""

    limit: Limit | None = None
    times: int | None = None


def read_cap(given: object) -> Cap:
    """``30 d``, ``2x``, ``10 WD, 1x`` or nothing. Raises ``DeadlineError``."""
    if isinstance(given, Mapping):
        found = read_limit(given)
        return Cap(_countable(found) if found.is_set else None)
    limit: Limit | None = None
    times: int | None = None
    for part in str(given or "").replace("，", ",").split(","):
        text = part.strip()
        if match := _TIMES.fullmatch(text):
            times = int(match[1])
        elif text and text != "none":
            limit = _countable(read_limit(text))
    return Cap(limit, times)


def _countable(limit: Limit) -> Limit:
    if limit.value is None or limit.value < 0 or limit.value != int(limit.value):
        raise DeadlineError(
            "延期上限应是整数加单位，如 30 d、10 WD，或次数，如 1x。",
            "The most an extension may add is a whole number and a unit, such as 30 d, or a count, such as 1x.",
        )
    return limit


def given_back(due: datetime, stopped: datetime, now: datetime, unit: str) -> datetime:
    """When a clock that stood still from ``stopped`` on is due if it goes on now: one of working time gets back the
    office time that went by, any other the time as it passed."""
    return later(due, span(stopped, now, unit), unit)


def exceeds(clock: Deadline, due: datetime) -> bool:
    """Whether an extension to ``due`` is more than the clock's cap leaves; what was decided against the rules is not
    counted."""
    cap = read_cap(clock.cap)
    before = [item for item in clock.extensions if not item["by_decision"]]
    if cap.times is not None and len(before) >= cap.times:
        return True
    if cap.limit is None or clock.due is None:
        return False
    left = int(cap.limit.value or 0)
    for item in before:
        if item["before"] is not None:
            left -= used_by(from_text(str(item["before"])), from_text(str(item["due"])), cap.limit) or 0
    return used_by(from_text(clock.due), due, Limit(left, cap.limit.unit)) is None
