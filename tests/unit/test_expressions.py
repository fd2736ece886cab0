"""The expression language: what it means, what it refuses, and that nothing else ever comes out of it."""

from __future__ import annotations

import ast
import json
import re
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import ExpressionFailed, speaking
from engine.rules.calendar import WorkCalendar, counting_by
from engine.rules.expressions import (
    ExpressionError,
    evaluate,
    evaluate_text,
    functions_used,
    is_expression,
    names,
    names_in_text,
    parse,
    parse_script,
    run_script,
)
from engine.rules.expressions.functions import GROUPS, TABLE

# Friday 20 November 2026, 09:30 in Shanghai
NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
PERSON = {"person": "p-1", "field": "caller_name", "sha256": "0" * 64}
VALUES: dict[str, Any] = {
    "满意": "不满意",
    "category": "投诉举报",
    "n": 4,
    "x": 2.5,
    "yes": True,
    "no": False,
    "nothing": None,
    "empty": "",
    "factors": ["涉及安全", "媒体关注"],
    "plan": {"due": "2026-11-30", "steps": [{"name": "一"}]},
    "caller_name": PERSON,
    "received_at": "2026-11-20T09:30:00+08:00",
    "numbers": [3, 1, 2, 1],
}
DOCS = Path(__file__).parents[2] / "docs" / "reference"


def value(text: str, **more: Any) -> Any:
    return evaluate(text, {**VALUES, **more}, NOW)


def refusal(text: str, **more: Any) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        value(text, **more)
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("7 // 2 + 7 % 2", 4),
        ("1 / 4", 0.25),
        ("-n + 10", 6),
        ("'a' + 'b'", "ab"),
        ("[1] + [2]", [1, 2]),
        ("(1, 2)", [1, 2]),
        ("{'a': n}", {"a": 4}),
        ("1 < n <= 4", True),
        ("n in [1, 4]", True),
        ("'安全' in factors[0]", True),
        ("'x' not in factors", True),
        ("'x' in nothing", False),
        ("yes and not no", True),
        ("nothing or 'd'", "d"),
        ("'a' if n > 3 else 'b'", "a"),
        ("plan.due", "2026-11-30"),
        ("plan['due']", "2026-11-30"),
        ("plan.missing", None),
        ("plan.missing.more", None),
        ("plan.steps[0].name", "一"),
        ("numbers[-1]", 1),
        ("满意 == '不满意'", True),
        ("${ n }", 4),
        ("= n", 4),
        ("n > 3 && !no || no", True),
        ("'&& || !' + '${'", "&& || !${"),
        ("true and True", True),
        ("null", None),
        ("!yes == no", True),
        ("no == !yes", True),
        ("n\n  + 1", 5),
        ("1e3", 1000.0),
        ("'it\\'s'", "it's"),
    ],
)
def test_it_means_what_it_says(text: str, expected: Any) -> None:
    result = value(text)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes == 1", False),
        ("1 == 1.0", True),
        ("1 in [true]", False),
        ("nothing == empty", False),
        ("[1, {'a': true}] == [1, {'a': 1}]", False),
        ("'1' == 1", False),
    ],
)
def test_values_are_equal_as_json_is(text: str, expected: bool) -> None:
    assert value(text) is expected


def test_moments_compare_by_time_and_not_by_their_text() -> None:
    assert value("received_at == '2026-11-20T01:30:00Z'")
    assert value("received_at == now()")
    assert value("received_at < '2026-11-20T02:00:00+00:00'")
    assert value("max(received_at, '2026-11-20T02:00:00+00:00')") == "2026-11-20T02:00:00+00:00"
    assert "date_of" in refusal("received_at < '2026-11-21'").zh


