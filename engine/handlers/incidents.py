"""Incidents: a step failed, the case waits for a person, what had been asked is kept and carried out again."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine import bpmn
from engine.commands import RetryIncident, SkipElement
from engine.errors import CaseSuspended, DiagramFailed, NotFound, Refused, refused
from engine.events import REPAIRS
from engine.handlers.attempts import Attempt, PersonKey, is_possible, read_attempt
from engine.handlers.migrations import migrate
from engine.handlers.operations import correct
from engine.handlers.repairs import Second, checked_reason, reason_or_none, whole_number
from engine.handlers.stepping import ALIVE, CaseChange
from engine.handlers.work import Work
from engine.records import Incident
from engine.rules.task_ids import task_id
from engine.storage.persons import is_reference, key_of

#: Where this program stands on the disk is nobody's business.
_ROOT = Path(__file__).resolve().parents[2]


def raise_incident(work: Work, number: str, command: str, error: DiagramFailed) -> None:
    """Notes why a command could not be carried out, keeps what it asked for, and marks the case as stuck.

    The same command failing again is the same incident: it is counted, and noted only where it was asked otherwise or
    failed otherwise. Repairs are not noted: whoever tries one sits before it.
    """
    attempt: Attempt | None = error.attempt
    if attempt is None and command == "FireTimers":
        # A defect showed; what had been asked is known all the same.
        attempt = Attempt("timers_fired", "", {}, work.actor.login)
    if attempt is not None and attempt.kind in REPAIRS:
        return
    change = CaseChange.of(work, number, must_be_open=False)
    if change.case.status not in ALIVE:
        return
    if attempt is not None:
        others = bpmn.open_externals(change.loaded.definition, change.case.snapshot, work.now)
        if not is_possible(attempt.about, change.tasks, change.waits, others, work.now):
            return  # somebody else was faster: there is nothing left that could be done again
        if attempt.kind.startswith("external_"):
            # Nobody does the work outside once more before a person has looked: what came of it is kept here.
            work.store.externals.park(task_id(number, attempt.data["token"]), error.text("zh"))
    keep(change, command, error, attempt)


def keep(change: CaseChange, command: str, error: DiagramFailed | Refused, attempt: Attempt | None) -> None:
    """Writes an incident into a case, or counts it up there if it is known."""
    work, zh, en = change.work, error.text("zh"), error.text("en")
    element = str(error.values.get("element", "")) or (attempt.element if attempt is not None else "")
    seen: Mapping[str, Any] = error.seen if isinstance(error, DiagramFailed) else {}
    asked: dict[str, Any] | None = None
    if attempt is not None:
        moved = _put_away_again(change, attempt.clear)
        asked = _with_references(_asked(attempt), moved)
        seen = _with_references(seen, moved)
    found = Incident(
        0,
        work.at,
        element,
        zh,
        en,
        command,
        about=attempt.about if attempt is not None else "",
        actor=attempt.actor if attempt is not None else work.actor.login,
        reason=type(error).__name__,
        process=(error.process if isinstance(error, DiagramFailed) else "")
        or change.loaded.definition.process_of(element),
        expression=str(error.values.get("expression", "")),
        values=seen,
        stack=_stack(error),
        asked=asked,
    )
    data: dict[str, Any] = {"reason": found.reason, "zh": zh, "en": en, "command": command}
    if asked is not None:
        data["asked"] = asked
    known = _same(change.case.incidents, found)
    if known is None:
        change.raise_incident(found, data)
        change.save()
        return
    found = replace(found, seq=known.seq, at=known.at, command=known.command)
    data["command"] = known.command
    before = work.store.incidents.get(change.case.number, known.seq)
    work.store.incidents.fail_again(change.case.number, found)
    if (known.element, known.zh) != (found.element, zh) or before is None or before.asked != asked:
        change.note("incident_repeated", {"incident": known.seq, **data}, element)
        kept = tuple(found if item.seq == known.seq else item for item in change.case.incidents)
        change.case = replace(change.case, incidents=kept)
        change.save()


def retry(
    command: RetryIncident | SkipElement, work: Work, second: Second, skips: tuple[bpmn.Skip, ...] = ()
) -> CaseChange:
    """The case after a repair and what had been asked; nothing is saved yet."""
    reason = reason_or_none(command.reason)
    change, incident = open_incident(work, command.case, command.seq)
    if incident.asked is None:
        raise refused(
            "这个异常没有可以重做的操作。请修改诉求件，或撤销它。",
            "There is nothing to carry out again for this incident. Modify the case, or cancel it.",
        )
    attempt = read_attempt(incident.asked)
    data: dict[str, Any] = {key: value for key, value in attempt.data.items() if key not in _RETRIED}
    if isinstance(command, RetryIncident):
        if command.version is not None:
            migrate(change, command.version, command.mapping, command.reason, second)
            data.pop("skips", None)  # the new version is there so that nothing need be passed by
        if command.values:
            corrected = correct(change, command.values, command.reason, second)
            typed = data.get("values", {})
            wrong = {key: typed[key] for key in corrected if key in typed}
            if wrong:
                # What was typed would overwrite what was put right.
                data["values"] = {**typed, **{key: corrected[key] for key in wrong}}
                data["corrected"] = wrong
    if change.case.status == "suspended":
        raise CaseSuspended(case=change.case.number)
    if _outside_again(
        change, incident, attempt, bool(skips), command.version if isinstance(command, RetryIncident) else None
    ):
        change.settle(incident.seq, "skipped" if skips else "retried", reason)
        change.let_go_on()
        return change
    kind = attempt.kind
    if skips and kind in _OUTSIDE and skips[-1].element == attempt.element:
        # The work is not done, and not waited for any longer.
        kind, data = "external_completed", {"task": data["task"], "token": data["token"], "worker": "", "values": {}}
        change.settle(incident.seq, "skipped", reason)
    if skips:
        data["skips"] = [{"process": skip.process, "element": skip.element, "flow": skip.flow} for skip in skips]
    data.update(retried_by=work.actor.login, **second.entry())
    if reason:
        data["retry_reason"] = reason
    change.attach(data.get("values", {}))
    by = attempt.actor if kind == attempt.kind else None
    if not change.step(kind, data, bpmn.action_of(kind, data), attempt.element, by=by):
        raise refused("现在没有到时的定时。", "No timer is due any more.")
    return change


def _outside_again(
    change: CaseChange, incident: Incident, attempt: Attempt, skipped: bool, version: int | None
) -> bool:
    """What was given up outside of the case is tried again, or, where it is something to be sent, left. False: it is
    the case that has to go on."""
    store, at = change.work.store, change.work.at
    if attempt.kind == "send_failed":
        if skipped:
            store.cases.mark_sent(int(attempt.data["send"]), at)
        else:
            store.claims.try_again(int(attempt.data["send"]), at, "", 0)
        return True
    # An error that nothing catches is caught nowhere the second time either, but perhaps in another version.
    uncaught = incident.reason == "ErrorUncaught" and version is None
    if skipped or not (attempt.kind == "external_failed" or uncaught):
        return False
    store.externals.reset(str(attempt.data["task"]), at)
    return True


def retry_incident(command: RetryIncident, work: Work, second: Second) -> CaseChange:
    """Carries out again what had been asked, after putting values right or going over to another version."""
    if command.values or command.version is not None:
        checked_reason(command.reason)
    return retry(command, work, second)


def skip_element(command: SkipElement, work: Work, second: Second) -> CaseChange:
    """Carries out again what had been asked, passing by the element that failed."""
    checked_reason(command.reason)
    change, incident = open_incident(work, command.case, command.seq)
    if not incident.element or change.loaded.definition.element(incident.process, incident.element) is None:
        raise refused(
            "这个异常不在流程图的某个元素上，无法跳过。",
            "This incident is not at an element of the diagram; there is nothing to pass by.",
        )
    before = bpmn.skips_of(incident.asked["data"]) if incident.asked is not None else ()
    skip = bpmn.Skip(incident.process, incident.element, command.flow or None)
    return retry(command, work, second, (*(old for old in before if old.element != skip.element), skip))


def open_incident(work: Work, number: str, seq: int) -> tuple[CaseChange, Incident]:
    """The case and one of its open incidents. Raises ``NotFound``, ``CaseClosed``, and ``Refused`` for one that is
    settled."""
    change = CaseChange.of(work, number)
    incident = work.store.incidents.get(number, whole_number(seq))
    if incident is None:
        known = next((item for item in change.case.incidents if item.seq == seq), None)
        if known is None:
            raise NotFound("incident", f"{number}/{seq}")
        incident = known
    if incident.status != "open":
        raise refused(f"异常 {number}/{seq} 已经处理。", f"The incident {number}/{seq} has been settled.")
    return change, incident


#: Kinds of attempts that work outside of the case left behind.
_OUTSIDE = ("external_failed", "external_fault")
#: What a retry adds to the entry of the command it carries out; the next retry says it anew.
_RETRIED = frozenset({"retried_by", "retry_reason", "agreed_by"})


def _asked(attempt: Attempt) -> dict[str, Any]:
    """What is kept of an attempt: as it was asked first, however often it was tried since."""
    return {**attempt.as_json(), "data": {key: value for key, value in attempt.data.items() if key not in _RETRIED}}


def _same(known: tuple[Incident, ...], found: Incident) -> Incident | None:
    for item in known:
        if found.about and item.about == found.about:
            return item
        if (item.element, item.zh, item.command) == (found.element, found.zh, found.command) and not item.about:
            return item
    return None


def _put_away_again(change: CaseChange, clear: Mapping[PersonKey, Any]) -> dict[PersonKey, dict[str, str]]:
    """Personal values whose ciphertext was rolled back with the step, stored anew: old reference → new one."""
    moved: dict[PersonKey, dict[str, str]] = {}
    if not clear:
        return moved
    persons = change.work.store.persons
    if change.case.person_id is None:
        change.case = replace(change.case, person_id=persons.add(change.work.at))
    for key, value in clear.items():
        stored = persons.store(str(change.case.person_id), {key[1]: value}, change.work.at)
        moved[key] = stored[key[1]]
    return moved


def _with_references(value: Any, moved: Mapping[PersonKey, dict[str, str]]) -> Any:
    if is_reference(value):
        return moved.get(key_of(value), value)
    if isinstance(value, Mapping):
        return {key: _with_references(item, moved) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_references(item, moved) for item in value]
    return value


def _stack(error: BaseException) -> str:
    """Where in the program it failed, for developers: places only, never a message or a value."""
    lines: list[str] = []
    current: BaseException | None = error
    while current is not None:
        lines.append(type(current).__name__)
        for frame in traceback.extract_tb(current.__traceback__):
            path = Path(frame.filename)
            inside = path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else path.name
            lines.append(f"  {inside}:{frame.lineno} {frame.name}")
        current = current.__cause__ or current.__context__
    return "\n".join(lines)
