"""An expression, a text with ``${…}`` in it, a script's lines: read once, worked out over values again and again."""

from __future__ import annotations

import ast
import re
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from engine.rules.calendar import WorkCalendar, calendar_in_force
from engine.rules.expressions.evaluation import Evaluation, UndefinedName
from engine.rules.expressions.functions import TABLE, Surroundings
from engine.rules.expressions.syntax import CONSTANTS, MAX_LENGTH, children, is_identifier, syntax_error, tree_of
from engine.rules.expressions.values import ExpressionError, Work, as_text, checked, plain, too_large

MAX_LINES = 200
#: A text with ``${…}`` in it: characters, and expressions.
MAX_TEXT = 100_000
MAX_PIECES = 200

#: Longer expressions are rare and their trees large; they are not kept.
_SHORT = 400

_WRAPPED = re.compile(r"\s*[$#]\{(.*)\}\s*\Z", re.DOTALL)
_OPENING = re.compile(r"[$#]\{")
_LINE = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)(.*)\Z", re.DOTALL)


@dataclass(frozen=True)
class Expression:
    """A checked expression: its text, the variables and the functions it uses.

    ``required`` are the variables that must exist; ``names`` has those, too, that ``is_set``, ``coalesce``, ``get`` and
    ``has`` may find undefined.
    """

    text: str
    tree: ast.expr
    names: frozenset[str]
    required: frozenset[str]
    functions: frozenset[str]


Script = Sequence[tuple[str, Expression]]


def parse(text: str) -> Expression:
    """Reads an expression, with or without ``${…}`` around it or ``=`` before it. Raises ``ExpressionError``."""
    if len(text) > MAX_LENGTH + 10:
        raise syntax_error(f"超过 {MAX_LENGTH} 个字符", f"it is longer than {MAX_LENGTH} characters")
    inner = _unwrapped(text).strip()
    if inner.startswith("=") and not inner.startswith("=="):
        inner = inner[1:].strip()
    try:
        return _remembered(inner) if len(inner) <= _SHORT else _parsed(inner)
    except ExpressionError as error:
        raise error.at(inner) from None


def _parsed(inner: str) -> Expression:
    tree = tree_of(inner, TABLE)
    names: set[str] = set()
    required: set[str] = set()
    functions: set[str] = set()
    waiting: list[tuple[ast.expr, bool]] = [(tree, True)]
    while waiting:
        node, needed = waiting.pop()
        if isinstance(node, ast.Name) and node.id not in CONSTANTS:
            names.add(node.id)
            if needed:
                required.add(node.id)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            functions.add(node.func.id)
            needed = needed and not TABLE[node.func.id].tolerant
        waiting.extend((child, needed) for child in children(node))
    return Expression(inner, tree, frozenset(names), frozenset(required), frozenset(functions))


_remembered = lru_cache(maxsize=2_048)(_parsed)


def evaluate(
    expression: Expression | str,
    values: Mapping[str, Any],
    now: datetime,
    element: str = "",
    calendar: WorkCalendar | None = None,
) -> Any:
    """The JSON value of an expression, a copy that shares nothing with ``values``.

    ``now``: what ``now()`` gives; ``calendar``: whose working time counts, the one in force if None; ``element`` goes
    into the error. Raises ``ExpressionError`` and nothing else.
    """
    try:
        parsed = expression if isinstance(expression, Expression) else parse(expression)
    except ExpressionError as error:
        raise error.at("", element) from None
    text = parsed.text
    try:
        if now.tzinfo is None:
            raise ExpressionError("当前时刻没有时区。", "The present moment has no time zone.")
        run = Surroundings(now, calendar or calendar_in_force(), Work())
        return plain(Evaluation(values, run).result(parsed.tree))
    except UndefinedName as error:
        raise error.among(list(values)).at(text, element) from None
    except ExpressionError as error:
        raise error.at(text, element) from None
    except (RecursionError, MemoryError):
        raise ExpressionError(
            "值嵌套过深或过大。", "The values are nested too deeply or too large.", text, element
        ) from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        kind = type(error).__name__
        raise ExpressionError(f"无法计算（{kind}）。", f"It cannot be worked out ({kind}).", text, element) from None


def names(expression: Expression | str) -> set[str]:
    """The variables an expression uses."""
    return set((expression if isinstance(expression, Expression) else parse(expression)).names)


def functions_used(expression: Expression | str) -> set[str]:
    """The functions an expression calls."""
    return set((expression if isinstance(expression, Expression) else parse(expression)).functions)


