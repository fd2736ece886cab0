"""What a column of a decision table can be asked, cut into the pieces that no cell tells apart.

Numbers, dates, moments, times, durations and ordered text are cut at every value a cell names: the stretch before the
first, the first itself, the stretch up to the second and so on. Other text is the values named and everything else. A
set of pieces is an integer, one bit a piece; a cell is the set of the pieces it lets pass.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from engine.clock import DEFAULT_ZONE
from engine.rules.decisions.kinds import MEASURED, measure, written
from engine.rules.decisions.unary_tests import Compared, Condition, Endpoint, Equal, Interval, Piece, UnaryTest
from engine.rules.expressions import ExpressionError, evaluate
from engine.rules.expressions.values import as_text, is_date, is_moment, is_number, read_moment

_START = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400_000_000
#: Functions that give the same whenever they are asked.
_TIMELESS = frozenset({"date_of", "moment"})

#: kind → the first and the last value there is; None: no end.
_ENDS: dict[str, tuple[int | None, int | None]] = {
    "date": (date.min.toordinal(), date.max.toordinal()),
    "time": (0, _DAY - 1),
}
#: kind → how far an example stands from the cut, where there is room.
_STRIDES = {"time": 60_000_000, "moment": 60_000_000, "days": 3_600_000_000}
#: Kinds between whose values there always is another.
_DENSE = ("number", "string")


@dataclass(frozen=True)
class Domain:
    """The pieces of one column.

    ``points``: the values cells name, in rising order, as they compare; piece ``2i`` is the stretch before point ``i``,
    piece ``2i + 1`` the point. Where ``ordered`` is false, the last stretch stands for everything else. The last
    piece but that, ``2n + 1``, is nothing (null). ``full``: the pieces that can be asked at all.
    """

    kind: str
    points: tuple[Any, ...]
    ordered: bool
    full: int

    def of(self, test: UnaryTest) -> int | None:
        """The pieces a cell lets pass; None if that depends on more than the column's value."""
        if not test.pieces:
            return self.full
        passing = 0
        for piece in test.pieces:
            found = self._of_piece(piece)
            if found is None:
                return None
            passing |= found
        return (self.full & ~passing if test.negated else passing) & self.full

    def _of_piece(self, piece: Piece) -> int | None:
        if isinstance(piece, Condition):
            return None
        if isinstance(piece, Interval):
            low, high = fixed(piece.low), fixed(piece.high)
            if low is None or high is None:
                return None
            return self._beyond(low[0], piece.open_low) & ~self._beyond(high[0], not piece.open_high) & ~self._nothing
        end = fixed(piece.end)
        if end is None:
            return None
        if isinstance(piece, Equal):
            values = end[0] if isinstance(end[0], list) else [end[0]]
            return sum({self._bit(value) for value in values})
        if piece.operator == "!=":
            return self.full & ~self._bit(end[0])
        if end[0] is None:
            return 0
        beyond = self._beyond(end[0], piece.operator in (">", "<="))
        return (beyond if piece.operator in (">", ">=") else ~beyond) & ~self._nothing & self._all

    @property
    def _nothing(self) -> int:
        return 1 << (2 * len(self.points) + 1)

    @property
    def _all(self) -> int:
        return (1 << (2 * len(self.points) + 2)) - 1

    def _bit(self, value: Any) -> int:
        if value is None:
            return self._nothing
        return 1 << (2 * self._position(value) + 1)

    def _beyond(self, value: Any, without: bool) -> int:
        """From a point on; ``without`` the point itself."""
        if value is None:
            return 0
        return self._all & ~((1 << (2 * self._position(value) + 1 + without)) - 1)

    def _position(self, value: Any) -> int:
        return bisect_left(self.points, _key(value, self.kind))

    def stretches(self, pieces: int) -> list[int]:
        """Pieces that follow each other, together; all of them where there is no order or anything will do."""
        if not self.ordered or pieces == self.full:
            return [pieces]
        found = [0]
        for place in range(2 * len(self.points) + 2):
            bit = 1 << place
            if pieces & bit and bit != self._nothing:
                found[-1] |= bit
            elif found[-1] and (pieces | self.full) & bit:
                found.append(0)
        return [stretch for stretch in (*found, pieces & self._nothing) if stretch]

    def example(self, pieces: int) -> tuple[str, str]:
        """One value out of these pieces, in words: a named one if there is one among them."""
        named = [place for place in range(len(self.points)) if pieces >> (2 * place + 1) & 1]
        if named:
            return (self._written(self.points[named[0]]),) * 2
        if pieces == self._nothing:
            return "空值", "nothing"
        place = next(place for place in range(len(self.points) + 1) if pieces >> (2 * place) & 1)
        if not self.ordered:
            return "其他", "other"
        low = self.points[place - 1] if place else None
        high = self.points[place] if place < len(self.points) else None
        if low is None and high is None:
            return "任意值", "any value"
        if self.kind == "string":
            return _between_texts(low, high)
        return (self._written(self._between(low, high)),) * 2

    def _between(self, low: Any, high: Any) -> Any:
        stride = _STRIDES.get(self.kind, 1)
        first, last = _ENDS.get(self.kind, (None, None))
        if low is None:
            lowest = high // stride * stride - (stride if high // stride * stride == high else 0)
            return lowest if first is None or lowest >= first else first
        nearest = (low // stride + 1) * stride
        if high is None:
            return nearest if last is None or nearest <= last else low + 1
        if nearest < high:
            return nearest
        middle = (low + high) / 2 if self.kind == "number" else low + 1
        return middle

    def _written(self, point: Any) -> str:
        if self.kind == "date":
            return date.fromordinal(int(point)).isoformat()
        if self.kind == "moment":
            try:
                moment = (_START + int(point) * _MICROSECOND).astimezone(DEFAULT_ZONE)
            except OverflowError:
                return "…"  # before year 1 or after year 9999 at the office
            return moment.isoformat(" ", timespec="minutes")[:16]
        if self.kind in MEASURED:
            return written(int(point), self.kind)
        if isinstance(point, float) and point.is_integer() and abs(point) < 10**15:
            point = int(point)
        return as_text(point)


def domain_of(kind: str | None, tests: Sequence[UnaryTest], allowed: UnaryTest | None) -> Domain | None:
    """The pieces of a column with these cells; None if they cannot be told, because the values are of several kinds."""
    ends = [
        found for test in (*tests, *([allowed] if allowed else ())) for end in test.endpoints() if (found := fixed(end))
    ]
    values = [value for found in ends for value in (found[0] if isinstance(found[0], list) else [found[0]])]
    compared = any(
        not isinstance(piece, (Equal, Condition)) and not (isinstance(piece, Compared) and piece.operator == "!=")
        for test in (*tests, *([allowed] if allowed else ()))
        for piece in test.pieces
    )
    named = [value for value in values if value is not None]
    kinds = {found[1] for found in ends if found[1]} | ({kind} if kind else set())
    kind = _common(kind, kinds, named)
    if kind is None:
        return None if named else Domain("string", (), False, 1)
    try:
        points = sorted({_key(value, kind) for value in named} | ({False, True} if kind == "boolean" else set()))
    except (ExpressionError, OverflowError, TypeError, ValueError):
        return None
    ordered = kind not in ("string", "boolean") or (kind == "string" and compared)
    domain = Domain(kind, tuple(points), ordered, _possible(kind, points, ordered, None in values))
    if allowed is not None:
        within = domain.of(allowed)
        domain = Domain(kind, domain.points, ordered, within if within is not None else domain.full)
    return domain


def fixed(end: Endpoint) -> tuple[Any, str] | None:
    """What an end of a cell always is, and its kind if the cell says so; None if it depends on the case."""
    if end.literal:
        return end.value, end.kind
    if end.expression.names or not end.expression.functions or not end.expression.functions <= _TIMELESS:
        return None
    try:
        value = evaluate(end.expression, {}, _START)
    except ExpressionError:
        return None
    return value, "date" if is_date(value) else "moment"


def _common(kind: str | None, kinds: Iterable[str], named: Sequence[Any]) -> str | None:
    """The one kind of all values; None if there is none or several."""
    found = set(kinds)
    if kind is None and not found:
        if named and all(isinstance(value, bool) for value in named):
            return "boolean"
        if named and all(is_number(value) for value in named):
            return "number"
        return "string" if named and all(isinstance(value, str) for value in named) else None
    return next(iter(found)) if len(found) == 1 else None


def _possible(kind: str, points: Sequence[Any], ordered: bool, with_nothing: bool) -> int:
    """The pieces that hold anything: no stretch between true and false, none between two days that follow."""
    full = (1 << (2 * len(points) + 1)) - 1
    if kind == "boolean":
        full = 0b1010
    elif not ordered:
        full &= ~sum(1 << (2 * place) for place in range(len(points)))
    elif kind == "string":
        for place in range(len(points)):
            if points[place] == "" or (place and points[place] == points[place - 1] + "\x01"):
                full &= ~(1 << (2 * place))
    elif kind not in _DENSE:
        first, last = _ENDS.get(kind, (None, None))
        for place in range(len(points) + 1):
            low = points[place - 1] if place else (None if first is None else first - 1)
            high = points[place] if place < len(points) else (None if last is None else last + 1)
            if low is not None and high is not None and high - low < 2 and float(low).is_integer():
                full &= ~(1 << (2 * place))
    return full | (1 << (2 * len(points) + 1) if with_nothing else 0)


def _key(value: Any, kind: str) -> Any:
    """A value as it compares. Raises TypeError or ValueError for a value of another kind."""
    if kind == "boolean":
        if not isinstance(value, bool):
            raise TypeError
        return value
    if kind in ("number", "integer"):
        if not is_number(value):
            raise TypeError
        return value
    if not isinstance(value, str):
        raise TypeError
    if kind == "date":
        return date.fromisoformat(value).toordinal()
    if kind == "moment":
        return (read_moment(value, DEFAULT_ZONE) - _START) // _MICROSECOND
    if kind in MEASURED:
        amount = measure(value, kind)
        if amount is None:
            raise ValueError
        return amount
    if is_date(value) or is_moment(value):
        raise ValueError  # such text is compared by time, among text that is not
    return value


def _between_texts(low: str | None, high: str | None) -> tuple[str, str]:
    if low is None:
        return f"“{high}”之前的文本", f"text before “{high}”"
    if high is None:
        return f"“{low}”之后的文本", f"text after “{low}”"
    return f"“{low}”与“{high}”之间的文本", f"text between “{low}” and “{high}”"
