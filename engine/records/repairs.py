"""What is done about what failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.records.cases import Outcome, Wait
from engine.records.incidents import Bilingually
from engine.records.page import Values
from engine.records.tasks import Task


@dataclass(frozen=True)
class Attended:
    """One case of a bulk command: what came of it, or why it was left as it was (``zh``, ``en``)."""

    case: str
    outcome: Outcome | None = None
    zh: str = ""
    en: str = ""

    @property
    def done(self) -> bool:
        """Whether the case is now as was asked."""
        return self.outcome is not None and self.outcome.approval is None

    def as_json(self) -> dict[str, Any]:
        """The shape of a line of ``huiyin retry`` and ``huiyin migrate`` with ``--json``."""
        told: dict[str, Any] = {"case": self.case, "done": self.done, "zh": self.zh, "en": self.en}
        if self.outcome is not None:
            told["status"] = self.outcome.status
            if self.outcome.approval is not None:
                told["approval"] = self.outcome.approval
        return told


@dataclass(frozen=True)
class Preview:
    """What a repair would do: the open ``tasks``, ``waits`` and work outside (``externals``) there would be, the
    ``facts`` ({"kind", "element", "data"}) that lead there, the ``status``. ``problems``: why it cannot be done; then
    nothing else is told. ``second_person``: somebody else would have to agree."""

    status: str = ""
    tasks: tuple[Task, ...] = ()
    waits: tuple[Wait, ...] = ()
    externals: tuple[Any, ...] = ()
    facts: tuple[Values, ...] = ()
    problems: tuple[Bilingually, ...] = ()
    second_person: bool = False

    def as_json(self) -> dict[str, Any]:
        """The shape of ``--preview --json``."""
        return {
            "status": self.status,
            "tasks": [task.as_json() for task in self.tasks],
            "waits": [
                {"kind": wait.kind, "element": wait.element, "name": wait.name, "due": wait.due} for wait in self.waits
            ],
            "externals": [{"element": item.element, "topic": item.topic} for item in self.externals],
            "facts": [dict(fact) for fact in self.facts],
            "problems": [{"element": found.element, "zh": found.zh, "en": found.en} for found in self.problems],
            "second_person": self.second_person,
        }


@dataclass(frozen=True)
class Approval:
    """A repair that somebody asked for and a second person decides on: ``content`` is the command asked for.
    ``decision``: None while it is open, then agreed, refused or withdrawn."""

    id: int
    case: str
    command: str
    content: Values
    reason: str
    asked_by: str
    asked_at: str
    decided_by: str | None = None
    decided_at: str | None = None
    decision: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The shape of ``huiyin approvals --json``."""
        return {
            "id": self.id,
            "case": self.case,
            "command": self.command,
            "content": dict(self.content),
            "reason": self.reason,
            "asked_by": self.asked_by,
            "asked_at": self.asked_at,
            "decided_by": self.decided_by,
            "decided_at": self.decided_at,
            "decision": self.decision,
        }
