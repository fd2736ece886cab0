"""What does a durable step cost, against SpiffWorkflow alone, against it with naive saving, and against the disk?"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState

from bench.databases import ACTOR, Place
from bench.diagrams import CHAIN, TASKS, entered
from bench.measuring import Spread, in_turn, ratio
from bench.plain import PlainTable
from bench.report import Answer, Line
from engine import Engine
from engine.commands import CompleteTask, StartCase

Clock = Callable[[], float]
MEMORY = "SpiffWorkflow in memory"
ALLOWED = "3 × SpiffWorkflow in memory + commit"
#: Measured with the processor time of this process, which other programs on the machine do not lengthen.
PROCESSOR = ", processor time"
ROUNDS: Mapping[str, int] = {"tiny": 1, "quick": 40, "full": 300}


def run(place: Place) -> Answer:
    """Each round is one case of twelve steps for each contestant; its figure is the mean seconds of a step."""
    alone = Alone()
    contestants: dict[str, Callable[[], float]] = {
        MEMORY: alone.live,
        MEMORY + PROCESSOR: partial(alone.live, time.process_time),
        "SpiffWorkflow from and to text": alone.from_text,
    }
    with ExitStack() as open_ones:
        for kind in place.kinds:
            engine = open_ones.enter_context(place.open(place.prepared(kind)))
            rows = open_ones.enter_context(PlainTable.open(place.new_database(kind)))
            contestants[f"Huiyin, {kind}"] = partial(step_of, engine)
            contestants[f"Huiyin, {kind}{PROCESSOR}"] = partial(step_of, engine, time.process_time)
            contestants[f"SpiffWorkflow + JSON + commit, {kind}"] = partial(alone.saved, rows)
            size = snapshot_size(engine)
            commit = f"one UPDATE and COMMIT, {kind}"
            contestants[commit] = partial(committing, rows, size)
            contestants[commit + PROCESSOR] = partial(committing, rows, size, time.process_time)
        found = in_turn(contestants, ROUNDS[place.size])
    return Answer("(a) a step of a 12-task procedure, durable", _lines(place, found), NOTES)


NOTES = (
    "A step completes one task: rights, log entries, snapshot and the index of open tasks, committed with fsync.",
    "SpiffWorkflow in memory: the workflow object is kept, nothing is stored.",
    "From and to text: restored and serialised each step, nothing stored. + JSON + commit: and kept in one row.",
    "Processor time: of this process only; what the disk and PostgreSQL's server take is not in it.",
)


def _lines(place: Place, found: Mapping[str, list[float]]) -> list[Line]:
    def line(name: str, against: str, below: list[float], **target: Any) -> Line:
        return Line(name, Spread.of(found[name]).times(1e3), "ms", against, ratio(found[name], below), **target)

    def allowed(commit: str, suffix: str = "") -> list[float]:
        """What a step may take: three of SpiffWorkflow's and a commit, as they were in the same round."""
        return [3 * step + disk for step, disk in zip(found[MEMORY + suffix], found[commit + suffix], strict=True)]

    lines = [Line(MEMORY, Spread.of(found[MEMORY]).times(1e3), "ms")]
    lines.append(line("SpiffWorkflow from and to text", MEMORY, found[MEMORY]))
    for kind in place.kinds:
        ours, naive = f"Huiyin, {kind}", f"SpiffWorkflow + JSON + commit, {kind}"
        commit = f"one UPDATE and COMMIT, {kind}"
        lines += [
            line(commit, MEMORY, found[MEMORY]),
            line(naive, MEMORY, found[MEMORY]),
            line(ours, ALLOWED, allowed(commit), limit=1.0),
            line(ours + PROCESSOR, ALLOWED, allowed(commit, PROCESSOR)),
            line(ours, naive, found[naive]),
            line(ours, commit, found[commit]),
        ]
    return lines


