"""Procedures: published versions, drafts, and suspensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Suspension:
    """A procedure that opens no cases for the time being."""

    procedure: str
    at: str
    by: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """The shape of ``huiyin suspend PROCEDURE --json``."""
        return {"procedure": self.procedure, "at": self.at, "by": self.by, "reason": self.reason}


@dataclass(frozen=True)
class Version:
    """A published version of a procedure: unchangeable. ``files``: path → bytes; lists leave it empty.

    ``elements`` describe what is drawn (see ``engine.bpmn.step.ElementInfo``), in document order. ``calls_newest``:
    the procedures that its call activities call in their newest version (ADR 0017).
    """

    procedure: str
    number: int
    sha256: str
    name: str
    published_at: str = ""
    published_by: str = ""
    note: str = ""
    manifest: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    elements: tuple[Any, ...] = ()
    open_cases: int = 0
    id: int = 0
    calls_newest: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The shape of a version in ``publish --json``."""
        return {"procedure": self.procedure, "number": self.number, "sha256": self.sha256}


@dataclass(frozen=True)
class Draft:
    """A procedure's files as somebody is editing them. ``revision`` is the ``base`` of the next save."""

    procedure: str
    revision: int
    files: Mapping[str, bytes]
    saved_by: str
    saved_at: str
