"""Where a case stands, as nothing but its log tells it: its status, and the incidents that wait for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.events import LogEntry


@dataclass(frozen=True)
class OpenIncident:
    """An incident that the log leaves open: raised by entry ``seq`` at the moment ``at``; the rest as its newest entry
    tells it. ``asked`` is what can be carried out again, None if nothing can."""

    seq: int
    at: str
    actor: str
    element: str
    zh: str
    en: str
    command: str
    reason: str
    asked: Mapping[str, Any] | None


def told(entries: Iterable[LogEntry]) -> tuple[str, list[OpenIncident]]:
    """The status, and the incidents that are open, oldest first."""
    ended, suspended = "", False
    open_: dict[int, OpenIncident] = {}
    for entry in entries:
        if entry.kind == "incident_raised":
            open_[entry.seq] = _incident(entry, entry.seq, entry.at)
        elif entry.kind == "incident_repeated":
            first = open_[int(entry.data["incident"])]
            open_[first.seq] = _incident(entry, first.seq, first.at)
        elif entry.kind == "incident_resolved":
            # Release 0.1 did not say which: the next step that worked settled all of them.
            for seq in [int(entry.data["incident"])] if "incident" in entry.data else list(open_):
                open_.pop(seq, None)
        elif entry.kind in ("case_suspended", "case_resumed"):
            suspended = entry.kind == "case_suspended"
        elif entry.kind in ("case_closed", "case_cancelled"):
            ended = entry.kind.removeprefix("case_")
            open_.clear()
    status = ended or ("suspended" if suspended else "stuck" if open_ else "open")
    return status, [open_[seq] for seq in sorted(open_)]


def _incident(entry: LogEntry, seq: int, at: str) -> OpenIncident:
    data = entry.data
    asked = data.get("asked")
    return OpenIncident(
        seq,
        at,
        asked["actor"] if asked is not None else entry.actor,
        entry.element,
        data["zh"],
        data["en"],
        data["command"],
        data["reason"],
        asked,
    )
