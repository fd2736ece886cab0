"""What failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.records.page import Values


@dataclass(frozen=True)
class Bilingually:
    """A sentence in both languages, about an element or, without one, about the whole."""

    zh: str
    en: str
    element: str = ""


@dataclass(frozen=True)
class Incident:
    """A step that failed and waits for a person: the log entry that says so, the element and the reason.

    ``actor`` asked for ``command`` first; ``about`` tells which task or message it concerned. A case's own list stops
    there; ``Engine.incidents`` tells more: ``process`` and ``expression``, the ``values`` of the variables it mentions
    (callers' data as references), ``asked``: what can be carried out again (None: nothing), how many ``attempts``
    failed, and ``status``: open, retried, skipped, gone. ``stack`` is for developers; it holds no values.
    """

    seq: int
    at: str
    element: str
    zh: str
    en: str
    command: str
    about: str = ""
    actor: str = ""
    reason: str = ""
    process: str = ""
    expression: str = ""
    values: Values = field(default_factory=dict)
    stack: str = field(default="", repr=False)
    asked: Values | None = None
    attempts: int = 1
    status: str = "open"
    ended_at: str | None = None
    ended_by: str | None = None

    def in_full(self) -> dict[str, Any]:
        """The shape of an incident in ``huiyin incidents --json``."""
        return {
            **self.as_json(),
            "actor": self.actor,
            "reason": self.reason,
            "process": self.process,
            "expression": self.expression,
            "values": dict(self.values),
            "can_retry": self.asked is not None,
            "attempts": self.attempts,
            "status": self.status,
            "ended_at": self.ended_at,
            "ended_by": self.ended_by,
        }

    def as_json(self) -> dict[str, Any]:
        """The shape of an incident in ``huiyin show --json``."""
        return {
            "seq": self.seq,
            "at": self.at,
            "element": self.element,
            "zh": self.zh,
            "en": self.en,
            "command": self.command,
        }
