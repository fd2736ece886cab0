"""Cases as a whole, and what reaches them."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.commands.command import Command, Values


@dataclass(frozen=True, kw_only=True)
class StartCase(Command):
    """Open a case on the newest version. ``first``: values for the first task it opens, if the actor may do that
    task: registering a call is one act, so it is one transaction. ``reference``: the number it has elsewhere; a second
    case with the same one raises ``AlreadyThere``. Returns ``Outcome``."""

    procedure: str
    values: Values = field(default_factory=dict)
    first: Values | None = None
    reference: str | None = None


@dataclass(frozen=True, kw_only=True)
class SendMessage(Command):
    """Deliver a message: to ``case``; without one, to the one case that waits for it with this ``key``; else to the
    procedure that starts with it. Returns ``Outcome``. ``Refused`` if nothing waits for it, or several cases do."""

    name: str
    values: Values = field(default_factory=dict)
    case: str | None = None
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class SendSignal(Command):
    """Broadcast a signal to every case that waits for it (only ``case`` if given). Returns ``list[Outcome]``."""

    name: str
    values: Values = field(default_factory=dict)
    case: str | None = None


@dataclass(frozen=True, kw_only=True)
class FireTimers(Command):
    """Open the cases whose timer start is due and let due timers fire, one transaction a case, at most ``limit`` cases.
    Returns ``list[Outcome]``."""

    limit: int = 100


@dataclass(frozen=True, kw_only=True)
class RebuildIndexes(Command):
    """Write the lists of open tasks and waits anew from snapshots and logs, one transaction a case; of all cases where
    none is named. Neither cases nor logs change. Returns ``list[str]``: the numbers of the cases."""

    case: str | None = None


@dataclass(frozen=True, kw_only=True)
class CancelCase(Command):
    """End a case before its end, with a reason. Returns ``Outcome``."""

    case: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class AddNote(Command):
    """Write a note into a case's log. Returns ``Outcome``."""

    case: str
    text: str


@dataclass(frozen=True, kw_only=True)
class AttachFile(Command):
    """Store a file for a case's form field. Returns ``dict``: the value to put into the field
    (``{"attachment": id, "name", "size", "sha256"}``)."""

    name: str
    content: bytes
    case: str | None = None


@dataclass(frozen=True, kw_only=True)
class SuspendCase(Command):
    """Let a case stand still: nobody completes a task, no timer fires, no message arrives, until it is resumed. It can
    be repaired, noted on and cancelled meanwhile. Returns ``Outcome``."""

    case: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ResumeCase(Command):
    """Let a suspended case go on; timers that fell due meanwhile fire, in order. Returns ``Outcome``."""

    case: str
    reason: str = ""
