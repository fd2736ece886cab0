"""Every kind of log entry is told in a sentence that a member of staff understands, in Chinese and in English."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask, session

from engine import Engine, LogEntry
from engine.events import COMMANDS, FACTS, Chain
from tests.bpmn.drawing import END, START, document, flows
from tests.engine.steps import publish
from webui import replay
from webui.language import Code

#: The diagram the entries below are about. ``tx`` has no name: its kind stands for it.
DIAGRAM = document(
    START
    + '<userTask id="check" name="核对"><extensionElements><camunda:properties>'
    + '<camunda:property name="nameEn" value="Check"/></camunda:properties></extensionElements></userTask>'
    + '<transaction id="tx"><userTask id="pay" name="付款"/></transaction>'
    + '<boundaryEvent id="undone" attachedToRef="tx"><cancelEventDefinition/></boundaryEvent><endEvent id="end2"/>'
    + END
    + flows("start>check", "check>tx", "tx>end", "undone>end2")
)

FIRST, LATER = "2026-11-23T01:00:00.000000+00:00", "2026-11-24T01:00:00.000000+00:00"
CLOCK = {"key": "3", "kind": "handling", "label": "办理", "reason": "等待补正材料"}
MOVED = {**CLOCK, "before": FIRST, "due": LATER}
PLACE = {"process": "p", "token": 3}

#: kind → (element, data, what the sentence says in Chinese, in English). Moments are those of Shanghai.
TOLD: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "case_started": ("", {"procedure": "p", "version": 1}, "登记诉求件", "Registered the case on version 1"),
    "task_claimed": ("check", {"task": "1.3"}, "认领“核对”", "Claimed “Check”"),
    "task_unclaimed": ("check", {"task": "1.3"}, "退回“核对”", "“Check”"),
    "task_completed": ("check", {"task": "1.3", "values": {}}, "完成“核对”", "Finished “Check”"),
    "message_received": ("", {"name": "补件", "values": {}}, "收到消息“补件”", "Message “补件” arrived"),
    "signal_received": ("", {"name": "台风", "values": {}}, "收到信号“台风”", "“台风”"),
    "timers_fired": ("", {}, "到达设定时点", "A set moment was reached"),
    "deadline_paused": ("check", CLOCK, "暂停时限“办理”", "Paused the deadline “办理”"),
    "deadline_resumed": ("check", MOVED, "由 2026-11-23 09:00 改为 2026-11-24 09:00", "instead of 2026-11-23 09:00"),
    "deadline_extended": ("check", MOVED, "由 2026-11-23 09:00 延至 2026-11-24 09:00", "2026-11-23 09:00 to"),
    "deadline_warned": ("check", {**CLOCK, "level": 0.8, "due": LATER}, "已用 80%，2026-11-24", "80% of the deadline"),
    "deadline_missed": ("check", {**CLOCK, "due": FIRST}, "已超期，应于 2026-11-23 09:00", "is overdue"),
    "external_completed": ("check", {"worker": "w", "values": {}}, "外部程序完成“核对”", "finished “Check”"),
    "external_fault": ("check", {"worker": "w", "code": "E1", "message": "m"}, "业务错误 E1", "the error E1"),
    "case_cancelled": ("", {"reason": "重复"}, "撤销诉求件", "Cancel"),
    "note_added": ("", {"text": "已告知"}, "添加备注", "Add a note"),
    "person_revealed": ("", {"fields": [], "reason": ""}, "查看诉求人信息", "caller's data"),
    "incident_raised": ("check", {"zh": "失败", "en": "failed"}, "流程在“核对”处出现异常", "failed at “Check”"),
    "incident_repeated": ("check", {"zh": "失败", "en": "failed"}, "再次出现异常", "failed again at “Check”"),
    "incident_resolved": ("", {"incident": 4, "how": "skipped"}, "跳过该环节", "passed by"),
    "values_corrected": ("", {"values": {"n": 2}, "reason": "笔误"}, "人工更正数据", "Corrected values by hand"),
    "case_modified": (
        "",
        {"cancel": [3], "begin": [{"process": "p", "element": "check"}], "values": {}, "reason": "改派"},
        "撤销 1 处，从“核对”继续",
        "goes on at “Check”",
    ),
    "case_migrated": ("", {"from": {"version": 1}, "to": {"version": 2}}, "由第 1 版迁移到第 2 版", "1 to version 2"),
    "case_suspended": ("", {"reason": "核实"}, "将诉求件挂起", "Suspended the case"),
    "case_resumed": ("", {"reason": ""}, "恢复办理", "Resumed the case"),
    "intervention_asked": ("", {"approval": 1, "command": "CorrectValues"}, "申请：更正数据", "Asked for: Correct"),
    "intervention_agreed": ("", {"approval": 1, "asked_by": "liucheng"}, "的申请", "Agreed to what"),
    "intervention_refused": ("", {"approval": 1, "decision": "withdrawn"}, "撤回申请", "Withdrew the request"),
    "element_began": ("tx", {**PLACE, "type": "transaction", "name": ""}, "到达“事务”", "Reached “Transaction”"),
    "element_ended": ("undone", {**PLACE, "flows": []}, "“取消边界事件”结束", "“Cancel boundary event”"),
    "element_cancelled": ("tx", PLACE, "“事务”已取消", "“Transaction”"),
    "element_skipped": ("check", PLACE, "人工决定跳过“核对”", "pass “Check” by"),
    "token_placed": ("check", PLACE, "人工指定从“核对”继续", "go on at “Check”"),
    "task_opened": ("check", {**PLACE, "name": "核对", "roles": [], "users": []}, "产生待办“核对”", "“Check”"),
    "task_moved": ("check", {**PLACE, "due": LATER, "held": False}, "时限为 2026-11-24 09:00", "is due 2026-11-24"),
    "values_set": ("check", {**PLACE, "values": {"n": 1}, "before": {"n": None}}, "写入“n”", "“n”"),
    "decision_made": ("check", {**PLACE, "decision": "d", "inputs": {}, "rules": [], "outputs": {}}, "决策表 d", "d"),
    "timer_armed": ("check", {**PLACE, "due": LATER}, "2026-11-24 09:00", "2026-11-24 09:00"),
    "timer_held": ("check", PLACE, "随时限暂停", "stands still"),
    "timer_fired": ("check", {**PLACE, "due": LATER}, "2026-11-24 09:00", "2026-11-24 09:00"),
    "message_sent": ("check", {**PLACE, "name": "催办", "key": "K1"}, "发出消息“催办”（关联键 K1）", "(key K1)"),
    "message_caught": ("check", {**PLACE, "name": "催办"}, "“核对”收到消息“催办”", "“Check” received"),
    "signal_thrown": ("check", {**PLACE, "name": "台风"}, "发出信号“台风”", "“台风”"),
    "signal_caught": ("check", {**PLACE, "name": "台风"}, "“核对”收到信号“台风”", "“Check” received"),
    "condition_met": ("check", {**PLACE, "condition": "${n > 1}"}, "条件成立：${n > 1}", "holds: ${n > 1}"),
    "clock_started": ("check", {**PLACE, **CLOCK, "due": LATER}, "时限“办理”开始", "Deadline “办理” begins"),
    "clock_moved": ("check", {**PLACE, **CLOCK, "due": LATER}, "定为 2026-11-24 09:00", "is set to 2026-11-24 09:00"),
    "clock_paused": ("check", {**PLACE, **CLOCK}, "随“等待补正材料”暂停", "during “等待补正材料”"),
    "clock_resumed": ("check", {**PLACE, **CLOCK}, "“办理”恢复计时", "“办理” goes on"),
    "clock_ended": ("check", {**PLACE, **CLOCK, "cancelled": True}, "不再计时", "is withdrawn"),
    "error_thrown": ("check", {**PLACE, "code": "E1", "message": "余额不足"}, "错误 E1：余额不足", "E1: 余额不足"),
    "escalation_thrown": ("check", {**PLACE, "code": "U1"}, "“核对”上报 U1", "escalated U1"),
    "compensation_thrown": ("check", {**PLACE, "activity": "pay"}, "要求撤销已完成的“付款”", "asks to undo “付款”"),
    "compensation_began": ("check", {**PLACE, "activity": "pay"}, "开始撤销已完成的“付款”", "begins to undo “付款”"),
    "compensation_ended": ("check", PLACE, "“核对”的撤销完成", "finished undoing"),
    "transaction_cancelled": ("tx", PLACE, "事务“事务”取消", "The transaction “Transaction” is cancelled"),
    "send_requested": ("check", {**PLACE, "topic": "notify", "values": {}}, "请求发送 notify", "notify"),
    "external_opened": ("check", {**PLACE, "topic": "ocr", "values": {}}, "等待外部程序办理（ocr）", "outside (ocr)"),
    "ledger_noted": ("check", {**PLACE, "values": {"ledger": "督办台账"}}, "“核对”记入督办台账", "noted in 督办台账"),
    "case_closed": ("", {}, "诉求件办结", "finished"),
}  # fmt: skip


@pytest.fixture
def company_with_diagram(engine: Engine) -> Engine:
    publish(engine, DIAGRAM)
    return engine


def log(*told: tuple[str, str, dict[str, Any]]) -> list[LogEntry]:
    chain = Chain("20261123-0001")
    for kind, element, data in told:
        chain.add(FIRST, "liucheng", kind, element, data)
    return chain.added


def tell(app: Flask, engine: Engine, entries: list[LogEntry], language: Code = "zh") -> list[replay.Moment]:
    with app.test_request_context():
        session["language"] = language
        return list(replay.tell(entries, engine.version("p")))


def test_every_kind_has_a_sentence() -> None:
    assert set(TOLD) == COMMANDS | FACTS


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_kind_is_told(app: Flask, company_with_diagram: Engine, language: Code) -> None:
    wrong = []
    for kind, (element, data, *wanted) in TOLD.items():
        (moment,) = tell(app, company_with_diagram, log((kind, element, data)), language)
        said = moment.sentence
        # In English only names are Chinese: what came with the entry, what the diagram calls things.
        ours = set(re.findall(r"[\u4e00-\u9fff]", said)) - set(f"{data}付款黄思远") if language == "en" else set()
        odd = [mark for mark in (kind, "None", "%(", "{") if mark in said and mark not in str(data)]
        if wanted[language == "en"] not in said or ours or odd:
            wrong.append((kind, said))
    assert wrong == []


def test_reasons_are_told(app: Flask, company_with_diagram: Engine) -> None:
    for kind in ("deadline_paused", "values_corrected", "case_modified", "case_suspended", "case_cancelled"):
        element, data, _zh, _en = TOLD[kind]
        (moment,) = tell(app, company_with_diagram, log((kind, element, data)))
        assert (moment.note, moment.actor) == (data["reason"], "黄思远")


def test_a_deadline_says_when_it_was_due_before(app: Flask, company_with_diagram: Engine) -> None:
    entries = log(
        ("task_claimed", "check", {"task": "1.3"}),
        ("clock_started", "check", {**PLACE, **CLOCK, "due": FIRST}),
        ("clock_moved", "check", {**PLACE, **CLOCK, "due": LATER}),
        ("task_opened", "check", {**PLACE, "name": "核对", "due": FIRST}),
        ("task_moved", "check", {**PLACE, "due": LATER, "held": False}),
    )
    told = [moment.sentence for moment in tell(app, company_with_diagram, entries)]
    assert told[2] == "时限“办理”由 2026-11-23 09:00 延至 2026-11-24 09:00"
    assert told[4] == "待办“核对”的时限由 2026-11-23 09:00 改为 2026-11-24 09:00"


def test_what_else_belongs_to_a_repair_is_told(app: Flask, company_with_diagram: Engine) -> None:
    data = {
        "task": "1.3",
        "values": {},
        "retried_by": "admin",
        "retry_reason": "补录后重做",
        "agreed_by": "liucheng",
        "skips": [{"process": "p", "element": "check", "flow": None}],
        "corrected": {"n": 7},
    }
    (moment,) = tell(app, company_with_diagram, log(("task_completed", "check", data)))
    told = " ".join(moment.asides)
    for words in ("由 林伟 重做", "补录后重做", "经 黄思远 同意", "跳过“核对”", "“n”原填：7"):
        assert words in told, told
