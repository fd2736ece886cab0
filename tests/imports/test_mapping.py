"""Mappings: refused as a whole before anything is imported, and what each entry makes of a row."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from engine.errors import BadMapping
from engine.imports import read_mapping
from engine.imports.rules import CellRefused, Rule

HEAD: dict[str, Any] = {"procedure": "p", "source": "s", "reference": "Id"}


def rule(entry: Any) -> Rule:
    return read_mapping(yaml.safe_dump({**HEAD, "first": {"key": entry}}).encode()).first["key"]


def test_a_plain_name_is_a_column() -> None:
    assert rule("Text").value({"Text": " hello "}) == "hello"


def test_an_empty_cell_has_no_value() -> None:
    assert rule("Text").value({"Text": "  "}) is None


@pytest.mark.parametrize("constant", [True, False, 3, 1.5])
def test_a_constant_needs_no_word_unless_it_is_text(constant: Any) -> None:
    assert rule(constant).value({}) == constant
    assert rule({"constant": "匿名"}).value({}) == "匿名"


def test_a_map_translates_and_refuses_what_it_does_not_hold() -> None:
    mapped = rule({"column": "Channel", "map": {"PHONE": "电话"}})

    assert mapped.value({"Channel": "PHONE"}) == "电话"
    with pytest.raises(CellRefused):
        mapped.value({"Channel": "PIGEON"})


def test_a_default_stands_for_what_is_not_in_the_map_and_for_nothing() -> None:
    mapped = rule({"column": "Now", "map": {"Y": True}, "default": False})

    assert mapped.value({"Now": "N"}) is False
    assert mapped.value({"Now": ""}) is False


def test_a_moment_is_read_in_its_zone() -> None:
    moment = rule({"column": "At", "moment": "%m/%d/%Y %I:%M:%S %p", "zone": "America/New_York"})

    assert moment.value({"At": "04/18/2019 09:55:45 PM"}) == "2019-04-18T21:55:45-04:00"
    assert moment.value({"At": "01/18/2019 09:55:45 AM"}) == "2019-01-18T09:55:45-05:00"


def test_the_first_format_that_fits_is_taken() -> None:
    dated = rule({"column": "On", "date": ["%Y-%m-%d", "%d.%m.%Y"]})

    assert dated.value({"On": "24.12.2020"}) == "2020-12-24"


@pytest.mark.parametrize("cell", ["13/45/2019 09:55:45 PM", "yesterday", "2019-04-18"])
def test_a_bad_date_is_refused(cell: str) -> None:
    with pytest.raises(CellRefused):
        rule({"column": "At", "moment": "%m/%d/%Y %I:%M:%S %p"}).value({"At": cell})


def test_joining_leaves_out_what_is_empty() -> None:
    joined = rule({"join": [{"text": "{A}：{B}"}, {"column": "C", "prefix": "地点："}, "D"], "separator": "；"})

    assert joined.value({"A": "Noise", "B": "Loud", "C": "", "D": "x"}) == "Noise：Loud；x"
    assert joined.value({"A": "Noise", "B": "Loud", "C": "5 ST", "D": ""}) == "Noise：Loud；地点：5 ST"


def test_a_required_cell_may_not_be_empty() -> None:
    with pytest.raises(CellRefused, match="Text"):
        rule({"column": "Text", "required": True}).value({"Text": ""})


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd", "@SUM(A1)", "\t=1", "＝1+1"])
def test_a_formula_is_refused(cell: str) -> None:
    with pytest.raises(CellRefused):
        rule("Text").value({"Text": cell})
    with pytest.raises(CellRefused):
        rule({"join": ["Text"]}).value({"Text": cell})
    with pytest.raises(CellRefused):
        rule({"text": "{Text}"}).value({"Text": cell})


@pytest.mark.parametrize("cell", ["x\x00y", "\x1b[31m", "a\x9bb"])
def test_control_characters_are_refused(cell: str) -> None:
    with pytest.raises(CellRefused):
        rule("Text").value({"Text": cell})


@pytest.mark.parametrize("cell", ["-73.9325913", "+86 (10) 6555-0101", "-5%", "a=b", "1-2"])
def test_a_number_is_no_formula(cell: str) -> None:
    assert rule("Text").value({"Text": cell}) == cell


def test_a_column_the_file_does_not_have_is_named() -> None:
    mapping = read_mapping(yaml.safe_dump({**HEAD, "first": {"a": "Here", "b": {"text": "{Gone}"}}}).encode())

    with pytest.raises(BadMapping, match="Gone"):
        mapping.check_header(["Id", "Here"])
    with pytest.raises(BadMapping, match="Here"):
        mapping.check_header(["Id", "Here", "Gone", "Here"])
    mapping.check_header(["Id", "Here", "Gone", "Else", "Else"])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"procedure": ""}, "procedure"),
        ({"reference": None}, "reference"),
        ({"encoding": "utf-16"}, "encoding"),
        ({"delimiter": ";;"}, "delimiter"),
        ({"colour": "red"}, "colour"),
        ({"first": ["a"]}, "first"),
        ({"first": {"a": {"colum": "x"}}}, "first.a.colum"),
        ({"first": {"a": {"column": "x", "constant": 1}}}, "first.a"),
        ({"first": {"a": {"column": "x", "map": ["y"]}}}, "first.a.map"),
        ({"first": {"a": {"column": "x", "moment": 5}}}, "first.a.moment"),
        ({"first": {"a": {"column": "x", "zone": "Mars/Olympus"}}}, "Mars/Olympus"),
        ({"first": {"a": {"join": "x"}}}, "first.a.join"),
    ],
)
def test_a_wrong_mapping_says_where(change: dict[str, Any], named: str) -> None:
    with pytest.raises(BadMapping, match=named):
        read_mapping(yaml.safe_dump({**HEAD, **change}, allow_unicode=True).encode())


@pytest.mark.parametrize(
    "content", [b"", b"- 1", b"a: [", b"\xff\xfe", b"a: !!python/object:os.system {}", b"[" * 5000]
)
def test_whatever_the_file_holds_the_answer_is_a_reason(content: bytes) -> None:
    with pytest.raises(BadMapping):
        read_mapping(content)
