"""What a function of the expression language is, and what it is told about the moment it is called at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.clock import to_text
from engine.rules.calendar import CalendarError, WorkCalendar
from engine.rules.deadlines import DeadlineError
from engine.rules.expressions.values import ExpressionError, Work, is_number, kind_of, read_moment


@dataclass(frozen=True)
class Surroundings:
    """What an expression may know besides the values: the moment, the calendar, and how much it may still do."""

    now: datetime
    calendar: WorkCalendar
    work: Work

    @property
    def zone(self) -> ZoneInfo:
        """The office's zone: where dates and moments without an offset are meant."""
        return self.calendar.zone


@dataclass(frozen=True)
class Function:
    """One row of the table. ``usage`` shows the arguments; ``zh`` and ``en`` say what it gives.

    ``tolerant``: an undefined variable among its arguments counts as nothing instead of being an error.
    ``lazy``: its arguments are worked out one by one, up to the first that is set.
    """

    name: str
    usage: str
    group: str
    zh: str
    en: str
    least: int
    most: int
    call: Callable[..., Any]
    tolerant: bool = False
    lazy: bool = False


class Group:
    """Collects the functions of one module: ``@group.function("len(x)", zh="…", en="…")``."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.functions: list[Function] = []

    def function(
        self,
        usage: str,
        zh: str,
        en: str,
        least: int,
        most: int | None = None,
        *,
        tolerant: bool = False,
        lazy: bool = False,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Enters a function into the table; it is called with the surroundings and its arguments."""

        def enter(call: Callable[..., Any]) -> Callable[..., Any]:
            name = usage.partition("(")[0]
            self.functions.append(
                Function(name, usage, self.name, zh, en, least, least if most is None else most, call, tolerant, lazy)
            )
            return call

        return enter


def number_of(value: Any) -> int | float:
    """The value, if it is a number."""
    if not is_number(value):
        zh, en = kind_of(value)
        raise ExpressionError(f"需要数字，得到的是{zh}。", f"A number is needed, not {en}.")
    number: int | float = value
    return number


def whole_of(value: Any, most: int) -> int:
    """The value, if it is a whole number not larger than ``most`` either way."""
    number = number_of(value)
    if number != number or abs(number) > most or number != int(number):
        raise ExpressionError(f"需要不超过 {most} 的整数。", f"A whole number up to {most} is needed.")
    return int(number)


def moment_of(run: Surroundings, value: Any) -> datetime:
    """The moment a text names."""
    return read_moment(value, run.zone)


def written(moment: datetime) -> str:
    """The one text form of a moment."""
    try:
        return to_text(moment)
    except (OverflowError, ValueError):
        raise out_of_calendar() from None


def out_of_calendar() -> ExpressionError:
    """A date before year 1 or after year 9999."""
    return ExpressionError("日期超出范围。", "The date is out of range.")


def counted(call: Callable[[], Any]) -> Any:
    """The result of counting in the calendar, its errors turned into ours."""
    try:
        return call()
    except (CalendarError, DeadlineError) as error:
        raise ExpressionError(error.zh, error.en) from None
    except (OverflowError, ValueError):
        raise out_of_calendar() from None
