"""Working time: which days are worked, when the office is open, and moments counted in working days and hours.

A day is worked or not by, in this order: the installation's own table (休 / 班), the State Council's notices up to 2026
as the ``chinesecalendar`` package knows them, and, for later years, the weekend rule. Answers of the last kind are
*provisional* until the year's notice is imported. Clauses count in 工作日 throughout (S11 §5, S03 §17); office hours
are the answer to Q01.

Everything here is pure. Moments are aware datetimes; results are in the calendar's zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import chinese_calendar

from engine.clock import DEFAULT_ZONE

DayKind = Literal["休", "班"]
Span = tuple[time, time]

#: 08:30–12:00 and 14:00–18:30 (Q01).
OFFICE_HOURS: tuple[Span, ...] = ((time(8, 30), time(12)), (time(14), time(18, 30)))

#: The notices this software came with. Later years are imported: were they taken from a newer package, old cases would
#: be counted by days that nobody knew when they ran.
LAST_ANNOUNCED = 2026

#: No count goes further than this many calendar days.
MAX_DAYS = 10_000

_NO_TIME = timedelta(0)
_ONE_DAY = timedelta(days=1)


class CalendarError(ValueError):
    """Working time cannot be counted: too far, or nobody ever works. ``zh`` and ``en`` say which."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


@lru_cache(maxsize=40_000)
def announced(day: date) -> DayKind | None:
    """What the State Council's notice says of ``day``; None for a year whose notice did not come with the software."""
    if day.year > LAST_ANNOUNCED:
        return None
    try:
        return "班" if chinese_calendar.is_workday(day) else "休"
    except NotImplementedError:
        return None


