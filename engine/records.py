"""What can be read: frozen values the engine hands out. Moments are ISO text in UTC; values are JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Values = Mapping[str, Any]
Row = TypeVar("Row")


@dataclass(frozen=True)
class Task:
    """Something a person has to do now. ``id`` is ``<case number>.<token>``.

    ``roles``, ``users`` and ``assignee`` say who may do it, ``unit`` narrows ``roles`` to one unit's people;
    ``claimed_by`` says who took it. ``values`` are what the task can see; lists over many cases leave them empty.
    ``case_title``, ``case_status``, ``procedure``, ``version`` and ``facts`` are the case's (see ``Case``): lists
    need no other look.
    """

    id: str
    case: str
    token: int
    element: str
    name: str
    process: str
    roles: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    assignee: str | None = None
    unit: str | None = None
    form: str | None = None
    due: str | None = None
    follow_up: str | None = None
    priority: int = 50
    documentation: str = ""
    opened_at: str = ""
    claimed_by: str | None = None
    claimed_at: str | None = None
    case_title: str = ""
    case_status: str = ""
    procedure: str = ""
    version: int = 0
    facts: Values = field(default_factory=dict)
    values: Values = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The shape of a task in ``--json`` output."""
        return {
            "id": self.id,
            "element": self.element,
            "name": self.name,
            "roles": list(self.roles),
            "form": self.form,
            "due": self.due,
        }


