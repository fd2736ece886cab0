"""Decision tables as dmn-js writes them: FEEL cells, all hit policies, required decisions, refusals."""

from __future__ import annotations

import hashlib
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Problem
from engine.rules.decisions import Decision, DecisionError, Outcome, check_decisions, decide, parse_decisions
from engine.rules.decisions.feel import FUNCTIONS
from engine.rules.decisions.kinds import TYPES
from engine.rules.decisions.table import AGGREGATIONS, HIT_POLICIES
from engine.rules.decisions.unary_tests import parse_unary_test
from engine.rules.expressions import ExpressionError

from .dmn_table import DMN_11, DMN_12, DMN_13, DMN_14, DMN_15, dmn, table

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


def only(content: bytes) -> Decision:
    (decision,) = parse_decisions(content, "d.dmn")
    return decision


def take(content: bytes, **values: Any) -> Outcome:
    decisions = parse_decisions(content, "d.dmn")
    return decide(decisions[-1], values, NOW, decisions)


def passes(cell: str, value: Any, kind: str = "", **values: Any) -> bool:
    content = dmn(table([([cell], ["true"])], [("x", kind)], [("hit", "boolean")]))
    return take(content, x=value, **values).outputs is not None


def wrong(content: bytes) -> list[Problem]:
    return [problem for problem in check_decisions(content, "d.dmn") if problem.severity == "error"]


@pytest.mark.parametrize(
    ("cell", "yes", "no"),
    [
        ("-", ["a", None, 1, []], []),
        ("", [None, 3], []),
        ('"a"', ["a"], ["b", None, 1]),
        ('"a","b"', ["a", "b"], ["c", "a,b", None]),
        ('"a,b" , "c"', ["a,b", "c"], ["a"]),
        ('"say \\"hi\\""', ['say "hi"'], ["hi"]),
        ("1,2,3", [1, 2, 3, 2.0], [4, "1", True]),
        ("-1", [-1], [1]),
        ("> 3", [4, 3.5], [3, None]),
        (">= 3", [3], [2]),
        ("<3", [2], [3]),
        ("<= 3", [3], [4]),
        ("= 3", [3], [4]),
        ("!= 3", [4], [3]),
        ("[1..3]", [1, 2.5, 3], [0, 4, None]),
        ("]1..3]", [1.5, 3], [1]),
        ("(1..3)", [2], [1, 3]),
        ("[1..3[", [1], [3]),
        ("[1..3],]5..7], > 10", [2, 6, 11], [5, 4, 10]),
        ("[-2..-1]", [-1.5], [0]),
        ('["b".."d"]', ["b", "c"], ["a", "e"]),
        ('not("a","b")', ["c", None], ["a", "b"]),
        ("not([1..3], 7)", [4], [1, 7]),
        ("not(> 3)", [3], [4]),
        ("not(true)", [False], [True]),
        ("true", [True], [False, 1, None]),
        ("false", [False], [True, 0]),
        ("null", [None], [0, ""]),
        ('date("2026-11-20")', ["2026-11-20"], ["2026-11-21"]),
        ('> date("2026-11-20")', ["2026-11-21"], ["2026-11-20"]),
        ('[date("2026-11-01")..date("2026-11-30")]', ["2026-11-30"], ["2026-12-01"]),
        ('< date and time("2026-11-20T10:00:00+08:00")', ["2026-11-20T01:59:00Z"], ["2026-11-20T02:00:00Z"]),
        ("? > 3 and ? < 5", [4], [3, 5]),
        ('contains(?, "急")', ["紧急"], ["一般"]),
        ('starts with(?, "投")', ["投诉"], ["诉"]),
        ("string length(?) > 2", ["abc"], ["ab"]),
        ('? = "a"', ["a"], ["b"]),
        ("not(? > 3)", [2], [4]),
        ("not (? > 3) and ? != 2", [1], [2, 4]),
        ('["a","b"]', ["a"], ["c"]),
        ("> limit", [6], [5]),
        ("limit", [5], [6]),
        ("[1..limit]", [5], [6]),
        ("limit * 2", [10], [5]),
        ("limit > 4", ["anything"], []),
        ("any_of(?, 'x', 'y')", [["y"]], [["z"]]),
        ("len(?) = 0", [[], None], [["z"]]),
    ],
)
def test_cells_mean_what_feel_says(cell: str, yes: list[Any], no: list[Any]) -> None:
    assert [value for value in yes if not passes(cell, value, limit=5)] == []
    assert [value for value in no if passes(cell, value, limit=5)] == []


