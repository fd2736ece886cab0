"""Cases: one in full, the ledger, their history, and who belongs to them."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, exists, false, func, or_, select, true

from engine.errors import NotFound
from engine.events import LogEntry
from engine.queries.tasks import is_candidate, like
from engine.records import Case, Page
from engine.rules.access import SEE_ALL, Actor, Standing, has_role
from engine.storage.cases import COLUMNS, CaseRow, read_case, read_entry
from engine.storage.open_items import OpenItems
from engine.storage.tables import case, case_log, case_party, open_task, procedure_version

Order = Literal["newest", "oldest", "number"]


def case_row(connection: Connection, number: str) -> CaseRow:
    """A case as stored. Raises ``NotFound``."""
    query = select(*COLUMNS).join(procedure_version, procedure_version.c.id == case.c.version_id)
    row = connection.execute(query.where(case.c.number == number)).mappings().one_or_none()
    if row is None:
        raise NotFound("case", number)
    return read_case(row)


def numbers(connection: Connection) -> list[str]:
    """The numbers of all cases, in order."""
    return list(connection.execute(select(case.c.number).order_by(case.c.number)).scalars())


def case_in_full(connection: Connection, number: str) -> Case:
    """A case with its values and what it waits for. Raises ``NotFound``."""
    return as_case(case_row(connection, number), tuple(OpenItems(connection).waits(number)))


def standing(connection: Connection, row: CaseRow) -> Standing:
    """How people stand to a case."""
    query = select(case_party.c.kind, case_party.c.value).where(case_party.c["case"] == row.number)
    parties = connection.execute(query).all()
    return Standing(
        row.started_by,
        frozenset(party.value for party in parties if party.kind == "user"),
        frozenset(party.value for party in parties if party.kind == "unit"),
        OpenItems(connection).tasks(row.number),
    )


def history(connection: Connection, number: str) -> list[LogEntry]:
    """The log of a case, in order. Raises ``NotFound``."""
    query = select(case_log).where(case_log.c["case"] == number).order_by(case_log.c.seq)
    entries = [read_entry(row) for row in connection.execute(query).mappings()]
    if not entries:
        case_row(connection, number)
    return entries


def cases(
    connection: Connection,
    actor: Actor | None,
    search: str = "",
    status: str | None = None,
    procedure: str | None = None,
    page: int = 1,
    size: int = 50,
    order: Order = "newest",
) -> Page[Case]:
    """The ledger: the cases the actor may see (all, without one), by number, title, reference or quick values."""
    conditions: list[ColumnElement[bool]] = [may_see(actor)] if actor is not None else [true()]
    if status:
        conditions.append(case.c.status == status)
    if procedure:
        conditions.append(case.c.procedure == procedure)
    if search.strip():
        text = like(search)
        columns = (case.c.number, case.c.title, case.c.reference, case.c.facts)
        conditions.append(or_(*(column.ilike(text, escape="\\") for column in columns)))
    total = connection.execute(select(func.count()).select_from(case).where(*conditions)).scalar_one()
    by = {
        "newest": (case.c.started_at.desc(), case.c.number.desc()),
        "oldest": (case.c.started_at, case.c.number),
        "number": (case.c.number,),
    }[order]
    query = (
        select(*COLUMNS)
        .join(procedure_version, procedure_version.c.id == case.c.version_id)
        .where(*conditions)
        .order_by(*by)
        .limit(size)
        .offset((page - 1) * size)
    )
    rows = [as_case(read_case(row)) for row in connection.execute(query).mappings()]
    return Page(rows, total, page, size)


def may_see(actor: Actor) -> ColumnElement[bool]:
    """A condition for the cases the actor may see: the same rule as ``engine.rules.access.may_see``."""
    if not actor.known and not actor.trusted:
        return false()
    if has_role(actor, SEE_ALL):
        return true()
    party = or_(
        and_(case_party.c.kind == "user", case_party.c.value == actor.login),
        and_(case_party.c.kind == "unit", case_party.c.value == (actor.unit or "")),
    )
    return or_(
        case.c.started_by == actor.login,
        exists().where(case_party.c["case"] == case.c.number, party),
        exists().where(open_task.c["case"] == case.c.number, is_candidate(actor)),
    )


def as_case(row: CaseRow, waits: tuple[Any, ...] = ()) -> Case:
    """A stored case as people see it."""
    return Case(
        number=row.number,
        procedure=row.procedure,
        version=row.version,
        sha256=row.sha256,
        status=row.status,
        title=row.title,
        values=row.values,
        facts=row.facts,
        incidents=row.incidents,
        reference=row.reference,
        started_by=row.started_by,
        started_at=row.started_at,
        ended_at=row.ended_at,
        revision=row.revision,
        person=row.person_id,
        waits=waits,
    )