@pytest.mark.parametrize(
    "text",
    [
        "2 ** 8",
        "9**9**9",
        "1 << 2",
        "1 | 2",
        "1 & 2",
        "1 ^ 2",
        "~1",
        "a @ b",
        "'a' * 3",
        "[1] * 3",
        "'%s' % 1",
        "true + 1",
        "'a' + 1",
        "n.real",
        "'a'.upper()",
        "plan.get('x')",
        "().__class__",
        "plan.__class__",
        "__import__('os')",
        "open('x')",
        "eval('1')",
        "[a for a in numbers]",
        "{a for a in numbers}",
        "{1, 2}",
        "lambda: 1",
        "(lambda: 1)()",
        "f'{n}'",
        "f('x')",
        "b'x'",
        "r'x'",
        "u'x'",
        "'''x'''",
        "(n := 1)",
        "[*numbers]",
        "{**plan}",
        "max(*numbers)",
        "round(x, n=1)",
        "numbers[0:1]",
        "1j",
        "0x10",
        "1_000",
        "...",
        "n is nothing",
        "x; n",
        "n = 1",
        "n == 1 # c",
        "yield n",
        "await n",
        "'a' 'b'",
        "'a",
        "((1)",
        "",
        "   ",
        "numbers['a']",
        "plan[0]",
        "numbers[9]",
        "n[0]",
        "1 / 0",
        "1 % 0",
        "1.0 // 0",
        "nothing < 1",
        "yes < no",
        "plan < plan",
        "-'a'",
        "sort([1, 'a'])",
        "{1: 2}",
        "{n: 2}",
        "1e999",
        "10000000000000000000000000000000",
        "'\\ud800'",
        "'\\x00'",
        "'\\d'",
        "range(1001)",
        "range(-5000)",
        "n ? 1 : 2",
        "满意 ＝＝ '不满意'",
        "“a”",
        "typename",
        "len()",
        "len(1, 2)",
        "len",
        "now",
        "numbers[true]",
        "add_days(now(), 1.5)",
        "moment('x')",
        "moment('2026-02-30')",
        "add_days(now(), 99999999)",
        "add_working_days('9999-12-31', 3)",
        "deadline(now(), 3, 'fortnight')",
        "split('a', '')",
        "999999999999999 * 9999999999999999",
        "1e200 * 1e200",
        "concat(numbers, n)",
        "number('1 1')",
        "print(1)",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    error = refusal(text)
    assert error.zh and error.en
    assert error.reason == {"zh": error.zh, "en": error.en}


def test_unknown_words_get_a_suggestion_in_both_languages() -> None:
    error = refusal("categori == 'x'")
    assert "categori" in error.zh and "category" in error.zh
    assert "Did you mean category?" in error.en
    assert "满意" in refusal("满易 == 1").zh
    assert "add_days" in refusal("add_day(now(), 1)").en
    with speaking("en"):
        assert str(error) == error.en
    with speaking("zh"):
        assert str(error) == error.zh


def test_an_error_names_the_expression_and_the_element() -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate("${ gone + 1 }", VALUES, NOW, element="Flow_7")
    assert (caught.value.element, caught.value.expression) == ("Flow_7", "gone + 1")
    failed = caught.value.failed()
    assert isinstance(failed, ExpressionFailed)
    assert "Flow_7" in failed.text("zh") and "gone + 1" in failed.text("en")


def test_undefined_variables_are_tolerated_where_that_is_asked() -> None:
    assert value("is_set(gone)") is False
    assert value("is_set(gone.part[0])") is False
    assert value("coalesce(gone, nothing, empty, 'd')") == "d"
    assert value("coalesce(gone, nothing)") is None
    assert value("coalesce(n, 1 / 0)") == 4
    assert value("get(gone, 'k', 3)") == 3
    assert value("get(plan, 'due', 3)") == "2026-11-30"
    assert value("get(numbers, 9)") is None
    assert value("has(gone, 'k')") is False
    assert value("has(plan, 'due')") is True
    assert "gone" in refusal("is_set(n) and gone").en
    assert parse("is_set(gone) and n > 1").required == {"n"}


def test_what_is_set() -> None:
    assert [value(f"is_set({name})") for name in ("n", "no", "nothing", "empty", "factors", "caller_name")] == [
        True,
        True,
        False,
        False,
        True,
        True,
    ]
    assert value("is_set(z)", z=0) is True
    assert value("is_set(z)", z=[]) is False


@pytest.mark.parametrize(
    "text",
    [
        "caller_name.sha256",
        "caller_name['person']",
        "len(caller_name)",
        "'a' in caller_name",
        "text(caller_name)",
        "upper(caller_name)",
        "get(caller_name, 'person')",
        "has(caller_name, 'person')",
        "join([caller_name], '')",
    ],
)
def test_personal_data_is_not_looked_into(text: str) -> None:
    assert "个人信息" in refusal(text).zh


def test_personal_data_can_be_passed_on() -> None:
    assert value("caller_name") == PERSON
    assert value("caller_name if is_set(caller_name) else ''") == PERSON


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today()", "2026-11-20"),
        ("now()", "2026-11-20T01:30:00.000000+00:00"),
        ("date_of('2026-11-20T23:00:00Z')", "2026-11-21"),
        ("moment('2026-11-20')", "2026-11-19T16:00:00.000000+00:00"),
        ("local_text(now())", "2026-11-20 09:30"),
        ("local_text('2026-11-20')", "2026-11-20"),
        ("add_days('2026-11-20', 3)", "2026-11-23"),
        ("local_text(add_days(now(), -1))", "2026-11-19 09:30"),
        ("local_text(add_hours(now(), 1.5))", "2026-11-20 11:00"),
        ("local_text(add_minutes(now(), 30))", "2026-11-20 10:00"),
        ("local_text(add_working_days(now(), 1))", "2026-11-23 09:30"),
        ("add_working_days('2026-11-20', 1)", "2026-11-23"),
        ("local_text(add_working_hours(now(), 8))", "2026-11-23 09:30"),
        ("local_text(end_of_office_hours(now()))", "2026-11-20 18:30"),
        ("next_working_day('2026-11-20')", "2026-11-23"),
        ("local_text(next_working_day(now()))", "2026-11-23 08:30"),
        ("is_working_day('2026-11-21')", False),
        ("working_days_between('2026-11-20', '2026-11-27')", 5),
        ("deadline(now(), null, 'WD')", None),
        ("deadline(now(), 3, 'none')", None),
        ("local_text(deadline(now(), 3, 'WD'))", "2026-11-25 09:30"),
        ("local_text(deadline(now(), null, '当日'))", "2026-11-20 18:30"),
        ("earlier('2026-11-21', '2026-11-20')", "2026-11-20"),
        ("later('2026-11-21', null)", "2026-11-21"),
        ("later(null, null)", None),
        ("lower('Ab') + upper('Ab') + trim(' c ')", "abABc"),
        ("starts_with('投诉举报', '投诉')", True),
        ("ends_with('投诉举报', '投诉')", False),
        ("replace('aba', 'a', 'cc')", "ccbcc"),
        ("split('a,b', ',')", ["a", "b"]),
        ("split('', ',')", []),
        ("join(factors, ';')", "涉及安全;媒体关注"),
        ("text(factors)", "涉及安全、媒体关注"),
        ("text(2.0)", "2"),
        ("text(null)", ""),
        ("number(' 12 ')", 12),
        ("number('1.5')", 1.5),
        ("number('')", None),
        ("int('-3')", -3),
        ("int(-2.7)", -2),
        ("round(2.5)", 3),
        ("round(-2.5)", -3),
        ("round(1.005, 2)", 1.01),
        ("round(1234, -2)", 1200),
        ("abs(-3)", 3),
        ("floor(-1.2)", -2),
        ("ceil(1.2)", 2),
        ("min(3, 1, 2)", 1),
        ("max(numbers)", 3),
        ("min([])", None),
        ("sum(numbers)", 7),
        ("sum(1, 2.5)", 3.5),
        ("len('投诉')", 2),
        ("size(numbers)", 4),
        ("len(null)", 0),
        ("contains(factors, '媒体关注')", True),
        ("contains('abc', 'bc')", True),
        ("any_of(factors, 'x', '媒体关注')", True),
        ("any_of(factors, ['x'])", False),
        ("any_of(null, 'x')", False),
        ("first(numbers)", 3),
        ("last([])", None),
        ("append(numbers, 9)", [3, 1, 2, 1, 9]),
        ("concat([1], null)", [1]),
        ("distinct([1, 1.0, true, '1', [1], [1]])", [1, True, "1", [1]]),
        ("sort(numbers)", [1, 1, 2, 3]),
        ("sort(['b', 'a'])", ["a", "b"]),
        ("range(3)", [0, 1, 2]),
        ("range(-3)", []),
    ],
)
def test_functions(text: str, expected: Any) -> None:
    result = value(text)
    assert result == expected
    assert type(result) is type(expected)


