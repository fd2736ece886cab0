"""Does a case grow slow with its past? Its step 1,000 and 5,000 against its step 10."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial

from bench.databases import ACTOR, Place
from bench.measuring import Spread, in_turn, ratio
from bench.report import Answer, Line
from engine import Engine
from engine.commands import CompleteTask, StartCase

#: Ages in steps, steps in a turn, rounds. Each turn of an old case makes it that much older.
SIZES: Mapping[str, tuple[tuple[int, ...], int, int]] = {
    "tiny": ((10, 20), 4, 1),
    "quick": ((10, 1000), 10, 15),
    "full": ((10, 1000, 5000), 10, 40),
}
#: A step may cost this much more than a young case's.
FLAT = 1.2
SHAPES = {"rework": "rework loop of one task", "parallel": "AND block in a loop"}


class Aged:
    """A case that is brought to an age and then measured."""

    def __init__(self, engine: Engine, procedure: str, age: int) -> None:
        self._engine = engine
        self._outcome = engine.handle(StartCase(procedure=procedure, actor=ACTOR))
        self.steps(age)

    def steps(self, count: int) -> float:
        """Completes so many tasks, the one open longest first: seconds a step."""
        began = time.perf_counter()
        for _ in range(count):
            command = CompleteTask(task=self._outcome.tasks[0].id, values={"note": "x" * 50}, actor=ACTOR)
            self._outcome = self._engine.handle(command)
        return (time.perf_counter() - began) / count


def run(place: Place) -> Answer:
    """Old cases are made first; then young and old take turns, so that the machine's moods hit both."""
    ages, count, rounds = SIZES[place.size]
    lines: list[Line] = []
    for kind in place.kinds:
        with place.open(place.prepared(kind)) as engine:
            for procedure, shape in SHAPES.items():
                lines += _measured(engine, procedure, f"{shape}, {kind}", ages, count, rounds)
    return Answer(
        "(b) a step late in a case's life against an early one",
        lines,
        (f"Each figure is the mean of {count} steps next to that age; “step {ages[0]}” is a new case in every round.",),
    )


def _of_a_new_case(engine: Engine, procedure: str, age: int, count: int) -> float:
    return Aged(engine, procedure, max(age - count // 2, 0)).steps(count)


def _measured(engine: Engine, procedure: str, shape: str, ages: tuple[int, ...], count: int, rounds: int) -> list[Line]:
    young, *old = ages
    # The steps of a turn lie around the age in the middle of all turns.
    aged = {age: Aged(engine, procedure, max(age - rounds * count // 2, young)) for age in old}
    contestants = {f"step {age:,}, {shape}": partial(case.steps, count) for age, case in aged.items()}
    first = f"step {young}, {shape}"
    contestants[first] = partial(_of_a_new_case, engine, procedure, young, count)
    found = in_turn(contestants, rounds)
    lines = [Line(first, Spread.of(found[first]).times(1e3), "ms")]
    for name in list(contestants)[:-1]:
        lines.append(
            Line(name, Spread.of(found[name]).times(1e3), "ms", f"step {young}", ratio(found[name], found[first]), FLAT)
        )
    return lines
