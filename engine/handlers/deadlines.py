"""Commands on the limits people are held to: pause, resume, extend; and what the worker tells of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from engine import bpmn
from engine.clock import from_text, to_text
from engine.commands import ExtendDeadline, PauseDeadline, ResumeDeadline
from engine.errors import refused
from engine.handlers.stepping import OPEN, CaseChange
from engine.handlers.work import Work
from engine.records import Deadline, Outcome, Task
from engine.rules.access import DECIDE_DEADLINES, HOLD_DEADLINES, SUPERVISE, has_role
from engine.rules.calendar import CalendarError
from engine.rules.clocks import ALIVE, exceeds, given_back
from engine.rules.deadlines import DeadlineError, extended, read_limit

_LONGEST_REASON = 10_000
#: No deadline is moved beyond that: working time is counted over 10,000 days at most, from when it began.
_FARTHEST = timedelta(days=3_653)
#: Topic under which people are told.
NOTIFY = "notify"


def pause_deadline(command: PauseDeadline, work: Work) -> Outcome:
    """The deadline stands still from now on."""
    change, clock, others = _clock(work, command.case, command.key, command.reason)
    if clock.state == "paused":
        raise refused(f"时限“{clock.label}”已经暂停。", f"The deadline “{clock.label}” is paused already.")
    if clock.due is not None and from_text(clock.due) < work.now:
        raise refused(
            f"时限“{clock.label}”已经超期，不能暂停。", f"The deadline “{clock.label}” is overdue; it cannot be paused."
        )
    same = (clock.kind, clock.element, clock.variable)
    if any((other.kind, other.element, other.variable) == same for other in others):
        raise refused(
            f"“{clock.element}”有多个同类时限在同时进行并共用变量 {clock.variable}，不能只暂停其一。",
            f"Several deadlines of this kind run at “{clock.element}” on the variable {clock.variable}; one of them "
            "cannot be paused alone.",
        )
    data = {**_about(clock), "reason": command.reason.strip()}
    change.step("deadline_paused", data, bpmn.action_of("deadline_paused", data), clock.element)
    return change.save()


def resume_deadline(command: ResumeDeadline, work: Work) -> Outcome:
    """The deadline goes on; the time it stood still is given back."""
    change, clock, others = _clock(work, command.case, command.key, command.reason)
    if clock.state != "paused":
        raise refused(f"时限“{clock.label}”没有暂停。", f"The deadline “{clock.label}” is not paused.")
    try:
        due = None
        if clock.due is not None:
            stopped = from_text(str(clock.pauses[-1]["from"]))
            due = given_back(from_text(clock.due), stopped, work.now, clock.unit)
    except (CalendarError, DeadlineError) as error:
        raise refused(error.zh, error.en) from None
    data = {
        **_about(clock),
        **_moments(clock, due),
        "reason": command.reason.strip(),
        "paused": _held(clock, others),
    }
    change.step("deadline_resumed", data, bpmn.action_of("deadline_resumed", data), clock.element)
    return change.save()


def extend_deadline(command: ExtendDeadline, work: Work) -> Outcome:
    """The deadline is due later; by decision also earlier, or against its rules."""
    change, clock, others = _clock(work, command.case, command.key, command.reason)
    due = _new_due(command, clock)
    if due <= work.now:
        raise refused("新的期限必须在现在之后。", "The new due moment must lie ahead.")
    if due - work.now > _FARTHEST:
        raise refused("新的期限不能在十年之后。", "The new due moment cannot lie more than ten years ahead.")
    if command.by_decision:
        work.needs(
            has_role(work.actor, DECIDE_DEADLINES),
            "只有领导小组及其办公室可以决定不按规定调整时限。",
            "only the leading group and its office decide against the rules for a deadline.",
        )
    else:
        _must_follow_rules(clock, due, work.now)
    data = {
        **_about(clock),
        **_moments(clock, due),
        "reason": command.reason.strip(),
        "by_decision": command.by_decision,
        "paused": clock.state == "paused" or _held(clock, others),
    }
    change.step("deadline_extended", data, bpmn.action_of("deadline_extended", data), clock.element)
    return change.save()


def _new_due(command: ExtendDeadline, clock: Deadline) -> datetime:
    if (command.due is None) == (command.by is None):
        raise refused("请写明新的期限或延长多少，二者取一。", "Say either the new due moment or by how much.")
    try:
        if command.by is None:
            return from_text(str(command.due))
        if clock.due is None:
            raise DeadlineError("这个时限没有设定，请写明新的期限。", "This deadline is not set; say when it is due.")
        return extended(from_text(clock.due), read_limit(command.by))
    except (DeadlineError, CalendarError) as error:
        raise refused(error.zh, error.en) from None
    except (ValueError, OverflowError):
        raise refused(
            f"“{str(command.due)[:80]}”不是时刻，应如 2026-12-01T17:00:00+08:00。",
            f"“{str(command.due)[:80]}” is no moment such as 2026-12-01T17:00:00+08:00.",
        ) from None


def _must_follow_rules(clock: Deadline, due: datetime, now: datetime) -> None:
    """An extension is asked for in time, makes the limit longer, and stays under the cap (S11 §5(六), §8(二); D15)."""
    if clock.due is not None:
        before = from_text(clock.due)
        if clock.state == "running" and before < now:
            raise refused(
                f"时限“{clock.label}”已经超期，延期应在到期前提出。",
                f"The deadline “{clock.label}” is overdue; an extension is asked for before that.",
            )
        if due <= before:
            raise refused(
                f"新的期限不比原期限晚。缩短“{clock.label}”须经领导小组决定。",
                f"The new due moment is not later. Making “{clock.label}” shorter is for the leading group to decide.",
            )
    try:
        too_much = exceeds(clock, due)
    except (CalendarError, DeadlineError) as error:
        raise refused(error.zh, error.en) from None
    if too_much:
        raise refused(
            f"超过“{clock.label}”的延期上限（{clock.cap}）。",
            f"That is more than “{clock.label}” may be extended ({clock.cap}).",
        )


def fire_deadlines(work: Work, number: str) -> Outcome | None:
    """Notes, and tells those concerned, which deadlines of a case come near or are overdue; None if there are none (any
    more): firing twice changes nothing."""
    change = CaseChange.of(work, number, must_be_open=False)
    if change.case.status not in OPEN:
        return None
    told = 0
    for clock in work.store.deadlines.of(number):
        if clock.next_at is None or clock.next_at > work.at:
            continue
        for warning in clock.warnings:
            if warning["sent"] is None and warning["at"] <= work.at:
                level = {"level": warning["level"]}
                change.note("deadline_warned", {**_told(clock), **level}, clock.element)
                _tell(change, clock, {"about": "deadline_warned", **level, "supervisors": []})
                told += 1
        if clock.due is not None and clock.due < work.at:
            change.note("deadline_missed", _told(clock), clock.element)
            _tell(change, clock, {"about": "deadline_missed", "supervisors": list(SUPERVISE)})
            told += 1
    return change.save() if told else None


def _told(clock: Deadline) -> dict[str, Any]:
    return {"key": clock.key, "kind": clock.kind, "label": clock.label, "due": clock.due}


def _tell(change: CaseChange, clock: Deadline, more: dict[str, Any]) -> None:
    """Leaves word for those concerned in the outbox."""
    tasks = _concerned(change, clock)
    content = {
        **_told(clock),
        **more,
        "case": change.case.number,
        "title": change.case.title,
        "users": sorted({login for task in tasks for login in (task.claimed_by, task.assignee, *task.users) if login}),
        "roles": sorted({role for task in tasks if not task.claimed_by for role in task.roles}),
        "units": sorted({task.unit for task in tasks if task.unit}),
    }
    change.send(bpmn.Send(NOTIFY, clock.element, content))


def _concerned(change: CaseChange, clock: Deadline) -> list[Task]:
    """The task the clock runs at; where it runs at more than one task, all that are open."""
    own = [task for task in change.tasks if str(task.token) == clock.key]
    return own or change.tasks


def _clock(work: Work, number: str, key: str, reason: str) -> tuple[CaseChange, Deadline, list[Deadline]]:
    """The case, the clock that is meant, and the others that have not ended. ``Refused`` where there is none."""
    text = reason.strip()
    if not text or len(text) > _LONGEST_REASON or "\x00" in text:
        raise refused(
            f"请写明理由（不超过 {_LONGEST_REASON} 个字符）。",
            f"Give a reason of at most {_LONGEST_REASON} characters.",
        )
    change = CaseChange.of(work, number)
    work.must_see(change.case.number, change.case.started_by)
    work.needs(has_role(work.actor, HOLD_DEADLINES), "您无权调整时限。", "you may not change deadlines.")
    every = work.store.deadlines.of(number)
    alive = [clock for clock in every if clock.state in ALIVE]
    found = [clock for clock in alive if clock.key == key] or [clock for clock in alive if clock.kind == key]
    if len(found) == 1:
        return change, found[0], [clock for clock in alive if clock is not found[0]]
    if any(key in (clock.key, clock.kind) for clock in every) and not found:
        raise refused(f"时限“{key}”已经结束。", f"The deadline “{key}” has ended.")
    known = "、".join(f"{clock.key}（{clock.kind}）" for clock in alive) or "–"
    raise refused(
        f"诉求件 {number} 没有（唯一的）时限“{key}”。进行中的有：{known}。",
        f"Case {number} has no (single) deadline “{key}”. Running: {known}.",
    )


def _held(clock: Deadline, others: list[Deadline]) -> bool:
    """Whether what waits for the clock's variable has to go on standing still because of another clock."""
    return any(other.variable == clock.variable and other.state == "paused" for other in others)


def _moments(clock: Deadline, due: datetime | None) -> dict[str, Any]:
    return {"before": clock.due, "due": None if due is None else to_text(due)}


def _about(clock: Deadline) -> dict[str, Any]:
    """What a re-run has to know of the clock."""
    return {
        "key": clock.key,
        "kind": clock.kind,
        "label": clock.label,
        "variable": clock.variable,
        "token": int(clock.key.removesuffix(".0")),
    }
