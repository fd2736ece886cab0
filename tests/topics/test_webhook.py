"""The topic ``webhook``, against a server of our own on the loopback address."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, Settings
from engine.topics import work_external
from engine.topics.webhook import run_webhook
from engine.topics.whereto import NotListed, destination
from tests.bpmn.drawing import END, START, boundary, document, flows, users
from tests.bpmn.test_service_tasks import line, service
from tests.engine.steps import publish, start

REJECTED = "<errorEventDefinition/>"


@dataclass
class Office:
    """Another system: what it was asked, and what it answers."""

    url: str = ""
    status: int = 200
    answer: bytes = b'{"score": 7}'
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def office() -> Iterator[Office]:
    """A server on a free port, which remembers what it was asked."""
    known = Office()

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known.asked.append((self.path, dict(self.headers), body))
            self.send_response(known.status)
            for name, value in known.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(BrokenPipeError, ConnectionResetError):  # whoever asked has heard enough
                self.wfile.write(known.answer)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    known.url = f"http://127.0.0.1:{server.server_port}/hook?a=1"
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation whose webhooks may go to this machine."""
    return Settings(env="test", home=str(tmp_path / "home"), webhook_hosts="127.0.0.1", webhook_secret="geheim")


def case_with(engine: Engine, url: str, caught: bool = False, result: str = "answer", **inputs: str) -> str:
    """A case that waits at a webhook; ``mend`` is where a rejection leads."""
    inputs = {"url": url.replace("&", "&amp;"), "result": result, **inputs}
    body = service("s", "webhook", **inputs) + users("a")
    if caught:
        body += boundary("e", "s", REJECTED) + users("mend") + flows("e>mend")
    publish(engine, document(START + body + END + line("s", "a")))
    return start(engine, n=3).case


def open_at(engine: Engine, number: str) -> list[str]:
    return [task.element for task in engine.open_tasks(case=number)]


def test_the_parameters_are_posted_and_the_answer_becomes_a_variable(engine: Engine, office: Office) -> None:
    number = case_with(engine, office.url, amount="${n}", text="中文")
    (waiting,) = engine.external_tasks()
    assert work_external(engine) == 1
    ((path, headers, body),) = office.asked
    assert path == "/hook?a=1"
    assert json.loads(body) == {"amount": 3, "text": "中文"}
    assert headers["Idempotency-Key"] == waiting.id
    expected = hmac.new(b"geheim", body, hashlib.sha256).hexdigest()
    assert headers["X-Huiyin-Signature"] == f"sha256={expected}"
    assert engine.case(number).values == {"n": 3, "answer": {"score": 7}}
    assert open_at(engine, number) == ["a"]
    assert work_external(engine) == 0
    assert engine.verify().ok


def test_a_body_is_posted_as_it_is(engine: Engine, office: Office) -> None:
    case_with(engine, office.url, body="${[n, 1]}")
    run_webhook(engine.external_tasks()[0], Settings(env="test", webhook_hosts="127.0.0.1"))
    assert json.loads(office.asked[0][2]) == [3, 1]
    assert "X-Huiyin-Signature" not in office.asked[0][1]


def test_without_a_result_the_answer_is_left(engine: Engine, office: Office) -> None:
    office.answer = b"thanks"
    number = case_with(engine, office.url, result="")
    work_external(engine)
    assert (open_at(engine, number), engine.case(number).values) == (["a"], {"n": 3})


def test_a_rejection_goes_where_the_diagram_catches_it(engine: Engine, office: Office) -> None:
    office.status, office.answer = 422, b"no such account"
    number = case_with(engine, office.url, caught=True)
    work_external(engine)
    assert open_at(engine, number) == ["mend"]
    assert engine.case(number).values["answer"] == {"status": 422, "text": "no such account"}
    assert engine.verify().ok


def test_a_rejection_nothing_catches_waits_for_a_person(engine: Engine, office: Office) -> None:
    office.status = 404
    number = case_with(engine, office.url)
    work_external(engine)
    case = engine.case(number)
    assert (case.status, len(case.incidents)) == ("stuck", 1)
    assert "404" in case.incidents[0].en
    assert work_external(engine) == 0


