"""From the call to the next person's task, by filling in forms without scripts."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Engine
from engine.clock import to_text
from engine.commands import ClaimTask, CompleteTask, ErasePerson, SaveDraft, StartCase
from engine.errors import NotAllowed
from engine.settings import Settings
from engine.storage.database import Database
from engine.storage.vault import Vault
from tests.conftest import FakeClock
from tests.web.conftest import COMPLAINT
from tests.web.visitor import Page, Visitor, said
from webui import create_app


def task_of(engine: Engine, number: str, form: str) -> str:
    return next(task.id for task in engine.open_tasks(case=number) if task.form == form)


def register(agent: Visitor, **changes: Any) -> Page:
    return agent.fill(agent.get("/intake"), "/intake", {**COMPLAINT, **changes})


DISPATCH: dict[str, Any] = {
    "handling_units": ["ywb"],
    "dispatch_type": "转交办理",
    "dispatch_mode": "系统",
    "dispatch_note": "请按时限办理。",
    "due_at": "2026-11-30T17:30",
}


def test_registering_a_call_opens_a_case_and_says_what_to_tell_the_caller(signed: Any, engine: Engine) -> None:
    page = register(signed("agent"))
    assert page.status == 200 and page.path.startswith("/intake/2")
    number = page.words(".hy-receipt-number")
    case = engine.case(number)
    assert case.values["problem_desc"] == COMPLAINT["problem_desc"] and case.values["can_answer_now"] is False
    assert "预计回复时间" in page.words("main") and "派单" in page.words(".hy-next")
    assert "张伟" not in page.text and "13812345678" not in page.text


def test_bad_input_comes_back_with_a_message_at_each_field_and_nothing_lost(signed: Any, engine: Engine) -> None:
    page = register(
        signed("agent"),
        category=None,
        problem_desc="",
        contact="",
        ring_count="三声",
        demand="<b>查清</b>",
        attachments=("照片.txt", b"proof"),
    )
    assert page.status == 422
    assert not engine.cases().rows
    for key in ("category", "problem_desc", "contact", "ring_count"):
        control = page.control(key)
        assert control.get("aria-invalid") == "true", key
        assert f"f-{key}-error" in (control.get("aria-describedby") or "").split()
        assert page.one(f"#f-{key}-error").text_content().strip()
        assert f"#f-{key}" in page.root.xpath("//div[@id='errors']//@href")
    assert page.control("demand").text_content().strip() == "<b>查清</b>"
    assert page.control("caller_name").get("value") == "张伟"
    assert page.control("ring_count").get("value") == "三声"
    assert page.root.xpath("//input[@name='f-need_confirmed' and @value='true']/@checked")
    assert "照片.txt" in page.words(".hy-file-list")
    assert "<b>查清</b>" not in page.text


def test_what_came_back_can_be_corrected_and_keeps_its_file(signed: Any, engine: Engine) -> None:
    agent = signed("agent")
    page = register(agent, category=None, attachments=("照片.txt", b"proof"))
    page = agent.fill(page, "/intake", {"category": "投诉举报", "attachments": None})
    number = page.words(".hy-receipt-number")
    (file,) = engine.case(number).values["attachments"]
    answer = agent.client.get(f"/attachments/{file['attachment']}")
    assert answer.data == b"proof" and answer.headers["X-Content-Type-Options"] == "nosniff"
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment;") and "filename*=UTF-8''%E7%85%A7%E7%89%87.txt" in disposition
    # A header that is not Latin-1 is an error in the server.
    assert disposition.isascii()
    assert answer.content_type == "application/octet-stream"
    assert signed("fuze2").get(f"/attachments/{file['attachment']}").status == 403


def test_a_kept_file_cannot_be_swapped_for_somebody_elses(signed: Any) -> None:
    agent = signed("agent")
    page = register(agent, category=None, attachments=("照片.txt", b"proof"))
    form = page.form("/intake")
    page = agent.send(form, "_submit", **{"f-attachments-kept": form.fields["f-attachments-kept"][:-3] + "xxx"})
    assert page.status == 400


def test_rows_are_added_and_removed_by_buttons(signed: Any) -> None:
    agent = signed("agent")
    page = agent.fill(agent.get("/intake"), "/intake", {"demand": "说明"}, button="_add=materials_received")
    assert page.status == 200 and len(page.find(".hy-row")) == 1
    assert page.control("demand").text_content().strip() == "说明"
    first = next(name for name in page.form("/intake").fields if name.startswith("f-materials_received-0-"))
    page = agent.send(page.form("/intake"), "_add=materials_received", **{first: "车票"})
    assert len(page.find(".hy-row")) == 2 and page.form("/intake").fields[first] == "车票"
    page = agent.send(page.form("/intake"), "_remove=materials_received:0")
    assert len(page.find(".hy-row")) == 1 and page.form("/intake").fields[first] == ""


def test_a_wrong_cell_is_named_by_its_row(signed: Any) -> None:
    agent = signed("agent")
    page = agent.send(agent.get("/intake").form("/intake"), "_add=materials_received")
    names = [name for name in page.form("/intake").fields if name.startswith("f-materials_received-0-")]
    page = agent.send(page.form("/intake"), "_submit", **dict.fromkeys(names, "???"))
    wrong = page.root.xpath("//*[starts-with(@id,'f-materials_received-0-') and @aria-invalid='true']")
    assert wrong
    assert any("1 ·" in line.text_content() for line in page.root.xpath("//div[@id='errors']//li"))


def test_which_fields_are_asked_follows_the_answers(signed: Any) -> None:
    agent = signed("agent")
    page = agent.get("/intake")
    hidden = page.root.xpath("//div[@data-not-asked]/@data-field")
    assert "bank_problem" in hidden and "problem_desc" not in hidden
    data = dict(page.form("/intake").form_values()) | {"f-org_profile": "S14", "_asked": "1"}
    answer = agent.client.post("/intake", data=data)
    assert answer.json is not None and "bank_problem" in answer.json["asked"]


def test_the_worklist_shows_what_waits_and_for_how_long(
    signed: Any, engine: Engine, complaint: str, clock: FakeClock
) -> None:
    kefu = signed("kefu")
    page = kefu.get("/")
    row = page.words("tbody")
    assert complaint in row and "派单" in row and "投诉举报" in row and "电话" in row and "待转办" in row
    due = engine.open_tasks(case=complaint)[0].due
    assert due is not None and "剩余" in row
    clock.forward(days=30)
    assert "超时" in kefu.get("/").words("tbody")
    assert not signed("fuze").get("/?tab=pool").find("tbody")
    assert complaint in kefu.get(f"/?tab=pool&q={complaint}").words("tbody")
    assert "没有符合" in kefu.get("/?tab=pool&q=没有这样的").words("main")


def test_claiming_moves_a_task_from_the_pool_to_mine(signed: Any, engine: Engine, complaint: str) -> None:
    kefu = signed("kefu")
    task = task_of(engine, complaint, "UC02-1")
    page = kefu.send(kefu.get("/?tab=pool").form(f"/tasks/{task}/claim"))
    assert page.path == f"/tasks/{task}" and "已认领" in page.words(".hy-flash")
    assert complaint in kefu.get("/?tab=mine").words("tbody")
    assert not kefu.get("/?tab=pool").find("tbody")
    assert "李文静" in kefu.get(f"/cases/{complaint}").words(".hy-open")
    page = kefu.send(kefu.get(f"/tasks/{task}").form("/unclaim"))
    assert complaint in page.words("tbody")


def test_a_task_shows_its_form_and_the_facts_of_its_case(signed: Any, engine: Engine, complaint: str) -> None:
    page = signed("kefu").get(f"/tasks/{task_of(engine, complaint, 'UC02-1')}")
    side = page.words(".hy-work-side")
    for words in (complaint, "投诉举报", COMPLAINT["problem_desc"], COMPLAINT["demand"], "陈晓云", "剩余"):
        assert words in side, words
    assert "S01" in page.words(".hy-help")
    # a complaint is always copied to 纪检监察部门: shown, and not to be changed
    assert page.root.xpath("//div[@data-field='copy_discipline']")
    assert not page.root.xpath("//input[@name='f-copy_discipline']")


def test_finishing_a_task_says_what_comes_next_and_takes_it_off_the_list(
    signed: Any, engine: Engine, complaint: str
) -> None:
    kefu = signed("kefu")
    task = task_of(engine, complaint, "UC02-1")
    page = kefu.fill(kefu.get(f"/tasks/{task}"), f"/tasks/{task}", DISPATCH)
    assert page.status == 200 and page.path == "/", page.words("#errors")
    assert "已提交“派单”" in page.words(".hy-flash") and "签收" in page.words(".hy-flash")
    assert not kefu.get("/?tab=pool").find("tbody")
    assert complaint in signed("fuze").get("/?tab=pool").words("tbody")


def test_a_draft_is_kept_for_its_writer_alone(signed: Any, engine: Engine, complaint: str) -> None:
    kefu, task = signed("kefu"), task_of(engine, complaint, "UC02-1")
    page = kefu.fill(kefu.get(f"/tasks/{task}"), f"/tasks/{task}", {"dispatch_note": "写到一半"}, button="_draft")
    assert page.status == 200 and "草稿已保存" in page.words(".hy-flash")
    page = kefu.get(f"/tasks/{task}")
    assert page.control("dispatch_note").text_content().strip() == "写到一半"
    assert "写到一半" not in signed("agent").get(f"/tasks/{task}").text


def test_somebody_faster_is_named_and_what_was_typed_is_shown(signed: Any, engine: Engine, complaint: str) -> None:
    kefu, task = signed("kefu"), task_of(engine, complaint, "UC02-1")
    page = kefu.get(f"/tasks/{task}")
    engine.handle(CompleteTask(task=task, values=DISPATCH, actor="agent"))
    page = kefu.fill(page, f"/tasks/{task}", {**DISPATCH, "dispatch_note": "我写了很久"})
    assert page.status == 409
    assert "陈晓云" in page.words(".alert")
    assert "我写了很久" in page.words("main")
    assert kefu.get(f"/tasks/{task}").status == 409


def test_a_task_somebody_else_claimed_is_not_to_be_finished(signed: Any, engine: Engine, complaint: str) -> None:
    kefu, task = signed("kefu"), task_of(engine, complaint, "UC02-1")
    engine.handle(ClaimTask(task=task, actor="agent"))
    page = kefu.fill(kefu.get(f"/tasks/{task}"), f"/tasks/{task}", {**DISPATCH, "dispatch_note": "我写了很久"})
    assert page.status == 403 and engine.open_tasks(case=complaint)[0].id == task
    assert "认领" in page.words(".alert") and "我写了很久" in page.words("main")


def test_callers_are_masked_until_somebody_looks_and_the_look_is_logged(
    signed: Any, engine: Engine, complaint: str
) -> None:
    kefu, task = signed("kefu"), task_of(engine, complaint, "UC02-1")
    page = kefu.get(f"/tasks/{task}")
    assert "张伟" not in page.text and "13812345678" not in page.text
    assert "张**" in page.words(".hy-work-side") and "138****5678" in page.words(".hy-work-side")
    assert engine.masked_person(complaint, "kefu") == {"caller_name": "张**", "contact": "138****5678"}
    assert not engine.access_log("shenji").rows
    page = kefu.fill(page, f"/tasks/{task}", {"dispatch_note": "写到一半"}, button="_reveal")
    assert "张伟" in page.words(".hy-work-side") and "13812345678" in page.words(".hy-work-side")
    assert page.control("dispatch_note").text_content().strip() == "写到一半"
    page = kefu.get(f"/cases/{complaint}")
    assert "张伟" not in page.text and "查看诉求人信息" in page.words(".hy-timeline")
    page = kefu.send(page.form(f"/cases/{complaint}/reveal"))
    assert "张伟" in page.words(".hy-case-side")
    assert [entry.action for entry in engine.access_log("shenji").rows] == ["RevealPerson", "RevealPerson"]
    assert signed("shenji").client.post(f"/cases/{complaint}/reveal").status_code == 400


def test_the_worklist_asks_the_database_the_same_with_many_cases(web_settings: Settings, clock: FakeClock) -> None:
    told: list[str] = []
    database = Database.open(web_settings.database_url, watch=told.append)
    with Engine(database, Vault(web_settings, database), clock) as engine:
        kefu = Visitor(create_app(engine, web_settings))
        kefu.sign_in("kefu")

        def costs(cases: int) -> int:
            for _ in range(cases):
                engine.handle(StartCase(procedure="hotline", first=COMPLAINT, actor="agent"))
            told.clear()
            page = kefu.get("/")
            assert "投诉举报" in page.words("tbody") and "电话" in page.words("tbody")
            return len(told)

        costs(1)
        assert costs(1) == costs(4)


def test_what_was_typed_into_a_task_somebody_else_finished_is_shown_in_words(
    signed: Any, engine: Engine, complaint: str
) -> None:
    kefu, task = signed("kefu"), task_of(engine, complaint, "UC02-1")
    page = kefu.get(f"/tasks/{task}")
    agent = signed("agent")
    agent.fill(agent.get(f"/tasks/{task}"), f"/tasks/{task}", DISPATCH)
    page = kefu.fill(page, f"/tasks/{task}", {**DISPATCH, "dispatch_note": "我写了很久", "copy_discipline": True})
    words = page.words("main")
    assert page.status == 409 and "已由陈晓云办结" in words and "我写了很久" in words
    assert "承办单位" in words and "业务一部" in words and "2026-11-30 17:30" in words
    assert "handling_units" not in words and "ywb" not in words


def test_masked_callers_are_for_those_who_may_see_the_case(engine: Engine, complaint: str) -> None:
    with pytest.raises(NotAllowed):
        engine.masked_person(complaint, "fuze2")
    engine.handle(ErasePerson(case=complaint, reason="请求删除", actor="admin"))
    assert engine.masked_person(complaint, "kefu") == {}


def test_a_draft_of_somebody_elses_task_is_refused(signed: Any, engine: Engine, complaint: str) -> None:
    task = task_of(engine, complaint, "UC02-1")
    assert signed("fuze2").get(f"/tasks/{task}").status == 403
    engine.handle(SaveDraft(task=task, values={"dispatch_note": "一半"}, actor="kefu"))
    assert signed("fuze2").get(f"/tasks/{task}").status == 403


@pytest.mark.parametrize("moment", ["2026-11-25T10:30", "2026-11-25 10:30"])
def test_local_moments_are_meant_in_shanghai(signed: Any, engine: Engine, moment: str) -> None:
    page = register(signed("agent"), received_at=moment.replace("25", "20"))
    values = engine.case(page.words(".hy-receipt-number")).values
    assert values["received_at"].startswith("2026-11-20T02:30")


def test_registering_is_offered_to_those_whose_task_it_is(signed: Any) -> None:
    fuze = signed("fuze")
    assert "/intake" not in fuze.get("/").root.xpath("//@href")
    page = fuze.get("/intake")
    assert page.status == 200 and "接听人员" in page.words(".empty") and not page.find("#f-demand")
    page = fuze.send(
        signed("agent").get("/intake").form("/intake"),
        csrf_token=fuze.get("/").form("/logout").fields["csrf_token"],
        **{"f-demand": "我写了很久"},
    )
    assert page.status == 403 and "我写了很久" in page.words("main")


def test_what_came_in_over_the_network_platform_is_taken_in_by_its_administrator(signed: Any, engine: Engine) -> None:
    platform = signed("platform")
    page = platform.send(platform.get("/intake").form("/intake/online"), channel="官方网站")
    assert page.path.startswith("/tasks/") and "网络平台受理" in page.words("h1")
    assert engine.cases().rows[0].facts["channel"] == "官方网站"
    assert platform.send(platform.get("/intake").form("/intake/online"), channel="电话").status == 400
    assert platform.send(platform.get("/intake").form("/intake/online"), procedure="archive").status == 400


@pytest.mark.parametrize("login", ["agent", "zhuren", "shenji", "admin"])
def test_nobody_else_opens_a_case_that_way(signed: Any, engine: Engine, login: str) -> None:
    form = signed("platform").get("/intake").form("/intake/online")
    visitor = signed(login)
    token = dict(visitor.get("/").form("/logout").form_values())["csrf_token"]
    assert visitor.send(form, csrf_token=token).status == 403
    assert engine.cases().total == 0


@pytest.mark.parametrize("row", ["²", "-1", "9" * 5000, ""])
def test_a_row_that_cannot_be_is_not_removed(signed: Any, row: str) -> None:
    agent = signed("agent")
    assert agent.send(agent.get("/intake").form("/intake"), f"_remove=attachments:{row}").status == 200


def test_values_are_said_the_way_a_form_carries_them() -> None:
    assert said([True, 1, "x"]) == ["true", "1", "x"]


def test_the_clock_of_the_engine_is_the_clock_of_the_pages(signed: Any, clock: FakeClock) -> None:
    page = signed("agent").get("/intake")
    assert to_text(clock()).startswith("2026-11-23T01:00")
    assert page.control("received_at").get("value") == "2026-11-23T09:00"
