"""What may be asked of the engine: frozen values, named in the imperative. ``Engine.handle`` carries each out in
one transaction. ``actor`` is the login name of the person (or ``clock`` for the worker) on whose behalf it is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Command:
    """The base of all commands."""

    actor: str


@dataclass(frozen=True, kw_only=True)
class PublishVersion(Command):
    """Make a version of each executable process in ``files`` (path → bytes: ``.bpmn``, ``.dmn``, ``.form``).

    What a process uses (called processes, decisions, forms) is taken from ``files`` first, then from what was
    published last, and kept with the version. Procedures that use a changed part get a new version too. Content
    equal to the newest version makes none. Returns ``list[Version]``; raises ``VersionRejected``.
    """

    files: Mapping[str, bytes]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class SaveProcedureDraft(Command):
    """Keep a procedure's file as somebody is editing it; nothing is published. Returns ``list[Problem]``.

    ``base`` is the revision the editor started from (0 for the first): ``Conflict`` if the draft moved on.
    """

    procedure: str
    files: Mapping[str, bytes]
    base: int = 0


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


@dataclass(frozen=True, kw_only=True)
class SendMessage(Command):
    """Deliver a message: to ``case``, or, without one, to the procedure that starts with it. Returns ``Outcome``.
    ``Refused`` if nothing waits for it."""

    name: str
    values: Values = field(default_factory=dict)
    case: str | None = None


@dataclass(frozen=True, kw_only=True)
class SendSignal(Command):
    """Broadcast a signal to every case that waits for it (only ``case`` if given). Returns ``list[Outcome]``."""

    name: str
    values: Values = field(default_factory=dict)
    case: str | None = None


@dataclass(frozen=True, kw_only=True)
class FireTimers(Command):
    """Let due timers fire, one transaction a case, at most ``limit`` cases. Returns ``list[Outcome]``."""

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
class RevealPerson(Command):
    """Show the caller's data of a case in clear, to somebody who may see it; the look itself is logged.
    Returns ``dict[str, str]``: field key → clear text."""

    case: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class AttachFile(Command):
    """Store a file for a case's form field. Returns ``dict``: the value to put into the field
    (``{"attachment": id, "name", "size", "sha256"}``)."""

    name: str
    content: bytes
    case: str | None = None


@dataclass(frozen=True, kw_only=True)
class ErasePerson(Command):
    """Delete the key of a case's caller, so that their data can never be read again; the log still verifies.
    Returns None."""

    case: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class SaveUnit(Command):
    """Add a unit (承办单位) or change its label. Returns None."""

    key: str
    label: str


@dataclass(frozen=True, kw_only=True)
class SaveRole(Command):
    """Add a role or change its label; diagrams name roles by ``key``. Returns None."""

    key: str
    label: str


@dataclass(frozen=True, kw_only=True)
class SaveUser(Command):
    """Add an account or change it; its password stays. ``roles`` and ``unit`` must exist. From the first account on,
    rights apply. Returns None."""

    login: str
    name: str
    unit: str | None = None
    roles: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class SetPassword(Command):
    """Keep the hash of a person's password (argon2, made by the web); None takes the password away. Returns None."""

    login: str
    password_hash: str | None


@dataclass(frozen=True, kw_only=True)
class MarkSent(Command):
    """Note that something in the outbox has been sent (``engine.outbox``). Doing so twice changes nothing.
    Returns None."""

    send: int
