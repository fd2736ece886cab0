"""Incidents as rows: what a failed step left for whoever repairs it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from engine.events import canonical
from engine.records import Incident
from engine.storage.operations_tables import incident


def read_incident(row: RowMapping) -> Incident:
    """A row of ``incident``."""
    return Incident(
        seq=row["seq"],
        at=row["at"],
        element=row["element"],
        zh=row["zh"],
        en=row["en"],
        command=row["kind"],
        actor=row["actor"],
        reason=row["reason"],
        process=row["process"],
        expression=row["expression"],
        values=json.loads(row["vals"]),
        stack=row["stack"],
        asked=json.loads(row["command"]) if row["command"] is not None else None,
        attempts=row["attempts"],
        status=row["status"],
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
    )


class Incidents:
    """Incidents in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, number: str, seq: int) -> Incident | None:
        """One incident of a case."""
        query = select(incident).where(incident.c["case"] == number, incident.c.seq == seq)
        row = self._connection.execute(query).mappings().one_or_none()
        return read_incident(row) if row is not None else None

    def open(self, number: str) -> list[Incident]:
        """The incidents of a case that wait for a person, oldest first."""
        query = select(incident).where(incident.c["case"] == number, incident.c.status == "open")
        return [read_incident(row) for row in self._connection.execute(query.order_by(incident.c.seq)).mappings()]

    def add(self, number: str, found: Iterable[Incident]) -> None:
        """New incidents of a case."""
        rows = [{"case": number, "seq": item.seq, "status": "open", **_columns(item)} for item in found]
        if rows:
            self._connection.execute(insert(incident), rows)

    def fail_again(self, number: str, found: Incident) -> None:
        """The same command failed once more: counts it, and keeps how it failed this time."""
        query = update(incident).where(incident.c["case"] == number, incident.c.seq == found.seq)
        # When it began is part of what happened, and stays.
        columns = {key: value for key, value in _columns(found).items() if key not in ("at", "attempts")}
        changed = self._connection.execute(query.values(attempts=incident.c.attempts + 1, **columns)).rowcount
        if not changed:
            # Release 0.1 kept incidents with their case only.
            self.add(number, [found])

    def rebuild(self, number: str, waiting: Iterable[Incident]) -> None:
        """Makes the open incidents of a case those that its log tells; what only serves their repair stays."""
        known = {item.seq: item for item in self.open(number)}
        wanted = {item.seq: item for item in waiting}
        for seq in sorted(set(known) - set(wanted)):
            self.end(number, {seq: "gone"}, known[seq].at, known[seq].actor)
        for seq, item in wanted.items():
            if seq not in known:
                query = delete(incident).where(incident.c["case"] == number, incident.c.seq == seq)
                self._connection.execute(query)
                self.add(number, [item])
            elif known[seq].asked != item.asked:
                query_update = update(incident).where(incident.c["case"] == number, incident.c.seq == seq)
                command = canonical(dict(item.asked)) if item.asked is not None else None
                self._connection.execute(query_update.values(command=command))

    def end(self, number: str, ended: Mapping[int, str], at: str, by: str) -> None:
        """Closes incidents: number of the log entry → how (retried, skipped, gone)."""
        for how in sorted(set(ended.values())):
            seqs = sorted(seq for seq, found in ended.items() if found == how)
            query = update(incident).where(incident.c["case"] == number, incident.c.seq.in_(seqs))
            self._connection.execute(query.values(status=how, ended_at=at, ended_by=by))


def _columns(found: Incident) -> dict[str, Any]:
    return {
        "at": found.at,
        "actor": found.actor,
        "kind": found.command,
        "reason": found.reason,
        "process": found.process,
        "element": found.element,
        "expression": found.expression,
        "vals": canonical(dict(found.values)),
        "zh": found.zh,
        "en": found.en,
        "stack": found.stack,
        "command": canonical(dict(found.asked)) if found.asked is not None else None,
        "attempts": found.attempts,
    }
