"""Gaps, overlaps and rules that never hold: the warnings agree with what the table does."""

from __future__ import annotations

import itertools
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Problem
from engine.rules.decisions import DecisionError, check_decisions, decide, parse_decisions
from engine.rules.decisions.kinds import TYPES

from .dmn_table import dmn, table

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
FIRST = 'hitPolicy="FIRST"'
DECISIONS = Path(__file__).parents[2] / "processes" / "decisions"


def rules(*cells: list[str]) -> list[tuple[list[str], list[str]]]:
    return [(list(row), [f'"r{number}"']) for number, row in enumerate(cells, start=1)]


def warnings(*decisions: str) -> list[Problem]:
    found = check_decisions(dmn(*decisions), "d.dmn")
    assert [problem for problem in found if problem.severity == "error"] == []
    return found


def said(code: str, *decisions: str) -> list[str]:
    return [problem.zh for problem in warnings(*decisions) if problem.code == code]


def gaps(cells: list[list[str]], inputs: list[tuple[str, str]], **more: Any) -> list[str]:
    return said("dmn_gap", table(rules(*cells), inputs, **more))


@pytest.mark.parametrize(
    ("kind", "cells", "example"),
    [
        ("number", ["< 1000", "> 1000"], "1000"),
        ("number", ["<= 1000", ">= 2000"], "1001"),
        ("number", ["<= 1", ">= 2"], "1.5"),
        ("number", ["< 0", "[0..100]"], "101"),
        ("number", ["]0..100]", "> 100"], "0"),
        ("number", ["not(7)"], "7"),
        ("integer", ["<= 1", ">= 3"], "2"),
        ("string", ['"投诉"', '"咨询"'], "其他"),
        ("string", ['not("投诉")'], "投诉"),
        ("string", ['< "b"', '> "d"'], "b"),
        ("boolean", ["true"], "false"),
        ("date", ['< date("2026-11-20")', '> date("2026-11-20")'], "2026-11-20"),
        ("date", ['<= date("2026-11-20")', '>= date("2026-11-23")'], "2026-11-21"),
        ("time", ['< time("08:30:00")', '[time("09:00")..time("18:30")]', '> time("18:30:00")'], "08:30:00"),
        ("dayTimeDuration", ['< duration("P1D")', '> duration("PT24H")'], "P1D"),
        ("yearMonthDuration", ['<= duration("P1Y")', '>= duration("P14M")'], "P1Y1M"),
        (
            "dateTime",
            [
                '< date and time("2026-11-20T09:00:00+08:00")',
                '> date and time("2026-11-20T01:00:00Z")',
            ],
            "2026-11-20 09:00",
        ),
        ("", ["1", "2"], "0"),
        ("", ['"a"', '"b"'], "其他"),
    ],
)
def test_a_gap_is_shown_by_an_example(kind: str, cells: list[str], example: str) -> None:
    found = gaps([[cell] for cell in cells], [("x", kind)])
    assert f"没有规则适用于：x = {example}。" in found


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("number", ["< 1000", ">= 1000"]),
        ("number", ["< 1", "1", "]1..2[", "[2..3]", "> 3"]),
        ("integer", ["<= 1", ">= 2"]),
        ("integer", ["< 1", "1,2", "> 2"]),
        ("string", ['"a"', 'not("a")']),
        ("string", ['"a"', "-"]),
        ("boolean", ["true", "false"]),
        ("date", ['<= date("2026-11-20")', '>= date("2026-11-21")']),
        ("time", ['< time("12:00:00")', '>= time("12:00:00")']),
        ("time", ['[time("00:00:00")..time("23:59:59.999999")]']),
        ("dayTimeDuration", ['<= duration("P1D")', '> duration("PT24H")']),
        ("yearMonthDuration", ['<= duration("P1Y")', '>= duration("P13M")']),
        ("", ["-"]),
        # what depends on more than the column may hold anywhere
        ("number", ["> 3", "<= limit"]),
        ("number", ["> 3", "? <= 3 or ? = 7"]),
    ],
)
def test_no_gap_is_claimed_where_there_is_none(kind: str, cells: list[str]) -> None:
    assert gaps([[cell] for cell in cells], [("x", kind)]) == []


