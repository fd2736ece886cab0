"""External tasks as a script does them: the shapes documented in ``docs/reference/cli.md``, and the exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bpmn.drawing import END, ERROR, START, boundary, document, flows, users
from tests.bpmn.test_service_tasks import line, service
from tests.cli.conftest import Huiyin

SHAPE = {
    "id", "case", "token", "process", "element", "topic", "values", "priority", "created_at", "available_at", "worker",
    "locked_until", "retries", "failures", "error",
}  # fmt: skip


@pytest.fixture
def case(huiyin: Huiyin, tmp_path: Path) -> str:
    """A case that waits for the topic ``credit``."""
    body = service("s", "credit", n="${n}") + boundary("e", "s", ERROR) + users("a", "mend")
    drawn = START + body + service("l", "ledger", ledger="进度台账", step="done") + END
    (tmp_path / "p.bpmn").write_bytes(document(drawn + line("s", "l", "a") + flows("e>mend")))
    assert huiyin("publish", tmp_path / "p.bpmn").code == 0
    number: str = huiyin("start", "p", "--json", values={"n": 3}).json["case"]
    return number


def test_work_is_listed_fetched_and_completed(huiyin: Huiyin, case: str, tmp_path: Path) -> None:
    (waiting,) = huiyin("external", "list", "--json").json["tasks"]
    assert set(waiting) == SHAPE
    assert (waiting["case"], waiting["worker"], waiting["values"]) == (case, None, {"n": 3})
    (task,) = huiyin("external", "fetch", "credit", "--worker", "w1", "--json").json["tasks"]
    assert (task["id"], task["worker"], task["locked_until"]) == (
        waiting["id"], "w1", "2026-11-23T01:05:00.000000+00:00",
    )  # fmt: skip
    assert huiyin("external", "fetch", "credit", "--worker", "w2", "--json").json == {"tasks": []}
    (tmp_path / "score.txt").write_text("seven")
    file = f"paper={tmp_path / 'score.txt'}"
    done = huiyin("external", "complete", task["id"], "--worker", "w1", "--file", file, "--json", values={"score": 7})
    assert (done.code, [item["element"] for item in done.json["tasks"]]) == (0, ["a"])
    values = huiyin("show", case, "--json").json["values"]
    assert (values["score"], values["paper"]["name"]) == (7, "score.txt")
    assert huiyin("verify").code == 0
    (entry,) = huiyin("ledger", case, "--json").json["entries"]
    assert (entry["ledger"], entry["values"]) == ("进度台账", {"step": "done"})


def test_whoever_is_not_the_one_is_refused(huiyin: Huiyin, case: str) -> None:
    (task,) = huiyin("external", "fetch", "credit", "--worker", "w1", "--json").json["tasks"]
    refused = huiyin("external", "complete", task["id"], "--worker", "w2", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (1, "not_locked")
    huiyin("external", "complete", task["id"], "--worker", "w1")
    again = huiyin("external", "complete", task["id"], "--worker", "w1", "--json")
    assert (again.code, again.json["error"]["code"]) == (1, "task_already_done")


def test_a_failure_an_error_and_a_lock(huiyin: Huiyin, case: str) -> None:
    (task,) = huiyin("external", "fetch", "credit", "--worker", "w", "--json").json["tasks"]
    longer = huiyin("external", "extend", task["id"], "--worker", "w", "--lock", "600", "--json")
    assert longer.json["tasks"][0]["locked_until"] == "2026-11-23T01:10:00.000000+00:00"
    assert huiyin("external", "unlock", task["id"], "--worker", "w").code == 0
    huiyin("external", "fetch", "credit", "--worker", "w")
    report = ("--worker", "w", "--message", "down", "--after", "0")
    assert huiyin("external", "fail", task["id"], *report, "--retries", "2").code == 0
    (waiting,) = huiyin("external", "list", "--topic", "credit", "--case", case, "--json").json["tasks"]
    assert (waiting["retries"], waiting["failures"], waiting["error"]) == (2, 1, "down")
    huiyin("external", "fetch", "credit", "--worker", "w")
    caught = huiyin("external", "error", task["id"], "E1", "--worker", "w", "--json", values={"why": "x"})
    assert [item["element"] for item in caught.json["tasks"]] == ["mend"]
    assert huiyin("external", "list").out.strip() == "No external tasks."


def test_what_was_given_up_is_listed(huiyin: Huiyin, case: str) -> None:
    (task,) = huiyin("external", "fetch", "credit", "--worker", "w", "--json").json["tasks"]
    gone = huiyin("external", "fail", task["id"], "--worker", "w", "--message", "down", "--retries", "0", "--json")
    assert gone.json["status"] == "stuck"
    assert task["id"] in huiyin("external", "list", "--given-up").out


@pytest.mark.parametrize(
    "line",
    [
        ("fetch", "--worker", "w"),
        ("fetch", "credit"),
        ("fetch", "credit", "--worker", "w", "--count", "x"),
        ("complete", "20261123-0001.2", "--worker", "w", "--file", "nothing"),
        ("complete", "20261123-0001.2", "--worker", "w", "--file", "a=/nowhere"),
        ("error", "20261123-0001.2", "--worker", "w"),
    ],
)
def test_what_is_not_understood_ends_with_two(huiyin: Huiyin, line: tuple[str, ...]) -> None:
    assert huiyin("external", *line).code == 2
