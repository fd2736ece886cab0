"""Timer start events of the newest versions: when the next case opens by itself."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from engine.storage.operations_tables import procedure_state, start_timer


@dataclass(frozen=True)
class StartTimerRow:
    """A row of ``start_timer``: ``timer`` is its kind and text as drawn, ``due`` the moment of the next case, None
    where none follows; ``every`` and ``left`` as in a cycle."""

    procedure: str
    element: str
    version_id: int
    timer: str
    due: str | None
    every: str | None
    left: int | None
    day: int | None


def read_start_timer(row: RowMapping) -> StartTimerRow:
    """A row of ``start_timer``."""
    return StartTimerRow(
        row["procedure"],
        row["element"],
        row["version_id"],
        row["timer"],
        row["due"],
        row["every"],
        row["left"],
        row["day"],
    )


class StartTimers:
    """Timer start events in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, procedure: str) -> dict[str, StartTimerRow]:
        """Those of a procedure, by element."""
        query = select(start_timer).where(start_timer.c.procedure == procedure)
        return {row["element"]: read_start_timer(row) for row in self._connection.execute(query).mappings()}

    def replace(self, procedure: str, rows: list[StartTimerRow]) -> None:
        """Makes these the timer start events of a procedure."""
        self._connection.execute(delete(start_timer).where(start_timer.c.procedure == procedure))
        if rows:
            self._connection.execute(insert(start_timer), [{**row.__dict__, "next_at": row.due} for row in rows])

    def due(self, at: str) -> StartTimerRow | None:
        """The one that has been due longest, of procedures that are not suspended, locked where the database can; what
        another worker holds is passed over. None: there is none."""
        query = (
            select(start_timer)
            .where(start_timer.c.next_at <= at)
            .where(start_timer.c.procedure.not_in(select(procedure_state.c.procedure)))
            .order_by(start_timer.c.next_at, start_timer.c.procedure, start_timer.c.element)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = self._connection.execute(query).mappings().one_or_none()
        return read_start_timer(row) if row is not None else None

    def move(self, row: StartTimerRow) -> None:
        """Notes the moment after the one that has come."""
        change = update(start_timer).where(
            start_timer.c.procedure == row.procedure, start_timer.c.element == row.element
        )
        self._connection.execute(change.values(due=row.due, every=row.every, left=row.left, next_at=row.due))

    def put_off(self, procedure: str, element: str, until: str) -> None:
        """One that could not open its case is not tried before that moment; it keeps its own."""
        change = update(start_timer).where(start_timer.c.procedure == procedure, start_timer.c.element == element)
        self._connection.execute(change.values(next_at=until))
