"""Cases that cannot go on, mended from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.bpmn.drawing import END, START, document, flow, flows, users
from tests.cli.conftest import Huiyin


def diagram(condition: str) -> bytes:
    return document(
        START
        + users("a", "b", "c")
        + '<exclusiveGateway id="g"/>'
        + END
        + flows("start>a", "a>g", "b>end", "c>end")
        + flow("g", "b", condition, name="g_b")
    )


@pytest.fixture
def stuck(huiyin: Huiyin, tmp_path: Path) -> tuple[str, int]:
    """A case whose first task could not be completed, and the number of its incident."""
    file = tmp_path / "p.bpmn"
    file.write_bytes(diagram("${n > 0}"))
    assert huiyin("publish", file).code == 0
    started = huiyin("start", "p", "--json").json
    assert huiyin("complete", started["tasks"][0]["id"], "--json", values={"typed": "kept"}).code == 1
    (found,) = huiyin("incidents", "--json").json["incidents"]
    return started["case"], found["seq"]


def elements(answer: Any) -> list[str]:
    return [task["element"] for task in answer.json["tasks"]]


def test_an_incident_is_listed_with_what_it_takes_to_repair_it(huiyin: Huiyin, stuck: tuple[str, int]) -> None:
    (found,) = huiyin("incidents", stuck[0], "--stack", "--json").json["incidents"]
    assert (found["case"], found["seq"], found["element"], found["expression"]) == (*stuck, "g", "n > 0")
    assert (found["attempts"], found["can_retry"], found["status"]) == (1, True, "open")
    assert "engine/bpmn" in found["stack"]
    assert stuck[0] in huiyin("incidents", "--procedure", "p", "--element", "g").out
    assert huiyin("incidents", "--status", "gone", "--json").json == {"total": 0, "incidents": []}


def test_retry_with_a_value_put_right(huiyin: Huiyin, stuck: tuple[str, int]) -> None:
    number, seq = stuck
    again = huiyin("retry", number, str(seq), "--json")
    assert (again.code, again.json["error"]["code"]) == (1, "expression_failed")
    line = ("retry", number, str(seq), "--reason", "missing")
    shown = huiyin(*line, "--preview", "--json", values={"n": 1})
    assert (shown.code, elements(shown)) == (0, ["b"])
    assert huiyin("show", number, "--json").json["status"] == "stuck"
    done = huiyin(*line, "--json", values={"n": 1})
    assert (done.code, done.json["status"], elements(done)) == (0, "open", ["b"])
    assert huiyin("show", number, "--json").json["values"] == {"n": 1, "typed": "kept"}
    assert huiyin("verify").code == 0


def test_retry_many_on_a_corrected_version(huiyin: Huiyin, stuck: tuple[str, int], tmp_path: Path) -> None:
    assert huiyin("retry", "--all", "--json").code == 1
    (tmp_path / "p.bpmn").write_bytes(diagram('${typed == "kept"}'))
    assert huiyin("publish", tmp_path / "p.bpmn").code == 0
    done = huiyin("retry", "--procedure", "p", "--version", "2", "--reason", "corrected", "--json")
    assert (done.code, [(line["case"], line["done"]) for line in done.json["cases"]]) == (0, [(stuck[0], True)])
    assert huiyin("verify").code == 0


def test_skip_correct_and_modify(huiyin: Huiyin, stuck: tuple[str, int]) -> None:
    number, seq = stuck
    assert huiyin("skip", number, str(seq), "--reason", "by hand", "--json").code == 1
    shown = huiyin("skip", number, str(seq), "--flow", "g_b", "--reason", "by hand", "--preview", "--json")
    assert elements(shown) == ["b"]
    assert huiyin("correct", number, "--reason", "typo", "--json", values={"x": 1}).json["status"] == "stuck"
    places = huiyin("modify", number, "--json").json["places"]
    assert [place["element"] for place in places] == ["a"]
    move = ("modify", number, "--cancel", str(places[0]["token"]), "--begin", "p:c@0", "--reason", "by hand")
    assert "c" in huiyin(*move, "--preview").out
    moved = huiyin(*move, "--json")
    assert (moved.code, elements(moved), moved.json["status"]) == (0, ["c"], "open")
    nowhere = huiyin("modify", number, "--begin", "nowhere", "--reason", "x", "--preview", "--json")
    assert (nowhere.code, "nowhere" in nowhere.json["problems"][0]["en"]) == (1, True)
    assert huiyin("verify").code == 0


def test_suspend_and_resume(huiyin: Huiyin, stuck: tuple[str, int]) -> None:
    number, _ = stuck
    assert huiyin("suspend", number, "--reason", "checking", "--json").json["status"] == "suspended"
    assert "suspended" in huiyin("show", number).out
    assert huiyin("resume", number, "--json").json["status"] == "stuck"
    assert huiyin("suspend", "--procedure", "p", "--cases", "--reason", "new rules", "--json").json == {
        "procedure": "p", "suspended": True, "cases": [number],
    }  # fmt: skip
    refused = huiyin("start", "p", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (1, "procedure_suspended")
    assert huiyin("resume", "--procedure", "p", "--json").json["cases"] == [number]
    assert huiyin("start", "p").code == 0


def test_migrate(huiyin: Huiyin, stuck: tuple[str, int], tmp_path: Path) -> None:
    (tmp_path / "p.bpmn").write_bytes(diagram("${n > 0}").replace(b'"a"', b'"a2"').replace(b"a&gt;", b"a2&gt;"))
    assert huiyin("publish", tmp_path / "p.bpmn").code == 0
    line = ("migrate", stuck[0], "--to", "2", "--reason", "new rules")
    refused = huiyin(*line, "--preview", "--json")
    assert (refused.code, [problem["element"] for problem in refused.json["problems"]]) == (1, ["a"])
    assert huiyin(*line, "--json").json["error"]["code"] == "migration_refused"
    report = huiyin("migrate", "--procedure", "p", "--from", "1", "--to", "2", "--reason", "r", "--json")
    assert (report.code, [item["done"] for item in report.json["cases"]]) == (1, [False])
    assert elements(huiyin(*line, "--map", "a=a2", "--json")) == ["a2"]
    assert huiyin("verify").code == 0


def test_two_persons(huiyin: Huiyin, stuck: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYIN_TWO_PERSONS", "corrections")
    asked = huiyin("correct", stuck[0], "--reason", "typo", "--as", "cheng", "--json", values={"n": 1})
    assert asked.json["approval"] == 1
    (waiting,) = huiyin("approvals", "--json").json["approvals"]
    assert (waiting["id"], waiting["command"], waiting["asked_by"]) == (1, "CorrectValues", "cheng")
    assert "cheng" in huiyin("approvals").out
    assert huiyin("approve", "1", "--as", "cheng", "--json").json["error"]["code"] == "not_allowed"
    assert huiyin("approve", "1", "--as", "wang", "--json").code == 0
    assert huiyin("show", stuck[0], "--json").json["values"] == {"n": 1}
    assert huiyin("correct", stuck[0], "--reason", "r", "--as", "cheng", values={"n": 2}).code == 0
    assert huiyin("approve", "2", "--refuse", "--as", "cheng", "--json").code == 0
    assert [item["decision"] for item in huiyin("approvals", "--decided", "--json").json["approvals"]] == [
        "withdrawn",
        "agreed",
    ]
    assert huiyin("verify").code == 0


@pytest.mark.parametrize(
    "line",
    [
        ("retry",),
        ("retry", "X", "--preview"),
        ("retry", "--all", "--values", "f"),
        ("retry", "X", "one"),
        ("migrate", "--to", "2", "--reason", "r"),
        ("migrate", "X", "--to", "2", "--map", "a", "--reason", "r"),
        ("modify", "X", "--begin", "a@b", "--reason", "r"),
        ("suspend", "--reason", "r"),
        ("resume", "X", "--procedure", "p"),
        ("skip", "X", "1"),
        ("approve", "x"),
    ],
)
def test_what_is_not_understood(huiyin: Huiyin, line: tuple[str, ...]) -> None:
    answer = huiyin(*line, "--json")
    assert (answer.code, answer.json["error"]["code"]) == (2, "usage")
