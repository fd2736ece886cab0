"""What a command costs, and how much of it is the diagram, the log and the disk."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from engine import Engine, bpmn
from engine.commands import CompleteTask, PublishVersion, StartCase

CHAIN = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="bench">'
    b'<process id="chain" isExecutable="true"><startEvent id="s"/>'
    + b"".join(b'<userTask id="t%d" name="task %d"/>' % (n, n) for n in range(12))
    + b'<sequenceFlow id="f" sourceRef="s" targetRef="t0"/>'
    + b"".join(b'<sequenceFlow id="f%d" sourceRef="t%d" targetRef="t%d"/>' % (n, n, n + 1) for n in range(11))
    + b"</process></definitions>"
)


def measured(times: int, action: Callable[[], object]) -> float:
    """The median of ``times`` runs, in milliseconds."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        found.append((time.perf_counter() - began) * 1e3)
    return statistics.median(found)


def main() -> None:
    now = datetime.now(UTC)
    files = {"chain.bpmn": CHAIN}
    definition = bpmn.load(files).procedures["chain"]
    first = bpmn.step(definition, None, bpmn.Start(), now)
    rows = [
        ("read and check the diagram", measured(30, lambda: bpmn.load(files))),
        (
            "one step in memory",
            measured(200, lambda: bpmn.step(definition, first.snapshot, bpmn.Complete(first.tasks[0].token), now)),
        ),
    ]
    with tempfile.TemporaryDirectory() as folder, Engine.open(f"sqlite:///{Path(folder) / 'bench.db'}") as engine:
        engine.handle(PublishVersion(files=files, actor="bench"))
        cases = [engine.handle(StartCase(procedure="chain", actor="bench")).case for _ in range(20)]

        def complete() -> None:
            engine.handle(CompleteTask(task=engine.open_tasks(case=cases[-1])[0].id, actor="bench"))
            if engine.case(cases[-1]).status == "closed":
                cases.pop()

        rows.append(
            (
                "start a case, committed",
                measured(50, lambda: engine.handle(StartCase(procedure="chain", actor="bench"))),
            )
        )
        rows.append(("complete a task, committed", measured(100, complete)))
        rows.append(("verify a finished case", measured(20, lambda: engine.verify(cases[-1]))))
    base = dict(rows)["one step in memory"]
    for name, milliseconds in rows:
        sys.stdout.write(f"{name:32} {milliseconds:8.2f} ms   {milliseconds / base:7.1f} × a step\n")


if __name__ == "__main__":
    main()