@dataclass(frozen=True)
class WorkCalendar:
    """Office hours and working days of one organisation.

    ``spans``: when the office is open on a working day, in order and apart; ``days``: what the organisation's own
    table says of single dates, before everything else; ``guessed``: those of them that nobody has announced yet.
    """

    spans: tuple[Span, ...] = OFFICE_HOURS
    zone: ZoneInfo = DEFAULT_ZONE
    days: Mapping[date, DayKind] = field(default_factory=dict)
    guessed: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        flat = [moment for span in self.spans for moment in span]
        if not flat or any(a >= b for a, b in zip(flat, flat[1:], strict=False)):
            raise CalendarError(
                "办公时间必须至少有一段，各段按先后排列且互不重叠。",
                "Office hours need at least one span; spans are in order and do not overlap.",
            )

    def kind(self, day: date) -> DayKind:
        """休 or 班."""
        return self.days.get(day) or announced(day) or _weekend_rule(day)

    def is_working_day(self, day: date) -> bool:
        """Whether people work on that day."""
        return self.kind(day) == "班"

    def is_provisional(self, day: date) -> bool:
        """True where only the weekend rule answers, because the year's notice is not in the table yet, and where the
        table's answer is a guess itself. Every notice names National Day, so that is how it is known to be there."""
        if day in self.days:
            return day in self.guessed
        national = date(day.year, 10, 1)
        return announced(day) is None and (national not in self.days or national in self.guessed)

    def local(self, moment: datetime) -> datetime:
        """The moment on the office's clock. Raises ``CalendarError`` for a naive one: its zone would be a guess."""
        if moment.tzinfo is None:
            raise CalendarError("时刻必须带时区。", "A moment needs a time zone.")
        try:
            return moment.astimezone(self.zone)
        except (OverflowError, ValueError):
            raise _too_far() from None

    def open_spans(self, day: date) -> list[tuple[datetime, datetime]]:
        """Opening and closing moments of that day, in UTC (so that subtracting them is real time); none if 休."""
        if not self.is_working_day(day):
            return []
        return [(self._at(day, start), self._at(day, end)) for start, end in self.spans]

    def opening(self, day: date) -> datetime:
        """When the office opens on ``day``, worked or not."""
        return self._at(day, self.spans[0][0]).astimezone(self.zone)

    def closing(self, day: date) -> datetime:
        """When the office closes on ``day``, worked or not."""
        return self._at(day, self.spans[-1][1]).astimezone(self.zone)

    def next_working_day(self, day: date) -> date:
        """The first working day after ``day``."""
        return self.move_working_days(day, 1)

    def working_day_on_or_before(self, day: date) -> date:
        """``day`` itself if worked, else the last working day before it (Q26)."""
        return day if self.is_working_day(day) else self.move_working_days(day, -1)

    def move_working_days(self, day: date, count: int) -> date:
        """The ``count``-th working day after (negative: before) ``day``; 0 is ``day`` itself."""
        step, left = (1 if count > 0 else -1), abs(count)
        for moved in _days(day, step):
            if left == 0:
                return moved
            if self.is_working_day(_shift(moved, step)):
                left -= 1
        raise _too_far()

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days lie after ``start`` up to and with ``end``; negative if ``end`` is earlier."""
        if end < start:
            return -self.working_days_between(end, start)
        if (end - start).days > MAX_DAYS:
            raise _too_far()
        return sum(self.is_working_day(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))

    def office_moment(self, moment: datetime) -> datetime:
        """``moment`` while the office is open, else the next opening: where counting forward begins."""
        here = self.local(moment)
        for day in _days(here.date(), 1):
            for start, end in self.open_spans(day):
                if here < end:
                    return max(start, here).astimezone(self.zone)
        raise _too_far()

    def office_moment_before(self, moment: datetime) -> datetime:
        """``moment`` while the office is open (closing included), else the last closing before it."""
        here = self.local(moment)
        for day in _days(here.date(), -1):
            for start, end in reversed(self.open_spans(day)):
                if here >= start:
                    return min(end, here).astimezone(self.zone)
        raise _too_far()

    def add_working_days(self, moment: datetime, count: int) -> datetime:
        """The same time of day ``count`` working days later.

        What arrives outside office hours counts from the next opening: Saturday + 1 is Tuesday 08:30, Friday 20:00
        + 1 is Tuesday 08:30, Monday 13:00 + 1 is Tuesday 14:00. Backwards it counts from the last closing. With 0 it
        is that beginning itself.
        """
        begin = self.office_moment(moment) if count >= 0 else self.office_moment_before(moment)
        day = self.move_working_days(begin.date(), count)
        return begin if count == 0 else datetime.combine(day, begin.timetz())

    def add_working_time(self, moment: datetime, amount: timedelta) -> datetime:
        """The moment by which the office has been open for ``amount`` since ``moment`` (negative: before it)."""
        if amount < _NO_TIME:
            return self._subtract_working_time(moment, -amount)
        begin = self.office_moment(moment)
        left = amount
        for day in _days(begin.date(), 1):
            for start, end in self.open_spans(day):
                here = max(start, begin)
                if here >= end:
                    continue
                if left <= end - here:
                    return (here + left).astimezone(self.zone)
                left -= end - here
        raise _too_far()

    def add_working_hours(self, moment: datetime, hours: float) -> datetime:
        """As ``add_working_time``, in hours."""
        try:
            return self.add_working_time(moment, timedelta(hours=hours))
        except (OverflowError, ValueError) as error:
            if isinstance(error, CalendarError):
                raise
            raise _too_far() from None

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """How long the office was open from ``start`` to ``end``; negative if ``end`` is earlier."""
        a, b = self.local(start).astimezone(UTC), self.local(end).astimezone(UTC)
        if b < a:
            return -self.working_time_between(end, start)
        if (b - a).days > MAX_DAYS:
            raise _too_far()
        total = _NO_TIME
        day, last = self.local(a).date(), self.local(b).date()
        while day <= last:
            for opening, closing in self.open_spans(day):
                total += max(_NO_TIME, min(closing, b) - max(opening, a))
            day += _ONE_DAY
        return total

    def end_of_office_hours(self, moment: datetime) -> datetime:
        """The close of the same working day (当日, 下班前: S03 §17); after it, or on 休, of the next working day."""
        here = self.local(moment)
        day = here.date()
        if not self.is_working_day(day) or here >= self.closing(day):
            day = self.next_working_day(day)
        return self.closing(day)

    def _subtract_working_time(self, moment: datetime, amount: timedelta) -> datetime:
        begin = self.office_moment_before(moment)
        left = amount
        for day in _days(begin.date(), -1):
            for start, end in reversed(self.open_spans(day)):
                here = min(end, begin)
                if here <= start:
                    continue
                if left <= here - start:
                    return (here - left).astimezone(self.zone)
                left -= here - start
        raise _too_far()

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)


_in_force: ContextVar[WorkCalendar | None] = ContextVar("work_calendar", default=None)
_DEFAULT = WorkCalendar()


def calendar_in_force() -> WorkCalendar:
    """The calendar expressions count by where none is given: the one set by ``counting_by``, else Q01's."""
    return _in_force.get() or _DEFAULT


