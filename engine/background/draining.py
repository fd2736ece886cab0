"""Doing everything that is due now."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import Engine
from engine.background.outbox import Deliver, deliver_due
from engine.commands import FireDeadlines
from engine.errors import DatabaseFailed
from engine.topics import work_external

log = logging.getLogger(__name__)

#: Cases in one batch: a worker that is to stop ends after the one it is in.
BATCH = 50

#: Batches in one round: whatever arms itself anew for ever cannot hold a worker longer than that.
MOST_BATCHES = 100_000

#: How often one case may move in one round: a diagram that arms a due timer for ever ends in an incident.
MOST_MOVES = 1_000

#: Cases that may open by themselves in one round: a start every second must not hold a worker after years of downtime.
MOST_OPENED = 1_000


@dataclass
class Round:
    """What a round did. ``moved``: number → how often it moved; ``failed``: the cases whose timers failed."""

    moved: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    handed_on: int = 0
    sent: int = 0
    not_sent: int = 0
    #: Service tasks of our own topics that were worked on.
    worked: int = 0
    #: Cases whose people were told of a deadline, and parts of the work that a defect kept from being done.
    told: int = 0
    defects: int = 0
    #: Cases that opened by themselves, among ``moved``.
    opened: int = 0
    #: Moves and failures of other rounds that were counted in.
    fired: int = 0
    failures: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything that was due could be done."""
        return not self.failed and not self.not_sent and not self.defects

    def add(self, other: Round) -> None:
        """Counts another round in; its numbers are not kept."""
        self.handed_on += other.handed_on
        self.sent += other.sent
        self.not_sent += other.not_sent
        self.worked += other.worked
        self.told += other.told
        self.defects += other.defects
        self.fired += other.fired + other.moved.total()
        self.failures += other.failures + len(other.failed)

    def counts(self) -> dict[str, int]:
        """How much of what was done."""
        return {
            "fired": self.fired + self.moved.total(),
            "failed": self.failures + len(self.failed),
            "handed_on": self.handed_on,
            "sent": self.sent,
            "not_sent": self.not_sent,
            "worked": self.worked,
            "told": self.told,
            "defects": self.defects,
        }

    def as_json(self) -> dict[str, Any]:
        """The shape of ``huiyin work --once --json``."""
        return {
            "fired": list(self.moved),
            "failed": self.failed,
            "handed_on": self.handed_on,
            "sent": self.sent,
            "not_sent": self.not_sent,
            "worked": self.worked,
            "told": self.told,
            "defects": self.defects,
        }


def never() -> bool:
    """A round that nobody stops."""
    return False


def drain(engine: Engine, deliveries: Mapping[str, Deliver], stopped: Callable[[], bool] = never) -> Round:
    """Does what is due, batch after batch, until nothing is any more or ``stopped`` says so. Any number of workers may
    do so at once; what fails does not hold up the rest."""
    done = Round()
    parts: tuple[Callable[[], bool], ...] = (
        lambda: _hand_on(engine, done),
        lambda: _fire(engine, done),
        lambda: _tell_of_deadlines(engine, done),
        lambda: _deliver(engine, deliveries, stopped, done),
        lambda: _work_outside(engine, stopped, done),
    )
    for _ in range(MOST_BATCHES):
        more = False
        for part in parts:
            if stopped():
                return done
            try:
                more |= part()
            except DatabaseFailed:
                raise
            except Exception:
                # A defect in one part must not keep the others from their work.
                log.exception("background work")
                done.defects += 1
        if not more:
            break
    return done


def _hand_on(engine: Engine, done: Round) -> bool:
    handed_on = engine.hand_on(BATCH)
    done.handed_on += handed_on
    return handed_on > 0


def _fire(engine: Engine, done: Round) -> bool:
    fired = engine.fire_due(BATCH, starts=done.opened < MOST_OPENED)
    done.opened += fired.opened
    done.moved.update(outcome.case for outcome in fired.moved)
    done.failed += fired.failed
    for case in {outcome.case for outcome in fired.moved}:
        if done.moved[case] > MOST_MOVES:
            engine.stop_timers(case, MOST_MOVES)
            done.failed.append(case)
    return bool(fired.moved or fired.failed or fired.more)


def _tell_of_deadlines(engine: Engine, done: Round) -> bool:
    told = len(engine.handle(FireDeadlines(limit=BATCH, actor="clock")))
    done.told += told
    return told > 0


def _deliver(engine: Engine, deliveries: Mapping[str, Deliver], stopped: Callable[[], bool], done: Round) -> bool:
    delivered = deliver_due(engine, deliveries, stopped)
    done.sent += delivered.sent
    done.not_sent += delivered.failed
    return bool(delivered.sent or delivered.failed)


def _work_outside(engine: Engine, stopped: Callable[[], bool], done: Round) -> bool:
    worked = work_external(engine, BATCH, stopped)
    done.worked += worked
    return worked > 0
