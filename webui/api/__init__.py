"""The interface for programs: JSON in, JSON out, a token in every request. See ``docs/reference/http.md``."""

from __future__ import annotations

from typing import Any

import flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect

from engine.cli.output import error_document
from engine.errors import EngineError
from webui.api import cases, external_tasks, tasks
from webui.api.tokens import Answer, shown_token, token_needed
from webui.errors import log, status_of

BLUEPRINTS = (cases.blueprint, tasks.blueprint, external_tasks.blueprint)

#: Wrong tokens from one machine, and requests with one token.
_WRONG = "30 per minute"
_MOST = "60000 per minute"


def install(app: flask.Flask, csrf: CSRFProtect) -> None:
    """Puts the interface into the application, with a brake on guessing."""
    limiter: Limiter = app.extensions["huiyin_limiter"]
    by_machine = limiter.limit(_WRONG, key_func=get_remote_address, deduct_when=_was_wrong)
    by_token = limiter.limit(_MOST, key_func=shown_token)
    views: dict[str, Any] = app.view_functions
    for blueprint in BLUEPRINTS:
        csrf.exempt(blueprint)
        app.register_blueprint(blueprint)
        for name, view in list(views.items()):
            if name.startswith(f"{blueprint.name}."):
                views[name] = by_machine(by_token(token_needed(view)))


def _refused(error: EngineError) -> Answer:
    status = status_of(error)
    if status == 500:
        log.error("engine error at %s", flask.request.path, exc_info=error)
    return error_document(error), status


for _blueprint in BLUEPRINTS:
    _blueprint.register_error_handler(EngineError, _refused)


def _was_wrong(response: flask.Response) -> bool:
    return response.status_code == 401
