"""What a view asks about its request: the engine, who is acting, what they may reach."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast
from urllib.parse import quote

import flask
from flask_login import current_user

from engine import Engine
from engine.errors import Bilingual, NotAllowed

P = ParamSpec("P")
R = TypeVar("R")


def engine() -> Engine:
    """The engine this application was made for."""
    return cast(Engine, flask.current_app.extensions["huiyin"])


def signed_in() -> bool:
    """Whether the request comes from somebody who has signed in."""
    return bool(current_user.is_authenticated)


def actor() -> str:
    """The login name on whose behalf the request acts; empty for a visitor."""
    return str(current_user.get_id()) if signed_in() else ""


def roles() -> frozenset[str]:
    """The role keys of the person who is signed in."""
    return cast("frozenset[str]", current_user.roles) if signed_in() else frozenset()


def has_role(*keys: str) -> bool:
    """Whether the person holds one of these roles."""
    return bool(roles() & set(keys))


def login_needed(view: Callable[P, R]) -> Callable[P, R | Any]:
    """Sends visitors to the login page, and back here afterwards."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Any:
        if signed_in():
            return view(*args, **kwargs)
        path = flask.request.full_path.rstrip("?") if flask.request.method == "GET" else ""
        return flask.redirect(flask.url_for("auth.login") + (f"?next={quote(path)}" if path else ""))

    return guarded


def role_needed(*keys: str) -> Callable[[Callable[P, R]], Callable[P, R | Any]]:
    """Lets only holders of one of these roles in; anybody else gets the page 403."""

    def decorate(view: Callable[P, R]) -> Callable[P, R | Any]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Any:
            if not has_role(*keys):
                raise NotAllowed(
                    actor=actor(), reason=Bilingual(zh="此页面需要其他角色。", en="this page needs another role.")
                )
            return view(*args, **kwargs)

        return login_needed(guarded)

    return decorate
