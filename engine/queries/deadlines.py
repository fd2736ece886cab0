"""Deadlines: which run, which are near or overdue, and whom the worker has to tell of next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from sqlalchemy import ColumnElement, Connection, func, select

from engine.clock import from_text
from engine.queries.cases import may_see
from engine.records import Deadline
from engine.rules.access import Actor
from engine.rules.calendar import WorkCalendar
from engine.rules.deadlines import WORKING
from engine.storage.deadlines import read_deadline
from engine.storage.operations_tables import deadline
from engine.storage.tables import case

#: ``near``: running, and a warning was due; ``overdue``: running, and past its due moment.
State = Literal["running", "paused", "met", "late", "cancelled", "near", "overdue", "unset"]


def deadlines(
    connection: Connection, number: str | None, actor: Actor | None, state: State | None, at: str, limit: int
) -> list[Deadline]:
    """Clocks, soonest due first, those without a limit last: of one case or of all that the actor may see."""
    query = select(deadline).join(case, case.c.number == deadline.c["case"])
    if number is not None:
        query = query.where(deadline.c["case"] == number)
    if actor is not None:
        query = query.where(may_see(actor))
    if state is not None:
        query = query.where(*_is(state, at))
    query = query.order_by(deadline.c.due.is_(None), deadline.c.due, deadline.c["case"], deadline.c.key).limit(limit)
    found = [read_deadline(row) for row in connection.execute(query).mappings()]
    if state == "near":
        return [clock for clock in found if any(str(warning["at"]) <= at for warning in clock.warnings)]
    return found


def _is(state: State, at: str) -> Sequence[ColumnElement[bool]]:
    running = deadline.c.state == "running"
    if state == "overdue":
        return (running, deadline.c.due < at)
    if state == "near":
        return (running, deadline.c.due >= at)
    if state == "unset":
        return (deadline.c.state.in_(("running", "paused")), deadline.c.due.is_(None))
    return (deadline.c.state == state,)


def marked_provisional(clock: Deadline, calendar: WorkCalendar) -> Deadline:
    """The clock, marked if it counts working time up to a day whose kind nobody has announced yet."""
    guessed = (
        clock.due is not None
        and clock.unit in WORKING
        and calendar.is_provisional(calendar.local(from_text(clock.due)).date())
    )
    return replace(clock, provisional=True) if guessed else clock


def cases_to_tell_of(connection: Connection, at: str, limit: int) -> list[str]:
    """Numbers of the cases that have somebody to warn at ``at``, the longest due first. Those that stand still are left
    out: they are told of once they go on."""
    query = (
        select(deadline.c["case"])
        .join(case, case.c.number == deadline.c["case"])
        .where(deadline.c.next_at <= at, case.c.status.in_(("open", "stuck")))
        .group_by(deadline.c["case"])
        .order_by(func.min(deadline.c.next_at), deadline.c["case"])
        .limit(limit)
    )
    return list(connection.execute(query).scalars())
