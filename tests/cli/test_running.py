"""What runs: the demonstration, the server, and what production does not start with."""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from engine import Engine
from engine.commands import SaveUser, SetPassword
from engine.demo import find_root, set_up
from engine.doctor import DEMO_PASSWORD
from tests.background.diagrams import NEEDS_N
from tests.cli.conftest import Huiyin

ROOT = Path(__file__).parents[2]


def test_the_demonstration_is_loaded_once(huiyin: Huiyin) -> None:
    first = huiyin("demo", "--json")
    assert first.code == 0, first.err
    assert first.json["users"] >= 14
    assert first.json["cases"] >= 6

    assert huiyin("demo", "--json").json == {"versions": 0, "units": 0, "users": 0, "cases": 0}
    assert huiyin("verify", "--json").json == {"cases": first.json["cases"], "ok": True, "mismatches": []}


def test_the_demonstrations_cases_are_in_different_states(huiyin: Huiyin) -> None:
    huiyin("demo")

    tasks = huiyin("tasks", "--json").json["tasks"]

    assert {"UC02-1", "UC03-3", "UC05-1", "UC06-2", "U01-3"} <= {task["form"] for task in tasks}


def test_the_demonstration_is_not_for_production(huiyin: Huiyin, monkeypatch: pytest.MonkeyPatch) -> None:
    production(monkeypatch)

    answer = huiyin("demo", "--json")

    assert answer.code == 1
    assert answer.json["error"]["code"] == "demo_refused"


def production(monkeypatch: pytest.MonkeyPatch, secret: str = "") -> None:
    monkeypatch.setenv("HUIYIN_ENV", "production")
    monkeypatch.delenv("HUIYIN_CLOCK")
    monkeypatch.setenv("HUIYIN_SECRET_KEY", secret)


