"""How the background work stands: what is due, since when, and who is there to do it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, FromClause, func, select

from engine.clock import from_text, to_text
from engine.records import Health, WorkerSeen
from engine.storage.claims import NEVER
from engine.storage.operations_tables import deadline, external_task, incident, start_timer, worker_state
from engine.storage.tables import outbox, wait

#: A worker that gave no sign of life for this long counts as gone: it gives one every ten seconds.
SILENT_AFTER = timedelta(minutes=1)


def health(connection: Connection, now: datetime, inside: tuple[str, ...]) -> Health:
    """``inside``: the topics of the outbox that the engine hands on by itself."""
    at = to_text(now)
    timers = (wait.c.kind == "timer", wait.c.next_at <= at)
    starts, deadlines = (start_timer.c.due <= at,), (deadline.c.next_at <= at,)
    unsent = outbox.c.sent_at.is_(None)
    handed_on = (unsent, outbox.c.topic.in_(inside), outbox.c.next_at <= at)
    leaving = (unsent, outbox.c.topic.not_in(inside))
    moments = [
        connection.execute(select(func.min(column)).where(*conditions)).scalar_one()
        for column, conditions in (
            (wait.c.next_at, timers),
            (start_timer.c.due, starts),
            (deadline.c.next_at, deadlines),
            (outbox.c.created_at, handed_on),
        )
    ]
    oldest = min((moment for moment in moments if moment is not None), default=None)
    locked = external_task.c.locked_until > at

    def count(table: FromClause, *conditions: ColumnElement[bool]) -> int:
        return int(connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one())

    return Health(
        at=at,
        oldest_due=oldest,
        lag=(now - from_text(oldest)).total_seconds() if oldest is not None else 0.0,
        timers=count(wait, *timers),
        held=count(wait, wait.c.kind == "timer", wait.c.next_at.is_(None), wait.c.due.is_not(None)),
        starts=count(start_timer, *starts),
        deadlines=count(deadline, *deadlines),
        handed_on=count(outbox, *handed_on),
        waiting=count(outbox, *leaving, outbox.c.attempts == 0),
        failing=count(outbox, *leaving, outbox.c.attempts > 0, outbox.c.next_at != NEVER),
        given_up=count(outbox, unsent, outbox.c.next_at == NEVER),
        incidents=count(incident, incident.c.status == "open"),
        outside=count(external_task, external_task.c.locked_until.is_(None) | ~locked),
        locked=count(external_task, locked),
        workers=tuple(workers(connection, now)),
    )


def workers(connection: Connection, now: datetime) -> list[WorkerSeen]:
    """The workers that gave a sign of life within the last day, the latest first."""
    recently = to_text(now - SILENT_AFTER)
    query = select(worker_state).order_by(worker_state.c.seen_at.desc(), worker_state.c.name)
    return [
        WorkerSeen(
            row["name"], row["started_at"], row["seen_at"], row["seen_at"] >= recently, json.loads(row["detail"])
        )
        for row in connection.execute(query).mappings()
    ]
