"""How the background work stands: for those who look after it, and for the machines that do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine import Engine
from engine.background import Worker, drain
from engine.commands import NoteWorker
from engine.doctor import Finding, examine
from engine.errors import DatabaseFailed, NotAllowed
from engine.settings import Settings
from tests.background.diagrams import NEEDS_N, NOTICE, TIMER
from tests.engine.steps import complete, publish, staff, start
from webui import create_app


def background(engine: Engine, settings: Settings) -> Finding:
    """What the doctor says of the background work."""
    return next(found for found in examine(settings, lambda: engine) if found.name == "background")


def test_what_is_due_and_since_when_shows(engine: Engine, clock: Any) -> None:
    publish(engine, TIMER, NOTICE, NEEDS_N.replace(b'"p"', b'"needs"').replace(b"definitions_p", b"definitions_needs"))
    start(engine)
    start(engine, procedure="needs")
    clock.forward(minutes=90)
    start(engine)
    complete(engine, start(engine, procedure="notices"))

    before = engine.health()
    assert (before.timers, before.lag, before.waiting, before.work_is_due) == (2, 1800.0, 1, True)
    drain(engine, {})
    after = engine.health()

    assert (after.timers, after.lag, after.oldest_due) == (0, 0.0, None)
    assert (after.held, after.incidents, after.waiting) == (1, 1, 1)


def test_a_worker_shows_as_long_as_it_gives_signs_of_life(engine: Engine, clock: Any) -> None:
    worker = Worker(engine)
    worker.once()
    worker.beat()

    (seen,) = engine.health().workers
    assert (seen.alive, seen.detail["drains"]) == (True, 1)
    clock.forward(minutes=2)
    assert [found.alive for found in engine.health().workers] == [False]
    clock.forward(days=2)
    Worker(engine).beat()
    assert [found.alive for found in engine.health().workers] == [True]
    worker.beat(ended=True)
    assert len(engine.health().workers) == 1


def test_only_workers_give_signs_of_life(engine: Engine) -> None:
    staff(engine, li="agent")
    with pytest.raises(NotAllowed):
        engine.handle(NoteWorker(name="x", started_at="", actor="li"))


def test_the_doctor_says_when_nobody_works(engine: Engine, clock: Any, settings: Settings) -> None:
    publish(engine, TIMER)
    start(engine)
    assert background(engine, settings).level == "ok"

    clock.forward(hours=1, minutes=4)
    assert background(engine, settings).level == "ok", "not for a moment's delay"
    clock.forward(minutes=6)
    found = background(engine, settings)
    assert (found.level, "10" in found.en, "huiyin work" in found.en) == ("warning", True, True)

    Worker(engine).beat()
    assert "late" in background(engine, settings).en
    drain(engine, {})
    assert background(engine, settings).level == "ok"


def test_the_web_says_that_it_lives_and_whether_it_can_serve(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = create_app(engine, replace(settings, secret_key="x" * 40)).test_client()
    assert (visitor.get("/healthz").status_code, visitor.get("/readyz").status_code) == (200, 200)

    def gone(*_: object) -> None:
        raise DatabaseFailed(reason="gone")

    monkeypatch.setattr(Engine, "ping", gone)
    assert visitor.get("/healthz").status_code == 200
    answer = visitor.get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"status": "not ready"})
