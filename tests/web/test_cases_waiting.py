"""What the pages say of a case that waits for something else than people, or stands still."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Engine
from engine.commands import (
    CorrectValues,
    FailExternal,
    FetchAndLock,
    PauseDeadline,
    PublishVersion,
    StartCase,
    SuspendCase,
    SuspendProcedure,
)
from tests.bpmn.drawing import END, MESSAGE, SIGNAL, START, boundary, document, flows, timer
from tests.engine.test_deadlines import task

CATCH = '<intermediateCatchEvent id="{id}" name="{name}">{event}</intermediateCatchEvent>'
DIAGRAM = document(
    START
    + '<parallelGateway id="split"/><parallelGateway id="join"/><endEvent id="late_end"/>'
    + task("a", deadline="handling", deadlineLimit="2 d").replace('name="a"', 'name="核对"')
    + boundary("late", "a", timer("${handling_due}", "timeDate"), interrupting=False)
    + CATCH.format(id="t", name="回访日", event=timer("PT48H"))
    + CATCH.format(id="m", name="回函", event=MESSAGE)
    + CATCH.format(id="s", name="", event=SIGNAL)
    + CATCH.format(
        id="c",
        name="材料齐全",
        event="<conditionalEventDefinition><condition>${ready == true}</condition></conditionalEventDefinition>",
    )
    + '<serviceTask id="x" name="识别附件" camunda:type="external" camunda:topic="ocr"/>'
    + END
    + flows("start>split", *(f"split>{one}" for one in "atmscx"), *(f"{one}>join" for one in "atmscx"))
    + flows("join>end", "late>late_end")
)


@pytest.fixture
def number(engine: Engine) -> str:
    """A case of the owner of procedures that waits for everything there is."""
    engine.handle(PublishVersion(files={"p.bpmn": DIAGRAM}, actor="system"))
    values = {"ready": False}
    return engine.handle(StartCase(procedure="p", values=values, actor="liucheng")).case


def test_a_case_says_why_it_waits(signed: Any, engine: Engine, number: str) -> None:
    told = signed("kefu").get(f"/cases/{number}").words(".hy-waits")
    for words in (
        "为何在等待",
        "等待“回访日”：到 2026-11-25 09:00。",
        "等待“回函”：收到消息“paid”。",
        "等待“信号等待事件”：收到信号“go”。",
        "等待“材料齐全”：条件成立。",
        "等待“核对 · 定时边界事件”：到 2026-11-25 09:00。",
        "等待“识别附件”：外部程序办理（ocr）。",
    ):
        assert words in told, told
    engine.handle(PauseDeadline(case=number, key="handling", reason="r", actor="kefu"))
    assert "“核对 · 定时边界事件”的时点随时限暂停" in signed("kefu").get(f"/cases/{number}").words(".hy-waits")


def test_a_case_says_what_became_of_work_outside(signed: Any, engine: Engine, number: str) -> None:
    (work,) = engine.handle(FetchAndLock(topics=["ocr"], worker="w", actor="system"))
    assert "外部程序正在办理（ocr）" in signed("kefu").get(f"/cases/{number}").words(".hy-waits")
    engine.handle(FailExternal(task=work.id, worker="w", message="坏文件", retries=0, actor="system"))
    assert "多次失败，须有人处置" in signed("kefu").get(f"/cases/{number}").words(".hy-waits")


def test_a_suspended_case_says_so_wherever_its_tasks_are(signed: Any, engine: Engine, number: str) -> None:
    kefu = signed("kefu")
    (waiting,) = engine.open_tasks(case=number)
    form = kefu.get(f"/tasks/{waiting.id}").form(waiting.id)
    engine.handle(SuspendCase(case=number, reason="督查组调阅", actor="liucheng"))

    page = kefu.get(f"/cases/{number}")
    assert "已挂起" in page.words(".hy-case-meta") and page.find(".hy-status-suspended")
    assert "已挂起（黄思远，2026-11-23 09:00）" in page.words(".hy-waits") and "督查组调阅" in page.words(".hy-waits")
    assert f"/tasks/{waiting.id}" not in page.text

    listed = kefu.get("/?tab=pool")
    assert "已挂起" in listed.words("tbody") and "恢复办理后才能提交" in listed.words("tbody")
    page = kefu.get(f"/tasks/{waiting.id}")
    assert "现在不能提交" in page.words(".alert") and "督查组调阅" in page.words(".alert")
    assert "_submit" not in page.text
    # Whoever had the page open is told the same.
    assert kefu.send(form, "_submit").status == 422 and engine.open_tasks(case=number)


def test_who_repairs_suspends_and_resumes_on_the_page_of_a_case(signed: Any, engine: Engine, number: str) -> None:
    assert not signed("kefu").get(f"/cases/{number}").find("#suspend-reason")
    owner = signed("liucheng")
    page = owner.send(owner.get(f"/cases/{number}").form("/suspend"), reason=" ")
    assert page.status == 422 and "请说明挂起原因" in page.words("#suspend-error")
    page = owner.send(page.form("/suspend"), reason="核实情况")
    assert page.status == 200 and engine.case(number).status == "suspended"
    assert "将诉求件挂起" in page.words(".hy-timeline") and "核实情况" in page.words(".hy-timeline")
    page = owner.send(page.form("/resume"))
    assert engine.case(number).status == "open" and "恢复办理诉求件" in page.words(".hy-timeline")
    assert owner.send(page.form("/suspend"), reason="x" * 1_001).status == 422


def test_who_may_not_suspend_is_refused(signed: Any, engine: Engine, number: str) -> None:
    kefu = signed("kefu")
    form = kefu.get(f"/cases/{number}").form("/cancel")
    form.action = f"/cases/{number}/suspend"
    assert kefu.send(form, reason="r").status == 403 and engine.case(number).status == "open"


def test_a_case_suspended_with_its_procedure_says_so(signed: Any, engine: Engine, number: str) -> None:
    engine.handle(SuspendProcedure(procedure="p", reason="制度修订", cases=True, actor="liucheng"))
    page = signed("kefu").get(f"/cases/{number}")
    assert "所属流程已挂起" in page.words(".hy-waits") and "制度修订" in page.words(".hy-waits")
    assert "随流程挂起诉求件" in page.words(".hy-timeline")


def test_a_correction_shows_what_was_and_what_is(signed: Any, engine: Engine, number: str) -> None:
    engine.handle(CorrectValues(case=number, values={"ready": "待补"}, reason="误填", actor="liucheng"))
    story = signed("kefu").get(f"/cases/{number}").words(".hy-timeline")
    assert "人工更正数据" in story and "否 → 待补" in story and "误填" in story


def test_the_same_in_english(signed: Any, engine: Engine, number: str) -> None:
    engine.handle(SuspendCase(case=number, reason="audit", actor="liucheng"))
    kefu = signed("kefu")
    kefu.send(kefu.get("/").form("/language"), "language=en")
    told = kefu.get(f"/cases/{number}").words("main")
    for words in ("Suspended", "Why is it waiting?", "“Signal event”: waits for the signal “go”."):
        assert words in told, told
