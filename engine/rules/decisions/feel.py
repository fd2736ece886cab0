"""From FEEL, which dmn-js writes, to our expressions: the few spellings that differ, and literals.

Only spelling is translated; what our language does not have (``if … then``, ``for``, ``every``, ``in [1..3]`` inside
an expression, context literals without quotes) is refused by its parser.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from engine.rules.expressions import Expression, ExpressionError, parse
from engine.rules.expressions.values import is_date, is_moment, is_number, is_personal, kind_of, personal

#: The variable that stands for ``?``, the value of the column a cell is in.
CELL_INPUT = "_cell_input"

_FUNCTIONS = {
    "date and time": "moment",
    "date": "date_of",
    "starts with": "starts_with",
    "ends with": "ends_with",
    "string length": "len",
    "upper case": "upper",
    "lower case": "lower",
    "list contains": "contains",
    "count": "len",
    "string": "text",
    "floor": "floor",
    "ceiling": "ceil",
}
_WORDS = "|".join(name.replace(" ", r"\s+") for name in sorted(_FUNCTIONS, key=len, reverse=True))
_SPELLING = re.compile(
    rf"""
    (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<function>(?<![\w.])(?:{_WORDS})(?=\s*\())
  | (?P<operator>[<>!=]=|=)
  | (?P<input>\?)
""",
    re.VERBOSE,
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
    "datetime": "moment",
    "dateTime": "moment",
    "": None,
    "Any": None,
    "any": None,
}


def feel(text: str) -> Expression:
    """Reads an expression in FEEL or our spelling. Raises ``ExpressionError``."""
    return parse(_SPELLING.sub(_ours, re.sub(r"\A\s*=(?!=)", "", text).strip()))


def feel_outside_cells(text: str) -> Expression:
    """The same where ``?`` means nothing: input expressions, output cells."""
    expression = feel(text)
    if CELL_INPUT in expression.names:
        raise ExpressionError("“?”只能用在输入列的单元格中。", "“?” means something in input cells only.")
    return expression


def _ours(found: re.Match[str]) -> str:
    if found.lastgroup == "function":
        return _FUNCTIONS[re.sub(r"\s+", " ", found.group())]
    if found.lastgroup == "input":
        return CELL_INPUT
    return "==" if found.group() == "=" else found.group()


def constant(expression: Expression) -> tuple[bool, Any]:
    """``(True, value)`` for a literal (negative numbers and lists of literals included), else ``(False, None)``."""
    return _constant(expression.tree)


def _constant(tree: ast.expr) -> tuple[bool, Any]:
    if isinstance(tree, ast.Constant):
        return True, tree.value
    if isinstance(tree, ast.Name) and tree.id in ("true", "false", "null"):
        return True, {"true": True, "false": False, "null": None}[tree.id]
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        known, value = _constant(tree.operand)
        return (True, -value) if known and is_number(value) else (False, None)
    if isinstance(tree, ast.List):
        items = [_constant(item) for item in tree.elts]
        return (True, [value for _, value in items]) if all(known for known, _ in items) else (False, None)
    return False, None


def fits(value: Any, kind: str | None) -> bool:
    """Whether a value is of that kind as it stands. Nothing fits every kind."""
    if value is None or kind is None:
        return True
    return {
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "number": is_number(value),
        "integer": is_number(value) and value == value // 1,
        "date": is_date(value),
        "moment": is_moment(value),
    }[kind]


def converted(value: Any, kind: str | None) -> Any:
    """The value as that kind: ``"3"`` as 3, 3.0 as the integer 3, ``"true"`` as true, 3 as ``"3"``, a moment's text as
    it is. Lists pass, and everything where no kind is asked for. Raises ``ExpressionError`` for what cannot be it."""
    if is_personal(value):
        raise personal()
    if isinstance(value, (list, tuple)) or value is None or kind is None:
        return value
    if kind == "string" and isinstance(value, (bool, int, float)):
        return ("true" if value else "false") if isinstance(value, bool) else str(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind in ("integer", "number") and isinstance(value, str):
        value = _number(value)
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        value = int(value)
    if fits(value, kind) or (kind == "date" and is_moment(value)):
        return value
    zh, en = kind_of(value)
    raise ExpressionError(
        f"需要 {kind}，得到的是{zh}“{str(value)[:40]}”。", f"{kind} is needed, not {en} “{str(value)[:40]}”."
    )


def _number(text: str) -> Any:
    if re.fullmatch(r"\s*[+-]?[0-9]{1,29}\s*", text):
        return int(text)
    if re.fullmatch(r"\s*[+-]?[0-9]{1,29}\.[0-9]{1,29}\s*", text):
        return float(text)
    return text
