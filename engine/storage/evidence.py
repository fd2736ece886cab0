"""Everything stored about a case, as it is stored: what ``verify`` compares. Nothing is interpreted here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, union

from engine.rules.calendar import Calendars
from engine.storage.calendar import CalendarDays
from engine.storage.operations_tables import deadline, external_task, incident
from engine.storage.tables import (
    case,
    case_log,
    file,
    open_task,
    person_field,
    procedure_version,
    task_candidate,
    wait,
)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """The rows of one case; ``case`` and ``version`` are None where the row is missing."""

    number: str
    case: Row | None
    log: list[Row]
    tasks: list[Row]
    candidates: list[Row]
    waits: list[Row]
    externals: list[Row]
    deadlines: list[Row]
    incidents: list[Row]


class EvidenceRoom:
    """Reads rows for verification in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def numbers(self) -> list[str]:
        """The numbers of all cases, those of which only the log is left included."""
        query = union(select(case.c.number.label("number")), select(case_log.c["case"].label("number")))
        return sorted(self._connection.execute(query).scalars())

    def of(self, number: str) -> Evidence:
        """The rows of a case."""
        found = self._rows(select(case).where(case.c.number == number))
        return Evidence(
            number=number,
            case=found[0] if found else None,
            log=self._rows(select(case_log).where(case_log.c["case"] == number).order_by(case_log.c.seq)),
            tasks=self._rows(select(open_task).where(open_task.c["case"] == number).order_by(open_task.c.token)),
            candidates=self._rows(
                select(task_candidate)
                .join(open_task, open_task.c.id == task_candidate.c.task)
                .where(open_task.c["case"] == number)
            ),
            waits=self._rows(select(wait).where(wait.c["case"] == number)),
            externals=self._rows(select(external_task).where(external_task.c["case"] == number)),
            deadlines=self._rows(select(deadline).where(deadline.c["case"] == number)),
            incidents=self._rows(select(incident).where(incident.c["case"] == number)),
        )

    def calendars(self) -> Calendars:
        """The calendar as it was after each of its entries."""
        return CalendarDays(self._connection).all()

    def version(self, key: int) -> Row | None:
        """A row of ``procedure_version``."""
        found = self._rows(select(procedure_version).where(procedure_version.c.id == key))
        return found[0] if found else None

    def version_key(self, procedure: str, number: int) -> int | None:
        """The database id of a version."""
        query = select(procedure_version.c.id).where(
            procedure_version.c.procedure == procedure, procedure_version.c.number == number
        )
        found: int | None = self._connection.execute(query).scalar_one_or_none()
        return found

    def contents(self, hashes: Iterable[str]) -> dict[str, bytes]:
        """The files stored under these hashes."""
        query = select(file).where(file.c.sha256.in_(sorted(set(hashes))))
        return {row.sha256: bytes(row.content) for row in self._connection.execute(query)}

    def ciphertexts(self, persons: Iterable[str]) -> dict[tuple[str, str, str], bytes]:
        """The stored ciphertexts of these people: (person, field, sha256) → bytes."""
        query = select(person_field).where(person_field.c.person.in_(sorted(set(persons))))
        return {(row.person, row.field, row.sha256): bytes(row.ciphertext) for row in self._connection.execute(query)}

    def _rows(self, query: Any) -> list[Row]:
        return [dict(row) for row in self._connection.execute(query).mappings()]
