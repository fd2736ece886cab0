"""Worker processes: several at once share the work, and one that is killed loses nothing and does nothing twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine import Engine
from engine.background import drain
from engine.clock import to_text
from engine.settings import Settings
from tests.background.conftest import is_running, until
from tests.background.diagrams import NOTICE, TIMER
from tests.bpmn.drawing import END, document, flows, timer, users
from tests.engine.steps import complete, kinds, publish, start

ROOT = Path(__file__).parents[2]

DUE, WORKERS = 150, 4
KILLS = 6

#: Opens a case every hour, a hundred times.
HOURLY = document(
    f'<startEvent id="start">{timer("R100/PT1H", "timeCycle")}</startEvent>'
    + users("a")
    + END
    + flows("start>a", "a>end"),
    process="hourly",
)

#: For each line it is sent: a process of its own that does everything due, saying what it carries away. They are
#: forked, so that a test does not wait for the imports each time.
DRAINS = """
import os, sys
from engine import Engine
from engine.background import drain
from engine.clock import from_text
from engine.settings import Settings

def carry(engine, send):
    print("sent", send.key, flush=True)

def work(url, home, now):
    moment = from_text(now)
    engine = Engine.open(url, clock=lambda: moment, settings=Settings(env="test", home=home))
    print("ready", os.getpid(), flush=True)
    while True:
        drain(engine, {"notify": carry})

for _ in sys.stdin:
    child = os.fork()
    if not child:
        try:
            work(*sys.argv[1:])
        finally:
            os._exit(1)
    os.waitpid(child, 0)
    print("ended", child, flush=True)
"""


def environment(url: str, settings: Settings, now: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUIYIN_")}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "HUIYIN_ENV": "test",
        "HUIYIN_LANG": "en",
        "HUIYIN_DATABASE_URL": url,
        "HUIYIN_HOME": settings.home,
        "HUIYIN_CLOCK": now,
    }


def huiyin(*arguments: str, env: dict[str, str]) -> subprocess.Popen[str]:
    """``huiyin …`` as a process of its own."""
    command = [sys.executable, "-c", "from engine.cli import main; main()", *arguments]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def drains(url: str, settings: Settings, now: str) -> Iterator[Callable[[float], list[str]]]:
    """A function that lets a process do what is due, kills it that many seconds later, and says what it had said."""
    with subprocess.Popen(
        [sys.executable, "-c", DRAINS, url, settings.home, now],
        env=environment(url, settings, now),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        asking, answers = process.stdin, process.stdout
        assert asking is not None and answers is not None

        def killed_after(seconds: float) -> list[str]:
            asking.write("go\n")
            asking.flush()
            word, number = answers.readline().split()
            assert word == "ready"
            assert is_running(process)(seconds)
            os.kill(int(number), signal.SIGKILL)
            said = []
            for line in answers:
                word, what = line.split()
                if word == "ended":
                    break
                said.append(what)
            return said

        yield killed_after
        asking.close()


def test_workers_at_once_share_what_is_due(engine: Engine, database_url: str, settings: Settings, clock: Any) -> None:
    publish(engine, TIMER)
    numbers = [start(engine).case for _ in range(DUE)]
    clock.forward(hours=2)
    env = environment(database_url, settings, to_text(clock()))

    at_work = [huiyin("work", "--once", "--json", env=env) for _ in range(WORKERS)]
    answers = [worker.communicate() for worker in at_work]

    assert [worker.returncode for worker in at_work] == [0] * WORKERS, answers
    fired = [number for out, _ in answers for number in json.loads(out)["fired"]]
    assert sorted(fired) == numbers, "each by one of them"
    for number in numbers:
        assert kinds(engine, number).count("timer_fired c") == 1
    assert engine.verify().ok


def test_a_worker_that_is_killed_loses_nothing_and_does_nothing_twice(
    engine: Engine, database_url: str, settings: Settings, clock: Any
) -> None:
    publish(engine, TIMER, NOTICE, HOURLY)
    waiting = [start(engine).case for _ in range(40)]
    notified = [complete(engine, start(engine, procedure="notices")).case for _ in range(20)]
    notices = {send.key for send in engine.outbox()}
    clock.forward(hours=20)
    moments = random.Random(7)
    said: list[str] = []
    with drains(database_url, settings, to_text(clock())) as killed_after:
        for _ in range(KILLS):
            said += killed_after(moments.uniform(0, 0.25))
            report = engine.verify(waiting[0])
            assert report.ok, list(report.mismatches)

    # Whoever was killed while carrying something away holds it for a while.
    clock.forward(minutes=11)
    rest = drain(engine, {"notify": lambda _engine, send: said.append(send.key)})

    assert rest.ok
    for number in waiting:
        assert kinds(engine, number).count("timer_fired c") == 1
    assert engine.cases(procedure="hourly").total == 20
    assert set(said) == notices, "each at least once"
    # Twice only what a killed worker had carried away and could not note.
    assert len(said) - len(notices) <= KILLS
    assert engine.outbox() == []
    assert len(notified) == len(notices)
    assert engine.verify().ok


def test_a_worker_works_by_itself_and_ends_when_it_is_told_to(
    engine: Engine, database_url: str, settings: Settings, clock: Any, jobs: None
) -> None:
    publish(engine, TIMER)
    numbers = [start(engine).case for _ in range(20)]
    clock.forward(hours=2)
    with huiyin("work", "--every", "1", env=environment(database_url, settings, to_text(clock()))) as worker:
        until(lambda: not engine.health().work_is_due and bool(engine.health().workers), is_running(worker))
        (seen,) = engine.health().workers
        assert seen.alive and seen.name.split(".")[-2] == str(worker.pid)

        worker.send_signal(signal.SIGTERM)
        _, errors = worker.communicate()

    assert worker.returncode == 0, errors
    assert "Traceback" not in errors
    assert engine.health().workers == ()
    for number in numbers:
        assert kinds(engine, number).count("timer_fired c") == 1
    assert engine.verify().ok


def test_workers_by_schedule_share_what_falls_due_and_survive_each_other(
    engine: Engine, database_url: str, settings: Settings, clock: Any, jobs: None
) -> None:
    publish(engine, TIMER)
    numbers = [start(engine).case for _ in range(40)]
    clock.forward(hours=2)
    env = environment(database_url, settings, to_text(clock()))
    first, second = (huiyin("work", "--every", "1", env=env) for _ in range(2))
    with first, second:
        until(lambda: len(engine.health().workers) == 2, is_running(second))
        first.kill()
        first.wait()
        numbers += [start(engine).case for _ in range(20)]
        clock.forward(hours=2)
        with huiyin("work", "--every", "1", env=environment(database_url, settings, to_text(clock()))) as third:
            until(lambda: not engine.health().work_is_due, is_running(third))
            third.terminate()
            third.communicate()
        second.terminate()
        second.communicate()
    assert (second.returncode, third.returncode) == (0, 0)

    for number in numbers:
        assert kinds(engine, number).count("timer_fired c") == 1
    assert engine.verify().ok