@pytest.mark.parametrize(
    "cell",
    [
        '"a',
        "a b",
        '"a" "b"',
        '"a",',
        ",",
        "-,1",
        "not()",
        "not(1",
        "> ",
        "[1..]",
        "[1..3",
        "1..3",
        "x in [1..3]",
        "if ? > 1 then 2 else 3",
        "for a in b return a",
        "{a: 1}",
        "2**3",
        "__import__('os')",
        "“a”",
        '"a"，"b"',
        "some x in y satisfies x > 1",
        "@",
        "\x01?",
        "[1..2..3]",
        "eval(?)",
        "> 3 and < 5",
        "(" * 100,
        "(" * 3_000,
        "a," * 2_000,
        "-" * 500 + "1",
        '"' + "x" * 20_000 + '"',
    ],
)
def test_cells_that_are_not_understood_are_refused_with_the_rule(cell: str) -> None:
    with pytest.raises(ExpressionError):
        parse_unary_test(cell)
    if "\x01" not in cell:
        problems = wrong(dmn(table([(["-"], ['"x"']), ([cell], ['"y"'])])))
        assert [(problem.file, problem.element, problem.code) for problem in problems] == [
            ("d.dmn", "D01_r2", "dmn_cell")
        ]
        assert "第 2 行" in problems[0].zh and "row 2" in problems[0].en


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.text("ab1.2\"'\\[](),-<>=!? not{}", max_size=40)),
    st.sampled_from([None, "a", 2, True, ["a"]]),
)
def test_any_cell_is_understood_or_refused(cell: str, value: Any) -> None:
    try:
        result = parse_unary_test(cell).holds(value, lambda expression, given: given)
    except ExpressionError as error:
        assert error.zh and error.en
    else:
        assert isinstance(result, bool)


@settings(max_examples=200, deadline=None)
@given(st.integers(-20, 20), st.integers(-20, 20), st.integers(-20, 20))
def test_intervals_and_lists_agree_with_arithmetic(low: int, high: int, value: int) -> None:
    assert passes(f"[{low}..{high}]", value) == (low <= value <= high)
    assert passes(f"]{low}..{high}[", value) == (low < value < high)
    assert passes(f"not([{low}..{high}])", value) == (not low <= value <= high)
    assert passes(f"{low},{high}", value) == (value in (low, high))
    assert passes(f"< {low}, > {high}", value) == (value < low or value > high)


def test_a_text_without_quotes_is_a_variable_and_never_silently_nothing() -> None:
    content = dmn(table([(["投诉举报"], ['"x"'])]))
    (problem,) = check_decisions(content, "d.dmn")
    assert (problem.severity, problem.element) == ("warning", "D01_r1")
    assert '"投诉举报"' in problem.zh
    with pytest.raises(DecisionError) as caught:
        take(content, category="投诉举报x")
    assert "D01_r1" in caught.value.zh


# Hit policies

OVERLAP = [(["> 1"], ['"b"', "1"]), (["> 2"], ['"a"', "2"]), (["> 3"], ['"b"', "3"])]
TWO = [("grade", "string"), ("points", "number")]


def policy(attributes: str, rows: Any = None, outputs: Any = None, **more: Any) -> bytes:
    return dmn(table(rows or OVERLAP, [("n", "number")], outputs or TWO, attributes, **more))


def one_column(attributes: str, *answers: str, **more: Any) -> bytes:
    rows = [([f"> {number}"], [answer]) for number, answer in enumerate(answers)]
    return dmn(table(rows, [("n", "number")], [("points", "number")], attributes, **more))


def fired(outcome: Outcome) -> list[tuple[str, int]]:
    return [(rule.id, rule.row) for rule in outcome.rules]


def test_unique() -> None:
    for attributes in ("", 'hitPolicy="UNIQUE"'):
        outcome = take(policy(attributes), n=2)
        assert outcome.outputs == {"grade": "b", "points": 1}
        assert fired(outcome) == [("D01_r1", 1)]
        with pytest.raises(DecisionError) as caught:
            take(policy(attributes), n=4)
        for row in ("1 (D01_r1)", "2 (D01_r2)", "3 (D01_r3)"):
            assert row in caught.value.zh and row in caught.value.en


def test_first() -> None:
    outcome = take(policy('hitPolicy="FIRST"'), n=4)
    assert (outcome.outputs, fired(outcome)) == ({"grade": "b", "points": 1}, [("D01_r1", 1)])
    later_rows_are_not_worked_out = [(["> 1"], ['"b"', "1"]), (["> gone"], ['"a"', "1 / 0"])]
    assert take(policy('hitPolicy="FIRST"', later_rows_are_not_worked_out), n=4).outputs == {"grade": "b", "points": 1}


def test_any() -> None:
    agreeing = [(["> 1"], ['"b"', "1"]), (["> 2"], ['"b"', "2 - 1"])]
    outcome = take(policy('hitPolicy="ANY"', agreeing), n=4)
    assert (outcome.outputs, fired(outcome)) == ({"grade": "b", "points": 1}, [("D01_r1", 1), ("D01_r2", 2)])
    with pytest.raises(DecisionError) as caught:
        take(policy('hitPolicy="ANY"'), n=4)
    assert "1 (D01_r1), 2 (D01_r2)" in caught.value.zh