def test_every_function_is_tried_above() -> None:
    tried = Path(__file__).read_text("utf-8")
    assert [name for name in TABLE if f"{name}(" not in tried] == []


def test_working_time_follows_the_calendar_given_or_in_force() -> None:
    resting = WorkCalendar(days={date(2026, 11, 23): "休"})
    assert evaluate("add_working_days('2026-11-20', 1)", {}, NOW, calendar=resting) == "2026-11-24"
    with counting_by(resting):
        assert value("add_working_days('2026-11-20', 1)") == "2026-11-24"
    assert value("add_working_days('2026-11-20', 1)") == "2026-11-23"


def test_names_and_functions() -> None:
    assert names("${满意 == 'a' and is_set(b.c) or d[e] and true}") == {"满意", "b", "d", "e"}
    assert functions_used("len(text(a)) > 1") == {"len", "text"}
    assert names_in_text("关于 ${a} 与 ${b + '}'}") == {"a", "b"}


def test_results_share_nothing_with_the_values() -> None:
    values = {"list": [[1]]}
    result = evaluate("list", values, NOW)
    result[0].append(2)
    assert values == {"list": [[1]]}


@pytest.mark.parametrize(
    "bad", [{1}, b"x", date(2026, 1, 1), float("nan"), float("inf"), "\ud800", "a\x00b", 10**30, {1: 2}, len]
)
def test_results_are_json(bad: Any) -> None:
    assert refusal("bad", bad=bad).zh
    assert refusal("[{'a': bad}]", bad=bad).zh


