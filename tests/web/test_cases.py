"""The list of cases, and one case."""

from __future__ import annotations

from typing import Any

from engine import Engine
from engine.commands import CompleteTask, StartCase
from tests.web.conftest import COMPLAINT
from tests.web.test_work import DISPATCH


def test_the_ledger_is_searched_filtered_and_paged(signed: Any, engine: Engine) -> None:
    numbers = [
        engine.handle(
            StartCase(procedure="hotline", actor="agent", first={**COMPLAINT, "problem_desc": f"第 {at} 件"})
        ).case
        for at in range(23)
    ]
    kefu = signed("kefu")
    page = kefu.get("/cases")
    assert "共 23 件" in page.words("main") and len(page.root.xpath("//tbody/tr")) == 20
    page = kefu.get(page.root.xpath("//a[@rel='next']/@href")[0])
    assert len(page.root.xpath("//tbody/tr")) == 3 and "第 2 页" in page.words(".hy-pager")
    assert numbers[7] in kefu.get("/cases?q=第 7 件").words("tbody")
    assert "没有符合条件" in kefu.get("/cases?status=closed").words("main")
    assert kefu.get("/cases?page=zero&status=strange").status == 200


def test_only_ones_own_cases_are_listed(signed: Any, complaint: str) -> None:
    assert complaint in signed("agent").get("/cases").words("tbody")
    assert not signed("fuze2").get("/cases").find("tbody")


def test_a_case_tells_its_story_in_words(signed: Any, engine: Engine, complaint: str) -> None:
    engine.handle(CompleteTask(task=engine.open_tasks(case=complaint)[0].id, values=DISPATCH, actor="kefu"))
    page = signed("kefu").get(f"/cases/{complaint}")
    assert complaint in page.words("h1") and "办理中" in page.words(".hy-case-meta")
    story = page.words(".hy-timeline")
    for words in (
        "登记诉求件，适用“行风热线诉求办理主流程”第 1 版",
        "完成“受理登记”",
        "陈晓云",
        "完成“派单”",
        "李文静",
        "承办单位业务一部",
        "下一步“签收”",
        "问题类别投诉举报",
    ):
        assert words in story, words
    assert "签收" in page.words(".hy-open") and "纪检监督意见" in page.words(".hy-open")
    assert page.find(".hy-diagram") and page.root.xpath(f"//a[@href='/cases/{complaint}/replay']")


def test_a_note_is_in_the_timeline_and_an_empty_one_is_refused(signed: Any, engine: Engine, complaint: str) -> None:
    kefu = signed("kefu")
    page = kefu.send(kefu.get(f"/cases/{complaint}").form("/notes"), text="  ")
    assert page.status == 422 and page.one("#note").get("aria-invalid") == "true"
    page = kefu.send(page.form("/notes"), text="已电话告知诉求人。<script>")
    assert page.status == 200 and "已电话告知诉求人。<script>" in page.words(".hy-timeline")
    assert "<script>" not in page.text.split("hy-timeline")[1].replace("</script>", "").replace(
        '<script type="application/json">', ""
    )
    assert engine.history(complaint)[-1].kind == "note_added"


def test_a_case_is_cancelled_with_a_reason_by_those_who_may(signed: Any, engine: Engine, complaint: str) -> None:
    assert not signed("jijian").get(f"/cases/{complaint}").find("#reason")
    lgb = signed("lgb")
    page = lgb.send(lgb.get(f"/cases/{complaint}").form("/cancel"), reason="")
    assert page.status == 422 and engine.case(complaint).status == "open"
    page = lgb.send(page.form("/cancel"), reason="重复登记")
    assert page.status == 200 and "已撤销" in page.words(".hy-case-meta") and "重复登记" in page.words(".hy-timeline")
    assert not page.find("#reason") and engine.case(complaint).status == "cancelled"


def test_english_pages_say_choices_in_english(signed: Any, complaint: str) -> None:
    kefu = signed("kefu")
    kefu.send(kefu.get("/").form("/language"), "language=en")
    page = kefu.get(f"/cases/{complaint}")
    assert "Complaint" in page.words(".hy-facts") and "Telephone" in page.words(".hy-facts")
    listed = kefu.get("/?tab=pool").words("tbody")
    assert "Telephone" in listed and "Dispatch" in listed


def test_auditors_verify_and_see_who_looked(signed: Any, engine: Engine, complaint: str) -> None:
    auditor = signed("shenji")
    signed("fuze2").get(f"/cases/{complaint}")
    page = auditor.get("/audit")
    assert "打开诉求件" in page.words("tbody") and "拒绝" in page.words("tbody")
    page = auditor.send(page.form("/audit/verify"))
    assert "已核验 1 件，全部一致" in page.words(".alert")
    assert auditor.send(page.form("/audit/verify"), number="20991231-0001").status == 404
