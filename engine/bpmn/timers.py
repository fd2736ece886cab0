"""When a timer is due: ISO 8601 dates, durations and repeating intervals, bounded (BPMN 2.0.2 §10.5.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import isodate

from engine import clock

#: No limit in any procedure is longer; a larger number is a slip of the pen (or an attack on the date arithmetic).
MAX_YEARS = 100

_DURATION = re.compile(
    r"P(?=.)(?:\d{1,6}Y)?(?:\d{1,6}M)?(?:\d{1,6}W)?(?:\d{1,6}D)?(?:T(?=\d)(?:\d{1,9}H)?(?:\d{1,9}M)?(?:\d{1,9}(?:\.\d{1,6})?S)?)?"
)
_CYCLE = re.compile(r"R(\d{0,6})/(.+)")


class TimerUnreadable(ValueError):
    """The text is no ISO 8601 date, duration or cycle. ``zh`` and ``en`` say what one looks like."""

    def __init__(self, text: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = f"“{text[:80]}”{zh}"
        self.en = f"“{text[:80]}” {en}"


@dataclass(frozen=True)
class Schedule:
    """The first due moment, and for a cycle the duration between firings and how many are left after the first
    (None: without end)."""

    due: datetime
    every: str | None = None
    left: int | None = 0


def unquoted(text: str) -> str:
    """Timers are literals here; quotes around one, as other engines want them, mean the same."""
    stripped = text.strip()
    if len(stripped) > 1 and stripped[0] == stripped[-1] and stripped[0] in "\"'":
        return stripped[1:-1].strip()
    return stripped


def schedule(kind: str, value: object, now: datetime) -> Schedule:
    """The schedule of a timeDate, timeDuration or timeCycle armed at ``now``. Raises ``TimerUnreadable``."""
    text = unquoted(str(value)) if value is not None else ""
    if kind == "timeDate":
        return Schedule(read_date(text))
    if kind == "timeDuration":
        return Schedule(after(now, text))
    return _cycle(text, now)


def moment(text: str, now: datetime) -> datetime:
    """A moment, or the moment a duration after ``now``: how a due date can be written. Raises ``TimerUnreadable``."""
    literal = unquoted(text)
    return after(now, literal) if literal.startswith("P") else read_date(literal)


def read_date(text: str) -> datetime:
    """An ISO 8601 date or moment; without an offset it is local to the organisation."""
    try:
        return clock.from_text(text)
    except ValueError:
        raise TimerUnreadable(
            text, "不是日期时间，应如 2026-12-01T09:00:00+08:00。", "is no moment such as 2026-12-01T09:00:00+08:00."
        ) from None


def after(start: datetime, text: str) -> datetime:
    """The moment a duration after ``start``; months and years by the calendar."""
    if not _DURATION.fullmatch(text):
        raise TimerUnreadable(
            text,
            "不是时长，应如 PT30M（30 分钟）、P2D（2 天）。",
            "is no duration such as PT30M (30 minutes) or P2D (2 days).",
        )
    try:
        duration = isodate.parse_duration(text)
        due = start + duration
        if not isinstance(due, datetime) or due - start > timedelta(days=366 * MAX_YEARS):
            raise OverflowError
    except (OverflowError, ValueError, isodate.ISO8601Error):
        raise TimerUnreadable(text, f"超过 {MAX_YEARS} 年。", f"is longer than {MAX_YEARS} years.") from None
    return due


def _cycle(text: str, now: datetime) -> Schedule:
    match = _CYCLE.fullmatch(text)
    if match is None:
        raise TimerUnreadable(
            text,
            "不是周期，应如 R3/PT10M（每 10 分钟，共 3 次）。",
            "is no cycle such as R3/PT10M (every 10 minutes, 3 times).",
        )
    count = int(match[1]) if match[1] else None
    parts = match[2].split("/")
    if len(parts) == 1:
        every, first = parts[0], after(now, parts[0])
    elif len(parts) == 2 and parts[1].startswith("P"):
        every, first = parts[1], read_date(parts[0])
        after(first, every)
    else:
        raise TimerUnreadable(
            text,
            "的周期写法不支持，应如 R3/PT10M 或 R3/2026-12-01T09:00:00/P1D。",
            "is not a cycle of the form R3/PT10M or R3/2026-12-01T09:00:00/P1D.",
        )
    if first == after(first, every):
        raise TimerUnreadable(text, "的周期为零。", "repeats without any time between.")
    return Schedule(first, every, None if count is None else max(count - 1, 0))
