"""How long to wait before something that failed is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta

#: Something leaves at the latest with this attempt; then a person has to look.
MOST_ATTEMPTS = 8

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When to try again after that many attempts failed: 30 seconds, then twice as long each time, an hour at most;
    None when it has been tried ``MOST_ATTEMPTS`` times."""
    if attempts >= MOST_ATTEMPTS:
        return None
    wait = FIRST_WAIT * (1 << max(attempts - 1, 0))
    return now + min(wait, LONGEST_WAIT)
