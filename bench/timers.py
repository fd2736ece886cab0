"""A hundred thousand timers fall due at once: are they fired as fast as people's steps are taken?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from bench.copies import multiply
from bench.databases import ACTOR, Place
from bench.measuring import Spread, in_turn, ratio
from bench.report import Answer, Line
from bench.steps import step_of
from engine import Engine
from engine.clock import system_clock
from engine.commands import FireTimers, StartCase

#: Timers that are due, and timers in a batch. Between two batches an ordinary case is played, to compare with.
SIZES: Mapping[str, tuple[int, int]] = {"tiny": (20, 10), "quick": (2000, 100), "full": (100_000, 500)}
#: The rate of ordinary steps that must be reached.
ENOUGH = 0.8
#: Copies that are verified before anything fires.
SAMPLE = 20


class Later:
    """The system's clock, put forward."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        return system_clock() + self.by


def run(place: Place) -> Answer:
    """All timers are fired, in batches."""
    timers, batch = SIZES[place.size]
    lines: list[Line] = []
    notes = []
    for kind in place.kinds:
        clock = Later()
        url = place.prepared(kind)
        with place.open(url, clock) as engine:
            began = time.perf_counter()
            _waiting_cases(engine, url, timers)
            made = time.perf_counter() - began
            clock.by = timedelta(hours=2)
            turns = {"timers": partial(_fired, engine, batch), "steps": partial(_steps, engine)}
            found = in_turn(turns, timers // batch, warm_up=0)
            if engine.handle(FireTimers(actor="clock", limit=1)):
                raise RuntimeError("not all timers had fired")
        steps = f"ordinary steps, {kind}"
        lines += [
            Line(steps, Spread.of(found["steps"]), "/s"),
            Line(
                f"due timers, {kind}",
                Spread.of(found["timers"]),
                "/s",
                steps,
                ratio(found["timers"], found["steps"]),
                ENOUGH,
                at_least=True,
            ),
        ]
        notes.append(f"{kind}: {timers:,} waiting cases were made in {made:.1f} s and {SAMPLE} of them verified.")
    notes.append(f"Fired in batches of {batch} by one worker, a transaction a case; between batches a case is played.")
    return Answer(f"(d) {timers:,} timers due at once", lines, notes)


def _fired(engine: Engine, batch: int) -> float:
    """Fires so many: timers a second."""
    began = time.perf_counter()
    fired = len(engine.handle(FireTimers(actor="clock", limit=batch)))
    if fired != batch:
        raise RuntimeError(f"{fired} timers fired instead of {batch}")
    return fired / (time.perf_counter() - began)


def _steps(engine: Engine) -> float:
    """A case played by a person: steps a second."""
    return 1 / step_of(engine)


def _waiting_cases(engine: Engine, url: str, count: int) -> None:
    number = engine.handle(StartCase(procedure="timer", actor=ACTOR)).case
    numbers = multiply(url, number, count - 1)
    for each in numbers[:: max(len(numbers) // SAMPLE, 1)]:
        report = engine.verify(each)
        if not report.ok:
            raise RuntimeError(f"the copy {each} is no genuine case")