@pytest.mark.parametrize(
    ("status", "answer"), [(500, b""), (302, b""), (429, b""), (200, b"<html>"), (200, b"x" * 1_000_001)]
)
def test_what_may_be_better_later_is_tried_again(
    engine: Engine, office: Office, clock: Any, status: int, answer: bytes
) -> None:
    office.status, office.answer = status, answer
    office.headers = {"Location": "/elsewhere"} if status == 302 else {}
    number = case_with(engine, office.url)
    assert work_external(engine) == 1
    (task,) = engine.external_tasks()
    assert (task.failures, task.retries, task.worker) == (1, 7, None)
    assert work_external(engine) == 0
    assert len(office.asked) == 1
    office.status, office.answer = 200, b"{}"
    clock.forward(seconds=30)
    assert work_external(engine) == 1
    assert open_at(engine, number) == ["a"]
    assert {headers["Idempotency-Key"] for _, headers, _ in office.asked} == {task.id}


def test_the_other_system_may_say_when(engine: Engine, office: Office) -> None:
    office.status, office.headers = 503, {"Retry-After": "600"}
    case_with(engine, office.url)
    work_external(engine)
    assert engine.external_tasks()[0].available_at == "2026-11-23T01:10:00.000000+00:00"


def test_nobody_answers(engine: Engine) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        case_with(engine, f"http://127.0.0.1:{closed.getsockname()[1]}/")
        work_external(engine)
    assert "127.0.0.1" in engine.external_tasks()[0].error


def test_an_answer_that_cannot_be_stored_waits_for_a_person(engine: Engine, office: Office) -> None:
    office.answer = b'{"typename": 1}'
    number = case_with(engine, office.url)
    work_external(engine)
    assert engine.case(number).status == "stuck"


def test_where_it_may_not_go_it_does_not_go(engine: Engine, office: Office) -> None:
    number = case_with(engine, office.url.replace("127.0.0.1", "localhost"))
    work_external(engine)
    assert (engine.case(number).status, office.asked) == ("stuck", [])
    assert "HUIYIN_WEBHOOK_HOSTS" in engine.case(number).incidents[0].en


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://10.0.0.1/", "example.cn"),
        ("http://127.0.0.1/", "localhost"),
        ("https://localhost/", "localhost"),
        ("https://127.0.0.1.example.cn/", "127.0.0.1"),
        ("https://127.0.0.1:8443/", "127.0.0.1:443"),
        ("ftp://127.0.0.1/", "127.0.0.1"),
        ("file:///etc/passwd", "127.0.0.1"),
        ("https://user@127.0.0.1/", "127.0.0.1"),
        ("https://127.0.0.1/\r\nX: y", "127.0.0.1"),
        ("https://127.0.0.1/a b", "127.0.0.1"),
        ("https://[::ffff:127.0.0.1]/", "::ffff:7f00:1x"),
        ("https://127.0.0.1:99999/", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("https:///", ""),
        ("https://127.0.0.1/" + "x" * 2000, "127.0.0.1"),
    ],
)
def test_an_address_that_is_not_allowed(settings: Settings, url: str, hosts: str) -> None:
    with pytest.raises(NotListed):
        destination(url, replace(settings, webhook_hosts=hosts))


@pytest.mark.parametrize("env", ["production", "demo"])
def test_only_tests_may_do_without_encryption(settings: Settings, env: str) -> None:
    allowed = replace(settings, webhook_hosts="127.0.0.1", env=env)
    with pytest.raises(NotListed, match="https"):
        destination("http://127.0.0.1/", allowed)
    assert destination("https://127.0.0.1/x", allowed).encrypted


def test_a_private_network_may_be_listed(settings: Settings) -> None:
    allowed = replace(settings, webhook_hosts="localhost:8443 127.0.0.0/8,::1")
    place = destination("https://LOCALHOST:8443/a?b=c", allowed)
    assert (place.host, place.port, place.target, place.authority) == ("localhost", 8443, "/a?b=c", "localhost:8443")