def test_text_with_expressions_inside() -> None:
    def filled(text: str) -> Any:
        return evaluate_text(text, VALUES, NOW)

    assert filled("legal") == "legal"
    assert filled("${n}") == 4
    assert filled(" ${factors} ") == ["涉及安全", "媒体关注"]
    assert filled("#{n}") == 4
    assert filled("件 ${n}：${满意}") == "件 4：不满意"
    assert filled("${ '}' + \"}\" }x") == "}}x"
    assert filled("${ {'a': n}.a }") == 4
    assert filled("$5 {n}") == "$5 {n}"
    assert filled("") == ""
    assert (
        is_expression("${a}")
        and not is_expression("a${a}")
        and not is_expression("${a}${b}")
        and not is_expression(None)
    )
    with pytest.raises(ExpressionError):
        filled("a ${n")
    with pytest.raises(ExpressionError):
        filled("a ${plan}")


def test_scripts() -> None:
    text = "# 期限\n\nround_no = 1\n  due = add_working_days('2026-11-20', round_no)\n结果 = due + '!'\nsame = a == 1\n"
    script = parse_script(text)
    assert [name for name, _ in script] == ["round_no", "due", "结果", "same"]
    values = {"a": 1}
    assert run_script(script, values, NOW) == {"round_no": 1, "due": "2026-11-23", "结果": "2026-11-23!", "same": True}
    assert values == {"a": 1}
    assert run_script("", values, NOW) == {}


