"""The forms in ``forms/``: what they ask is what the requirements say, and their rules hold both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.errors import FormInvalid, speaking
from engine.rules.forms import Field, Form, check_form, read_form

ROOT = Path(__file__).parents[2]
FACTS: dict[str, Any] = json.loads((Path(__file__).parent / "form_facts.json").read_bytes())
NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
OPTIONS = {
    "units": {"ywb": "业务一部", "ywb2": "业务二部", "jjb": "纪检监察部门"},
    "users": {"fuze": "李负责", "agent": "陈接听"},
}
PERSONAL = {"caller_name", "contact", "caller_phone"}
KINDS = {
    "text": "textfield",
    "ref": "textfield",
    "signature": "textfield",
    "phone": "textfield",
    "auto": "textfield",
    "textarea": "textarea",
    "datetime": "datetime",
    "int": "number",
    "decimal": "number",
    "files": "filepicker",
    "select": "select",
    "user": "select",
    "org": "select",
    "multiselect": "checklist",
    "users": "taglist",
    "orgs": "taglist",
    "table": "dynamiclist",
}


def path_of(name: str) -> Path:
    return ROOT / "forms" / str(FACTS["forms"][name]["folder"]) / f"{name}.form"


def form(name: str) -> Form:
    return read_form(path_of(name).read_bytes())


def wrong(name: str, values: Mapping[str, Any], current: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Field → Chinese sentence of what ``validate`` complains about."""
    try:
        form(name).validate(values, current or {}, NOW, OPTIONS, "agent")
    except FormInvalid as invalid:
        return {error.field: error.zh for error in invalid.fields}
    return {}


def filled(name: str, **changes: Any) -> dict[str, Any]:
    """Plausible values for everything the form requires, changed as wished; None leaves a key out."""
    values = {field.key: plausible(field) for field in form(name).fields if field.required} | changes
    return {key: value for key, value in values.items() if value is not None}


def plausible(field: Field) -> Any:
    if field.kind == "dynamiclist":
        return [{"measure": "整改", "person": "fuze", "due": "2026-11-30"}]
    if field.kind == "datetime":
        return "2026-11-22T09:30"
    first: Any = (
        next(iter(OPTIONS[field.options])) if field.options else field.choices[0].value if field.choices else "内容"
    )
    return [first] if field.kind in ("checklist", "taglist") else first


CALL = {"contact": "微信 wx1", "can_answer_now": True, "answer_content": "已答复", "identity_kind": "实名"}


# ---- facts


def test_there_is_one_form_for_each_user_task_of_the_main_job() -> None:
    assert {path.stem for path in ROOT.glob("forms/*/*.form")} >= set(FACTS["forms"])


@pytest.mark.parametrize("name", FACTS["forms"])
def test_keys_marks_labels_and_sources_are_those_of_the_requirements(name: str) -> None:
    shown = []
    for field in form(name).fields:
        mark = "=" if field.readonly else "*" if field.required else ""
        shown.append([field.key, mark, field.zh, field.properties["source"]])
    assert shown == [[key, mark, label, source] for key, mark, _, label, source in FACTS["forms"][name]["fields"]]


@pytest.mark.parametrize("name", FACTS["forms"])
def test_kinds_and_choices_are_those_of_the_requirements(name: str) -> None:
    for field, (key, mark, kind, _, _) in zip(form(name).fields, FACTS["forms"][name]["fields"], strict=True):
        expected = ("radio" if mark == "*" else "checkbox") if kind == "bool" else KINDS[kind]
        assert field.kind == ("datetime" if key == "opened_at" else expected), key
        if kind in ("select", "multiselect"):
            assert [choice.value for choice in field.choices] == FACTS["choices"][key]
        if kind == "table":
            assert [column.zh for column in field.columns] == FACTS["choices"][key]
        if field.kind == "radio":
            assert [(choice.zh, choice.value) for choice in field.choices] == [("是", True), ("否", False)]
        if kind in ("user", "users", "org", "orgs"):
            assert field.options == ("users" if kind.startswith("user") else "units")


@pytest.mark.parametrize("name", FACTS["forms"])
def test_every_form_is_sound_bilingual_and_named_like_its_file(name: str) -> None:
    content = path_of(name).read_bytes()
    assert check_form(content, name) == []
    schema = json.loads(content)
    assert schema["id"] == name == form(name).id
    assert content.decode() == json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
    for group in form(name).groups:
        assert group.label("en").isascii()
        assert group.label("zh") != group.label("en")
        for field in group.fields:
            for part in (field, *field.columns):
                assert part.label("en").isascii(), part.key
                assert bool(part.help_zh) == bool(part.properties.get("descriptionEn")), part.key
                assert all(choice.en.isascii() for choice in part.choices), part.key
            for message in ("required", "check"):
                assert (f"{message}Zh" in field.properties) == (f"{message}En" in field.properties), field.key


