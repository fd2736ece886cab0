"""The main job, each form filled in on its page by somebody who may, until the case is archived."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Engine
from engine.demo import Staff, Story, who_does
from tests.conftest import FakeClock
from tests.web.conftest import COMPLAINT
from tests.web.visitor import Visitor

STORIES = {
    "plain": (Story(), {}),
    "not satisfied, plan and report sent back": (
        Story(unsatisfied=("重新调查",), plan_rejected=True, report_rejected=True, measures=2),
        {},
    ),
    "returned, help needed": (Story(returned="同意退回", help="help"), {}),
    "answered on the spot": (
        Story(),
        {
            "category": "业务咨询",
            "can_answer_now": True,
            "answer_content": "当场解答。",
            "promise_told": None,
            "promised_reply_at": None,
        },
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_case_goes_through_its_forms_to_the_archive(signed: Any, engine: Engine, clock: FakeClock, name: str) -> None:
    story, changes = STORIES[name]
    visitors: dict[str, Visitor] = {"agent": signed("agent")}
    page = visitors["agent"].fill(visitors["agent"].get("/intake"), "/intake", {**COMPLAINT, **changes})
    assert page.status == 200, page.words("#errors")
    number, staff, done = page.words(".hy-receipt-number"), Staff(story), []
    while tasks := engine.open_tasks(case=number):
        clock.forward(minutes=20)
        task = min(tasks, key=lambda one: one.token)
        person = who_does(task, engine.users())
        assert person is not None, task
        if person.login not in visitors:
            visitors[person.login] = signed(person.login)
        visitor = visitors[person.login]
        page = visitor.get(f"/tasks/{task.id}")
        assert page.status == 200, (task.form, page.words("main"))
        page = visitor.fill(page, f"/tasks/{task.id}", staff.values(task, person.login, clock()))
        assert page.status == 200, (task.form, page.words("#errors"), page.words("main"))
        assert "已提交" in page.words(".hy-flash"), (task.form, page.words(".hy-flash"))
        done.append(task.form)
        assert len(done) < 60, done
    assert engine.case(number).status == "closed" and done[-1] == "UC13-1"
    assert engine.verify(number).ok
    story_told = signed("lgb").get(f"/cases/{number}").words(".hy-timeline")
    assert "诉求件办结" in story_told and "完成“归档核对”" in story_told
