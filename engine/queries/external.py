"""Work outside, and what diagrams wrote into ledgers, for reading."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from engine.records import ExternalTask, LedgerEntry
from engine.storage.cases import read_entry
from engine.storage.external import can_be_fetched, read_external
from engine.storage.operations_tables import external_task
from engine.storage.tables import case, case_log


def external_tasks(
    connection: Connection, topics: Sequence[str], number: str | None, given_up: bool, limit: int
) -> list[ExternalTask]:
    """What waits outside, in the order in which it is fetched; all topics where none is named, all cases where none is;
    only what was given up, if asked for."""
    query = select(external_task).order_by(external_task.c.rank, external_task.c.created_at, external_task.c.id)
    if topics:
        query = query.where(external_task.c.topic.in_(topics))
    if number is not None:
        query = query.where(external_task.c["case"] == number)
    if given_up:
        query = query.where(external_task.c.retries <= 0)
    return [read_external(row) for row in connection.execute(query.limit(limit)).mappings()]


def waits(connection: Connection, topics: Sequence[str], at: str) -> bool:
    """Whether work of one of these topics can be fetched at that moment."""
    query = (
        select(external_task.c.id)
        .join(case, case.c.number == external_task.c["case"])
        .where(*can_be_fetched(topics, at))
        .limit(1)
    )
    return connection.execute(query).first() is not None


def ledger(connection: Connection, number: str) -> list[LedgerEntry]:
    """What a case's diagram wrote into ledgers, in order."""
    query = (
        select(case_log).where(case_log.c["case"] == number, case_log.c.kind == "ledger_noted").order_by(case_log.c.seq)
    )
    found = []
    for row in connection.execute(query).mappings():
        entry = read_entry(row)
        values = dict(entry.data.get("values", {}))
        book = values.pop("ledger", "")
        found.append(LedgerEntry(entry.case, entry.seq, entry.at, entry.actor, entry.element, str(book), values))
    return found
