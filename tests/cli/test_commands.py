"""The commands as a script uses them: the shapes documented in ``docs/reference/cli.md``, and the exit codes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from tests.cli.conftest import DIAGRAMS, Huiyin

TWO = DIAGRAMS / "two-tasks.bpmn"
WAITS = DIAGRAMS / "waits.bpmn"
SHA = 64


@pytest.fixture
def case(huiyin: Huiyin) -> str:
    """A case that has just been started on ``two-tasks.bpmn``."""
    assert huiyin("publish", TWO).code == 0
    number: str = huiyin("start", "两步", "--json", values={"问题": "噪声"}).json["case"]
    return number


def test_publish_makes_a_version_once(huiyin: Huiyin) -> None:
    (version,) = huiyin("publish", TWO, "--json").json["versions"]

    assert set(version) == {"procedure", "number", "sha256"}
    assert (version["procedure"], version["number"], len(version["sha256"])) == ("两步", 1, SHA)
    assert huiyin("publish", TWO, "--json").json == {"versions": []}


def test_publish_takes_a_folder_and_everything_below_it(huiyin: Huiyin, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere" / "drawn"
    (folder / "deep").mkdir(parents=True)
    shutil.copy(TWO, folder / "deep")
    shutil.copy(WAITS, folder)
    (folder / "notes.txt").write_text("not a diagram")

    versions = huiyin("publish", folder, "--json").json["versions"]

    assert sorted(version["procedure"] for version in versions) == ["waits", "两步"]


def test_files_of_one_name_in_two_folders_are_kept_apart(huiyin: Huiyin, tmp_path: Path) -> None:
    for folder, source in (("a", TWO), ("b", WAITS)):
        (tmp_path / folder).mkdir()
        shutil.copy(source, tmp_path / folder / "same.bpmn")

    answer = huiyin("publish", tmp_path / "a" / "same.bpmn", tmp_path / "b" / "same.bpmn", "--json")

    assert len(answer.json["versions"]) == 2


def test_start_says_where_the_case_stands(huiyin: Huiyin) -> None:
    huiyin("publish", TWO)

    answer = huiyin("start", "两步", "--as", "li", "--json", values={"问题": "噪声"})

    assert answer.code == 0
    assert set(answer.json) == {"case", "status", "tasks"}
    (task,) = answer.json["tasks"]
    assert task == {
        "id": task["id"],
        "element": "登记",
        "name": "登记问题",
        "roles": [],
        "form": None,
        "due": None,
    }
    assert task["id"].startswith(answer.json["case"] + ".")


def test_a_reference_starts_one_case(huiyin: Huiyin) -> None:
    huiyin("publish", TWO)
    number = huiyin("start", "两步", "--reference", "city:1", "--json").json["case"]

    again = huiyin("start", "两步", "--reference", "city:1", "--json")

    assert again.code == 1
    assert (again.json["error"]["code"], again.json["error"]["case"]) == ("already_there", number)


def test_tasks_complete_show_and_history_tell_one_story(huiyin: Huiyin, case: str) -> None:
    (task,) = huiyin("tasks", "--case", case, "--as", "li", "--json").json["tasks"]
    assert {"id", "element", "name", "roles", "form", "due", "case", "claimed_by"} <= set(task)

    done = huiyin("complete", task["id"], "--as", "li", "--json", values={"urgent": True}).json
    assert (done["case"], done["status"], [t["element"] for t in done["tasks"]]) == (case, "open", ["review"])
    assert done["tasks"][0]["due"] == "2026-12-01T01:00:00.000000+00:00"

    shown = huiyin("show", case, "--json").json
    assert set(shown) == {"number", "procedure", "version", "status", "values", "tasks", "incidents"}
    assert (shown["number"], shown["procedure"], shown["version"], shown["status"]) == (case, "两步", 1, "open")
    assert shown["values"]["问题"] == "噪声"
    assert shown["values"]["urgent"] is True
    assert shown["tasks"] == done["tasks"]
    assert shown["incidents"] == []

    ended = huiyin("complete", done["tasks"][0]["id"], "--json").json
    assert (ended["status"], ended["tasks"]) == ("closed", [])

    entries = huiyin("history", case, "--json").json["entries"]
    assert all(set(entry) == {"seq", "at", "actor", "kind", "element", "data", "hash"} for entry in entries)
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    began = [entry["element"] for entry in entries if entry["kind"] == "element_began"]
    assert began == ["start", "登记", "check", "review", "end"]


def test_a_task_is_done_once(huiyin: Huiyin, case: str) -> None:
    (task,) = huiyin("tasks", "--json").json["tasks"]
    huiyin("complete", task["id"], values={"urgent": False})

    again = huiyin("complete", task["id"], "--json", values={"urgent": False})

    assert again.code == 1
    assert again.json["error"]["code"] == "task_already_done"
    assert again.err.startswith("Error: ")


def test_claim_and_unclaim(huiyin: Huiyin, case: str) -> None:
    (task,) = huiyin("tasks", "--json").json["tasks"]

    assert huiyin("claim", task["id"], "--as", "li").code == 0
    assert huiyin("tasks", "--json").json["tasks"][0]["claimed_by"] == "li"
    assert huiyin("unclaim", task["id"], "--as", "li").code == 0
    assert huiyin("tasks", "--json").json["tasks"][0]["claimed_by"] is None


def test_a_message_and_a_timer_move_a_case(huiyin: Huiyin, monkeypatch: pytest.MonkeyPatch) -> None:
    huiyin("publish", WAITS)
    case = huiyin("start", "waits", "--json").json["case"]

    assert huiyin("message", "unheard", "--case", case, "--json").code == 1
    sent = huiyin("message", "paid", "--case", case, "--json", values={"amount": 5})
    assert sent.json == {"case": case, "status": "open", "tasks": []}
    assert huiyin("work", "--once", "--json").json["fired"] == []

    monkeypatch.setenv("HUIYIN_CLOCK", "2026-11-23T10:00:00+08:00")
    assert huiyin("work", "--once", "--json").json["fired"] == [case]
    assert huiyin("work", "--once", "--json").json["fired"] == []
    assert huiyin("show", case, "--json").json["status"] == "closed"


def test_verify_proves_one_case_or_all(huiyin: Huiyin, case: str) -> None:
    assert huiyin("verify", case, "--json").json == {"cases": 1, "ok": True, "mismatches": []}
    assert huiyin("verify", "--json").json == {"cases": 1, "ok": True, "mismatches": []}
    assert "agree" in huiyin("verify").out


@pytest.mark.parametrize(
    "line",
    [
        ["show", "20991231-9999"],
        ["history", "20991231-9999"],
        ["verify", "20991231-9999"],
        ["start", "no such procedure"],
        ["complete", "20991231-9999.1"],
        ["complete", "nonsense"],
        ["claim", "20991231-9999.1"],
    ],
)
def test_what_is_not_there_is_refused_with_1(huiyin: Huiyin, line: list[str]) -> None:
    answer = huiyin(*line, "--json")

    assert answer.code == 1
    assert answer.json["error"]["code"] == "not_found"
    assert answer.json["error"]["message"]


@pytest.mark.parametrize(
    "line",
    [
        ["start"],
        ["start", "a", "b"],
        ["start", "a", "--colour"],
        ["strat", "a"],
        ["tasks", "--case"],
        ["publish"],
        ["publish", "gone.bpmn"],
        ["import", "gone.csv", "--mapping", "gone.yaml"],
        ["serve", "--port", "ninety"],
        ["work", "--every", "0"],
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_not_understood_ends_with_2(
    huiyin: Huiyin, line: list[str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUIYIN_LANG", language)

    answer = huiyin(line[0], "--json", *line[1:])

    assert answer.code == 2
    assert answer.json["error"]["code"] == "usage"
    assert answer.json["error"]["message"].isascii() == (language == "en")


def test_values_that_are_not_json_end_with_2_and_change_nothing(huiyin: Huiyin, case: str, tmp_path: Path) -> None:
    (task,) = huiyin("tasks", "--json").json["tasks"]
    (tmp_path / "bad.json").write_text('{"a": 1,\n}')

    answer = huiyin("complete", task["id"], "--values", "bad.json", "--json")

    assert answer.code == 2
    assert "line 2" in answer.json["error"]["message"]
    assert huiyin("tasks", "--json").json["tasks"][0]["id"] == task["id"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe",
        b"<definitions/>",
        b"<a>" * 2000,
        b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "x"><a/>',
        b"[]",
    ],
)
@pytest.mark.parametrize("ending", [".bpmn", ".dmn", ".form"])
def test_check_answers_whatever_a_file_holds(huiyin: Huiyin, tmp_path: Path, content: bytes, ending: str) -> None:
    file = tmp_path / f"坏{ending}"
    file.write_bytes(content)

    checked = huiyin("check", file, "--json")
    assert checked.code == 1
    for problem in checked.json["problems"]:
        assert set(problem) == {"file", "element", "severity", "code", "message"}
    assert {problem["file"] for problem in checked.json["problems"]} == {str(file)}

    published = huiyin("publish", file, "--json")
    assert published.code == 1
    assert published.json["error"]["code"] == "version_rejected"
    assert published.json["error"]["problems"]


def test_check_of_good_files_finds_nothing(huiyin: Huiyin) -> None:
    answer = huiyin("check", TWO, WAITS, "--json")

    assert answer.code == 0
    assert [problem for problem in answer.json["problems"] if problem["severity"] == "error"] == []


def test_check_of_what_is_no_diagram_says_so(huiyin: Huiyin, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "folder.bpmn").mkdir()
    os.mkfifo(tmp_path / "pipe.bpmn")
    (tmp_path / "loop.bpmn").symlink_to(tmp_path / "loop2.bpmn")
    (tmp_path / "huge.form").write_bytes(b" " * 16_000_001)

    answer = huiyin(
        "check",
        *(tmp_path / name for name in ("empty", "notes.txt", "folder.bpmn", "pipe.bpmn", "huge.form")),
        "--json",
    )

    assert answer.code == 1
    assert [problem["code"] for problem in answer.json["problems"]] == [
        "nothing_found",
        "unknown_file",
        "nothing_found",
        "unreadable",
        "too_large",
    ]
    assert huiyin("check", tmp_path, "--json").code == 1


def test_the_clock_is_for_tests_only(huiyin: Huiyin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYIN_ENV", "production")
    answer = huiyin("tasks", "--json")
    assert (answer.code, answer.json["error"]["code"]) == (2, "bad_setting")
    assert "HUIYIN_CLOCK" in answer.json["error"]["message"]

    monkeypatch.setenv("HUIYIN_ENV", "test")
    monkeypatch.setenv("HUIYIN_CLOCK", "half past nine")
    assert huiyin("tasks").code == 2


def command_lines(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command, those of groups within groups included."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from command_lines(command, (*before, name))
        else:
            yield (*before, name)


def test_every_command_has_help_in_both_languages(huiyin: Huiyin, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.cli.top import top

    assert set(top.commands) >= {
        "publish",
        "check",
        "start",
        "tasks",
        "complete",
        "message",
        "show",
        "history",
        "verify",
        "reindex",
        "work",
        "import",
        "demo",
        "serve",
        "doctor",
    }
    for words in command_lines(top):
        monkeypatch.setenv("HUIYIN_LANG", "en")
        english = huiyin(*words, "--help")
        monkeypatch.setenv("HUIYIN_LANG", "zh")
        chinese = huiyin(*words, "--help")
        assert (english.code, chinese.code) == (0, 0)
        assert english.out.startswith(f"Usage: huiyin {' '.join(words)}") and english.out.isascii()
        assert chinese.out.startswith(f"用法: huiyin {' '.join(words)}")
        assert "--json" in english.out and "--json" in chinese.out
    assert "受理、转办" in huiyin("--help").out


def test_the_folder_of_the_database_is_made(huiyin: Huiyin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUIYIN_DATABASE_URL")

    assert huiyin("tasks").code == 0
    assert (tmp_path / "var" / "huiyin.db").is_file()


def test_a_bad_database_is_an_error_not_a_traceback(huiyin: Huiyin, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("mysql://nowhere/db", "nonsense", "postgresql://nobody@127.0.0.1:1/none"):
        monkeypatch.setenv("HUIYIN_DATABASE_URL", url)
        answer = huiyin("tasks", "--json")
        assert answer.code == 1
        assert answer.json["error"]["code"] == "database_failed"
        assert "Traceback" not in answer.err


def command_line(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    code = "from engine.cli import main; main()"
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run([sys.executable, "-c", code, *arguments], env={**path, **environment}, capture_output=True)


def test_output_is_utf8_whatever_the_locale(huiyin: Huiyin, case: str) -> None:
    environment: dict[str, Any] = {name: value for name, value in os.environ.items() if name.startswith("HUIYIN_")}
    environment.update(LC_ALL="POSIX", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii")

    shown = command_line("show", case, "--json", **environment)
    text = command_line("show", case, **environment)

    assert shown.returncode == 0, shown.stderr
    assert "噪声" in shown.stdout.decode("utf-8")
    assert "噪声" in text.stdout.decode("utf-8")
