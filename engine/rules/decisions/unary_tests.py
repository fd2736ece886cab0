"""The cells of a decision table's input columns: FEEL unary tests (DMN 1.3, chapter 7.3.3 and 10.3.2.8).

``-`` · ``"a"`` · ``"a","b"`` · ``3`` · ``> 3`` · ``[1..3]`` ``]1..3]`` ``(1..3)`` · ``not("a","b")`` ·
``true`` · ``date("2026-11-22")`` · ``> duration("P1D")`` · ``? > 3 and ? < limit`` · ``contains(?, "x")``.
Anything else is refused when the table is read.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engine.rules.decisions.feel import CELL_INPUT, constant, feel, measure_literal
from engine.rules.decisions.kinds import MEASURED, measured
from engine.rules.expressions import Expression
from engine.rules.expressions.values import ExpressionError, Work, before, is_personal, personal, same

MAX_CELL = 10_000
MAX_PIECES = 500

#: Works out an expression for the value of the column; given by whoever evaluates the table.
Evaluate = Callable[[Expression, Any], Any]

_TEXT = r'"(?:[^"\\]|\\.)*"'
_END = rf"(?:[^\[\](),\"'.]|\.(?!\.)|{_TEXT}|\({_TEXT}\))+"
_INTERVAL = re.compile(rf"\s*([\[\](])({_END})\.\.({_END})([\[\])])\s*(?=,|\Z)")
_COMPARISON = re.compile(r"\s*(<=|>=|!=|<|>|=(?!=))(.*)\Z", re.DOTALL)


@dataclass(frozen=True)
class Endpoint:
    """A value a cell names: a literal, or an expression worked out when the table is.

    ``kind``: time, days or months where it is compared as such, and not as text.
    """

    expression: Expression
    literal: bool
    value: Any = None
    kind: str = ""

    def worth(self, given: Any, evaluate: Evaluate) -> Any:
        """The value."""
        return self.value if self.literal else evaluate(self.expression, given)

    def both(self, given: Any, evaluate: Evaluate) -> tuple[Any, Any]:
        """The column's value and this one, as they compare."""
        wanted = self.worth(given, evaluate)
        _refuse_mismatch(given, wanted)
        return (measured(given, self.kind), measured(wanted, self.kind)) if self.kind else (given, wanted)


@dataclass(frozen=True)
class Equal:
    """The value itself; where the cell names a list, one of its items."""

    end: Endpoint

    def holds(self, given: Any, evaluate: Evaluate) -> bool:
        if not self.end.kind:
            wanted = self.end.worth(given, evaluate)
            if isinstance(wanted, list) and not isinstance(given, list):
                return any(same(given, item, Work()) for item in wanted)
        given, wanted = self.end.both(given, evaluate)
        return same(given, wanted, Work())


@dataclass(frozen=True)
class Compared:
    """``< <= > >= !=``. Nothing is neither smaller nor larger than anything."""

    operator: str
    end: Endpoint

    def holds(self, given: Any, evaluate: Evaluate) -> bool:
        given, wanted = self.end.both(given, evaluate)
        if self.operator == "!=":
            return not same(given, wanted, Work())
        if given is None or wanted is None:
            return False
        if self.operator in ("<", ">="):
            return before(given, wanted) == (self.operator == "<")
        return before(wanted, given) == (self.operator == ">")


@dataclass(frozen=True)
class Interval:
    """``[1..3]``, with either end open."""

    low: Endpoint
    high: Endpoint
    open_low: bool
    open_high: bool

    def holds(self, given: Any, evaluate: Evaluate) -> bool:
        return Compared(">" if self.open_low else ">=", self.low).holds(given, evaluate) and Compared(
            "<" if self.open_high else "<=", self.high
        ).holds(given, evaluate)


@dataclass(frozen=True)
class Condition:
    """A condition of its own, mostly about ``?``."""

    expression: Expression

    def holds(self, given: Any, evaluate: Evaluate) -> bool:
        answer = evaluate(self.expression, given)
        if not isinstance(answer, bool):
            raise ExpressionError("单元格中的条件必须得出真或假。", "The condition in a cell must give true or false.")
        return answer


Piece = Equal | Compared | Interval | Condition


@dataclass(frozen=True)
class UnaryTest:
    """One cell. No ``pieces``: anything fits (``-``); else one of them has to hold, or none if ``negated``."""

    text: str
    pieces: tuple[Piece, ...] = ()
    negated: bool = False

    def holds(self, given: Any, evaluate: Evaluate) -> bool:
        """Whether the column's value passes. Raises ``ExpressionError`` where it cannot be compared."""
        if not self.pieces:
            return True
        return any(piece.holds(given, evaluate) for piece in self.pieces) != self.negated

    def literals(self) -> list[Any] | None:
        """The values that pass, where the cell is a plain list of literals; None otherwise."""
        values = [piece.end.value for piece in self.pieces if isinstance(piece, Equal) and piece.end.literal]
        return values if self.pieces and len(values) == len(self.pieces) and not self.negated else None

    def endpoints(self) -> Iterator[Endpoint]:
        """Every value the cell names."""
        for piece in self.pieces:
            if isinstance(piece, Interval):
                yield from (piece.low, piece.high)
            elif not isinstance(piece, Condition):
                yield piece.end


