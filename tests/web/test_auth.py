"""Signing in and out."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from flask import Flask

from engine import Engine
from engine.commands import SaveUser, SetPassword
from tests.web.visitor import Visitor


def test_a_visitor_is_sent_to_the_login_page_and_back(app: Flask) -> None:
    visitor = Visitor(app)
    page = visitor.get("/cases?q=x")
    assert page.path == "/login"
    page = visitor.send(page.form("/login"), login="agent", password="huiyin-demo")
    assert page.path == "/cases"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/cases",
        "/intake",
        "/people",
        "/audit",
        "/studio",
        "/tasks/x.1",
        "/cases/x",
        "/attachments/x",
        "/cases/x/replay",
    ],
)
def test_every_page_needs_a_login(app: Flask, path: str) -> None:
    assert Visitor(app).get(path).path == "/login"


@pytest.mark.parametrize(("login", "password"), [("agent", "wrong"), ("nobody", "huiyin-demo"), ("", "")])
def test_wrong_name_and_wrong_password_are_answered_alike(app: Flask, login: str, password: str) -> None:
    page = Visitor(app).sign_in(login, password)
    assert page.status == 422
    assert "登录名或密码不正确" in page.words(".alert")
    assert page.one("#login").get("value") == login
    assert page.one("#login").get("aria-invalid") == "true"


def test_an_account_that_was_closed_cannot_sign_in_and_is_signed_out(app: Flask, engine: Engine) -> None:
    visitor = Visitor(app)
    visitor.sign_in("agent")
    engine.handle(
        SaveUser(login="agent", name="陈晓云", unit="kfb", roles=("hotline_agent",), active=False, actor="system")
    )
    assert visitor.get("/").path == "/login"
    assert Visitor(app).sign_in("agent").status == 422


def test_signing_out_needs_a_post(app: Flask) -> None:
    visitor = Visitor(app)
    page = visitor.sign_in("agent")
    assert visitor.get("/logout").status == 405
    page = visitor.send(page.form("/logout"))
    assert page.path == "/login" and "已退出登录" in page.words(".hy-flash")
    assert visitor.get("/").path == "/login"


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(app: Flask, target: str) -> None:
    visitor = Visitor(app)
    page = visitor.send(visitor.get("/login").form("/login"), login="agent", password="huiyin-demo", next=target)
    assert page.status == 200 and page.path == "/"


def test_signing_in_often_is_no_guessing(demo_app: Flask) -> None:
    for _ in range(12):
        assert Visitor(demo_app).sign_in("agent").path == "/"


def test_guessing_is_slowed_down_by_name(demo_app: Flask) -> None:
    visitor = Visitor(demo_app)
    answers = [visitor.sign_in("agent", f"guess {number}").status for number in range(11)]
    assert answers == [422] * 10 + [429]
    assert "稍候" in visitor.sign_in("agent").words("main")


def test_demo_logins_are_shown_in_demo_mode_only(app: Flask, demo_app: Flask) -> None:
    shown = Visitor(demo_app).get("/login").words("main")
    assert "agent" in shown and "陈晓云" in shown and "接听人员" in shown and "huiyin-demo" in shown
    hidden = Visitor(app).get("/login").words("main")
    assert "陈晓云" not in hidden and "huiyin-demo" not in hidden


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.sign_in("agent")
    cookie = visitor.client.get_cookie("huiyin")
    assert cookie is not None and cookie.http_only and cookie.same_site == "Lax"


def test_a_form_without_its_token_is_refused(app: Flask) -> None:
    visitor = Visitor(app)
    page = visitor.get("/login")
    page = visitor.send(page.form("/login"), login="agent", password="huiyin-demo", csrf_token=None)
    assert page.status == 400 and "页面已过期" in page.words("main")


def test_a_new_password_ends_the_sessions_opened_with_the_old_one(app: Flask, engine: Engine) -> None:
    visitor = Visitor(app)
    visitor.sign_in("agent")
    engine.handle(SetPassword(login="agent", password_hash=PasswordHasher().hash("another one"), actor="agent"))
    assert visitor.get("/").path == "/login"
    assert visitor.sign_in("agent", "another one").path == "/"