def test_priority() -> None:
    content = policy('hitPolicy="PRIORITY"', values=['"a","b"', "3,2,1"])
    assert take(content, n=4).outputs == {"grade": "a", "points": 2}
    content = policy('hitPolicy="PRIORITY"', values=['"b","a"', "3,2,1"])
    outcome = take(content, n=4)
    assert (outcome.outputs, fired(outcome)) == ({"grade": "b", "points": 3}, [("D01_r3", 3)])
    with pytest.raises(DecisionError):
        take(policy('hitPolicy="PRIORITY"', values=['"a"']), n=4)
    assert [problem.code for problem in wrong(policy('hitPolicy="PRIORITY"'))] == ["dmn_policy"]


def test_output_order() -> None:
    outcome = take(policy('hitPolicy="OUTPUT ORDER"', values=['"b","a"', "3,2,1"]), n=4)
    assert outcome.outputs == [{"grade": "b", "points": 3}, {"grade": "b", "points": 1}, {"grade": "a", "points": 2}]
    assert [row for _, row in fired(outcome)] == [3, 1, 2]


@pytest.mark.parametrize("name", ["RULE ORDER", "COLLECT"])
def test_all_in_order(name: str) -> None:
    outcome = take(policy(f'hitPolicy="{name}"'), n=3)
    assert outcome.outputs == [{"grade": "b", "points": 1}, {"grade": "a", "points": 2}]
    assert [row for _, row in fired(outcome)] == [1, 2]
    assert take(policy(f'hitPolicy="{name}"'), n=0).outputs == []


@pytest.mark.parametrize(
    ("aggregation", "expected", "without"),
    [("SUM", 60.5, None), ("COUNT", 3, {"points": 0}), ("MIN", 10, None), ("MAX", 30.5, None)],
)
def test_collect_with_aggregation(aggregation: str, expected: float, without: Any) -> None:
    content = one_column(f'hitPolicy="COLLECT" aggregation="{aggregation}"', "20", "10", "30.5")
    outcome = take(content, n=3)
    assert outcome.outputs == {"points": expected}
    assert len(outcome.rules) == 3
    assert take(content, n=0).outputs == without


def test_only_numbers_are_added_up() -> None:
    with pytest.raises(DecisionError) as caught:
        take(
            dmn(table([(["-"], ['"a"'])], outputs=[("points", "")], policy='hitPolicy="COLLECT" aggregation="SUM"')),
            category="x",
        )
    assert "1 (D01_r1)" in caught.value.en
    assert [problem.code for problem in wrong(policy('hitPolicy="COLLECT" aggregation="SUM"'))] == ["dmn_policy"]


def test_no_rule_matches() -> None:
    assert take(policy(""), n=0).outputs is None
    assert take(policy(""), n=0).rules == ()
    content = policy("", defaults=['"z"'])
    assert take(content, n=0).outputs == {"grade": "z", "points": None}
    assert take(content, n=2).outputs == {"grade": "b", "points": 1}
    assert take(policy('hitPolicy="COLLECT"', defaults=['"z"']), n=0).outputs == [{"grade": "z", "points": None}]


# Columns


def test_inputs_are_expressions_and_come_in_the_kind_of_their_column() -> None:
    content = dmn(
        table(
            [(["3", "true", '"5"', '"2026-11-20"'], ["3 + 1"])],
            [("n", "integer"), ("flag", "boolean"), ("code", "string"), ("at", "date")],
            [("y", "number")],
        )
    )
    outcome = take(content, n=3.0, flag=True, code="5", at="2026-11-19T23:00:00Z")
    assert outcome.outputs == {"y": 4}
    assert outcome.inputs == {"n": 3, "flag": True, "code": "5", "at": "2026-11-20"}
    assert type(outcome.inputs["n"]) is int
    for bad in (
        {"n": "three"},
        {"n": "3"},
        {"n": True},
        {"n": 3.5},
        {"flag": 1},
        {"flag": "true"},
        {"code": 5},
        {"at": "soon"},
        {"n": {"person": "1", "field": "n", "sha256": "0"}},
    ):
        with pytest.raises(DecisionError) as caught:
            take(content, **{"n": 3, "flag": True, "code": "5", "at": "2026-11-20", **bad})
        assert "D01" in caught.value.zh and next(iter(bad)) in caught.value.zh


def test_unknown_variables_name_the_column() -> None:
    with pytest.raises(DecisionError) as caught:
        take(dmn(table([(["-"], ['"x"'])])), categori="x")
    assert "category" in caught.value.zh and "categori" in caught.value.zh
    assert caught.value.failed("Task_1").element == "Task_1"


def test_a_list_against_a_text_is_an_error_and_not_never() -> None:
    with pytest.raises(DecisionError) as caught:
        take(dmn(table([(['"x"'], ['"y"'])])), category=["x"])
    assert "contains" in caught.value.zh


def test_output_cells() -> None:
    content = dmn(
        table(
            [(['"a"'], ["category + '!'", '["x", "y"]', "", "due"])],
            outputs=[("text", "string"), ("list", ""), ("empty", "number"), ("at", "date")],
        )
    )
    assert take(content, category="a", due="2026-11-20").outputs == {
        "text": "a!",
        "list": ["x", "y"],
        "empty": None,
        "at": "2026-11-20",
    }
    for row in ([(['"a"'], ["1 / 0"])], [(['"a"'], ["gone"])]):
        with pytest.raises(DecisionError) as caught:
            take(dmn(table(row)), category="a")
        assert "1 (D01_r1)" in caught.value.zh and "route" in caught.value.zh


