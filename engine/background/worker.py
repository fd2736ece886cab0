"""A worker process: it drains by a schedule until it is told to stop, and lets others see that it is there."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine import Engine, topics
from engine.background.draining import BATCH, Round, drain
from engine.background.outbox import DELIVERIES, Deliver
from engine.clock import to_text
from engine.commands import NoteWorker
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.background.schedule import Schedule

log = logging.getLogger(__name__)

#: Seconds between two drains. A timer is late by about this, and by the work of the timers before it.
EVERY = 2

#: Seconds between two signs of life.
BEAT = 10.0

#: Where the schedule cannot be had, it is tried again after ever longer waits, of this many seconds at most.
LONGEST_WAIT = 60.0

#: Drains at once in a process. More do not help: they share one interpreter, and wait for the database's disk only.
PARALLEL = 4


class Worker:
    """Does what is due, once or until told to stop. Any number of them share the work."""

    def __init__(
        self,
        engine: Engine,
        every: int = EVERY,
        parallel: int | None = None,
        deliveries: Mapping[str, Deliver] | None = None,
    ) -> None:
        """``every``: seconds between two drains. ``parallel``: drains at once; by default one on SQLite, where writers
        take turns, else ``PARALLEL``. ``deliveries``: who carries what away, by topic; ``DELIVERIES`` by default."""
        self.engine = engine
        self.every = every
        self.parallel = parallel if parallel is not None else 1 if engine.is_on_one_machine else PARALLEL
        self.deliveries = {**topics.deliveries(engine), **DELIVERIES} if deliveries is None else deliveries
        #: The thread of ``start``, and how often this worker has drained.
        self.thread: threading.Thread | None = None
        self.drains = 0
        self.name = f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(3)}"
        self._started_at = ""
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._done = Round()

    def once(self) -> Round:
        """Does what is due now, and says what that was."""
        done = drain(self.engine, self.deliveries, self._stop.is_set)
        with self._lock:
            self.drains += 1
            self._done.add(done)
        return done

    def run(self) -> None:
        """Works until ``stop``. Raises ``DatabaseFailed`` or ``BadSetting`` where it cannot even begin."""
        self._go_on(self._begin())

    def start(self) -> None:
        """Runs in a thread of its own. Raises what ``run`` raises where it cannot begin."""
        schedule = self._begin()
        self.thread = threading.Thread(target=self._go_on, args=(schedule,), name="huiyin-worker", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Ends ``run`` after the batch it is in, and waits for that."""
        self._stop.set()
        if self.thread is not None:
            self.thread.join()
            self.thread = None

    def beat(self, ended: bool = False) -> None:
        """Leaves a sign of life. Where that fails, the next one says so by being late."""
        try:
            note = NoteWorker(
                name=self.name, started_at=self._started_at, detail=self._detail(), ended=ended, actor="system"
            )
            self.engine.handle(note)
        except EngineError as error:
            log.warning("no sign of life: %s", error)

    def _begin(self) -> Schedule:
        # Half a second and some megabytes, which only those who work need.
        from engine.background.schedule import Schedule

        schedule = Schedule(self.engine.jobs_database(), self.name, self._drain, self._backlog)
        schedule.start(self.every, self.parallel)
        return schedule

    def _go_on(self, schedule: Schedule | None) -> None:
        failures = 0
        self._started_at = to_text(self.engine.clock())
        try:
            while not self._stop.is_set():
                self.beat()
                self._stop.wait(min(BEAT * 2**failures, LONGEST_WAIT))
                if self._stop.is_set():
                    break
                if schedule is not None and schedule.alive:
                    failures = 0
                    continue
                try:
                    # Where the database is away, the schedule comes back with it.
                    self.engine.ping()
                    if schedule is not None and schedule.alive:
                        continue
                    if schedule is not None:
                        schedule.end()
                        schedule = None
                    schedule = self._begin()
                    failures = 0
                    log.warning("the schedule was made anew")
                except Exception as error:
                    failures += 1
                    log.warning("there is no schedule: %s", error)
        finally:
            self._stop.set()
            if schedule is not None:
                schedule.end()
            self.beat(ended=True)

    def _drain(self) -> None:
        self.once()

    def _backlog(self) -> int:
        """How many more drains would have a batch to do."""
        if self.parallel == 1:
            return 0
        return min(self.engine.count_due(BATCH * self.parallel) // BATCH, self.parallel - 1)

    def _detail(self) -> dict[str, Any]:
        with self._lock:
            done = self._done.counts()
            return {"drains": self.drains, "parallel": self.parallel, "every": self.every, **done}
