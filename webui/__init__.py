"""The web application: pages over the engine. Flask only here; no SQL, no SpiffWorkflow."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import flask
from flask_wtf.csrf import CSRFProtect

from webui import (
    api,
    attachments,
    audit,
    auth,
    cases,
    deadlines,
    diagrams,
    errors,
    health,
    incidents,
    intake,
    language,
    people,
    presenting,
    replay,
    security,
    studio,
    tasks,
    worklist,
)

if TYPE_CHECKING:
    from engine import Engine
    from engine.settings import Settings

#: One upload, or everything in one form, at most.
MAX_UPLOAD = 20 * 1024 * 1024

BLUEPRINTS = (
    worklist,
    tasks,
    intake,
    cases,
    deadlines,
    attachments,
    people,
    audit,
    diagrams,
    studio,
    replay,
    health,
    incidents,
)


def create_app(engine: Engine, settings: Settings) -> flask.Flask:
    """The application over ``engine``.

    ``settings`` gives the secret key, the environment (``demo``, ``production``, ``dev``, ``test``).
    """
    app = flask.Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        HUIYIN_ENV=settings.env,
        TESTING=settings.env == "test",
        MAX_CONTENT_LENGTH=MAX_UPLOAD,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SESSION_COOKIE_NAME="huiyin",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.env == "production",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        RATELIMIT_ENABLED=True,
        # Bound to the session: a form left open over lunch must not lose what was typed.
        WTF_CSRF_TIME_LIMIT=None,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1),
    )
    app.extensions["huiyin"] = engine
    app.extensions["huiyin_settings"] = settings
    csrf = CSRFProtect(app)
    security.install(app)
    language.install(app)
    errors.install(app)
    auth.install(app)
    presenting.install(app)
    for module in BLUEPRINTS:
        app.register_blueprint(module.blueprint)
    api.install(app, csrf)

    return app
