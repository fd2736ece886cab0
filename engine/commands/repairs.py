"""Repairs, for process owners and administrators. Where the installation wants two persons, each of them waits for a
second one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.commands.command import Command, Values


@dataclass(frozen=True)
class Begin:
    """A place to put a token: before ``element``, which ``process`` draws (empty: the one that does). ``at`` is the
    token of the subprocess or call it is inside of, 0 for the case itself; None: the one place where it can be."""

    element: str
    process: str = ""
    at: int | None = None


@dataclass(frozen=True, kw_only=True)
class RetryIncident(Command):
    """Carry out again what failed, in the name of whoever asked for it. ``values`` are put right first, also among what
    was typed; ``version``: the case goes over to that version first. One transaction: if it fails again, nothing has
    changed and the incident counts one attempt more. Returns ``Outcome``."""

    case: str
    seq: int
    values: Values = field(default_factory=dict)
    version: int | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class RetryIncidents(Command):
    """Carry out again what failed, in every case, of a procedure, at an element, in these cases: at most ``limit``
    incidents, oldest first, one transaction each. ``version`` as in ``RetryIncident``. Returns ``list[Attended]``."""

    procedure: str | None = None
    element: str | None = None
    cases: tuple[str, ...] = ()
    version: int | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    limit: int = 100


@dataclass(frozen=True, kw_only=True)
class SkipElement(Command):
    """Carry out again what failed, passing by the element that failed; ``flow`` is the way to take out of a gateway.
    Returns ``Outcome``."""

    case: str
    seq: int
    reason: str
    flow: str | None = None


@dataclass(frozen=True, kw_only=True)
class CorrectValues(Command):
    """Put variables of a case right. Returns ``Outcome``."""

    case: str
    values: Values
    reason: str


@dataclass(frozen=True, kw_only=True)
class ModifyCase(Command):
    """Move a case by hand: withdraw the tokens ``cancel`` (their numbers, or an element: all tokens at it) with all
    that runs below them, set ``values``, begin at the elements ``begin``. Returns ``Outcome``."""

    case: str
    reason: str
    cancel: tuple[int | str, ...] = ()
    begin: tuple[Begin | str, ...] = ()
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MigrateCase(Command):
    """Take a case over to another version of its procedure. ``mapping``: id of an element → its id in that version,
    where it has another one. Returns ``Outcome``; raises ``MigrationRefused`` with every reason."""

    case: str
    version: int
    reason: str
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MigrateCases(Command):
    """Take the running cases of a version over to another one, at most ``limit``, one transaction a case.
    Returns ``list[Attended]``: which went over, and why the others did not."""

    procedure: str
    from_version: int
    to_version: int
    reason: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    limit: int = 1_000


@dataclass(frozen=True, kw_only=True)
class DecideApproval(Command):
    """Agree to a repair that somebody else asked for, and carry it out; or refuse it. Whoever asked withdraws it by not
    agreeing. Returns ``Outcome``; raises ``ApprovalStale`` if it is not possible any more."""

    approval: int
    agree: bool
    reason: str = ""