def test_mapped_results() -> None:
    one = take(one_column("", "7"), n=1)
    assert (one.mapped(), one.mapped("singleEntry"), one.mapped("collectEntries"), one.mapped("resultList")) == (
        {"points": 7},
        7,
        [7],
        [{"points": 7}],
    )
    none = take(one_column("", "7"), n=0)
    assert (none.mapped(), none.mapped("singleEntry"), none.mapped("resultList")) == (None, None, [])
    many = take(one_column('hitPolicy="COLLECT"', "7", "8"), n=2)
    assert (many.mapped(), many.mapped("collectEntries")) == ([{"points": 7}, {"points": 8}], [7, 8])
    assert take(one_column('hitPolicy="COLLECT" aggregation="SUM"', "7", "8"), n=2).mapped() == {"points": 15}
    for outcome, how in (
        (many, "singleEntry"),
        (many, "singleResult"),
        (take(policy(""), n=2), "singleEntry"),
        (one, "else"),
    ):
        with pytest.raises(DecisionError):
            outcome.mapped(how)


def test_what_the_log_keeps() -> None:
    content = one_column("", "7")
    assert take(content, n=1).as_json() == {
        "decision": "D01",
        "sha256": hashlib.sha256(content).hexdigest(),
        "inputs": {"n": 1},
        "rules": [{"id": "D01_r1", "row": 1}],
        "outputs": {"points": 7},
    }


# Required decisions


def test_required_decisions_are_followed() -> None:
    content = dmn(
        table([(['"a"'], ["3", '"WD"'])], outputs=[("value", "number"), ("unit", "string")], id_="D02"),
        table([(["-"], ['"x"'])], outputs=[("tag", "string")], policy='hitPolicy="COLLECT"', id_="D03"),
        table(
            [(["3", '? = ["x"]', '"WD"'], ["value + 1"])],
            [("value", "number"), ("tag", ""), ("D02.unit", "string")],
            [("total", "number")],
            requires=["D02", "D03"],
        ),
    )
    outcome = take(content, category="a")
    assert outcome.outputs == {"total": 4}
    assert [part.decision.id for part in outcome.required] == ["D02", "D03"]
    with pytest.raises(DecisionError):
        decide(parse_decisions(content)[-1], {"category": "a"}, NOW)
    assert take(content, category="b").outputs is None


def test_a_literal_expression_is_a_decision_too() -> None:
    content = dmn(
        '<decision id="D05" name="合计"><variable id="v" name="total" typeRef="number"/>'
        '<literalExpression id="le"><text>n * 2</text></literalExpression></decision>'
    )
    outcome = take(content, n=4)
    assert (outcome.outputs, outcome.mapped("singleEntry")) == ({"total": 8}, 8)


def test_circles_are_refused() -> None:
    content = dmn(
        table([(["-"], ['"x"'])], id_="A", requires=["B"]), table([(["-"], ['"x"'])], id_="B", requires=["A"])
    )
    assert {problem.element for problem in wrong(content)} == {"A", "B"}
    assert {problem.code for problem in wrong(content)} == {"dmn_requirement"}
    with pytest.raises(DecisionError):
        parse_decisions(content)
    (first,) = parse_decisions(dmn(table([(["-"], ['"x"'])], id_="A", requires=["B"])))
    (second,) = parse_decisions(dmn(table([(["-"], ['"x"'])], id_="B", requires=["A"])))
    with pytest.raises(DecisionError) as caught:
        decide(first, {"category": "x"}, NOW, {"A": first, "B": second})
    assert "A → B → A" in caught.value.zh


def test_a_diamond_takes_each_decision_once() -> None:
    layers = [table([(["-"], ['"x"'])], id_="L0a"), table([(["-"], ['"x"'])], id_="L0b")]
    for level in range(1, 20):
        below = [f"L{level - 1}a", f"L{level - 1}b"]
        layers += [table([(["-"], ['"x"'])], id_=f"L{level}{side}", requires=below) for side in "ab"]
    begun = time.process_time()
    assert take(dmn(*layers), category="x").outputs == {"route": "x"}
    assert time.process_time() - begun < 2


def test_a_missing_requirement_is_a_problem_unless_it_is_elsewhere() -> None:
    content = dmn(table([(["-"], ['"x"'])], requires=["D09"]))
    assert [problem.code for problem in wrong(content)] == ["dmn_requirement"]
    assert check_decisions(content, "d.dmn", known=["D09"]) == []


# Files


