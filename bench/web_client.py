"""Clients over HTTP, each with a connection that stays open: of the web application, and of Operaton's REST API."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Sequence
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from bench.databases import ACTOR, PASSWORD, TOKEN
from bench.diagrams import TASKS, entered

#: Seconds after which a connection that nobody used is not trusted any more.
IDLE = 20.0
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_TASK = re.compile(r"/tasks/([^/\"'?#]+)")


class Connection:
    """Requests to one server, with its cookies."""

    def __init__(self, address: str) -> None:
        self._address = urlsplit(address).netloc
        self._connection = HTTPConnection(self._address, timeout=60)
        self._cookies: dict[str, str] = {}
        self._used = time.monotonic()

    def ask(
        self, method: str, path: str, body: str | bytes = b"", kind: str = "", token: str = ""
    ) -> tuple[int, str, bytes]:
        """The status, the ``Location`` and the body of the answer."""
        if time.monotonic() - self._used > IDLE:
            # While others had their turn the server may have hung up: begin anew, as a browser does.
            self._connection.close()
        headers = {"Content-Type": kind} if kind else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        content = body.encode("utf-8") if isinstance(body, str) else body
        self._connection.request(method, path, content or None, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        self._used = time.monotonic()
        for line in answer.headers.get_all("Set-Cookie") or ():
            self._cookies.update({name: item.value for name, item in SimpleCookie(line).items()})
        return answer.status, answer.headers.get("Location", ""), content

    def close(self) -> None:
        self._connection.close()


class Visitor:
    """Somebody signed in to the web application, without scripts. Forms are posted with the token of the session;
    ``reading``: also opens each task's page before and what comes after it, as a person's browser does."""

    def __init__(self, address: str, reading: bool = False) -> None:
        self._connection = Connection(address)
        self._reading = reading
        self._token = self._token_of("/login")
        status, _, _ = self._post("/login", login=ACTOR, password=PASSWORD)
        if status != 302:
            raise RuntimeError(f"signing in was answered {status}")
        self._token = self._token_of("/intake?procedure=chain")

    def play(self) -> int:
        """One case from start to end; the tasks completed. Registering a case completes its first task."""
        if self._reading:
            self._connection.ask("GET", "/intake?procedure=chain")
        status, place, _ = self._post("/intake", procedure="chain")
        if status != 302:
            raise RuntimeError(f"starting was answered {status}")
        page = self._connection.ask("GET", place)[2].decode("utf-8")
        found = _TASK.search(page)
        for _ in range(TASKS - 1):
            if found is None:
                raise RuntimeError(f"no task follows at {place}")
            path = found.group(0)
            if self._reading:
                self._connection.ask("GET", path)
            status, place, _ = self._post(path, _submit="1")
            if status != 302:
                raise RuntimeError(f"completing was answered {status}")
            found = _TASK.search(place)
        if self._reading:
            self._connection.ask("GET", place)
        return TASKS

    def close(self) -> None:
        self._connection.close()

    def _post(self, path: str, **fields: str) -> tuple[int, str, bytes]:
        body = urlencode({"csrf_token": self._token, **fields})
        return self._connection.ask("POST", path, body, "application/x-www-form-urlencoded")

    def _token_of(self, path: str) -> str:
        status, _, page = self._connection.ask("GET", path)
        found = _TOKEN.search(page.decode("utf-8"))
        if status != 200 or found is None:
            raise RuntimeError(f"no form at {path}: {status}")
        return found.group(1)


class Program:
    """A program that uses our own interface: each answer says which task is open next."""

    def __init__(self, address: str) -> None:
        self._connection = Connection(address)

    def play(self) -> int:
        """One case from start to end; the tasks completed."""
        stands = self._post("/api/cases", {"procedure": "chain"}, 201)
        for step in range(TASKS):
            (task,) = stands["tasks"]
            stands = self._post(f"/api/tasks/{task['id']}/complete", {"values": entered(step)}, 200)
        return TASKS

    def close(self) -> None:
        self._connection.close()

    def _post(self, path: str, document: Any, expected: int) -> Any:
        body = json.dumps(document)
        status, _, content = self._connection.ask("POST", path, body, "application/json", TOKEN)
        if status != expected:
            raise RuntimeError(f"{path} was answered {status}: {content[:300]!r}")
        return json.loads(content)


class OperatonClient:
    """A program that uses Operaton's REST API as it is documented."""

    def __init__(self, address: str) -> None:
        self._connection = Connection(address)

    def play(self) -> int:
        """One case from start to end; the tasks completed. Which task is open next must be asked."""
        case = self._json("POST", "/engine-rest/process-definition/key/chain/start", {})["id"]
        for step in range(TASKS):
            (task,) = self._json("GET", f"/engine-rest/task?processInstanceId={case}")
            variables = {name: {"value": value} for name, value in entered(step).items()}
            self._json("POST", f"/engine-rest/task/{task['id']}/complete", {"variables": variables})
        return TASKS

    def close(self) -> None:
        self._connection.close()

    def _json(self, method: str, path: str, document: Any = None) -> Any:
        body = json.dumps(document) if document is not None else ""
        status, _, content = self._connection.ask(method, path, body, "application/json" if body else "")
        if status not in (200, 204):
            raise RuntimeError(f"{path} was answered {status}: {content[:300]!r}")
        return json.loads(content) if content else None


def together(clients: Sequence[Any], cases: int) -> float:
    """All clients at once, each in a thread, ``cases`` cases each: steps a second of all."""
    done: list[int] = []
    failed: list[BaseException] = []

    def work(play: Callable[[], int]) -> None:
        try:
            done.extend(play() for _ in range(cases))
        except Exception as error:
            failed.append(error)

    team = [threading.Thread(target=work, args=(client.play,)) for client in clients]
    began = time.perf_counter()
    for thread in team:
        thread.start()
    for thread in team:
        thread.join()
    spent = time.perf_counter() - began
    if failed:
        raise failed[0]
    return sum(done) / spent
