"""An owner mends a case in the browser."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Engine
from engine.commands import CompleteTask, PublishVersion, StartCase
from engine.errors import DiagramFailed
from tests.web.test_incidents import DIAGRAM

pytestmark = pytest.mark.browser


def test_an_owner_previews_and_retries(signed: Any, engine: Engine) -> None:
    engine.handle(PublishVersion(files={"p.bpmn": DIAGRAM}, actor="system"))
    outcome = engine.handle(StartCase(procedure="p", actor="agent"))
    with pytest.raises(DiagramFailed):
        engine.handle(CompleteTask(task=outcome.tasks[0].id, values={"typed": "kept"}, actor="agent"))

    owner = signed("liucheng")
    page = owner.open("/incidents")
    page.get_by_role("link", name=outcome.case).click()
    page.get_by_label("先更正的数据").fill('{"n": 1}')
    page.locator("form", has=page.get_by_role("button", name="重做")).get_by_label("原因").fill("补录")
    page.locator("form", has=page.get_by_role("button", name="重做")).get_by_role("button", name="预览").click()
    page.wait_for_selector("#preview")
    assert owner.violations() == []
    page.get_by_role("button", name="重做").click()
    page.wait_for_selector("text=已执行")
    assert [task.element for task in engine.open_tasks(case=outcome.case)] == ["b"]
    for heading in ("更正数据", "移动令牌", "暂停办理"):
        page.get_by_text(heading, exact=True).first.click()
    assert owner.violations() == []