def test_a_variable_may_share_its_name_with_a_function() -> None:
    assert run_script("round = round + 1\ntext = text(round)", {"round": 1}, NOW) == {"round": 2, "text": "2"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nimport os", 2),
        ("a += 1", 1),
        ("a.b = 1", 1),
        ("a == 1", 1),
        ("x = 1\n\ntrue = 1", 3),
        ("typename = 1", 1),
        ("__a = 1", 1),
        ("a, b = 1, 2", 1),
        ("a = 1; b = 2", 1),
        ("a = b = 1", 1),
        ("for = 1", 1),
        ("1", 1),
        ("a =", 1),
        ("if a: b", 1),
    ],
)
def test_scripts_are_nothing_but_assignments(text: str, line: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_script(text)
    assert f"第 {line} 行" in caught.value.zh
    assert f"Line {line}" in caught.value.en


def test_a_script_cannot_grow_without_bound() -> None:
    lines = ["a = [1, 1, 1, 1, 1, 1, 1, 1]"] + ["a = [a, a, a, a, a, a, a, a]"] * 20
    with pytest.raises(ExpressionError):
        run_script("\n".join(lines), {}, NOW)
    with pytest.raises(ExpressionError):
        parse_script("\n".join(["a = 1"] * 201))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5_000,
        "(" * 900 + ")" * 900,
        "[" * 900 + "]" * 900,
        "-" * 1_900 + "1",
        "!" * 1_900 + "yes",
        "not " * 450 + "yes",
        "1" * 1_999,
        "9" * 31,
        "n" * 10_000,
        "a.b" * 600,
        "n" + ".a" * 900,
        "numbers" + "[0]" * 600,
        "'" + "a" * 10_000 + "'",
        "{'a':" * 300 + "1" + "}" * 300,
        "n if n else " * 150 + "n",
        "abs(" * 400 + "1" + ")" * 400,
        "lambda:" * 250 + "1",
        "n+" * 990 + "gone",
        "numbers+" * 240 + "gone",
        "\x00",
        "\ufeff1",
        "n\u2028+1",
        "==" * 900,
        "=" * 900,
        "'\\u12'",
        "n" + " " * 3_000,
    ],
)
def test_hostile_texts_are_refused_quickly(text: str) -> None:
    begun = time.process_time()
    assert refusal(text).zh
    assert time.process_time() - begun < 1


def test_long_sums_are_not_deep() -> None:
    assert value("+".join(["n"] * 900)) == 3_600
    assert value(" and ".join(["yes"] * 240)) is True


@pytest.mark.parametrize(
    "text",
    [
        "distinct(big)",
        "big == big2",
        "sort(big)",
        "big + big",
        "concat(big, big)",
        "join(big, wide)",
        "replace(wide, 'a', wide)",
        "wide + wide",
        "[wide, wide]",
        "sum(big)",
        "any_of(big, 'x', 'y')",
        "split(wide, 'a')",
        "deep",
        "deep == deep2",
        "distinct([deep])",
        "[add_working_days(now(), 9999) for_]",
        "numbers == deep",
        " or ".join(["'q' in big"] * 110),
        "+".join(["working_days_between(today(), '2053-01-01')"] * 45),
    ],
)
def test_large_values_stay_cheap(text: str) -> None:
    deep: list[Any] = []
    deep2: list[Any] = []
    for _ in range(5_000):
        deep, deep2 = [deep], [deep2]
    big = [[number] for number in range(9_000)]
    begun = time.process_time()
    try:
        value(text, big=big, big2=[[number] for number in range(9_000)], wide="a" * 90_000, deep=deep, deep2=deep2)
    except ExpressionError as error:
        assert error.zh
    assert time.process_time() - begun < 2


# Random texts and random trees: an ExpressionError or a JSON value, never anything else.

