"""The studio: what owners see, drafts, checks, publishing, and two people at the same diagram."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine import Engine
from engine.commands import PublishVersion, SaveProcedureDraft, SaveUser, StartCase
from tests.web.visitor import Page, Visitor
from webui.diagrams import read_drawings
from webui.starting import first_diagram

DISTRIBUTION = "转办派单"


@pytest.fixture
def owner(signed: Any) -> Visitor:
    visitor: Visitor = signed("liucheng")
    return visitor


def block(page: Page) -> dict[str, Any]:
    """What the page holds for the editor."""
    found: dict[str, Any] = json.loads(page.root.xpath("//script[@type='application/json']")[0].text)
    return found


def post(visitor: Visitor, path: str, token_from: str = "/studio", **body: Any) -> tuple[int, dict[str, Any]]:
    """What the editor's script sends, with the token of a page."""
    token = visitor.get(token_from).root.xpath("//meta[@name='csrf-token']/@content")[0]
    answer = visitor.client.post(path, json=body, headers={"X-CSRFToken": token, "Accept": "application/json"})
    return answer.status_code, answer.get_json()


def test_the_list_shows_every_procedure_the_main_one_first(owner: Visitor, engine: Engine) -> None:
    rows = owner.get("/studio").root.xpath("//tbody/tr")

    assert len(rows) == len(engine.procedures())
    assert "行风热线诉求办理主流程" in rows[0].text_content() and "共用环节" not in rows[0].text_content()
    assert all("共用环节" in row.text_content() and "第 1 版" in row.text_content() for row in rows[1:])


def test_a_new_procedure_starts_as_a_draft_that_can_be_published_as_it_is(owner: Visitor, engine: Engine) -> None:
    page = owner.send(owner.get("/studio").form("/studio/new"), name="意见簿巡查 <流程>", key="opinion_book")

    assert page.path == "/studio/opinion_book" and "意见簿巡查 <流程>" in page.words("h1")
    data = block(page)
    assert data["problems"] == [] and data["version"] == 0 and data["fromDraft"]
    assert "未发布" in owner.get("/studio").words("main")

    status, answer = post(owner, "/studio/opinion_book/publish", xml=data["xml"], version=0, base=data["revision"])
    assert (status, answer["number"], answer["unchanged"]) == (200, 1, False)
    assert engine.handle(StartCase(procedure="opinion_book", actor="agent")).tasks[0].name == "办理"


def test_a_new_procedure_needs_a_name_and_a_key_of_its_own(owner: Visitor) -> None:
    form = owner.get("/studio").form("/studio/new")
    for name, key, said in [
        ("", "x", "请填写流程名称"),
        ("新", "1a", "以英文字母开头"),
        ("新", "../a", "以英文字母开头"),
        ("新", "hotline", "已有标识为“hotline”的流程"),
    ]:
        page = owner.send(form, name=name, key=key)
        assert page.status == 422 and said in page.words("main")
        assert page.one("#new-name").get("value") == name and page.one("#new-key").get("value") == key


def test_the_editor_opens_what_was_published_with_the_roles_and_forms_to_choose_from(owner: Visitor) -> None:
    data = block(owner.get("/studio/intake"))

    assert [drawing.process for drawing in read_drawings(data["file"], data["xml"].encode())] == ["intake"]
    assert data["version"] == 1 and not data["fromDraft"] and data["problems"] == []
    assert {"key": "hotline_agent", "label": "接听人员"} in data["roles"]
    assert any(form["id"] == "UC01-1" and "受理登记" in form["label"] for form in data["forms"])


def test_a_draft_is_kept_opened_again_and_never_touches_the_version(owner: Visitor, engine: Engine) -> None:
    data = block(owner.get("/studio/dispatch"))
    changed = data["xml"].replace(DISTRIBUTION, "转办派单（改）")

    status, answer = post(owner, "/studio/dispatch/draft", xml=changed, base=data["revision"])

    assert status == 200 and answer["revision"] == data["revision"] + 1 and answer["problems"] == []
    again = block(owner.get("/studio/dispatch"))
    assert again["fromDraft"] and again["xml"] == changed and again["revision"] == answer["revision"]
    assert engine.version("dispatch").number == 1
    assert "有草稿" in owner.get("/studio").words("main")


