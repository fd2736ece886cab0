"""What a command about a case begins with, in one statement: the case, locked; its open tasks; who asks; and which
entry of the calendar is the last."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, func, select, true
from sqlalchemy import case as either
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from engine.rules.access import MACHINES, Actor
from engine.storage.calendar import LAST_ENTRY
from engine.storage.prepared import Prepared, Row
from engine.storage.tables import case, open_task, procedure_version, user_account, user_role

#: Between the keys of roles, which are single lines.
_SEPARATOR = "\n"


class Joined(FunctionElement[str]):
    """The texts of a group, one after the other. SQLAlchemy's own wants its separator at the moment of execution."""

    inherit_cache = True


@compiles(Joined, "sqlite")
def _joined_by_sqlite(element: Joined, compiler: Any, **more: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **more)})"


@compiles(Joined, "postgresql")
def _joined_by_postgresql(element: Joined, compiler: Any, **more: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **more)})"


#: One row a task. What is large stands in the first row only, and nowhere if the case is still at the revision that the
#: caller knows.
_sibling = open_task.alias("sibling")
_FIRST = open_task.c.token.is_(None) | (
    open_task.c.token
    == select(func.min(_sibling.c.token)).where(_sibling.c["case"] == case.c.number).correlate(case).scalar_subquery()
)
_LARGE = ("snapshot", "case_values", "facts", "incidents")
#: The case as it was when the statement began. PostgreSQL waits for the lock on a case and then sees it as it is, but
#: joins it with the tasks of before: where the two differ, the tasks have to be read once more.
_before = case.alias("before")
_asker = user_account.alias("asker")
_roles = (
    select(Joined(user_role.c.role, _SEPARATOR))
    .where(user_role.c.login == _asker.c.login)
    .correlate(_asker)
    .scalar_subquery()
)
OPENING = Prepared(
    select(
        *(column for column in case.c if column.name not in _LARGE),
        *(
            either((_FIRST & (case.c.revision != bindparam("known")), case.c[name]), else_="").label(name)
            for name in _LARGE
        ),
        procedure_version.c.number.label("version"),
        procedure_version.c.sha256.label("version_sha256"),
        _before.c.revision.label("revision_before"),
        *open_task.c,
        select(user_account.c.login).limit(1).scalar_subquery().label("somebody"),
        _asker.c.login.label("asker"),
        _asker.c.name.label("asker_name"),
        _asker.c.unit.label("asker_unit"),
        _roles.label("asker_roles"),
        LAST_ENTRY.label("calendar"),
    )
    .select_from(case)
    .join(_before, _before.c.number == case.c.number)
    .join(procedure_version, procedure_version.c.id == case.c.version_id)
    .outerjoin(open_task, (open_task.c["case"] == case.c.number) & (case.c.revision != bindparam("known")))
    .outerjoin(_asker, (_asker.c.login == bindparam("login")) & (_asker.c.active == true()))
    .where(case.c.number == bindparam("key"))
    .order_by(open_task.c.token)
    .with_for_update(of=case)
)


def asker(login: str, row: Row) -> Actor:
    """Who asks. Somebody without an account has no rights, unless there are no accounts at all."""
    if login in MACHINES or row["somebody"] is None:
        return Actor(login, trusted=True)
    if row["asker"] is None:
        return Actor(login, known=False)
    roles = frozenset((row["asker_roles"] or "").split(_SEPARATOR)) - {""}
    return Actor(login, name=row["asker_name"], roles=roles, unit=row["asker_unit"])