@pytest.mark.parametrize("namespace", [DMN_11, DMN_12, DMN_13, DMN_14, DMN_15])
def test_every_version_of_the_format_is_read(namespace: str) -> None:
    content = dmn(table([(['"a"'], ['"x"']), (['not("a")'], ['"y"'])]), namespace=namespace)
    assert check_decisions(content) == []
    assert [rule.row for rule in only(content).rules] == [1, 2]
    assert take(content, category="b").outputs == {"route": "y"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "dmn_xml"),
        (b"<a/>", "dmn_xml"),
        (b"<!DOCTYPE a><a/>", "dmn_xml"),
        (b"\xff\xfe", "dmn_xml"),
        (dmn(), "dmn_structure"),
        (dmn(namespace="http://www.omg.org/spec/DMN/20130901"), "dmn_xml"),
        (dmn('<decision id="x" name="x"/>'), "dmn_structure"),
        (dmn('<decision name="x"/>'), "dmn_structure"),
        (dmn('<decision id="x"><decisionTable/></decision>'), "dmn_structure"),
        (dmn('<decision id="x"><decisionTable><input/><output name="a"/></decisionTable></decision>'), "dmn_structure"),
        (dmn('<decision id="x"><context/></decision>'), "dmn_unsupported"),
        (dmn('<businessKnowledgeModel id="b"/>', table([(["-"], ['"x"'])])), "dmn_unsupported"),
        (dmn(table([(["-", "-"], ['"x"'])])), "dmn_structure"),
        (dmn(table([(["-"], [])])), "dmn_structure"),
        (dmn(table([], policy='hitPolicy="GUESS"')), "dmn_policy"),
        (dmn(table([], policy='aggregation="SUM"')), "dmn_policy"),
        (dmn(table([], outputs=[("a", ""), ("a", "")])), "dmn_structure"),
        (dmn(table([], outputs=[("a b", "")])), "dmn_structure"),
        (dmn(table([], outputs=[("typename", "")])), "dmn_structure"),
        (dmn(table([], [("a", "tuple")])), "dmn_structure"),
        (dmn(table([], [("import os", "")])), "dmn_cell"),
        (dmn(table([(["3"], ['"x"'])])), "dmn_cell"),
        (dmn(table([(['"x"'], ["3"])])), "dmn_cell"),
        (dmn(table([(["-"], ["x y"])])), "dmn_cell"),
        (dmn(table([(["-"], ["?"])])), "dmn_cell"),
        (dmn(table([], [("? > 1", "")])), "dmn_cell"),
        (dmn(table([(["1.5"], ['"x"'])], [("n", "integer")])), "dmn_cell"),
        (dmn(table([], values=["> 3"])), "dmn_cell"),
        (
            dmn(
                table([(["-"], ['"x"'])]).replace(
                    "<inputExpression", '<inputExpression expressionLanguage="javascript"'
                )
            ),
            "dmn_unsupported",
        ),
        (dmn(table([(["-"], ['"x"'])] * 2_001)), "dmn_structure"),
    ],
)
def test_files_that_are_refused(content: bytes, code: str) -> None:
    assert code in [problem.code for problem in wrong(content)]
    with pytest.raises(DecisionError) as caught:
        parse_decisions(content, "d.dmn")
    assert caught.value.zh and caught.value.en


def test_one_wrong_decision_does_not_hide_the_others() -> None:
    content = dmn(
        table([(["@"], ['"x"'])], id_="A"), table([(["-"], ['"x"'])], id_="B"), table([(["]"], ["@"])], id_="C")
    )
    assert [problem.element for problem in wrong(content)] == ["A_r1", "C_r1", "C_r1"]


def test_a_large_table_is_read_and_taken_quickly() -> None:
    content = dmn(table([([f'"c{number}"'], [f'"r{number}"']) for number in range(2_000)]))
    begun = time.process_time()
    decision = only(content)
    assert decide(decision, {"category": "c1999"}, NOW).outputs == {"route": "r1999"}
    assert time.process_time() - begun < 5


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 3)), min_size=1, max_size=6),
    st.integers(0, 6),
)
def test_policies_agree_with_their_definition(rows: list[tuple[int, int, int]], n: int) -> None:
    def outcome(attributes: str, **more: Any) -> Any:
        cells = [([f"[{low}..{high}]"], [str(answer)]) for low, high, answer in rows]
        return take(dmn(table(cells, [("n", "number")], [("y", "number")], attributes, **more)), n=n).outputs

    hits = [answer for low, high, answer in rows if low <= n <= high]
    assert outcome('hitPolicy="COLLECT"') == [{"y": answer} for answer in hits]
    assert outcome('hitPolicy="RULE ORDER"') == [{"y": answer} for answer in hits]
    assert outcome('hitPolicy="FIRST"') == ({"y": hits[0]} if hits else None)
    assert outcome('hitPolicy="PRIORITY"', values=["3,2,1,0"]) == ({"y": max(hits)} if hits else None)
    assert outcome('hitPolicy="OUTPUT ORDER"', values=["3,2,1,0"]) == [
        {"y": answer} for answer in sorted(hits, reverse=True)
    ]
    assert outcome('hitPolicy="COLLECT" aggregation="SUM"') == ({"y": sum(hits)} if hits else None)
    assert outcome('hitPolicy="COLLECT" aggregation="MIN"') == ({"y": min(hits)} if hits else None)
    assert outcome('hitPolicy="COLLECT" aggregation="COUNT"') == {"y": len(hits)}
    for attributes, broken in (("", len(hits) > 1), ('hitPolicy="ANY"', len(set(hits)) > 1)):
        if broken:
            with pytest.raises(DecisionError):
                outcome(attributes)
        else:
            assert outcome(attributes) == ({"y": hits[0]} if hits else None)


