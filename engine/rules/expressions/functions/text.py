"""Functions of the expression language: text and numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.rules.expressions.functions.function import Group, Surroundings, number_of, whole_of
from engine.rules.expressions.values import (
    MAX_INT,
    MAX_ITEMS,
    MAX_RESULT,
    ExpressionError,
    Work,
    as_text,
    before,
    checked,
    is_number,
    is_personal,
    kind_of,
    personal,
    too_large,
)

TEXT = Group("text")
NUMBERS = Group("numbers")

_NUMBER = re.compile(r"\s*[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?\s*\Z", re.ASCII)


def text_of(value: Any, work: Work) -> str:
    """The value, if it is text; nothing is the empty text."""
    if value is None:
        return ""
    if not isinstance(value, str):
        if is_personal(value):
            raise personal()
        zh, en = kind_of(value)
        raise ExpressionError(f"需要文本，得到的是{zh}。", f"Text is needed, not {en}.")
    work.spend(1 + len(value) // 50)
    return value


@TEXT.function(
    "text(x)", zh="把值写成文本；列表各项以“、”连接。", en="The value as text; items of a list joined by “、”.", least=1
)
def text(run: Surroundings, value: Any) -> str:
    return as_text(value)


@TEXT.function("lower(t)", zh="转为小写。", en="In small letters.", least=1)
def lower(run: Surroundings, value: Any) -> str:
    return text_of(value, run.work).lower()


@TEXT.function("upper(t)", zh="转为大写。", en="In capital letters.", least=1)
def upper(run: Surroundings, value: Any) -> str:
    return text_of(value, run.work).upper()


@TEXT.function("trim(t)", zh="去掉首尾空白。", en="Without blanks at both ends.", least=1)
def trim(run: Surroundings, value: Any) -> str:
    return text_of(value, run.work).strip()


@TEXT.function("starts_with(t, part)", zh="文本是否以 part 开头。", en="Whether the text begins with part.", least=2)
def starts_with(run: Surroundings, value: Any, part: Any) -> bool:
    return text_of(value, run.work).startswith(text_of(part, run.work))


@TEXT.function("ends_with(t, part)", zh="文本是否以 part 结尾。", en="Whether the text ends with part.", least=2)
def ends_with(run: Surroundings, value: Any, part: Any) -> bool:
    return text_of(value, run.work).endswith(text_of(part, run.work))


@TEXT.function(
    "replace(t, old, new)", zh="把文本中的 old 都换成 new。", en="The text with every old replaced by new.", least=3
)
def replace(run: Surroundings, value: Any, old: Any, new: Any) -> str:
    whole, part, instead = (text_of(item, run.work) for item in (value, old, new))
    if not part:
        raise ExpressionError("要替换的文本不能为空。", "The text to replace cannot be empty.")
    if len(whole) + whole.count(part) * len(instead) > MAX_RESULT * 2:
        raise too_large()
    return whole.replace(part, instead)


@TEXT.function(
    "split(t, separator)",
    zh="按分隔符拆成列表；空文本得空列表。",
    en="The parts between separators, as a list; the empty text gives an empty list.",
    least=2,
)
def split(run: Surroundings, value: Any, separator: Any) -> list[str]:
    whole, part = text_of(value, run.work), text_of(separator, run.work)
    if not part:
        raise ExpressionError("分隔符不能为空。", "The separator cannot be empty.")
    if whole.count(part) >= MAX_ITEMS:
        raise too_large()
    return whole.split(part) if whole else []


@TEXT.function(
    "join(list, separator)", zh="把列表各项以分隔符连成文本。", en="The items of a list as one text.", least=2
)
def join(run: Surroundings, items: Any, separator: Any) -> str:
    if not isinstance(items, (list, tuple)):
        zh, en = kind_of(items)
        raise ExpressionError(f"需要列表，得到的是{zh}。", f"A list is needed, not {en}.")
    between = text_of(separator, run.work)
    run.work.spend(len(items))
    parts, length = [], 0
    for item in items:
        if isinstance(item, (list, tuple)):
            raise ExpressionError("列表中的列表不能连成文本。", "A list inside a list cannot be joined.")
        parts.append(as_text(item))
        length += len(parts[-1]) + len(between)
        if length > MAX_RESULT + len(between):
            raise too_large()
    return between.join(parts)


@NUMBERS.function(
    "number(x)",
    zh="把文本读作数字；空文本与空值得空值。",
    en="Reads text as a number; the empty text and nothing give nothing.",
    least=1,
)
def number(run: Surroundings, value: Any) -> int | float | None:
    if value is None:
        return None
    if is_number(value):
        return number_of(value)
    written = text_of(value, run.work)
    if not written.strip():
        return None
    if not _NUMBER.match(written):
        raise ExpressionError(f"“{written[:40]}”不是数字。", f"“{written[:40]}” is not a number.")
    read: int | float = float(written) if re.search(r"[.eE]", written) else int(written)
    return read


@NUMBERS.function("int(x)", zh="取整数部分（向零）。", en="The whole part, towards zero.", least=1)
def integer(run: Surroundings, value: Any) -> int:
    read = number(run, value)
    return _whole(math.trunc(_bounded(number_of(read))))


@NUMBERS.function(
    "round(x, digits)",
    zh="四舍五入到 digits 位小数（缺省 0）。",
    en="Rounded, half away from zero, to digits decimals (0 if left out).",
    least=1,
    most=2,
)
def rounded(run: Surroundings, value: Any, digits: Any = 0) -> int | float:
    places = whole_of(digits, 15)
    given = _bounded(number_of(value))
    exact = Decimal(repr(given)) if isinstance(given, float) else Decimal(given)
    # the wanted last place, with room for 30 digits in front of it
    scaled = exact.scaleb(places).to_integral_value(ROUND_HALF_UP).scaleb(-places)
    return _whole(int(scaled)) if places <= 0 else float(scaled)


@NUMBERS.function("abs(x)", zh="绝对值。", en="Without its sign.", least=1)
def absolute(run: Surroundings, value: Any) -> int | float:
    return abs(number_of(value))


@NUMBERS.function("floor(x)", zh="不大于 x 的最大整数。", en="The largest whole number up to x.", least=1)
def floor(run: Surroundings, value: Any) -> int:
    return _whole(math.floor(_bounded(number_of(value))))


@NUMBERS.function("ceil(x)", zh="不小于 x 的最小整数。", en="The smallest whole number from x on.", least=1)
def ceil(run: Surroundings, value: Any) -> int:
    return _whole(math.ceil(_bounded(number_of(value))))


@NUMBERS.function(
    "min(a, b, …)",
    zh="最小的一个；也可给一个列表。空列表得空值。",
    en="The smallest; a list may be given. Nothing for an empty list.",
    least=1,
    most=100,
)
def smallest(run: Surroundings, *values: Any) -> Any:
    return _best(run, values, want_less=True)


@NUMBERS.function(
    "max(a, b, …)",
    zh="最大的一个；也可给一个列表。空列表得空值。",
    en="The largest; a list may be given. Nothing for an empty list.",
    least=1,
    most=100,
)
def largest(run: Surroundings, *values: Any) -> Any:
    return _best(run, values, want_less=False)


@NUMBERS.function("sum(a, b, …)", zh="总和；也可给一个列表。", en="The sum; a list may be given.", least=1, most=100)
def total(run: Surroundings, *values: Any) -> int | float:
    result: int | float = 0
    for item in _items(run, values):
        result = checked(result + number_of(item))
    return result


def _best(run: Surroundings, values: Sequence[Any], *, want_less: bool) -> Any:
    best = None
    for position, item in enumerate(_items(run, values)):
        if not isinstance(item, (str, int, float)) or isinstance(item, bool):
            zh, en = kind_of(item)
            raise ExpressionError(f"{zh}没有大小。", f"{en} has no size.")
        if position == 0 or (before(item, best, run.zone) if want_less else before(best, item, run.zone)):
            best = item
    return best


def _items(run: Surroundings, values: Sequence[Any]) -> Sequence[Any]:
    only = values[0] if len(values) == 1 else values
    items = only if isinstance(only, (list, tuple)) else values
    run.work.spend(len(items))
    return items


def _bounded(value: int | float) -> int | float:
    if value != value or abs(value) >= MAX_INT:
        raise ExpressionError("数字超过 30 位。", "The number has more than 30 digits.")
    return value


def _whole(value: int) -> int:
    return int(checked(value))
