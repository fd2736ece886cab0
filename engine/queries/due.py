"""What is due: cases with timers to fire, cases that wait for a signal, and things to send."""

from __future__ import annotations

import json

from sqlalchemy import Connection, func, select

from engine.records import Send
from engine.storage.tables import case, outbox, procedure_version, wait
from engine.storage.versions import newest


def cases_with_due_timers(connection: Connection, at: str, limit: int) -> list[str]:
    """Numbers of open cases that have a timer due at ``at``, the longest due first; stuck cases, whose timers failed
    before, after all others."""
    stuck_last = case.c.status == "stuck"
    query = (
        select(case.c.number)
        .join(wait, wait.c["case"] == case.c.number)
        .where(wait.c.kind == "timer", wait.c.due <= at, case.c.status.in_(("open", "stuck")))
        .group_by(case.c.number, case.c.status)
        .order_by(stuck_last, func.min(wait.c.due), case.c.number)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


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
    return [
        Send(
            row["id"],
            row["case"],
            row["element"],
            row["topic"],
            json.loads(row["content"]),
            row["created_at"],
            row["sent_at"],
        )
        for row in connection.execute(query).mappings()
    ]