def test_a_draft_somebody_else_saved_is_not_overwritten_unasked(owner: Visitor, engine: Engine) -> None:
    data = block(owner.get("/studio/dispatch"))
    engine.handle(SaveUser(login="second", name="王二", roles=("process_owner",), actor="system"))
    theirs = {data["file"]: data["xml"].replace(DISTRIBUTION, "他人的修改").encode()}
    engine.handle(SaveProcedureDraft(procedure="dispatch", files=theirs, base=0, actor="second"))

    status, answer = post(owner, "/studio/dispatch/draft", xml=data["xml"], base=0)
    assert status == 409 and "王二" in answer["error"]["message"] and "编辑器" in answer["error"]["message"]
    kept = engine.draft("dispatch")
    assert kept is not None and kept.saved_by == "second"

    status, answer = post(owner, "/studio/dispatch/draft", xml=data["xml"], base=0, force=True)
    kept = engine.draft("dispatch")
    assert status == 200 and kept is not None and (kept.saved_by, kept.revision) == ("liucheng", answer["revision"])


def test_check_names_the_element_and_stores_nothing(owner: Visitor, engine: Engine) -> None:
    broken = block(owner.get("/studio/intake"))["xml"].replace('calledElement="', 'calledElement="no_')
    broken = broken.replace('camunda:formRef="UC01-1"', 'camunda:formRef="UC99-9"')

    status, answer = post(owner, "/studio/intake/check", xml=broken)

    assert status == 200 and engine.draft("intake") is None
    wrong = [problem for problem in answer["problems"] if problem["severity"] == "error"]
    assert wrong and all(problem["element"] and problem["message"] for problem in wrong)
    assert any("UC99-9" in problem["message"] for problem in wrong)


def test_publishing_makes_a_version_and_running_cases_stay_on_theirs(
    owner: Visitor, engine: Engine, complaint: str
) -> None:
    data = block(owner.get("/studio/dispatch"))
    changed = data["xml"].replace(DISTRIBUTION, "转办派单（新）")

    status, answer = post(owner, "/studio/dispatch/publish", xml=changed, note="改名", version=1, base=0)

    assert (status, answer["number"], answer["unchanged"]) == (200, 2, False)
    assert engine.version("dispatch").note == "改名" and engine.version("dispatch").published_by == "liucheng"
    assert engine.version("hotline").number == 2, "what calls it has a new version too"
    assert engine.case(complaint).version == 1
    versions = owner.get("/studio/hotline/versions").words("tbody")
    assert versions.index("第 2 版") < versions.index("第 1 版") and "现行" in versions
    assert "转办派单（新）" not in owner.get("/diagrams/hotline/1/dispatch.bpmn").text
    assert "转办派单（新）" in owner.get("/diagrams/hotline/2/dispatch.bpmn").text


def test_publishing_the_same_again_makes_no_version(owner: Visitor) -> None:
    data = block(owner.get("/studio/dispatch"))

    status, answer = post(owner, "/studio/dispatch/publish", xml=data["xml"], version=1, base=0)

    assert (status, answer["number"], answer["unchanged"]) == (200, 1, True)


def test_publishing_over_a_version_that_came_up_meanwhile_asks_first(owner: Visitor, engine: Engine) -> None:
    data = block(owner.get("/studio/dispatch"))
    theirs = {data["file"]: data["xml"].replace(DISTRIBUTION, "他人发布").encode()}
    engine.handle(PublishVersion(files=theirs, actor="admin"))
    mine = data["xml"].replace(DISTRIBUTION, "我的")

    status, answer = post(owner, "/studio/dispatch/publish", xml=mine, version=1, base=0)
    assert status == 409 and "第 2 版" in answer["error"]["message"]
    assert engine.version("dispatch").number == 2

    status, answer = post(owner, "/studio/dispatch/publish", xml=mine, version=1, base=0, force=True)
    assert (status, answer["number"]) == (200, 3)


def test_what_is_wrong_is_not_published_and_the_reasons_come_back(owner: Visitor, engine: Engine) -> None:
    data = block(owner.get("/studio/intake"))
    broken = data["xml"].replace('camunda:formRef="UC01-1"', 'camunda:formRef="UC99-9"')

    status, answer = post(owner, "/studio/intake/publish", xml=broken, version=1, base=0)

    assert status == 422 and any("UC99-9" in problem["message"] for problem in answer["problems"])
    assert engine.version("intake").number == 1


