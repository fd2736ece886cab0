"""What comes back from a page: read as it was typed, and the same again when it is sent back."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import FormInvalid
from engine.rules.forms import Field, from_pairs, input_text, read_form, to_pairs

from .form_parts import EVERYTHING, FILE, NOW, OPTIONS, choices, form, part

ROOT = Path(__file__).parents[2]


# ---- pages


def test_a_page_is_read_as_it_was_typed() -> None:
    raw = from_pairs(
        EVERYTHING,
        {
            "csrf_token": ["t"],
            "line": ["一"],
            "lines": ["a\r\nb"],
            "whole": ["abc"],
            "tick": ["on"],
            "some": ["", "甲", "丙"],
            "files": ["", json.dumps(FILE), "{broken"],
            "contact": [""],
            "evil": ["1"],
            "rows.0.evil": ["1"],
            "rows.x.n": ["1"],
            "rows.7.measure": ["改"],
            "rows.7.n": ["二"],
            "rows.2.measure": [""],
            "rows.3.measure": ["先"],
            "rows": [""],
        },
    )
    assert raw["lines"] == "a\nb"
    assert raw["whole"] == "abc"
    assert raw["tick"] is True
    assert raw["some"] == ["甲", "丙"]
    assert raw["files"] == [FILE, "{broken"]
    assert raw["rows"] == [{"measure": "先"}, {"measure": "改", "n": "二"}]
    assert (raw["people"], raw["yes"]) == ([], None)
    assert "contact" not in raw
    assert {name for name in raw if EVERYTHING.field(name) is None} == {"evil", "rows.0.evil", "rows.x.n"}
    with pytest.raises(FormInvalid) as caught:
        EVERYTHING.validate(raw, {}, NOW, OPTIONS)
    assert {error.field for error in caught.value.fields} == {
        "whole",
        "files.1",
        "rows.1.n",
        "evil",
        "rows.0.evil",
        "rows.x.n",
    }


def test_a_personal_field_is_emptied_on_purpose_only() -> None:
    assert "contact" not in from_pairs(EVERYTHING, {"contact": ["  "]})
    assert from_pairs(EVERYTHING, {"contact": [""], "contact.clear": ["1"]})["contact"] == ""


def test_an_unticked_list_does_not_fall_back_to_its_default() -> None:
    ticked = form(part("checklist", values=choices("甲"), properties={"default": "${['甲']}"}))
    assert ticked.validate(from_pairs(ticked, {}), {}, NOW) == {"x": []}


def test_a_locked_checkbox_that_browsers_do_not_send_keeps_its_value() -> None:
    locked = form(part("checkbox", properties={"readonlyIf": "kind == 'a'", "default": "${kind == 'a'}"}))
    assert locked.validate(from_pairs(locked, {}), {"kind": "a"}, NOW) == {"x": True}
    assert locked.validate(from_pairs(locked, {}), {"kind": "b"}, NOW) == {"x": False}


TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=30
).filter(str.strip)
MOMENTS = st.datetimes(datetime(1992, 1, 1), datetime(2100, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0).isoformat() + "+08:00"
)
DAYS = st.dates(datetime(1900, 1, 1).date(), datetime(2200, 1, 1).date()).map(lambda day: day.isoformat())
NUMBERS = st.integers(-(10**15), 10**15) | st.decimals(-(10**6), 10**6, places=4, allow_nan=False).map(float)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"measure": TEXT, "n": st.none() | NUMBERS, "due": st.none() | DAYS, "who": st.sampled_from([None, "li"])}
    ),
    max_size=4,
    unique_by=lambda row: row["measure"],
)
VALUES = st.fixed_dictionaries(
    {
        "line": st.none() | TEXT,
        "lines": st.none() | TEXT,
        "whole": st.none() | st.integers(-(10**15), 10**15),
        "amount": st.none() | NUMBERS,
        "moment": st.none() | MOMENTS,
        "day": st.none() | DAYS,
        "hour": st.sampled_from([None, "09:30", "23:59:59"]),
        "tick": st.booleans(),
        "yes": st.sampled_from([True, False, None]),
        "one": st.sampled_from([None, "甲", "乙"]),
        "some": st.sampled_from([[], ["丙", "甲"]]),
        "people": st.sampled_from([[], ["wang", "li"]]),
        "files": st.sampled_from([[], [FILE]]),
        "rows": ROWS,
        "contact": st.none() | TEXT,
    }
)


@settings(deadline=timedelta(seconds=2))
@given(VALUES)
def test_values_survive_json_and_a_page_without_scripts(values: dict[str, Any]) -> None:
    clean = EVERYTHING.validate(values, {}, NOW, OPTIONS)
    again = json.loads(json.dumps(clean))
    assert again == clean
    assert EVERYTHING.validate(again, {}, NOW, OPTIONS) == clean
    assert EVERYTHING.validate(from_pairs(EVERYTHING, to_pairs(EVERYTHING, clean)), {}, NOW, OPTIONS) == clean


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=timedelta(seconds=2))
@given(
    st.dictionaries(
        st.sampled_from([field.key for field in EVERYTHING.fields]) | st.text(max_size=5), ANYTHING, max_size=8
    )
)
def test_judging_takes_anything_and_keeps_nothing_but_json(values: dict[str, Any]) -> None:
    try:
        json.dumps(EVERYTHING.validate(values, {}, NOW, OPTIONS), allow_nan=False, ensure_ascii=False).encode()
    except FormInvalid as invalid:
        str(invalid).encode()


@given(
    st.dictionaries(
        st.text(max_size=30) | st.sampled_from(["rows.0.n", "rows.1.measure", "files", "tick", "contact.clear"]),
        st.lists(st.text(max_size=20), max_size=3),
        max_size=8,
    )
)
def test_reading_a_page_takes_anything(pairs: dict[str, list[str]]) -> None:
    raw = from_pairs(EVERYTHING, pairs)
    for key, value in raw.items():
        field = EVERYTHING.field(key)
        if isinstance(field, Field):
            assert isinstance(input_text(field, value), str)


def test_the_intake_form_takes_a_whole_page() -> None:
    intake = read_form((ROOT / "forms/shared/UC01-1.form").read_bytes())
    typed = {
        key: [text]
        for key, text in {
            "org_profile": "S01",
            "received_at": "2026-11-22T09:30",
            "channel": "电话",
            "need_confirmed": "true",
            "contact": "微信 wx1",
            "identity_kind": "实名",
            "problem_desc": "路灯不亮",
            "demand": "修复",
            "category": "投诉举报",
            "urgency": "一般",
            "complexity": "简单问题",
            "can_answer_now": "false",
            "promise_told": "on",
            "promised_reply_at": "2026-11-25T17:00",
            "materials_received.0.material": "照片",
            "materials_received.0.copies": "2",
        }.items()
    }
    clean = intake.validate(from_pairs(intake, typed), {"case_no": "20261122-0001"}, NOW, {})
    assert clean["can_answer_now"] is False
    assert clean["received_at"] == "2026-11-22T01:30:00.000000+00:00"
    assert clean["materials_received"] == [{"material": "照片", "copies": 2, "received": None}]
    assert clean["receipt_no"] == "20261122-0001-H"
    assert clean["business_amount"] is None
    assert "case_no" not in clean