def test_several_columns() -> None:
    cells = [["< 1000", "-"], [">= 1000", '"咨询"'], ["> 1000", '"投诉","咨询"']]
    found = gaps(cells, [("金额", "number"), ("类别", "string")], policy=FIRST)
    assert (
        "没有规则适用于：金额 = 1000，类别 = 投诉。" in found or "没有规则适用于：金额 = 1000，类别 = 其他。" in found
    )
    assert any("类别 = 其他" in text for text in found)
    english = [
        problem.en for problem in warnings(table(rules(*cells), [("n", "number"), ("c", "string")], policy=FIRST))
    ]
    assert any(text.endswith("c = other.") for text in english)


def test_allowed_values_bound_what_can_be_asked() -> None:
    both = [['"a"'], ['"b"']]
    assert gaps(both, [("x", "string")], allowed=['"a","b"']) == []
    assert gaps(both, [("x", "string")], allowed=['"a","b","c"']) == ["没有规则适用于：x = c。"]
    assert gaps([["< 50"], [">= 50"]], [("x", "number")], allowed=["[0..100]"]) == []
    assert gaps([["[0..50["], ["]50..100]"]], [("x", "number")], allowed=["[0..100]"]) == ["没有规则适用于：x = 50。"]


def test_gaps_that_are_meant_are_not_reported() -> None:
    cells = [["< 1000"]]
    for policy in ('hitPolicy="COLLECT"', 'hitPolicy="RULE ORDER"'):
        assert gaps(cells, [("x", "number")], policy=policy) == []
    assert gaps(cells, [("x", "number")], defaults=['"其余"']) == []
    # not every pair of values exists where two columns ask the same
    assert gaps([["< 1", "-"], ["-", ">= 1"]], [("x", "number"), ("x", "number")]) == []


def test_nothing_is_asked_for_only_where_a_rule_names_it() -> None:
    assert gaps([["null"]], [("x", "date")]) == ["没有规则适用于：x = 任意值。"]
    assert gaps([["true"], ["false"]], [("x", "boolean")]) == []
    assert gaps([["null", "true"], ["true", "-"], ["false", "-"]], [("x", "boolean"), ("y", "boolean")]) == [
        "没有规则适用于：x = 空值，y = false。"
    ]


def test_overlap_under_unique() -> None:
    found = warnings(
        table(
            rules(['"a","b"', "-"], ['"b"', "> 3"], ['"c"', "> 3"], ['"c"', "<= 3"], ['not("a","b","c")', "-"]),
            [("category", "string"), ("n", "number")],
        )
    )
    assert {(problem.element, problem.severity, problem.code) for problem in found} == {
        ("D01_r2", "warning", "dmn_overlap"),
        ("D01_r2", "warning", "dmn_unreachable"),
    }
    assert found[0].zh == "第 2 行与第 1 行会同时成立，而命中策略是“唯一”，例如：category = b，n = 4。"
    assert found[0].en.startswith("Row 2 matches together with row 1")
    assert said("dmn_overlap", table(rules(["> 3"], ["[1..3]"], ["< 1"]), [("n", "number")])) == []
    assert said("dmn_overlap", table(rules(["> limit"], ["> limit"]), [("n", "number")])) != []
    assert said("dmn_overlap", table(rules(["> limit"], ["<= limit"]), [("n", "number")])) == []


def test_overlap_under_any_only_with_different_answers() -> None:
    same = [(["> 1"], ['"a"']), (["> 2"], ['"a"'])]
    different = [(["> 1"], ['"a"']), (["> 2"], ['"b"'])]
    worked_out = [(["> 1"], ["x"]), (["> 2"], ['"b"'])]
    for rows, count in ((same, 0), (different, 1), (worked_out, 0)):
        assert len(said("dmn_overlap", table(rows, [("n", "number")], policy='hitPolicy="ANY"'))) == count
    for policy in (FIRST, 'hitPolicy="COLLECT"'):
        assert said("dmn_overlap", table(different, [("n", "number")], policy=policy)) == []


