"""Signing in and out: Flask-Login over the engine's users, argon2 hashes, a brake on guessing."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

import flask
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, login_user, logout_user

from engine import User
from engine.errors import NotFound, Refused
from webui.addresses import own_path
from webui.context import engine, signed_in
from webui.language import _

blueprint = flask.Blueprint("auth", __name__)

#: Compared against when there is no such login, so that both answers take the same time.
_NOBODY = PasswordHasher().hash("nobody has this password")


@dataclass(frozen=True)
class Person:
    """Who is signed in. What Flask-Login asks of a user, and the roles the pages decide by."""

    login: str
    name: str
    unit: str | None
    roles: frozenset[str]

    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """What the session keeps."""
        return self.login


def _signed_in(login: str) -> Person | None:
    """Whom a session belongs to: nobody once the account was closed or has another password."""
    try:
        user = engine().user(login)
    except (NotFound, Refused):
        return None
    if not user.active or flask.session.get("opened_with") != _trace(user):
        return None
    return Person(user.login, user.name, user.unit, frozenset(user.roles))


def _trace(user: User) -> str:
    """What a session keeps of the password it was opened with. The browser can read it, so it is keyed."""
    key = str(flask.current_app.secret_key).encode("utf-8")
    return hmac.new(key, (user.password_hash or "").encode("utf-8"), "sha256").hexdigest()


def install(app: flask.Flask) -> None:
    """Puts sessions and the sign-in pages into the application."""
    manager = LoginManager(app)
    manager.session_protection = "basic"
    manager.user_loader(_signed_in)
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://", enabled=app.config["RATELIMIT_ENABLED"])
    app.extensions["huiyin_limiter"] = limiter
    app.register_blueprint(blueprint)
    # Wrong attempts are counted by machine and by login name: neither many names nor many machines help a guesser.
    by_machine = limiter.limit("30 per minute", deduct_when=_was_wrong)
    by_name = limiter.limit("10 per minute", key_func=_name_tried, deduct_when=_was_wrong)
    app.view_functions["auth.enter"] = by_machine(by_name(enter))


def _was_wrong(response: flask.Response) -> bool:
    return response.status_code == 422


def _name_tried() -> str:
    return "login:" + flask.request.form.get("login", "").strip().lower()[:64]


def password_fits(login: str, password: str) -> bool:
    """Whether this is the password of that login. Takes as long for a login that does not exist."""
    kept = None
    try:
        user = engine().user(login)
        kept = user.password_hash if user.active else None
    except (NotFound, Refused):
        pass
    try:
        PasswordHasher().verify(kept or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


@blueprint.get("/login")
def login() -> flask.typing.ResponseReturnValue:
    """The sign-in page; in demo mode with the demo people."""
    if signed_in():
        return flask.redirect(flask.url_for("worklist.index"))
    return _page()


@blueprint.post("/login", endpoint="enter")
def enter() -> flask.typing.ResponseReturnValue:
    """Signs in, or says that name and password do not fit together; never which of them is wrong."""
    name = flask.request.form.get("login", "").strip()
    if not password_fits(name, flask.request.form.get("password", "")):
        return _page(name, _("登录名或密码不正确。")), 422
    language = flask.session.get("language")
    flask.session.clear()
    if language:
        flask.session["language"] = language
    flask.session.permanent = True
    flask.session["opened_with"] = _trace(engine().user(name))
    login_user(_signed_in(name))
    return flask.redirect(own_path(flask.request.form.get("next", "")) or flask.url_for("worklist.index"))


@blueprint.post("/logout")
def logout() -> flask.typing.ResponseReturnValue:
    """Signs out; by POST, so that no link of somebody else's can do it."""
    language = flask.session.get("language")
    logout_user()
    flask.session.clear()
    if language:
        flask.session["language"] = language
    flask.flash(_("已退出登录。"), "success")
    return flask.redirect(flask.url_for("auth.login"))


def _page(name: str = "", error: str = "") -> str:
    return flask.render_template(
        "auth/login.html",
        name=name,
        error=error,
        demo=_demo_people(),
        next=own_path(flask.request.values.get("next", "")),
    )


def _demo_people() -> list[dict[str, Any]]:
    if flask.current_app.config["HUIYIN_ENV"] != "demo":
        return []
    labels = {role.key: role.label for role in engine().roles()}
    return [
        {"login": user.login, "name": user.name, "roles": [labels.get(key, key) for key in user.roles]}
        for user in engine().users()
        if user.active
    ]