_LEAVES = st.sampled_from(
    [
        *VALUES,
        "gone",
        "true",
        "null",
        "0",
        "1",
        "-1",
        "2.5",
        "'a'",
        "''",
        "'2026-11-20'",
        "now()",
        "'2026-11-20T09:30:00+08:00'",
        "[]",
        "{}",
        "10000000000000000000000000000",
        "1e300",
        "'WD'",
        "'0001-01-01T00:00:00+14:00'",
        "'9999-12-31T23:59:59-12:00'",
        "'9999-12-31'",
    ]
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operator = st.sampled_from(
        [
            "+",
            "-",
            "*",
            "/",
            "//",
            "%",
            "==",
            "!=",
            "<",
            "<=",
            ">",
            ">=",
            "in",
            "not in",
            "and",
            "or",
            "&&",
            "||",
            "**",
            "is",
            "|",
        ]
    )
    return st.one_of(
        st.tuples(inner, operator, inner).map(" ".join),
        inner.map(lambda a: f"({a})"),
        inner.map(lambda a: f"!{a}"),
        inner.map(lambda a: f"-{a}"),
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.tuples(inner, inner).map(lambda pair: f"{{{pair[0]}: {pair[1]}}}"),
        st.tuples(inner, inner).map(lambda pair: f"{pair[0]}[{pair[1]}]"),
        inner.map(lambda a: f"{a}.due"),
        st.tuples(inner, inner, inner).map(lambda three: f"{three[0]} if {three[1]} else {three[2]}"),
        st.tuples(st.sampled_from(sorted(TABLE)), st.lists(inner, max_size=3)).map(
            lambda call: f"{call[0]}({', '.join(call[1])})"
        ),
    )


_EXPRESSIONS = st.recursive(_LEAVES, _grown, max_leaves=25)
_ANYTHING = st.one_of(st.text(max_size=80), st.text("abn1.'\"\\+-*/%()[]{},:=!&|<>?${}# \n\u3000", max_size=60))


def _is_value_or_refusal(text: str) -> None:
    try:
        result = value(text)
    except ExpressionError as error:
        assert error.zh and error.en
    else:
        assert json.loads(json.dumps(result, allow_nan=False)) == result
        assert len(json.dumps(result, ensure_ascii=False).encode()) < 1_000_000


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_EXPRESSIONS)
def test_random_expressions_give_json_or_a_refusal(text: str) -> None:
    _is_value_or_refusal(text)
    _is_value_or_refusal(text)  # a second time, from the cache


@settings(max_examples=400, deadline=None)
@given(_ANYTHING)
def test_random_texts_give_json_or_a_refusal(text: str) -> None:
    _is_value_or_refusal(text)
    for read in (parse_script, lambda t: evaluate_text(t, VALUES, NOW), is_expression):
        try:
            read(text)
        except ExpressionError as error:
            assert error.zh


@settings(max_examples=300, deadline=None)
@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_arithmetic_is_arithmetic(a: int, b: int, c: int) -> None:
    assert value("a + b - c", a=a, b=b, c=c) == a + b - c
    assert value("a * b // c", a=a, b=b, c=c) == a * b // c
    assert value("a % c", a=a, c=c) == a % c
    assert value("a < b or a == b or a > b", a=a, b=b) is True
    assert value("round(a / c)", a=a, c=c) == int(a / c + (0.5 if a >= 0 else -0.5)) or abs(a / c) % 1 == 0.5


@settings(max_examples=200, deadline=None)
@given(st.lists(st.booleans(), min_size=3, max_size=3))
def test_juel_and_words_agree(bits: list[bool]) -> None:
    a, b, c = bits
    for juel, words in (
        ("a && b || !c", "a and b or not c"),
        ("!(a || b) && c", "not (a or b) and c"),
        ("!a == b", "(not a) == b"),
    ):
        assert value(juel, a=a, b=b, c=c) == value(words, a=a, b=b, c=c)


def test_the_engine_never_evaluates_code() -> None:
    """ADR 0006: no eval, exec or compile anywhere in the engine."""
    paths = list((Path(__file__).parents[2] / "engine").rglob("*.py"))
    assert paths
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Name):
                assert node.id not in ("eval", "exec", "compile", "__import__"), path


@pytest.mark.parametrize(("file", "language"), [("expressions.md", "en"), ("expressions.zh-CN.md", "zh")])
def test_the_reference_lists_every_function_and_no_other(file: str, language: str) -> None:
    text = (DOCS / file).read_text("utf-8")
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.+?) \|$", text, re.MULTILINE))
    for function in TABLE.values():
        assert rows.get(function.usage) == (function.en if language == "en" else function.zh), function.usage
    calls = {usage.partition("(")[0] for usage in rows if re.fullmatch(r"\w+\(.*\)", usage)}
    assert calls == set(TABLE)
    for zh, en in GROUPS.values():
        assert f"### {en if language == 'en' else zh}\n" in text
