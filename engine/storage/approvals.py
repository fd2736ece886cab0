"""Interventions that wait for a second person, and procedures that open no cases for the time being."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from engine.events import canonical
from engine.records import Approval, Suspension
from engine.storage.operations_tables import approval, procedure_state


def read_approval(row: RowMapping) -> Approval:
    """A row of ``approval``."""
    return Approval(
        id=row["id"],
        case=row["case"],
        command=row["kind"],
        content=json.loads(row["content"]),
        reason=row["reason"],
        asked_by=row["asked_by"],
        asked_at=row["asked_at"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        decision=row["decision"],
    )


def read_suspension(row: RowMapping) -> Suspension:
    """A row of ``procedure_state``."""
    return Suspension(row["procedure"], row["suspended_at"], row["suspended_by"], row["reason"])


class Approvals:
    """Requests for a second person's agreement in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, case: str, command: str, content: Mapping[str, Any], reason: str, asked_by: str, at: str) -> int:
        """A new request; returns its number."""
        query = insert(approval).values(
            case=case, kind=command, content=canonical(dict(content)), reason=reason, asked_by=asked_by, asked_at=at
        )
        return int(self._connection.execute(query.returning(approval.c.id)).scalar_one())

    def get(self, number: int) -> Approval | None:
        """A request, locked against others who decide on it where the database can."""
        query = select(approval).where(approval.c.id == number).with_for_update()
        row = self._connection.execute(query).mappings().one_or_none()
        return read_approval(row) if row is not None else None

    def decide(self, number: int, decision: str, by: str, at: str) -> None:
        """Notes how it ended: agreed, refused, withdrawn."""
        query = update(approval).where(approval.c.id == number)
        self._connection.execute(query.values(decision=decision, decided_by=by, decided_at=at))


class Suspensions:
    """Procedures that open no cases for the time being."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, procedure: str) -> Suspension | None:
        """How a procedure was suspended; None if it is not."""
        query = select(procedure_state).where(procedure_state.c.procedure == procedure)
        row = self._connection.execute(query).mappings().one_or_none()
        return read_suspension(row) if row is not None else None

    def begin(self, found: Suspension) -> None:
        """The procedure opens no cases from now on."""
        self._connection.execute(
            insert(procedure_state).values(
                procedure=found.procedure,
                suspended_at=found.at,
                suspended_by=found.by,
                reason=found.reason,
            )
        )

    def end(self, procedure: str) -> bool:
        """The procedure opens cases again. False if it was not suspended."""
        query = delete(procedure_state).where(procedure_state.c.procedure == procedure)
        return self._connection.execute(query).rowcount == 1
