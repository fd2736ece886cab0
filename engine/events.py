"""What happened: the kinds of log entries and the chain that ties them together.

Kinds are past tense and documented in ``docs/reference/events.md``. A *command entry* says what somebody asked;
the *facts* that follow it, up to the next command entry, say what that made the diagram do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
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
        "deadline_paused",
        "deadline_resumed",
        "deadline_extended",
        "deadline_warned",
        "deadline_missed",
        "case_cancelled",
        "note_added",
        "person_revealed",
        "external_completed",
        "external_fault",
        "incident_raised",
        "incident_repeated",
        "incident_resolved",
        "values_corrected",
        "case_modified",
        "case_migrated",
        "case_suspended",
        "case_resumed",
        "intervention_asked",
        "intervention_agreed",
        "intervention_refused",
    }
)

#: Commands that move the diagram; their entry carries the hash of the snapshot they led to.
STEPS = frozenset(
    {
        "case_started",
        "task_completed",
        "message_received",
        "signal_received",
        "timers_fired",
        "external_completed",
        "external_fault",
        "deadline_paused",
        "deadline_resumed",
        "deadline_extended",
        "values_corrected",
        "case_modified",
        "case_migrated",
    }
)
#: Steps that people take to repair a case: they are no work of the case's own, and done while it is suspended too.
REPAIRS = frozenset({"values_corrected", "case_modified", "case_migrated"})

#: What a step, or the handler that closes a case after it, may report.
FACTS = frozenset(
    {
        "element_began",
        "element_ended",
        "element_cancelled",
        "element_skipped",
        "token_placed",
        "task_opened",
        "values_set",
        "decision_made",
        "timer_armed",
        "timer_held",
        "task_moved",
        "timer_fired",
        "message_sent",
        "message_caught",
        "signal_thrown",
        "signal_caught",
        "condition_met",
        "clock_started",
        "clock_moved",
        "clock_paused",
        "clock_resumed",
        "clock_ended",
        "error_thrown",
        "escalation_thrown",
        "compensation_thrown",
        "compensation_began",
        "compensation_ended",
        "transaction_cancelled",
        "send_requested",
        "external_opened",
        "ledger_noted",
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
    #: ``data`` as it is stored, where it was just made.
    text: str = field(default="", repr=False, compare=False)

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


_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
#: Ids and kinds come again and again.
_quoted = lru_cache(maxsize=4_096)(_encoder.encode)


def canonical(value: Any) -> str:
    """The one JSON text of a value: keys sorted, no spaces, characters as they are. ValueError if it has none."""
    return _encoder.encode(value)


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
    """What seals an entry, the SHA-256 of its canonical JSON: anybody can recompute it from a printed log."""
    return _sealed(case, seq, at, actor, kind, element, canonical(data), prev)


def _sealed(case: str, seq: int, at: str, actor: str, kind: str, element: str, data: str, prev: str) -> str:
    """The same with the canonical text of ``data``, which need not be made twice."""
    return digest(
        f'{{"actor":{_quoted(actor)},"at":{_quoted(at)},"case":{_quoted(case)},"data":{data},"element":{_quoted(element)},'
        f'"kind":{_quoted(kind)},"prev":{_encoder.encode(prev)},"seq":{seq}}}'
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
        text = canonical(dict(data or {}))
        seal = _sealed(self.case, self.seq + 1, at, actor, kind, element, text, self.hash)
        entry = LogEntry(self.case, self.seq + 1, at, actor, kind, element, json.loads(text), self.hash, seal, text)
        self.seq, self.hash = entry.seq, entry.hash
        self.added.append(entry)
        return entry