# Times and durations


@pytest.mark.parametrize(
    ("kind", "cell", "yes", "no"),
    [
        ("time", 'time("09:30")', ["09:30:00", "09:30"], ["09:30:01", None]),
        ("time", '< time("09:00:00")', ["08:59:59.5"], ["09:00"]),
        ("time", '[time("08:30:00")..time("12:00:00")[', ["08:30", "11:59"], ["12:00:00"]),
        ("time", 'not(time("08:30:00"))', ["08:31"], ["08:30:00"]),
        ("time", '"08:30"', ["08:30:00"], ["08:31"]),
        ("time", "> opening", ["08:31"], ["08:30"]),
        ("dayTimeDuration", 'duration("P1D")', ["PT24H", "P1D", "PT1440M"], ["PT23H"]),
        ("dayTimeDuration", '> duration("PT90M")', ["PT2H", "P1D"], ["PT1H30M", "-P1D"]),
        ("dayTimeDuration", '[duration("PT0S")..duration("P10D")]', ["P9D", "PT0S"], ["P10DT1S", "-PT1S"]),
        ("days and time duration", '@"PT1.5S"', ["PT1.5S"], ["PT1S"]),
        ("yearMonthDuration", 'duration("P1Y")', ["P12M", "P1Y0M"], ["P11M"]),
        ("yearMonthDuration", '< duration("P1Y2M")', ["P13M"], ["P14M", "P2Y"]),
        ("", '>= duration("P2D")', ["PT48H"], ["PT47H"]),
        ("date", '>= @"2026-11-20"', ["2026-11-20"], ["2026-11-19"]),
        ("dateTime", '< @"2026-11-20T10:00:00+08:00"', ["2026-11-20T01:59:59Z"], ["2026-11-20T02:00:00Z"]),
    ],
)
def test_times_and_durations_compare_as_such(kind: str, cell: str, yes: list[Any], no: list[Any]) -> None:
    assert [value for value in yes if not passes(cell, value, kind, opening="08:30:00")] == []
    assert [value for value in no if passes(cell, value, kind, opening="08:30:00")] == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("time", "25:00"),
        ("time", "09:00:00+08:00"),
        ("time", 9),
        ("dayTimeDuration", "P1Y"),
        ("dayTimeDuration", "P"),
        ("dayTimeDuration", "1 day"),
        ("yearMonthDuration", "P1D"),
        ("yearMonthDuration", "P1Y2D"),
    ],
)
def test_a_value_that_is_no_time_or_duration_is_an_error(kind: str, value: Any) -> None:
    with pytest.raises(DecisionError) as caught:
        passes("-", value, kind)
    assert "“x”" in caught.value.zh and "需要" in caught.value.zh


def test_durations_are_answered_in_one_shape() -> None:
    content = dmn(
        table([(["-"], ['duration("PT36H")', 'time("9:00")'])], outputs=[("d", "dayTimeDuration"), ("t", "")])
    )
    assert [problem.zh for problem in wrong(content)][0].count("时间") > 0
    content = dmn(
        table([(["-"], ['duration("PT36H")', 'time("09:00")'])], outputs=[("d", "dayTimeDuration"), ("t", "")])
    )
    assert take(content, category="x").outputs == {"d": "P1DT12H", "t": "09:00:00"}


# Values that are allowed, and kinds


def test_an_input_outside_its_allowed_values_is_an_error() -> None:
    content = dmn(table([(["-"], ['"x"'])], allowed=['"投诉","咨询"']))
    assert take(content, category="咨询").outputs == {"route": "x"}
    for outside in ("求助", None):
        with pytest.raises(DecisionError) as caught:
            take(content, category=outside)
        assert '"投诉","咨询"' in caught.value.zh and "category" in caught.value.zh
    numbers = dmn(table([(["-"], ['"x"'])], [("n", "number")], allowed=["[0..100]"]))
    assert take(numbers, n=100).outputs == {"route": "x"}
    with pytest.raises(DecisionError):
        take(numbers, n=100.5)


def test_an_answer_outside_the_output_values_is_an_error() -> None:
    assert [problem.code for problem in wrong(dmn(table([(["-"], ['"c"'])], values=['"a","b"'])))] == ["dmn_values"]
    assert wrong(dmn(table([(["-"], ['["a", "b"]'])], values=['"a","b"']))) == []
    content = dmn(table([(["-"], ["category"])], values=['"a","b"']))
    assert take(content, category="b").outputs == {"route": "b"}
    with pytest.raises(DecisionError) as caught:
        take(content, category="c")
    assert "1 (D01_r1)" in caught.value.zh and "“c”" in caught.value.zh


