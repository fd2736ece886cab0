"""Commands on a task: claim, put back, keep a draft, complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import bpmn
from engine.commands import ClaimTask, CompleteTask, SaveDraft, UnclaimTask
from engine.errors import NotFound, TaskAlreadyDone
from engine.events import canonical
from engine.handlers.persons import protect
from engine.handlers.stepping import CaseChange
from engine.handlers.work import Work
from engine.records import Outcome, Task
from engine.rules.access import is_candidate
from engine.rules.automatic import automatic_values
from engine.rules.json_values import clean_values, refuse_reserved
from engine.rules.task_ids import split_task_id
from engine.storage.vault import seal


def claim_task(command: ClaimTask, work: Work) -> Outcome:
    """The task is the actor's from now on; claiming it twice changes nothing."""
    change, task = open_task(command.task, work)
    _must_do(work, task)
    if task.claimed_by == work.actor.login:
        return change.outcome()
    change.note("task_claimed", {"task": task.id}, task.element)
    change.claim(task, work.actor.login)
    return change.save()


def unclaim_task(command: UnclaimTask, work: Work) -> Outcome:
    """The task is back in the pool."""
    change, task = open_task(command.task, work)
    if task.claimed_by is None:
        return change.outcome()
    work.needs(
        task.claimed_by == work.actor.login or work.actor.trusted,
        "只有认领人可以退回待办。",
        "only the person who claimed it may put it back.",
    )
    change.note("task_unclaimed", {"task": task.id}, task.element)
    change.claim(task, None)
    return change.save()


def save_draft(command: SaveDraft, work: Work) -> Outcome:
    """Keeps what was typed, encrypted, for this person; neither case nor log change."""
    change, task = open_task(command.task, work)
    _must_do(work, task)
    values = clean_values(command.values)
    content = seal(work.store.vault.key, canonical(values).encode("utf-8"), f"draft of {task.id} by {work.actor.login}")
    work.store.open_items.save_draft(task.id, work.actor.login, content, work.at)
    return change.outcome()


def complete_task(command: CompleteTask, work: Work) -> Outcome:
    """Finishes a task with the values entered and lets the diagram go on to the next wait."""
    change, task = open_task(command.task, work)
    _must_do(work, task)
    complete_open(change, task, command.values)
    return change.save()


def complete_open(change: CaseChange, task: Task, values: Mapping[str, Any]) -> None:
    """Validates what was entered into an open task, puts personal values away, and steps."""
    work, loaded = change.work, change.loaded
    entered = clean_values(values)
    form = loaded.forms.get(task.form) if task.form else None
    if form is not None:
        current = change.visible_values(task.token)
        automatic = automatic_values(change.case.number, current, work.now, task.claimed_at)
        entered = form.validate(entered, current, work.now, work.options(), work.actor.login, automatic)
    else:
        refuse_reserved(entered, change.case.values)
    entered = protect(change, entered, loaded.personal_keys)
    change.attach(entered)
    change.step(
        "task_completed",
        {"task": task.id, "token": task.token, "values": entered},
        bpmn.Complete(task.token, entered),
        task.element,
    )


def open_task(identifier: str, work: Work) -> tuple[CaseChange, Task]:
    """The case and the open task. Raises ``NotFound``, or ``TaskAlreadyDone`` with who was faster."""
    split = split_task_id(identifier)
    if split is None:
        raise NotFound("task", identifier)
    change = CaseChange.of(work, split[0], must_be_open=False)
    for task in change.tasks:
        if task.token == split[1]:
            return change, task
    by = work.store.cases.finisher(*split)
    raise TaskAlreadyDone(task=identifier, by=by) if by is not None else NotFound("task", identifier)


def _must_do(work: Work, task: Task) -> None:
    work.needs(is_candidate(work.actor, task), "这项待办不由您办理。", "this task is not yours to do.")
    work.needs(
        task.claimed_by in (None, work.actor.login),
        f"这项待办已由 {task.claimed_by} 认领。",
        f"{task.claimed_by} has claimed this task.",
    )