def test_callers_data_are_personal_and_nothing_else_is() -> None:
    marked = {(name, key) for name in FACTS["forms"] for key in form(name).personal_keys}
    there = {(name, field.key) for name in FACTS["forms"] for field in form(name).fields if field.key in PERSONAL}
    assert marked == there
    assert {name for name, _ in marked} == {"UC01-0", "UC01-1", "UC01-2"}


@pytest.mark.parametrize("name", FACTS["forms"])
def test_a_form_filled_in_plausibly_is_accepted(name: str) -> None:
    extra: dict[str, dict[str, Any]] = {
        "UC01-0": {"contact": "微信 wx1"},
        "UC01-1": CALL,
        "UC01-2": {key: CALL[key] for key in ("contact", "can_answer_now", "answer_content")},
        "UC03-3": {"duty_definition": "属业务二部"},
        "UC09-2": {"signature": "周部长"},
        "UC13-1": {"arch_missing": "无转办单"},
        "UC09-4": {"quality_check": FACTS["choices"]["quality_check"]},
    }
    current = {
        "handled_at": "2026-11-20T01:00:00+00:00",
        "handling_unit": "ywb",
        "handler": "fuze",
        "reply_situation": "已电话回复",
    }
    assert wrong(name, filled(name, **extra.get(name, {})), current) == {}


# ---- starting values


def test_a_call_starts_with_what_is_known() -> None:
    values = form("UC01-1").initial_values({"case_no": "20261122-0001"}, datetime(2026, 11, 22, 1, 30, 42, 7, UTC))
    assert values["case_no"] == "20261122-0001"
    assert values["receipt_no"] == "20261122-0001-H"
    assert values["org_profile"] == "S01"
    assert values["received_at"] == "2026-11-22T01:30:00.000000+00:00"
    assert values["urgency"] == "一般"
    assert values["problem_desc"] is None
    assert values["major_factors"] == []
    assert values["promise_told"] is False


def test_judgements_of_an_earlier_round_are_not_offered_again_but_texts_are() -> None:
    case = {
        "report_body": "第一轮报告",
        "satisfaction": "不满意",
        "unsat_reason": "太慢",
        "feedback_at": "2026-11-01T01:00:00+00:00",
        "feedback_by": "agent",
    }
    values = form("UC10-1").initial_values(case, NOW, "fuze")
    assert (values["satisfaction"], values["unsat_reason"]) == (None, None)
    assert values["feedback_by"] == "fuze"
    assert values["feedback_at"] == "2026-11-22T01:30:00.000000+00:00"
    assert values["report_body"] == "第一轮报告"
    assert form("UC10-2").initial_values(case, NOW)["unsat_reason"] == "太慢"
    assert form("UC09-1").initial_values(case, NOW)["report_body"] == "第一轮报告"


def test_the_system_fills_in_what_only_it_knows() -> None:
    values = filled("UC03-1", claimed_by=None)
    clean = form("UC03-1").validate(values, {}, NOW, OPTIONS, "fuze", {"opened_at": "2026-11-22T01:00:00.000000+00:00"})
    assert clean["opened_at"] == "2026-11-22T01:00:00.000000+00:00"
    assert clean["claimed_by"] == "fuze"
    assert form("UC02-1").validate(filled("UC02-1"), {"case_no": "20261122-0001"}, NOW, OPTIONS)["dispatch_at"] == (
        "2026-11-22T01:30:00.000000+00:00"
    )
    assert form("UC01-0").validate(filled("UC01-0", contact="x1"), {}, NOW)["channel"] == "网络平台"


# ---- rules of section 3.3: (form, values changed, case, field complained about, part of the sentence)

