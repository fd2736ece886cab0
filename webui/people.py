"""Who can sign in, and with which roles: a list for administrators."""

from __future__ import annotations

import flask

from engine.rules.access import ADMINISTER
from webui.context import engine, role_needed

blueprint = flask.Blueprint("people", __name__)


@blueprint.get("/people")
@role_needed(*ADMINISTER)
def index() -> flask.typing.ResponseReturnValue:
    """Everybody with an account, by unit."""
    people = sorted(engine().users(), key=lambda user: (user.unit or "", user.login))
    return flask.render_template("people/people.html", people=people)
