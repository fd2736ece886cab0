"""Work that waits outside: one row for each waiting token, written with the step that opened it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, bindparam, delete, insert, or_, select, update

from engine.errors import Bilingual
from engine.events import canonical
from engine.records import ExternalTask
from engine.rules.backoff import MOST_ATTEMPTS
from engine.storage.cases import read_entry
from engine.storage.operations_tables import external_task
from engine.storage.tables import case, case_log
from engine.storage.upsert import upsert

_OPEN = ("open", "stuck")

# Statements of every step on a procedure with outside work, put together once (see ``engine.storage.cases``).
_GONE = delete(external_task).where(
    external_task.c["case"] == bindparam("key"), external_task.c.token.not_in(bindparam("alive", expanding=True))
)
_OF_CASE = select(external_task).where(external_task.c["case"] == bindparam("key")).order_by(external_task.c.token)


def read_external(row: RowMapping) -> ExternalTask:
    """A row of ``external_task``."""
    return ExternalTask(
        id=row["id"],
        case=row["case"],
        token=row["token"],
        process=row["process"],
        element=row["element"],
        topic=row["topic"],
        values=json.loads(row["content"]),
        priority=-row["rank"],
        created_at=row["created_at"],
        available_at=row["available_at"],
        worker=row["worker"],
        locked_until=row["locked_until"],
        retries=row["retries"],
        failures=row["failures"],
        error=row["error"],
    )


def can_be_fetched(topics: Sequence[str], at: str) -> tuple[ColumnElement[bool], ...]:
    """The conditions, over ``external_task`` joined with ``case``, for what a worker gets."""
    return (
        external_task.c.topic.in_(topics),
        external_task.c.retries > 0,
        external_task.c.available_at <= at,
        or_(external_task.c.locked_until.is_(None), external_task.c.locked_until <= at),
        case.c.status.in_(_OPEN),
    )


class ExternalTasks:
    """Work outside in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_case(self, number: str) -> list[ExternalTask]:
        """What a case waits for outside, oldest first."""
        return [read_external(row) for row in self._connection.execute(_OF_CASE, {"key": number}).mappings()]

    def replace(self, number: str, tasks: Sequence[ExternalTask]) -> None:
        """Makes these the case's only rows; who works on those that are there, and how often they failed, stays. At
        most two statements."""
        self._connection.execute(_GONE, {"key": number, "alive": [task.token for task in tasks]})
        if tasks:
            query = upsert(self._connection, external_task)
            drawn = {name: query.excluded[name] for name in ("process", "element", "topic", "content", "rank")}
            query = query.on_conflict_do_update(index_elements=["id"], set_=drawn)
            self._connection.execute(query, [_columns(task) for task in tasks])

    def rebuild(self, number: str, tasks: Sequence[ExternalTask]) -> None:
        """Writes a case's rows anew; who works on what, and how often it failed, stays."""
        known = {task.id: task for task in self.of_case(number)}
        self._connection.execute(delete(external_task).where(external_task.c["case"] == number))
        kept = [_continued(task, known[task.id]) if task.id in known else task for task in tasks]
        if kept:
            self._connection.execute(insert(external_task), [_columns(task) for task in kept])

    def get(self, identifier: str) -> ExternalTask | None:
        """One row, locked against other writers where the database can."""
        query = select(external_task).where(external_task.c.id == identifier).with_for_update()
        row = self._connection.execute(query).mappings().one_or_none()
        return read_external(row) if row is not None else None

    def fetch(self, topics: Sequence[str], worker: str, count: int, at: str, until: str) -> list[ExternalTask]:
        """Locks up to ``count`` tasks of these topics for a worker: the most urgent first, then the oldest. Workers who
        ask at the same time get different ones and do not wait for each other."""
        query = (
            select(external_task)
            .join(case, case.c.number == external_task.c["case"])
            .where(*can_be_fetched(topics, at))
            .order_by(external_task.c.rank, external_task.c.created_at, external_task.c.id)
            .limit(count)
            .with_for_update(of=external_task, skip_locked=True)
        )
        found = [read_external(row) for row in self._connection.execute(query).mappings()]
        if found:
            keys = [task.id for task in found]
            query_update = update(external_task).where(external_task.c.id.in_(keys))
            self._connection.execute(query_update.values(worker=worker, locked_until=until))
        return [replace(task, worker=worker, locked_until=until) for task in found]

    def change(self, identifier: str, **columns: Any) -> None:
        """Sets bookkeeping columns of one row."""
        self._connection.execute(update(external_task).where(external_task.c.id == identifier).values(**columns))

    def reset(self, identifier: str, at: str) -> None:
        """Has work that was given up fetched again from ``at`` on, as if it were new."""
        self.change(
            identifier,
            worker=None,
            locked_until=None,
            retries=MOST_ATTEMPTS,
            failures=0,
            error="",
            available_at=at,
        )

    def park(self, identifier: str, reason: str) -> None:
        """Keeps work from being fetched until a person has it tried again."""
        self.change(identifier, worker=None, locked_until=None, retries=0, error=reason)

    def past(self, number: str, token: int) -> str | Bilingual | None:
        """Who finished work that does not wait any more; None if there never was such work."""
        kinds = ("external_opened", "external_completed", "external_fault")
        query = (
            select(case_log).where(case_log.c["case"] == number, case_log.c.kind.in_(kinds)).order_by(case_log.c.seq)
        )
        by: str | Bilingual | None = None
        for row in self._connection.execute(query).mappings():
            entry = read_entry(row)
            if entry.data.get("token") == token:
                ended = entry.kind != "external_opened"
                by = str(entry.data.get("worker")) if ended else by or Bilingual(zh="系统", en="the system")
        return by


def _continued(task: ExternalTask, known: ExternalTask) -> ExternalTask:
    return replace(
        task,
        available_at=known.available_at,
        worker=known.worker,
        locked_until=known.locked_until,
        retries=known.retries,
        failures=known.failures,
        error=known.error,
    )


def _columns(task: ExternalTask) -> Mapping[str, Any]:
    return {
        "id": task.id,
        "case": task.case,
        "token": task.token,
        "process": task.process,
        "element": task.element,
        "topic": task.topic,
        "content": canonical(dict(task.values)),
        "rank": -task.priority,
        "created_at": task.created_at,
        "available_at": task.available_at,
        "worker": task.worker,
        "locked_until": task.locked_until,
        "retries": task.retries,
        "failures": task.failures,
        "error": task.error,
    }
