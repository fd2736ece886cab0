"""Numbers people use on the telephone: cases, receipts, dispatch orders (C01, C02).

The day is the day at the office. The caller counts: ``sequence`` starts at 1 every day and is never given twice.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from engine.clock import DEFAULT_ZONE

#: ``case_no`` 受理编号, e.g. ``20261122-0001``; more than 9,999 a day simply take a fifth digit.
_DIGITS = 4


def day_prefix(moment: datetime, zone: ZoneInfo = DEFAULT_ZONE) -> str:
    """The part of a case number that all cases of one day share: ``20261122``. Raises ValueError if naive."""
    if moment.tzinfo is None:
        raise ValueError("a number needs an aware moment")
    day = moment.astimezone(zone)
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def case_number(moment: datetime, sequence: int, zone: ZoneInfo = DEFAULT_ZONE) -> str:
    """受理编号 of the ``sequence``-th case of the day: ``20261122-0001``."""
    return f"{day_prefix(moment, zone)}-{_counted(sequence):0{_DIGITS}d}"


def receipt_number(case_no: str) -> str:
    """收件回执编号, one a case: ``20261122-0001-H`` (回执)."""
    return f"{case_no}-H"


def dispatch_number(case_no: str, sequence: int) -> str:
    """转办单编号 of the case's ``sequence``-th dispatch order: ``20261122-0001-Z1`` (转办)."""
    return f"{case_no}-Z{_counted(sequence)}"


def supervision_number(case_no: str, sequence: int) -> str:
    """督办通知编号 of the case's ``sequence``-th notice: ``20261122-0001-D1`` (督办)."""
    return f"{case_no}-D{_counted(sequence)}"


def case_sequence(case_no: str) -> int:
    """The running number inside a case number: 1 for ``20261122-0001``. Raises ValueError if it is none."""
    day, _, digits = case_no.partition("-")
    if len(day) != 8 or not day.isdecimal() or not digits.isdecimal() or not day.isascii() or not digits.isascii():
        raise ValueError(f"{case_no!r} is not a case number")
    return int(digits)


def _counted(sequence: int) -> int:
    if sequence < 1:
        raise ValueError("numbers are counted from 1")
    return sequence
