"""The expression language: conditions, due dates, assignments, decision cells and script lines. No code.

An expression is worked out over JSON values and gives a JSON value. It can do nothing else: the functions are a fixed
table, there is no attribute, method, loop, definition or import. Every failure is an ``ExpressionError`` in Chinese
and English. Reference: ``docs/reference/expressions.md``.

``syntax`` reads text into a checked tree, ``evaluation`` works the tree out, ``values`` says what there is to work
with, ``functions`` what may be called. ``expression`` puts them together.
"""

from __future__ import annotations

from engine.rules.expressions.expression import (
    Expression,
    Script,
    evaluate,
    evaluate_text,
    functions_used,
    is_expression,
    names,
    names_in_text,
    parse,
    parse_script,
    parse_text,
    run_script,
)
from engine.rules.expressions.values import ExpressionError, is_set

__all__ = [
    "Expression",
    "ExpressionError",
    "Script",
    "evaluate",
    "evaluate_text",
    "functions_used",
    "is_expression",
    "is_set",
    "names",
    "names_in_text",
    "parse",
    "parse_script",
    "parse_text",
    "run_script",
]