def test_a_draft_older_than_the_newest_version_waits_beside_it(owner: Visitor, engine: Engine, clock: Any) -> None:
    data = block(owner.get("/studio/dispatch"))
    older = data["xml"].replace(DISTRIBUTION, "旧草稿")
    post(owner, "/studio/dispatch/draft", xml=older, base=0)
    clock.forward(hours=1)
    newer = {data["file"]: data["xml"].replace(DISTRIBUTION, "新版").encode()}
    engine.handle(PublishVersion(files=newer, actor="admin"))

    page = owner.get("/studio/dispatch")
    assert "新版" in block(page)["xml"] and "早于现行版本" in page.words("main")
    assert block(owner.get("/studio/dispatch?draft=1"))["xml"] == older


def test_a_request_without_a_diagram_is_refused(owner: Visitor) -> None:
    for body in ({}, {"xml": 7}, {"xml": None}):
        for action in ("check", "draft", "publish"):
            status, answer = post(owner, f"/studio/intake/{action}", **body)
            assert status == 422 and answer["error"]["message"]


def test_the_key_of_a_procedure_cannot_change_in_its_diagram(owner: Visitor, engine: Engine) -> None:
    other = first_diagram("somebody_elses", "别的").decode()

    status, answer = post(owner, "/studio/intake/publish", xml=other, version=1, base=0)

    assert status == 422 and "somebody_elses" in answer["error"]["message"]
    assert all(version.procedure != "somebody_elses" for version in engine.procedures())


def test_a_hostile_diagram_is_answered_not_swallowed(owner: Visitor) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'

    status, answer = post(owner, "/studio/intake/check", xml=bomb)

    assert status == 200 and any(problem["severity"] == "error" for problem in answer["problems"])
    assert post(owner, "/studio/intake/publish", xml=bomb, version=1, base=0)[0] == 422


@pytest.mark.parametrize("body", [b'{"xml": "\\ud800"}', b"[" * 100_000, b'{"xml": null}', b'"xml"'])
@pytest.mark.parametrize("action", ["check", "draft", "publish"])
def test_what_cannot_be_a_diagram_is_refused(owner: Visitor, action: str, body: bytes) -> None:
    token = owner.get("/studio").root.xpath("//meta[@name='csrf-token']/@content")[0]
    answer = owner.client.post(
        f"/studio/hotline/{action}", data=body, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert answer.status_code == 422


def test_a_base_that_cannot_be_is_no_base(owner: Visitor, engine: Engine) -> None:
    xml = next(text for path, text in engine.version("hotline").files.items() if path.endswith("hotline.bpmn"))
    assert post(owner, "/studio/hotline/draft", xml=xml.decode(), base=10**30)[0] == 200


def test_what_the_editor_sends_needs_the_token(owner: Visitor) -> None:
    for action in ("check", "draft", "publish"):
        assert owner.client.post(f"/studio/intake/{action}", json={"xml": "<a/>"}).status_code == 400


def test_an_auditor_reads_versions_and_changes_nothing(signed: Any) -> None:
    auditor = signed("shenji")

    page = auditor.get("/studio")
    assert page.status == 200 and not page.find("#new") and "编辑" not in page.words("tbody")
    assert auditor.get("/studio/hotline/versions/1").status == 200
    assert auditor.get("/studio/intake/download").status == 200
    assert auditor.get("/studio/intake").status == 403
    for action in ("check", "draft", "publish"):
        assert post(auditor, f"/studio/intake/{action}", xml="<a/>")[0] == 403


def test_others_have_no_studio(signed: Any) -> None:
    agent = signed("agent")
    for path in ("/studio", "/studio/intake", "/studio/intake/versions", "/studio/intake/download"):
        assert agent.get(path).status == 403


def test_what_is_not_there_is_said_so(owner: Visitor) -> None:
    for path in (
        "/studio/nothing",
        "/studio/nothing/versions",
        "/studio/hotline/versions/99",
        "/diagrams/hotline/1/nothing.bpmn",
        "/diagrams/hotline/99/hotline.bpmn",
    ):
        assert owner.get(path).status == 404, path


def test_a_download_is_the_diagram_under_its_name(owner: Visitor) -> None:
    page = owner.get("/studio/intake/download")

    assert "intake.bpmn" in page.headers["Content-Disposition"]
    assert page.headers["Content-Type"].startswith("application/xml") and 'id="intake"' in page.text