@contextmanager
def counting_by(calendar: WorkCalendar) -> Iterator[WorkCalendar]:
    """Inside this block working time is counted by ``calendar``."""
    token = _in_force.set(calendar)
    try:
        yield calendar
    finally:
        _in_force.reset(token)


def read_office_hours(text: str) -> tuple[Span, ...]:
    """``08:30-12:00,14:00-18:30`` as spans. Raises ``CalendarError``."""
    try:
        spans = tuple(
            (time.fromisoformat(start.strip()), time.fromisoformat(end.strip()))
            for start, end in (part.split("-") for part in text.replace("，", ",").split(","))
        )
        if any(clock.tzinfo is not None for span in spans for clock in span):
            raise ValueError(text)
    except ValueError:
        raise CalendarError(
            f"“{text[:80]}”不是办公时间，应如 08:30-12:00,14:00-18:30。",
            f"“{text[:80]}” are no office hours such as 08:30-12:00,14:00-18:30.",
        ) from None
    return WorkCalendar(spans=spans).spans


def office_hours_text(spans: Iterable[Span]) -> str:
    """Spans as ``read_office_hours`` reads them."""
    return ",".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in spans)


@dataclass(frozen=True)
class CalendarRow:
    """An entry of the installation's table, in the order in which they were made. ``kind``: 休, 班, ``hours`` (then
    ``name`` holds the office hours from that entry on) or "" to take an entry back."""

    id: int
    day: str
    kind: str
    name: str
    provisional: bool = False
    source: str = ""


def calendar_of(rows: Iterable[CalendarRow]) -> WorkCalendar:
    """The calendar that entries make: for a day, and for the office hours, the last one counts."""
    days: dict[date, DayKind] = {}
    guessed: set[date] = set()
    spans = OFFICE_HOURS
    for row in rows:
        if row.kind == "hours":
            spans = read_office_hours(row.name)
            continue
        day = date.fromisoformat(row.day)
        days.pop(day, None)
        guessed.discard(day)
        if row.kind:
            days[day] = "班" if row.kind == "班" else "休"
            if row.provisional:
                guessed.add(day)
    return WorkCalendar(spans=spans, days=days, guessed=frozenset(guessed))


class Calendars:
    """The calendar as it was after each entry: a case is counted, and verified, by the one it had."""

    def __init__(self, rows: Iterable[CalendarRow] = ()) -> None:
        self._rows = sorted(rows, key=lambda row: row.id)
        self._made: dict[int, WorkCalendar] = {}

    @property
    def last(self) -> int:
        """The number of the last entry; 0 where there is none."""
        return self._rows[-1].id if self._rows else 0

    def after(self, entry: int) -> WorkCalendar:
        """The calendar that held when ``entry`` was the last one."""
        if entry not in self._made:
            self._made[entry] = calendar_of(row for row in self._rows if row.id <= entry)
        return self._made[entry]


def _weekend_rule(day: date) -> DayKind:
    return "班" if day.weekday() < 5 else "休"


def _days(day: date, step: int) -> Iterator[date]:
    """``day`` and the days after (before) it, at most ``MAX_DAYS`` of them."""
    for _ in range(MAX_DAYS + 1):
        yield day
        day = _shift(day, step)


def _shift(day: date, step: int) -> date:
    try:
        return day + timedelta(days=step)
    except OverflowError:
        raise _too_far() from None


def _too_far() -> CalendarError:
    return CalendarError(
        f"超出可计算的工作时间范围（{MAX_DAYS} 天以内）。",
        f"That is further than working time is counted ({MAX_DAYS} days).",
    )
