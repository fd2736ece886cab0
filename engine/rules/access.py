"""Who may do what: pure functions over an actor, a task and a case (contract: docs/reference/python.md, Rights)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from engine.records import Task

#: Actors that are not people: the worker, and the installation itself (set-up, the demonstration).
MACHINES = frozenset({"clock", "system"})

#: Roles that may see every case.
SEE_ALL = frozenset({"auditor", "lg_office", "leading_group", "admin_dept", "customer_service"})
#: Roles that may end a case before its end.
CANCEL = frozenset({"lg_office", "leading_group", "admin_dept", "customer_service", "dispatcher", "sysadmin"})
#: Roles that may see a caller's data on any case; everybody else only on cases they have to do with.
REVEAL_ALL = frozenset({"lg_office", "leading_group", "admin_dept", "customer_service"})
#: Roles that may publish versions and edit drafts.
PUBLISH = frozenset({"process_owner", "sysadmin"})
#: Roles that may change people, roles, units and settings.
ADMINISTER = frozenset({"sysadmin"})
#: Roles that may repair cases: retry, correct, skip, move, migrate, suspend; and agree to others doing so.
REPAIR = PUBLISH | ADMINISTER
#: Roles that may pause, resume and extend deadlines (S11 §5(六): with a leader's approval), those that may do so
#: against the rules, and those that are told when one is overdue (D14).
HOLD_DEADLINES = frozenset({"lg_office", "leading_group", "admin_dept", "customer_service", "dept_head"})
DECIDE_DEADLINES = frozenset({"lg_office", "leading_group"})
SUPERVISE = ("lg_office",)
#: Roles that may send a signal to all cases.
BROADCAST = frozenset({"lg_office", "leading_group", "sysadmin"})
#: Roles that programs outside have: they fetch external tasks and report on them.
WORK_OUTSIDE = frozenset({"worker"})
#: Roles that may read the access log and verify.
AUDIT = frozenset({"auditor", "sysadmin", "lg_office"})


@dataclass(frozen=True)
class Actor:
    """Whoever acts. ``trusted``: may do everything (a machine, or an installation without accounts); ``known``:
    has an active account."""

    login: str
    name: str = ""
    roles: frozenset[str] = frozenset()
    unit: str | None = None
    trusted: bool = False
    known: bool = True


@dataclass(frozen=True)
class Standing:
    """How somebody stands to a case: who acted on it, the units it was given to, and its open tasks."""

    started_by: str
    users: Collection[str] = field(default_factory=frozenset)
    units: Collection[str] = field(default_factory=frozenset)
    tasks: Collection[Task] = ()


def has_role(actor: Actor, roles: Collection[str]) -> bool:
    """Is one of the roles the actor's, or is the actor trusted with everything?"""
    return actor.trusted or bool(actor.roles & frozenset(roles))


def is_candidate(actor: Actor, task: Task) -> bool:
    """May the actor do this task, leaving aside whether somebody took it?"""
    if actor.trusted:
        return True
    if not actor.known:
        return False
    if not task.roles and not task.users and not task.assignee:
        return True
    if actor.login == task.assignee or actor.login in task.users:
        return True
    return bool(actor.roles & set(task.roles)) and task.unit in (None, "", actor.unit)


def may_do(actor: Actor, task: Task) -> bool:
    """May the actor finish this task now? Not if somebody else took it."""
    return is_candidate(actor, task) and task.claimed_by in (None, actor.login)


def may_see(actor: Actor, standing: Standing) -> bool:
    """May the actor see the case: by role, by having acted on it or being able to now, or by unit?"""
    if not actor.trusted and not actor.known:
        return False
    return (
        has_role(actor, SEE_ALL)
        or _takes_part(actor, standing)
        or (actor.unit is not None and actor.unit in standing.units)
    )


def may_reveal(actor: Actor, standing: Standing) -> bool:
    """May the actor see the caller's data in clear (R279: only roles in the case)?"""
    if not actor.trusted and not actor.known:
        return False
    return has_role(actor, REVEAL_ALL) or _takes_part(actor, standing)


def may_cancel(actor: Actor, standing: Standing) -> bool:
    """May the actor end the case before its end?"""
    return has_role(actor, CANCEL) or (actor.known and actor.login == standing.started_by)


def _takes_part(actor: Actor, standing: Standing) -> bool:
    return (
        actor.login == standing.started_by
        or actor.login in standing.users
        or any(is_candidate(actor, task) for task in standing.tasks)
    )
