"""Tasks of people."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.commands.command import Command, Values


@dataclass(frozen=True, kw_only=True)
class ClaimTask(Command):
    """Take a task from the pool. Returns ``Outcome``."""

    task: str


@dataclass(frozen=True, kw_only=True)
class UnclaimTask(Command):
    """Put a task back into the pool. Returns ``Outcome``."""

    task: str


@dataclass(frozen=True, kw_only=True)
class SaveDraft(Command):
    """Keep what was typed into a task's form so far, unchecked; only this person sees it. Returns ``Outcome``."""

    task: str
    values: Values


@dataclass(frozen=True, kw_only=True)
class CompleteTask(Command):
    """Finish a task with these values. Raises ``FormInvalid``, ``NotAllowed``, ``TaskAlreadyDone``.

    Returns ``Outcome``."""

    task: str
    values: Values = field(default_factory=dict)
