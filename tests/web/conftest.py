"""The web over a company with the hotline procedure: every test on a copy of one database."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask

from engine import Engine
from engine.clock import Clock
from engine.commands import SetPassword, StartCase
from engine.demo import find_root, set_up
from engine.settings import Settings
from tests.web.visitor import PASSWORD, Visitor
from webui import create_app

#: What an agent writes into the registration form of a complaint.
COMPLAINT: dict[str, Any] = {
    "need_confirmed": True,
    "caller_name": "张伟",
    "contact": "13812345678",
    "identity_kind": "实名",
    "problem_desc": "6 路公交车晚高峰两次到站不停。",
    "demand": "说明原因。",
    "category": "投诉举报",
    "urgency": "一般",
    "complexity": "复杂问题",
    "can_answer_now": False,
    "promise_told": True,
    "promised_reply_at": "2026-12-02T17:30",
}


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database of published procedures, units, roles and people."""
    folder = tmp_path_factory.mktemp("company")
    settings = Settings(env="test", home=str(folder / "home"))
    with Engine.open(f"sqlite:///{folder / 'huiyin.db'}", settings=settings) as engine:
        set_up(engine, find_root())
        # the same password, hashed so that a test does not wait for it
        quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
        for user in engine.users():
            engine.handle(SetPassword(login=user.login, password_hash=quick, actor="system"))
    with sqlite3.connect(folder / "huiyin.db") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return folder


@pytest.fixture
def web_settings(company: Path, tmp_path: Path) -> Settings:
    """Settings over a copy of the company."""
    shutil.copytree(company, tmp_path / "company")
    return Settings(
        env="test",
        home=str(tmp_path / "company" / "home"),
        secret_key="a secret of this test " * 2,
        database_url=f"sqlite:///{tmp_path / 'company' / 'huiyin.db'}",
    )


@pytest.fixture
def engine(web_settings: Settings, clock: Clock) -> Iterator[Engine]:
    """The company's engine."""
    with Engine.open(web_settings.database_url, clock=clock, settings=web_settings) as opened:
        yield opened


@pytest.fixture
def app(engine: Engine, web_settings: Settings) -> Flask:
    """The web over it; nobody is held up for signing in too often."""
    made = create_app(engine, web_settings)
    made.extensions["huiyin_limiter"].enabled = False
    return made


@pytest.fixture
def demo_app(engine: Engine, web_settings: Settings) -> Flask:
    """The web as a demonstration."""
    return create_app(engine, replace(web_settings, env="demo"))


Signed = Callable[[str], Visitor]


@pytest.fixture
def signed(app: Flask) -> Signed:
    """Somebody of the company who has signed in: ``signed("agent")``."""

    def make(login: str) -> Visitor:
        visitor = Visitor(app)
        page = visitor.sign_in(login)
        assert page.status == 200 and page.path == "/", page.words("main")
        return visitor

    return make


@pytest.fixture
def complaint(engine: Engine) -> str:
    """The number of a complaint that was just registered and waits to be dispatched."""
    return engine.handle(StartCase(procedure="hotline", first=COMPLAINT, actor="agent")).case
