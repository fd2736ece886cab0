"""``kill -9`` at any moment: a case stands before or after the step, what was said is done, the log holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from engine import Engine
from tests.cli.conftest import DIAGRAMS, Huiyin

ROUNDS = 15

#: Starts cases and carries each to its end, as fast as it can, saying so after each step.
BUSY = """
import os, sys
from engine import Engine
from engine.commands import CompleteTask, StartCase
engine = Engine.open(os.environ["HUIYIN_DATABASE_URL"])
while True:
    outcome = engine.handle(StartCase(procedure="两步", actor="li"))
    print(outcome.case, len(engine.history(outcome.case)), flush=True)
    while outcome.tasks:
        outcome = engine.handle(CompleteTask(task=outcome.tasks[0].id, values={"urgent": True}, actor="li"))
        print(outcome.case, len(engine.history(outcome.case)), flush=True)
"""


def killed_after(steps: int, milliseconds: int) -> list[str]:
    """What a busy process said before it was killed, that long after its ``steps``-th step."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUTF8": "1"}
    with subprocess.Popen([sys.executable, "-c", BUSY], env=environment, stdout=subprocess.PIPE, text=True) as busy:
        assert busy.stdout is not None
        said = [busy.stdout.readline() for _ in range(steps)]
        try:
            busy.wait(milliseconds / 1000)
        except subprocess.TimeoutExpired:
            busy.kill()
        rest = busy.stdout.read().splitlines(keepends=True)
    assert busy.returncode == -9
    return [line for line in said + rest if line.endswith("\n")]


def test_a_killed_step_happened_wholly_or_not_at_all(huiyin: Huiyin) -> None:
    assert huiyin("publish", DIAGRAMS / "two-tasks.bpmn").code == 0

    for number in range(ROUNDS):
        said = killed_after(steps=1 + number % 4, milliseconds=3 * number)

        with Engine.open(os.environ["HUIYIN_DATABASE_URL"]) as engine:
            report = engine.verify()
            assert report.ok, list(report.mismatches)
            for line in said:
                case, entries = line.split()
                assert len(engine.history(case)) >= int(entries)

    # Whatever was left half-way goes on.
    for task in huiyin("tasks", "--json").json["tasks"]:
        assert huiyin("complete", task["id"], values={"urgent": False}).code == 0
    assert huiyin("verify", "--json").json["ok"] is True
