"""时限: pausing, resuming and extending the deadlines of a case, from its page."""

from __future__ import annotations

import flask

from engine.commands import ExtendDeadline, PauseDeadline, ResumeDeadline
from engine.errors import Refused
from webui.cases import page
from webui.context import actor, engine, login_needed
from webui.language import _

blueprint = flask.Blueprint("deadlines", __name__)


@blueprint.post("/cases/<number>/deadlines/<key>/pause")
@login_needed
def pause(number: str, key: str) -> flask.typing.ResponseReturnValue:
    """Lets a deadline stand still."""
    return _adjust(PauseDeadline(case=number, key=key, reason=_reason(), actor=actor()), _("时限已暂停。"))


@blueprint.post("/cases/<number>/deadlines/<key>/resume")
@login_needed
def resume(number: str, key: str) -> flask.typing.ResponseReturnValue:
    """Lets a paused deadline go on."""
    return _adjust(ResumeDeadline(case=number, key=key, reason=_reason(), actor=actor()), _("时限已恢复计时。"))


@blueprint.post("/cases/<number>/deadlines/<key>/extend")
@login_needed
def extend(number: str, key: str) -> flask.typing.ResponseReturnValue:
    """Makes a deadline due later, by so much or at a moment."""
    form = flask.request.form
    amount, unit = form.get("amount", "").strip(), form.get("unit", "")
    command = ExtendDeadline(
        case=number,
        key=key,
        by=f"{amount} {unit}" if amount else None,
        due=form.get("due", "").strip() or None,
        by_decision="by_decision" in form,
        reason=_reason(),
        actor=actor(),
    )
    return _adjust(command, _("时限已调整。"))


def _reason() -> str:
    return flask.request.form.get("reason", "")


def _adjust(command: PauseDeadline | ResumeDeadline | ExtendDeadline, done: str) -> flask.typing.ResponseReturnValue:
    try:
        engine().handle(command)
    except Refused as error:
        what = flask.request.path.rpartition("/")[2]
        return page(command.case, adjusting=f"{command.key}-{what}", adjust_error=str(error)), 422
    flask.flash(done, "success")
    return flask.redirect(flask.url_for("cases.show", number=command.case) + "#deadlines")
