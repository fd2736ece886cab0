"""Replay and the diagram panel: where a case stood after each entry, on the exact version, for those who may see it."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Engine
from engine.commands import AddNote, PublishVersion
from tests.web.visitor import Visitor
from webui.diagrams import drawings, read_drawings, trail
from webui.starting import first_diagram


@pytest.fixture
def auditor(signed: Any) -> Visitor:
    visitor: Visitor = signed("shenji")
    return visitor


def frames(visitor: Visitor, number: str) -> dict[str, Any]:
    answer = visitor.client.get(f"/cases/{number}/frames.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


def test_there_is_one_frame_an_entry_and_the_last_one_is_now(auditor: Visitor, engine: Engine, complaint: str) -> None:
    played = frames(auditor, complaint)["frames"]

    assert [frame["seq"] for frame in played] == [entry.seq for entry in engine.history(complaint)]
    waiting = {task.process: [task.element] for task in engine.open_tasks(case=complaint)}
    assert waiting and all(set(elements) <= set(played[-1]["active"][process]) for process, elements in waiting.items())
    assert played[0]["active"] == {} and played[0]["command"] and not played[1]["command"]


def test_what_is_done_adds_up_to_the_elements_that_ended_and_the_flows_taken(
    auditor: Visitor, engine: Engine, complaint: str
) -> None:
    done = {
        (process, thing)
        for frame in frames(auditor, complaint)["frames"]
        for process, things in frame["done"].items()
        for thing in things
    }

    ended = [entry for entry in engine.history(complaint) if entry.kind == "element_ended"]
    expected = {(entry.data["process"], entry.element) for entry in ended}
    expected |= {(entry.data["process"], flow) for entry in ended for flow in entry.data["flows"]}
    assert done == expected


def test_what_a_diagram_keeps_for_itself_is_folded_away(auditor: Visitor, complaint: str) -> None:
    root = auditor.get(f"/cases/{complaint}/replay").root
    folded = root.xpath("//details[@class='hy-technical']")
    assert any("started_at" in details.text_content() for details in folded)
    for details in folded:
        details.getparent().remove(details)
    shown = root.xpath("//section[contains(@class, 'hy-replay-list')]")[0].text_content()
    assert "started_at" not in shown and "promise_limit" not in shown and "更新流程内部数据" in shown
    assert "coalesce(" not in shown and "问题类别" in shown
    assert "started_at" not in auditor.get(f"/cases/{complaint}").words(".hy-filled")


def test_entries_of_a_called_procedure_are_played_on_its_diagram(auditor: Visitor, complaint: str) -> None:
    played = frames(auditor, complaint)

    inside = next(frame for frame in played["frames"] if frame["kind"] == "task_opened")
    assert inside["process"] != "hotline" and inside["trail"] == ["hotline", inside["process"]]
    completed = next(frame for frame in played["frames"] if frame["kind"] == "task_completed")
    before = played["frames"][completed["seq"] - 2]
    assert completed["process"] == "intake" and completed["element"] in before["active"]["intake"]
    assert played["processes"]["intake"] == {"name": "受理登记", "trail": ["hotline", "intake"]}


def test_each_entry_says_who_when_what_and_what_was_filled_in(auditor: Visitor, complaint: str) -> None:
    page = auditor.get(f"/cases/{complaint}/replay")

    entries = page.root.xpath("//li[@data-seq]")
    completed = next(entry for entry in entries if "完成“受理登记”" in entry.text_content())
    said = " ".join(completed.text_content().split())
    assert "问题描述" in said and "6 路公交车晚高峰两次到站不停。" in said and "2026-11-23 09:00" in said
    assert completed.get("id") == f"seq={completed.get('data-seq')}", "a moment has an address without scripts"
    decided = next(entry for entry in entries if "按决策表" in entry.text_content())
    assert decided.xpath(".//td[text()='输入']") and decided.xpath(".//td[text()='输出']")


def test_the_caller_stays_masked(auditor: Visitor, complaint: str) -> None:
    for path in (f"/cases/{complaint}/replay", f"/cases/{complaint}/frames.json", f"/cases/{complaint}"):
        text = auditor.get(path).text
        assert "张伟" not in text and "13812345678" not in text


def test_how_long_after_the_entry_before(auditor: Visitor, engine: Engine, clock: Any, complaint: str) -> None:
    clock.forward(hours=5)
    engine.handle(AddNote(case=complaint, text="来电催问", actor="agent"))

    last = frames(auditor, complaint)["frames"][-1]
    assert last["kind"] == "note_added" and last["since"] == "5 小时" and last["active"], "a note moves nothing"
    assert "来电催问" in auditor.get(f"/cases/{complaint}/replay").words("li")


def test_a_case_is_played_on_its_version_after_a_newer_one_is_published(
    auditor: Visitor, engine: Engine, complaint: str
) -> None:
    version = engine.version("dispatch")
    path = drawings(version)["dispatch"].file
    changed = version.files[path].replace("转办派单".encode(), "改版".encode())
    engine.handle(PublishVersion(files={path: changed}, actor="liucheng"))

    page = auditor.get(f"/cases/{complaint}/replay")

    assert "/diagrams/hotline/1/" in page.text and "/diagrams/hotline/2/" not in page.text
    assert frames(auditor, complaint)["processes"]["dispatch"]["name"] == "转办派单"


def test_whoever_has_nothing_to_do_with_a_case_may_not_replay_it(signed: Any, complaint: str) -> None:
    archivist = signed("fuze2")

    assert archivist.get(f"/cases/{complaint}/replay").status == 403
    assert archivist.client.get(f"/cases/{complaint}/frames.json").status_code == 403
    assert archivist.get("/cases/19990101-0001/replay").status == 404


def test_the_panel_says_in_words_what_the_diagram_shows(signed: Any, engine: Engine, complaint: str) -> None:
    panel = signed("agent").get(f"/cases/{complaint}").one(".hy-diagram")

    said = " ".join(panel.text_content().split())
    for task in engine.open_tasks(case=complaint):
        assert f"› {task.name}" in said
    assert "受理登记 › 受理登记" in said and panel.xpath(".//button[@data-process='intake']")


def test_a_diagram_may_be_kept_by_the_browser_and_is_asked_for_by_its_hash(auditor: Visitor) -> None:
    first = auditor.client.get("/diagrams/hotline/1/intake.bpmn")
    again = auditor.client.get("/diagrams/hotline/1/intake.bpmn", headers={"If-None-Match": first.headers["ETag"]})

    assert first.mimetype == "application/xml" and "private" in first.headers["Cache-Control"]
    assert again.status_code == 304


def test_a_visitor_gets_no_diagram(app: Any) -> None:
    assert Visitor(app).get("/diagrams/hotline/1/intake.bpmn").path == "/login"


def test_drawings_are_read_with_their_names_calls_and_planes(engine: Engine) -> None:
    drawn = drawings(engine.version("hotline"))

    assert next(iter(drawn)) == "hotline" and drawn["hotline"].name == "行风热线诉求办理主流程"
    assert "intake" in drawn["hotline"].calls.values() and drawn["hotline"].plane
    assert trail(drawn, "hotline", "intake") == ["hotline", "intake"]
    assert read_drawings("x.bpmn", b"not xml") == []
    assert [drawing.name for drawing in read_drawings("x.bpmn", first_diagram("a", 'b "c" & d'))] == ['b "c" & d']
