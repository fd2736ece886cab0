"""The values of expressions: JSON and nothing else, of bounded size, compared as JSON is (``true`` is not 1)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.clock import from_text
from engine.errors import Bilingual, ExpressionFailed, language

MAX_RESULT = 100_000
MAX_ITEMS = 10_000
MAX_NESTING = 40
MAX_INT = 10**30
MAX_WORK = 200_000

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
#: What PostgreSQL and UTF-8 cannot keep: NUL and half characters.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class ExpressionError(Exception):
    """An expression that cannot be read or worked out. ``zh`` and ``en`` say why; ``expression`` is its text,
    ``element`` the diagram element it stands at (empty where nobody said)."""

    def __init__(self, zh: str, en: str, expression: str = "", element: str = "") -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en
        self.expression = expression
        self.element = element

    @property
    def reason(self) -> Bilingual:
        """Why, in both languages."""
        return Bilingual(zh=self.zh, en=self.en)

    def failed(self, element: str = "") -> ExpressionFailed:
        """The error that stops a case at this element."""
        return ExpressionFailed(element=element or self.element, expression=self.expression, reason=self.reason)

    def at(self, expression: str, element: str = "") -> ExpressionError:
        """This error with the place filled in where it was not known."""
        self.expression = self.expression or expression
        self.element = self.element or element
        return self

    def __str__(self) -> str:
        return self.zh if language.get() == "zh" else self.en


class Work:
    """What one evaluation may still spend; everything that walks over values pays for it."""

    def __init__(self, limit: int = MAX_WORK) -> None:
        self.left = limit

    def spend(self, amount: int) -> None:
        """Raises ``ExpressionError`` when the allowance is used up."""
        self.left -= amount
        if self.left < 0:
            raise ExpressionError("计算量过大。", "This takes too much work.")


def is_number(value: Any) -> bool:
    """Integers and floats; booleans are not numbers."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_moment(value: Any) -> bool:
    """Text that is an ISO moment (date and time)."""
    return isinstance(value, str) and len(value) < 40 and _MOMENT.match(value) is not None


def is_date(value: Any) -> bool:
    """Text that is an ISO date."""
    return isinstance(value, str) and len(value) == 10 and _DATE.match(value) is not None


def is_personal(value: Any) -> bool:
    """The reference that stands for a caller's data: set, but not to be looked into."""
    return isinstance(value, Mapping) and value.keys() == {"person", "field", "sha256"}


def is_set(value: Any) -> bool:
    """Everything but nothing, the empty text, the empty list and the empty record."""
    return value is not None and not (isinstance(value, (str, list, tuple, dict)) and len(value) == 0)


def kind_of(value: Any) -> tuple[str, str]:
    """What a value is called in messages, Chinese and English."""
    if value is None:
        return "空值", "nothing"
    if isinstance(value, bool):
        return "是/否值", "a yes/no value"
    if is_number(value):
        return "数字", "a number"
    if isinstance(value, str):
        return "文本", "text"
    if isinstance(value, (list, tuple)):
        return "列表", "a list"
    if is_personal(value):
        return "个人信息", "personal data"
    if isinstance(value, Mapping):
        return "记录", "a record"
    return "不支持的值", "a value of an unknown kind"


def personal() -> ExpressionError:
    """What is said to an expression that tries to look at a caller's data."""
    return ExpressionError(
        "个人信息不能在表达式中读取，只能判断是否已填写（is_set）。",
        "Personal data cannot be read in an expression; only whether it is set (is_set).",
    )


def checked(value: Any) -> Any:
    """A number or text, if it is one that JSON and the databases can keep and is not too large."""
    if isinstance(value, int):
        if abs(value) >= MAX_INT:
            raise ExpressionError("数字超过 30 位。", "The number has more than 30 digits.")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ExpressionError("数字超出范围。", "The number is out of range.")
    elif isinstance(value, str):
        if len(value) > MAX_RESULT:
            raise too_large()
        if _UNSTORABLE.search(value):
            raise ExpressionError("文本含有无法保存的字符。", "The text holds characters that cannot be stored.")
    return value


def too_large() -> ExpressionError:
    """The value would be larger than a case may hold."""
    return ExpressionError(
        f"结果过大（超过 {MAX_RESULT // 1000} kB 或 {MAX_ITEMS} 项）。",
        f"The result is too large (over {MAX_RESULT // 1000} kB or {MAX_ITEMS} items).",
    )


def plain(value: Any) -> Any:
    """A copy that is JSON and shares nothing with the original: tuples become lists.

    Raises ``ExpressionError`` for what is not JSON, is nested too deeply or is larger than 100 kB.
    """
    room = [MAX_RESULT]
    return _plain(value, 0, room)


