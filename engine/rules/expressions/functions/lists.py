"""Functions of the expression language: lists, records, and what is set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cmp_to_key
from typing import Any

from engine.rules.expressions.functions.function import Group, Surroundings, whole_of
from engine.rules.expressions.functions.text import text_of
from engine.rules.expressions.values import (
    MAX_ITEMS,
    ExpressionError,
    Work,
    before,
    is_personal,
    is_set,
    kind_of,
    personal,
    same,
    too_large,
)

LISTS = Group("lists")


def list_of(value: Any, work: Work) -> list[Any]:
    """The items of a list; nothing is the empty list."""
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        zh, en = kind_of(value)
        raise ExpressionError(f"需要列表，得到的是{zh}。", f"A list is needed, not {en}.")
    work.spend(1 + len(value))
    return list(value)


def found(item: Any, container: Any, run: Surroundings) -> bool:
    """``item in container``: an item of a list, a part of a text, a key of a record; nothing holds nothing."""
    if container is None:
        return False
    if isinstance(container, str):
        return item is not None and text_of(item, run.work) in text_of(container, run.work)
    if isinstance(container, (list, tuple)):
        return any(same(item, other, run.work, run.zone) for other in container)
    if is_personal(container):
        raise personal()
    if isinstance(container, Mapping):
        return isinstance(item, str) and item in container
    zh, en = kind_of(container)
    raise ExpressionError(f"{zh}不能包含其他值。", f"{en} cannot hold anything.")


@LISTS.function(
    "is_set(x)",
    zh="是否已填写：空值、空文本、空列表和未定义的变量都不算；个人信息算已填写。",
    en="Whether it holds something: not nothing, empty text, an empty list or an undefined variable; "
    "personal data is set.",
    least=1,
    tolerant=True,
)
def set_(run: Surroundings, value: Any) -> bool:
    return is_set(value)


@LISTS.function(
    "coalesce(a, b, …)",
    zh="第一个已填写的值，未定义的变量跳过；都未填写时得最后一个。",
    en="The first that is set, undefined variables skipped; the last one if none is.",
    least=1,
    most=50,
    tolerant=True,
    lazy=True,
)
def coalesce(run: Surroundings, *values: Any) -> Any:
    return next((value for value in values if is_set(value)), values[-1])


@LISTS.function(
    "get(record, key, default)",
    zh="记录中 key 的值；没有时得 default（缺省为空值）。列表用序号。",
    en="What the record holds under key, or default (nothing if left out). A list takes a number.",
    least=2,
    most=3,
    tolerant=True,
)
def get(run: Surroundings, record: Any, key: Any, default: Any = None) -> Any:
    if record is None:
        return default
    if isinstance(record, (list, tuple)):
        position = whole_of(key, MAX_ITEMS)
        return record[position] if -len(record) <= position < len(record) else default
    return _record(record).get(text_of(key, run.work), default)


@LISTS.function(
    "has(record, key)", zh="记录中有没有 key。", en="Whether the record holds that key.", least=2, tolerant=True
)
def has(run: Surroundings, record: Any, key: Any) -> bool:
    return record is not None and text_of(key, run.work) in _record(record)


def _record(value: Any) -> Mapping[str, Any]:
    if is_personal(value):
        raise personal()
    if not isinstance(value, Mapping):
        zh, en = kind_of(value)
        raise ExpressionError(f"需要记录，得到的是{zh}。", f"A record is needed, not {en}.")
    return value


@LISTS.function(
    "len(x)",
    zh="文本的字数、列表的项数、记录的键数；空值为 0。",
    en="Characters of a text, items of a list, keys of a record; 0 for nothing.",
    least=1,
)
def length(run: Surroundings, value: Any) -> int:
    if value is None:
        return 0
    if is_personal(value):
        raise personal()
    if not isinstance(value, (str, list, tuple, Mapping)):
        zh, en = kind_of(value)
        raise ExpressionError(f"{zh}没有长度。", f"{en} has no length.")
    return len(value)


LISTS.function("size(x)", zh="同 len(x)。", en="The same as len(x).", least=1)(length)


@LISTS.function(
    "contains(x, y)",
    zh="文本是否含有 y，或列表是否有一项是 y。",
    en="Whether the text has the part y, or the list the item y.",
    least=2,
)
def contains(run: Surroundings, container: Any, item: Any) -> bool:
    return found(item, container, run)


@LISTS.function(
    "any_of(list, x, …)",
    zh="列表中是否至少有其中一项；也可给一个列表。",
    en="Whether the list holds at least one of them; a list may be given.",
    least=2,
    most=100,
)
def any_of(run: Surroundings, items: Any, *wanted: Any) -> bool:
    here = list_of(items, run.work)
    choices = wanted[0] if len(wanted) == 1 and isinstance(wanted[0], (list, tuple)) else wanted
    return any(found(choice, here, run) for choice in choices)


@LISTS.function("first(list)", zh="第一项；空列表得空值。", en="The first item; nothing for an empty list.", least=1)
def first(run: Surroundings, items: Any) -> Any:
    return next(iter(list_of(items, run.work)), None)


@LISTS.function("last(list)", zh="最后一项；空列表得空值。", en="The last item; nothing for an empty list.", least=1)
def last(run: Surroundings, items: Any) -> Any:
    return next(reversed(list_of(items, run.work)), None)


@LISTS.function("append(list, x)", zh="末尾加上 x 的新列表。", en="A new list with x at its end.", least=2)
def append(run: Surroundings, items: Any, item: Any) -> list[Any]:
    return _bounded([*list_of(items, run.work), item])


@LISTS.function("concat(a, b)", zh="两个列表前后相接。", en="Two lists, one after the other.", least=2)
def concat(run: Surroundings, one: Any, other: Any) -> list[Any]:
    return _bounded(list_of(one, run.work) + list_of(other, run.work))


@LISTS.function(
    "distinct(list)",
    zh="去掉重复项，保留首次出现的次序。",
    en="Without repetitions, in order of first appearance.",
    least=1,
)
def distinct(run: Surroundings, items: Any) -> list[Any]:
    kept: dict[str, Any] = {}
    for item in list_of(items, run.work):
        kept.setdefault(_key(item, run.work), item)
    return list(kept.values())


@LISTS.function(
    "sort(list)",
    zh="从小到大排列；各项须全为数字或全为文本。",
    en="In rising order; all items numbers or all text.",
    least=1,
)
def sort(run: Surroundings, items: Any) -> list[Any]:
    given = list_of(items, run.work)
    run.work.spend(sum(4 + (len(item) // 10 if isinstance(item, str) else 0) for item in given))

    def order(one: Any, other: Any) -> int:
        return -1 if before(one, other, run.zone) else int(before(other, one, run.zone))

    return sorted(given, key=cmp_to_key(order))


@LISTS.function(
    "range(n)", zh="0 到 n−1 的整数列表，n 不超过 1000。", en="The numbers 0 to n−1; n at most 1000.", least=1
)
def count(run: Surroundings, end: Any) -> list[int]:
    run.work.spend(1_000)
    return list(range(max(0, whole_of(end, 1_000))))


def _bounded(items: list[Any]) -> list[Any]:
    if len(items) > MAX_ITEMS:
        raise too_large()
    return items


def _key(value: Any, work: Work) -> str:
    """A text that is equal for equal values."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_key(item, work) for item in list_of(value, work)) + "]"
    if isinstance(value, Mapping):
        work.spend(len(value))
        return "{" + ",".join(f"{json.dumps(key)}:{_key(value[key], work)}" for key in sorted(value)) + "}"
    if isinstance(value, str):
        return json.dumps(text_of(value, work))
    return json.dumps(value)
