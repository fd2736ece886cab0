"""Timers of all kinds: when they are due, how they repeat, and how they catch up."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bpmn import timers
from engine.bpmn.timers import TimerUnreadable
from engine.rules.calendar import WorkCalendar, counting_by
from tests.bpmn.drawing import END, START, Player, boundary, catch, flows, timer, users

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = WorkCalendar(spans=((time(9), time(17)),), zone=ZoneInfo("Europe/Berlin"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def shown(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "text", "due"),
    [
        ("2026-11-20 09:30", "3 WD", "2026-11-25 09:30"),
        ("2026-11-21 23:00", "2 WD", "2026-11-25 08:30"),
        ("2026-11-20 18:00", "1 WH", "2026-11-23 09:00"),
        ("2026-11-20 09:30", "16WH", "2026-11-24 09:30"),
        ("2026-11-20 09:30", "2 d", "2026-11-22 09:30"),
        ("2026-11-20 09:30", "4 h", "2026-11-20 13:30"),
        ("2026-11-20 09:30", "30 min", "2026-11-20 10:00"),
        ("2026-11-20 09:30", "当日", "2026-11-20 18:30"),
        ("2026-11-20 18:00", "当日或次日10时", "2026-11-23 10:00"),
        ("2026-11-20 09:30", "monthly7", "2026-12-07 18:30"),
        ("2026-09-30 18:30", "monthly7", "2026-11-06 18:30"),  # 7 October is a holiday, 7 November a Saturday (Q26)
        ("2026-11-20 09:30", "P2DT3H", "2026-11-22 12:30"),
        ("2026-01-31 00:30", "P1M", "2026-02-28 00:30"),
        ("2028-02-29 09:30", "P1Y", "2029-02-28 09:30"),
        ("2026-11-20 09:30", "P1W", "2026-11-27 09:30"),
        ("2026-11-20 09:30", '"PT30M"', "2026-11-20 10:00"),
    ],
)
def test_when_a_timer_is_due(start: str, text: str, due: str) -> None:
    for moment in (at(start), at(start).astimezone(UTC)):
        assert shown(timers.schedule("timeDuration", text, moment).due) == due
        assert shown(timers.moment(text, moment)) == due


@pytest.mark.parametrize(
    "text",
    ["", "3", "WD", "3 XX", "none", "event", "-1 WD", "0.5 WD", "99999 WD", "3 工作日", "P", "PT", "P1", "R/1 WD"],
)
def test_durations_that_are_none(text: str) -> None:
    with pytest.raises(TimerUnreadable) as caught:
        timers.schedule("timeDuration", text, at("2026-11-20 09:30"))
    assert caught.value.zh and caught.value.en


def test_a_date_is_a_moment_or_a_limit_and_no_duration() -> None:
    start = at("2026-11-20 09:30")
    assert shown(timers.schedule("timeDate", "2026-12-01T17:00", start).due) == "2026-12-01 17:00"
    assert shown(timers.schedule("timeDate", "3 WD", start).due) == "2026-11-25 09:30"
    for text in ("P2D", "R/1 WD", "soon", ""):
        with pytest.raises(TimerUnreadable):
            timers.schedule("timeDate", text, start)


def firings(text: str, start: str, count: int) -> list[str]:
    plan = timers.schedule("timeCycle", text, at(start))
    found = [plan.due]
    while len(found) < count:
        found.append(timers.after(found[-1], str(plan.every), plan.day))
    return [shown(moment) for moment in found]


def test_cycles() -> None:
    assert firings("R/1 WD", "2026-09-29 10:00", 4) == [
        "2026-09-30 10:00",
        "2026-10-08 10:00",
        "2026-10-09 10:00",
        "2026-10-10 10:00",  # a Saturday that is worked
    ]
    assert firings("R3/4 WH", "2026-11-20 16:30", 3) == ["2026-11-23 10:30", "2026-11-23 16:30", "2026-11-24 10:30"]
    assert firings("R/当日", "2026-11-20 09:00", 3) == ["2026-11-20 18:30", "2026-11-23 18:30", "2026-11-24 18:30"]
    assert firings("R/monthly7", "2026-08-20 09:00", 4) == [
        "2026-09-07 18:30",
        "2026-09-30 18:30",
        "2026-11-06 18:30",
        "2026-12-07 18:30",
    ]


def test_a_cycle_of_months_keeps_its_day() -> None:
    assert firings("R/2026-01-31T09:00:00+08:00/P1M", "2026-01-01 09:00", 5) == [
        "2026-01-31 09:00",
        "2026-02-28 09:00",
        "2026-03-31 09:00",
        "2026-04-30 09:00",
        "2026-05-31 09:00",
    ]
    assert firings("R/2028-02-29T09:00:00+08:00/P1Y", "2026-01-01 09:00", 5)[-1] == "2032-02-29 09:00"


def test_days_keep_the_clock_and_hours_are_real_where_the_clocks_change() -> None:
    zone = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 3, 28, 12, tzinfo=zone)
    with counting_by(BERLIN):
        assert timers.after(before.astimezone(UTC), "P1D") == datetime(2026, 3, 29, 12, tzinfo=zone)
        assert timers.after(before.astimezone(UTC), "PT24H") == datetime(2026, 3, 29, 13, tzinfo=zone)
        assert timers.after(before, "2 d") == datetime(2026, 3, 30, 12, tzinfo=zone)
        assert timers.after(before, "24 h") == datetime(2026, 3, 29, 13, tzinfo=zone)


@settings(max_examples=150, deadline=None)
@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.sampled_from([SHANGHAI, UTC])),
    st.sampled_from(["P1M", "P1Y", "P3D", "PT7H", "1 WD", "3 WH", "当日", "monthly7", "2 wk", "1 mo"]),
)
def test_a_cycle_always_goes_on(start: datetime, every: str) -> None:
    plan = timers.schedule("timeCycle", f"R/{every}", start)
    assert plan.due >= start
    due = plan.due
    for _ in range(5):
        following = timers.after(due, every, plan.day)
        assert following > due
        due = following


def test_working_time_in_a_diagram() -> None:
    # Monday, nine o'clock in Shanghai.
    player = Player(
        START + users("a") + boundary("t", "a", timer("R2/4 WH", "timeCycle"), interrupting=False) + users("b")
        + catch("c", timer("当日", "timeDate")) + END + flows("start>a", "a>c", "c>end", "t>b", "b>end")
    )  # fmt: skip
    player.later(hours=5, minutes=59)
    assert player.open == ["a"]
    player.later(minutes=1)
    assert player.open == ["a", "b"]
    player.later(days=3)
    assert player.open == ["a", "b", "b"]
    player.do("a").do("b").do("b")
    assert not player.finished
    player.later(hours=4)
    assert player.finished


def test_what_was_missed_is_caught_up_in_order_and_once() -> None:
    player = Player(
        START + users("a") + boundary("t", "a", timer("R3/PT1H", "timeCycle"), interrupting=False)
        + boundary("u", "a", timer("PT90M"), interrupting=False) + users("b", "c") + END
        + flows("start>a", "a>end", "t>b", "u>c", "b>end", "c>end")
    )  # fmt: skip
    player.later(days=2)
    fired = [(fact.element, fact.data["due"][11:16]) for fact in player.step.facts if fact.kind == "timer_fired"]
    assert fired == [("t", "02:00"), ("u", "02:30"), ("t", "03:00"), ("t", "04:00")]
    assert player.open == ["a", "b", "b", "b", "c"]
    player.later(days=2)
    assert player.open == ["a", "b", "b", "b", "c"]
    assert player.step.facts == ()


def test_a_timer_waits_from_one_moment_to_the_next_and_no_earlier() -> None:
    player = Player(START + catch("c", timer("3 WD")) + END + flows("start>c", "c>end"))
    player.later(days=3, seconds=-1)
    assert not player.finished
    player.later(seconds=1)
    assert player.finished
    assert player.now - timedelta(days=3) == datetime(2026, 11, 23, 1, tzinfo=UTC)
