"""What is due: timers to fire, cases that wait for a signal, and things to send. Found by index."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from engine.records import Send
from engine.storage.claims import read_send
from engine.storage.operations_tables import procedure_state, start_timer
from engine.storage.tables import outbox, procedure_version, wait
from engine.storage.versions import newest


def timer_is_due(connection: Connection, at: str) -> bool:
    """Whether a worker has a timer to fire at ``at``."""
    query = select(wait.c["case"]).where(wait.c.kind == "timer", wait.c.next_at <= at).limit(1)
    return connection.execute(query).first() is not None


def count_due_timers(connection: Connection, at: str, most: int) -> int:
    """How many timers are due at ``at``; no more than ``most`` are looked at."""
    due = select(wait.c["case"]).where(wait.c.kind == "timer", wait.c.next_at <= at).limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(due)).scalar_one())


def start_is_due(connection: Connection, at: str) -> bool:
    """Whether a timer start event of a procedure that is not suspended has a case to open at ``at``."""
    suspended = select(procedure_state.c.procedure)
    query = select(start_timer.c.element).where(start_timer.c.next_at <= at, start_timer.c.procedure.not_in(suspended))
    return connection.execute(query.limit(1)).first() is not None


def cases_waiting_for_signal(connection: Connection, name: str) -> list[str]:
    """Numbers of the cases that wait for a signal, in order."""
    query = (
        select(wait.c["case"]).where(wait.c.kind == "signal", wait.c.name == name).distinct().order_by(wait.c["case"])
    )
    return list(connection.execute(query).scalars())


def versions_starting_with(connection: Connection, kind: str, name: str) -> list[int]:
    """Database ids of the newest versions that a message (``kind`` messages) or signal (signals) opens cases of."""
    query = select(procedure_version.c.id, procedure_version.c.starts).where(newest()).order_by(procedure_version.c.id)
    return [row.id for row in connection.execute(query) if name in json.loads(row.starts).get(kind, [])]


def unsent(connection: Connection, limit: int, topics: tuple[str, ...] = ()) -> list[Send]:
    """What waits in the outbox, oldest first; only these topics if some are given."""
    query = select(outbox).where(outbox.c.sent_at.is_(None)).order_by(outbox.c.id).limit(limit)
    if topics:
        query = query.where(outbox.c.topic.in_(topics))
    return [read_send(row) for row in connection.execute(query).mappings()]


def next_send(connection: Connection, at: str, topics: Sequence[str]) -> Send | None:
    """What leaves next: the oldest of these topics that is due at ``at``."""
    found = []
    for topic in topics:
        query = (
            select(outbox)
            .where(outbox.c.sent_at.is_(None), outbox.c.topic == topic, outbox.c.next_at <= at)
            .order_by(outbox.c.next_at, outbox.c.id)
            .limit(1)
        )
        found += [read_send(row) for row in connection.execute(query).mappings()]
    return min(found, key=lambda send: (send.next_at, send.id), default=None)
