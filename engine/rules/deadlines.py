"""Time limits: a start, a value and a unit give the moment something is due, and how near that moment is.

Units are those of the register of limits (D02, requirements 1.22). A limit that is not set is None, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from engine.rules.calendar import MAX_DAYS, CalendarError, WorkCalendar, calendar_in_force

DueState = Literal["none", "ok", "warning", "overdue"]

#: unit → (what it is called in Chinese, in English)
UNITS: dict[str, tuple[str, str]] = {
    "min": ("分钟", "minutes"),
    "h": ("小时", "hours"),
    "d": ("日（自然日）", "calendar days"),
    "WD": ("工作日", "working days"),
    "wk": ("周", "weeks"),
    "mo": ("月", "months"),
    "当日": ("当日下班前", "end of office hours the same day"),
    "当日或次日10时": (
        "当日下班前；下班前一小时内收到的，次一工作日10时前",
        "end of office hours; received in the last hour, 10:00 the next working day",
    ),
    "monthly7": ("下月7日前", "the 7th of next month"),
    "event": ("以事件为准", "by an event, not by the clock"),
    "none": ("未设定", "not set"),
}

#: Units that need no value.
_FIXED = ("当日", "当日或次日10时", "monthly7")

#: A limit is near when this part of it is used (Q09, D14).
WARNING_AT = 0.8


class DeadlineError(ValueError):
    """The limit makes no sense. ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def deadline(
    moment: datetime, value: float | None, unit: str | None, calendar: WorkCalendar | None = None
) -> datetime | None:
    """When something begun at ``moment`` with a limit of ``value`` ``unit`` is due; None where no limit is set.

    ``WD`` counts as ``WorkCalendar.add_working_days``; ``d``, ``wk`` and ``mo`` keep the time of day on the office's
    clock (31 January + 1 mo is the last of February); ``当日`` is the end of office hours (S03 §17);
    ``当日或次日10时`` is Q03; ``monthly7`` is the close of the 7th of next month, or of the last working day before it
    if that is 休 (Q26). Negative values count back. Raises ``DeadlineError``, ``CalendarError``.
    """
    if not unit or unit in ("none", "event"):
        return None
    if unit not in UNITS:
        known = "、".join(UNITS)
        raise DeadlineError(f"时限单位“{unit}”无效，可用：{known}。", f"There is no unit “{unit}”; there are: {known}.")
    calendar = calendar or calendar_in_force()
    here = calendar.local(moment)
    if unit in _FIXED:
        return _fixed(here, unit, calendar)
    if value is None:
        return None
    if isinstance(value, bool) or value != value:
        raise DeadlineError("时限必须是数字。", "A limit must be a number.")
    try:
        return _counted(here, value, unit, calendar)
    except CalendarError:
        raise
    except (OverflowError, ValueError) as error:
        if isinstance(error, DeadlineError):
            raise
        raise _too_long() from None


def _fixed(here: datetime, unit: str, calendar: WorkCalendar) -> datetime:
    if unit == "monthly7":
        if (here.year, here.month) == (9999, 12):
            raise _too_long()
        seventh = calendar.working_day_on_or_before(_add_months(here.date(), 1).replace(day=7))
        return calendar.closing(seventh)
    end = calendar.end_of_office_hours(here)
    if unit == "当日或次日10时" and timedelta(0) < end - here <= timedelta(hours=1):
        return datetime.combine(calendar.next_working_day(here.date()), time(10), calendar.zone)
    return end


def _counted(here: datetime, value: float, unit: str, calendar: WorkCalendar) -> datetime:
    if unit in ("min", "h"):
        amount = timedelta(minutes=value) if unit == "min" else timedelta(hours=value)
        if abs(amount.days) > MAX_DAYS:
            raise _too_long()
        # through UTC: hours are real hours even where the clocks change
        return calendar.local(here.astimezone(UTC) + amount)
    count = _whole(value, unit)
    if unit == "WD":
        return calendar.add_working_days(here, count)
    if unit == "mo":
        return datetime.combine(_add_months(here.date(), count), here.timetz())
    return here + timedelta(days=count * 7 if unit == "wk" else count)


def _whole(value: float, unit: str) -> int:
    if value != int(value):
        zh, en = UNITS[unit]
        raise DeadlineError(f"以{zh}计的时限必须是整数。", f"A limit in {en} must be a whole number.")
    if abs(value) * {"WD": 1, "d": 1, "wk": 7, "mo": 30}[unit] > MAX_DAYS:
        raise _too_long()
    return int(value)


def _add_months(day: date, count: int) -> date:
    """The same day ``count`` months later, or that month's last day if it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    first = date(year, month + 1, 1)
    following = date(year + month // 11, (month + 1) % 12 + 1, 1)
    return first.replace(day=min(day.day, (following - timedelta(days=1)).day))


def _too_long() -> DeadlineError:
    return DeadlineError(f"时限过长（最多 {MAX_DAYS} 天）。", f"The limit is too long (at most {MAX_DAYS} days).")


def due_state(
    due: datetime | None, now: datetime, started: datetime | None, warning_at: float = WARNING_AT
) -> DueState:
    """``none`` without a limit, ``overdue`` after it, ``warning`` once 80 % of the time is used (Q09), else ``ok``.

    Where the start is not known there is nothing to take 80 % of, so it is ``ok`` until it is ``overdue``.
    """
    if due is None:
        return "none"
    if now > due:
        return "overdue"
    if started is None:
        return "ok"
    return "warning" if now - started >= (due - started) * warning_at else "ok"


@dataclass(frozen=True)
class Clock:
    """One running limit: what it is for, when it began, when it is due, and when it was met (None: not yet)."""

    kind: str
    started: datetime
    due: datetime | None
    met: datetime | None = None
    warning_at: float = WARNING_AT

    def state(self, now: datetime) -> DueState:
        """The colour at ``now``. A limit that was met keeps the colour it had then, and is no warning any more."""
        if self.met is None:
            return due_state(self.due, now, self.started, self.warning_at)
        at_end = due_state(self.due, self.met, self.started, self.warning_at)
        return "ok" if at_end == "warning" else at_end

    def used(self, now: datetime) -> float | None:
        """The part of the time that is used, 1.0 at the due moment; None without a limit."""
        if self.due is None:
            return None
        whole = self.due - self.started
        return 1.0 if whole <= timedelta(0) else ((self.met or now) - self.started) / whole

    def extended(self, due: datetime) -> Clock:
        """The same clock with a later (or, by decision, earlier) due moment (R132, D15)."""
        return replace(self, due=due)
