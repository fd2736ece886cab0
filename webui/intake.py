"""登记诉求: the first form of a procedure, filled in before there is a case; one act, one transaction."""

from __future__ import annotations

import flask
from werkzeug.datastructures import MultiDict

from engine import Task
from engine.commands import StartCase
from engine.errors import EngineError, FormInvalid
from webui import forms, kept, registering
from webui.attachments import store_for
from webui.context import actor, engine, has_role, login_needed, role_needed
from webui.tasks import rows_changed, sheet_of

blueprint = flask.Blueprint("intake", __name__)


@blueprint.get("/intake")
@login_needed
def begin() -> flask.typing.ResponseReturnValue:
    """The empty first form, of the procedure asked for or the hotline's."""
    known = [one.procedure for one in registering.procedures()]
    if not known:
        return flask.render_template("intake/none.html")
    asked = flask.request.args.get("procedure", "")
    procedure = asked if asked in known else known[0]
    first = engine().first_task(procedure, actor())
    if not registering.may_do_first(first):
        online = registering.ONLINE_CHANNELS if has_role(registering.ONLINE_ROLE) else ()
        return flask.render_template(
            "intake/others.html", procedure=procedure, procedures=registering.procedures(), first=first, online=online
        )
    return _page(procedure, first, sheet_of(first).page(engine().form_values(first, actor()) if first else {}))


@blueprint.post("/intake")
@login_needed
def register() -> flask.typing.ResponseReturnValue:
    """Opens the case with the first form's values: both or neither."""
    request = flask.request
    procedure = request.form.get("procedure", "")
    first = engine().first_task(procedure, actor())
    sheet = sheet_of(first)
    if "_asked" in request.form:
        return {"asked": sorted(sheet.asked(sheet.read(request.form, MultiDict(), store_for(None))))}
    typed = sheet.read(request.form, request.files, store_for(None))
    if (again := rows_changed(typed)) is not None:
        return _page(procedure, first, sheet.page(again))
    typed = forms.filled(typed)
    try:
        outcome = engine().handle(StartCase(procedure=procedure, first=typed if first else None, actor=actor()))
    except FormInvalid as error:
        return _page(procedure, first, sheet.page(typed, error.fields)), 422
    except EngineError as error:
        return kept.page(error, sheet, typed)
    return flask.redirect(flask.url_for("intake.registered", number=outcome.case))


@blueprint.post("/intake/online")
@role_needed(registering.ONLINE_ROLE)
def take_online() -> flask.typing.ResponseReturnValue:
    """Opens a case for what came in over the network platform, and the form in which it is taken in."""
    channel, procedure = flask.request.form.get("channel", ""), flask.request.form.get("procedure", "")
    if channel not in registering.ONLINE_CHANNELS or procedure not in {
        one.procedure for one in registering.procedures()
    }:
        flask.abort(400)
    outcome = engine().handle(StartCase(procedure=procedure, values={"channel": channel}, actor=actor()))
    mine = engine().open_tasks(case=outcome.case, actor=actor())
    if not mine:
        return flask.redirect(flask.url_for("intake.registered", number=outcome.case))
    return flask.redirect(flask.url_for("tasks.show", task_id=mine[0].id))


@blueprint.get("/intake/<number>")
@login_needed
def registered(number: str) -> flask.typing.ResponseReturnValue:
    """What to tell the caller: the number, by when there will be a reply, and where the case is now."""
    case = engine().case(number, actor())
    return flask.render_template(
        "intake/registered.html",
        case=case,
        tasks=engine().open_tasks(case=number),
        doable={task.id for task in engine().open_tasks(case=number, actor=actor())},
    )


def _page(procedure: str, first: Task | None, form: forms.FormPage) -> str:
    return flask.render_template(
        "intake/intake.html", procedure=procedure, procedures=registering.procedures(), first=first, form=form
    )
