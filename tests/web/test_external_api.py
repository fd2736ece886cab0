"""The interface for workers: tokens, JSON in and out, and what is refused."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine import Engine, Settings
from engine.commands import PublishVersion, SaveRole, SaveUser, StartCase
from tests.bpmn.drawing import END, ERROR, START, boundary, document, flows, users
from tests.bpmn.test_service_tasks import line, service
from webui import create_app

TOKEN = "0123456789abcdef" * 4
BASE = "/api/external-tasks"


@pytest.fixture
def web_settings(web_settings: Settings) -> Settings:
    """The company's settings, with one worker that may sign in."""
    return replace(web_settings, api_tokens=f"robot={hashlib.sha256(TOKEN.encode()).hexdigest()}")


@pytest.fixture
def case(engine: Engine) -> str:
    """A case that waits for the topic ``credit``, in a company that has the account ``robot``."""
    engine.handle(SaveRole(key="worker", label="外部程序", actor="system"))
    engine.handle(SaveUser(login="robot", name="robot", roles=("worker",), actor="system"))
    body = service("s", "credit", n="${n}") + boundary("e", "s", ERROR) + users("a", "mend")
    drawn = document(START + body + END + line("s", "a") + flows("e>mend"), "outside")
    engine.handle(PublishVersion(files={"outside.bpmn": drawn}, actor="system"))
    return engine.handle(StartCase(procedure="outside", values={"n": 3}, actor="system")).case


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def post(client: FlaskClient, path: str, body: Any, token: str = TOKEN) -> Any:
    return client.post(BASE + path, json=body, headers={"Authorization": f"Bearer {token}"})


def fetched(client: FlaskClient) -> str:
    answer = post(client, "/fetch-and-lock", {"topics": ["credit"], "worker": "w"})
    (task,) = answer.json["tasks"]
    return str(task["id"])


def test_a_worker_fetches_and_completes(client: FlaskClient, case: str, engine: Engine) -> None:
    waiting = client.get(BASE, headers={"Authorization": f"Bearer {TOKEN}"}).json["tasks"]
    assert [task["case"] for task in waiting] == [case]
    task = fetched(client)
    assert post(client, f"/{task}/extend", {"worker": "w", "seconds": 60}).status_code == 200
    files = {"paper": {"name": "a.txt", "content": base64.b64encode(b"seven").decode()}}
    done = post(client, f"/{task}/complete", {"worker": "w", "values": {"score": 7}, "files": files})
    assert (done.status_code, done.json) == (200, {"case": case, "status": "open"})
    values = engine.case(case).values
    assert values["score"] == 7
    assert engine.attachment(values["paper"]["attachment"]).content == b"seven"
    assert "external_completed" in {entry.kind for entry in engine.history(case) if entry.actor == "robot"}
    assert engine.verify(case).ok
    again = post(client, f"/{task}/complete", {"worker": "w"})
    assert (again.status_code, again.json["error"]["code"]) == (409, "task_already_done")


def test_a_failure_and_a_business_error(client: FlaskClient, case: str, engine: Engine) -> None:
    task = fetched(client)
    assert post(client, f"/{task}/fail", {"worker": "w", "message": "down", "retry_after": 0}).status_code == 200
    assert engine.external_tasks()[0].error == "down"
    task = fetched(client)
    assert post(client, f"/{task}/unlock", {"worker": "w"}).status_code == 200
    task = fetched(client)
    assert post(client, f"/{task}/error", {"worker": "w", "code": "E1", "values": {"why": "x"}}).status_code == 200
    assert [item.element for item in engine.open_tasks(case=case)] == ["mend"]


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": f"Basic {TOKEN}"},
               {"Authorization": "Bearer "}]
)  # fmt: skip
def test_without_the_token_nobody_comes_in(client: FlaskClient, case: str, header: dict[str, str]) -> None:
    answer = client.post(f"{BASE}/fetch-and-lock", json={"topics": ["credit"], "worker": "w"}, headers=header)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_session_is_no_token(signed: Any, case: str) -> None:
    visitor = signed("agent")
    assert visitor.client.get(BASE).status_code == 401


def test_a_token_whose_account_is_no_worker_may_nothing(client: FlaskClient, case: str, engine: Engine) -> None:
    engine.handle(SaveUser(login="robot", name="robot", roles=(), actor="system"))
    answer = post(client, "/fetch-and-lock", {"topics": ["credit"], "worker": "w"})
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "not_allowed")


def test_guessing_is_slowed_down(engine: Engine, web_settings: Settings, case: str) -> None:
    client = create_app(engine, web_settings).test_client()
    codes = [post(client, "/fetch-and-lock", {"topics": ["credit"], "worker": "w"}, "x").status_code for _ in range(32)]
    assert set(codes[:30]) == {401}
    assert codes[-1] == 429


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/fetch-and-lock", []),
        ("/fetch-and-lock", {"worker": "w"}),
        ("/fetch-and-lock", {"topics": "credit", "worker": "w"}),
        ("/fetch-and-lock", {"topics": ["credit"]}),
        ("/fetch-and-lock", {"topics": ["credit"], "worker": "w", "count": "1"}),
        ("/fetch-and-lock", {"topics": ["credit"], "worker": "w", "count": True}),
        ("/fetch-and-lock", {"topics": ["credit"], "worker": "w", "lock_seconds": "1"}),
        ("/fetch-and-lock", {"topics": ["credit"], "worker": "w", "seconds": 1}),
        ("/{task}/complete", {"worker": "w", "values": []}),
        ("/{task}/complete", {"worker": "w", "values": {"1x": 1}}),
        ("/{task}/complete", {"worker": "w", "files": {"a": {"name": "x", "content": "*"}}}),
        ("/{task}/complete", {"worker": "w", "files": {"a": "x"}}),
        ("/{task}/fail", {"worker": "w"}),
        ("/{task}/error", {"worker": "w"}),
        ("/{task}/extend", {"worker": "w", "seconds": -1}),
    ],
)
def test_what_is_not_understood_is_refused_in_words(client: FlaskClient, case: str, path: str, body: Any) -> None:
    answer = post(client, path.format(task=fetched(client)), body)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "refused")