def is_expression(text: str | None) -> bool:
    """Whether a text is one ``${…}`` (or ``#{…}``) from end to end."""
    if not text:
        return False
    pieces = _pieces_or_none(text.strip())
    return pieces is not None and len(pieces) == 1 and pieces[0][0]


def parse_text(text: str) -> list[tuple[bool, str]]:
    """``a${x}b`` as ``[(False, "a"), (True, "x"), (False, "b")]``; every expression in it is checked."""
    pieces = _pieces(text)
    for is_code, piece in pieces:
        if is_code:
            parse(piece)
    return pieces


def names_in_text(text: str) -> set[str]:
    """The variables used by the ``${…}`` in a text."""
    return {name for is_code, piece in parse_text(text) if is_code for name in parse(piece).names}


def evaluate_text(
    text: str, values: Mapping[str, Any], now: datetime, element: str = "", calendar: WorkCalendar | None = None
) -> Any:
    """``${…}`` as a whole gives its value, ``a${x}b`` the text with values filled in, anything else is itself."""
    if is_expression(text):
        return evaluate(parse(text.strip()), values, now, element, calendar)
    parts = []
    for is_code, piece in _pieces(text):
        try:
            parts.append(as_text(evaluate(piece, values, now, element, calendar)) if is_code else piece)
        except ExpressionError as error:
            raise error.at(piece, element) from None
    if sum(map(len, parts)) > MAX_TEXT:
        raise too_large().at(text[:200], element)
    return checked("".join(parts))


def parse_script(text: str) -> list[tuple[str, Expression]]:
    """The assignments of a script task: lines of ``name = expression``, blank lines, and lines beginning with ``#``.

    Raises ``ExpressionError`` naming the line.
    """
    assignments = []
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        raise ExpressionError(f"脚本超过 {MAX_LINES} 行。", f"The script has more than {MAX_LINES} lines.")
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            assignments.append(_assignment(line))
        except ExpressionError as error:
            raise ExpressionError(
                f"第 {number} 行：{error.zh}", f"Line {number}: {error.en}", line.strip()[:200]
            ) from None
    return assignments


def run_script(
    script: Script | str,
    values: Mapping[str, Any],
    now: datetime,
    element: str = "",
    calendar: WorkCalendar | None = None,
) -> dict[str, Any]:
    """What a script assigns; later lines see what earlier ones assigned. ``values`` are left as they are."""
    assigned: dict[str, Any] = {}
    for name, expression in parse_script(script) if isinstance(script, str) else script:
        assigned[name] = evaluate(expression, ChainMap(assigned, values), now, element, calendar)  # type: ignore[arg-type]
    return assigned


def _assignment(line: str) -> tuple[str, Expression]:
    match = _LINE.match(line)
    if match is None:
        raise syntax_error("每行只能是“变量 = 表达式”", "a line must be “name = expression”")
    name, right = match.group(1), match.group(2)
    if not is_identifier(name):
        raise syntax_error(f"“{name}”不能作变量名", f"“{name}” cannot be a variable")
    return name, parse(right)


def _unwrapped(text: str) -> str:
    match = _WRAPPED.match(text)
    return match.group(1) if match else text


def _pieces_or_none(text: str) -> list[tuple[bool, str]] | None:
    try:
        return _pieces(text)
    except ExpressionError:
        # not closed, so not one expression; who evaluates it is told
        return None


def _pieces(text: str) -> list[tuple[bool, str]]:
    """A text cut into literal parts and expressions; braces and quotes inside an expression do not end it."""
    pieces: list[tuple[bool, str]] = []
    position = 0
    if len(text) > MAX_TEXT or (len(text) > MAX_PIECES and len(_OPENING.findall(text)) > MAX_PIECES):
        raise ExpressionError(
            f"文本超过 {MAX_TEXT} 个字符或 {MAX_PIECES} 个表达式。",
            f"The text has more than {MAX_TEXT} characters or {MAX_PIECES} expressions.",
        )
    while position < len(text):
        opening = _OPENING.search(text, position)
        if opening is None:
            break
        start = opening.start()
        end = _end_of_expression(text, start + 2)
        if start > position:
            pieces.append((False, text[position:start]))
        pieces.append((True, text[start + 2 : end]))
        position = end + 1
    if position < len(text):
        pieces.append((False, text[position:]))
    return pieces


def _end_of_expression(text: str, position: int) -> int:
    depth, quote = 0, ""
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif character == "{":
            depth += 1
        elif character == "}":
            if depth == 0:
                return position
            depth -= 1
        position += 1
    raise syntax_error("${ 没有对应的 }", "${ is not closed")
