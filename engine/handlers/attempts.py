"""What had been asked of a diagram when it failed: kept, so that it can be carried out again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine import bpmn
from engine.clock import from_text
from engine.records import Task, Wait

#: A person's value: (person, field, sha256 of the ciphertext), what a reference to it is looked up by.
PersonKey = tuple[str, str, str]


@dataclass(frozen=True)
class Attempt:
    """The log entry that a command would have become: ``kind``, ``element`` and ``data`` (without a snapshot), on whose
    behalf. ``clear``: personal values that it refers to and that were rolled back with it; never stored as they are.
    """

    kind: str
    element: str
    data: Mapping[str, Any]
    actor: str
    clear: Mapping[PersonKey, Any] = field(default_factory=dict, repr=False)

    @property
    def about(self) -> str:
        """What tells one failing command from another: the task it finishes, the message it brings."""
        return about(self.kind, self.data)

    def as_json(self) -> dict[str, Any]:
        """What is kept of it."""
        return {"kind": self.kind, "element": self.element, "data": dict(self.data), "actor": self.actor}


def read_attempt(content: Mapping[str, Any]) -> Attempt:
    """An attempt as it was kept."""
    return Attempt(content["kind"], content["element"], content["data"], content["actor"])


def about(kind: str, data: Mapping[str, Any]) -> str:
    """What tells one command of a kind from another."""
    which = data.get("token", data.get("name", data.get("send")))
    return kind if which is None else f"{kind} {which}"


def is_possible(
    about: str,
    tasks: Sequence[Task | bpmn.OpenTask],
    waits: Sequence[Wait | bpmn.Wait],
    others: Sequence[bpmn.External],
    now: datetime,
) -> bool:
    """Whether what failed could be carried out where these are what a case waits for."""
    kind, _, which = about.partition(" ")
    if kind == "send_failed":
        # What leaves does not depend on where the case stands.
        return True
    if kind == "timers_fired":
        return any(wait.due is not None and from_text(wait.due) <= now for wait in waits)
    if kind in ("message_received", "signal_received"):
        wanted = kind.removesuffix("_received")
        return any(wait.kind == wanted and wait.name == which for wait in waits)
    return any(str(item.token) == which for item in (*tasks, *waits, *others))
