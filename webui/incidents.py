"""异常与处置: cases that cannot go on, what can be done about them, and what a second person has to agree to."""

from __future__ import annotations

import json
from typing import Any

import flask

from engine import Case, Outcome, Preview
from engine.commands import (
    CorrectValues,
    DecideApproval,
    MigrateCase,
    ModifyCase,
    ResumeCase,
    ResumeProcedure,
    RetryIncident,
    RetryIncidents,
    SkipElement,
    SuspendCase,
)
from engine.errors import EngineError, NotAllowed, NotFound, refused
from engine.rules.access import REPAIR
from webui import vocabulary
from webui.called import called_versions
from webui.context import actor, engine, role_needed
from webui.language import _, current
from webui.worklist import page_number

blueprint = flask.Blueprint("incidents", __name__)

PAGE_SIZE = 30
STATUSES = ("open", "retried", "skipped", "gone")
#: Events that only listen, and event subprocesses, are no places to begin.
_NO_PLACE = ("boundaryEvent", "startEvent")


@blueprint.get("/incidents")
@role_needed(*REPAIR)
def index() -> flask.typing.ResponseReturnValue:
    """What waits for repair, what waits for a second person, and which procedures are suspended."""
    args = flask.request.args
    status = args.get("status", "open") if args.get("status", "open") in STATUSES else "open"
    procedure, element = args.get("procedure", "").strip()[:200], args.get("element", "").strip()[:200]
    page = engine().incident_page(
        actor(), status=status, procedure=procedure or None, element=element or None, page=page_number(), size=PAGE_SIZE
    )
    return flask.render_template(
        "incidents/list.html",
        page=page,
        statuses=STATUSES,
        chosen=status,
        procedure=procedure,
        element=element,
        approvals=engine().approvals(actor(), size=100),
        suspensions=engine().suspensions(),
        names={version.procedure: version.name for version in engine().procedures()},
    )


@blueprint.post("/incidents/retry")
@role_needed(*REPAIR)
def retry_many() -> flask.typing.ResponseReturnValue:
    """Carries out again what failed, of a procedure or at an element."""
    form = flask.request.form
    procedure, element = form.get("procedure", "").strip(), form.get("element", "").strip()
    attended = engine().handle(
        RetryIncidents(procedure=procedure or None, element=element or None, actor=actor(), limit=PAGE_SIZE)
    )
    done = sum(item.done for item in attended)
    flask.flash(
        _("重做 %(count)s 个，成功 %(done)s 个。", count=len(attended), done=done),
        "success" if done == len(attended) else "warning",
    )
    return flask.redirect(flask.url_for("incidents.index", procedure=procedure, element=element))


@blueprint.post("/incidents/procedures/<procedure>/resume")
@role_needed(*REPAIR)
def resume_procedure(procedure: str) -> flask.typing.ResponseReturnValue:
    """Lets a procedure open cases again."""
    engine().handle(ResumeProcedure(procedure=procedure, actor=actor()))
    flask.flash(_("流程已恢复立案。"), "success")
    return flask.redirect(flask.url_for("incidents.index"))


@blueprint.post("/incidents/approvals/<int:number>")
@role_needed(*REPAIR)
def decide(number: int) -> flask.typing.ResponseReturnValue:
    """Agrees to what somebody else asked for, refuses it, or withdraws one's own."""
    form = flask.request.form
    agree = form.get("decision") == "agree"
    try:
        outcome = engine().handle(
            DecideApproval(approval=number, agree=agree, reason=form.get("reason", ""), actor=actor())
        )
    except NotFound:
        raise
    except EngineError as error:
        flask.flash(str(error), "danger")
        return flask.redirect(flask.url_for("incidents.index"))
    flask.flash(
        _("已同意并执行，诉求件 %(number)s。", number=outcome.case) if agree else _("申请已驳回或撤回。"), "success"
    )
    return flask.redirect(flask.url_for("incidents.index"))


@blueprint.get("/incidents/<number>")
@role_needed(*REPAIR)
def show(number: str) -> flask.typing.ResponseReturnValue:
    """One case with its incidents and everything that can be done about it."""
    return _page(number)


