"""Carrying a case on: each open task is done by somebody who may, with what the story says they write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from engine import Engine
from engine.commands import CompleteTask
from engine.demo.staff import Staff
from engine.records import Task, User
from engine.rules.access import Actor, may_do

#: Far more tasks than any story has: a procedure that never ends is noticed.
MOST_TASKS = 200


def who_does(task: Task, people: Iterable[User]) -> User | None:
    """Somebody who may do the task: whoever it is meant for first, then by role and unit; None if nobody may."""
    able = [person for person in people if person.active and may_do(_actor(person), task)]
    meant = [person for person in able if person.login in (task.claimed_by, task.assignee, *task.users)]
    return next(iter([*meant, *able]), None)


def _actor(person: User) -> Actor:
    return Actor(person.login, roles=frozenset(person.roles), unit=person.unit)


def work_off(
    engine: Engine,
    case: str,
    staff: Staff,
    people: Iterable[User],
    clock: Callable[[], datetime],
    stop_at: Collection[str] = (),
    leave: Collection[str] = (),
) -> list[tuple[str, str]]:
    """Does the case's tasks one after the other, until none is open or one of the forms ``stop_at`` has its turn;
    tasks with one of the forms ``leave`` are left to others.

    Returns what was done: (form, login), in order. Raises ``LookupError`` for a task that nobody may do.
    """
    people = list(people)
    done: list[tuple[str, str]] = []
    while tasks := list(engine.open_tasks(case=case)):
        if any(task.form in stop_at for task in tasks):
            break
        task = min((task for task in tasks if task.form not in leave), key=lambda task: task.token, default=None)
        if task is None:
            break
        person = who_does(task, people)
        if person is None:
            raise LookupError(f"nobody may do {task.id} {task.name}: roles {task.roles}, unit {task.unit}")
        values = staff.values(task, person.login, clock())
        engine.handle(CompleteTask(task=task.id, values=values, actor=person.login))
        done.append((task.form or "", person.login))
        if len(done) > MOST_TASKS:
            raise LookupError(f"case {case} does not end")
    return done
