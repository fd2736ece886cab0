"""What happens without anybody asking: timers that fall due. Ordinary commands, sent as the actor ``clock``.

::

    worker = Worker(engine)
    worker.once()                       # everything due now
    worker.start(); …; worker.stop()    # in a thread, next to the web

Any number of workers may run, on any number of machines: a timer fires in the transaction that takes it off the
list, so the second worker finds nothing to do.
"""

from __future__ import annotations

import logging
import threading

from engine import Engine
from engine.commands import FireTimers
from engine.errors import EngineError

log = logging.getLogger(__name__)

#: Seconds between two looks. A timer is late by at most this, and by the work of the timers before it.
EVERY = 1.0

#: After failures in a row the wait doubles up to this many seconds.
LONGEST_WAIT = 60.0

#: Cases in one batch, and batches in one round: a diagram that re-arms a due timer for ever cannot hold us here.
BATCH = 100
BATCHES = 100


class Worker:
    """Fires due timers, once or until told to stop."""

    def __init__(self, engine: Engine, every: float = EVERY) -> None:
        self.engine = engine
        self.every = every
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def once(self) -> list[str]:
        """Fires what is due and returns the numbers of the cases that moved, in order, each once."""
        moved: dict[str, None] = {}
        for _ in range(BATCHES):
            outcomes = self.engine.handle(FireTimers(actor="clock", limit=BATCH))
            moved.update((outcome.case, None) for outcome in outcomes)
            if len(outcomes) < BATCH:
                break
        return list(moved)

    def run(self) -> None:
        """Looks every ``every`` seconds until ``stop``. A failure is logged and tried again, ever more slowly."""
        failures = 0
        while not self._stop.is_set():
            try:
                self.once()
                failures = 0
            except EngineError as error:
                failures += 1
                log.warning("timers: %s", error)
            except Exception:
                # Whatever it is (the database gone, a defect), the other cases' timers must not die with this round.
                failures += 1
                log.exception("timers")
            self._stop.wait(min(self.every * 2**failures, max(LONGEST_WAIT, self.every)))

    def start(self) -> None:
        """Runs in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="huiyin-worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends ``run`` after the round it is in, and waits for that."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
