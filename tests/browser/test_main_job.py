"""The main job in a browser: from the call to the archive, the diagram changed in between, both cases replayed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from engine import Engine
from engine.demo.staff import Staff, Story
from engine.demo.walking import who_does
from tests.browser.conftest import Signed
from tests.browser.person import Person

pytestmark = pytest.mark.browser

CALL: dict[str, Any] = {
    "need_confirmed": True,
    "caller_name": "张伟",
    "caller_phone": "13812345678",
    "identity_kind": "实名",
    "problem_desc": "6 路公交车晚高峰两次到站不停。",
    "demand": "说明原因，保证到站停车。",
    "category": "投诉举报",
    "urgency": "一般",
    "complexity": "复杂问题",
    "can_answer_now": False,
    "promise_told": True,
}


def register(agent: Person, values: dict[str, Any]) -> str:
    """Takes the call; the number the caller is told."""
    agent.open("/intake")
    agent.fill_in({**values, "promised_reply_at": (datetime.now(UTC) + timedelta(days=9)).isoformat()})
    agent.submit()
    expect(agent.page.locator("h1")).to_have_text("已受理，请告知诉求人")
    return agent.page.locator(".hy-receipt-number").inner_text()


def carry(engine: Engine, signed: Signed, case: str, staff: Staff, until: str = "") -> list[str]:
    """Everybody does the case's tasks in the browser, until the form ``until`` has its turn; the forms filled in."""
    done: list[str] = []
    while tasks := sorted(engine.open_tasks(case=case), key=lambda task: task.token):
        if any(task.form == until for task in tasks):
            break
        task = tasks[0]
        user = who_does(task, engine.users())
        assert user is not None, f"nobody may do {task.name}"
        person = signed(user.login)
        person.open(f"/tasks/{task.id}")
        expect(person.page.locator("h1")).to_contain_text(task.name)
        person.fill_in(staff.values(task, user.login, datetime.now(UTC)), locked={"copy_discipline"})
        person.submit()
        assert person.messages() == [], f"{task.name}: {person.messages()}"
        assert task.id not in {open_task.id for open_task in engine.open_tasks(case=case)}
        done.append(task.form or "")
    return done


def test_a_complaint_goes_from_the_call_to_the_archive_by_way_of_not_satisfied(engine: Engine, signed: Signed) -> None:
    number = register(signed("agent"), CALL)

    done = carry(engine, signed, number, Staff(Story(unsatisfied=("重新调查",))))

    assert done.count("UC05-1") == 2, "not satisfied led back to the investigation"
    assert {"UC02-1", "UC03-1", "UC06-1", "UC07-1", "UC09-1", "UC10-1", "UC10-2", "UC13-1"} <= set(done)
    assert "U01-4" in done, "the discipline office got its copy"
    assert engine.case(number).status == "closed"
    assert engine.verify(number).ok
    keeper = signed("dangan")
    page = keeper.open(f"/cases/{number}")
    assert "13812345678" not in page.content(), "the caller's number is shown to whoever looks it up only"


def test_a_form_says_what_is_wrong_at_each_field_and_keeps_what_was_typed(signed: Signed) -> None:
    agent = signed("agent")
    agent.open("/intake")
    agent.fill_in({"problem_desc": "路灯不亮", "caller_phone": "not a number", "identity_kind": "实名"})
    agent.submit()
    assert len(agent.messages()) >= 4
    assert agent.page.locator("[name=f-problem_desc]").input_value().strip() == "路灯不亮"
    assert agent.page.locator("[name=f-caller_phone]").input_value() == "not a number"
    assert agent.violations() == []
    agent.errors = [error for error in agent.errors if "422" not in error]