def test_a_value_of_another_kind_says_so() -> None:
    with pytest.raises(DecisionError) as caught:
        take(dmn(table([(["3"], ['"x"'])], [("n", "number")])), n="3")
    assert "需要数字，得到的是文本“3”" in caught.value.zh and "number(…)" in caught.value.zh
    (problem,) = wrong(dmn(table([(['"3"'], ['"x"'])], [("n", "number")])))
    assert problem.element == "D01_r1" and "第 1 行，输入列“n”" in problem.zh and "数字" in problem.zh


# What FEEL would understand differently, and what is outside


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("items[1]", "从 1 数起"),
        ("items[item > 3]", ""),
        ("a // b", "注释"),
        ('replace(?, ".", "x")', "正则"),
        ("split(?, pattern)", "正则"),
        ('date("2026-01-01") + "P1D"', "日期"),
        ('date("2026-01-01") + duration("P1D")', "时长"),
        ("date(2026, 11, 20)", "参数个数"),
        ('date("2026-02-30")', "2026-02-30"),
        ('> date and time("tomorrow")', "tomorrow"),
        ('duration("P1Y2D")', "不能混写"),
        ('time("10:00:00+08:00")', "不带时区"),
        ("if ? > 1 then 2 else 3", "if … then"),
        ("for a in b return a", "for"),
        ("some x in y satisfies x > 1", "satisfies"),
        ("? between 1 and 3", "between"),
        ("? in [1..3]", "in [1..3]"),
        ("? instance of number", "instance of"),
        ("function(a) a", "function"),
    ],
)
def test_what_is_outside_is_refused_with_cell_and_reason(cell: str, reason: str) -> None:
    problems = wrong(dmn(table([(["-"], ['"x"']), ([cell], ['"y"'])], [("x", "")])))
    assert problems and {problem.element for problem in problems} == {"D01_r2"}
    assert all("第 2 行，输入列“x”" in problem.zh and "row 2, input “x”" in problem.en for problem in problems)
    assert any(reason in problem.zh for problem in problems)


def test_plain_patterns_are_fine() -> None:
    content = dmn(table([(["-"], ['replace(category, "、", ",")'])]))
    assert wrong(content) == []
    assert take(content, category="a、b").outputs == {"route": "a,b"}


def test_question_marks_have_no_place_in_columns_of_durations() -> None:
    problems = wrong(dmn(table([(['? > duration("P1D")'], ['"x"'])], [("d", "dayTimeDuration")])))
    assert [problem.element for problem in problems] == ["D01_r1"]


@pytest.mark.parametrize(
    ("piece", "instead", "named"),
    [
        ("<inputEntry>", '<inputEntry expressionLanguage="python">', "python"),
        ("<outputEntry>", '<outputEntry expressionLanguage="groovy">', "groovy"),
        ("<inputEntry>", "<surprise/><inputEntry>", "surprise"),
        ("<decisionTable ", '<decisionTable colour="red" ', "colour"),
        ("<inputExpression ", "<importedValues/><inputExpression ", "importedValues"),
        ("<decision ", '<businessKnowledgeModel id="bkm" name="折扣"/><decision ', "折扣"),
        ("<decision ", '<decisionService id="ds" name="服务"/><decision ', "服务"),
        ("<decision ", '<itemDefinition id="it" name="tAmount"/><decision ', "tAmount"),
        (
            "<decisionTable ",
            '<knowledgeRequirement><requiredKnowledge href="#bkm"/></knowledgeRequirement><decisionTable ',
            "bkm",
        ),
    ],
)
def test_what_would_be_ignored_is_refused_by_name(piece: str, instead: str, named: str) -> None:
    problems = wrong(dmn(table([(["-"], ['"x"'])]).replace(piece, instead, 1)))
    assert {problem.code for problem in problems} == {"dmn_unsupported"}
    assert all(named in problem.zh and named in problem.en for problem in problems)


def test_a_published_table_is_read_although_it_would_be_refused_today() -> None:
    """A version that an earlier release published stays readable: its cases go on, and verify."""
    content = dmn(table([(["items[0] == ?"], ['"x"'])], [("n", "")]).replace("<decision ", '<decision colour="red" '))
    assert len(wrong(content)) == 2
    assert check_decisions(content, published=True) == []
    assert take(content, n=1, items=[1]).outputs == {"route": "x"}


