"""What may not be published in a form, and what had better be changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import VersionRejected
from engine.rules.forms import Note, check_form, read_form

NAME = {"type": "textfield", "key": "name", "label": "名称"}


def content(*components: Any, **changes: Any) -> bytes:
    return json.dumps(
        {"type": "default", "id": "f", "components": list(components), "schemaVersion": 16} | changes
    ).encode()


def found(*components: Any, **changes: Any) -> list[tuple[str, str]]:
    """Severity and code of each problem."""
    return [(problem.severity, problem.code) for problem in check_form(content(*components, **changes), "f.form")]


def ruled(**properties: str) -> dict[str, Any]:
    return NAME | {"properties": properties}


def test_a_plain_form_of_another_editor_is_fine() -> None:
    form = read_form(
        content(
            NAME | {"id": "Field_1", "layout": {"row": "Row_1", "columns": 8}},
            {"type": "separator"},
            {"type": "spacer"},
            {"type": "text", "text": "请如实填写", "properties": {"textEn": "Be truthful"}},
            {
                "type": "group",
                "label": "组",
                "components": [
                    {"type": "number", "key": "n", "label": "数"},
                    {"type": "group", "label": "内", "components": [{"type": "checkbox", "key": "c", "label": "钩"}]},
                    {"type": "textarea", "key": "说明", "label": "说明"},
                ],
            },
        )
    )
    assert [field.key for field in form.fields] == ["name", "n", "c", "说明"]
    assert [group.label("zh") for group in form.groups] == ["", "组", "内", ""]
    assert form.fields[0].width == 8
    assert [item.text("en") for item in form.groups[0].items if isinstance(item, Note)] == ["Be truthful"]


@pytest.mark.parametrize(
    ("component", "code"),
    [
        ({"type": "iframe", "key": "x"}, "form_component"),
        ({"type": "html", "content": "<script>"}, "form_component"),
        ({"type": "expression", "key": "x", "expression": "=1"}, "form_component"),
        ({"type": ["textfield"], "key": "x"}, "form_component"),
        ({"key": "x"}, "form_component"),
        ("textfield", "form_json"),
        ({"type": "textfield", "label": "无键"}, "form_key"),
        ({"type": "textfield", "key": "a.b"}, "form_key"),
        ({"type": "textfield", "key": "typename"}, "form_key"),
        ({"type": "textfield", "key": "__proto__"}, "form_key"),
        ({"type": "textfield", "key": "两 词"}, "form_key"),
        ({"type": "textfield", "key": "class"}, "form_key"),
        ({"type": "textfield", "key": "case_no"}, "form_key"),
        ({"type": "textfield", "key": "actor"}, "form_key"),
        ({"type": "select", "key": "x", "label": "选"}, "form_choices"),
        ({"type": "select", "key": "x", "label": "选", "values": []}, "form_choices"),
        ({"type": "select", "key": "x", "label": "选", "values": [{"value": {}}]}, "form_choices"),
        ({"type": "select", "key": "x", "label": "选", "values": [{"value": "1"}, {"value": 1}]}, "form_choices"),
        ({"type": "select", "key": "x", "label": "选", "valuesKey": "passwords"}, "form_choices"),
        ({"type": "select", "key": "x", "label": "选", "valuesKey": "users", "valuesExpression": "=x"}, "form_choices"),
        ({"type": "dynamiclist", "path": "x", "label": "表", "components": []}, "form_table"),
        (
            {
                "type": "dynamiclist",
                "path": "x",
                "label": "表",
                "components": [{"type": "dynamiclist", "path": "y", "components": [NAME]}],
            },
            "form_table",
        ),
        ({"type": "dynamiclist", "path": "x", "label": "表", "components": [ruled(requiredIf="true")]}, "form_table"),
        ({"type": "dynamiclist", "path": "x", "label": "表", "components": [NAME, NAME]}, "form_key_twice"),
        ({"type": "group", "path": "x", "components": []}, "form_unsupported"),
        ({"type": "datetime", "key": "x", "label": "时", "subtype": "era"}, "form_component"),
        (NAME | {"validate": {"pattern": "(a+)+$"}}, "form_limits"),
        (NAME | {"validate": {"maxLength": -1}}, "form_limits"),
        (NAME | {"validate": {"minLength": 9, "maxLength": 3}}, "form_limits"),
        (NAME | {"validate": ["required"]}, "form_limits"),
        (NAME | {"label": "{{secret}}"}, "form_unsupported"),
        (NAME | {"readonly": "=true"}, "form_unsupported"),
        (NAME | {"label": 7}, "form_json"),
        (NAME | {"properties": {"source": 7}}, "form_json"),
        (ruled(labelEn="\ud800"), "form_json"),
        (ruled(source="字" * 5_001), "form_json"),
        ({"type": "select", "key": "x", "label": "选", "values": [{"value": "a", "label": "\x00"}]}, "form_json"),
        ({"type": "number", "key": "x", "label": "数", "validate": {"min": 3, "max": 1}}, "form_limits"),
        ({"type": "number", "key": "x", "label": "数", "properties": {"format": "phone"}}, "form_limits"),
        (ruled(requiredIf="a ="), "form_expression"),
        (ruled(check="__import__('os')", checkZh="x", checkEn="x"), "form_expression"),
        (ruled(showIf="name ? 1 : 2"), "form_expression"),
        (ruled(default="${1 +}"), "form_expression"),
        (ruled(readonlyIf="true"), "form_expression"),
        (ruled(format="fax"), "form_limits"),
        (ruled(personal="yes"), "form_property"),
        (ruled(mask="name"), "form_personal"),
        (ruled(personal="true", default="张三"), "form_personal"),
        (ruled(personal="true", check="starts_with(name, 'a')", checkZh="x", checkEn="x"), "form_personal"),
        (
            {"type": "select", "key": "x", "label": "选", "valuesKey": "users", "properties": {"personal": "true"}},
            "form_personal",
        ),
        ({"type": "textfield", "key": "caller_phone", "label": "联系电话"}, "form_personal"),
        (
            {"type": "dynamiclist", "path": "x", "label": "表", "components": [NAME | {"key": "contact"}]},
            "form_personal",
        ),
        ({"type": "number", "key": "x", "label": "数", "properties": {"default": "很多"}}, "form_default"),
        ({"type": "number", "key": "x", "label": "数", "defaultValue": "很多"}, "form_default"),
        (
            {
                "type": "checklist",
                "key": "x",
                "label": "选",
                "values": [{"value": "a"}],
                "properties": {"autoChoice": "b", "autoChoiceIf": "true"},
            },
            "form_choices",
        ),
    ],
)
def test_what_is_refused(component: Any, code: str) -> None:
    problems = check_form(content(component), "f.form")
    assert [problem.code for problem in problems if problem.severity == "error"] == [code]
    assert all(problem.zh and problem.en and problem.file == "f.form" for problem in problems)
    with pytest.raises(VersionRejected):
        read_form(content(component))


@pytest.mark.parametrize(
    ("component", "code"),
    [
        ({"type": "button", "label": "提交"}, "form_unsupported"),
        (NAME | {"conditional": {"hide": "=x = 1"}}, "form_condition"),
        (ruled(requireIf="true"), "form_property"),
        (ruled(requiredIf="elsewhere == 1"), "form_variable"),
        (ruled(check="true", checkZh="x"), "form_message"),
        (NAME | {"readonly": True, "validate": {"required": True}}, "form_required"),
    ],
)
def test_what_is_warned_of(component: Any, code: str) -> None:
    assert found(component) == [("warning", code)]


def test_a_misspelt_property_is_answered_with_the_right_one() -> None:
    assert "requiredIf" in check_form(content(ruled(requireIf="true")), "f.form")[0].zh


def test_a_key_may_stand_once() -> None:
    assert found(NAME, {"type": "group", "label": "组", "components": [NAME]}) == [("error", "form_key_twice")]


def test_a_form_has_an_id_and_a_type() -> None:
    assert found(NAME, id="") == [("error", "form_id")]
    assert found(NAME, id="a\u0000b") == [("error", "form_id")]
    assert found(NAME, type="wizard") == [("error", "form_type")]
    assert found(NAME, components={}) == [("error", "form_json")]


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe{}",
        b'{"id": NaN}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"9" * 10_000,
        b'{"id": "f", "id": "g"}',
        b" " * (1024 * 1024 + 1),
    ],
)
def test_what_is_not_a_form_is_said_to_be_none(file: bytes) -> None:
    problems = check_form(file, "f.form")
    assert [problem.severity for problem in problems] == ["error"]
    assert len(problems[0].zh) < 400


def test_a_deep_form_and_a_wide_one_are_refused_in_little_time() -> None:
    deep: dict[str, Any] = {"type": "group", "components": []}
    for _ in range(100):
        deep = {"type": "group", "components": [deep]}
    assert ("error", "form_json") in found(deep)
    assert ("error", "form_size") in found(*(NAME | {"key": f"k{number}"} for number in range(5_000)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "key",
                    "path",
                    "label",
                    "values",
                    "value",
                    "validate",
                    "properties",
                    "components",
                    "conditional",
                    "layout",
                    "id",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(
    JSON, st.sampled_from(["textfield", "select", "dynamiclist", "group", "text", "datetime", "checkbox", "filepicker"])
)
def test_checking_takes_anything(component: Any, kind: str) -> None:
    given_component = component | {"type": kind} if isinstance(component, dict) else component
    for problem in check_form(content(given_component), "f.form"):
        problem.zh.encode()


@given(st.binary(max_size=300))
def test_checking_takes_any_bytes(file: bytes) -> None:
    assert check_form(file, "f.form")
