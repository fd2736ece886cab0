"""Clocks out of log entries: the same in one go and step by step, whatever the order of what is independent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import from_text, to_text
from engine.events import Chain, LogEntry
from engine.records import Deadline
from engine.rules.calendar import WorkCalendar
from engine.rules.clocks import exceeds, fold, given_back, read_cap, read_levels, warning_moments
from engine.rules.deadlines import DeadlineError, Limit, deadline, span

BEGIN = datetime(2026, 11, 23, 1, tzinfo=UTC)
UNITS = st.sampled_from(["WD", "h", "d", "WH"])


def text(hours: float) -> str:
    return to_text(BEGIN + timedelta(hours=hours))


def warned(due: str | None) -> list[dict[str, Any]]:
    return [] if due is None else [{"level": 0.8, "at": min(due, text(8))}]


class Log:
    """A log written by hand, an entry an hour."""

    def __init__(self) -> None:
        self.chain = Chain("c")

    def add(self, kind: str, hour: float, /, **data: Any) -> Log:
        self.chain.add(text(hour), "li", kind, "a", data)
        return self

    def started(self, key: str, hour: float, due: str | None) -> Log:
        return self.add(
            "clock_started", hour, process="p", token=1, key=key, kind="k", label="l", started=text(hour), due=due,
            unit="h", value=10, warnings=warned(due), cap="", variable="k_due",
        )  # fmt: skip

    @property
    def entries(self) -> list[LogEntry]:
        return self.chain.added


def test_a_clock_from_its_beginning_to_its_end() -> None:
    log = Log().started("1", 0, text(10)).add("deadline_warned", 8, key="1", kind="k", due=text(10), level=0.8)
    (clock,) = fold("c", log.entries)
    assert (clock.state, clock.next_at, clock.warnings[0]["sent"]) == ("running", text(10), text(8))
    log.add("deadline_paused", 9, key="1", reason="x")
    (clock,) = fold("c", log.entries)
    assert (clock.state, clock.next_at) == ("paused", None)
    later = [{"level": 0.8, "at": text(13)}]
    log.add("deadline_resumed", 14, key="1", reason="x").add("clock_moved", 14, key="1", due=text(15), warnings=later)
    (clock,) = fold("c", log.entries)
    assert (clock.state, clock.due, clock.first_due) == ("running", text(15), text(10))
    # What was told of before it stood still is not told of again at once.
    assert clock.next_at == text(15)
    log.add("deadline_missed", 16, key="1", kind="k", due=text(15)).add("clock_ended", 17, key="1", cancelled=False)
    (clock,) = fold("c", log.entries)
    assert (clock.state, clock.ended_at, clock.missed_at, clock.next_at) == ("late", text(17), text(16), None)


def test_a_paused_clock_cannot_run_out() -> None:
    log = Log().started("1", 0, text(10)).add("deadline_paused", 9, key="1", reason="x")
    (clock,) = fold("c", log.add("clock_ended", 99, key="1", cancelled=False).entries)
    assert (clock.state, clock.pauses[0]["to"]) == ("met", text(99))


def test_the_end_of_a_case_cancels_what_runs_and_nothing_else() -> None:
    log = Log().started("1", 0, text(10)).started("2", 1, None).add("clock_ended", 2, key="1", cancelled=False)
    (first, second) = fold("c", log.add("case_cancelled", 3, reason="x").entries)
    assert [(item.state, item.ended_at) for item in (first, second)] == [("met", text(2)), ("cancelled", text(3))]


MOVES = st.lists(
    st.tuples(st.sampled_from(["paused", "resumed", "extended", "moved", "warned", "missed", "ended"]), st.booleans()),
    max_size=12,
)


def history(moves: list[tuple[str, bool]]) -> list[LogEntry]:
    """Two clocks, ``1`` and ``2``, and what happened to each."""
    log = Log().started("1", 0, text(10)).started("2", 0, None)
    for hour, (move, second) in enumerate(moves, start=1):
        key = "2" if second else "1"
        due = text(hour + 5)
        moved = {"due": due, "warnings": warned(due)}
        if move in ("moved", "ended"):
            log.add(f"clock_{move}", hour, key=key, cancelled=False, **moved)
        elif move in ("warned", "missed"):
            log.add(f"deadline_{move}", hour, key=key, kind="k", level=0.8, due=due)
        else:
            log.add(f"deadline_{move}", hour, key=key, reason="x", by_decision=False, **moved)
    return log.entries


@settings(max_examples=200, deadline=None)
@given(MOVES, st.integers(2, 14))
def test_what_is_stored_step_by_step_is_what_the_log_tells(moves: list[tuple[str, bool]], cut: int) -> None:
    entries = history(moves)
    assert fold("c", entries[cut:], fold("c", entries[:cut])) == fold("c", entries)
    stored: list[Deadline] = []
    for entry in entries:
        stored = fold("c", [entry], stored)
    assert stored == fold("c", entries)


@settings(max_examples=200, deadline=None)
@given(MOVES)
def test_one_clock_is_no_business_of_another(moves: list[tuple[str, bool]]) -> None:
    entries = history(moves)
    for key in ("1", "2"):
        alone = fold("c", [entry for entry in entries if entry.data["key"] == key])
        assert alone == [clock for clock in fold("c", entries) if clock.key == key]
    # Entries of different clocks may come in any order.
    apart = sorted(entries, key=lambda entry: str(entry.data["key"]))
    assert sorted(fold("c", apart), key=str) == sorted(fold("c", entries), key=str)


@settings(max_examples=150, deadline=None)
@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    st.integers(1, 60),
    UNITS,
    st.lists(st.floats(0.01, 0.99), min_size=1, max_size=4),
)
def test_warnings_lie_in_order_between_beginning_and_end(
    start: datetime, value: int, unit: str, levels: list[float]
) -> None:
    due = deadline(start, value, unit, WorkCalendar())
    assert due is not None
    moments = [str(warning["at"]) for warning in warning_moments(start, due, levels, unit)]
    assert moments == sorted(moments)
    assert to_text(start) <= moments[0] and moments[-1] <= to_text(due)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 200), st.integers(0, 300), UNITS)
def test_a_pause_moves_warnings_and_due_alike(value: int, hours: int, unit: str) -> None:
    due = deadline(BEGIN, value, unit, WorkCalendar())
    assert due is not None
    stopped = BEGIN + timedelta(minutes=30)
    resumed = given_back(due, stopped, stopped + timedelta(hours=hours), unit)
    assert resumed >= due
    before = warning_moments(BEGIN, due, [0.5, 0.8], unit)
    after = warning_moments(BEGIN, resumed, [0.5, 0.8], unit, span(due, resumed, unit))
    for old, new in zip(before, after, strict=True):
        assert str(old["at"]) <= str(new["at"]) <= to_text(resumed)
        # What is left from the warning to the end is what it was.
        left = span(from_text(str(old["at"])), due, unit)
        assert span(from_text(str(new["at"])), resumed, unit) == left
    assert (resumed == due) == (before == after)


@pytest.mark.parametrize(
    ("given", "limit", "times"),
    [
        ("", None, None),
        (None, None, None),
        ("none", None, None),
        ("30 d", Limit(30, "d"), None),
        ("1x", None, 1),
        ("10 WD, 2 x", Limit(10, "WD"), 2),
        ({"value": 60, "unit": "WD"}, Limit(60, "WD"), None),
        ({"value": None, "unit": "none"}, None, None),
    ],
)
def test_caps(given: object, limit: Limit | None, times: int | None) -> None:
    cap = read_cap(given)
    assert (cap.limit, cap.times) == (limit, times)


@pytest.mark.parametrize("given", ["often", "1.5 d", "-3 WD", "当日", "x", 5])
def test_caps_that_are_none(given: object) -> None:
    with pytest.raises(DeadlineError):
        read_cap(given)


def test_levels() -> None:
    assert read_levels("0.8, 0.5，0.8") == (0.5, 0.8)
    assert read_levels([0.5]) == read_levels(0.5) == read_levels("0.5") == (0.5,)
    assert read_levels("") == read_levels(None) == ()
    for wrong in ("80%", "0", "1", "-0.5", [True], "nan", "0.5 0.8"):
        with pytest.raises(DeadlineError):
            read_levels(wrong)


def test_the_cap_is_for_all_extensions_together() -> None:
    due = BEGIN + timedelta(days=2)
    clock = fold("c", Log().started("1", 0, to_text(due)).entries)[0]
    free = Deadline(**{**vars(clock), "cap": ""})
    assert not exceeds(free, due + timedelta(days=900))
    for cap, most in (("3 WD", 5), ("5 d", 5), ("120 h", 5)):
        capped = Deadline(**{**vars(clock), "cap": cap})
        # Wednesday and three working days is Monday.
        assert not exceeds(capped, due + timedelta(days=most))
        assert exceeds(capped, due + timedelta(days=most, minutes=1))
        before = {"before": to_text(due - timedelta(days=1)), "due": to_text(due), "by_decision": False}
        assert exceeds(Deadline(**{**vars(capped), "extensions": (before,)}), due + timedelta(days=most))
        decided = {**before, "by_decision": True}
        assert not exceeds(Deadline(**{**vars(capped), "extensions": (decided,)}), due + timedelta(days=most))
