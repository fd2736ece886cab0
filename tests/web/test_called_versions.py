"""A case inside another procedure's version: its pages show that version's diagram, labels and form."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Engine
from engine.commands import CompleteTask, PublishVersion, StartCase
from tests.bpmn.drawing import END, START, document, flows, users
from tests.engine.steps import form, roles_task


def publish(engine: Engine, **files: bytes) -> None:
    named = {".".join(key.rsplit("_", 1)): content for key, content in files.items()}
    engine.handle(PublishVersion(files=named, actor="liucheng"))


def part(task: str, question: str) -> dict[str, bytes]:
    diagram = document(
        START + roles_task(task, formRef="asked") + END + flows(f"start>{task}", f"{task}>end"),
        process="part",
    )
    return {"part_bpmn": diagram, "asked_form": form("asked", {"key": "answer", "label": question})}


@pytest.mark.parametrize(
    ("binding", "wanted"),
    [
        ('camunda:calledElementBinding="latest"', 2),
        ('camunda:calledElementBinding="version" camunda:calledElementVersion="1"', 1),
    ],
)
def test_a_called_version_is_shown_as_it_was_drawn(engine: Engine, signed: Any, binding: str, wanted: int) -> None:
    publish(engine, **part("old", "旧问题"))
    call = f'<callActivity id="call" name="call" calledElement="part" {binding}/>'
    whole = document(
        START + users("first") + call + END + flows("start>first", "first>call", "call>end"), process="whole"
    )
    publish(engine, whole_bpmn=whole)
    case = engine.handle(StartCase(procedure="whole", actor="agent"))
    publish(engine, **part("new", "新问题"))
    inside = engine.handle(CompleteTask(task=case.tasks[0].id, values={}, actor="agent")).tasks[0]
    publish(engine, **part("newest", "最新问题"))
    shown, element, question = f"part@{wanted}", ("old", "new")[wanted - 1], ("旧问题", "新问题")[wanted - 1]
    assert (inside.process, inside.element) == (shown, element)

    staff = signed("agent")
    assert question in staff.get(f"/tasks/{inside.id}").text
    auditor = signed("shenji")
    page = auditor.get(f"/cases/{case.case}")
    assert page.status == 200 and element in page.text and f"/diagrams/part/{wanted}/part.bpmn" in page.text
    played = auditor.client.get(f"/cases/{case.case}/frames.json").get_json()
    last = played["frames"][-1]
    assert last["active"][shown] == [element] and last["trail"] == ["whole", shown]
    assert played["processes"][shown]["trail"] == ["whole", shown]
    drawn = auditor.client.get(f"/diagrams/part/{wanted}/part.bpmn")
    assert drawn.status_code == 200 and f'id="{element}"'.encode() in drawn.data

    engine.handle(CompleteTask(task=inside.id, values={"answer": "说明"}, actor="agent"))
    assert question in auditor.get(f"/cases/{case.case}/replay").text
    assert engine.verify(case.case).ok