def _plain(value: Any, depth: int, room: list[int]) -> Any:
    if depth > MAX_NESTING:
        raise ExpressionError(f"结果嵌套超过 {MAX_NESTING} 层。", f"The result is nested deeper than {MAX_NESTING}.")
    room[0] -= 1
    if isinstance(value, str):
        value = str(checked(value))
        room[0] -= len(value.encode("utf-8"))
    if room[0] < 0:
        raise too_large()
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        room[0] -= 8
        return checked(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1, room) for item in value]
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ExpressionError("记录的键必须是文本。", "The keys of a record must be text.")
        return {_plain(key, depth + 1, room): _plain(item, depth + 1, room) for key, item in value.items()}
    raise ExpressionError("结果不是 JSON 值。", "The result is not a JSON value.")


def same(left: Any, right: Any, work: Work, zone: ZoneInfo | None = None, depth: int = 0) -> bool:
    """Equality as JSON has it: kinds differ → not equal (``true`` ≠ 1, but 1 = 1.0); two moments by the time they
    name, whatever their offset."""
    work.spend(1)
    if depth > MAX_NESTING:
        raise ExpressionError("要比较的值嵌套过深。", "The values to compare are nested too deeply.")
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if is_number(left) and is_number(right):
        return bool(left == right)
    if isinstance(left, str) and isinstance(right, str):
        work.spend(len(left) // 50 if len(left) == len(right) else 0)
        return left == right or (is_moment(left) and is_moment(right) and _when(left, zone) == _when(right, zone))
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(
            same(a, b, work, zone, depth + 1) for a, b in zip(left, right, strict=True)
        )
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(
            same(item, right[key], work, zone, depth + 1) for key, item in left.items()
        )
    return left is None and right is None


def before(left: Any, right: Any, zone: ZoneInfo | None = None) -> bool:
    """Order: numbers by size, moments by time, other text by character. Anything else has none: ExpressionError."""
    if is_number(left) and is_number(right):
        return bool(left < right)
    if isinstance(left, str) and isinstance(right, str):
        if is_moment(left) and is_moment(right):
            return _when(left, zone) < _when(right, zone)
        if (is_moment(left) and is_date(right)) or (is_date(left) and is_moment(right)):
            raise ExpressionError(
                "不能比较时刻与日期的先后，请先用 date_of() 取日期。",
                "A moment and a date have no order; take the date with date_of() first.",
            )
        return left < right
    (zh_left, en_left), (zh_right, en_right) = kind_of(left), kind_of(right)
    raise ExpressionError(f"不能比较{zh_left}与{zh_right}的大小。", f"{en_left} and {en_right} have no order.")


def _when(text: str, zone: ZoneInfo | None) -> datetime:
    try:
        return from_text(text, zone)
    except ValueError:
        raise ExpressionError(f"“{text}”不是有效的时刻。", f"“{text}” is not a moment.") from None


def read_moment(value: Any, zone: ZoneInfo) -> datetime:
    """A moment from text; a date is its first moment. Raises ``ExpressionError``."""
    if is_date(value):
        day = read_date(value, zone)
        return datetime(day.year, day.month, day.day, tzinfo=zone)
    if not is_moment(value):
        raise _no_time(value, "时刻", "a moment")
    return _when(value, zone)


def read_date(value: Any, zone: ZoneInfo) -> date:
    """A date from text; of a moment, the date at the office. Raises ``ExpressionError``."""
    if is_moment(value):
        try:
            return _when(value, zone).astimezone(zone).date()
        except OverflowError:
            raise _no_time(value, "日期", "a date") from None
    if not is_date(value):
        raise _no_time(value, "日期", "a date")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _no_time(value, "日期", "a date") from None


def _no_time(value: Any, zh: str, en: str) -> ExpressionError:
    if isinstance(value, str):
        shown = value[:40]
        return ExpressionError(f"“{shown}”不是有效的{zh}。", f"“{shown}” is not {en}.")
    zh_kind, en_kind = kind_of(value)
    return ExpressionError(f"需要{zh}，得到的是{zh_kind}。", f"{en} is needed, not {en_kind}.")


def as_text(value: Any) -> str:
    """How a value reads inside a text: lists joined by 、, whole floats without ``.0``, nothing as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if is_number(value):
        return str(checked(value))
    if isinstance(value, (list, tuple)) and all(item is None or isinstance(item, (str, int, float)) for item in value):
        parts, length = [], 0
        for item in value:
            parts.append(as_text(item))
            length += len(parts[-1]) + 1
            if length > MAX_RESULT + 1:
                raise too_large()
        return "、".join(parts)
    if is_personal(value):
        raise personal()
    zh, en = kind_of(value)
    raise ExpressionError(f"{zh}不能写成文本。", f"{en} cannot be written as text.")