RULES: list[tuple[str, dict[str, Any], dict[str, Any], str, str]] = [
    ("UC01-0", {"identity_kind": "实名"}, {}, "contact", "S01 三(二)1"),
    ("UC01-1", CALL | {"contact": None}, {}, "contact", "S01 三(二)1"),
    ("UC01-2", {"answer_content": "已答复"}, {}, "contact", "S01 三(二)1"),
    ("UC01-1", CALL | {"answer_content": None}, {}, "answer_content", "S01 三(二)2"),
    (
        "UC01-1",
        CALL | {"can_answer_now": False, "promised_reply_at": "2026-11-25T17:00"},
        {},
        "promise_told",
        "S01 三(二)2",
    ),
    ("UC01-1", CALL | {"can_answer_now": False, "promise_told": True}, {}, "promised_reply_at", "S01 三(二)2"),
    (
        "UC01-1",
        CALL | {"major_factors": ["业务金额超过5万元"], "business_amount": 50000},
        {},
        "major_factors",
        "系统判定",
    ),
    (
        "UC01-2",
        {"contact": "wx1", "can_answer_now": False, "promise_told": True},
        {},
        "promised_reply_at",
        "S01 三(二)2",
    ),
    ("UC02-1", {"dispatch_type": "主办会办", "co_units": ["ywb2"]}, {}, "lead_unit", "S03 §6"),
    ("UC02-1", {"dispatch_type": "主办会办", "lead_unit": "ywb"}, {}, "co_units", "S03 §6"),
    (
        "UC02-1",
        {"dispatch_type": "主办会办", "lead_unit": "ywb", "co_units": ["ywb", "ywb2"]},
        {},
        "lead_unit",
        "S03 §6",
    ),
    ("UC02-1", {"dispatch_type": "分别转派", "handling_units": ["ywb"]}, {}, "handling_units", "S03 §6"),
    ("UC02-1", {"copy_discipline": False}, {"category": "投诉举报"}, "copy_discipline", "S01 三(三)3"),
    ("UC03-2", {"return_basis": None}, {}, "return_basis", "请填写"),
    ("UC03-3", {"return_decision": "同意退回"}, {}, "duty_definition", "S03 §12"),
    ("UC03-3", {"return_decision": "不同意退回"}, {}, "return_reject_reason", "S03 §12"),
    ("UC05-1", {"is_liable": True}, {}, "liable_rule", "S14 §5"),
    (
        "UC05-1",
        {"invest_conclusion": "部分属实", "remedy": "x", "apology": "x"},
        {"org_profile": "S06"},
        "prevention",
        "S06 二",
    ),
    ("UC06-1", {"plan_due": "2026-12-01T00:00"}, {"due_at": "2026-11-30T15:59:59+00:00"}, "plan_due", "S11 §8(二)"),
    ("UC06-2", {"sign_decision": "退回修改"}, {}, "sign_opinion", "S01 四(四)1"),
    ("UC07-1", {"help_needed": True}, {}, "help_request", "S01 四(三)2"),
    ("UC09-2", {"sign_decision": "同意"}, {}, "signature", "S01 四(四)1"),
    ("UC09-2", {"sign_decision": "退回修改"}, {}, "sign_opinion", "S01 四(四)1"),
    (
        "UC09-4",
        {"quality_check": ["简明扼要"], "close_decision": "同意办结"},
        {"handled_at": "x", "handling_unit": "x", "handler": "x", "reply_situation": "x"},
        "quality_check",
        "S03 §14(二)",
    ),
    (
        "UC09-4",
        {"quality_check": FACTS["choices"]["quality_check"], "close_decision": "同意办结"},
        {"handled_at": "x", "handling_unit": "x", "handler": "x"},
        "close_decision",
        "S03 §14(一)",
    ),
    ("UC09-4", {"close_decision": "不同意办结"}, {}, "redo_reason", "S03 §14"),
    ("UC09-5", {"sign_decision": "退回修改"}, {}, "sign_opinion", "S01 四(四)1"),
    ("UC09-6", {"sign_decision": "退回修改"}, {}, "sign_opinion", "S01 四(四)1"),
    ("UC09-7", {"text_decision": "退回修改"}, {}, "sign_opinion", "S01 四(四)1"),
    ("UC10-1", {"satisfaction": "不满意"}, {}, "unsat_reason", "S01 四(四)2"),
    ("UC13-1", {"arch_items": ["转办单"]}, {}, "arch_missing", "S01 六(二)2"),
]

