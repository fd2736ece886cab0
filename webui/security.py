"""Response headers: nothing from elsewhere, nothing inline, never inside another page's frame."""

from __future__ import annotations

import flask

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}


def content_security_policy() -> str:
    """The policy as header text."""
    return "; ".join(f"{name} {value}" for name, value in _POLICY.items())


def install(app: flask.Flask) -> None:
    """Adds the headers to every answer of the application."""

    @app.after_request
    def _headers(response: flask.Response) -> flask.Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", content_security_policy())
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
        if app.config["SESSION_COOKIE_SECURE"]:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if flask.request.endpoint != "static":
            # Pages hold callers' data: no copy stays in a shared browser after logging out.
            headers.setdefault("Cache-Control", "no-store")
        return response
