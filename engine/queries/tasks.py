"""Open tasks: of a case, of a person, one by one. Lists are one indexed query each, apart from the count."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, func, or_, select

from engine.records import Page, Task
from engine.rules.access import Actor
from engine.storage.open_items import read_task
from engine.storage.tables import case, open_task, procedure_version, task_candidate, task_draft

Scope = Literal["mine", "pool", "all"]

#: Most tasks one list hands out without pages.
MOST = 1000


def open_tasks(connection: Connection, number: str | None, actor: Actor | None) -> list[Task]:
    """The open tasks of a case, or of all; only what the actor may do now, if one is given."""
    query = _tasks().order_by(open_task.c.opened_at, open_task.c["case"], open_task.c.token).limit(MOST)
    if number is not None:
        query = query.where(open_task.c["case"] == number)
    if actor is not None:
        query = query.where(may_do(actor))
    return [read_task(row) for row in connection.execute(query).mappings()]


def task(connection: Connection, identifier: str) -> Task | None:
    """One open task."""
    row = connection.execute(_tasks().where(open_task.c.id == identifier)).mappings().one_or_none()
    return read_task(row) if row is not None else None


def worklist(connection: Connection, actor: Actor, scope: Scope, search: str, page: int, size: int) -> Page[Task]:
    """What the actor has to do (mine), may take (pool), or both; soonest due first, then by priority and age."""
    mine = or_(open_task.c.claimed_by == actor.login, open_task.c.assignee == actor.login)
    chosen = {
        "mine": and_(mine, may_do(actor)),
        "pool": and_(open_task.c.claimed_by.is_(None), _not_assigned_to(actor), may_do(actor)),
        "all": may_do(actor),
    }[scope]
    if search.strip():
        text = like(search)
        chosen = and_(
            chosen,
            or_(
                open_task.c["case"].ilike(text, escape="\\"),
                open_task.c.name.ilike(text, escape="\\"),
                case.c.title.ilike(text, escape="\\"),
            ),
        )
    total = connection.execute(
        select(func.count()).select_from(open_task.join(case, case.c.number == open_task.c["case"])).where(chosen)
    ).scalar_one()
    query = (
        _tasks()
        .where(chosen)
        .order_by(
            open_task.c.due.is_(None),
            open_task.c.due,
            open_task.c.priority.desc(),
            open_task.c.opened_at,
            open_task.c.id,
        )
        .limit(size)
        .offset((page - 1) * size)
    )
    return Page([read_task(row) for row in connection.execute(query).mappings()], total, page, size)


def draft_content(connection: Connection, identifier: str, login: str) -> bytes | None:
    """What a person kept of a task's form, still encrypted."""
    query = select(task_draft.c.content).where(task_draft.c.task == identifier, task_draft.c.login == login)
    found = connection.execute(query).scalar_one_or_none()
    return bytes(found) if found is not None else None


def may_do(actor: Actor) -> ColumnElement[bool]:
    """A condition for the tasks the actor may finish now: the same rule as ``engine.rules.access.may_do``."""
    if not actor.known and not actor.trusted:
        return false()
    free = or_(open_task.c.claimed_by.is_(None), open_task.c.claimed_by == actor.login)
    return free if actor.trusted else and_(free, is_candidate(actor))


def is_candidate(actor: Actor) -> ColumnElement[bool]:
    """A condition for the tasks meant for the actor, whoever took them."""
    in_unit = or_(open_task.c.unit.is_(None), open_task.c.unit == "", open_task.c.unit == (actor.unit or ""))
    by_role = and_(task_candidate.c.kind == "role", task_candidate.c.value.in_(sorted(actor.roles)), in_unit)
    by_name = and_(task_candidate.c.kind == "user", task_candidate.c.value == actor.login)
    return exists().where(
        task_candidate.c.task == open_task.c.id, or_(task_candidate.c.kind == "any", by_name, by_role)
    )


def like(text: str) -> str:
    """A pattern that finds the text anywhere; what would be a wildcard is taken as it is."""
    escaped = text.strip()[:200].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("\x00", "")
    return f"%{escaped}%"


def _not_assigned_to(actor: Actor) -> ColumnElement[bool]:
    return or_(open_task.c.assignee.is_(None), open_task.c.assignee != actor.login)


def _tasks() -> Select[Any]:
    return (
        select(
            open_task,
            case.c.title,
            case.c.status,
            case.c.procedure,
            case.c.facts,
            procedure_version.c.number.label("version"),
        )
        .join(case, case.c.number == open_task.c["case"])
        .join(procedure_version, procedure_version.c.id == case.c.version_id)
    )