def test_a_changed_diagram_is_for_new_cases_while_old_ones_finish_on_theirs(engine: Engine, signed: Signed) -> None:
    old = register(signed("agent"), CALL)
    owner = signed("liucheng")
    owner.open("/studio/hotline")
    owner.page.wait_for_selector("[data-studio][data-ready]")
    owner.element("u01_1").dblclick()
    owner.page.locator(".djs-direct-editing-content").fill("当场解答并记录")
    owner.page.locator(".djs-direct-editing-content").press("Control+Enter")
    owner.page.click('[data-do="save"]')
    expect(owner.page.locator(".hy-studio-state")).to_contain_text("草稿")
    owner.page.click('[data-do="askPublish"]')
    owner.page.fill("[data-note]", "名称更清楚")
    owner.page.click("[data-publish-submit]")
    expect(owner.page.locator("[data-version]")).to_have_text("第 2 版")
    assert owner.violations() == []

    new = register(
        signed("agent"), {**CALL, "category": "业务咨询", "can_answer_now": True, "answer_content": "已说明办理条件。"}
    )

    assert (engine.case(old).version, engine.case(new).version) == (1, 2)
    assert [task.name for task in engine.open_tasks(case=new)] == ["当场解答并记录"]
    carry(engine, signed, old, Staff(Story()))
    carry(engine, signed, new, Staff(Story()))
    assert (engine.case(old).status, engine.case(new).status) == ("closed", "closed")
    assert engine.verify().ok
    for number, shown in ((old, "当场解答"), (new, "当场解答并记录")):
        replay(signed("shenji"), number, shown)


def replay(auditor: Person, number: str, name_of_first_answer: str) -> None:
    """Steps through a case on the diagram it ran on."""
    page = auditor.open(f"/cases/{number}/replay")
    expect(auditor.element("u01_1")).to_contain_text(name_of_first_answer[:4])
    drawn = "".join(auditor.element("u01_1").locator("tspan").all_text_contents())
    assert drawn == name_of_first_answer
    position = page.locator("[data-position]")
    expect(position).to_contain_text("1 /")
    page.click('[data-do="forward"]')
    expect(position).to_contain_text("2 /")
    page.keyboard.press("ArrowLeft")
    expect(position).to_contain_text("1 /")
    page.click('[data-do="last"]')
    total = page.locator("[data-seq]").count()
    expect(position).to_contain_text(f"{total} / {total}")
    page.click('[data-do="first"]')
    page.click('[data-do="toggle"]')
    expect(position).not_to_contain_text("1 / ", timeout=10_000)
    assert auditor.violations() == []


@pytest.mark.parametrize(
    ("login", "path"),
    [
        ("kefu", "/"),
        ("agent", "/intake"),
        ("lingdao", "/cases"),
        ("liucheng", "/studio"),
        ("shenji", "/cases"),
        ("admin", "/people"),
    ],
)
def test_pages_have_no_serious_accessibility_problem(signed: Signed, login: str, path: str) -> None:
    person = signed(login)
    person.open(path)
    assert person.violations() == []


def test_the_case_page_shows_where_it_stands_in_both_languages(engine: Engine, signed: Signed) -> None:
    agent = signed("agent")
    number = register(agent, CALL)
    carry(engine, signed, number, Staff(Story()), until="UC05-1")
    leader = signed("lingdao")
    page = leader.open(f"/cases/{number}")
    expect(page.locator("main")).to_contain_text("调查核实")
    expect(leader.element("c05_investigate")).to_have_class(re.compile("hy-current"))
    assert leader.violations() == []
    page.click("form[action*=language] button")
    page.wait_for_load_state("networkidle")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_task_can_be_done_by_keyboard_alone(engine: Engine, signed: Signed) -> None:
    number = register(
        signed("agent"), {**CALL, "category": "业务咨询", "can_answer_now": True, "answer_content": "已说明。"}
    )
    person = signed("agent")
    task = engine.open_tasks(case=number)[0]
    page = person.open(f"/tasks/{task.id}")
    page.focus("[name=f-answer_content]")
    page.keyboard.type("已当场说明。")
    for _ in range(40):
        if page.evaluate("document.activeElement.name === '_submit' && document.activeElement.tabIndex >= 0"):
            break
        page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert task.id not in {item.id for item in engine.open_tasks(case=number)}
