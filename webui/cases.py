"""诉求件: the list of cases, and one case with its facts, open tasks, timeline, notes and diagram."""

from __future__ import annotations

import flask

from engine.commands import AddNote, CancelCase, RevealPerson
from engine.errors import Refused
from engine.rules.access import CANCEL
from webui import diagrams, facts, timeline, vocabulary
from webui.context import actor, engine, has_role, login_needed
from webui.language import _
from webui.worklist import page_number

blueprint = flask.Blueprint("cases", __name__)

PAGE_SIZE = 20
STATUSES = ("open", "stuck", "closed", "cancelled")


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
    return _page(number)


@blueprint.post("/cases/<number>/reveal")
@login_needed
def reveal(number: str) -> flask.typing.ResponseReturnValue:
    """The case with the caller's data in clear, this once; the engine logs who looked."""
    return _page(number, revealed=engine().handle(RevealPerson(case=number, actor=actor())))


@blueprint.post("/cases/<number>/notes")
@login_needed
def note(number: str) -> flask.typing.ResponseReturnValue:
    """Adds a note to the case's log."""
    text = flask.request.form.get("text", "").strip()
    if not text:
        return _page(number, note_error=_("请填写备注内容。")), 422
    try:
        engine().handle(AddNote(case=number, text=text, actor=actor()))
    except Refused as error:
        return _page(number, note_error=str(error), note_text=text), 422
    flask.flash(_("备注已记入时间线。"), "success")
    return flask.redirect(flask.url_for("cases.show", number=number) + "#timeline")


@blueprint.post("/cases/<number>/cancel")
@login_needed
def cancel(number: str) -> flask.typing.ResponseReturnValue:
    """Ends the case before its end, with a reason."""
    reason = flask.request.form.get("reason", "").strip()
    if not reason:
        return _page(number, cancel_error=_("请说明撤销原因。")), 422
    engine().handle(CancelCase(case=number, reason=reason, actor=actor()))
    flask.flash(_("诉求件 %(number)s 已撤销。", number=number), "success")
    return flask.redirect(flask.url_for("cases.show", number=number))


def _page(
    number: str,
    *,
    revealed: dict[str, str] | None = None,
    note_error: str = "",
    note_text: str = "",
    cancel_error: str = "",
) -> str:
    case = engine().case(number, actor())
    words = vocabulary.of_case(case)
    tasks = engine().open_tasks(case=number)
    doable = {task.id for task in engine().open_tasks(case=number, actor=actor())}
    return flask.render_template(
        "cases/case.html",
        case=case,
        version=words.version,
        facts=facts.of_case(case, case.values, words),
        tasks=tasks,
        doable=doable,
        people=words.caller(case.values, revealed),
        values=words.values(case.values),
        revealed=revealed,
        moments=timeline.tell(engine().history(number, actor()), words),
        waits=words.waits(case),
        words=words,
        note_error=note_error,
        note_text=note_text,
        cancel_error=cancel_error,
        diagram=diagrams.case_diagram(engine(), number),
        may_cancel=case.status in ("open", "stuck") and (has_role(*CANCEL) or case.started_by == actor()),
    )
