"""Every evaluation ends: within a fixed number of steps and memory, with JSON of a bounded size or an ExpressionError.

What is counted are calls, not seconds: of Python and built-in functions, while an expression is read and worked out.
"""

from __future__ import annotations

import ast
import json
import math
import sys
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.rules.expressions import ExpressionError, evaluate, evaluate_text, parse, run_script
from engine.rules.expressions.functions import TABLE

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
ROOT = Path(__file__).parents[2]

#: Calls one evaluation may make, reading included; the largest below makes 2.3 million, in a fifth of a second.
MAX_CALLS = 3_000_000
#: Bytes of memory one evaluation may take at its height.
MAX_MEMORY = 60_000_000
MAX_BYTES = 400_000


class Counted:
    """Counts the calls made inside ``with``."""

    def __init__(self) -> None:
        self.calls = 0

    def _seen(self, frame: Any, event: str, argument: Any) -> None:
        self.calls += event in ("call", "c_call")

    def __enter__(self) -> Counted:
        self._before = sys.getprofile()
        sys.setprofile(self._seen)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self._before)


def bounded(text: str, values: dict[str, Any]) -> Any:
    """The value of an expression, or its error; within the bounds."""
    outcome: Any
    with Counted() as counted:
        try:
            outcome = evaluate(text, values, NOW, element="Task_1")
        except ExpressionError as error:
            outcome = error
    assert counted.calls < MAX_CALLS
    if isinstance(outcome, ExpressionError):
        assert outcome.zh and outcome.en and outcome.element == "Task_1"
    else:
        told = json.dumps(outcome, allow_nan=False, ensure_ascii=False)
        told.encode("utf-8")
        assert len(told) < MAX_BYTES
        assert repr(json.loads(told)) == repr(outcome)  # True, 1 and 1.0 stay what they are
    return outcome


def refused(text: str, **values: Any) -> ExpressionError:
    outcome = bounded(text, values)
    assert isinstance(outcome, ExpressionError), outcome
    return outcome


WIDE = "宽" * 330_000
BIG: dict[str, Any] = {
    "a": WIDE,
    "b": WIDE[:-1] + "b",
    "c": list(range(9_999)),
    "d": {f"键{number}": number for number in range(20_000)},
    "e": [[[[["x"] * 9] * 9] * 9] * 9],
    "n": 10**29,
    "x": 1e308,
}


@pytest.mark.parametrize(
    "text",
    [
        # powers and multiplication
        "9 ** 9 ** 9 ** 9",
        "10 ** 100000",
        "2 << 1000000",
        "'a' * 999999999",
        "[[[1] * 999] * 999] * 999",
        "[0] * n",
        "'%999999999d' % 1",
        "n * n",
        "x * 10",
        "x * x",
        "-x - x",
        "n * x",
        "*".join(["n"] * 900),
        "9" * 1_900,
        "1e" + "9" * 30,
        "." + "9" * 60,
        "number('" + "9" * 1_900 + "')",
        "int('1e308')",
        "round(x, 15)",
        "number('1e999')",
        "number('-1e999')",
        "number('nan')",
        "number('inf')",
        "sum(x, x)",
        "abs(n * 9) * 9",
        # much of something large
        "[" + ",".join(["a"] * 900) + "]",
        "text([" + ",".join(["a"] * 900) + "])",
        "join([" + ",".join(["a"] * 900) + "], a)",
        "sort([" + ",".join(["a", "b"] * 450) + "])",
        "distinct([" + ",".join(["a"] * 900) + "])",
        "[" + ",".join(["a"] * 450) + "] == [" + ",".join(["b"] * 450) + "]",
        "+".join(["c"] * 900),
        "concat(" * 30 + "c" + ", c)" * 30,
        "replace(a, '宽', a)",
        "split(a, '宽')",
        "a + b",
        "upper(a)",
        "c in [" + ",".join(["c"] * 450) + "]",
        "distinct([" + ",".join(["e"] * 400) + "])",
        "any_of(c, " + ",".join(["-1"] * 98) + ")",
        "range(10000000)",
        "range(n)",
        "deep",
        "deep == deep2",
        "distinct(deep)",
        # what is not there, among very many names
        "coalesce(" + ",".join(f"无{number}" for number in range(49)) + ")",
        "is_set(" + "+".join(f"无{number}" for number in range(200)) + ")",
        "coalesce(" * 38 + "无" + ")" * 38,
        # time
        "add_days('9999-12-31', 1)",
        "add_days('0001-01-01', -1)",
        "add_days(now(), n)",
        "add_hours(now(), x)",
        "add_minutes(now(), -x)",
        "add_working_days(now(), 10000)",
        "add_working_hours(now(), 1e300)",
        "deadline(now(), 999999999999, 'mo')",
        "deadline('9999-12-31', 1, 'mo')",
        "+".join(["len(add_working_days(now(), 9000))"] * 60),
        "moment('9999-12-31T23:59:59-14:00')",
        "moment('0000-00-00')",
        "date_of('0001-01-01T00:00:00+14:00')",
        "local_text('0001-01-01T00:00:00-23:59')",
        # depth
        "(" * 900 + "1" + ")" * 900,
        "[" * 900 + "]" * 900,
        "abs(" * 480 + "1" + ")" * 480,
        "not " * 480 + "true",
        "-" * 1_900 + "1",
        "1 if " * 300 + "1",
        "d" + ".k" * 900,
        "1" + "<1" * 900,
        # code
        "__import__('os').system('true')",
        "().__class__.__bases__[0].__subclasses__()",
        "d.__class__",
        "d['__class__'].mro()",
        "a.format(a)",
        "'{0.__class__}'.format(1)",
        "f'{a}'",
        "lambda: 1",
        "[y for y in c]",
        "(y := 1)",
        "max(*c)",
        "{**d}",
        "round(number=1)",
        "eval('1')",
        "exec",
        "len",
        "len(len)",
        "now.real",
        "getattr(a, 'upper')",
        "globals()",
        # letters
        "ｌｅｎ(c) == ｌen",
        "сoalesce(1)",  # a Cyrillic letter
        "\x00",
        "'\x00'",
        "'\\x00'",
        "'\ud800'",
        "\ud800",
        "'\\ud800\\udc00'",
        "\u202eabc",
        "a\u200bb",
        "１ + １",
        "٣",
        "ª",
        "'" + "a" * 3_000 + "'",
        "a" * 100_000,
        "&&" * 900,
        "'" * 1_999,
        '"' * 1_999,
        "\\" * 1_999,
        "#" * 1_999,
        "1 <" * 600,
        "${" * 900,
    ],
)
def test_hostile_expressions_end_within_the_bounds(text: str) -> None:
    deep: list[Any] = []
    deep2: list[Any] = []
    for _ in range(100_000):
        deep, deep2 = [deep], [deep2]
    bounded(text, {**BIG, "deep": deep, "deep2": deep2})


