"""Work that programs outside do: fetched under a lock, and reported on as done, failed, or ended in a business error.

Fetching, locking and failing change the queue only; what moves a case is in its log, as everything else is.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

from engine import bpmn
from engine.clock import from_text, to_text
from engine.commands import CompleteExternal, ExtendLock, FailExternal, FaultExternal, FetchAndLock, UnlockExternal
from engine.errors import (
    Bilingual,
    DiagramFailed,
    ErrorUncaught,
    ExternalFailed,
    NotFound,
    NotLocked,
    TaskAlreadyDone,
    refused,
)
from engine.handlers.attachments import store_file
from engine.handlers.attempts import Attempt
from engine.handlers.events import given_values
from engine.handlers.incidents import raise_incident
from engine.handlers.stepping import CaseChange
from engine.handlers.work import Work
from engine.records import ExternalTask, Outcome
from engine.rules.access import WORK_OUTSIDE, has_role
from engine.rules.backoff import MOST_ATTEMPTS, next_try
from engine.rules.task_ids import split_task_id

MOST_FETCHED = 100
MOST_TOPICS = 100
LONGEST_LOCK = 24 * 3600
MOST_RETRIES = 1000
#: Nobody has work tried again later than that.
LONGEST_WAIT = 30 * 24 * 3600
_LONGEST_NAME = 200
_LONGEST_MESSAGE = 2_000
_LONGEST_DETAILS = 20_000


def fetch_and_lock(command: FetchAndLock, work: Work) -> list[ExternalTask]:
    """Locks tasks for a worker; as many as there are and at most as many as it asks for."""
    _must_work(work)
    worker = _name(command.worker, "worker")
    topics = sorted({_name(topic, "topic") for topic in command.topics})
    if not topics or len(topics) > MOST_TOPICS:
        raise refused(f"请给出 1 至 {MOST_TOPICS} 个主题。", f"Give 1 to {MOST_TOPICS} topics.")
    if isinstance(command.count, bool) or not 1 <= command.count <= MOST_FETCHED:
        raise refused(f"一次可领取 1 至 {MOST_FETCHED} 项。", f"Between 1 and {MOST_FETCHED} tasks at once.")
    until = _later(work, _seconds(command.lock_seconds, LONGEST_LOCK))
    return work.store.externals.fetch(topics, worker, int(command.count), work.at, until)


def extend_lock(command: ExtendLock, work: Work) -> ExternalTask:
    """The lock lasts that much longer, counted from now."""
    _must_work(work)
    task = _mine(command.task, command.worker, work)
    until = _later(work, _seconds(command.seconds, LONGEST_LOCK))
    work.store.externals.change(task.id, locked_until=until)
    return replace(task, locked_until=until)


def unlock_external(command: UnlockExternal, work: Work) -> ExternalTask:
    """Anybody may fetch it again."""
    _must_work(work)
    task = _mine(command.task, command.worker, work)
    work.store.externals.change(task.id, worker=None, locked_until=None)
    return replace(task, worker=None, locked_until=None)


def complete_external(command: CompleteExternal, work: Work) -> Outcome:
    """The diagram goes on with what the work brought."""
    change, task = _of_case(command.task, command.worker, work)
    files = {
        variable: store_file(work, name, content, task.case) for variable, (name, content) in command.files.items()
    }
    values = given_values(change, {**command.values, **files})
    told = {"task": task.id, "token": task.token, "worker": command.worker, "values": values}
    try:
        change.step("external_completed", told, bpmn.Finish(task.token, values), task.element)
    except DiagramFailed as error:
        if files:
            # The files are rolled back with the step: the work has to be done once more.
            error.attempt = Attempt("external_failed", task.element, _told(task), work.actor.login)
        raise
    return change.save()


def fault_external(command: FaultExternal, work: Work) -> Outcome:
    """The diagram goes on where the business error is caught; where it is not, a person has to look at it."""
    change, task = _of_case(command.task, command.worker, work)
    code = _name(command.code, "code")
    message = _text(command.message, _LONGEST_MESSAGE)
    values = given_values(change, command.values)
    try:
        change.step(
            "external_fault",
            {
                "task": task.id,
                "token": task.token,
                "worker": command.worker,
                "code": code,
                "message": message,
                "values": values,
            },
            bpmn.Fault(task.token, code, message, values),
            task.element,
        )
    except ErrorUncaught as error:
        return _give_up(work, task, message or code, error)
    return change.save()


def fail_external(command: FailExternal, work: Work) -> Outcome:
    """Once more, after a pause; with no retries left, the case gets an incident."""
    change, task = _of_case(command.task, command.worker, work)
    message = _text(command.message, _LONGEST_MESSAGE) or "?"
    details = _text(command.details, _LONGEST_DETAILS)
    retries = task.retries - 1 if command.retries is None else _whole(command.retries)
    if retries <= 0:
        error = ExternalFailed(element=task.element, topic=task.topic, reason=message)
        error.attempt = Attempt("external_failed", task.element, _told(task, details), work.actor.login)
        return _give_up(work, task, message, error)
    if command.retry_after is None:
        again = next_try(min(task.failures + 1, MOST_ATTEMPTS - 1), work.now) or work.now
    else:
        again = work.now + timedelta(seconds=_seconds(command.retry_after, LONGEST_WAIT))
    work.store.externals.change(
        task.id,
        worker=None,
        locked_until=None,
        retries=retries,
        failures=task.failures + 1,
        error=message,
        available_at=to_text(again),
    )
    return change.outcome()


def _give_up(work: Work, task: ExternalTask, message: str, error: ErrorUncaught | ExternalFailed) -> Outcome:
    work.store.externals.change(
        task.id, worker=None, locked_until=None, retries=0, failures=task.failures + 1, error=message
    )
    raise_incident(work, task.case, "FailExternal", error)
    return CaseChange.of(work, task.case, must_be_open=False).outcome()


def _told(task: ExternalTask, details: str = "") -> dict[str, Any]:
    """What an incident keeps of work that was given up: enough to have it fetched again."""
    return {"task": task.id, "token": task.token, "topic": task.topic, "worker": task.worker, "details": details}


def _must_work(work: Work) -> None:
    work.needs(
        has_role(work.actor, WORK_OUTSIDE),
        "只有角色 worker 可以办理外部任务。",
        "only the role “worker” does external tasks.",
    )


def _of_case(identifier: str, worker: str, work: Work) -> tuple[CaseChange, ExternalTask]:
    """The case, locked first (as every step does), and its task, which this worker has locked."""
    _must_work(work)
    split = split_task_id(identifier)
    if split is None:
        raise NotFound("task", identifier)
    change = CaseChange.of(work, split[0], must_be_open=False)
    return change, _mine(identifier, worker, work)


def _mine(identifier: str, worker: str, work: Work) -> ExternalTask:
    """The task, if this worker has it: fetched, and not fetched by another since. Raises ``NotFound``,
    ``TaskAlreadyDone`` or ``NotLocked``."""
    split = split_task_id(identifier)
    task = work.store.externals.get(identifier) if split is not None else None
    if task is None:
        by = work.store.externals.past(*split) if split is not None else None
        raise TaskAlreadyDone(task=identifier, by=by) if by is not None else NotFound("task", identifier)
    if task.worker == worker:
        return task
    if task.worker is None:
        reason = Bilingual(zh="请先领取。", en="fetch it first.")
    elif task.locked_until is not None and from_text(task.locked_until) > work.now:
        reason = Bilingual(
            zh=f"{task.worker} 已锁定到 {task.locked_until}。", en=f"{task.worker} has it until {task.locked_until}."
        )
    else:
        reason = Bilingual(zh=f"此前由 {task.worker} 领取，请重新领取。", en=f"{task.worker} had it; fetch it again.")
    raise NotLocked(task=identifier, worker=worker, reason=reason, case=task.case)


def _later(work: Work, seconds: float) -> str:
    return to_text(work.now + timedelta(seconds=seconds))


def _seconds(given: float, most: float) -> float:
    if isinstance(given, bool) or not math.isfinite(given) or not 0 <= given <= most:
        raise refused(f"秒数应在 0 至 {most} 之间。", f"Give a number of seconds between 0 and {most}.")
    return float(given)


def _whole(given: int) -> int:
    if isinstance(given, bool) or not 0 <= given <= MOST_RETRIES:
        raise refused(f"重试次数应在 0 至 {MOST_RETRIES} 之间。", f"Give between 0 and {MOST_RETRIES} retries.")
    return int(given)


def _name(text: str, what: str) -> str:
    """A name of one line: it stands in the log."""
    if not text.strip() or len(text) > _LONGEST_NAME or not text.isprintable():
        raise refused(
            f"{what} 应为 1 至 {_LONGEST_NAME} 个可显示的字符。",
            f"“{what}” is 1 to {_LONGEST_NAME} printable characters.",
        )
    return text


def _text(text: str, most: int) -> str:
    """What can be stored of a message; a long one is cut, for its worker cannot help it."""
    clean = "".join("\ufffd" if mark == "\x00" or "\ud800" <= mark <= "\udfff" else mark for mark in text)
    return clean if len(clean) <= most else clean[: most - 1] + "…"
