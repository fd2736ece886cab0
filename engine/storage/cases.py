"""Cases and their logs as rows: what a transaction reads and writes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.errors import AlreadyThere, Bilingual, NotFound, StaleCase
from engine.events import LogEntry, canonical
from engine.records import Incident, Task
from engine.storage.open_items import TASKS, read_task
from engine.storage.opening import OPENING
from engine.storage.prepared import Prepared, Row
from engine.storage.tables import case, case_log, case_party, outbox, procedure_version, sequence
from engine.storage.upsert import upsert


@dataclass(frozen=True)
class CaseRow:
    """A case as stored; ``values``, ``facts`` and ``incidents`` are read from their JSON."""

    number: str
    version_id: int
    procedure: str
    version: int
    sha256: str
    status: str
    revision: int
    snapshot: str
    values: Mapping[str, Any]
    title: str
    facts: Mapping[str, Any]
    incidents: tuple[Incident, ...]
    reference: str | None
    started_by: str
    started_at: str
    ended_at: str | None
    person_id: str | None
    log_seq: int
    log_hash: str


#: The columns of a ``CaseRow``, with the version it is pinned to.
COLUMNS = (case, procedure_version.c.number.label("version"), procedure_version.c.sha256.label("version_sha256"))

# Statements of every step are put together once: building them anew costs more than running them.
_LOAD = (
    select(*COLUMNS)
    .join(procedure_version, procedure_version.c.id == case.c.version_id)
    .where(case.c.number == bindparam("key"))
    .with_for_update(of=case)
)
#: A step changes these; the number, the version and how a case began stay.
_CHANGING = (
    "status", "revision", "snapshot", "case_values", "title", "facts", "incidents", "ended_at", "person_id",
    "version_id", "log_seq", "log_hash",
)  # fmt: skip
_CHANGE = Prepared(
    update(case).where(case.c.number == bindparam("key"), case.c.revision == bindparam("base")), _CHANGING
)
_APPEND = Prepared(insert(case_log), [column.name for column in case_log.c])


def read_case(row: Row) -> CaseRow:
    """A row selected with ``COLUMNS``."""
    return CaseRow(
        number=row["number"],
        version_id=row["version_id"],
        procedure=row["procedure"],
        version=row["version"],
        sha256=row["version_sha256"],
        status=row["status"],
        revision=row["revision"],
        snapshot=row["snapshot"],
        values=json.loads(row["case_values"]),
        title=row["title"],
        facts=json.loads(row["facts"]),
        incidents=tuple(Incident(**item) for item in json.loads(row["incidents"])),
        reference=row["reference"],
        started_by=row["started_by"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        person_id=row["person_id"],
        log_seq=row["log_seq"],
        log_hash=row["log_hash"],
    )


def read_entry(row: Row) -> LogEntry:
    """A row of ``case_log``."""
    return LogEntry(
        row["case"],
        row["seq"],
        row["at"],
        row["actor"],
        row["kind"],
        row["element"],
        json.loads(row["data"]),
        row["prev"],
        row["hash"],
    )


class Cases:
    """Cases in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._opened: list[Row] = []
        self._known = -1
        self._changed: Any = None

    def load(self, number: str) -> CaseRow:
        """The case, locked against other writers where the database can. Raises ``NotFound``."""
        row = self._connection.execute(_LOAD, {"key": number}).mappings().one_or_none()
        if row is None:
            raise NotFound("case", number)
        return read_case(row)

    def open(self, number: str, known: int, login: str) -> Row | None:
        """Locks a case and reads it in advance for ``load_with_tasks``, together with what the row says of whoever asks
        (see ``opening``). None if there is no such case."""
        self._opened = OPENING.rows(self._connection, key=number, known=known, login=login)
        self._known = known
        return self._opened[0] if self._opened else None

    def load_with_tasks(self, number: str, known: int = -1) -> tuple[CaseRow, list[Task]] | None:
        """The case, locked like ``load``, and its open tasks, oldest first, in one statement. None if it is still at
        the revision ``known``. Raises ``NotFound``."""
        rows, self._opened = self._opened, []
        if not rows or (rows[0]["number"], self._known) != (number, known):
            rows = OPENING.rows(self._connection, key=number, known=known, login="")
        if not rows:
            raise NotFound("case", number)
        if rows[0]["revision"] == known:
            return None
        if rows[0]["revision"] != rows[0]["revision_before"]:
            rows = [*rows[:1], *TASKS.rows(self._connection, key=number)]
            return read_case(rows[0]), [read_task(row) for row in rows[1:]]
        return read_case(rows[0]), [read_task(row) for row in rows if row["id"] is not None]

    def next_number(self, name: str) -> int:
        """Counts up the sequence of that name, from 1. A number is lost where the transaction rolls back."""
        query = (
            upsert(self._connection, sequence)
            .values(name=name, value=1)
            .on_conflict_do_update(index_elements=["name"], set_={"value": sequence.c.value + 1})
            .returning(sequence.c.value)
        )
        return int(self._connection.execute(query).scalar_one())

    def with_reference(self, reference: str) -> str | None:
        """The number of the case that has this reference."""
        found: str | None = self._connection.execute(
            select(case.c.number).where(case.c.reference == reference)
        ).scalar_one_or_none()
        return found

    def add(self, row: CaseRow) -> None:
        """A new case. Raises ``AlreadyThere`` if its reference is known."""
        if row.reference is not None:
            known = self.with_reference(row.reference)
            if known is not None:
                raise AlreadyThere(reference=row.reference, case=known)
        self._connection.execute(insert(case).values(number=row.number, **_columns(row)))

    def change(self, row: CaseRow, base: int) -> None:
        """The case as it is now, if its revision is still ``base``; ``confirm`` says whether it was."""
        columns = _columns(row)
        values = {name: columns[name] for name in _CHANGING}
        self._changed = _CHANGE.run(self._connection, {**values, "key": row.number, "base": base})

    def confirm(self, number: str) -> None:
        """Raises ``StaleCase`` if the last ``change`` met another revision."""
        changed, self._changed = self._changed, None
        if changed is not None and changed.rowcount != 1:
            raise StaleCase(case=number)

    def append(self, entries: Sequence[LogEntry]) -> None:
        """Adds to the log: one statement, however many entries."""
        _APPEND.run_many(
            self._connection,
            [
                {
                    "case": entry.case,
                    "seq": entry.seq,
                    "at": entry.at,
                    "actor": entry.actor,
                    "kind": entry.kind,
                    "element": entry.element,
                    "data": entry.text or canonical(entry.data),
                    "prev": entry.prev,
                    "hash": entry.hash,
                }
                for entry in entries
            ],
        )

    def entries(self, number: str) -> list[LogEntry]:
        """The log of a case, in order."""
        query = select(case_log).where(case_log.c["case"] == number).order_by(case_log.c.seq)
        return [read_entry(row) for row in self._connection.execute(query).mappings()]

    def last_entry(self, number: str, kind: str) -> LogEntry | None:
        """The newest log entry of that kind."""
        query = select(case_log).where(case_log.c["case"] == number, case_log.c.kind == kind)
        row = self._connection.execute(query.order_by(case_log.c.seq.desc()).limit(1)).mappings().one_or_none()
        return read_entry(row) if row is not None else None

    def add_parties(self, number: str, parties: Iterable[tuple[str, str]]) -> None:
        """Notes who belongs to the case: (user or unit, its key)."""
        rows = [{"case": number, "kind": kind, "value": value} for kind, value in sorted(set(parties))]
        if rows:
            self._connection.execute(upsert(self._connection, case_party).on_conflict_do_nothing(), rows)

    def parties(self, number: str) -> tuple[frozenset[str], frozenset[str]]:
        """Who belongs to the case: logins, and keys of units."""
        query = select(case_party.c.kind, case_party.c.value).where(case_party.c["case"] == number)
        rows = self._connection.execute(query).all()
        users = frozenset(row.value for row in rows if row.kind == "user")
        return users, frozenset(row.value for row in rows if row.kind == "unit")

    def add_sends(self, number: str, at: str, sends: Iterable[tuple[str, str, Mapping[str, Any]]]) -> None:
        """Puts (element, topic, values) into the outbox."""
        rows = [
            {"case": number, "element": element, "topic": topic, "content": canonical(dict(values)), "created_at": at}
            for element, topic, values in sends
        ]
        if rows:
            self._connection.execute(insert(outbox), rows)

    def mark_sent(self, send: int, at: str) -> bool:
        """Notes that something left the outbox; the first time counts. False if it had left before."""
        query = update(outbox).where(outbox.c.id == send, outbox.c.sent_at.is_(None)).values(sent_at=at)
        return self._connection.execute(query).rowcount == 1

    def send_outside(self, send: int) -> None:
        """Leaves a message that the engine was to pass on by itself to whoever carries messages outside."""
        self._connection.execute(update(outbox).where(outbox.c.id == send).values(topic="message", sent_at=None))

    def finisher(self, number: str, token: int) -> str | Bilingual | None:
        """Who finished a task that is not open any more; None if there never was such a task."""
        query = (
            select(case_log)
            .where(case_log.c["case"] == number, case_log.c.kind.in_(("task_opened", "task_completed")))
            .order_by(case_log.c.seq)
        )
        by: str | Bilingual | None = None
        for row in self._connection.execute(query).mappings():
            entry = read_entry(row)
            if entry.data.get("token") == token:
                by = entry.actor if entry.kind == "task_completed" else by or Bilingual(zh="系统", en="the system")
        return by


def _columns(row: CaseRow) -> dict[str, Any]:
    return {
        "version_id": row.version_id,
        "procedure": row.procedure,
        "status": row.status,
        "revision": row.revision,
        "snapshot": row.snapshot,
        "case_values": canonical(dict(row.values)),
        "title": row.title,
        "facts": canonical(dict(row.facts)),
        "incidents": canonical([{**incident.as_json(), "about": incident.about} for incident in row.incidents]),
        "reference": row.reference,
        "started_by": row.started_by,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "person_id": row.person_id,
        "log_seq": row.log_seq,
        "log_hash": row.log_hash,
    }
