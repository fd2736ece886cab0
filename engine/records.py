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
    ``case_title``, ``procedure``, ``version`` and ``facts`` are the case's (see ``Case``): lists need no other look.
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
    """What a command led to: the case, its status now, and its open tasks."""

    case: str
    status: str
    tasks: tuple[Task, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The shape of ``start``, ``complete`` and ``message`` with ``--json``."""
        return {"case": self.case, "status": self.status, "tasks": [task.as_json() for task in self.tasks]}


@dataclass(frozen=True)
class Incident:
    """A step that failed and waits for a person: the log entry that says so, the element and the reason."""

    seq: int
    at: str
    element: str
    zh: str
    en: str
    command: str

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
    """What a case waits for besides people: ``kind`` timer, message, signal or condition; ``due`` for timers."""

    case: str
    token: int
    kind: str
    element: str
    process: str
    name: str = ""
    due: str | None = None


@dataclass(frozen=True)
class Case:
    """One 诉求件. ``status``: open, stuck (an incident waits for a person), closed or cancelled.

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

    ``elements`` describe what is drawn (see ``engine.bpmn.step.ElementInfo``), in document order.
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
    """Something waiting to be sent, or sent, outside: ``topic`` and its values."""

    id: int
    case: str
    element: str
    topic: str
    values: Values
    created_at: str
    sent_at: str | None


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
