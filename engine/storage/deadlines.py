"""Clocks as rows: an index over the logs, kept with each step and rebuildable."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select

from engine.events import LogEntry, canonical
from engine.records import Deadline
from engine.rules.clocks import KINDS, fold
from engine.storage.operations_tables import deadline
from engine.storage.upsert import upsert

_KEY = ("case", "key")


def read_deadline(row: RowMapping) -> Deadline:
    """A row of ``deadline``."""
    return Deadline(
        case=row["case"],
        key=row["key"],
        kind=row["kind"],
        label=row["label"],
        process=row["process"],
        element=row["element"],
        variable=row["variable"],
        unit=row["unit"],
        value=row["value"],
        started_at=row["started_at"],
        due=row["due"],
        first_due=row["first_due"],
        warnings=tuple(json.loads(row["warnings"])),
        pauses=tuple(json.loads(row["pauses"])),
        extensions=tuple(json.loads(row["extensions"])),
        cap=row["cap"],
        state=row["state"],
        ended_at=row["ended_at"],
        missed_at=row["missed_at"],
    )


def columns(clock: Deadline) -> dict[str, Any]:
    """The row of a clock."""
    return {
        "case": clock.case,
        "key": clock.key,
        "kind": clock.kind,
        "label": clock.label,
        "process": clock.process,
        "element": clock.element,
        "variable": clock.variable,
        "unit": clock.unit,
        "value": clock.value,
        "started_at": clock.started_at,
        "due": clock.due,
        "first_due": clock.first_due,
        "warnings": canonical([dict(item) for item in clock.warnings]),
        "pauses": canonical([dict(item) for item in clock.pauses]),
        "extensions": canonical([dict(item) for item in clock.extensions]),
        "cap": clock.cap,
        "state": clock.state,
        "ended_at": clock.ended_at,
        "missed_at": clock.missed_at,
        "next_at": clock.next_at,
    }


class Deadlines:
    """The clocks of cases in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, number: str) -> list[Deadline]:
        """All clocks of a case, in the order in which they began."""
        query = select(deadline).where(deadline.c["case"] == number).order_by(deadline.c.started_at, deadline.c.key)
        return [read_deadline(row) for row in self._connection.execute(query).mappings()]

    def follow(self, number: str, running: bool, entries: Iterable[LogEntry]) -> None:
        """Keeps the clocks of a case with what was added to its log; nothing is asked or written where that tells
        nothing of clocks. ``running``: the case has clocks that run, so its end is theirs."""
        telling = [entry for entry in entries if entry.kind in KINDS and (running or entry.kind != "case_cancelled")]
        if not telling:
            return
        began = {str(entry.data["key"]) for entry in telling if entry.kind == "clock_started"}
        asked = any(entry.kind == "case_cancelled" or str(entry.data["key"]) not in began for entry in telling)
        before = self.of(number) if asked else []
        known = {clock.key: clock for clock in before}
        after = fold(number, telling, before)
        self.write(clock for clock in after if clock != known.get(clock.key))

    def write(self, clocks: Iterable[Deadline]) -> None:
        """Writes these clocks as they are now; one statement, none where there are none."""
        rows = [columns(clock) for clock in clocks]
        if not rows:
            return
        query = upsert(self._connection, deadline)
        changed = {name: query.excluded[name] for name in rows[0] if name not in _KEY}
        self._connection.execute(query.on_conflict_do_update(index_elements=_KEY, set_=changed), rows)

    def rebuild(self, number: str, clocks: Iterable[Deadline]) -> None:
        """Writes all clocks of a case anew."""
        self._connection.execute(delete(deadline).where(deadline.c["case"] == number))
        if rows := [columns(clock) for clock in clocks]:
            self._connection.execute(insert(deadline), rows)
