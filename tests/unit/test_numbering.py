"""Numbers of cases, receipts and orders."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rules.numbering import (
    case_number,
    case_sequence,
    day_prefix,
    dispatch_number,
    receipt_number,
    supervision_number,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_the_day_is_the_day_at_the_office() -> None:
    late = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)
    assert case_number(late, 1) == "20261122-0001"
    assert case_number(late, 1, ZoneInfo("UTC")) == "20261121-0001"


def test_numbers_hang_together() -> None:
    number = case_number(datetime(2026, 11, 22, tzinfo=SHANGHAI), 7)
    assert number == "20261122-0007"
    assert receipt_number(number) == "20261122-0007-H"
    assert dispatch_number(number, 1) == "20261122-0007-Z1"
    assert supervision_number(number, 2) == "20261122-0007-D2"


def test_a_busy_day_takes_a_fifth_digit() -> None:
    assert case_number(datetime(2026, 11, 22, tzinfo=SHANGHAI), 10_000) == "20261122-10000"


@pytest.mark.parametrize("sequence", [0, -1])
def test_counting_begins_at_one(sequence: int) -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        case_number(datetime(2026, 11, 22, tzinfo=SHANGHAI), sequence)
    with pytest.raises(ValueError, match="counted from 1"):
        dispatch_number("20261122-0001", sequence)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        day_prefix(datetime(2026, 11, 22))


@pytest.mark.parametrize(
    "text", ["", "20261122", "2026-1122-1", "20261122-", "20261122-x", "abcdefgh-1", "２０２６１１２２-1"]
)
def test_what_is_no_case_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a case number"):
        case_sequence(text)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(SHANGHAI)), st.integers(1, 10**7))
def test_a_number_can_be_read_back(moment: datetime, sequence: int) -> None:
    number = case_number(moment, sequence)
    assert case_sequence(number) == sequence
    assert number.startswith(day_prefix(moment) + "-")
    assert case_sequence(case_number(moment, sequence + 1)) == sequence + 1
