"""Limits people are held to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.records.page import Values


@dataclass(frozen=True)
class Deadline:
    """A limit people are held to: a clock that runs at an element of a case. ``key`` names it within the case.

    ``due`` is None where no limit is set, ``first_due`` what it was before it moved. ``warnings``: {level, at, sent}
    (``sent`` None: not yet); ``pauses``: {from, to, by, reason} (``to`` None: it stands still now); ``extensions``:
    {at, by, before, due, reason, by_decision}; ``cap``: the most that all extensions together may add.
    ``state``: running, paused, met, late, cancelled. ``missed_at``: when it was found to be overdue. ``provisional``:
    it counts days of a year whose public holidays are not announced yet.
    """

    case: str
    key: str
    kind: str
    label: str
    process: str
    element: str
    variable: str
    unit: str
    value: float | None
    started_at: str
    due: str | None
    first_due: str | None
    warnings: tuple[Values, ...] = ()
    pauses: tuple[Values, ...] = ()
    extensions: tuple[Values, ...] = ()
    cap: str = ""
    state: str = "running"
    ended_at: str | None = None
    missed_at: str | None = None
    provisional: bool = False

    @property
    def next_at(self) -> str | None:
        """When somebody has to be told next: of a warning, or that it is overdue. None where there is nothing."""
        if self.state != "running" or self.due is None or self.missed_at is not None:
            return None
        return min([str(warning["at"]) for warning in self.warnings if warning["sent"] is None] + [self.due])

    def as_json(self) -> dict[str, Any]:
        """The shape of a deadline in ``huiyin deadlines --json``."""
        return {
            "case": self.case,
            "key": self.key,
            "kind": self.kind,
            "label": self.label,
            "process": self.process,
            "element": self.element,
            "unit": self.unit,
            "value": self.value,
            "started_at": self.started_at,
            "due": self.due,
            "first_due": self.first_due,
            "warnings": [dict(item) for item in self.warnings],
            "pauses": [dict(item) for item in self.pauses],
            "extensions": [dict(item) for item in self.extensions],
            "cap": self.cap,
            "state": self.state,
            "ended_at": self.ended_at,
            "missed_at": self.missed_at,
            "provisional": self.provisional,
        }