@lru_cache(maxsize=2_048)
def parse_unary_test(text: str, kind: str | None = None) -> UnaryTest:
    """Reads a cell of a column of that kind. Raises ``ExpressionError``."""
    cell = text.strip()
    if len(cell) > MAX_CELL:
        raise ExpressionError(f"单元格超过 {MAX_CELL} 个字符。", f"The cell is longer than {MAX_CELL} characters.")
    if cell in ("", "-"):
        return UnaryTest(text)
    inner = _inside_not(cell)
    pieces = tuple(_piece(part, kind) for part in _parts(cell if inner is None else inner))
    if len(pieces) > MAX_PIECES:
        raise ExpressionError(f"单元格超过 {MAX_PIECES} 项。", f"The cell has more than {MAX_PIECES} items.")
    return UnaryTest(text, pieces, inner is not None)


def _inside_not(cell: str) -> str | None:
    """``…`` of a cell that is ``not(…)`` from end to end."""
    opening = re.match(r"not\s*\(", cell)
    if opening is None:
        return None
    return cell[opening.end() : -1] if _closing(cell, opening.end() - 1) == len(cell) - 1 else None


def _parts(cell: str) -> Iterator[str | re.Match[str]]:
    """The comma-separated tests of a cell. Intervals first: their brackets need not pair."""
    position = 0
    while True:
        interval = _INTERVAL.match(cell, position)
        if interval is not None:
            yield interval
            position = interval.end()
        else:
            end = _next_comma(cell, position)
            yield cell[position:end]
            position = end
        if position >= len(cell):
            return
        position += 1


def _piece(part: str | re.Match[str], kind: str | None) -> Piece:
    if not isinstance(part, str):
        left, low, high, right = part.groups()
        return Interval(_endpoint(low, kind), _endpoint(high, kind), left != "[", right != "]")
    if not part.strip() or part.strip() == "-":
        raise ExpressionError("列表中有空项或“-”。", "The list has an empty item or “-”.")
    comparison = _COMPARISON.match(part)
    if comparison is not None:
        operator, end = comparison.groups()
        return Equal(_endpoint(end, kind)) if operator == "=" else Compared(operator, _endpoint(end, kind))
    expression = feel(part)
    is_condition = isinstance(expression.tree, (ast.Compare, ast.BoolOp)) or (
        isinstance(expression.tree, ast.UnaryOp) and isinstance(expression.tree.op, (ast.Not, ast.Invert))
    )
    if is_condition or CELL_INPUT in expression.names:
        if kind in MEASURED:
            raise ExpressionError(
                '时间或时长列的单元格请写成比较或区间，例如 > duration("P1D")，不能用“?”。',
                'In a column of times or durations write a comparison or interval, as > duration("P1D"), not “?”.',
            )
        return Condition(expression)
    return Equal(_endpoint(part, kind))


def _endpoint(text: str, kind: str | None) -> Endpoint:
    expression = feel(text)
    literal, value = constant(expression)
    own = measure_literal(text)
    if own is not None:
        return Endpoint(expression, literal, value, own[0])
    plain = kind not in MEASURED or (literal and (value is None or isinstance(value, list)))
    return Endpoint(expression, literal, value, "" if plain else str(kind))


def _next_comma(cell: str, position: int) -> int:
    while position < len(cell) and cell[position] != ",":
        position = _closing(cell, position) + 1
    return min(position, len(cell))


def _closing(cell: str, position: int) -> int:
    """Where what begins at ``position`` ends: a text at its quote, a bracket at its partner, else right there."""
    depth = 0
    while position < len(cell):
        character = cell[position]
        if character in "\"'":
            position += 1
            while position < len(cell) and cell[position] != character:
                position += 2 if cell[position] == "\\" else 1
        depth += (character in "([{") - (character in ")]}")
        if depth <= 0:
            return position
        position += 1
    return position


def _refuse_mismatch(given: Any, wanted: Any) -> None:
    """A list or record against a plain value would never pass, and nobody would learn why."""
    if is_personal(given):
        raise personal()
    if isinstance(given, Mapping) and not isinstance(wanted, Mapping):
        raise ExpressionError("输入是记录，请取其中的一项。", "The input is a record; take one part of it.")
    if isinstance(given, list) and not isinstance(wanted, list):
        raise ExpressionError(
            '输入是列表，请写成 contains(?, "…") 或 any_of(?, "…")。',
            'The input is a list; write contains(?, "…") or any_of(?, "…").',
        )