#: The same rules kept: what makes each of the above right, or not apply.
KEPT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("UC01-0", {"identity_kind": "匿名"}, {}),
    ("UC01-1", CALL | {"contact": None, "identity_kind": "匿名"}, {}),
    ("UC01-1", CALL | {"contact": None, "caller_phone": "0571-87654321转801"}, {}),
    ("UC01-2", {"answer_content": "已答复"}, {"identity_kind": "匿名"}),
    ("UC01-2", {"answer_content": "已答复"}, {"contact": {"person": "p", "field": "contact", "sha256": "0"}}),
    (
        "UC01-1",
        CALL
        | {
            "can_answer_now": False,
            "answer_content": None,
            "promise_told": True,
            "promised_reply_at": "2026-11-25T17:00",
        },
        {},
    ),
    ("UC02-1", {"dispatch_type": "主办会办", "lead_unit": "ywb", "co_units": ["ywb2"]}, {}),
    ("UC02-1", {"dispatch_type": "分别转派", "handling_units": ["ywb", "ywb2"]}, {}),
    ("UC02-1", {"copy_discipline": False}, {"category": "投诉举报", "org_profile": "S02"}),
    ("UC02-1", {"copy_discipline": False}, {"category": "业务咨询"}),
    ("UC03-3", {"return_decision": "不同意退回", "return_reject_reason": "属其职责"}, {}),
    ("UC05-1", {"is_liable": True, "liable_rule": "服务规范第三条"}, {}),
    ("UC05-1", {"invest_conclusion": "属实"}, {"org_profile": "S01"}),
    ("UC05-1", {"invest_conclusion": "不属实"}, {"org_profile": "S06"}),
    ("UC06-1", {"plan_due": "2026-11-30T23:59"}, {"due_at": "2026-11-30T15:59:59+00:00"}),
    ("UC06-1", {"plan_due": "2026-12-01T00:00"}, {}),
    ("UC06-2", {"sign_decision": "退回修改", "sign_opinion": "措施不明"}, {}),
    ("UC07-1", {"help_needed": True, "help_request": "需法务支持"}, {}),
    ("UC07-1", {"help_needed": False}, {}),
    ("UC09-2", {"sign_decision": "退回修改", "sign_opinion": "依据不足"}, {}),
    ("UC09-4", {"close_decision": "不同意办结", "redo_reason": "答非所问"}, {}),
    ("UC10-1", {"satisfaction": "不满意", "unsat_reason": "太慢"}, {}),
    ("UC10-1", {"satisfaction": "未联系上"}, {}),
    ("UC13-1", {"arch_items": FACTS["choices"]["arch_items"]}, {}),
]


@pytest.mark.parametrize(("name", "changes", "case", "field", "says"), RULES)
def test_a_rule_that_is_broken_is_named_at_its_field(
    name: str, changes: dict[str, Any], case: dict[str, Any], field: str, says: str
) -> None:
    found = wrong(name, filled(name, **changes), case)
    assert set(found) == {field}
    assert says in found[field]


@pytest.mark.parametrize(("name", "changes", "case"), KEPT)
def test_a_rule_that_is_kept_lets_the_form_through(name: str, changes: dict[str, Any], case: dict[str, Any]) -> None:
    assert wrong(name, filled(name, **changes), case) == {}


def test_the_amount_decides_the_major_factor() -> None:
    intake = form("UC01-1")
    over = intake.validate(
        filled("UC01-1", **CALL, business_amount="50000.01", major_factors=["跨省"]), {}, NOW, OPTIONS
    )
    assert over["major_factors"] == ["业务金额超过5万元", "跨省"]
    assert over["business_amount"] == 50000.01
    assert intake.validate(filled("UC01-1", **CALL, business_amount=50000), {}, NOW, OPTIONS)["major_factors"] == []


def test_the_copy_to_discipline_inspection_is_locked_for_complaints() -> None:
    dispatch, case = form("UC02-1"), {"category": "投诉举报", "org_profile": "S01"}
    assert dispatch.initial_values(case, NOW)["copy_discipline"] is True
    assert dispatch.initial_values(case | {"copy_discipline": False}, NOW)["copy_discipline"] is True
    assert "copy_discipline" in dispatch.locked(case, NOW)
    assert dispatch.validate(filled("UC02-1"), case, NOW, OPTIONS)["copy_discipline"] is True
    assert "copy_discipline" not in dispatch.locked(case | {"category": "求助"}, NOW)
    assert dispatch.validate(filled("UC02-1"), {"category": "求助"}, NOW, OPTIONS)["copy_discipline"] is False


def test_fields_that_do_not_apply_are_not_asked_for() -> None:
    intake = form("UC01-1")
    assert "answer_content" in intake.shown({"can_answer_now": True}, NOW)
    assert "promised_reply_at" not in intake.shown({"can_answer_now": True}, NOW)
    assert "bank_problem" not in intake.shown({"org_profile": "S01"}, NOW)
    assert "bank_problem" in intake.shown({"org_profile": "S14"}, NOW)


def test_closing_unsatisfied_is_explained_to_the_leading_group() -> None:
    field = form("U01-5").field("further_action")
    assert field is not None
    assert "提请领导小组" in field.help("zh")
    assert "以“不满意”办结" in field.help("zh")


def test_errors_speak_the_readers_language() -> None:
    with pytest.raises(FormInvalid) as caught:
        form("UC10-1").validate(filled("UC10-1", satisfaction="不满意"), {}, NOW, OPTIONS)
    with speaking("en"):
        assert str(caught.value.fields[0]) == "If not satisfied, the reason is needed (S01 四(四)2)."
    assert str(caught.value.fields[0]).startswith("不满意的")
