"""What a diagram says of a clock: its properties, and their values worked out where the clock begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from engine.bpmn import timers
from engine.errors import Bilingual, ExpressionFailed
from engine.rules import expressions
from engine.rules.calendar import CalendarError
from engine.rules.clocks import read_cap, read_levels
from engine.rules.deadlines import WARNING_AT, DeadlineError, Limit, read_limit

Result = TypeVar("Result")

#: The property that declares a clock, the one that stops it, and the one that lets it stand still meanwhile.
DECLARES, ENDS, PAUSES = "deadline", "deadlineEnds", "deadlinePauses"
#: All that says more of a clock.
DETAILS = (
    "deadlineLabel",
    "deadlineLimit",
    "deadlineDue",
    "deadlineUnit",
    "deadlineFrom",
    "deadlineWarn",
    "deadlineCap",
)


def kinds(text: str) -> list[str]:
    """The kinds a ``deadlineEnds`` or ``deadlinePauses`` names."""
    return [kind.strip() for kind in text.replace("，", ",").split(",") if kind.strip()]


def variable_of(properties: Mapping[str, str]) -> str:
    """The variable that holds the due moment of a declared clock: the one that ``deadlineDue`` is, else one of its
    own."""
    return plain_name(properties.get("deadlineDue", "")) or f"{properties[DECLARES].strip()}_due"


def plain_name(text: str) -> str | None:
    """The variable, where an expression is nothing but its name."""
    inner = text.strip()
    if not (inner.startswith("${") and inner.endswith("}")):
        return None
    name = inner[2:-1].strip()
    return name if name.isidentifier() else None


def ending_kinds(properties: Sequence[Mapping[str, str]]) -> frozenset[str]:
    """The kinds of clocks that some element stops."""
    return frozenset(kind for item in properties for kind in kinds(item.get(ENDS, "")))


class Reading:
    """The properties of one clock, worked out where it begins."""

    def __init__(self, element: str, properties: Mapping[str, str], values: Mapping[str, Any], now: datetime) -> None:
        self.element = element
        self.values = values
        self.now = now
        self.properties = properties
        self.kind = properties[DECLARES].strip()
        self.started = self._moment("deadlineFrom") or now
        self.limit = self._limit()
        self.levels = self._read("deadlineWarn", read_levels) if "deadlineWarn" in properties else (WARNING_AT,)
        self.cap = self._cap()

    def due(self) -> datetime | None:
        """The due moment; None where no limit is set."""
        if "deadlineDue" not in self.properties:
            return self.guard("deadlineLimit", lambda: self.limit.due(self.started))
        name = plain_name(self.properties["deadlineDue"])
        if name and name not in self.values:
            return None
        return self._moment("deadlineDue")

    def _limit(self) -> Limit:
        if "deadlineDue" in self.properties:
            unit = self._value("deadlineUnit")
            return read_limit(None if unit in (None, "") else {"value": None, "unit": unit})
        return self._read("deadlineLimit", read_limit)

    def _cap(self) -> str:
        value = self._value("deadlineCap")
        self.guard("deadlineCap", lambda: read_cap(value))
        if isinstance(value, Mapping):
            return f"{value.get('value')} {value.get('unit')}" if read_cap(value).limit is not None else ""
        return str(value or "").strip()

    def _read(self, name: str, read: Callable[[object], Result]) -> Result:
        value = self._value(name)
        return self.guard(name, lambda: read(value))

    def _value(self, name: str) -> Any:
        text = self.properties.get(name, "")
        try:
            return expressions.evaluate_text(text, self.values, self.now) if text else None
        except expressions.ExpressionError as error:
            raise self._failed(name, error.zh, error.en) from None

    def _moment(self, name: str) -> datetime | None:
        value = self._value(name)
        if value in (None, ""):
            return None
        return self.guard(name, lambda: timers.read_date(str(value)))

    def guard(self, name: str, call: Callable[[], Result]) -> Result:
        """What ``call`` works out of a property; where it cannot, the error names the property."""
        try:
            return call()
        except (DeadlineError, CalendarError, timers.TimerUnreadable) as error:
            raise self._failed(name, error.zh, error.en) from None

    def _failed(self, name: str, zh: str, en: str) -> ExpressionFailed:
        text = self.properties.get(name, "")[:200]
        return ExpressionFailed(element=self.element, expression=f"{name}={text}", reason=Bilingual(zh=zh, en=en))
