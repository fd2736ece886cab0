"""Commands on a case as a whole: start, note, cancel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import bpmn
from engine.commands import AddNote, CancelCase, StartCase
from engine.errors import AlreadyThere, ProcedureSuspended, refused
from engine.handlers.persons import protect
from engine.handlers.stepping import CaseChange
from engine.handlers.tasks import complete_open
from engine.handlers.work import Work
from engine.records import Outcome
from engine.rules.access import ADMINISTER, has_role, may_cancel, may_do
from engine.rules.json_values import clean_values, refuse_reserved
from engine.rules.numbering import case_number, day_prefix
from engine.storage.cases import CaseRow
from engine.versions import Loaded

_LONGEST_TEXT = 10_000
_LONGEST_REFERENCE = 200


def start_case(command: StartCase, work: Work) -> Outcome:
    """Opens a case on the newest version; with ``first``, finishes its first task in the same transaction."""
    work.must_be_known()
    loaded = work.newest(command.procedure)
    values = clean_values(command.values)
    refuse_reserved(values, {})
    if loaded.definition.start_form in loaded.forms:
        form = loaded.forms[str(loaded.definition.start_form)]
        values = form.validate(values, {}, work.now, work.options(), work.actor.login)
    change = begin(work, loaded, values, command.reference)
    if command.first is not None:
        task = next((task for task in change.tasks if may_do(work.actor, task)), None)
        if task is None:
            raise work.refuse("第一个待办不由您办理。", "the first task is not yours to do.")
        complete_open(change, task, command.first)
    return change.save()


def begin(
    work: Work,
    loaded: Loaded,
    values: Mapping[str, Any],
    reference: str | None = None,
    *,
    message: str | None = None,
    signal: str | None = None,
    element: str | None = None,
) -> CaseChange:
    """A new case after its first step, not saved yet. ``message`` or ``signal`` is what started it, ``element`` the
    start event at which it begins where that is not the plain one."""
    if reference is not None:
        if not reference.strip() or len(reference) > _LONGEST_REFERENCE or "\x00" in reference:
            raise refused(
                f"外部编号应有 1 至 {_LONGEST_REFERENCE} 个字符。",
                f"A reference has 1 to {_LONGEST_REFERENCE} characters.",
            )
        known = work.store.cases.with_reference(reference)
        if known is not None:
            raise AlreadyThere(reference=reference, case=known)
    suspended = work.store.suspensions.of(loaded.version.procedure)
    if suspended is not None:
        raise ProcedureSuspended(procedure=loaded.version.procedure, reason=suspended.reason)
    number = case_number(work.now, work.store.cases.next_number(f"case {day_prefix(work.now)}"))
    case = CaseRow(
        number=number,
        version_id=loaded.version.id,
        procedure=loaded.version.procedure,
        version=loaded.version.number,
        sha256=loaded.version.sha256,
        status="open",
        revision=0,
        snapshot="",
        values={},
        title="",
        facts={},
        incidents=(),
        reference=reference,
        started_by=work.actor.login,
        started_at=work.at,
        ended_at=None,
        person_id=None,
        log_seq=0,
        log_hash="",
    )
    change = CaseChange.of_new(work, case)
    given = protect(change, values, loaded.personal_keys)
    change.attach(given)
    own = {"case_no": number, "started_by": work.actor.login, "started_at": work.at}
    given.update({name: value for name, value in own.items() if name in loaded.engine_names})
    given.update(dict.fromkeys(sorted(loaded.definition.initiators), work.actor.login))
    data: dict[str, Any] = {
        "procedure": loaded.version.procedure,
        "version": loaded.version.number,
        "sha256": loaded.version.sha256,
        "values": given,
        "reference": reference,
    }
    told = {"message": message, "signal": signal, "element": element}
    data.update({key: name for key, name in told.items() if name is not None})
    change.step("case_started", data, bpmn.Start(given, message=message, signal=signal, element=element))
    return change


def add_note(command: AddNote, work: Work) -> Outcome:
    """Writes a note into the log."""
    text = command.text.strip()
    if not text or len(text) > _LONGEST_TEXT or "\x00" in text:
        raise refused(f"备注应有 1 至 {_LONGEST_TEXT} 个字符。", f"A note has 1 to {_LONGEST_TEXT} characters.")
    change = CaseChange.of(work, command.case)
    work.must_see(change.case.number, change.case.started_by)
    change.note("note_added", {"text": text})
    return change.save()


def cancel_case(command: CancelCase, work: Work) -> Outcome:
    """Ends a case before its end; its open tasks and waits go."""
    reason = command.reason.strip()
    if not reason or len(reason) > _LONGEST_TEXT or "\x00" in reason:
        raise refused(
            f"请写明撤销原因（不超过 {_LONGEST_TEXT} 个字符）。",
            f"Give a reason of at most {_LONGEST_TEXT} characters.",
        )
    change = CaseChange.of(work, command.case)
    standing = work.standing(change.case.number, change.case.started_by)
    work.needs(may_cancel(work.actor, standing), "您无权撤销这件诉求。", "you may not cancel this case.")
    change.note("case_cancelled", {"reason": reason})
    change.cancel()
    return change.save()


def rebuild_indexes(work: Work, number: str) -> None:
    """Writes a case's rows in the lists of open tasks and waits anew; neither the case nor its log changes."""
    may_rebuild(work)
    CaseChange.of(work, number, must_be_open=False).rebuild_indexes()


def may_rebuild(work: Work) -> None:
    """Raises ``NotAllowed`` for whoever does not look after the installation."""
    work.needs(has_role(work.actor, ADMINISTER), "只有系统管理员可以重建索引。", "only administrators rebuild indexes.")
