"""Does a case grow slow with its past? The same command on a young case and after hundreds of rework rounds."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from engine import Engine
from engine.commands import CompleteTask, PublishVersion, StartCase

LOOP = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="bench">
  <process id="rework" isExecutable="true">
    <startEvent id="start"/><sequenceFlow id="f0" sourceRef="start" targetRef="again"/>
    <exclusiveGateway id="again"/><sequenceFlow id="f1" sourceRef="again" targetRef="fork"/>
    <parallelGateway id="fork"/>
    <sequenceFlow id="f2" sourceRef="fork" targetRef="one"/><sequenceFlow id="f3" sourceRef="fork" targetRef="two"/>
    <userTask id="one" name="one"/><userTask id="two" name="two"/>
    <sequenceFlow id="f4" sourceRef="one" targetRef="join"/><sequenceFlow id="f5" sourceRef="two" targetRef="join"/>
    <parallelGateway id="join"/><sequenceFlow id="f6" sourceRef="join" targetRef="again"/>
  </process>
</definitions>"""


def round_of(engine: Engine, case: str) -> float:
    """Seconds for one round: two tasks completed."""
    began = time.perf_counter()
    for task in engine.open_tasks(case=case):
        engine.handle(CompleteTask(task=task.id, values={"note": "x" * 50}, actor="bench"))
    return time.perf_counter() - began


def median_of(times: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(times))


def main(rounds: int = 300) -> None:
    with tempfile.TemporaryDirectory() as folder, Engine.open(f"sqlite:///{Path(folder) / 'bench.db'}") as engine:
        engine.handle(PublishVersion(files={"rework.bpmn": LOOP}, actor="bench"))
        case = engine.handle(StartCase(procedure="rework", actor="bench")).case
        round_of(engine, case)
        young = median_of(20, lambda: round_of(engine, case))
        for _ in range(rounds):
            round_of(engine, case)
        old = median_of(20, lambda: round_of(engine, case))
        sys.stdout.write(
            f"one round (2 tasks, 2 commits): young {young * 1e3:.1f} ms, after {rounds} rounds {old * 1e3:.1f} ms, "
            f"ratio {old / young:.2f}\nlog entries: {len(engine.history(case))}\n"
        )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
