"""What cases wait for, as index rows: open tasks and waits. Each step rewrites them by the difference."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from engine.events import canonical
from engine.records import Task, Wait
from engine.storage.prepared import Prepared, Row
from engine.storage.tables import open_task, task_candidate, task_draft, wait
from engine.storage.upsert import upsert

#: What the diagram says of a task.
_DRAWN = (
    "element", "name", "process", "roles", "users", "assignee", "unit", "form", "due", "follow_up", "priority",
    "documentation",
)  # fmt: skip
TASKS = Prepared(select(open_task).where(open_task.c["case"] == bindparam("key")).order_by(open_task.c.token))
_WAITS = select(wait).where(wait.c["case"] == bindparam("key")).order_by(wait.c.token, wait.c.kind, wait.c.name)
_TASK_GONE = Prepared(delete(open_task).where(open_task.c.id == bindparam("key")))
_CANDIDATES_GONE = Prepared(delete(task_candidate).where(task_candidate.c.task == bindparam("key")))
_PLACE = (
    (wait.c["case"] == bindparam("of"))
    & (wait.c.token == bindparam("at"))
    & (wait.c.kind == bindparam("as"))
    & (wait.c.name == bindparam("called"))
)
_WAIT_GONE = Prepared(delete(wait).where(_PLACE))
_OTHER_WAIT = Prepared(update(wait).where(_PLACE), [column.name for column in wait.c if column.name != "case"])
_REDRAW = Prepared(update(open_task).where(open_task.c.id == bindparam("key")), _DRAWN)
_NEW_TASK = Prepared(insert(open_task), [column.name for column in open_task.c])
_NEW_CANDIDATE = Prepared(insert(task_candidate), [column.name for column in task_candidate.c])
_NEW_WAIT = Prepared(insert(wait), [column.name for column in wait.c])


def read_task(row: Row) -> Task:
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
        case_status=row.get("status", ""),
        procedure=row.get("procedure", ""),
        version=row.get("version", 0),
        facts=json.loads(row.get("facts") or "{}"),
    )


def read_wait(row: RowMapping) -> Wait:
    """A row of ``wait``."""
    return Wait(
        row["case"], row["token"], row["kind"], row["element"], row["process"], row["name"], row["due"], row["key"]
    )


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
        return [read_task(row) for row in TASKS.rows(self._connection, key=number)]

    def waits(self, number: str) -> list[Wait]:
        """What a case waits for besides people."""
        return [read_wait(row) for row in self._connection.execute(_WAITS, {"key": number}).mappings()]

    def cases_waiting(self, name: str, key: str, sender: str | None = None) -> list[str]:
        """Numbers of the cases, other than ``sender``, that wait for the message of that name and key, in order."""
        query = (
            select(wait.c["case"])
            .where(wait.c.kind == "message", wait.c.name == name, wait.c.key == key)
            .distinct()
            .order_by(wait.c["case"])
        )
        return [number for number in self._connection.execute(query).scalars() if number != sender]

    def replace_tasks(self, before: Sequence[Task], after: Sequence[Task]) -> None:
        """Makes the rows of ``before`` those of ``after``; a fixed number of statements, none where nothing changed.

        Who claimed a task, and what was typed into it, stays with it."""
        old = {task.id: task for task in before}
        now = {task.id: task for task in after}
        gone = [key for key in old if key not in now]
        new = [task for key, task in now.items() if key not in old]
        changed = [task for key, task in now.items() if key in old and not _drawn_alike(task, old[key])]
        if gone:
            # Candidates and drafts go with their task (ON DELETE CASCADE).
            _TASK_GONE.run_many(self._connection, [{"key": key} for key in gone])
        if changed:
            _REDRAW.run_many(self._connection, [{"key": task.id, **_drawn(task)} for task in changed])
            _CANDIDATES_GONE.run_many(self._connection, [{"key": task.id} for task in changed])
        if new:
            _NEW_TASK.run_many(self._connection, [_columns(task) for task in new])
        if new or changed:
            _NEW_CANDIDATE.run_many(
                self._connection,
                [
                    {"task": task.id, "kind": kind, "value": key}
                    for task in [*new, *changed]
                    for kind, key in candidates(task)
                ],
            )

    def replace_waits(self, before: Sequence[Wait], after: Sequence[Wait]) -> None:
        """Makes the rows of ``before`` those of ``after``; at most two statements. Rows that go are used for those that
        come, a wait that only moves keeping its own."""
        gone = {(item.token, item.kind, item.name): item for item in before if item not in set(after)}
        new = {(item.token, item.kind, item.name): item for item in after if item not in set(before)}
        pairs = [(gone.pop(place), new.pop(place)) for place in sorted(gone.keys() & new.keys())]
        pairs += [(gone.pop(old), new.pop(place)) for old, place in list(zip(sorted(gone), sorted(new), strict=False))]
        if pairs:
            _OTHER_WAIT.run_many(self._connection, [{**_row_of(item), **_place_of(old)} for old, item in pairs])
        if gone:
            _WAIT_GONE.run_many(self._connection, [_place_of(item) for item in gone.values()])
        if new:
            _NEW_WAIT.run_many(self._connection, [_row_of(item) for item in new.values()])

    def hold_timers(self, number: str, due: str | None = None) -> None:
        """The timers of a case, or only those due at that moment, are left alone until ``resume_timers``."""
        query = update(wait).where(wait.c["case"] == number, wait.c.kind == "timer").values(next_at=None)
        self._connection.execute(query if due is None else query.where(wait.c.due <= due))

    def resume_timers(self, number: str) -> None:
        """The timers of a case are tried again when they are due."""
        self._connection.execute(
            update(wait).where(wait.c["case"] == number, wait.c.kind == "timer").values(next_at=wait.c.due)
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


def _row_of(item: Wait) -> dict[str, Any]:
    return {
        "case": item.case,
        "token": item.token,
        "kind": item.kind,
        "element": item.element,
        "process": item.process,
        "name": item.name,
        "due": item.due,
        "key": item.key,
        "next_at": item.due,
    }


def _place_of(item: Wait) -> dict[str, Any]:
    """Which row is that of a wait."""
    return {"of": item.case, "at": item.token, "as": item.kind, "called": item.name}


@lru_cache(maxsize=1_024)
def _listed(keys: tuple[str, ...]) -> str:
    """A list as JSON; the same few come again and again."""
    return canonical(list(keys))


_drawn_of = attrgetter(*_DRAWN)


def _drawn_alike(one: Task, other: Task) -> bool:
    return bool(_drawn_of(one) == _drawn_of(other))


def _drawn(task: Task) -> dict[str, Any]:
    """What the diagram says of a task, as it is stored."""
    return {
        "element": task.element,
        "name": task.name,
        "process": task.process,
        "roles": _listed(task.roles),
        "users": _listed(task.users),
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
