"""Deadlines, and the working calendar they are counted by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.commands.command import Command


@dataclass(frozen=True, kw_only=True)
class PauseDeadline(Command):
    """Let a running deadline stand still, with a reason; timers and due dates made of it stand still with it. ``key``:
    its key, or its kind where only one of that kind runs. Returns ``Outcome``."""

    case: str
    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ResumeDeadline(Command):
    """Let a paused deadline go on: it is due later by the time it stood still, office time where it counts office time.
    Returns ``Outcome``."""

    case: str
    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ExtendDeadline(Command):
    """Make a deadline due at ``due`` (an ISO moment), or later ``by`` a limit such as ``5 WD``. ``Refused`` beyond
    the cap its diagram sets, once it is overdue, and for an earlier moment, unless it is ``by_decision`` of those who
    may decide so (S11 §5(六), §8(二)). Returns ``Outcome``."""

    case: str
    key: str
    reason: str
    due: str | None = None
    by: str | None = None
    by_decision: bool = False


@dataclass(frozen=True, kw_only=True)
class FireDeadlines(Command):
    """Tell those concerned of deadlines that come near or are overdue, one transaction a case, at most ``limit`` cases.
    Twice is the same as once. Returns ``list[Outcome]``."""

    limit: int = 100


@dataclass(frozen=True)
class CalendarDay:
    """A day whose kind is said by the installation: 休, 班, or "" to take back what was said. ``provisional``: a guess
    until the State Council's notice is out."""

    day: str
    kind: str
    name: str = ""
    provisional: bool = False


@dataclass(frozen=True, kw_only=True)
class SetCalendarDays(Command):
    """Say of days whether they are worked (``CalendarDay``), all or none of them; the entry made last counts. What was
    counted before stays as it was. Returns None."""

    days: Sequence[CalendarDay]
    source: str


@dataclass(frozen=True, kw_only=True)
class SetOfficeHours(Command):
    """Say when the office is open on a working day: ``08:30-12:00,14:00-18:30``. Returns None."""

    hours: str
    source: str
