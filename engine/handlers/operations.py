"""Repairs of a running case: values put right, tokens moved by hand, a case or a procedure that stands still."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import bpmn
from engine.commands import (
    Begin,
    CorrectValues,
    ModifyCase,
    ResumeCase,
    ResumeProcedure,
    SuspendCase,
    SuspendProcedure,
)
from engine.errors import NotFound, refused
from engine.handlers.persons import protect
from engine.handlers.repairs import Second, checked_reason, must_repair, reason_or_none
from engine.handlers.stepping import CaseChange
from engine.handlers.work import Work
from engine.records import Outcome, Suspension
from engine.rules.json_values import RESERVED, clean_values
from engine.versions import Loaded

#: Tokens one modification may touch.
_MOST_TOKENS = 200


def correct_values(command: CorrectValues, work: Work, second: Second) -> CaseChange:
    """The case with other values; nothing is saved yet."""
    change = CaseChange.of(work, command.case)
    correct(change, command.values, command.reason, second)
    return change


def correct(change: CaseChange, values: Mapping[str, Any], reason: str, second: Second) -> dict[str, Any]:
    """Puts values right and returns them as they are kept: personal ones as references."""
    told, given = checked_reason(reason), _given(change, values, second)
    if not given:
        raise refused("请写明要更正的内容。", "Give the values that are to be corrected.")
    data = {"values": given, "reason": told, **second.entry()}
    change.step("values_corrected", data, bpmn.action_of("values_corrected", data))
    return given


def modify_case(command: ModifyCase, work: Work, second: Second) -> CaseChange:
    """The case with tokens withdrawn and others begun; nothing is saved yet."""
    told = checked_reason(command.reason)
    change = CaseChange.of(work, command.case)
    if not command.cancel and not command.begin:
        raise refused(
            "请写明要撤销的令牌，或要开始的元素。", "Say which tokens to withdraw, or at which elements to begin."
        )
    if len(command.cancel) + len(command.begin) > _MOST_TOKENS:
        raise refused(f"一次最多改动 {_MOST_TOKENS} 处。", f"At most {_MOST_TOKENS} places can be changed at once.")
    data = {
        "cancel": _tokens(change, command.cancel),
        "begin": [_place(change.loaded, begin) for begin in command.begin],
        "values": _given(change, command.values, second),
        "reason": told,
        **second.entry(),
    }
    change.step("case_modified", data, bpmn.action_of("case_modified", data))
    return change


def suspend_case(command: SuspendCase, work: Work) -> Outcome:
    """The case stands still: nobody completes a task, no timer fires, no message arrives."""
    must_repair(work)
    return _suspend(CaseChange.of(work, command.case), {"reason": checked_reason(command.reason)})


def resume_case(command: ResumeCase, work: Work) -> Outcome:
    """The case goes on where it stood."""
    must_repair(work)
    change = CaseChange.of(work, command.case)
    if change.case.status != "suspended":
        raise refused(f"诉求件 {command.case} 没有挂起。", f"Case {command.case} is not suspended.")
    change.resume({"reason": reason_or_none(command.reason)})
    return change.save()


def suspend_procedure(command: SuspendProcedure, work: Work) -> Suspension:
    """The procedure opens no cases from now on."""
    must_repair(work)
    if work.store.versions.newest(command.procedure) is None:
        raise NotFound("procedure", command.procedure)
    if work.store.suspensions.of(command.procedure) is not None:
        raise refused(
            f"流程 {command.procedure} 已经暂停立案。",
            f"{command.procedure} opens no cases for the time being already.",
        )
    found = Suspension(command.procedure, work.at, work.actor.login, checked_reason(command.reason))
    work.store.suspensions.begin(found)
    work.store.people.note_access(work.at, work.actor.login, "SuspendProcedure", "allowed", None, found.procedure)
    return found


def resume_procedure(command: ResumeProcedure, work: Work) -> None:
    """The procedure opens cases again."""
    must_repair(work)
    if not work.store.suspensions.end(command.procedure):
        raise refused(f"流程 {command.procedure} 没有暂停。", f"{command.procedure} is not suspended.")
    work.store.people.note_access(work.at, work.actor.login, "ResumeProcedure", "allowed", None, command.procedure)


def suspend_with_procedure(work: Work, number: str, reason: str) -> Outcome | None:
    """Suspends a case because its procedure is; None if it stands still or has ended."""
    change = CaseChange.of(work, number, must_be_open=False)
    if change.case.status not in ("open", "stuck"):
        return None
    return _suspend(change, {"reason": reason, "procedure": change.case.procedure})


def resume_with_procedure(work: Work, number: str, reason: str) -> Outcome | None:
    """Resumes a case that was suspended with its procedure; None if it was suspended by itself, or is not."""
    change = CaseChange.of(work, number, must_be_open=False)
    if change.case.status != "suspended":
        return None
    last = work.store.cases.last_entry(number, "case_suspended")
    if last is None or "procedure" not in last.data:
        return None
    change.resume({"reason": reason, "procedure": change.case.procedure})
    return change.save()


def _suspend(change: CaseChange, data: Mapping[str, Any]) -> Outcome:
    if change.case.status == "suspended":
        raise refused(f"诉求件 {change.case.number} 已经挂起。", f"Case {change.case.number} is suspended already.")
    change.suspend(data)
    return change.save()


def _given(change: CaseChange, values: Mapping[str, Any], second: Second) -> dict[str, Any]:
    given = clean_values(values)
    for key in sorted(RESERVED & set(given)):
        raise refused(f"“{key}”由系统填写，不能修改。", f"“{key}” is set by the system and cannot be given.")
    given = protect(change, given, change.loaded.personal_keys, second.own)
    change.attach(given)
    return given


def _tokens(change: CaseChange, wanted: tuple[int | str, ...]) -> list[int]:
    """Numbers of tokens; an element means every token at it."""
    standing = bpmn.places(change.case.snapshot)
    found: list[int] = []
    for item in wanted:
        if isinstance(item, int) and not isinstance(item, bool):
            found.append(item)
            continue
        at = [place.token for place in standing if place.element == item]
        if not at:
            known = ", ".join(f"{place.token} ({place.element})" for place in standing)
            raise refused(f"“{item}”处没有令牌。现有：{known}。", f"There is no token at “{item}”. There are: {known}.")
        found.extend(at)
    return list(dict.fromkeys(found))


def _place(loaded: Loaded, begin: Begin | str) -> dict[str, Any]:
    """Where a token is to begin, with the process that draws the element."""
    place = begin if isinstance(begin, Begin) else Begin(str(begin))
    drawn = [info.process for info in loaded.definition.elements() if info.id == place.element]
    process = place.process or (drawn[0] if len(drawn) == 1 else "")
    if len(drawn) > 1 and not process:
        names = ", ".join(drawn)
        raise refused(
            f"“{place.element}”在几个流程中都有，请指明流程：{names}。",
            f"“{place.element}” is drawn in several processes; name one: {names}.",
        )
    return {"process": process or loaded.version.procedure, "element": place.element, "at": place.at}