@blueprint.post("/incidents/<number>")
@role_needed(*REPAIR)
def repair(number: str) -> flask.typing.ResponseReturnValue:
    """Repairs the case, or shows what a repair would lead to."""
    form = flask.request.form
    try:
        command = _command(number, form)
        if "preview" in form and not isinstance(command, SuspendCase | ResumeCase):
            return _page(number, preview=engine().preview(command))
        outcome = engine().handle(command)
    except NotFound:
        raise
    except EngineError as error:
        return _page(number, error=str(error)), 409 if not isinstance(error, NotAllowed) else 403
    flask.flash(_done(outcome), "success")
    return flask.redirect(flask.url_for("incidents.show", number=number))


def _command(number: str, form: Any) -> Any:
    """The command that a form asks for. Raises ``Refused`` for what it cannot be."""
    what, reason, who = form.get("what", ""), form.get("reason", ""), actor()
    if what == "retry":
        return RetryIncident(case=number, seq=_number(form.get("seq")), values=_values(form), reason=reason, actor=who)
    if what == "skip":
        flow = form.get("flow", "").strip() or None
        return SkipElement(case=number, seq=_number(form.get("seq")), flow=flow, reason=reason, actor=who)
    if what == "correct":
        return CorrectValues(case=number, values=_values(form), reason=reason, actor=who)
    if what == "modify":
        cancel = tuple(_number(token) for token in form.getlist("cancel"))
        begin = tuple(element for element in form.getlist("begin") if element)
        return ModifyCase(case=number, cancel=cancel, begin=begin, values=_values(form), reason=reason, actor=who)
    if what == "migrate":
        mapping = dict(_pair(line) for line in form.get("mapping", "").splitlines() if line.strip())
        version = _number(form.get("version"))
        return MigrateCase(case=number, version=version, mapping=mapping, reason=reason, actor=who)
    if what == "suspend":
        return SuspendCase(case=number, reason=reason, actor=who)
    return ResumeCase(case=number, reason=reason, actor=who)


def _values(form: Any) -> dict[str, Any]:
    text = form.get("values", "").strip()
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise refused('数据应为一个 JSON 对象，例如 {"days": 3}。', 'Give the values as one JSON object: {"days": 3}.')
    return found


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _pair(line: str) -> tuple[str, str]:
    old, sign, new = line.partition("=")
    if not sign:
        raise refused("对应关系每行一个：旧编号=新编号。", "One line for each element: OLD=NEW.")
    return old.strip(), new.strip()


def _done(outcome: Outcome) -> str:
    if outcome.approval is not None:
        return _("已提出第 %(number)s 号申请，待另一人同意后执行。", number=outcome.approval)
    return _("已执行。诉求件现有待办 %(count)s 项。", count=len(outcome.tasks))


def _page(number: str, *, preview: Preview | None = None, error: str = "") -> str:
    # Who repairs sees where a case stands, whatever it is about; callers' data stays masked.
    case: Case = engine().case(number)
    version = engine().version(case.procedure, case.version)
    told = engine().history(number) if version.calls_newest else ()
    words = vocabulary.Vocabulary(version, current(), called=called_versions(engine(), version, told))
    found = engine().incident_page(actor(), case=number, size=100).rows
    alive = case.status in ("open", "stuck", "suspended")
    return flask.render_template(
        "incidents/case.html",
        case=case,
        version=version,
        words=words,
        incidents=[engine().incident(number, incident.seq, actor()) for _case, incident in found],
        as_json=lambda values: json.dumps(dict(values), ensure_ascii=False, sort_keys=True),
        places=engine().places(number) if alive else (),
        elements=[one for one in version.elements if one.type not in _NO_PLACE],
        versions=[one for one in engine().versions(case.procedure) if one.number != case.version],
        approvals=engine().approvals(actor(), case=number).rows,
        alive=alive,
        preview=preview,
        error=error,
        typed=flask.request.form,
        # Which of the forms was sent: what was typed into it stands there again.
        filled="-".join(filter(None, (flask.request.form.get("what"), flask.request.form.get("seq")))),
    )
