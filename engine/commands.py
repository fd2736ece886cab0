"""What may be asked of the engine: frozen values, named in the imperative. ``Engine.handle`` carries each out in
one transaction. ``actor`` is the login name of the person (or ``clock`` for the worker) on whose behalf it is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
class FetchSends(Command):
    """Take what waits in the outbox under ``topic`` and is due, oldest first, to send it. For ``seconds`` nobody else
    gets it; what has not been marked as sent by then is tried again, so that it leaves once at least: a receiver tells
    repetitions by ``Send.key``. Returns ``list[Send]``."""

    topic: str
    limit: int = 20
    seconds: float = 300


@dataclass(frozen=True, kw_only=True)
class NoteSendFailed(Command):
    """Note why something that was fetched could not be sent. It is tried again later, each time after a longer pause;
    after the last time its case has an incident. Returns whether it is tried again."""

    send: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RetrySend(Command):
    """Try again to send something that was given up. Returns None."""

    send: int


@dataclass(frozen=True, kw_only=True)
class NoteWorker(Command):
    """Note that a worker process is alive, and what it last did (``detail``, JSON). ``ended``: it is no more.
    Returns None."""

    name: str
    started_at: str
    detail: Values = field(default_factory=dict)
    ended: bool = False


@dataclass(frozen=True, kw_only=True)
class MarkSent(Command):
    """Note that something in the outbox has been sent (``engine.outbox``). Doing so twice changes nothing.
    Returns None."""

    send: int


@dataclass(frozen=True, kw_only=True)
class FetchAndLock(Command):
    """Take up to ``count`` (at most 100) external tasks of these topics for ``worker``, a name that tells programs
    apart: the most urgent first, then the oldest. Nobody else gets them for ``lock_seconds`` (at most a day).
    Returns ``list[ExternalTask]``."""

    topics: Sequence[str]
    worker: str
    count: int = 10
    lock_seconds: float = 300


@dataclass(frozen=True, kw_only=True)
class ExtendLock(Command):
    """Keep an external task for ``seconds`` more, counted from now. Returns ``ExternalTask``; raises ``NotLocked``."""

    task: str
    worker: str
    seconds: float = 300


@dataclass(frozen=True, kw_only=True)
class CompleteExternal(Command):
    """The work outside is done and brought these values, and files: variable → (name of the file, content), stored with
    the case in the same transaction. Returns ``Outcome``. Raises ``NotLocked``, ``TaskAlreadyDone``."""

    task: str
    worker: str
    values: Values = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FailExternal(Command):
    """The work outside went wrong and is to be tried again, ``retry_after`` seconds from now (None: a pause that grows
    with each failure). ``retries`` are left then (None: one fewer); with none left the case gets an incident.
    ``message`` is for people, ``details`` for developers. Returns ``Outcome``. Raises ``NotLocked``,
    ``TaskAlreadyDone``."""

    task: str
    worker: str
    message: str
    details: str = ""
    retries: int | None = None
    retry_after: float | None = None


@dataclass(frozen=True, kw_only=True)
class FaultExternal(Command):
    """The work outside ended in the business error ``code``, which the diagram catches; the values are set first. An
    error nothing catches is an incident, and the case stays where it is. Returns ``Outcome``. Raises ``NotLocked``,
    ``TaskAlreadyDone``."""

    task: str
    worker: str
    code: str
    message: str = ""
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class UnlockExternal(Command):
    """Give an external task back at once, for any worker. Returns ``ExternalTask``."""

    task: str
    worker: str


@dataclass(frozen=True, kw_only=True)
class PauseDeadline(Command):
    """Let a running deadline stand still, with a reason; timers and due dates made of it stand still with it. ``key``:
    its key, or its kind where only one of that kind runs. Returns ``Outcome``."""

    case: str
    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ResumeDeadline(Command):
    """Let a paused deadline go on: it is due later by the time it stood still, office time where it counts office time.
    Returns ``Outcome``."""

    case: str
    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ExtendDeadline(Command):
    """Make a deadline due at ``due`` (an ISO moment), or later ``by`` a limit such as ``5 WD``. ``Refused`` beyond
    the cap its diagram sets, once it is overdue, and for an earlier moment, unless it is ``by_decision`` of those who
    may decide so (S11 §5(六), §8(二)). Returns ``Outcome``."""

    case: str
    key: str
    reason: str
    due: str | None = None
    by: str | None = None
    by_decision: bool = False


@dataclass(frozen=True, kw_only=True)
class FireDeadlines(Command):
    """Tell those concerned of deadlines that come near or are overdue, one transaction a case, at most ``limit`` cases.
    Twice is the same as once. Returns ``list[Outcome]``."""

    limit: int = 100


@dataclass(frozen=True)
class CalendarDay:
    """A day whose kind is said by the installation: 休, 班, or "" to take back what was said. ``provisional``: a guess
    until the State Council's notice is out."""

    day: str
    kind: str
    name: str = ""
    provisional: bool = False


@dataclass(frozen=True, kw_only=True)
class SetCalendarDays(Command):
    """Say of days whether they are worked (``CalendarDay``), all or none of them; the entry made last counts. What was
    counted before stays as it was. Returns None."""

    days: Sequence[CalendarDay]
    source: str


@dataclass(frozen=True, kw_only=True)
class SetOfficeHours(Command):
    """Say when the office is open on a working day: ``08:30-12:00,14:00-18:30``. Returns None."""

    hours: str
    source: str


# --- Repairs: for process owners and administrators -------------------------------------------------------------
# Where ``HUIYIN_TWO_PERSONS`` asks for it, a repair changes nothing until ``DecideApproval``; its ``Outcome`` says so.


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


@dataclass(frozen=True, kw_only=True)
class SuspendProcedure(Command):
    """Let a procedure open no cases for the time being; with ``cases``, its running cases stand still too, one
    transaction each. Returns ``list[str]``: the cases that were suspended."""

    procedure: str
    reason: str
    cases: bool = False


@dataclass(frozen=True, kw_only=True)
class ResumeProcedure(Command):
    """Let a procedure open cases again; with ``cases``, those that were suspended with it go on. Returns
    ``list[str]``: the cases that were resumed."""

    procedure: str
    reason: str = ""
    cases: bool = True


@dataclass(frozen=True, kw_only=True)
class DecideApproval(Command):
    """Agree to a repair that somebody else asked for, and carry it out; or refuse it. Whoever asked withdraws it by not
    agreeing. Returns ``Outcome``; raises ``ApprovalStale`` if it is not possible any more."""

    approval: int
    agree: bool
    reason: str = ""
