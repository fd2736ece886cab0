"""What cases wait for, as index rows: open tasks and waits. Each step rewrites them by the difference."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from engine.events import canonical
from engine.records import Task, Wait
from engine.storage.tables import open_task, task_candidate, task_draft, wait
from engine.storage.upsert import upsert


def read_task(row: RowMapping) -> Task:
    """A row of ``open_task``."""
    return Task(
        id=row["id"],
        case=row["case"],
        token=row["token"],
        element=row["element"],
        name=row["name"],
        process=row["process"],
        roles=tuple(json.loads(row["roles"])),
        users=tuple(json.loads(row["users"])),
        assignee=row["assignee"],
        unit=row["unit"],
        form=row["form"],
        due=row["due"],
        follow_up=row["follow_up"],
        priority=row["priority"],
        documentation=row["documentation"],
        opened_at=row["opened_at"],
        claimed_by=row["claimed_by"],
        claimed_at=row["claimed_at"],
        case_title=row.get("title", ""),
        procedure=row.get("procedure", ""),
        version=row.get("version", 0),
        facts=json.loads(row.get("facts", "{}")),
    )


def read_wait(row: RowMapping) -> Wait:
    """A row of ``wait``."""
    return Wait(row["case"], row["token"], row["kind"], row["element"], row["process"], row["name"], row["due"])


def candidates(task: Task) -> list[tuple[str, str]]:
    """Who may do a task, for looking up: (role|user|any, key)."""
    users = {*task.users, *([task.assignee] if task.assignee else [])}
    found = [("role", key) for key in dict.fromkeys(task.roles)] + [("user", login) for login in sorted(users)]
    return found or [("any", "")]


class OpenItems:
    """Open tasks and waits in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def tasks(self, number: str) -> list[Task]:
        """The open tasks of a case, oldest first."""
        query = select(open_task).where(open_task.c["case"] == number).order_by(open_task.c.token)
        return [read_task(row) for row in self._connection.execute(query).mappings()]

    def waits(self, number: str) -> list[Wait]:
        """What a case waits for besides people."""
        query = select(wait).where(wait.c["case"] == number).order_by(wait.c.token, wait.c.kind, wait.c.name)
        return [read_wait(row) for row in self._connection.execute(query).mappings()]

    def replace_tasks(self, before: Sequence[Task], after: Sequence[Task]) -> None:
        """Makes the rows of ``before`` those of ``after``; a fixed number of statements, none where nothing changed.

        Who claimed a task, and what was typed into it, stays with it."""
        old = {task.id: task for task in before}
        now = {task.id: task for task in after}
        gone = [key for key in old if key not in now]
        new = [task for key, task in now.items() if key not in old]
        changed = [task for key, task in now.items() if key in old and _drawn(task) != _drawn(old[key])]
        if gone:
            # Candidates and drafts go with their task (ON DELETE CASCADE).
            self._connection.execute(delete(open_task).where(open_task.c.id.in_(gone)))
        if changed:
            self._connection.execute(
                update(open_task).where(open_task.c.id == bindparam("key")),
                [{"key": task.id, **_drawn(task)} for task in changed],
            )
            keys = [task.id for task in changed]
            self._connection.execute(delete(task_candidate).where(task_candidate.c.task.in_(keys)))
        if new:
            self._connection.execute(insert(open_task), [_columns(task) for task in new])
        if new or changed:
            self._connection.execute(
                insert(task_candidate),
                [
                    {"task": task.id, "kind": kind, "value": key}
                    for task in [*new, *changed]
                    for kind, key in candidates(task)
                ],
            )

    def replace_waits(self, before: Sequence[Wait], after: Sequence[Wait]) -> None:
        """Makes the rows of ``before`` those of ``after``; at most two statements."""
        gone = sorted({item.token for item in set(before) - set(after)})
        new = [item for item in after if item not in set(before) or item.token in set(gone)]
        if gone:
            case = before[0].case
            self._connection.execute(delete(wait).where(wait.c["case"] == case, wait.c.token.in_(gone)))
        if new:
            self._connection.execute(
                insert(wait),
                [
                    {
                        "case": item.case,
                        "token": item.token,
                        "kind": item.kind,
                        "element": item.element,
                        "process": item.process,
                        "name": item.name,
                        "due": item.due,
                    }
                    for item in new
                ],
            )

    def rebuild(self, number: str, tasks: Sequence[Task], waits: Sequence[Wait]) -> None:
        """Writes all rows of a case anew; what people typed into tasks that are still open stays."""
        ids = [task.id for task in tasks]
        typed = self._connection.execute(select(task_draft).where(task_draft.c.task.in_(ids))).mappings()
        drafts = [dict(row) for row in typed]
        # Rows whose task was lost do not go with it.
        for table in (task_candidate, task_draft):
            self._connection.execute(delete(table).where(table.c.task.in_(ids)))
        self._connection.execute(delete(open_task).where(open_task.c["case"] == number))
        self._connection.execute(delete(wait).where(wait.c["case"] == number))
        self.replace_tasks([], tasks)
        self.replace_waits([], waits)
        if drafts:
            self._connection.execute(insert(task_draft), drafts)

    def claim(self, task: str, login: str | None, at: str | None) -> None:
        """Notes who took the task, or, with None, that it is back in the pool."""
        self._connection.execute(
            update(open_task).where(open_task.c.id == task).values(claimed_by=login, claimed_at=at)
        )

    def save_draft(self, task: str, login: str, content: bytes, at: str) -> None:
        """Keeps what a person typed, in place of what was kept before."""
        self._connection.execute(
            upsert(self._connection, task_draft)
            .values(task=task, login=login, content=content, saved_at=at)
            .on_conflict_do_update(index_elements=["task", "login"], set_={"content": content, "saved_at": at})
        )

    def forget_drafts(self, number: str) -> None:
        """Deletes what people typed into the open tasks of a case and did not hand in."""
        tasks = select(open_task.c.id).where(open_task.c["case"] == number)
        self._connection.execute(delete(task_draft).where(task_draft.c.task.in_(tasks)))


def _drawn(task: Task) -> dict[str, Any]:
    """What the diagram says of a task."""
    return {
        "element": task.element,
        "name": task.name,
        "process": task.process,
        "roles": canonical(list(task.roles)),
        "users": canonical(list(task.users)),
        "assignee": task.assignee,
        "unit": task.unit,
        "form": task.form,
        "due": task.due,
        "follow_up": task.follow_up,
        "priority": task.priority,
        "documentation": task.documentation,
    }


def _columns(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "case": task.case,
        "token": task.token,
        "opened_at": task.opened_at,
        "claimed_by": task.claimed_by,
        "claimed_at": task.claimed_at,
        **_drawn(task),
    }