def test_rules_hidden_behind_earlier_ones() -> None:
    def hidden(*cells: list[str], policy: str = FIRST) -> list[str]:
        found = warnings(table(rules(*cells), [("n", "number"), ("flag", "boolean")], policy=policy))
        return [problem.element for problem in found if problem.code == "dmn_unreachable"]

    assert hidden(["-", "-"], ["> 3", "true"]) == ["D01_r2"]
    assert hidden(["> 3", "-"], ["<= 3", "true"], ["<= 3", "false"], ["-", "-"]) == ["D01_r4"]
    assert hidden(["> 3", "-"], ["<= 3", "true"], ["-", "-"]) == []
    assert hidden(["> limit", "-"], ["> 3", "-"]) == []
    assert hidden(["> limit", "-"], ["> limit", "true"]) == ["D01_r2"]
    assert hidden(["> 3", "true"], ["? > 4 and ? < 9", "true"]) == []
    assert hidden(["> 3", "true"], ["? > 4 and ? < 9", "true"], ["-", "-"], ["? > 4", "-"]) == ["D01_r4"]
    assert hidden(["[5..1]", "-"], ["-", "-"], policy='hitPolicy="COLLECT"') == ["D01_r1"]


def test_a_value_that_is_not_allowed_never_comes() -> None:
    found = said("dmn_unreachable", table(rules(['"a"'], ['"b"'], ['"x"']), allowed=['"a","b"']))
    assert found == ["第 3 行永远不会成立：输入列“category”没有这样的值。"]


def test_a_table_too_large_to_search_says_so_and_soon() -> None:
    chance = random.Random(7)
    cells = []
    for _ in range(200):
        row = ["-"] * 30
        for column in chance.sample(range(30), 4):
            row[column] = f"[{chance.randrange(9)}..{chance.randrange(9, 18)}]"
        cells.append(row)
    begun = time.process_time()
    columns = [(f"c{number}", "number") for number in range(30)]
    assert len(said("dmn_not_analysed", table(rules(*cells), columns, policy=FIRST))) == 1
    assert time.process_time() - begun < 5


def test_large_tables_are_searched() -> None:
    cells = [[f"[{number}..{number + 1}["] for number in range(2_000)]
    assert gaps(cells, [("n", "number")]) == ["没有规则适用于：n = -1。", "没有规则适用于：n = 2000。"]
    listed = [[f'"c{number}"', flag] for number in range(500) for flag in ("true", "false")]
    assert gaps(listed, [("c", "string"), ("b", "boolean")]) == ["没有规则适用于：c = 其他。"]


@pytest.mark.parametrize("path", sorted(DECISIONS.glob("*.dmn")), ids=lambda path: path.name)
def test_the_tables_that_are_in_use_are_clean(path: Path) -> None:
    assert check_decisions(path.read_bytes(), path.name) == []


_PIECES = r"""- 1 -1 0.5 1e29 null true "a" "2026-11-20" limit < >= [ ] .. ( ) not( , @" " & // { a[1]
[1..3] ]1..3[ (1..3) ["a".."b"]
duration("P1D") duration("P1Y") time("00:00:00") date("0001-01-01") date("9999-12-31") date("2026-02-30") ?>1
moment("0001-01-01T00:00:00+14:00") moment("9999-12-31T23:59:59-12:00")
"""
_FRAGMENTS = st.sampled_from(["", " ", "\u3000", "? > 1", *_PIECES.split()])
_ANY_CELL = st.one_of(
    _FRAGMENTS,
    st.lists(_FRAGMENTS, max_size=5).map("".join),
    st.text("ab1.\"'[]()<>=!?,-", max_size=12),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(_ANY_CELL, _ANY_CELL), min_size=1, max_size=4),
    st.tuples(*[st.sampled_from(sorted(TYPES))] * 2),
    st.sampled_from(["UNIQUE", "FIRST", "ANY", "PRIORITY", "COLLECT"]),
    st.sampled_from(["", "-", '"a","b"', "[0..2]", "> 3", '< date("0001-01-01")', "null", "[5..1]", "limit"]),
)
def test_any_table_is_checked_without_a_failure(
    cells: list[tuple[str, str]], kinds: tuple[str, str], policy: str, allowed: str
) -> None:
    content = dmn(
        table(
            rules(*map(list, cells)),
            [("x", kinds[0]), ("y", kinds[1])],
            policy=f'hitPolicy="{policy}"',
            values=['"r1","r2","r3","r4"'],
            allowed=[allowed],
        )
    )
    for problem in check_decisions(content, "d.dmn"):
        assert problem.zh and problem.en and problem.code.startswith("dmn_")


# Against the table itself: every combination of a fine grid is asked.

