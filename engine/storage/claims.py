"""What is due, taken by one worker at a time: found by index, oldest first, never by loading cases.

On PostgreSQL a worker passes over what another transaction holds (``FOR UPDATE SKIP LOCKED``), so that several share
the work; on SQLite writers take turns. A worker that is killed leaves nothing behind but what it committed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, select, update

from engine.clock import from_text, to_text
from engine.events import canonical
from engine.records import Send
from engine.storage.operations_tables import worker_state
from engine.storage.prepared import Prepared
from engine.storage.tables import case, outbox, wait
from engine.storage.upsert import upsert

#: How many of the oldest due timers are looked at for one that nobody holds: more than there are workers at once.
WINDOW = 64

#: Later than any moment, for what is not tried again until a person asks for it: text order is time order.
NEVER = "never"

#: A worker that was not seen for this long is not listed any more.
FORGOTTEN_AFTER = timedelta(days=1)

#: The longest reason that is kept with something that could not be sent.
LONGEST_ERROR = 2_000

_DUE = (
    select(wait.c["case"].label("number"), wait.c.next_at)
    .where(wait.c.kind == "timer", wait.c.next_at <= bindparam("at"))
    .order_by(wait.c.next_at, wait.c["case"])
)
_OLDEST = Prepared(_DUE.limit(bindparam("most")))
_WINDOW = _DUE.limit(bindparam("window")).subquery()
_FREE = Prepared(
    select(case.c.number)
    .join(_WINDOW, _WINDOW.c.number == case.c.number)
    .order_by(_WINDOW.c.next_at, case.c.number)
    .limit(bindparam("most"))
    .with_for_update(of=case, skip_locked=True)
)


def read_send(row: RowMapping) -> Send:
    """A row of ``outbox``."""
    return Send(
        row["id"],
        row["case"],
        row["element"],
        row["topic"],
        json.loads(row["content"]),
        row["created_at"],
        row["sent_at"],
        row["attempts"],
        row["next_at"],
        row["error"],
    )


class Claims:
    """Due work in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._shared = connection.dialect.name != "sqlite"

    def case_with_due_timer(self, at: str) -> str | None:
        """The case whose timer has been due longest and which nobody else is changing, locked; None: there is none."""
        if self._shared:
            rows = _FREE.rows(self._connection, at=at, window=WINDOW, most=1)
        else:
            rows = _OLDEST.rows(self._connection, at=at, most=1)
        return next((str(row["number"]) for row in rows), None)

    def cases_waiting_for_signal(self, name: str) -> list[str]:
        """Numbers of the cases that wait for a signal, in order."""
        query = select(wait.c["case"]).where(wait.c.kind == "signal", wait.c.name == name).distinct()
        return sorted(self._connection.execute(query).scalars())

    def sends(self, topic: str, at: str, until: str, limit: int) -> list[Send]:
        """Takes what waits to be sent under that topic, oldest first; ``attempts`` counts this one. It is this
        worker's until ``until``; what has not been marked as sent by then is tried again, by whoever comes first."""
        query = (
            select(outbox.c.id)
            .where(outbox.c.sent_at.is_(None), outbox.c.topic == topic, outbox.c.next_at <= at)
            .order_by(outbox.c.next_at, outbox.c.id)
            .limit(limit)
        )
        if self._shared:
            query = query.with_for_update(skip_locked=True)
        found = list(self._connection.execute(query).scalars())
        if not found:
            return []
        taken = (
            update(outbox)
            .where(outbox.c.id.in_(found))
            .values(attempts=outbox.c.attempts + 1, next_at=until)
            .returning(outbox)
        )
        rows = {row["id"]: row for row in self._connection.execute(taken).mappings()}
        return [read_send(rows[key]) for key in found]

    def send(self, identifier: int) -> Send | None:
        """Something in the outbox, locked against other writers where the database can."""
        query = select(outbox).where(outbox.c.id == identifier).with_for_update()
        row = self._connection.execute(query).mappings().one_or_none()
        return read_send(row) if row is not None else None

    def try_again(self, identifier: int, at: str, error: str, attempts: int) -> None:
        """Notes when something that could not be sent is tried next, why it failed, and how often it was tried."""
        self._connection.execute(
            update(outbox)
            .where(outbox.c.id == identifier, outbox.c.sent_at.is_(None))
            .values(next_at=at, error=error[:LONGEST_ERROR], attempts=attempts)
        )

    def note_worker(self, name: str, started_at: str, at: str, detail: Mapping[str, Any]) -> None:
        """Notes that a worker process was seen, and forgets those that have not been for a long time."""
        long_ago = to_text(from_text(at) - FORGOTTEN_AFTER)
        self._connection.execute(delete(worker_state).where(worker_state.c.seen_at < long_ago))
        columns = {"started_at": started_at, "seen_at": at, "detail": canonical(dict(detail))}
        self._connection.execute(
            upsert(self._connection, worker_state)
            .values(name=name, **columns)
            .on_conflict_do_update(index_elements=["name"], set_=columns)
        )

    def forget_worker(self, name: str) -> None:
        """A worker ended tidily."""
        self._connection.execute(delete(worker_state).where(worker_state.c.name == name))
