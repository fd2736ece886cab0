"""From FEEL, which dmn-js writes, to our expressions: the few spellings that differ, and what would differ in meaning.

Only spelling is translated. What our language does not have (``if … then``, ``for``, ``every``, ``in [1..3]`` inside an
expression, context literals without quotes) is refused by its parser; what both languages write alike and mean
differently (``list[1]``, ``//``, patterns in ``replace``) is refused by ``understood_differently``.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from engine.clock import DEFAULT_ZONE
from engine.rules.decisions.kinds import measure, written
from engine.rules.expressions import Expression, ExpressionError, parse
from engine.rules.expressions.functions import TABLE
from engine.rules.expressions.syntax import children
from engine.rules.expressions.values import is_date, is_moment, is_number, read_date, read_moment

#: The variable that stands for ``?``, the value of the column a cell is in.
CELL_INPUT = "_cell_input"

#: Longer ones are refused by the parser anyway.
_MAX_LENGTH = 4_000

#: FEEL's name of a function → ours.
FUNCTIONS = {
    "date and time": "moment",
    "date": "date_of",
    "starts with": "starts_with",
    "ends with": "ends_with",
    "string length": "len",
    "upper case": "upper",
    "lower case": "lower",
    "list contains": "contains",
    "distinct values": "distinct",
    "concatenate": "concat",
    "round half up": "round",
    "count": "len",
    "string": "text",
    "floor": "floor",
    "ceiling": "ceil",
}
_WORDS = "|".join(name.replace(" ", r"\s+") for name in sorted(FUNCTIONS, key=len, reverse=True))
_SPELLING = re.compile(
    rf"""
    (?P<moment>@"[0-9T:.+\-Z ]{{1,40}}")
  | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<function>(?<![\w.])(?:{_WORDS})(?=\s*\())
  | (?P<operator>[<>!=]=|=)
  | (?P<input>\?)
""",
    re.VERBOSE,
)
_MEASURE = re.compile(
    r"""\s*(?:(?P<name>time|duration|years\s+and\s+months\s+duration)\s*\(\s*"(?P<text>[^"\\]{0,80})"\s*\)
    |@"(?P<at>[^"\\]{0,80})")\s*\Z""",
    re.VERBOSE,
)

#: What FEEL has and we have not, and what to write instead.
_OUTSIDE = (
    (
        r"\bif\b.*\bthen\b",
        "if … then … else，请写成“a if 条件 else b”",
        "if … then … else; write “a if condition else b”",
    ),
    (r"\bfor\b.*\breturn\b", "for … return", "for … return"),
    (r"\b(?:some|every)\b.*\bsatisfies\b", "some / every … satisfies", "some / every … satisfies"),
    (r"\bbetween\b", "between，请写成“a >= 1 and a <= 3”", "between; write “a >= 1 and a <= 3”"),
    (r"\binstance\s+of\b", "instance of", "instance of"),
    (r"\bfunction\s*\(", "function", "function"),
    (
        r"\bin\s*[\[\]()].*\.\.",
        "表达式中的 in [1..3]，请写成“a >= 1 and a <= 3”",
        "in [1..3] inside an expression; write “a >= 1 and a <= 3”",
    ),
    (
        r"\b(?:time|duration)\s*\(",
        "表达式中的时间与时长运算；time(…) 和 duration(…) 只能单独作为一个值",
        "calculations with times and durations; time(…) and duration(…) only stand as a value of their own",
    ),
)


def feel(text: str) -> Expression:
    """Reads an expression in FEEL or our spelling. Raises ``ExpressionError``."""
    if len(text) > _MAX_LENGTH:
        raise ExpressionError(f"表达式超过 {_MAX_LENGTH} 个字符。", f"The expression is longer than {_MAX_LENGTH}.")
    literal = measure_literal(text)
    if literal is not None:
        return parse(f'"{literal[1]}"')
    try:
        return parse(_SPELLING.sub(_ours, re.sub(r"\A\s*=(?!=)", "", text).strip()))
    except ExpressionError as error:
        for pattern, zh, en in _OUTSIDE:
            if re.search(pattern, _without_texts(text), re.DOTALL):
                raise ExpressionError(f"不支持 FEEL 的 {zh}。", f"FEEL's {en} cannot be used here.") from None
        raise error from None


