"""Time limits: a start, a value and a unit give the moment something is due, and how near that moment is.

Units are those of the register of limits (D02, requirements 1.22). A limit that is not set is None, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from engine.rules.calendar import MAX_DAYS, CalendarError, WorkCalendar, calendar_in_force

#: unit → (what it is called in Chinese, in English)
UNITS: dict[str, tuple[str, str]] = {
    "min": ("分钟", "minutes"),
    "h": ("小时", "hours"),
    "d": ("日（自然日）", "calendar days"),
    "WD": ("工作日", "working days"),
    "WH": ("办公小时", "office hours"),
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

#: Units that stand still while the office is closed.
WORKING = ("WD", "WH", "当日", "当日或次日10时")

#: A limit is near when this part of it is used (Q09, D14).
WARNING_AT = 0.8

_LIMIT = re.compile(r"(-?\d{1,9}(?:\.\d{1,6})?) ?([A-Za-z]+)")


class DeadlineError(ValueError):
    """The limit makes no sense. ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


@dataclass(frozen=True)
class Limit:
    """How long something may take: ``value`` of ``unit``. ``unit`` none: no limit is set."""

    value: float | None
    unit: str

    @property
    def is_set(self) -> bool:
        return self.unit not in ("none", "event") and (self.unit in _FIXED or self.value is not None)

    def due(self, moment: datetime, calendar: WorkCalendar | None = None) -> datetime | None:
        """As ``deadline``."""
        return deadline(moment, self.value, self.unit, calendar)


def read_limit(given: object) -> Limit:
    """A limit as it is written: ``7 WD``, ``当日``, ``none``, or ``{"value": 7, "unit": "WD"}`` as the table of limits
    (D02) gives it; nothing is no limit. Raises ``DeadlineError``."""
    if given is None or given == "":
        return Limit(None, "none")
    if isinstance(given, Mapping) and "unit" in given:
        value, unit = given.get("value"), given["unit"]
        if unit in (None, "", "none", "event") or unit in _FIXED or value in (None, ""):
            return Limit(None, _known(unit or "none"))
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise DeadlineError("时限必须是数字。", "A limit must be a number.")
        return Limit(value, _known(unit))
    text = given.strip() if isinstance(given, str) else ""
    if text in (*_FIXED, "none", "event"):
        return Limit(None, text)
    match = _LIMIT.fullmatch(text)
    if match is None or match[2] not in UNITS:
        raise DeadlineError(
            f"“{str(given)[:80]}”不是时限，应如 7 WD（7 个工作日）、24 h、当日、none（未设定）。",
            f"“{str(given)[:80]}” is no limit such as 7 WD (7 working days), 24 h, 当日 or none (not set).",
        )
    return Limit(float(match[1]) if "." in match[1] else int(match[1]), match[2])


def _known(unit: object) -> str:
    if not isinstance(unit, str) or unit not in UNITS:
        known = "、".join(UNITS)
        raise DeadlineError(f"时限单位“{unit}”无效，可用：{known}。", f"There is no unit “{unit}”; there are: {known}.")
    return unit


def deadline(
    moment: datetime, value: float | None, unit: str | None, calendar: WorkCalendar | None = None
) -> datetime | None:
    """When something begun at ``moment`` with a limit of ``value`` ``unit`` is due; None where no limit is set.

    ``WD`` counts as ``WorkCalendar.add_working_days``, ``WH`` as ``add_working_hours``; ``d``, ``wk`` and ``mo`` keep
    the time of day on the office's clock (31 January + 1 mo is the last of February); ``当日`` is the end of office
    hours (S03 §17); ``当日或次日10时`` is Q03; ``monthly7`` is the close of the 7th of next month, or of the last
    working day before it if that is 休 (Q26). Negative values count back. Raises ``DeadlineError``, ``CalendarError``.
    """
    if not unit or unit in ("none", "event"):
        return None
    _known(unit)
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
    if unit == "WH":
        return calendar.add_working_hours(here, value)
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


def span(start: datetime, end: datetime, unit: str) -> timedelta:
    """How much of a limit of that unit goes by from ``start`` to ``end``: office time for units that stand still while
    the office is closed, time as it passes for all others."""
    if unit in WORKING:
        return calendar_in_force().working_time_between(start, end)
    # through UTC: Python takes two moments of one zone apart by the clock on the wall
    return end.astimezone(UTC) - start.astimezone(UTC)


def later(due: datetime, amount: timedelta, unit: str) -> datetime:
    """``due`` after ``amount`` has been given back (negative: before it), as ``span`` counts. Nothing given back, which
    is what a pause outside office hours amounts to, changes nothing."""
    if not amount:
        return due
    try:
        if unit in WORKING:
            return calendar_in_force().add_working_time(due, amount)
        return due.astimezone(UTC) + amount
    except (OverflowError, ValueError) as error:
        if isinstance(error, CalendarError):
            raise
        raise _too_long() from None


def extended(due: datetime, limit: Limit) -> datetime:
    """``due`` later by a limit. Working days keep the time of day, the close of the office too. Raises
    ``DeadlineError`` for what is no amount."""
    if limit.value is None or not limit.is_set:
        raise DeadlineError("请写明延长多少，如 5 WD。", "Say by how much, such as 5 WD.")
    if limit.unit == "WD":
        calendar = calendar_in_force()
        here = calendar.local(due)
        return datetime.combine(calendar.move_working_days(here.date(), _whole(limit.value, "WD")), here.timetz())
    if limit.unit == "WH":
        return later(due, timedelta(hours=limit.value), "WH")
    found = limit.due(due)
    return due if found is None else found


def used_by(old: datetime, new: datetime, most: Limit) -> int | None:
    """How many units of ``most`` lead from ``old`` to ``new`` or beyond; None if that is more than ``most``."""
    low, high = 0, int(most.value or 0)
    if high < 0 or extended(old, Limit(high, most.unit)) < new:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if extended(old, Limit(middle, most.unit)) >= new else (middle + 1, high)
    return low
