"""The schedule and the queue of drains, kept by DBOS: every few seconds one drain for whoever has time, more of them
where there is much to do, tried again with growing pauses where the database does not answer.

DBOS knows no case: what is due stands in our tables, written with the step that armed it. Its own database may vanish
at any moment; the next ``Schedule`` makes a new one. It opens no port and no connection but to its database.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS, DBOSConfig, Serializer

from engine.errors import BadSetting, Bilingual, Conflict, DatabaseFailed
from engine.storage.jobs import JobsDatabase

log = logging.getLogger(__name__)

#: All versions of Huiyin share the schedule, so that an older worker goes on working beside a newer one.
APPLICATION = "huiyin"
QUEUE = "huiyin-drains"
DRAINS, SWEEPS = "huiyin-drains", "huiyin-sweeps"

#: Attempts of a drain while the database does not answer: after 1, 2, 4 and 8 seconds. Then the next drain tries.
ATTEMPTS = 5

#: What DBOS remembers of drains is worth nothing once they are over, or their worker has been gone for long.
OVER = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
REMEMBERED, ABANDONED = timedelta(hours=1), timedelta(days=1)
SWEPT_AT_ONCE = 500

#: DBOS is one a process, so what its workflows work with is too.
_current: Schedule | None = None


class Schedule:
    """DBOS in this process, from ``start`` to ``end``."""

    def __init__(self, jobs: JobsDatabase, name: str, drain: Callable[[], None], backlog: Callable[[], int]) -> None:
        """``name``: this worker's. ``drain`` does what is due; ``backlog``: how many more drains would help."""
        self.jobs = jobs
        self.name = name
        self.drain = drain
        self.backlog = backlog
        self._running = 0
        self._idle = threading.Condition()

    def start(self, every: int, parallel: int) -> None:
        """Has a drain run about every ``every`` seconds, and at most ``parallel`` of them at once in this process."""
        global _current
        if os.environ.get("DBOS__CLOUD"):
            self.jobs.close()
            raise BadSetting(
                name="DBOS__CLOUD",
                reason=Bilingual(
                    zh="不得设置：后台任务不连接任何云服务", en="must not be set: work connects to no cloud"
                ),
            )
        if _current is not None:
            self.jobs.close()
            raise RuntimeError("a process has one worker")
        # With a handler of its own, DBOS adds none: what it has to say goes where our log goes.
        logging.getLogger("dbos").addHandler(_QUIET)
        _current = self
        try:
            DBOS(config=self._config(parallel))
            DBOS.launch()
            DBOS.register_queue(
                QUEUE,
                worker_concurrency=parallel + 1,
                polling_interval_sec=min(1.0, every / 2),
                on_conflict="always_update",
            )
            DBOS.apply_schedules(
                [
                    {"schedule_name": DRAINS, "workflow_fn": _tick, "schedule": cron(every), "queue_name": QUEUE},
                    {"schedule_name": SWEEPS, "workflow_fn": sweep, "schedule": "0 */10 * * * *", "queue_name": QUEUE},
                ]
            )
            # What fell due while nobody worked does not wait for the schedule.
            DBOS.enqueue_workflow(QUEUE, _help)
        except BaseException:
            self.end()
            raise

    def end(self, patience: float = 30.0) -> None:
        """Ends it once the drains that run are over. They must have been told to stop."""
        global _current
        with self._idle:
            self._idle.wait_for(lambda: self._running == 0, patience)
        DBOS.destroy()
        _current = None
        self.jobs.close()

    @property
    def alive(self) -> bool:
        """Whether DBOS still knows its schedule; without its tables it does not."""
        try:
            return len(DBOS.list_schedules(schedule_name_prefix=DRAINS)) == 1
        except Exception as error:
            log.warning("the schedule does not answer: %s", type(error).__name__)
            return False

    def run(self, helps: bool) -> None:
        """One drain. One that was only scheduled leaves the work to those of this process that are at it already."""
        with self._idle:
            if self._running and not helps:
                return
            self._running += 1
        try:
            self.drain()
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def _config(self, parallel: int) -> DBOSConfig:
        config: DBOSConfig = {
            "name": APPLICATION,
            "application_version": APPLICATION,
            "executor_id": self.name,
            "system_database_url": self.jobs.url,
            "system_database_engine": self.jobs.engine,
            "use_listen_notify": False,
            "enable_otlp": False,
            "serializer": _Json(),
            "log_level": "WARNING",
            "max_executor_threads": parallel + 4,
            "scheduler_polling_interval_sec": 5.0,
        }
        if self.jobs.schema:
            config["dbos_system_schema"] = self.jobs.schema
        return config


class _Json(Serializer):
    """What DBOS keeps is JSON: its own way would run whatever somebody puts into its tables."""

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=_plain)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data, object_hook=_read)

    def name(self) -> str:
        return "json"


def _plain(value: object) -> object:
    if isinstance(value, BaseException):
        return {"$error": f"{type(value).__name__}: {value}"}
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _read(found: dict[str, Any]) -> Any:
    return RuntimeError(found["$error"]) if "$error" in found else found


def cron(every: int) -> str:
    """The cron line, with seconds, that comes closest to every so many seconds."""
    if every < 60:
        return f"*/{every} * * * * *"
    return f"0 */{min(every // 60, 59)} * * * *"


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, (DatabaseFailed, Conflict, OSError))


@DBOS.step(
    name="huiyin.drain", retries_allowed=True, interval_seconds=1.0, max_attempts=ATTEMPTS, should_retry=_may_pass
)
def _drain(helps: bool) -> None:
    if _current is not None:
        _current.run(helps)


@DBOS.step(name="huiyin.backlog")
def _backlog() -> int:
    return _current.backlog() if _current is not None else 0


@DBOS.workflow(name="huiyin.tick")
def _tick(_at: datetime, _context: Any) -> None:
    """What the schedule starts: a drain, with others to help it, here or elsewhere, where much is due."""
    for _ in range(_backlog()):
        DBOS.enqueue_workflow(QUEUE, _help)
    _drain(False)


@DBOS.workflow(name="huiyin.help")
def _help() -> None:
    """A drain beside others."""
    _drain(True)


@DBOS.workflow(name="huiyin.sweep")
def sweep(_at: datetime, _context: Any) -> None:
    """Forgets drains that are over, and those of workers that are no more."""
    _forget()


@DBOS.step(name="huiyin.forget")
def _forget() -> int:
    forgotten = 0
    for statuses, age in ((OVER, REMEMBERED), (None, ABANDONED)):
        before = (datetime.now(UTC) - age).isoformat()
        while old := DBOS.list_workflows(
            end_time=before, status=statuses, limit=SWEPT_AT_ONCE, load_input=False, load_output=False
        ):
            DBOS.delete_workflows([status.workflow_id for status in old])
            forgotten += len(old)
    return forgotten


_QUIET = logging.NullHandler()