@pytest.mark.parametrize(
    "text",
    [
        "text([" + ",".join(["a"] * 900) + "])",
        "join([" + ",".join(["a"] * 900) + "], a)",
        "[" + ",".join(["a"] * 900) + "]",
        "replace(a, '宽', a)",
        "upper(a) + lower(a)",
        "split(a, '宽')",
        "+".join(["c"] * 900),
    ],
)
def test_memory_is_bounded(text: str) -> None:
    parse(text)
    tracemalloc.start()
    try:
        bounded(text, BIG)
        assert tracemalloc.get_traced_memory()[1] < MAX_MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "text", ["9 ** 9", "'a' * 9", "n * n", "x * 10", "number('1e999')", "a + b", "range(n)", "len", "f'{n}'", "n.real"]
)
def test_bombs_are_refused_and_not_only_survived(text: str) -> None:
    assert isinstance(bounded(text, BIG), ExpressionError)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, [math.nan], {"k": math.inf}])
@pytest.mark.parametrize(
    "text", ["v", "[v]", "{'k': v}", "coalesce(v)", "v if true else 1", "abs(v)", "sum(v, 1)", "v + 1", "first([v])"]
)
def test_nan_and_infinity_never_come_out(text: str, bad: Any) -> None:
    refused(text, v=bad)


@pytest.mark.parametrize("same", [True, False, 1, 0, 1.0, 0.0, -1, "1", None, [True, 1, 1.0], {"a": 1, "b": 1.0}])
@pytest.mark.parametrize(
    "text",
    ["v", "[v][0]", "{'k': v}.k", "v if true else 0", "get({'k': v}, 'k')", "last([1, v])", "concat([v], [])[0]"],
)
def test_true_one_and_one_point_zero_stay_what_they_were(text: str, same: Any) -> None:
    assert repr(bounded(text, {"v": same})) == repr(same)


def test_variables_do_not_call_each_other() -> None:
    """A value that looks like an expression is text; nothing is worked out twice."""
    assert bounded("v", {"v": "${v}"}) == "${v}"
    assert evaluate_text("${v}", {"v": "${v}"}, NOW) == "${v}"
    assert evaluate_text("x ${v}", {"v": "${1/0}"}, NOW) == "x ${1/0}"


def test_texts_with_many_expressions_are_bounded() -> None:
    for text in ("${1}" * 201, "x" * 100_001, "${" * 50_000, "${'" + "a" * 99_000 + "'}"):
        with pytest.raises(ExpressionError):
            evaluate_text("x" + text, {}, NOW)
    assert evaluate_text("x" + "${1}" * 200, {}, NOW) == "x" + "1" * 200


def test_a_script_is_bounded() -> None:
    doubling = "a = [1]\n" + "a = concat(a, a)\n" * 190
    with Counted() as counted, pytest.raises(ExpressionError):
        run_script(doubling, {}, NOW)
    assert counted.calls < MAX_CALLS


