"""诉求件: the list of cases, and one case with its facts, open tasks, timeline, notes and diagram."""

from __future__ import annotations

import flask

from engine.commands import AddNote, CancelCase, ResumeCase, RevealPerson, SuspendCase
from engine.errors import Refused
from engine.rules.access import CANCEL, DECIDE_DEADLINES, REPAIR
from webui import called, clocks, diagrams, facts, timeline, vocabulary, waiting
from webui.context import actor, engine, has_role, login_needed
from webui.language import _
from webui.worklist import page_number

blueprint = flask.Blueprint("cases", __name__)

PAGE_SIZE = 20
STATUSES = ("open", "stuck", "suspended", "closed", "cancelled")
#: Those of cases that have not ended.
ALIVE = ("open", "stuck", "suspended")


@blueprint.get("/cases")
@login_needed
def ledger() -> flask.typing.ResponseReturnValue:
    """The cases this person may see, newest first; searched and filtered."""
    args = flask.request.args
    search = args.get("q", "").strip()[:100]
    status = args.get("status", "") if args.get("status", "") in STATUSES else ""
    page = engine().cases(actor(), search=search, status=status or None, page=page_number(), size=PAGE_SIZE)
    return flask.render_template(
        "cases/ledger.html",
        page=page,
        search=search,
        chosen=status,
        statuses=STATUSES,
        words_of=facts.in_lists({case.number: case for case in page.rows}),
    )


@blueprint.get("/cases/<number>")
@login_needed
def show(number: str) -> flask.typing.ResponseReturnValue:
    """One case."""
    return page(number)


@blueprint.post("/cases/<number>/reveal")
@login_needed
def reveal(number: str) -> flask.typing.ResponseReturnValue:
    """The case with the caller's data in clear, this once; the engine logs who looked."""
    return page(number, revealed=engine().handle(RevealPerson(case=number, actor=actor())))


@blueprint.post("/cases/<number>/notes")
@login_needed
def note(number: str) -> flask.typing.ResponseReturnValue:
    """Adds a note to the case's log."""
    text = flask.request.form.get("text", "").strip()
    if not text:
        return page(number, note_error=_("请填写备注内容。")), 422
    try:
        engine().handle(AddNote(case=number, text=text, actor=actor()))
    except Refused as error:
        return page(number, note_error=str(error), note_text=text), 422
    flask.flash(_("备注已记入时间线。"), "success")
    return flask.redirect(flask.url_for("cases.show", number=number) + "#timeline")


@blueprint.post("/cases/<number>/cancel")
@login_needed
def cancel(number: str) -> flask.typing.ResponseReturnValue:
    """Ends the case before its end, with a reason."""
    reason = flask.request.form.get("reason", "").strip()
    if not reason:
        return page(number, cancel_error=_("请说明撤销原因。")), 422
    engine().handle(CancelCase(case=number, reason=reason, actor=actor()))
    flask.flash(_("诉求件 %(number)s 已撤销。", number=number), "success")
    return flask.redirect(flask.url_for("cases.show", number=number))


@blueprint.post("/cases/<number>/suspend")
@login_needed
def suspend(number: str) -> flask.typing.ResponseReturnValue:
    """Lets the case stand still, with a reason."""
    reason = flask.request.form.get("reason", "").strip()
    if not reason:
        return page(number, suspend_error=_("请说明挂起原因。")), 422
    return _changed(
        SuspendCase(case=number, reason=reason, actor=actor()), _("诉求件 %(number)s 已挂起。", number=number)
    )


@blueprint.post("/cases/<number>/resume")
@login_needed
def resume(number: str) -> flask.typing.ResponseReturnValue:
    """Lets the case go on."""
    reason = flask.request.form.get("reason", "").strip()
    done = _("诉求件 %(number)s 已恢复办理。", number=number)
    return _changed(ResumeCase(case=number, reason=reason, actor=actor()), done)


def _changed(command: SuspendCase | ResumeCase, done: str) -> flask.typing.ResponseReturnValue:
    try:
        engine().handle(command)
    except Refused as error:
        return page(command.case, suspend_error=str(error)), 422
    flask.flash(done, "success")
    return flask.redirect(flask.url_for("cases.show", number=command.case))


def page(number: str, *, revealed: dict[str, str] | None = None, **said: str) -> str:
    """The page of a case. ``said`` is what stands at one of its forms: what was typed, and what is wrong with it."""
    case = engine().case(number, actor())
    words = vocabulary.of_case(case)
    tasks = engine().open_tasks(case=number)
    doable = {task.id for task in engine().open_tasks(case=number, actor=actor())}
    entries = engine().history(number, actor())
    return flask.render_template(
        "cases/case.html",
        case=case,
        version=words.version,
        facts=facts.of_case(case, case.values, words),
        tasks=tasks,
        doable=doable if case.status != "suspended" else (),
        people=words.caller(case.values, revealed),
        values=words.values(case.values),
        revealed=revealed,
        moments=timeline.tell(entries, words),
        reasons=waiting.reasons(case, engine().external_tasks(case=number), entries, words),
        deadlines=clocks.of_case(case),
        units_of=clocks.extension_units,
        state_word=clocks.state_word,
        may_decide=has_role(*DECIDE_DEADLINES),
        words=words,
        diagram=diagrams.case_diagram(engine(), number, called.all_drawings(words.version, words.called)),
        typed=flask.request.form,
        may_repair=case.status in ALIVE and has_role(*REPAIR),
        may_cancel=case.status in ALIVE and (has_role(*CANCEL) or case.started_by == actor()),
        **said,
    )
