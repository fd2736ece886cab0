"""Limits of the register (1.22): units and edges, how they are written, given back and extended."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rules.calendar import CalendarError, WorkCalendar
from engine.rules.deadlines import (
    UNITS,
    WORKING,
    DeadlineError,
    Limit,
    deadline,
    extended,
    later,
    read_limit,
    span,
    used_by,
)

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def due(start: str, value: float | None, unit: str | None) -> str | None:
    moment = deadline(at(start), value, unit, CALENDAR)
    return None if moment is None else moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "value", "unit", "end"),
    [
        ("2026-11-20 09:30", 30, "min", "2026-11-20 10:00"),
        ("2026-11-20 09:30", 2.5, "h", "2026-11-20 12:00"),
        ("2026-11-20 09:30", 7, "d", "2026-11-27 09:30"),
        ("2026-11-20 09:30", 3, "WD", "2026-11-25 09:30"),
        ("2026-11-21 23:00", 2, "WD", "2026-11-25 08:30"),
        ("2026-11-20 09:30", 2, "wk", "2026-12-04 09:30"),
        ("2026-12-31 09:30", 2, "mo", "2027-02-28 09:30"),
        ("2028-01-31 09:30", 1, "mo", "2028-02-29 09:30"),
        ("2026-11-20 09:30", 12, "mo", "2027-11-20 09:30"),
        ("2026-03-31 09:30", -1, "mo", "2026-02-28 09:30"),
        ("2026-11-25 09:30", -3, "WD", "2026-11-20 09:30"),
        ("2026-11-20 09:30", None, "当日", "2026-11-20 18:30"),
        ("2026-11-20 19:00", 0, "当日", "2026-11-23 18:30"),
        ("2026-11-20 17:29", None, "当日或次日10时", "2026-11-20 18:30"),
        ("2026-11-20 17:45", None, "当日或次日10时", "2026-11-23 10:00"),
        ("2026-11-20 19:00", None, "当日或次日10时", "2026-11-23 18:30"),
        ("2026-11-20 09:30", None, "monthly7", "2026-12-07 18:30"),
        ("2026-09-20 09:30", None, "monthly7", "2026-09-30 18:30"),  # 7 October is a holiday (Q26)
        ("2026-12-31 09:30", None, "monthly7", "2027-01-07 18:30"),
        ("2026-11-20 09:30", None, "WD", None),
        ("2026-11-20 09:30", 3, "none", None),
        ("2026-11-20 09:30", 3, None, None),
        ("2026-11-20 09:30", 3, "", None),
        ("2026-11-20 09:30", 3, "event", None),
    ],
)
def test_limits(start: str, value: float | None, unit: str | None, end: str | None) -> None:
    assert due(start, value, unit) == end


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (3, "fortnight"),
        (1.5, "WD"),
        (0.5, "d"),
        (float("nan"), "h"),
        (float("inf"), "h"),
        (float("inf"), "d"),
        (1e300, "min"),
        (10**6, "WD"),
        (10**6, "mo"),
        (10**6, "d"),
        (True, "d"),
    ],
)
def test_limits_that_make_no_sense(value: float, unit: str) -> None:
    with pytest.raises((DeadlineError, CalendarError)) as caught:
        deadline(at("2026-11-20 09:30"), value, unit, CALENDAR)
    assert caught.value.zh and caught.value.en


def test_the_end_of_time_is_an_error_and_not_a_crash() -> None:
    for unit in UNITS:
        try:
            deadline(
                datetime(9999, 12, 31, 12, tzinfo=ZONE), 9_000 if unit not in ("mo", "wk") else 300, unit, CALENDAR
            )
        except (DeadlineError, CalendarError) as error:
            assert error.zh


@pytest.mark.parametrize(
    ("given", "value", "unit"),
    [
        ("7 WD", 7, "WD"),
        ("7WD", 7, "WD"),
        (" 2.5 h ", 2.5, "h"),
        ("-3 d", -3, "d"),
        ("当日", None, "当日"),
        ("monthly7", None, "monthly7"),
        ("none", None, "none"),
        ("event", None, "event"),
        ("", None, "none"),
        (None, None, "none"),
        ({"value": 3, "unit": "WD", "start": "转办"}, 3, "WD"),
        ({"value": None, "unit": "WD"}, None, "WD"),
        ({"value": 5, "unit": None}, None, "none"),
        ({"value": 0, "unit": "当日"}, None, "当日"),
    ],
)
def test_limits_as_they_are_written(given: object, value: float | None, unit: str) -> None:
    assert read_limit(given) == Limit(value, unit)


@pytest.mark.parametrize(
    "given",
    ["7", "WD", "seven WD", "7 XX", "7 当日", 7, True, [], {"value": 3}, {"value": "3", "unit": "WD"},
     {"value": True, "unit": "d"}, {"value": 1, "unit": 5}, "7 WD 7 WD", "1e9 d", "9" * 400 + " d"],
)  # fmt: skip
def test_what_is_no_limit(given: object) -> None:
    with pytest.raises(DeadlineError) as caught:
        read_limit(given)
    assert caught.value.zh and caught.value.en


@pytest.mark.parametrize(
    ("start", "by", "end"),
    [
        ("2026-11-20 09:30", "1 WD", "2026-11-23 09:30"),
        ("2026-11-20 18:30", "1 WD", "2026-11-23 18:30"),
        ("2026-11-20 17:30", "2 WH", "2026-11-23 09:30"),
        ("2026-11-20 18:30", "2 WH", "2026-11-23 10:30"),
        ("2026-11-30 09:30", "3 mo", "2027-02-28 09:30"),
        ("2026-11-20 09:30", "30 d", "2026-12-20 09:30"),
    ],
)
def test_extended_by_a_limit(start: str, by: str, end: str) -> None:
    limit = read_limit(by)
    moment = extended(at(start), limit).astimezone(ZONE)
    assert moment.strftime("%Y-%m-%d %H:%M") == end
    assert used_by(at(start), moment, limit) == limit.value
    assert used_by(at(start), moment + timedelta(minutes=1), limit) is None
    assert used_by(at(start), moment, Limit(100, limit.unit)) == limit.value
    assert used_by(at(start), at(start), limit) == 0


@settings(max_examples=150, deadline=None)
@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(ZONE)),
    st.integers(0, 40),
    st.integers(0, 20_000),
    st.sampled_from(["WD", "WH", "d", "h", "当日"]),
)
def test_what_passed_is_given_back(start: datetime, days: int, minutes: int, unit: str) -> None:
    """A limit that stands still for some time is due later by just that time, as it counts time."""
    due = deadline(start, days, "WD", CALENDAR)
    assert due is not None
    stopped = start + timedelta(minutes=minutes)
    passed = span(start, stopped, unit)
    moved = later(due, passed, unit)
    assert span(due, moved, unit) == passed
    assert moved >= due
    assert (moved == due) == (passed == timedelta(0))
    if unit not in WORKING:
        assert moved - due == stopped - start


@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(ZONE)),
    st.integers(0, 120),
    st.sampled_from(sorted(UNITS)),
)
def test_more_is_never_earlier(moment: datetime, value: int, unit: str) -> None:
    one, more = deadline(moment, value, unit, CALENDAR), deadline(moment, value + 1, unit, CALENDAR)
    assert (one is None) == (more is None) == (unit in ("none", "event"))
    if one is not None and more is not None:
        assert moment <= one <= more


@settings(max_examples=200, deadline=None)
@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(-200, 200))
def test_months_keep_the_day_or_take_the_last(day: date, months: int) -> None:
    start = datetime(day.year, day.month, day.day, 9, 30, tzinfo=ZONE)
    end = deadline(start, months, "mo", CALENDAR)
    assert end is not None
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == months
    assert end.day == day.day or ((end + timedelta(days=1)).day == 1 and end.day < day.day)
