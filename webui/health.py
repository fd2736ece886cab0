"""Whether this process is alive and can serve: for load balancers and service managers. No login, no details."""

from __future__ import annotations

import flask

from engine.errors import DatabaseFailed
from webui.context import engine

blueprint = flask.Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> flask.typing.ResponseReturnValue:
    """The process answers. Whoever restarts it for want of a database would only make things worse."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def ready() -> flask.typing.ResponseReturnValue:
    """The database answers too: send people here. 503 if not."""
    try:
        engine().ping()
    except DatabaseFailed:
        return {"status": "not ready"}, 503
    return {"status": "ok"}
