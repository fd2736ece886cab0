"""The interface for programs: a case from its start to its end, and what is refused."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine import Engine, Settings
from engine.commands import PublishVersion, SaveRole, SaveUser
from tests.bpmn.drawing import END, MESSAGE, START, catch, document, flows, users

TOKENS = {"robot": "r" * 64, "guest": "g" * 64}
DRAWN = document(
    START
    + '<userTask id="a" name="a" camunda:candidateGroups="clerk"/>'
    + catch("m", MESSAGE)
    + users("b")
    + END
    + flows("start>a", "a>m", "m>b", "b>end"),
    "drawn",
)


@pytest.fixture
def web_settings(web_settings: Settings) -> Settings:
    """Two programs may sign in."""
    hashes = (f"{login}={hashlib.sha256(token.encode()).hexdigest()}" for login, token in TOKENS.items())
    return replace(web_settings, api_tokens=" ".join(hashes))


@pytest.fixture
def client(app: Flask, engine: Engine) -> FlaskClient:
    engine.handle(SaveRole(key="clerk", label="经办", actor="system"))
    engine.handle(SaveUser(login="robot", name="robot", roles=("clerk",), actor="system"))
    engine.handle(SaveUser(login="guest", name="guest", actor="system"))
    engine.handle(PublishVersion(files={"drawn.bpmn": DRAWN}, actor="system"))
    return app.test_client()


def ask(client: FlaskClient, method: str, path: str, body: Any = None, login: str = "robot") -> Any:
    headers = {"Authorization": f"Bearer {TOKENS.get(login, login)}"}
    return client.open("/api" + path, method=method, json=body, headers=headers)


def test_a_case_from_start_to_end(client: FlaskClient, engine: Engine) -> None:
    started = ask(client, "POST", "/cases", {"procedure": "drawn", "values": {"n": 1}, "reference": "R-1"})
    assert started.status_code == 201
    number, task = started.json["case"], started.json["tasks"][0]
    assert (task["element"], started.json["status"]) == ("a", "open")

    assert [found["id"] for found in ask(client, "GET", "/tasks").json["tasks"]] == [task["id"]]
    assert ask(client, "GET", f"/tasks/{task['id']}").json["values"] == {"n": 1}
    assert ask(client, "POST", f"/tasks/{task['id']}/claim").status_code == 200
    assert ask(client, "POST", f"/tasks/{task['id']}/unclaim").status_code == 200
    done = ask(client, "POST", f"/tasks/{task['id']}/complete", {"values": {"n": 2}})
    assert (done.status_code, done.json["tasks"]) == (200, [])

    heard = ask(client, "POST", "/messages", {"name": "paid", "case": number})
    ended = ask(client, "POST", f"/tasks/{heard.json['tasks'][0]['id']}/complete", {})
    assert ended.json["status"] == "closed"
    seen = ask(client, "GET", f"/cases/{number}").json
    assert (seen["status"], seen["values"], seen["tasks"]) == ("closed", {"n": 2}, [])
    assert {entry.actor for entry in engine.history(number)} == {"robot"}
    assert engine.verify().ok


def test_one_request_is_one_command(client: FlaskClient, engine: Engine) -> None:
    task = ask(client, "POST", "/cases", {"procedure": "drawn"}).json["tasks"][0]["id"]
    first = ask(client, "POST", f"/tasks/{task}/complete", {})
    again = ask(client, "POST", f"/tasks/{task}/complete", {})
    assert (first.status_code, again.status_code) == (200, 409)
    assert again.json["error"]["code"] == "task_already_done"


@pytest.mark.parametrize("login", ["", "nobody", "robot "])
def test_without_a_token_there_is_nothing(client: FlaskClient, login: str) -> None:
    answer = ask(client, "GET", "/tasks", login=login or " ")
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "not_signed_in")


def test_rights_are_those_of_the_login(client: FlaskClient) -> None:
    started = ask(client, "POST", "/cases", {"procedure": "drawn"}).json
    task = started["tasks"][0]["id"]
    assert ask(client, "POST", f"/tasks/{task}/complete", {}, login="guest").status_code == 403
    assert ask(client, "GET", f"/cases/{started['case']}", login="guest").status_code == 403
    assert ask(client, "GET", "/tasks", login="guest").json == {"tasks": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/cases", {"procedure": "nowhere"}, 404),
        ("POST", "/cases", {"procedure": 1}, 422),
        ("POST", "/cases", {"procedure": "drawn", "values": []}, 422),
        ("POST", "/cases", {"procedure": "drawn", "valeus": {}}, 422),
        ("POST", "/cases", [], 422),
        ("POST", "/messages", {"name": "paid"}, 422),
        ("GET", "/cases/20261123-9999", None, 404),
        ("GET", "/tasks/nonsense", None, 404),
        ("POST", "/tasks/20261123-9999.1/complete", {}, 404),
        ("DELETE", "/cases/20261123-9999", None, 405),
    ],
)
def test_what_is_wrong_is_said(client: FlaskClient, method: str, path: str, body: Any, status: int) -> None:
    assert ask(client, method, path, body).status_code == status


def test_a_cookie_does_not_let_anybody_in(client: FlaskClient) -> None:
    client.set_cookie("session", "anything")
    assert client.get("/api/tasks").status_code == 401