def test_a_file_as_camunda_modeler_writes_it() -> None:
    content = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:camunda="http://camunda.org/schema/1.0/dmn"
    xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/" xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/"
    xmlns:biodi="http://bpmn.io/schema/dmn/biodi/2.0" xmlns:modeler="http://camunda.org/schema/modeler/1.0"
    id="dish" name="Dish" namespace="http://camunda.org/schema/1.0/dmn" exporter="Camunda Modeler"
    exporterVersion="5.30.0" modeler:executionPlatform="Camunda Platform" modeler:executionPlatformVersion="7.22.0">
  <decision id="Season" name="Season" camunda:historyTimeToLive="30">
    <variable id="v1" name="season" typeRef="string"/>
    <informationRequirement id="ir1"><requiredInput href="#temperature_id"/></informationRequirement>
    <decisionTable id="dt1">
      <input id="i1" label="Weather in Celsius" biodi:width="192" camunda:inputVariable="degrees">
        <inputExpression id="ie1" typeRef="integer"><text>temperature</text></inputExpression>
      </input>
      <output id="o1" label="season" name="season" typeRef="string" biodi:width="192">
        <outputValues id="ov"><text>"Winter","Summer","Spring"</text></outputValues>
      </output>
      <rule id="r1"><description>cold</description>
        <inputEntry id="c1"><text>&lt; 10</text></inputEntry>
        <outputEntry id="a1"><text>"Winter"</text></outputEntry></rule>
      <rule id="r2"><inputEntry id="c2"><text>degrees &gt;= 10 and degrees &lt;= 30</text></inputEntry>
        <outputEntry id="a2"><text>"Spring"</text></outputEntry></rule>
      <rule id="r3"><inputEntry id="c3"><text>&gt; 30</text></inputEntry>
        <outputEntry id="a3" expressionLanguage="feel"><text>"Summer"</text></outputEntry></rule>
    </decisionTable>
  </decision>
  <inputData id="temperature_id" name="Weather in Celsius"><variable id="v2" name="temperature"/></inputData>
  <knowledgeSource id="ks" name="Guide"/>
  <decision id="Dish" name="Dish">
    <variable id="v3" name="dish" typeRef="string"/>
    <informationRequirement id="ir2"><requiredDecision href="#Season"/></informationRequirement>
    <literalExpression id="le"><text>"Stew" if season == "Winter" else "Salad"</text></literalExpression>
  </decision>
  <textAnnotation id="ta"><text>a note</text></textAnnotation>
  <association id="as"><sourceRef href="#Dish"/><targetRef href="#ta"/></association>
  <dmndi:DMNDI><dmndi:DMNDiagram id="d"><dmndi:DMNShape id="s" dmnElementRef="Dish">
    <dc:Bounds height="80" width="180" x="1" y="1"/></dmndi:DMNShape></dmndi:DMNDiagram></dmndi:DMNDI>
</definitions>"""
    assert check_decisions(content, "dish.dmn") == []
    outcome = take(content, temperature=5)
    assert outcome.outputs == {"dish": "Stew"}
    assert fired(outcome.required[0]) == [("r1", 1)]
    assert take(content, temperature=20).outputs == {"dish": "Salad"}


def test_the_variable_of_a_required_decision_holds_its_result() -> None:
    inner = table([(["-"], ["7"])], outputs=[("points", "number")], id_="D02").replace(
        "<decisionTable", '<variable name="得分"/><decisionTable', 1
    )
    outer = table([(["7"], ['"ok"'])], [("得分", "number")], requires=["D02"])
    assert take(dmn(inner, outer), category="a").outputs == {"route": "ok"}


def test_a_literal_expression_has_the_kind_of_its_variable() -> None:
    content = dmn(
        '<decision id="D05" name="合计"><variable name="total" typeRef="number"/>'
        "<literalExpression><text>n</text></literalExpression></decision>"
    )
    with pytest.raises(DecisionError) as caught:
        take(content, n="4")
    assert "D05" in caught.value.zh and "需要数字" in caught.value.zh


# The reference


@pytest.mark.parametrize("file", ["decisions.md", "decisions.zh-CN.md"])
def test_the_reference_says_what_is_executed(file: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / file).read_text("utf-8")
    told = dict(re.findall(r"^\| `([^`]+)` \| `(\w+)` \|$", text, re.MULTILINE))
    assert told == FUNCTIONS
    for name in (*HIT_POLICIES, *AGGREGATIONS):
        assert f"`{name}`" in text
    types = text.partition("`typeRef`")[2].partition("##")[0]
    assert [name for name in TYPES if name and f"`{name}`" not in types] == []
    for code in ("dmn_gap", "dmn_overlap", "dmn_unreachable", "dmn_not_analysed"):
        assert f"`{code}`" in text


@pytest.mark.parametrize(
    "cell",
    [
        "-",
        '"a"',
        "3",
        "true",
        "null",
        '"a","b"',
        "< 3",
        "!= 3",
        "[1..3]",
        "]1..3]",
        "(1..3]",
        "[1..3[",
        "[1..3)",
        'not("a", [1..3])',
        '@"P1D"',
        "limit",
        "> limit * 2",
        "? > 3 and ? < limit",
        'contains(?, "x")',
    ],
)
def test_every_cell_of_the_reference_is_accepted(cell: str) -> None:
    for file in ("decisions.md", "decisions.zh-CN.md"):
        assert f"`{cell}`" in (Path(__file__).parents[2] / "docs" / "reference" / file).read_text("utf-8")
    assert wrong(dmn(table([([cell], ['"x"'])], [("x", "")]))) == []
