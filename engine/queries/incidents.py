"""Incidents, requests for a second person, and what is suspended."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, func, select, true

from engine.queries.cases import as_case
from engine.records import Approval, Case, Incident, Page, Suspension
from engine.storage.approvals import read_approval, read_suspension
from engine.storage.cases import COLUMNS, read_case
from engine.storage.incidents import read_incident
from engine.storage.operations_tables import approval, incident, procedure_state
from engine.storage.tables import case, procedure_version

_MOST = 10_000


def incidents(
    connection: Connection,
    status: str | None = "open",
    procedure: str | None = None,
    element: str | None = None,
    number: str | None = None,
    page: int = 1,
    size: int = 50,
) -> Page[tuple[Case, Incident]]:
    """Incidents with their cases, the newest first. Cases come without their values."""
    conditions: list[ColumnElement[bool]] = [true()]
    for column, wanted in (
        (incident.c.status, status),
        (case.c.procedure, procedure),
        (incident.c.element, element),
        (incident.c["case"], number),
    ):
        if wanted:
            conditions.append(column == wanted)
    joined = incident.join(case, case.c.number == incident.c["case"])
    total = connection.execute(select(func.count()).select_from(joined).where(*conditions)).scalar_one()
    query = (
        select(incident.c["case"], incident.c.seq)
        .select_from(joined)
        .where(*conditions)
        .order_by(incident.c.at.desc(), incident.c["case"].desc(), incident.c.seq.desc())
        .limit(size)
        .offset((page - 1) * size)
    )
    keys = [(row[0], row[1]) for row in connection.execute(query)]
    numbers = sorted({key[0] for key in keys})
    found = {
        (row["case"], row["seq"]): read_incident(row)
        for row in connection.execute(select(incident).where(incident.c["case"].in_(numbers))).mappings()
    }
    cases_query = (
        select(*COLUMNS)
        .join(procedure_version, procedure_version.c.id == case.c.version_id)
        .where(case.c.number.in_(numbers))
    )
    cases = {row["number"]: as_case(read_case(row)) for row in connection.execute(cases_query).mappings()}
    return Page([(cases[key[0]], found[key]) for key in keys], total, page, size)


def to_retry(
    connection: Connection, procedure: str | None, element: str | None, numbers: Sequence[str], limit: int
) -> list[tuple[str, int]]:
    """Case and number of the incidents that can be carried out again, oldest first."""
    query = (
        select(incident.c["case"], incident.c.seq)
        .join(case, case.c.number == incident.c["case"])
        .where(incident.c.status == "open", incident.c.command.is_not(None))
        .order_by(incident.c.at, incident.c["case"], incident.c.seq)
        .limit(limit)
    )
    if procedure is not None:
        query = query.where(case.c.procedure == procedure)
    if element is not None:
        query = query.where(incident.c.element == element)
    if numbers:
        query = query.where(incident.c["case"].in_(sorted(set(numbers))[:_MOST]))
    return [(row[0], row[1]) for row in connection.execute(query)]


def running_on(connection: Connection, procedure: str, version: int, limit: int) -> list[str]:
    """Numbers of the cases that run on a version, in order."""
    query = (
        select(case.c.number)
        .join(procedure_version, procedure_version.c.id == case.c.version_id)
        .where(
            procedure_version.c.procedure == procedure,
            procedure_version.c.number == version,
            case.c.status.in_(("open", "stuck", "suspended")),
        )
        .order_by(case.c.number)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def cases_of(connection: Connection, procedure: str, statuses: Sequence[str]) -> list[str]:
    """Numbers of a procedure's cases with one of these statuses, in order."""
    query = select(case.c.number).where(case.c.procedure == procedure, case.c.status.in_(statuses))
    return list(connection.execute(query.order_by(case.c.number)).scalars())


def approvals(connection: Connection, open: bool, number: str | None, page: int, size: int) -> Page[Approval]:
    """Requests for a second person's agreement: those that wait, oldest first, or the decided ones, newest first."""
    condition: ColumnElement[bool] = approval.c.decision.is_(None) if open else approval.c.decision.is_not(None)
    if number is not None:
        condition = and_(condition, approval.c["case"] == number)
    order = approval.c.id if open else approval.c.id.desc()
    total = connection.execute(select(func.count()).select_from(approval).where(condition)).scalar_one()
    query = select(approval).where(condition).order_by(order).limit(size).offset((page - 1) * size)
    rows = [read_approval(row) for row in connection.execute(query).mappings()]
    return Page(rows, total, page, size)


def suspensions(connection: Connection) -> list[Suspension]:
    """The procedures that open no cases for the time being, by name."""
    query = select(procedure_state).order_by(procedure_state.c.procedure)
    return [read_suspension(row) for row in connection.execute(query).mappings()]