def test_an_unknown_variable_is_named_with_what_was_perhaps_meant() -> None:
    error = refused("amuont > 3", amount=1, 金额=2)
    assert (error.element, error.expression) == ("Task_1", "amuont > 3")
    assert error.zh == "没有变量 amuont。是不是指 amount？"
    assert error.en == "There is no variable amuont. Did you mean amount?"
    assert refused("诉求类型 == 'a'", 诉求类别="a").zh == "没有变量 诉求类型。是不是指 诉求类别？"
    assert refused("сategory == 1", category=1).zh.endswith("是不是指 category？")  # a Cyrillic letter
    assert refused("entirely", 金额=2).zh == "没有变量 entirely。"
    # the nearest come first, three at most
    many = refused("detail", **dict.fromkeys(("details", "detailed", "detail_1", "tail"), 1)).en
    assert many.startswith("There is no variable detail. Did you mean details, ") and many.count(",") == 2


# Random trees of the grammar, over random values.

_NAMES = ["a", "b", "n", "金额", "list", "record", "when"]
_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=20),
        st.sampled_from(["2026-11-20", "9999-12-31", "2026-11-20T09:30:00+08:00", "0001-01-01T00:00:00Z", "WD"]),
        st.integers(10**28, 10**31),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=5), inner, max_size=5)),
    max_leaves=12,
)
_DATA = st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=7)
_LEAF = st.one_of(
    st.sampled_from(
        [*_NAMES, "gone", "true", "false", "null", "0", "1", "1.0", "-1", "''", "'a'", "[]", "{}", "now()"]
    ),
    st.integers(0, 10**30).map(str),
    st.floats(0, allow_infinity=False, allow_nan=False).map(lambda number: format(number, "f")[:40]),
    st.text(st.characters(exclude_characters="'\\\r\n", exclude_categories=["Cs"]), max_size=10).map("'{}'".format),
)


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = ["+", "-", "*", "/", "//", "%", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"]
    return st.one_of(
        st.tuples(inner, st.sampled_from(operators), inner).map(lambda three: f"({' '.join(three)})"),
        st.tuples(inner, st.sampled_from(["<", "==", "<="]), inner, inner).map(
            lambda f: f"({f[0]} {f[1]} {f[2]} < {f[3]})"
        ),
        st.tuples(st.sampled_from(["-", "not ", "!"]), inner).map(lambda two: f"({two[0]}{two[1]})"),
        st.tuples(inner, inner, inner).map(lambda three: f"({three[0]} if {three[1]} else {three[2]})"),
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.tuples(inner, inner).map(lambda two: f"{{'k': {two[0]}, 'l': {two[1]}}}"),
        st.tuples(inner, inner).map(lambda two: f"{two[0]}[{two[1]}]"),
        inner.map(lambda one: f"{one}.k"),
        st.tuples(st.sampled_from(sorted(TABLE)), st.lists(inner, max_size=4)).map(
            lambda c: f"{c[0]}({', '.join(c[1])})"
        ),
    )


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.recursive(_LEAF, _combined, max_leaves=20), _DATA)
def test_random_trees_over_random_values_end_within_the_bounds(text: str, values: dict[str, Any]) -> None:
    before = repr(values)
    bounded(text, values)
    assert repr(values) == before


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200), _DATA)
def test_any_text_over_random_values_ends_within_the_bounds(text: str, values: dict[str, Any]) -> None:
    bounded(text, values)


# The source

FORBIDDEN = {"eval", "exec", "compile", "__import__", "format_map", "breakpoint"}
#: simpleeval's walk over a tree that we have checked; and patterns and SQL, which are compiled by methods.
ALLOWED = {"self._walker.eval"}


def test_nothing_is_ever_executed() -> None:
    """No eval, exec or compile of Python in the engine or the pages, by name or as an attribute of anything."""
    paths = [
        path for part in ("engine", "webui") for path in (ROOT / part).rglob("*.py") if "node_modules" not in path.parts
    ]
    assert len(paths) > 100
    for path in paths:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Name):
                assert node.id not in FORBIDDEN, path
            if isinstance(node, ast.Attribute):
                assert node.attr not in FORBIDDEN - {"compile"} or ast.unparse(node) in ALLOWED, path
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                modules = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
                assert not {"builtins", "pickle", "marshal", "code", "codeop", "runpy"} & set(modules), path


def test_expressions_never_format() -> None:
    """``str.format`` on a text from a model would reach attributes; the rules do not use it at all."""
    for path in (ROOT / "engine" / "rules").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            called = node.func if isinstance(node, ast.Call) else None
            assert not (isinstance(called, ast.Attribute) and called.attr == "format"), path


def test_there_is_one_evaluator() -> None:
    """Only the expressions walk trees; diagrams, forms and tables ask them."""
    users = set()
    for path in (ROOT / "engine").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.module == "simpleeval":
                users.add(path.relative_to(ROOT).as_posix())
            if isinstance(node, ast.Import):
                assert "simpleeval" not in [alias.name for alias in node.names], path
    assert users == {"engine/rules/expressions/evaluation.py"}
