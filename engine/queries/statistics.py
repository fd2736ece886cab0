"""Counts for the first page."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import Connection, and_, func, or_, select

from engine.clock import DEFAULT_ZONE, to_text
from engine.queries.cases import may_see
from engine.queries.tasks import may_do
from engine.rules.access import Actor
from engine.storage.tables import case, open_task


def counts(connection: Connection, actor: Actor, now: datetime) -> dict[str, int]:
    """``open``, ``stuck``, ``closed``, ``cancelled``, ``started_today`` among the cases the actor may see;
    ``mine``, ``pool`` and ``overdue`` among the tasks the actor may do. Two queries."""
    midnight = to_text(datetime.combine(now.astimezone(DEFAULT_ZONE).date(), time.min, DEFAULT_ZONE))
    states = ("open", "stuck", "closed", "cancelled")
    seen = connection.execute(
        select(
            *(func.count().filter(case.c.status == state).label(state) for state in states),
            func.count().filter(case.c.started_at >= midnight).label("started_today"),
        ).where(may_see(actor))
    ).one()
    mine = or_(open_task.c.claimed_by == actor.login, open_task.c.assignee == actor.login)
    pool = and_(
        open_task.c.claimed_by.is_(None), or_(open_task.c.assignee.is_(None), open_task.c.assignee != actor.login)
    )
    todo = connection.execute(
        select(
            func.count().filter(mine).label("mine"),
            func.count().filter(pool).label("pool"),
            func.count().filter(open_task.c.due < to_text(now)).label("overdue"),
        ).where(may_do(actor))
    ).one()
    return {key: int(value) for row in (seen, todo) for key, value in row._mapping.items()}