def step_of(engine: Engine, clock: Clock = time.perf_counter) -> float:
    """One case of ours from start to end: seconds a step."""
    outcome = engine.handle(StartCase(procedure="chain", actor=ACTOR))
    spent = 0.0
    for step in range(TASKS):
        command = CompleteTask(task=outcome.tasks[0].id, values=entered(step), actor=ACTOR)
        began = clock()
        outcome = engine.handle(command)
        spent += clock() - began
    if outcome.status != "closed":
        raise RuntimeError(f"{outcome.case} is {outcome.status}")
    return spent / TASKS


def snapshot_size(engine: Engine) -> int:
    """Bytes of a snapshot half-way through a case: what a commit of the same size must write."""
    outcome = engine.handle(StartCase(procedure="chain", actor=ACTOR))
    for step in range(TASKS // 2):
        outcome = engine.handle(CompleteTask(task=outcome.tasks[0].id, values=entered(step), actor=ACTOR))
    values = engine.case(outcome.case).values
    # The snapshot is the values and one token; the engine does not show its text.
    return len(str(values)) + 300


def committing(rows: PlainTable, size: int, clock: Clock = time.perf_counter) -> float:
    """The disk alone: seconds to replace one row of that size and commit, as the mean of as many as a case has."""
    texts = [str(step) + "x" * size for step in range(TASKS)]
    rows.put("commit", "")
    began = clock()
    for text in texts:
        rows.put("commit", text)
    return (clock() - began) / TASKS


class Alone:
    """The same diagram on SpiffWorkflow itself: its parser, its workflow, its serializer."""

    def __init__(self) -> None:
        parser = BpmnParser()
        parser.add_bpmn_io(io.BytesIO(CHAIN))
        self._spec = parser.get_spec("chain")
        self._subprocesses = parser.get_subprocess_specs("chain")
        self._serializer = BpmnWorkflowSerializer()

    def _begin(self) -> Any:
        workflow = BpmnWorkflow(self._spec, self._subprocesses)
        workflow.do_engine_steps()
        return workflow

    def live(self, clock: Clock = time.perf_counter) -> float:
        """The workflow is kept: nothing is read, nothing is written."""
        workflow = self._begin()
        spent = 0.0
        for step in range(TASKS):
            began = clock()
            _complete(workflow, step)
            spent += clock() - began
        return _ended(workflow, spent)

    def from_text(self) -> float:
        """Restored before and serialised after each step."""
        text = self._serializer.serialize_json(self._begin())
        spent = 0.0
        for step in range(TASKS):
            began = time.perf_counter()
            workflow = self._serializer.deserialize_json(text)
            _complete(workflow, step)
            text = self._serializer.serialize_json(workflow)
            spent += time.perf_counter() - began
        return _ended(workflow, spent)

    def half_way_bytes(self) -> int:
        """The size of the serialised workflow when half of its tasks are done."""
        workflow = self._begin()
        for step in range(TASKS // 2):
            _complete(workflow, step)
        return len(self._serializer.serialize_json(workflow).encode())

    def saved(self, rows: PlainTable) -> float:
        """Read from a row, stepped, written back as a whole, committed."""
        rows.put("case", self._serializer.serialize_json(self._begin()))
        spent = 0.0
        for step in range(TASKS):
            began = time.perf_counter()
            workflow = self._serializer.deserialize_json(rows.get("case"))
            _complete(workflow, step)
            rows.put("case", self._serializer.serialize_json(workflow))
            spent += time.perf_counter() - began
        return _ended(workflow, spent)


def _complete(workflow: Any, step: int) -> None:
    task = workflow.get_next_task(state=TaskState.READY, manual=True)
    task.data.update(entered(step))
    task.run()
    workflow.do_engine_steps()


def _ended(workflow: Any, spent: float) -> float:
    if not workflow.is_completed():
        raise RuntimeError("SpiffWorkflow did not reach the end")
    return spent / TASKS
