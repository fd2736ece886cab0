"""The whole application as people meet it: a server on this machine and Chromium."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from waitress.server import create_server

from engine import Engine
from engine.settings import Settings
from tests.browser.person import Person
from tests.web.conftest import company
from webui import create_app

__all__ = ["company"]

CHROMIUM = os.environ.get("HUIYIN_CHROMIUM") or next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
#: Without these Chromium looks for its maker's hosts at every start.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def engine(company: Path, tmp_path: Path) -> Iterator[Engine]:
    """The company's engine, on the system's clock: the browser has no other."""
    shutil.copytree(company, tmp_path / "company")
    settings = Settings(
        env="test",
        home=str(tmp_path / "company" / "home"),
        secret_key="a secret of this test " * 2,
        database_url=f"sqlite:///{tmp_path / 'company' / 'huiyin.db'}",
    )
    with Engine.open(settings.database_url, settings=settings) as opened:
        yield opened


@pytest.fixture
def address(engine: Engine, tmp_path: Path) -> Iterator[str]:
    """Where the application is served."""
    settings = Settings(env="test", home=str(tmp_path / "company" / "home"), secret_key="a secret of this test " * 2)
    app = create_app(engine, settings)
    app.extensions["huiyin_limiter"].enabled = False
    server = create_server(app, host="127.0.0.1", port=0, threads=4)

    def serve() -> None:
        # Closing takes the sockets away from under the loop, which may just be looking at them.
        with suppress(OSError):
            server.run()

    serving = threading.Thread(target=serve, daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    serving.join(timeout=10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    assert CHROMIUM, "Chromium is not installed; make test installs it, or install Debian's package chromium"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield launched
        launched.close()


Signed = Callable[[str], Person]


@pytest.fixture
def signed(browser: Browser, address: str) -> Iterator[Signed]:
    """Somebody of the company in front of a browser of their own: ``signed("agent")``. At the end nobody's browser may
    have shown an error or asked another machine for anything."""
    people: dict[str, Person] = {}

    def make(login: str) -> Person:
        if login not in people:
            people[login] = Person(browser, address, login)
        return people[login]

    yield make
    for person in people.values():
        person.leave()
    assert {person.login: person.errors for person in people.values() if person.errors} == {}
