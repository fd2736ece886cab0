"""登记诉求: the first form of a procedure, filled in before there is a case; one act, one transaction."""

from __future__ import annotations

import flask
from werkzeug.datastructures import MultiDict

from engine import Task, Version
from engine.commands import StartCase
from engine.errors import FormInvalid
from webui import forms
from webui.attachments import store_for
from webui.context import actor, engine, login_needed
from webui.tasks import rows_changed, sheet_of

blueprint = flask.Blueprint("intake", __name__)

#: Chosen where the address names no procedure and this one is published.
DEFAULT_PROCEDURE = "hotline"


@blueprint.get("/intake")
@login_needed
def begin() -> flask.typing.ResponseReturnValue:
    """The empty first form, of the procedure asked for or the hotline's."""
    procedure = _procedure()
    if not procedure:
        return flask.render_template("intake/none.html")
    first = engine().first_task(procedure, actor())
    values = engine().form_values(first, actor()) if first else {}
    return _page(procedure, first, sheet_of(first).page(values))


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
    return flask.redirect(flask.url_for("intake.registered", number=outcome.case))


@blueprint.get("/intake/<number>")
@login_needed
def registered(number: str) -> flask.typing.ResponseReturnValue:
    """What to tell the caller: the number, by when there will be a reply, and where the case is now."""
    case = engine().case(number, actor())
    return flask.render_template("intake/registered.html", case=case, tasks=engine().open_tasks(case=number),
                                 doable={task.id for task in engine().open_tasks(case=number, actor=actor())})


def _procedure() -> str:
    known = [one.procedure for one in _procedures()]
    asked = flask.request.args.get("procedure", "")
    if asked in known:
        return asked
    return DEFAULT_PROCEDURE if DEFAULT_PROCEDURE in known else next(iter(known), "")


def _procedures() -> list[Version]:
    """What a case can be registered on: published procedures that are no part of another one."""
    found = engine().procedures()
    parts = {element.calls for one in found for element in engine().version(one.procedure).elements
             if element.calls and element.calls != one.procedure}
    return [one for one in found if one.procedure not in parts]


def _page(procedure: str, first: Task | None, form: forms.FormPage) -> str:
    return flask.render_template("intake/intake.html", procedure=procedure, procedures=_procedures(),
                                 first=first, form=form)
