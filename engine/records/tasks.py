"""Tasks of people, and work that programs fetch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.records.page import Values


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
