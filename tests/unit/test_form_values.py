"""One value at a time: what fits is kept, what does not is refused where it stands; never cut, rounded or guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import FormInvalid

from .form_parts import EVERYTHING, FILE, NOW, OPTIONS, TABLE, choices, form, part

PERSON = {"person": "p1", "field": "contact", "sha256": "ab"}


def errors(
    component: dict[str, Any],
    raw: Any,
    options: dict[str, dict[str, str]] | None = None,
    current: dict[str, Any] | None = None,
) -> list[str]:
    try:
        form(component).validate({"x": raw}, current or {}, NOW, options or OPTIONS)
    except FormInvalid as invalid:
        assert all(error.zh and error.en and len(error.zh) < 400 for error in invalid.fields)
        json.dumps([[error.field, error.zh, error.en] for error in invalid.fields], ensure_ascii=False).encode()
        return [error.field for error in invalid.fields]
    return []


def kept(component: dict[str, Any], raw: Any) -> Any:
    return form(component).validate({"x": raw}, {}, NOW, OPTIONS)["x"]


# ---- what is taken


@pytest.mark.parametrize(
    ("component", "raw", "value"),
    [
        (part("textfield"), " 前后空格保留 ", " 前后空格保留 "),
        (part("textfield"), "   ", None),
        (part("textarea"), "一\n二\t三", "一\n二\t三"),
        (
            part("textfield"),
            "'; DROP TABLE case; -- <script>${now()}{{7*7}}",
            "'; DROP TABLE case; -- <script>${now()}{{7*7}}",
        ),
        (part("number"), "12", 12),
        (part("number"), " 12.50 ", 12.5),
        (part("number"), -3, -3),
        (part("number"), 12.0, 12),
        (part("number", validate={"min": 0, "max": 20}), "0", 0),
        (part("datetime", subtype="datetime"), "2026-11-22T09:30", "2026-11-22T01:30:00.000000+00:00"),
        (part("datetime", subtype="datetime"), "2026-11-22 09:30:15", "2026-11-22T01:30:15.000000+00:00"),
        (part("datetime", subtype="datetime"), "2026-11-22T09:30:00+02:00", "2026-11-22T07:30:00.000000+00:00"),
        (part("datetime", subtype="datetime"), "2026-11-22T01:30:00Z", "2026-11-22T01:30:00.000000+00:00"),
        (part("datetime"), "2026-11-22", "2026-11-22"),
        (part("datetime", subtype="time"), "09:30", "09:30"),
        (part("checkbox"), "on", True),
        (part("checkbox"), False, False),
        (part("checkbox"), None, False),
        (part("radio", values=choices(True, False)), "false", False),
        (part("radio", values=choices(True, False)), False, False),
        (part("select", values=choices(1, 2)), "2", 2),
        (part("select", valuesKey="users"), "li", "li"),
        (part("checklist", values=choices("甲", "乙")), ["乙"], ["乙"]),
        (part("taglist", valuesKey="users"), [], []),
        (part("filepicker"), FILE, [FILE]),
        (part("filepicker", multiple=True), [FILE, FILE | {"attachment": 2}], [FILE, FILE | {"attachment": 2}]),
        (
            TABLE,
            [{"measure": "改", "due": "2026-11-30", "n": "1"}],
            [{"measure": "改", "n": 1, "due": "2026-11-30", "who": None}],
        ),
        (part("textfield", properties={"format": "phone"}), "+86 138-1234-1234", "+86 138-1234-1234"),
        (part("textfield", properties={"format": "phone"}), "0571-87654321转801", "0571-87654321转801"),
        (part("textfield", validate={"validationType": "email"}), "li@example.com", "li@example.com"),
    ],
)
def test_what_fits_is_kept_as_json(component: dict[str, Any], raw: Any, value: Any) -> None:
    result = kept(component, raw)
    assert result == value
    assert type(result) is type(value)


def test_without_accounts_a_name_is_taken_as_it_is() -> None:
    assert form(part("select", valuesKey="users")).validate({"x": "张三"}, {}, NOW, {})["x"] == "张三"
    assert errors(part("select", valuesKey="users"), "张三") == ["x"]


# ---- what is refused

HUGE = "长" * 1_000_000
NEST: list[Any] = []
for _ in range(900):
    NEST = [NEST]


@pytest.mark.parametrize(
    "component",
    [
        part("textfield"),
        part("textarea"),
        part("number"),
        part("datetime"),
        part("datetime", subtype="datetime"),
        part("checkbox"),
        part("radio", values=choices(True, False)),
        part("select", values=choices("甲")),
        part("select", valuesKey="users"),
        part("checklist", values=choices("甲")),
        part("taglist", valuesKey="users"),
        part("filepicker"),
        TABLE,
    ],
    ids=lambda component: str(component["type"]),
)
@pytest.mark.parametrize(
    "raw",
    [
        HUGE,
        [HUGE],
        {"__proto__": 1},
        [{"__proto__": 1}],
        NEST,
        {"a": NEST},
        "\x00",
        "\ud800",
        ["\udfff"],
        [None],
        {"": ""},
        float("nan"),
        float("inf"),
        10**30,
        10**5000,
        object(),
        b"bytes",
        [["甲"]],
        [[]],
    ],
    ids=lambda raw: type(raw).__name__,
)
def test_hostile_values_are_refused_everywhere(component: dict[str, Any], raw: Any) -> None:
    assert errors(component, raw)


@pytest.mark.parametrize(
    ("component", "raw", "where"),
    [
        (part("textfield"), 12, "x"),
        (part("textfield"), True, "x"),
        (part("textfield"), "字" * 501, "x"),
        (part("textfield"), "两\n行", "x"),
        (part("textarea"), "字" * 20_001, "x"),
        (part("textarea", validate={"maxLength": 5}), "六个字六个字", "x"),
        (part("textarea", validate={"minLength": 5}), "短", "x"),
        (part("number"), "abc", "x"),
        (part("number"), "1e5", "x"),
        (part("number"), "１２", "x"),
        (part("number"), True, "x"),
        (part("number"), "0x10", "x"),
        (part("number"), "1,000", "x"),
        (part("number", decimalDigits=0), "1.5", "x"),
        (part("number", decimalDigits=2), "1.005", "x"),
        (part("number", validate={"max": 20}), 21, "x"),
        (part("number", validate={"min": 0}), "-1", "x"),
        (part("number"), "1234567890.123456789", "x"),
        (part("number"), "9" * 16, "x"),
        (part("datetime"), "2026-02-30", "x"),
        (part("datetime"), "20261122", "x"),
        (part("datetime"), "2026-W47-7", "x"),
        (part("datetime", subtype="datetime"), "2026-11-22", "x"),
        (part("datetime", subtype="datetime"), "2026-11-22T25:00", "x"),
        (part("datetime", subtype="datetime"), "0001-01-01T00:00", "x"),
        (part("datetime", subtype="datetime"), "9999-12-31T23:59-12:00", "x"),
        (part("datetime", subtype="datetime"), 1_764_000_000, "x"),
        (part("checkbox"), "yes", "x"),
        (part("checkbox"), 1, "x"),
        (part("radio", values=choices(True, False)), 1, "x"),
        (part("select", values=choices("甲")), "丁", "x"),
        (part("select", values=choices(1)), True, "x"),
        (part("checklist", values=choices("甲")), "甲", "x"),
        (part("checklist", values=choices("甲")), ["甲", "甲"], "x"),
        (part("checklist", values=choices("甲", "乙")), ["甲", "丁"], "x"),
        (part("taglist", valuesKey="users"), ["root"], "x"),
        (part("filepicker"), [FILE, FILE | {"attachment": "a2"}], "x"),
        (part("filepicker", multiple=True), [FILE, FILE], "x.1"),
        (part("filepicker"), FILE | {"size": -1}, "x.0"),
        (part("filepicker"), FILE | {"sha256": "ABC"}, "x.0"),
        (part("filepicker"), FILE | {"path": "/etc/passwd"}, "x.0"),
        (part("filepicker"), "/etc/passwd", "x"),
        (TABLE, [{"measure": "改"}, {"measure": "改"}], "x.1"),
        (TABLE, [{"measure": ""}], "x.0.measure"),
        (TABLE, [{"measure": "改", "n": "多"}], "x.0.n"),
        (TABLE, [{"measure": "改", "cost": 1}], "x.0.cost"),
        (TABLE, {"0": {"measure": "改"}}, "x"),
        (TABLE, ["改"], "x.0"),
        (TABLE, [{"measure": str(n)} for n in range(201)], "x"),
        (part("textfield", properties={"format": "phone"}), "请打我电话", "x"),
        (part("textfield", properties={"format": "phone"}), "12", "x"),
        (part("textfield", properties={"format": "phone"}), "1" * 40, "x"),
        (part("textfield", validate={"validationType": "email"}), "li@example", "x"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(component: dict[str, Any], raw: Any, where: str) -> None:
    assert errors(component, raw) == [where]


def test_all_errors_come_at_once_and_unknown_keys_are_among_them() -> None:
    values = {
        "line": 7,
        "whole": "abc",
        "one": "丁",
        "rows": [{"n": "x"}],
        "__proto__": {"admin": True},
        "constructor": 1,
    }
    with pytest.raises(FormInvalid) as caught:
        EVERYTHING.validate(values, {}, NOW, OPTIONS)
    assert sorted(error.field for error in caught.value.fields) == sorted(
        ["line", "whole", "one", "rows.0.n", "rows.0.measure", "__proto__", "constructor"]
    )


def test_a_flood_of_unknown_keys_is_answered_briefly() -> None:
    with pytest.raises(FormInvalid) as caught:
        EVERYTHING.validate({f"k\ud800{number}": 1 for number in range(50_000)}, {}, NOW)
    assert len(caught.value.fields) == 21
    assert "49980" in caught.value.fields[-1].zh
    str(caught.value).encode()


def test_a_form_as_a_whole_has_a_largest_size() -> None:
    big = form(*(part("textarea", f"k{number}", validate={"maxLength": 100_000}) for number in range(11)))
    with pytest.raises(FormInvalid):
        big.validate({f"k{number}": "字" * 99_000 for number in range(11)}, {}, NOW)


def test_values_that_are_no_object_are_refused() -> None:
    raw: Any
    for raw in ([], "x", None, 3):
        with pytest.raises(FormInvalid):
            EVERYTHING.validate(raw, {}, NOW)


def test_a_rule_nobody_can_work_out_stops_the_form_and_names_itself() -> None:
    broken = form(part("textfield", properties={"requiredIf": "elsewhere == 1"}))
    with pytest.raises(FormInvalid) as caught:
        broken.validate({}, {}, NOW)
    assert "elsewhere" in caught.value.fields[0].zh
    assert broken.validate({}, {"elsewhere": 2}, NOW) == {"x": None}
    assert errors(part("textfield", properties={"check": "1", "checkZh": "a", "checkEn": "b"}), "字") == ["x"]


def test_a_hidden_field_is_not_required_but_what_is_given_is_judged() -> None:
    hidden = form(part("checkbox", "ask"), part("number", validate={"required": True}, properties={"showIf": "ask"}))
    assert hidden.validate({"ask": False}, {}, NOW) == {"ask": False, "x": None}
    assert hidden.validate({"ask": False, "x": "3"}, {}, NOW)["x"] == 3
    for values in ({"ask": True}, {"ask": False, "x": "abc"}):
        with pytest.raises(FormInvalid):
            hidden.validate(values, {}, NOW)


# ---- read-only, personal, defaults


def test_read_only_fields_may_be_sent_back_unchanged_only() -> None:
    shown = form(part("datetime", subtype="datetime", readonly=True), part("textfield", "y"))
    current = {"x": "2026-11-22T01:30:00.000000+00:00"}
    for same in ("2026-11-22T09:30", current["x"], "2026-11-22T09:30:00+08:00"):
        assert shown.validate({"x": same}, current, NOW) == {"y": None}
    assert shown.validate({"x": ""}, {}, NOW) == {"y": None}
    other: Any
    for other in ("2026-11-22T09:31", "", None, [], {"a": 1}, "abc"):
        with pytest.raises(FormInvalid):
            shown.validate({"x": other}, current, NOW)


def test_a_personal_reference_stays_as_it_is_and_no_other_is_taken() -> None:
    caller = form(part("textfield", "contact", properties={"personal": "true"}, validate={"required": True}))
    case = {"contact": PERSON}
    assert caller.initial_values(case, NOW) == case
    assert caller.validate({}, case, NOW) == {}
    assert caller.validate({"contact": PERSON}, case, NOW) == case
    assert caller.validate({"contact": "新号码"}, case, NOW) == {"contact": "新号码"}
    raw: Any
    for raw in (PERSON | {"person": "p2"}, None, "", {"person": "p1"}):
        with pytest.raises(FormInvalid):
            caller.validate({"contact": raw}, case, NOW)
    assert caller.personal_keys == {"contact"}


def test_messages_do_not_repeat_personal_text() -> None:
    caller = form(part("textfield", "caller_phone", properties={"personal": "true", "format": "phone"}))
    with pytest.raises(FormInvalid) as caught:
        caller.validate({"caller_phone": "张三的电话"}, {}, NOW)
    assert "张三" not in str(caught.value)


def test_what_is_not_given_takes_its_default_and_what_is_emptied_stays_empty() -> None:
    with_default = form(
        part("select", values=choices("甲", "乙"), properties={"default": "乙"}), part("number", "y", defaultValue=3)
    )
    assert with_default.validate({}, {"x": "甲"}, NOW) == {"x": "乙", "y": 3}
    assert with_default.validate({"x": "", "y": None}, {}, NOW) == {"x": None, "y": None}


def test_files_not_mentioned_are_kept() -> None:
    files = form(part("filepicker", multiple=True))
    assert files.validate({}, {"x": [FILE]}, NOW) == {}
    assert files.validate({"x": []}, {"x": [FILE]}, NOW) == {"x": []}