@pytest.mark.parametrize("secret", ["", "short", "x" * 64, "this is the default secret key of huiyin"])
def test_production_does_not_start_with_a_key_that_can_be_guessed(
    huiyin: Huiyin, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    production(monkeypatch, secret)

    answer = huiyin("serve", "--port", "0", "--json")

    assert answer.code == 1
    assert answer.json["error"]["code"] == "not_fit_for_production"
    assert "HUIYIN_SECRET_KEY" in answer.json["error"]["message"]


def test_production_on_a_server_database_does_not_start_without_a_data_key(
    huiyin: Huiyin, monkeypatch: pytest.MonkeyPatch
) -> None:
    production(monkeypatch, secrets.token_urlsafe(48))
    findings = {found["name"]: found for found in huiyin("doctor", "--json").json["findings"]}

    if os.environ["HUIYIN_DATABASE_URL"].startswith("sqlite"):
        assert findings["data_key"]["level"] == "warning", "the key is a file beside the database"
        return
    assert findings["data_key"]["level"] == "error"
    answer = huiyin("serve", "--port", "0", "--json")
    assert answer.code == 1
    assert "HUIYIN_DATA_KEY" in answer.json["error"]["message"]


def test_production_does_not_start_with_passwords_of_the_demonstration(
    huiyin: Huiyin, monkeypatch: pytest.MonkeyPatch
) -> None:
    huiyin("tasks")
    engine = Engine.open(os.environ["HUIYIN_DATABASE_URL"])
    set_up(engine, find_root())
    engine.close()
    production(monkeypatch, secrets.token_urlsafe(48))
    monkeypatch.setenv("HUIYIN_DATA_KEY", base64.b64encode(secrets.token_bytes(32)).decode())

    answer = huiyin("serve", "--port", "0", "--json")

    assert answer.code == 1
    assert "agent" in answer.json["error"]["message"]
    assert DEMO_PASSWORD not in answer.out + answer.err

    engine = Engine.open(os.environ["HUIYIN_DATABASE_URL"])
    for user in engine.users():
        engine.handle(SetPassword(login=user.login, password_hash=None, actor="system"))
    engine.close()
    people = {finding["name"]: finding for finding in huiyin("doctor", "--json").json["findings"]}["people"]
    assert people["level"] == "ok"


def test_the_doctor_names_what_is_wrong(huiyin: Huiyin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYIN_DATA_KEY", "not a key")

    answer = huiyin("doctor", "--json")

    assert answer.code == 1
    found = {finding["name"]: finding["level"] for finding in answer.json["findings"]}
    assert answer.json["ok"] is False
    assert found["data_key"] == "error"
    assert {"python", "environment", "secret_key", "assets", "translations", "database"} <= set(found)
    assert "not a key" not in answer.out


def test_the_doctor_says_when_the_database_does_not_answer(huiyin: Huiyin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYIN_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

    answer = huiyin("doctor", "--json")

    assert answer.code == 1
    assert [finding["level"] for finding in answer.json["findings"] if finding["name"] == "database"] == ["error"]


def test_a_hash_that_is_none_is_no_demonstration_password(huiyin: Huiyin, monkeypatch: pytest.MonkeyPatch) -> None:
    huiyin("tasks")
    engine = Engine.open(os.environ["HUIYIN_DATABASE_URL"])
    engine.handle(SaveUser(login="li", name="李", actor="system"))
    engine.handle(SetPassword(login="li", password_hash="not a hash", actor="system"))
    engine.close()

    findings = {finding["name"]: finding for finding in huiyin("doctor", "--json").json["findings"]}

    assert findings["people"]["level"] == "ok"


@pytest.mark.parametrize("name", ["serve", "web"])
def test_the_server_answers_and_ends_tidily(huiyin: Huiyin, name: str) -> None:
    huiyin("demo")
    environment = {**os.environ, "HUIYIN_ENV": "demo", "PYTHONPATH": str(ROOT)}
    del environment["HUIYIN_CLOCK"]
    command = [sys.executable, "-c", "from engine.cli import main; main()", name, "--port", "0", "--json"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        assert server.stdout is not None
        said = b""
        while not said.rstrip().endswith(b"}"):
            line = server.stdout.readline()
            assert line, server.communicate()
            said += line
        address = json.loads(said)["address"]
        with urllib.request.urlopen(f"{address}/login", timeout=30) as page:
            assert page.status == 200
            assert "agent" in page.read().decode("utf-8")
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=30)
    assert server.returncode == 0, errors
    assert b"Traceback" not in errors


def test_work_once_says_what_it_did_and_jobs_what_is_left(
    huiyin: Huiyin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diagram = tmp_path / "needs.bpmn"
    diagram.write_bytes(NEEDS_N)
    assert huiyin("publish", diagram).code == 0
    bad = huiyin("start", "p", "--json").json["case"]
    good = huiyin("start", "p", "--json", values={"n": 1}).json["case"]
    assert huiyin("work", "--once", "--json").json["fired"] == []
    monkeypatch.setenv("HUIYIN_CLOCK", "2026-11-23T10:30:00+08:00")

    late = huiyin("jobs", "--json")
    assert (late.code, late.json["lag"], late.json["due"]["timers"]) == (1, 1800.0, 2)
    done = huiyin("work", "--once", "--json")

    assert (done.code, done.json["fired"], done.json["failed"]) == (1, [good], [bad])
    assert huiyin("work", "--once").code == 0, "what failed waits for a person"
    left = huiyin("jobs", "--json")
    assert (left.code, left.json["due"]["held"], left.json["incidents"]) == (0, 1, 1)
    text = huiyin("jobs")
    assert "Timers held by incidents" in text.out and "No worker was seen" in text.out


@pytest.mark.parametrize("arguments", [("--every", "0"), ("--every", "soon"), ("--parallel", "0")])
def test_work_that_cannot_be_scheduled_is_a_mistake_in_the_command(huiyin: Huiyin, arguments: tuple[str, str]) -> None:
    assert huiyin("work", *arguments).code == 2
