"""How much do one, two and four workers get done, as processes and as threads?"""

from __future__ import annotations

import math
import multiprocessing
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from multiprocessing.synchronize import Barrier as ProcessBarrier
from typing import Any

from bench.databases import ACTOR, Place
from bench.diagrams import TASKS, entered
from bench.measuring import Spread, in_turn, ratio
from bench.report import Answer, Line
from engine import Engine
from engine.commands import CompleteTask, StartCase
from engine.settings import Settings

#: Seconds of a turn, rounds, numbers of workers.
SIZES: Mapping[str, tuple[float, int, tuple[int, ...]]] = {
    "tiny": (0.1, 1, (1,)),
    "quick": (1.0, 2, (1, 2, 4)),
    "full": (3.0, 7, (1, 2, 4)),
}


@dataclass(frozen=True)
class Team:
    """Workers that start together and play whole cases until the time is up."""

    url: str
    settings: Settings
    seconds: float

    def processes(self, count: int) -> float:
        """Steps a second, start included; each process has an engine of its own."""
        context = multiprocessing.get_context("spawn")
        done: Any = context.Queue()
        together = context.Barrier(count)
        team = [context.Process(target=_process, args=(self, together, done), daemon=True) for _ in range(count)]
        for worker in team:
            worker.start()
        steps = sum(int(done.get(timeout=60 + self.seconds)) for _ in team)
        for worker in team:
            worker.join()
        return steps / self.seconds

    def threads(self, count: int) -> float:
        """Steps a second; the threads share an engine, as those of a web process do."""
        with Engine.open(self.url, settings=self.settings) as engine:
            together = threading.Barrier(count)
            done: list[int] = []
            team = [
                threading.Thread(target=lambda: done.append(self.play(engine, together.wait))) for _ in range(count)
            ]
            for worker in team:
                worker.start()
            for worker in team:
                worker.join()
        if len(done) != count:
            raise RuntimeError("a worker failed")
        return sum(done) / self.seconds

    def play(self, engine: Engine, ready: Callable[[], object]) -> int:
        """Plays cases from the moment all are ready; counts the steps finished in time."""
        one_case(engine, math.inf)
        ready()
        until = time.monotonic() + self.seconds
        steps = 0
        while time.monotonic() < until:
            steps += one_case(engine, until)
        return steps


def _process(team: Team, together: ProcessBarrier, done: Any) -> None:
    with Engine.open(team.url, settings=team.settings) as engine:
        done.put(team.play(engine, together.wait))


def one_case(engine: Engine, until: float) -> int:
    """Starts a case and completes its tasks while there is time; how many were completed."""
    outcome = engine.handle(StartCase(procedure="chain", actor=ACTOR))
    for step in range(TASKS):
        if time.monotonic() >= until:
            return step
        outcome = engine.handle(CompleteTask(task=outcome.tasks[0].id, values=entered(step), actor=ACTOR))
    return TASKS


def rate_of(engine: Engine, cases: int) -> float:
    """Plays so many cases one after the other: steps a second."""
    began = time.perf_counter()
    steps = sum(one_case(engine, math.inf) for _ in range(cases))
    return steps / (time.perf_counter() - began)


def run(place: Place) -> Answer:
    """One database a kind for all of them: it grows a little, for everybody alike."""
    seconds, rounds, counts = SIZES[place.size]
    lines: list[Line] = []
    for kind in place.kinds:
        team = Team(place.prepared(kind), place.settings(), seconds)
        contestants: dict[str, Callable[[], float]] = {}
        for count in counts:
            contestants[f"{count} process(es), {kind}"] = partial(team.processes, count)
            contestants[f"{count} thread(s), {kind}"] = partial(team.threads, count)
        found = in_turn(contestants, rounds, warm_up=0)
        first = f"{counts[0]} process(es), {kind}"
        for name, rates in found.items():
            compared = ratio(rates, found[first])
            lines.append(Line(name, Spread.of(rates), "steps/s", first, compared))
    return Answer(
        "(c) throughput by number of workers",
        lines,
        (f"Whole cases of {TASKS} steps are started and completed; cases/s is the figure ÷ {TASKS}.",),
    )
