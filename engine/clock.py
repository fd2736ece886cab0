"""Moments: aware datetimes in, ISO 8601 text in UTC out.

Everything stored or compared is text of one shape (``2026-11-22T01:30:00.000000+00:00``), so that text order is
time order in every database.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]

#: Where office hours, "today" and "before the end of work" are meant, unless the settings say otherwise.
DEFAULT_ZONE = ZoneInfo("Asia/Shanghai")


def system_clock() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """The one text form of a moment. Raises ValueError for a naive datetime: its zone would be a guess."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone, for example 2026-11-22T09:30:00+08:00")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def from_text(text: str, zone: ZoneInfo | None = None) -> datetime:
    """Reads an ISO 8601 moment. A text without an offset is read in ``zone`` (default: Asia/Shanghai)."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone or DEFAULT_ZONE)
