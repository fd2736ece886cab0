"""The pages on which process owners and administrators mend cases."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from engine import Engine
from engine.commands import CompleteTask, CorrectValues, PublishVersion, StartCase, SuspendProcedure
from engine.errors import DiagramFailed
from tests.bpmn.drawing import END, START, document, flow, flows, users

DIAGRAM = document(
    START
    + users("a", "b", "c")
    + '<exclusiveGateway id="g" name="分流"/>'
    + END
    + flows("start>a", "a>g", "b>end", "c>end")
    + flow("g", "b", "${n > 0}", name="g_b")
    + flow("g", "c", "${n == 0}", name="g_c")
)


@pytest.fixture
def stuck(engine: Engine) -> str:
    """A case that cannot go on, with a caller."""
    engine.handle(PublishVersion(files={"p.bpmn": DIAGRAM}, actor="system"))
    outcome = engine.handle(StartCase(procedure="p", values={"caller_name": "王小明"}, actor="agent"))
    with pytest.raises(DiagramFailed):
        engine.handle(CompleteTask(task=outcome.tasks[0].id, values={"typed": "kept"}, actor="agent"))
    return outcome.case


def repair(visitor: Any, number: str, what: str, button: str = "", **fields: Any) -> Any:
    page = visitor.get(f"/incidents/{number}")
    form = next(form for form in page.root.forms if form.fields.get("what") == what)
    return visitor.send(form, button, **fields)


def test_an_owner_sees_what_waits_previews_and_retries(signed: Any, engine: Engine, stuck: str) -> None:
    owner = signed("liucheng")
    listed = owner.get("/incidents")
    assert stuck in listed.words("main") and "分流" in owner.get(f"/incidents/{stuck}").words("main")
    page = owner.get(f"/incidents/{stuck}")
    assert "kept" in page.words("main") and "王小明" not in page.text

    shown = repair(owner, stuck, "retry", "preview", values='{"n": 1}', reason="补录")
    assert "尚未改变任何东西" in shown.words("main") and engine.case(stuck).status == "stuck"
    # What was typed for the preview stands there again.
    done = owner.send(next(form for form in shown.root.forms if form.fields.get("what") == "retry"))
    assert "已执行" in done.words("main")
    assert [task.element for task in engine.open_tasks(case=stuck)] == ["b"]
    assert engine.incidents("liucheng") == []
    told = signed("kefu").get(f"/cases/{stuck}").words("main")
    assert "更正数据" in told and "流程异常已处理" in told


def test_an_owner_passes_by_moves_and_suspends(signed: Any, engine: Engine, stuck: str) -> None:
    owner = signed("liucheng")
    assert "请指明走哪一条" in repair(owner, stuck, "skip", reason="人工判断").words("main")
    shown = repair(owner, stuck, "skip", "preview", reason="人工判断", flow="g_b")
    assert "b" in shown.words("#preview")
    (place,) = engine.places(stuck)
    moved = repair(owner, stuck, "modify", cancel=[str(place.token)], begin="c", reason="改走丙")
    assert "已执行" in moved.words("main") and [task.element for task in engine.open_tasks(case=stuck)] == ["c"]
    assert "已挂起" in repair(owner, stuck, "suspend", reason="核实").words("main")
    assert engine.case(stuck).status == "suspended"
    assert repair(owner, stuck, "resume").status == 200
    assert engine.case(stuck).status == "open"
    assert engine.verify(stuck).ok


def test_a_case_goes_over_to_another_version(signed: Any, engine: Engine, stuck: str) -> None:
    engine.handle(PublishVersion(files={"p.bpmn": DIAGRAM.replace(b'"a"', b'"a2"')}, actor="system"))
    owner = signed("liucheng")
    assert "a" in repair(owner, stuck, "migrate", "preview", version="2", reason="r").words("#preview")
    assert engine.case(stuck).version == 1
    assert "已执行" in repair(owner, stuck, "migrate", version="2", mapping="a=a2", reason="新版").words("main")
    assert engine.case(stuck).version == 2


def test_what_cannot_be_read_is_said_in_words(signed: Any, engine: Engine, stuck: str) -> None:
    owner = signed("liucheng")
    for values in ("{", "[1]", '"x"', "{}", '{"a b": 1}'):
        page = repair(owner, stuck, "correct", values=values, reason="r")
        assert page.status == 409 and page.find("#result"), values
    assert repair(owner, stuck, "modify", cancel=["9" * 30], reason="r").status == 409
    assert owner.get("/incidents/20991231-0001").status == 404
    assert owner.get("/incidents?status=x&page=²&procedure=" + "p" * 500).status == 200
    assert engine.case(stuck).status == "stuck"


def test_many_are_retried_and_a_procedure_is_resumed(signed: Any, engine: Engine, stuck: str) -> None:
    engine.handle(CorrectValues(case=stuck, values={"n": 0}, reason="补录", actor="liucheng"))
    engine.handle(SuspendProcedure(procedure="p", reason="制度修订", actor="liucheng"))
    owner = signed("liucheng")
    page = owner.get("/incidents?procedure=p")
    assert "制度修订" in page.words("main")
    assert "成功 1 个" in owner.send(page.form("/incidents/retry")).words("main")
    assert "恢复立案" in owner.send(owner.get("/incidents").form("/procedures/p/resume")).words("main")
    assert engine.suspensions() == []


def test_a_second_person_decides(signed: Any, app: Flask, engine: Engine, stuck: str) -> None:
    engine._two_persons = frozenset({"corrections"})
    owner = signed("liucheng")
    asked = repair(owner, stuck, "correct", values='{"n": 1}', reason="笔误")
    assert "待另一人同意" in asked.words("main") and "n" not in engine.case(stuck).values
    own = owner.get("/incidents")
    assert "撤回" in own.words("main") and "同意并执行" not in own.words("main")
    admin = signed("admin")
    done = admin.send(admin.get("/incidents").form("/approvals/1"), "decision=agree", reason="属实")
    assert "已同意并执行" in done.words("main") and engine.case(stuck).values["n"] == 1
    late = admin.client.post("/incidents/approvals/1", data={"decision": "agree"})
    assert late.status_code == 400  # no token


def test_the_stack_is_for_administrators(signed: Any, stuck: str) -> None:
    assert "engine/bpmn" not in signed("liucheng").get(f"/incidents/{stuck}").text
    assert "engine/bpmn" in signed("admin").get(f"/incidents/{stuck}").text


def test_the_pages_are_for_those_who_repair(signed: Any, stuck: str) -> None:
    agent = signed("agent")
    assert "/incidents" not in agent.get("/").root.xpath("//nav//@href")
    for path in ("/incidents", f"/incidents/{stuck}"):
        assert agent.get(path).status == 403
    assert "/incidents" in signed("liucheng").get("/").root.xpath("//nav//@href")


def test_in_english(signed: Any, stuck: str) -> None:
    owner = signed("liucheng")
    owner.send(owner.get("/incidents").form("/language"), "language=en")
    assert "Cases that cannot go on" in owner.get("/incidents").words("main")
    assert "Pass this element by" in owner.get(f"/incidents/{stuck}").words("main")


def test_labels_headings_and_tokens(signed: Any, stuck: str) -> None:
    owner = signed("liucheng")
    for path in ("/incidents", f"/incidents/{stuck}"):
        page = owner.get(path)
        root = page.root
        assert len(root.xpath("//h1")) == 1
        ids = root.xpath("//@id")
        assert len(ids) == len(set(ids)), [one for one in ids if ids.count(one) > 1]
        labelled = set(root.xpath("//label/@for"))
        for control in root.xpath("//input[not(@type='hidden')] | //select | //textarea"):
            assert control.get("id") in labelled or control.xpath("ancestor::label[normalize-space()]")
        for form in root.forms:
            assert form.method == "GET" or form.fields.get("csrf_token"), form.action
