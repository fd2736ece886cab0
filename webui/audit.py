"""审计: does every log agree with a re-run of its commands, and who looked or was refused."""

from __future__ import annotations

import flask

from engine import Access, Page
from engine.rules.access import AUDIT
from webui.context import actor, engine, role_needed
from webui.worklist import page_number

blueprint = flask.Blueprint("audit", __name__)

PAGE_SIZE = 50


@blueprint.get("/audit")
@role_needed(*AUDIT)
def index() -> flask.typing.ResponseReturnValue:
    """The access log, newest first, and the button that verifies."""
    return flask.render_template("audit/audit.html", report=None, number="", page=_page())


@blueprint.post("/audit/verify")
@role_needed(*AUDIT)
def verify() -> flask.typing.ResponseReturnValue:
    """Verifies one case, or all of them, and shows what was found."""
    number = flask.request.form.get("number", "").strip()
    report = engine().verify(number or None)
    return flask.render_template("audit/audit.html", report=report, number=number, page=_page())


def _page() -> Page[Access]:
    return engine().access_log(actor(), page=page_number(), size=PAGE_SIZE)
