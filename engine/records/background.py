"""What leaves, and how the background work stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.records.cases import Outcome
from engine.records.page import Values


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
