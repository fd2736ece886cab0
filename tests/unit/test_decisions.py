"""Decision tables as dmn-js writes them: FEEL cells, all hit policies, required decisions, refusals."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Problem
from engine.rules.decisions import Decision, DecisionError, Outcome, check_decisions, decide, parse_decisions
from engine.rules.decisions.unary_tests import parse_unary_test
from engine.rules.expressions import ExpressionError

from .dmn_table import DMN_12, dmn, table

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
    outcome = take(content, n="3", flag="true", code=5, at="2026-11-19T23:00:00Z")
    assert outcome.outputs == {"y": 4}
    assert outcome.inputs == {"n": 3, "flag": True, "code": "5", "at": "2026-11-20"}
    for bad in (
        {"n": "three"},
        {"n": 3.5},
        {"flag": 1},
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
    assert take(one_column("", "7"), n=1).as_json() == {
        "decision": "D01",
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


def test_both_versions_of_the_format_are_read() -> None:
    content = dmn(table([(['"a"'], ['"x"'])]), namespace=DMN_12)
    assert check_decisions(content) == []
    assert only(content).rules[0].row == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "dmn_xml"),
        (b"<a/>", "dmn_xml"),
        (b"<!DOCTYPE a><a/>", "dmn_xml"),
        (b"\xff\xfe", "dmn_xml"),
        (dmn(), "dmn_structure"),
        (dmn(namespace="http://www.omg.org/spec/DMN/20151101/dmn.xsd"), "dmn_xml"),
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


def test_rows_that_must_overlap_are_warned_of() -> None:
    content = dmn(
        table(
            [
                (['"a","b"', "-"], ['"x"']),
                (['"b"', "> 3"], ['"y"']),
                (['"c"', "> 3"], ['"z"']),
                (['"c"', "<= 3"], ['"z"']),
            ],
            [("category", "string"), ("n", "number")],
        )
    )
    warnings = check_decisions(content)
    assert [(problem.element, problem.severity, problem.code) for problem in warnings] == [
        ("D01_r2", "warning", "dmn_overlap")
    ]
    assert check_decisions(dmn(table([(["-"], ['"x"']), (["-"], ['"y"'])], policy='hitPolicy="FIRST"'))) == []


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