def feel_outside_cells(text: str) -> Expression:
    """The same where ``?`` means nothing: input expressions, output cells."""
    expression = feel(text)
    if CELL_INPUT in expression.names:
        raise ExpressionError("“?”只能用在输入列的单元格中。", "“?” means something in input cells only.")
    return expression


def measure_literal(text: str) -> tuple[str, str] | None:
    """``duration("P1D")``, ``time("9:00")`` or ``@"PT2H"`` as a whole: its kind, and its text in the one shape.

    None for any other text. Raises ``ExpressionError`` if it is written so and is no time or duration.
    """
    found = _MEASURE.match(text)
    if found is None:
        return None
    name, given = found.group("name"), found.group("text") if found.group("name") else found.group("at")
    if name is None and (is_date(given) or is_moment(given)):
        return None
    for kind in (
        ("time",) if name == "time" else ("days", "months") if name == "duration" else ("time", "days", "months")
    ):
        amount = measure(given, kind)
        if amount is not None:
            return kind, written(amount, kind)
    raise ExpressionError(
        f"“{given[:40]}”不是时间或时长（时间如 09:30:00，不带时区；时长如 P1DT2H 或 P1Y2M，年月与天时不能混写）。",
        f"“{given[:40]}” is no time or duration (09:30:00 without a zone; P1DT2H or P1Y2M, never mixed).",
    )


def _ours(found: re.Match[str]) -> str:
    if found.lastgroup == "function":
        return FUNCTIONS[re.sub(r"\s+", " ", found.group())]
    if found.lastgroup == "input":
        return CELL_INPUT
    if found.lastgroup == "moment":
        text = found.group()[1:]
        return f"{'date_of' if is_date(text[1:-1]) else 'moment'}({text})"
    return "==" if found.group() == "=" else found.group()


def _without_texts(text: str) -> str:
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)


def understood_differently(expression: Expression) -> ExpressionError | None:
    """Why an expression would mean something else here than in FEEL, or could only fail; None if it would not."""
    waiting: list[ast.expr] = [expression.tree]
    while waiting:
        node = waiting.pop()
        wrong = _wrong_call(node) if isinstance(node, ast.Call) else _wrong_spelling(node)
        if wrong is not None:
            return ExpressionError(*wrong)
        waiting.extend(children(node))
    return None


def _wrong_spelling(node: ast.expr) -> tuple[str, str] | None:
    if isinstance(node, ast.Subscript) and not (
        isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
    ):
        return (
            "方括号取项时 FEEL 从 1 数起，本软件从 0 数起；请写 first(…)、last(…) 或 get(…, 序号)。",
            "Square brackets count from 1 in FEEL and from 0 here; write first(…), last(…) or get(…, number).",
        )
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.FloorDiv):
            return "“//”在 FEEL 中是注释；请写 floor(a / b)。", "“//” is a comment in FEEL; write floor(a / b)."
        if any(_is_time(side) for side in (node.left, node.right)):
            return (
                "日期与时刻不能用运算符计算；请写 add_days(…) 等函数。",
                "Dates and moments are not calculated with operators; write add_days(…) and the like.",
            )
    return None


def _is_time(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and TABLE[node.func.id].group == "time"
        and (node.func.id not in ("is_working_day", "working_days_between", "local_text"))
    )


def _wrong_call(node: ast.Call) -> tuple[str, str] | None:
    function = TABLE[node.func.id] if isinstance(node.func, ast.Name) else None
    if function is None:
        return None
    if not function.least <= len(node.args) <= function.most:
        return (
            f"{function.name}() 的参数个数不对，用法：{function.usage}。",
            f"Wrong number of arguments for {function.name}(); use: {function.usage}.",
        )
    given = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
    if function.name in ("replace", "split") and not (
        isinstance(given[1], str) and re.fullmatch(r"[\w\s,;:、，；：/#@-]+", given[1])
    ):
        return (
            f"FEEL 的 {function.name} 把第二个参数当作正则表达式，本软件按原文；请只用文字、逗号等普通字符。",
            f"FEEL's {function.name} takes its second argument as a regular expression; use plain characters only.",
        )
    if function.name in ("date_of", "moment") and isinstance(given[0], str):
        try:
            (read_date if function.name == "date_of" else read_moment)(given[0], DEFAULT_ZONE)
        except ExpressionError as error:
            return error.zh, error.en
    return None


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
