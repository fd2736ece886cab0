"""When a timer is due: ISO 8601 dates, durations and repeating intervals, bounded (BPMN 2.0.2 §10.5.5), and limits in
working time as clauses have them (``3 WD``, ``16 WH``, ``当日``, ``monthly7``).

Days, months and years are those of the office's calendar and keep the time of day on its clock; hours, minutes and
seconds are real ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import isodate

from engine import clock
from engine.rules.calendar import CalendarError, calendar_in_force
from engine.rules.deadlines import DeadlineError, Limit, read_limit

#: No limit in any procedure is longer; a larger number is a slip of the pen (or an attack on the date arithmetic).
MAX_YEARS = 100

_DURATION = re.compile(
    r"P(?=.)(?:\d{1,6}Y)?(?:\d{1,6}M)?(?:\d{1,6}W)?(?:\d{1,6}D)?(?:T(?=\d)(?:\d{1,9}H)?(?:\d{1,9}M)?(?:\d{1,9}(?:\.\d{1,6})?S)?)?"
)
_MONTHS = re.compile(r"P\d*Y?\d*[YM]")
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

    @property
    def day(self) -> int | None:
        """The day of the month a cycle of months falls on, where shorter months do not have it."""
        if self.every is None or not _MONTHS.match(self.every):
            return None
        day = calendar_in_force().local(self.due).day
        return day if day > 28 else None


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
        return Schedule(after(now, text) if _limit(text) is not None else read_date(text))
    if kind == "timeDuration":
        return Schedule(after(now, text))
    return _cycle(text, now)


def moment(text: str, now: datetime) -> datetime:
    """A moment, or the moment a duration or limit after ``now``: how a due date can be written. Raises
    ``TimerUnreadable``."""
    literal = unquoted(text)
    return after(now, literal) if literal.startswith("P") or _limit(literal) is not None else read_date(literal)


def read_date(text: str) -> datetime:
    """An ISO 8601 date or moment; without an offset it is local to the organisation."""
    try:
        found = clock.from_text(text)
        # In the first and the last hours of the calendar a moment exists in one zone and not in another.
        calendar_in_force().local(found.astimezone(UTC))
        return found
    except (ValueError, OverflowError, CalendarError):
        raise TimerUnreadable(
            text, "不是日期时间，应如 2026-12-01T09:00:00+08:00。", "is no moment such as 2026-12-01T09:00:00+08:00."
        ) from None


def after(start: datetime, text: str, day: int | None = None) -> datetime:
    """The moment a duration or limit after ``start``. ``day``: the day of the month to fall on where the month has it,
    as a cycle begun on the 31st does."""
    limit = _limit(text)
    if limit is not None:
        return _after_limit(start, limit, text)
    if not _DURATION.fullmatch(text):
        raise TimerUnreadable(
            text,
            "不是时长，应如 PT30M（30 分钟）、P2D（2 天）、3 WD（3 个工作日）、当日。",
            "is no duration such as PT30M (30 minutes), P2D (2 days), 3 WD (3 working days) or 当日.",
        )
    try:
        return _after_duration(start, text, day)
    except (OverflowError, ValueError, isodate.ISO8601Error):
        raise TimerUnreadable(text, f"超过 {MAX_YEARS} 年。", f"is longer than {MAX_YEARS} years.") from None


def _after_duration(start: datetime, text: str, day: int | None) -> datetime:
    dates, _, times = text.partition("T")
    here = calendar_in_force().local(start)
    if len(dates) > 1:
        here = here + isodate.parse_duration(dates)
        if day is not None:
            following = (here.replace(day=1) + timedelta(days=31)).replace(day=1)
            here = here.replace(day=min(day, (following - timedelta(days=1)).day))
    due = here.astimezone(UTC) + (isodate.parse_duration(f"PT{times}") if times else timedelta(0))
    if due - start > timedelta(days=366 * MAX_YEARS):
        raise OverflowError
    return due


def _limit(text: str) -> Limit | None:
    """The limit a text is; None for durations, moments and anything else."""
    try:
        limit = read_limit(text) if text else None
    except DeadlineError:
        return None
    return limit if limit is not None and limit.is_set else None


def _after_limit(start: datetime, limit: Limit, text: str) -> datetime:
    try:
        due = limit.due(start)
        if due is not None and due <= start and limit.unit == "monthly7":
            # The 7th may be a holiday, and the working day before it lie in the month before: then it is the next one.
            due = limit.due(start + timedelta(days=10))
    except (DeadlineError, CalendarError) as error:
        raise TimerUnreadable(text, f"：{error.zh}", f": {error.en}") from None
    if due is None or due < start:
        raise TimerUnreadable(text, "不能用作定时。", "cannot be waited for.")
    return due


def _cycle(text: str, now: datetime) -> Schedule:
    match = _CYCLE.fullmatch(text)
    if match is None:
        raise TimerUnreadable(
            text,
            "不是周期，应如 R3/PT10M（每 10 分钟，共 3 次）、R/1 WD（每个工作日）。",
            "is no cycle such as R3/PT10M (every 10 minutes, 3 times) or R/1 WD (every working day).",
        )
    count = int(match[1]) if match[1] else None
    parts = match[2].split("/")
    if len(parts) == 1:
        every, first = parts[0], after(now, parts[0])
    elif len(parts) == 2 and (parts[1].startswith("P") or _limit(parts[1]) is not None):
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