@dataclass(frozen=True)
class Outcome:
    """What a command led to: the case, its status now, and its open tasks. ``approval``: nothing was done yet, a second
    person has to agree to the request of that number."""

    case: str
    status: str
    tasks: tuple[Task, ...] = ()
    approval: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The shape of ``start``, ``complete`` and ``message`` with ``--json``."""
        found = {"case": self.case, "status": self.status, "tasks": [task.as_json() for task in self.tasks]}
        return found if self.approval is None else {**found, "approval": self.approval}


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
class Bilingually:
    """A sentence in both languages, about an element or, without one, about the whole."""

    zh: str
    en: str
    element: str = ""


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


@dataclass(frozen=True)
class Wait:
    """What a case waits for besides people: ``kind`` timer, message, signal or condition; ``due`` for timers, ``key``
    for messages that are meant for one case."""

    case: str
    token: int
    kind: str
    element: str
    process: str
    name: str = ""
    due: str | None = None
    key: str | None = None


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


@dataclass(frozen=True)
class ExternalTask:
    """Work that a case waits for and somebody outside does. ``id`` is ``<case number>.<token>``; ``values`` are the
    input parameters, with references in place of a caller's data. A higher ``priority`` is fetched first.

    ``worker`` has it until ``locked_until``; ``retries`` are left, after ``failures`` of which the last said ``error``;
    with none left nobody fetches it until a person has it tried again. It is not fetched before ``available_at``.
    """

    id: str
    case: str
    token: int
    process: str
    element: str
    topic: str
    values: Values
    priority: int
    created_at: str
    available_at: str
    worker: str | None = None
    locked_until: str | None = None
    retries: int = 0
    failures: int = 0
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """The shape of an external task in ``--json`` output and over HTTP."""
        return {**vars(self), "values": dict(self.values)}


@dataclass(frozen=True)
class LedgerEntry:
    """One line that a diagram wrote into a ledger (台账), as the log has it. ``ledger`` is the book's name, empty where
    the diagram names none; ``values`` are the other input parameters."""

    case: str
    seq: int
    at: str
    actor: str
    element: str
    ledger: str
    values: Values

    def as_json(self) -> dict[str, Any]:
        """The shape of an entry in ``huiyin ledger --json``."""
        return {**vars(self), "values": dict(self.values)}


@dataclass(frozen=True)
class Case:
    """One 诉求件. ``status``: open, stuck (an incident waits for a person), suspended, closed or cancelled.

    ``version`` is the number of the version it is pinned to and ``sha256`` that version's hash. ``facts`` are the
    few values lists show (channel, category, …) and where the case stands (``status_text``, ``public_status``,
    ``milestone``). ``person`` is the id of the caller's record, if there is one. Lists leave ``values`` empty.
    """

    number: str
    procedure: str
    version: int
    sha256: str
    status: str
    title: str
    values: Values
    facts: Values
    incidents: tuple[Incident, ...]
    reference: str | None
    started_by: str
    started_at: str
    ended_at: str | None
    revision: int
    person: str | None = None
    waits: tuple[Wait, ...] = ()


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


@dataclass(frozen=True)
class User:
    """Somebody who can sign in. ``password_hash`` is argon2 text, None where no password was set."""

    login: str
    name: str
    unit: str | None
    roles: tuple[str, ...]
    active: bool = True
    password_hash: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Role:
    """What people may do: a key used in diagrams, and its label."""

    key: str
    label: str


@dataclass(frozen=True)
class Unit:
    """承办单位: a key used in values, and its label."""

    key: str
    label: str


@dataclass(frozen=True)
class Attachment:
    """A stored file. ``content`` is empty in lists."""

    id: str
    case: str | None
    name: str
    size: int
    sha256: str
    stored_by: str
    stored_at: str
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Access:
    """Who looked, or was refused: kept even where the act itself was rolled back."""

    at: str
    actor: str
    action: str
    outcome: str
    case: str | None
    detail: str


@dataclass(frozen=True)
class Send:
    """Something waiting to be sent, or sent, outside: ``topic`` and its values. It was tried ``attempts`` times, the
    last time in vain because of ``error``, and is tried again from ``next_at`` on."""

    id: int
    case: str
    element: str
    topic: str
    values: Values
    created_at: str
    sent_at: str | None
    attempts: int = 0
    next_at: str = ""
    error: str = ""

    @property
    def key(self) -> str:
        """The same for every attempt: with it a receiver can tell that something comes a second time."""
        return f"{self.case}.send.{self.id}"


@dataclass(frozen=True)
class WorkerSeen:
    """A worker process: when it began, when it last gave a sign of life, whether that is recent, and what it did."""

    name: str
    started_at: str
    seen_at: str
    alive: bool
    detail: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Health:
    """How the background work stands at a moment.

    ``oldest_due``: the moment of what has been due longest, ``lag``: seconds since. Counts: ``timers`` that are due,
    ``held`` ones that wait for a person to mend their case, ``starts`` and ``deadlines`` that are due; of the outbox
    what is ``handed_on`` between cases, ``waiting`` to leave, ``failing`` (tried in vain, tried again) and
    ``given_up``; ``incidents`` that are open; ``outside`` what waits for a worker outside and is ``locked`` by one.
    """

    at: str
    oldest_due: str | None
    lag: float
    timers: int
    held: int
    starts: int
    deadlines: int
    handed_on: int
    waiting: int
    failing: int
    given_up: int
    incidents: int
    outside: int
    locked: int
    workers: tuple[WorkerSeen, ...] = ()

    @property
    def work_is_due(self) -> bool:
        """Whether there is something a worker should be doing."""
        return self.oldest_due is not None

    @property
    def someone_works(self) -> bool:
        """Whether a worker gave a sign of life a short while ago."""
        return any(worker.alive for worker in self.workers)

    def as_json(self) -> dict[str, Any]:
        """The shape of ``huiyin jobs --json``."""
        return {
            "at": self.at,
            "oldest_due": self.oldest_due,
            "lag": self.lag,
            "due": {"timers": self.timers, "starts": self.starts, "deadlines": self.deadlines, "held": self.held},
            "outbox": {
                "handed_on": self.handed_on,
                "waiting": self.waiting,
                "failing": self.failing,
                "given_up": self.given_up,
            },
            "incidents": self.incidents,
            "outside": {"waiting": self.outside, "locked": self.locked},
            "workers": [
                {
                    "name": worker.name,
                    "started_at": worker.started_at,
                    "seen_at": worker.seen_at,
                    "alive": worker.alive,
                    "detail": dict(worker.detail),
                }
                for worker in self.workers
            ],
        }


@dataclass(frozen=True)
class Fired:
    """What firing due timers led to: the cases that moved, the numbers of those whose timers failed (each has an
    incident now), whether there may be more, and how many of the first in ``moved`` opened by themselves."""

    moved: tuple[Outcome, ...] = ()
    failed: tuple[str, ...] = ()
    more: bool = False
    opened: int = 0


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a list: ``rows``, the ``total`` over all pages, ``page`` counted from 1, and the page ``size``."""

    rows: Sequence[Row]
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are; 1 where there is nothing."""
        return max(1, -(-self.total // self.size))
