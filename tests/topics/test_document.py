"""The topic ``document``: a text of the case becomes a file of the case."""

from __future__ import annotations

import pytest

from engine import Engine
from engine.commands import RetryIncident
from engine.topics import work_external
from tests.bpmn.drawing import END, START, document, flow, flows, users
from tests.bpmn.test_service_tasks import line, service
from tests.engine.steps import publish, start


def letter(engine: Engine, **inputs: str) -> str:
    publish(engine, document(START + service("s", "document", **inputs) + users("a") + END + line("s", "a")))
    return start(engine, who="环保局", days=3).case


def test_a_text_becomes_a_file_of_the_case(engine: Engine) -> None:
    number = letter(engine, name="转办单.txt", text="请 ${who} 在 ${days} 日内办理。", result="letter")
    assert work_external(engine) == 1
    value = engine.case(number).values["letter"]
    assert set(value) == {"attachment", "name", "size", "sha256"}
    stored = engine.attachment(value["attachment"])
    assert (stored.case, stored.name) == (number, "转办单.txt")
    assert stored.content.decode("utf-8") == "请 环保局 在 3 日内办理。"
    assert [task.element for task in engine.open_tasks(case=number)] == ["a"]
    assert engine.verify().ok


def test_a_page_takes_nothing_in_the_text_for_html(engine: Engine) -> None:
    number = letter(engine, name="a.html", text="&lt;script&gt;x&lt;/script&gt;\n二\n\n三")
    work_external(engine)
    page = engine.attachment(engine.case(number).values["document"]["attachment"]).content.decode("utf-8")
    assert "<p>&lt;script&gt;x&lt;/script&gt;<br>\n二</p>\n<p>三</p>" in page
    assert "<script>" not in page


def test_a_document_without_a_name_waits_for_a_person(engine: Engine) -> None:
    number = letter(engine, name='${""}', text="x")
    work_external(engine)
    assert engine.case(number).status == "stuck"


def test_a_file_whose_case_could_not_go_on_is_made_anew_and_stands_there_once(engine: Engine) -> None:
    body = service("s", "document", name="a.txt", text="x") + '<exclusiveGateway id="g" default="g_end"/>' + users("a")
    drawn = START + body + END + flows("start>s", "s>g", "g>end", "a>end") + flow("g", "a", "${limit > 1}")
    publish(engine, document(drawn))
    number = start(engine).case
    assert work_external(engine) == 1
    (incident,) = engine.case(number).incidents
    assert "document" not in engine.case(number).values
    assert work_external(engine) == 0
    repair = {"values": {"limit": 5}, "reason": "was missing"}
    engine.handle(RetryIncident(case=number, seq=incident.seq, actor="system", **repair))  # type: ignore[arg-type]
    assert work_external(engine) == 1
    case = engine.case(number)
    assert case.status == "open"
    assert engine.attachment(case.values["document"]["attachment"]).case == number
    assert engine.verify().ok


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_a_round_does_as_much_as_it_may(engine: Engine, limit: int) -> None:
    letter(engine, name="a.txt", text="x")
    for _ in range(3):
        start(engine)
    publish(engine, document(START + service("s", "elsewhere") + END + line("s"), "q"))
    start(engine, procedure="q")
    assert work_external(engine, limit) == min(limit, 4)
