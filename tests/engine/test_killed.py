"""``kill -9`` at random moments while tasks are completed: each step happened wholly or not at all."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine import Engine
from engine.commands import CompleteTask
from engine.settings import Settings
from tests.bpmn.drawing import MESSAGE, START, document, flows, throw, users
from tests.engine.steps import complete, publish, start

KILLS = 20
#: Seconds after which a busy process is killed at the latest: a few steps.
LONGEST = 0.1

#: Two tasks at once, round after round; each round writes values, log, open tasks and the outbox.
ROUNDS = document(
    START
    + '<exclusiveGateway id="again"/><parallelGateway id="fork"/><parallelGateway id="join"/>'
    + users("a", "b")
    + throw("t", MESSAGE)
    + flows("start>again", "again>fork", "fork>a", "fork>b", "a>join", "b>join", "join>t", "t>again")
)

#: For each line it is sent: a process of its own that completes the tasks of a case for ever, saying what it has done.
#: They are forked, so that a test does not wait for the imports twenty times.
BUSY = """
import os, sys
from engine import Engine
from engine.commands import CompleteTask
from engine.commands import CompleteTask
from engine.settings import Settings

def work(url, home, case):
    engine = Engine.open(url, settings=Settings(env="test", home=home))
    engine.verify(case)
    print("ready", os.getpid(), flush=True)
    while True:
        task = engine.open_tasks(case=case)[0].id
        engine.handle(CompleteTask(task=task, values={"last": task}, actor="li"))
        print("did", task, flush=True)

for _ in sys.stdin:
    child = os.fork()
    if not child:
        try:
            work(*sys.argv[1:])
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    print("ended", os.waitstatus_to_exitcode(status), flush=True)
"""


@contextmanager
def busy(*arguments: str) -> Iterator[Callable[[float], list[str]]]:
    """A function that lets a process go to work, kills it that many seconds later, and says which tasks it did."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUTF8": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", BUSY, *arguments],
        env=environment,
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
            time.sleep(seconds)
            os.kill(int(number), signal.SIGKILL)
            done = []
            for line in answers:
                word, what = line.split()
                if word == "ended":
                    assert what == "-9"
                    break
                done.append(what)
            return done

        yield killed_after
        asking.close()


def test_a_killed_step_happened_wholly_or_not_at_all(engine: Engine, database_url: str, settings: Settings) -> None:
    publish(engine, ROUNDS)
    case = start(engine).case
    moments = random.Random(2)
    before: list[str] = []
    with busy(database_url, settings.home, case) as killed_after:
        for _ in range(KILLS):
            told = killed_after(moments.uniform(0, LONGEST))

            report = engine.verify(case)
            assert report.ok, list(report.mismatches)
            entries = engine.history(case)
            done = [str(entry.data["task"]) for entry in entries if entry.kind == "task_completed"]
            # What it said is done, and at most the one step more of which it could not tell.
            assert done[: len(before) + len(told)] == before + told
            assert len(done) - len(before) - len(told) in (0, 1)
            assert len(set(done)) == len(done)
            # What is open is what the log leaves open.
            assert [task.element for task in engine.open_tasks(case=case)] == (
                ["a", "b"] if len(done) % 2 == 0 else ["b"]
            )
            # A round sends one message, with the step that ends it.
            assert len(engine.outbox(limit=100_000)) == len(done) // 2
            assert engine.case(case).values.get("last") == (done[-1] if done else None)
            before = done
    assert len(before) > KILLS
    # Nothing is locked, and nothing is left half-way.
    outcome = engine.handle(CompleteTask(task=engine.open_tasks(case=case)[0].id, actor="li"))
    assert complete(engine, outcome).status == "open"
    assert engine.verify().ok
