"""Cases, and what they wait for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.records.incidents import Incident
from engine.records.page import Values
from engine.records.tasks import Task


@dataclass(frozen=True)
class Outcome:
    """What a command led to: the case, its status now, and its open tasks. ``approval``: nothing was done yet, a second
    person has to agree to the request of that number."""

    case: str
    status: str
    tasks: tuple[Task, ...] = ()
    approval: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The shape of ``start``, ``complete`` and ``message`` with ``--json``."""
        found = {"case": self.case, "status": self.status, "tasks": [task.as_json() for task in self.tasks]}
        return found if self.approval is None else {**found, "approval": self.approval}


@dataclass(frozen=True)
class Wait:
    """What a case waits for besides people: ``kind`` timer, message, signal or condition; ``due`` for timers, ``key``
    for messages that are meant for one case."""

    case: str
    token: int
    kind: str
    element: str
    process: str
    name: str = ""
    due: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class LedgerEntry:
    """One line that a diagram wrote into a ledger (台账), as the log has it. ``ledger`` is the book's name, empty where
    the diagram names none; ``values`` are the other input parameters."""

    case: str
    seq: int
    at: str
    actor: str
    element: str
    ledger: str
    values: Values

    def as_json(self) -> dict[str, Any]:
        """The shape of an entry in ``huiyin ledger --json``."""
        return {**vars(self), "values": dict(self.values)}


@dataclass(frozen=True)
class Case:
    """One 诉求件. ``status``: open, stuck (an incident waits for a person), suspended, closed or cancelled.

    ``version`` is the number of the version it is pinned to and ``sha256`` that version's hash. ``facts`` are the
    few values lists show (channel, category, …) and where the case stands (``status_text``, ``public_status``,
    ``milestone``). ``person`` is the id of the caller's record, if there is one. Lists leave ``values`` empty.
    """

    number: str
    procedure: str
    version: int
    sha256: str
    status: str
    title: str
    values: Values
    facts: Values
    incidents: tuple[Incident, ...]
    reference: str | None
    started_by: str
    started_at: str
    ended_at: str | None
    revision: int
    person: str | None = None
    waits: tuple[Wait, ...] = ()
