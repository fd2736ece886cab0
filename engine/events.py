"""What happened: the kinds of log entries and the chain that ties them together.

Kinds are past tense and documented in ``docs/reference/events.md``. A *command entry* says what somebody asked;
the *facts* that follow it, up to the next command entry, say what that made the diagram do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

#: Entries that begin a group: one for each command that was carried out.
COMMANDS = frozenset(
    {
        "case_started",
        "task_claimed",
        "task_unclaimed",
        "task_completed",
        "message_received",
        "signal_received",
        "timers_fired",
        "case_cancelled",
        "note_added",
        "person_revealed",
        "incident_raised",
        "incident_resolved",
    }
)

#: Commands that move the diagram; their entry carries the hash of the snapshot they led to.
STEPS = frozenset({"case_started", "task_completed", "message_received", "signal_received", "timers_fired"})

#: What a step, or the handler that closes a case after it, may report.
FACTS = frozenset(
    {
        "element_began",
        "element_ended",
        "element_cancelled",
        "task_opened",
        "values_set",
        "decision_made",
        "timer_armed",
        "timer_fired",
        "message_sent",
        "message_caught",
        "signal_thrown",
        "signal_caught",
        "condition_met",
        "error_thrown",
        "escalation_thrown",
        "send_requested",
        "case_closed",
    }
)


@dataclass(frozen=True)
class LogEntry:
    """One line of a case's past. ``seq`` counts from 1; ``at`` is a moment as text (UTC); ``hash`` seals it all."""

    case: str
    seq: int
    at: str
    actor: str
    kind: str
    element: str
    data: Mapping[str, Any]
    prev: str
    hash: str

    def as_json(self) -> dict[str, Any]:
        """The shape of ``huiyin history --json``."""
        return {
            "seq": self.seq,
            "at": self.at,
            "actor": self.actor,
            "kind": self.kind,
            "element": self.element,
            "data": dict(self.data),
            "hash": self.hash,
        }


def canonical(value: Any) -> str:
    """The one JSON text of a value: keys sorted, no spaces, characters as they are. ValueError if it has none."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def claims(entries: Iterable[LogEntry]) -> dict[str, LogEntry]:
    """Who holds which task, as a log tells: the task's id and the entry with which it was taken."""
    held: dict[str, LogEntry] = {}
    for entry in entries:
        if entry.kind == "task_claimed":
            held[str(entry.data.get("task"))] = entry
        elif entry.kind == "task_unclaimed":
            held.pop(str(entry.data.get("task")), None)
    return held


def digest(text: str) -> str:
    """SHA-256 of a text in UTF-8, as 64 hexadecimal digits. ValueError for text that is not Unicode."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def entry_hash(
    case: str, seq: int, at: str, actor: str, kind: str, element: str, data: Mapping[str, Any], prev: str
) -> str:
    """What seals an entry: anybody can recompute it from a printed log."""
    return digest(
        canonical(
            {
                "case": case,
                "seq": seq,
                "at": at,
                "actor": actor,
                "kind": kind,
                "element": element,
                "data": data,
                "prev": prev,
            }
        )
    )


class Chain:
    """Adds entries to the end of a case's log; ``seq`` and ``hash`` are where it stands."""

    def __init__(self, case: str, seq: int = 0, hash: str = "") -> None:
        self.case = case
        self.seq = seq
        self.hash = hash
        self.added: list[LogEntry] = []

    def add(self, at: str, actor: str, kind: str, element: str = "", data: Mapping[str, Any] | None = None) -> LogEntry:
        """The next entry, sealed onto the one before. Raises ValueError for a kind that is not documented."""
        if kind not in COMMANDS and kind not in FACTS:
            raise ValueError(f"{kind} is not a kind of log entry")
        plain = json.loads(canonical(dict(data or {})))
        seal = entry_hash(self.case, self.seq + 1, at, actor, kind, element, plain, self.hash)
        entry = LogEntry(self.case, self.seq + 1, at, actor, kind, element, plain, self.hash, seal)
        self.seq, self.hash = entry.seq, entry.hash
        self.added.append(entry)
        return entry
