"""Who a program acts as: a token (``Authorization: Bearer …``) whose SHA-256 the setting ``HUIYIN_API_TOKENS`` holds
with a login. Cookies mean nothing here, so there is no form token either."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import wraps

import flask

from engine.settings import Settings

Answer = flask.typing.ResponseReturnValue


def acting() -> str:
    """The login the request acts as."""
    return str(flask.g.api_login)


def login_of(header: str, settings: Settings) -> str | None:
    """The login whose token an ``Authorization`` header shows; None for no token, or a wrong one."""
    scheme, _, token = header.partition(" ")
    shown = hashlib.sha256(token.strip().encode("utf-8", "replace")).hexdigest()
    found = None
    for item in settings.listed("api_tokens"):
        login, _, digest = item.rpartition("=")
        # All are compared, so that the time taken tells nothing.
        if hmac.compare_digest(digest.lower().encode("utf-8"), shown.encode("utf-8")) and login:
            found = login
    return found if scheme.lower() == "bearer" and token.strip() else None


def token_needed(view: Callable[..., Answer]) -> Callable[..., Answer]:
    """Lets only programs with a token in."""

    @wraps(view)
    def guarded(**parts: str) -> Answer:
        settings = flask.current_app.extensions["huiyin_settings"]
        login = login_of(flask.request.headers.get("Authorization", ""), settings)
        if login is None:
            body = {"error": {"code": "not_signed_in", "message": "Authorization: Bearer …"}}
            return body, 401, {"WWW-Authenticate": "Bearer"}
        flask.g.api_login = login
        return view(**parts)

    return guarded


def shown_token() -> str:
    """What stands for the token in counts of requests."""
    return hashlib.sha256(flask.request.headers.get("Authorization", "").encode("utf-8", "replace")).hexdigest()
