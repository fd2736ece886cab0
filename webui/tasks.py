"""One task: its form with the case's facts beside it; submit, keep a draft, claim, put back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import flask
from werkzeug.datastructures import MultiDict

from engine import Task
from engine.commands import ClaimTask, CompleteTask, RevealPerson, SaveDraft, UnclaimTask
from engine.errors import EngineError, FormInvalid, TaskAlreadyDone
from engine.rules.forms import Form, read_form
from webui import facts, forms, kept, presenting, vocabulary, waiting
from webui.attachments import signer, store_for
from webui.context import actor, engine, login_needed
from webui.language import _, current

blueprint = flask.Blueprint("tasks", __name__)


@blueprint.get("/tasks/<task_id>")
@login_needed
def show(task_id: str) -> flask.typing.ResponseReturnValue:
    """The task's form, with what was kept as a draft filled in."""
    task = engine().task(task_id, actor())
    sheet = sheet_of(task)
    draft = engine().task_draft(task_id, actor())
    if draft:
        flask.flash(_("已恢复您保存的草稿。"), "info")
    return _page(task, sheet.page({**engine().form_values(task, actor()), **draft}))


@blueprint.post("/tasks/<task_id>")
@login_needed
def act(task_id: str) -> flask.typing.ResponseReturnValue:
    """What a button under the form asks for: a row more or less, the caller's data, a draft, or finishing the task."""
    request = flask.request
    try:
        task = engine().task(task_id, actor())
    except TaskAlreadyDone as error:
        return kept.page_of_done(error, forms.raw(request.form), task_id.rpartition(".")[0])
    sheet = sheet_of(task)
    if "_asked" in request.form:
        return {"asked": sorted(sheet.asked(sheet.read(request.form, MultiDict(), store_for(task.case))))}
    typed = sheet.read(request.form, request.files, store_for(task.case))
    if (again := rows_changed(typed)) is not None:
        return _page(task, sheet.page(again))
    if "_reveal" in request.form:
        return _page(task, sheet.page(typed), revealed=engine().handle(RevealPerson(case=task.case, actor=actor())))
    typed = forms.filled(typed)
    try:
        if "_draft" in request.form:
            engine().handle(SaveDraft(task=task_id, values=typed, actor=actor()))
            flask.flash(_("草稿已保存，只有您能看到。"), "success")
            return flask.redirect(flask.url_for("tasks.show", task_id=task_id))
        outcome = engine().handle(CompleteTask(task=task_id, values=typed, actor=actor()))
    except FormInvalid as error:
        return _page(task, sheet.page(typed, error.fields)), 422
    except EngineError as error:
        return kept.page(error, sheet, typed, task.case)
    flask.flash(done_sentence(presenting.task_name(task), task.case, outcome.status, outcome.tasks), "success")
    mine = engine().open_tasks(case=task.case, actor=actor())
    if mine:
        return flask.redirect(flask.url_for("tasks.show", task_id=mine[0].id))
    return flask.redirect(flask.url_for("worklist.index"))


@blueprint.post("/tasks/<task_id>/claim")
@login_needed
def claim(task_id: str) -> flask.typing.ResponseReturnValue:
    """Takes the task from the pool and opens it."""
    engine().handle(ClaimTask(task=task_id, actor=actor()))
    flask.flash(_("已认领，待办在“我的待办”中。"), "success")
    return flask.redirect(flask.url_for("tasks.show", task_id=task_id))


@blueprint.post("/tasks/<task_id>/unclaim")
@login_needed
def unclaim(task_id: str) -> flask.typing.ResponseReturnValue:
    """Puts the task back into the pool."""
    engine().handle(UnclaimTask(task=task_id, actor=actor()))
    flask.flash(_("已退回待认领列表。"), "success")
    return flask.redirect(flask.url_for("worklist.index", tab="pool"))


def sheet_of(task: Task | None) -> forms.Sheet:
    """A task's form as the person who is signed in fills it in now; empty where there is no task or no form."""
    form = form_of(task) if task and task.form else None
    return forms.Sheet(
        form,
        task.values if task else {},
        actor=actor(),
        now=presenting.now(),
        language=current(),
        options=presenting.options(),
        signer=signer(),
        before_case=not (task and task.case),
    )


def form_of(task: Task) -> Form:
    """The form of a task, out of the version its case is pinned to."""
    return read_form(json.dumps(engine().form(task)).encode("utf-8"), task.form or "")


def rows_changed(typed: Mapping[str, Any]) -> dict[str, Any] | None:
    """The typed values with a table row added or taken away, if that is what was asked for."""
    form = flask.request.form
    if key := form.get("_add"):
        return forms.with_row(typed, key)
    if "_remove" in form:
        key, _sep, row = form["_remove"].rpartition(":")
        return forms.without_row(typed, key, int(row)) if re.fullmatch("[0-9]{1,6}", row) else dict(typed)
    return None


def done_sentence(name: str, number: str, status: str, tasks: tuple[Task, ...]) -> str:
    """What a submission led to, in one sentence."""
    if status in ("closed", "cancelled"):
        return _("已提交“%(name)s”，诉求件 %(number)s 办结。", name=name, number=number)
    if status == "stuck":
        return _("已提交“%(name)s”，诉求件 %(number)s 的流程遇到异常，已通知负责人。", name=name, number=number)
    following = _("、").join(dict.fromkeys(presenting.task_name(task) for task in tasks))
    if not following:
        return _("已提交“%(name)s”，诉求件 %(number)s 等待后续时点或消息。", name=name, number=number)
    return _(
        "已提交“%(name)s”，诉求件 %(number)s 下一步：%(following)s。", name=name, number=number, following=following
    )


def _page(task: Task, form: forms.FormPage, *, revealed: Mapping[str, str] | None = None) -> str:
    case = engine().case(task.case)
    words = vocabulary.of_case(case)
    return flask.render_template(
        "tasks/task.html",
        task=task,
        form=form,
        case=case,
        revealed=revealed,
        facts=facts.of_case(case, task.values, words),
        masks=words.masks,
        people=words.caller({**case.values, **task.values}, revealed),
        suspension=waiting.suspension(engine().history(task.case)) if case.status == "suspended" else None,
    )
