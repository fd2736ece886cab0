"""The kinds of values that columns have: what ``typeRef`` may say, what fits it, and how times and durations order.

Values are JSON: a time is the text ``09:30:00``, a duration ``P1DT2H`` (days and time) or ``P1Y2M`` (years and months),
as ISO 8601 and FEEL write them (DMN 1.3, chapter 10.3.2.3.4 and following).
"""

from __future__ import annotations

import re
from typing import Any

from engine.rules.expressions.values import (
    ExpressionError,
    is_date,
    is_moment,
    is_number,
    is_personal,
    kind_of,
    personal,
)

#: typeRef → the kind of value; None takes any.
TYPES = {
    "string": "string",
    "boolean": "boolean",
    "integer": "integer",
    "long": "integer",
    "double": "number",
    "number": "number",
    "date": "date",
    "time": "time",
    "datetime": "moment",
    "dateTime": "moment",
    "date and time": "moment",
    "dayTimeDuration": "days",
    "days and time duration": "days",
    "yearMonthDuration": "months",
    "years and months duration": "months",
    "": None,
    "Any": None,
    "any": None,
}

#: What a kind is called, Chinese and English.
WORDS = {
    "string": ("文本", "text"),
    "boolean": ("是/否值", "a yes/no value"),
    "integer": ("整数", "a whole number"),
    "number": ("数字", "a number"),
    "date": ("日期", "a date"),
    "time": ("时间", "a time"),
    "moment": ("时刻", "a moment"),
    "days": ("天时分秒的时长", "a duration of days and time"),
    "months": ("年月的时长", "a duration of years and months"),
}

#: Kinds whose text does not sort as they do.
MEASURED = ("time", "days", "months")

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?\Z", re.ASCII)
_DAYS = re.compile(
    r"(-?)P(?=\d|T\d)(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.(\d{1,6}))?S)?)?\Z",
    re.ASCII,
)
_MONTHS = re.compile(r"(-?)P(?=\d)(?:(\d{1,9})Y)?(?:(\d{1,9})M)?\Z", re.ASCII)


def measure(value: Any, kind: str) -> int | None:
    """A time in microseconds since midnight, a duration in microseconds or months; None if the value is none."""
    if not isinstance(value, str) or len(value) > 80:
        return None
    if kind == "time":
        found = _TIME.match(value)
        return None if found is None else _microseconds("0", *found.groups())
    if kind == "days":
        found = _DAYS.match(value)
        if found is None:
            return None
        sign, *parts = found.groups()
        return _microseconds(*parts) * (-1 if sign else 1)
    found = _MONTHS.match(value)
    if found is None:
        return None
    sign, years, months = found.groups()
    return (int(years or 0) * 12 + int(months or 0)) * (-1 if sign else 1)


def _microseconds(
    days: str | None, hours: str | None, minutes: str | None, seconds: str | None, fraction: str | None
) -> int:
    whole = ((int(days or 0) * 24 + int(hours or 0)) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    return whole * 1_000_000 + int((fraction or "").ljust(6, "0"))


def measured(value: Any, kind: str) -> int | None:
    """The same for a value that has to be of that kind; nothing stays nothing. Raises ``ExpressionError``."""
    if value is None:
        return None
    found = measure(value, kind)
    if found is None:
        raise _mismatch(value, kind)
    return found


def written(amount: int, kind: str) -> str:
    """A measured time or duration as text again, in its one shape: ``09:30:00``, ``P1DT2H``, ``P1Y2M``."""
    sign = "-" if amount < 0 else ""
    if kind == "months":
        years, months = divmod(abs(amount), 12)
        return f"{sign}P{years}Y{months}M" if years and months else f"{sign}P{years}Y" if years else f"{sign}P{months}M"
    rest, fraction = divmod(abs(amount), 1_000_000)
    minutes, seconds = divmod(rest, 60)
    hours, minutes = divmod(minutes, 60)
    tail = f".{fraction:06d}".rstrip("0") if fraction else ""
    if kind == "time":
        return f"{hours:02d}:{minutes:02d}:{seconds:02d}{tail}"
    days, hours = divmod(hours, 24)
    part = "".join(
        f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (f"{seconds}{tail}", "S")) if number != 0
    ).removesuffix("0S" if not (seconds or tail) else "\0")
    return f"{sign}P{f'{days}D' if days or not part else ''}{f'T{part}' if part else ''}"


def fits(value: Any, kind: str | None) -> bool:
    """Whether a value is of that kind as it stands. Nothing fits every kind."""
    if value is None or kind is None:
        return True
    if kind in MEASURED:
        return measure(value, kind) is not None
    return {
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "number": is_number(value),
        "integer": is_number(value) and value == value // 1,
        "date": is_date(value),
        "moment": is_moment(value),
    }[kind]


def converted(value: Any, kind: str | None) -> Any:
    """The value as that kind: 3.0 as the integer 3, a time or duration in its one shape, a moment's text as it is where
    a date is wanted. Lists pass, and everything where no kind is asked for. Raises ``ExpressionError`` for what is of
    another kind: the text ``"3"`` is no number."""
    if is_personal(value):
        raise personal()
    if isinstance(value, (list, tuple)) or value is None or kind is None:
        return value
    if kind in MEASURED:
        return written(measured(value, kind) or 0, kind)
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        value = int(value)
    if fits(value, kind) or (kind == "date" and is_moment(value)):
        return value
    raise _mismatch(value, kind)


def shown(value: Any) -> str:
    """A value in a message, cut to 40 characters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int) and abs(value) >= 10**40:
        return "…"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(shown(item) for item in value[:3])}{', …' if len(value) > 3 else ''}]"[:40]
    return str(value)[:40]


def _mismatch(value: Any, kind: str) -> ExpressionError:
    (zh, en), (zh_wanted, en_wanted) = kind_of(value), WORDS[kind]
    hint = {"number": "number(…)", "integer": "number(…)", "string": "text(…)"}.get(kind, "")
    return ExpressionError(
        f"需要{zh_wanted}，得到的是{zh}“{shown(value)}”。" + (f"可在输入列中用 {hint} 转换。" if hint else ""),
        f"{en_wanted} is needed, not {en} “{shown(value)}”." + (f" {hint} in the column converts it." if hint else ""),
    )
