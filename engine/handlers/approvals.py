"""Repairs, and the second person some of them need: asked for by one, carried out once another agrees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from engine.commands import (
    Begin,
    Command,
    CorrectValues,
    DecideApproval,
    MigrateCase,
    ModifyCase,
    RetryIncident,
    SkipElement,
)
from engine.errors import (
    ApprovalStale,
    Bilingual,
    DiagramFailed,
    EngineError,
    MigrationRefused,
    NotFound,
    StaleCase,
    refused,
)
from engine.handlers import incidents, migrations, operations
from engine.handlers.persons import protect
from engine.handlers.repairs import Second, checked_reason, must_repair, reason_or_none, whole_number
from engine.handlers.stepping import CaseChange
from engine.handlers.work import Work
from engine.records import Approval, Bilingually, Outcome, Preview
from engine.rules.json_values import clean_values
from engine.storage.persons import key_of, references

Repair = CorrectValues | ModifyCase | MigrateCase | RetryIncident | SkipElement

#: What each repair does to the case, unsaved.
PLANS: Mapping[type[Command], Callable[[Any, Work, Second], CaseChange]] = {
    CorrectValues: operations.correct_values,
    ModifyCase: operations.modify_case,
    MigrateCase: migrations.migrate_case,
    RetryIncident: incidents.retry_incident,
    SkipElement: incidents.skip_element,
}
_NAMES = {kind.__name__: kind for kind in PLANS}


def repair(command: Repair, work: Work) -> Outcome:
    """Repairs a case, or, where a second person has to agree, asks for it and changes nothing."""
    must_repair(work)
    if _kinds(command) & work.two_persons:
        return _ask(command, work)
    return PLANS[type(command)](command, work, Second()).save()


def preview(command: Repair, work: Work) -> Preview:
    """What a repair would lead to. Whatever this writes is rolled back by whoever called it."""
    must_repair(work)
    second_person = bool(_kinds(command) & work.two_persons)
    try:
        change = PLANS[type(command)](command, work, Second())
    except MigrationRefused as error:
        reasons = tuple(Bilingually(why["zh"], why["en"], element) for element, why in error.reasons)
        return Preview(problems=reasons, second_person=second_person)
    except EngineError as error:
        element = error.element if isinstance(error, DiagramFailed) else ""
        found = Bilingually(error.text("zh"), error.text("en"), element)
        return Preview(problems=(found,), second_person=second_person)
    return Preview(
        status=change.case.status,
        tasks=tuple(change.tasks),
        waits=tuple(change.waits),
        externals=tuple(change.externals),
        facts=tuple({"kind": entry.kind, "element": entry.element, "data": entry.data} for entry in change.chain.added),
        second_person=second_person,
    )


def decide_approval(command: DecideApproval, work: Work) -> Outcome:
    """Carries out, refuses, or (by whoever asked) withdraws what was asked for."""
    must_repair(work)
    approval = work.store.approvals.get(whole_number(command.approval))
    if approval is None:
        raise NotFound("approval", command.approval)
    if approval.decision is not None:
        raise refused(f"第 {approval.id} 号申请已有结果。", f"Request {approval.id} has been decided already.")
    own = work.actor.login == approval.asked_by
    if command.agree:
        work.needs(not own, "自己的申请须由另一人同意。", "somebody else has to agree to what you asked for.")
        return _carry_out(approval, command, work)
    decision = "withdrawn" if own else "refused"
    reason = reason_or_none(command.reason) if own else checked_reason(command.reason)
    change = CaseChange.of(work, approval.case, must_be_open=False)
    change.note("intervention_refused", {"approval": approval.id, "decision": decision, "reason": reason})
    work.store.approvals.decide(approval.id, decision, work.actor.login, work.at)
    return change.save()


def _carry_out(approval: Approval, command: DecideApproval, work: Work) -> Outcome:
    """One transaction: the agreement in the log, then the repair in the name of whoever asked for it."""
    asker = work.store.people.actor(approval.asked_by)
    asked = _read(approval.command, approval.content, approval.asked_by)
    own = frozenset(key_of(found) for found in references(dict(approval.content)))
    try:
        must_repair(replace(work, actor=asker))
        agreed = CaseChange.of(work, approval.case)
        agreed.note(
            "intervention_agreed",
            {"approval": approval.id, "asked_by": approval.asked_by, "reason": reason_or_none(command.reason)},
        )
        agreed.save()
        change = PLANS[type(asked)](asked, replace(work, actor=asker), Second(work.actor.login, own))
    except StaleCase:
        raise
    except EngineError as error:
        reason = Bilingual(zh=error.text("zh"), en=error.text("en"))
        raise ApprovalStale(approval=approval.id, reason=reason) from error
    work.store.approvals.decide(approval.id, "agreed", work.actor.login, work.at)
    return change.save()


def _ask(command: Repair, work: Work) -> Outcome:
    """Keeps a repair for a second person, after making sure that it would work now. Nothing else changes."""
    change = CaseChange.of(work, command.case)
    content = _content(command)
    if content.get("values"):
        content["values"] = protect(change, clean_values(content["values"]), change.loaded.personal_keys)
    own = frozenset(key_of(found) for found in references(content))
    asked = _read(type(command).__name__, content, work.actor.login)
    PLANS[type(command)](asked, work, Second(own=own))
    reason = checked_reason(command.reason)
    number = work.store.approvals.add(
        change.case.number, type(command).__name__, content, reason, work.actor.login, work.at
    )
    data = {"approval": number, "command": type(command).__name__, "content": content, "reason": reason}
    change.note("intervention_asked", data)
    return replace(change.save(), approval=number)


def _kinds(command: Repair) -> set[str]:
    """Which settings of ``HUIYIN_TWO_PERSONS`` a repair falls under."""
    found = {CorrectValues: "corrections", ModifyCase: "modifications", MigrateCase: "migrations", SkipElement: "skips"}
    kinds = {found[type(command)]} if type(command) in found else set()
    if isinstance(command, RetryIncident | ModifyCase):
        kinds |= {"corrections"} if command.values else set()
    if isinstance(command, RetryIncident):
        kinds |= {"migrations"} if command.version is not None else set()
    return kinds


def _content(command: Repair) -> dict[str, Any]:
    """The command as JSON, without who asked."""
    found = {item.name: getattr(command, item.name) for item in fields(command) if item.name != "actor"}
    if isinstance(command, ModifyCase):
        found["begin"] = [
            {"element": place.element, "process": place.process, "at": place.at}
            for place in (item if isinstance(item, Begin) else Begin(str(item)) for item in command.begin)
        ]
        found["cancel"] = list(command.cancel)
    for name in ("values", "mapping"):
        if name in found:
            found[name] = dict(found[name])
    return found


def _read(name: str, content: Mapping[str, Any], actor: str) -> Repair:
    given = dict(content)
    if "begin" in given:
        given["begin"] = tuple(Begin(item["element"], item["process"], item["at"]) for item in given["begin"])
        given["cancel"] = tuple(given["cancel"])
    command: Any = _NAMES[name](actor=actor, **given)
    found: Repair = command
    return found
