"""Published procedures and their versions."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from engine.errors import NotFound
from engine.records import Version
from engine.storage.tables import case, procedure_version
from engine.storage.versions import newest, read_version


def procedures(connection: Connection) -> list[Version]:
    """The newest version of each procedure, by id, with how many cases of it are open, on any version."""
    count = (
        select(func.count())
        .where(case.c.procedure == procedure_version.c.procedure, case.c.status.in_(("open", "stuck", "suspended")))
        .scalar_subquery()
    )
    query = select(procedure_version, count.label("open_cases")).where(newest()).order_by(procedure_version.c.procedure)
    return [read_version(row) for row in connection.execute(query).mappings()]


def versions(connection: Connection, procedure: str) -> list[Version]:
    """All versions of a procedure, the newest first, with how many open cases each has."""
    count = (
        select(func.count())
        .where(case.c.version_id == procedure_version.c.id, case.c.status.in_(("open", "stuck", "suspended")))
        .scalar_subquery()
    )
    query = (
        select(procedure_version, count.label("open_cases"))
        .where(procedure_version.c.procedure == procedure)
        .order_by(procedure_version.c.number.desc())
    )
    return [read_version(row) for row in connection.execute(query).mappings()]


def version_id(connection: Connection, procedure: str, number: int | None) -> int:
    """The database id of a version; of the newest without a number. Raises ``NotFound``."""
    query = select(procedure_version.c.id).where(procedure_version.c.procedure == procedure)
    query = query.where(newest()) if number is None else query.where(procedure_version.c.number == number)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFound("procedure", procedure if number is None else f"{procedure} {number}")
    return int(found)
