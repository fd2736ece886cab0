"""The functions of the expression language: a fixed table, nothing can be added from a diagram.

Adding one: write it into the module of its group, and a row for it into
``docs/reference/expressions.md`` and ``expressions.zh-CN.md`` (a test compares).
"""

from __future__ import annotations

from engine.rules.expressions.functions.function import Function, Surroundings
from engine.rules.expressions.functions.lists import LISTS
from engine.rules.expressions.functions.text import NUMBERS, TEXT
from engine.rules.expressions.functions.time import TIME

__all__ = ["GROUPS", "TABLE", "Function", "Surroundings"]

#: group → its heading, Chinese and English; the order of the reference.
GROUPS = {
    "time": ("日期与时限", "Dates and limits"),
    "text": ("文本", "Text"),
    "numbers": ("数字", "Numbers"),
    "lists": ("列表与记录", "Lists and records"),
}

#: name → function.
TABLE: dict[str, Function] = {
    function.name: function for group in (TIME, TEXT, NUMBERS, LISTS) for function in group.functions
}
