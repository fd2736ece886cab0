"""The installation's working days, as entries that are only ever added."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, func, insert, select

from engine.rules.calendar import CalendarRow, Calendars
from engine.storage.operations_tables import calendar_day
from engine.storage.prepared import Prepared

#: The number of the last entry; the calendar in force is the one after it. Part of other queries where they take it.
LAST_ENTRY = select(func.coalesce(func.max(calendar_day.c.id), 0)).scalar_subquery()
#: Each timer that fires asks for it.
_LAST = Prepared(select(LAST_ENTRY.label("last")))

_ROW = select(
    calendar_day.c.id,
    calendar_day.c.day,
    calendar_day.c.kind,
    calendar_day.c.name,
    calendar_day.c.provisional,
    calendar_day.c.source,
).order_by(calendar_day.c.id)


class CalendarDays:
    """The calendar's entries in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last(self) -> int:
        """The number of the last entry; 0 where there is none."""
        return int(_LAST.rows(self._connection)[0]["last"])

    def all(self) -> Calendars:
        """The calendar as it was after each entry."""
        return Calendars([CalendarRow(*row) for row in self._connection.execute(_ROW)])

    def add(self, rows: Iterable[CalendarRow], at: str, login: str) -> None:
        """Adds entries, numbered anew. Writers take turns, so that a number never appears after a higher one."""
        if self._connection.dialect.name == "postgresql":
            self._connection.exec_driver_sql("LOCK TABLE calendar_day IN EXCLUSIVE MODE")
        columns = [
            {
                "day": row.day,
                "kind": row.kind,
                "name": row.name,
                "source": row.source,
                "provisional": row.provisional,
                "recorded_at": at,
                "recorded_by": login,
            }
            for row in rows
        ]
        if columns:
            self._connection.execute(insert(calendar_day), columns)
