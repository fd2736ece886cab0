"""Fetching what waits for one of our own topics, doing it, and reporting what came of it."""

from __future__ import annotations

import logging
import os
import socket
import traceback
from collections.abc import Callable, Mapping

from engine.commands import CompleteExternal, FailExternal, FaultExternal, FetchAndLock, UnlockExternal
from engine.engine import Engine
from engine.errors import CaseSuspended, Conflict, DiagramFailed, NotFound, Refused
from engine.records import ExternalTask
from engine.settings import Settings
from engine.topics.document import run_document
from engine.topics.result import Done, Rejected, WorkFailed
from engine.topics.webhook import run_webhook

log = logging.getLogger(__name__)

#: What we do ourselves, by topic.
BUILT_IN: Mapping[str, Callable[[ExternalTask, Settings], Done]] = {"document": run_document, "webhook": run_webhook}
ACTOR = "clock"
#: Seconds: longer than the longest answer a webhook may take, so that nobody else begins while we wait.
LOCK = 120.0


def never() -> bool:
    """Nobody stops it."""
    return False


def work_external(engine: Engine, limit: int = 50, stopped: Callable[[], bool] = never) -> int:
    """Does up to ``limit`` tasks of our own topics, one after the other, until ``stopped`` says so; how many it did.
    Any number of workers may do so at once. Raises ``DatabaseFailed``; all else that goes wrong is the task's failure.
    """
    worker = f"huiyin {socket.gethostname()[:100]} {os.getpid()}"
    topics = tuple(BUILT_IN)
    for done in range(limit):
        if stopped() or not engine.external_waits(topics):
            return done
        fetch = FetchAndLock(topics=topics, worker=worker, count=1, lock_seconds=LOCK, actor=ACTOR)
        tasks = engine.handle(fetch)
        if not tasks:
            return done
        try:
            _work_on(engine, tasks[0], worker)
        except (Conflict, NotFound) as error:
            # A boundary event was faster, or our lock ran out: whoever has it now goes on with it.
            log.info("%s: %s", tasks[0].id, error)
        except CaseSuspended:
            engine.handle(UnlockExternal(task=tasks[0].id, worker=worker, actor=ACTOR))
        except DiagramFailed as error:
            # The case has its incident.
            log.warning("%s: %s", tasks[0].id, error)
    return limit


def _work_on(engine: Engine, task: ExternalTask, worker: str) -> None:
    def fail(message: str, details: str = "", retries: int | None = None, retry_after: float | None = None) -> None:
        log.warning("%s %s: %s", task.id, task.topic, message)
        engine.handle(
            FailExternal(
                task=task.id,
                worker=worker,
                message=message,
                details=details,
                retries=retries,
                retry_after=retry_after,
                actor=ACTOR,
            )
        )

    try:
        done = BUILT_IN[task.topic](task, engine.settings)
    except Rejected as error:
        engine.handle(
            FaultExternal(
                task=task.id, worker=worker, code=error.code, message=error.message, values=error.values, actor=ACTOR
            )
        )
        return
    except WorkFailed as error:
        fail(error.message, retries=error.retries, retry_after=error.retry_after)
        return
    except Exception as error:
        # A defect of ours must not hold up the tasks behind this one.
        log.exception("%s", task.id)
        fail(type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
        return
    try:
        engine.handle(CompleteExternal(task=task.id, worker=worker, values=done.values, files=done.files, actor=ACTOR))
    except CaseSuspended:
        raise
    except Refused as error:
        # What came back cannot be stored; asking again would not change that.
        fail(str(error), retries=0)