NUMBERS = [number / 2 for number in range(-1, 12)]
TEXTS = ["a", "b", "c", "anything else"]
FLAGS = [True, False]

_number = st.integers(0, 5)
_NUMBER_CELLS = st.one_of(
    st.just("-"),
    _number.map(str),
    st.tuples(st.sampled_from(["<", "<=", ">", ">=", "!="]), _number).map(lambda two: f"{two[0]} {two[1]}"),
    st.tuples(st.sampled_from("[]"), _number, _number, st.sampled_from("[]")).map(
        lambda four: f"{four[0]}{four[1]}..{four[2]}{four[3]}"
    ),
    st.tuples(_number, _number).map(lambda two: f"not({two[0]}, > {two[1]})"),
    st.tuples(_number, _number).map(lambda two: f"< {two[0]}, {two[1]}"),
)
_TEXT_CELLS = st.sampled_from(["-", '"a"', '"b"', '"a","b"', 'not("a")', 'not("b","c")', '!= "c"', '["a","c"]'])
_FLAG_CELLS = st.sampled_from(["-", "true", "false", "not(true)"])
_ROWS = st.lists(st.tuples(_NUMBER_CELLS, _TEXT_CELLS, _FLAG_CELLS), min_size=1, max_size=4)


def _answers(rows: list[tuple[str, ...]], policy: str) -> tuple[bytes, dict[tuple[Any, ...], Any]]:
    """What a table answers to every combination: the rows that fired, None without, or the error."""
    content = dmn(table(rules(*map(list, rows)), [("n", "number"), ("t", "string"), ("f", "boolean")], policy=policy))
    (decision,) = parse_decisions(content)
    found: dict[tuple[Any, ...], Any] = {}
    for n, t, f in itertools.product(NUMBERS, TEXTS, FLAGS):
        try:
            outcome = decide(decision, {"n": n, "t": t, "f": f}, NOW)
            found[n, t, f] = [rule.row for rule in outcome.rules] if outcome.outputs is not None else None
        except DecisionError as error:
            found[n, t, f] = error.zh
    return content, found


@settings(max_examples=60, deadline=None)
@given(_ROWS)
def test_the_warnings_under_first_are_what_the_table_does(rows: list[tuple[str, ...]]) -> None:
    content, answers = _answers(rows, FIRST)
    found = check_decisions(content)
    assert any(problem.code == "dmn_gap" for problem in found) == (None in answers.values())
    fired = {row for rows in answers.values() if rows is not None for row in rows}
    never = {f"D01_r{number}" for number in range(1, len(rows) + 1)} - {f"D01_r{row}" for row in fired}
    assert {problem.element for problem in found if problem.code == "dmn_unreachable"} == never


@settings(max_examples=60, deadline=None)
@given(_ROWS.filter(lambda rows: len(rows) <= 3))
def test_the_warnings_under_unique_are_what_the_table_does(rows: list[tuple[str, ...]]) -> None:
    content, answers = _answers(rows, "")
    found = check_decisions(content)
    told = {
        (problem.en.split()[1], problem.en.split()[6].rstrip(",")) for problem in found if problem.code == "dmn_overlap"
    }
    done = {
        (str(later), str(earlier))
        for message in answers.values()
        if isinstance(message, str)
        for earlier, later in itertools.combinations(range(1, len(rows) + 1), 2)
        if f"{earlier} (D01_r{earlier})" in message and f"{later} (D01_r{later})" in message
    }
    assert told == done
    assert any(problem.code == "dmn_gap" for problem in found) == (None in answers.values())


@settings(max_examples=60, deadline=None)
@given(_ROWS)
def test_every_example_of_a_gap_is_one(rows: list[tuple[str, ...]]) -> None:
    content, _ = _answers(rows, FIRST)
    (decision,) = parse_decisions(content)
    for problem in check_decisions(content):
        if problem.code != "dmn_gap" or not problem.en.startswith("No rule for: "):
            continue
        told = problem.en.removeprefix("No rule for: ").removesuffix(".")
        given_ = dict(part.split(" = ") for part in told.split(", ")) if told != "anything" else {}
        values = {
            "n": float(given_.get("n", "2.5")),
            "t": given_.get("t", "b").replace("other", "anything else"),
            "f": given_.get("f", "true") == "true",
        }
        assert decide(decision, values, NOW).outputs is None, problem.en
