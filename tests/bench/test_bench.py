"""Every benchmark still runs and answers its question, in its tiniest size. Nothing here looks at how long it took."""

from __future__ import annotations

import importlib
import json
import math
from functools import partial
from pathlib import Path

import pytest

from bench import engines
from bench.__main__ import QUESTIONS
from bench.databases import Place
from bench.measuring import Spread, in_turn, ratio
from bench.report import Answer, Line, table
from tests.conftest import POSTGRES


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """SQLite in a new folder, and PostgreSQL where the tests have one."""
    return Place(tmp_path, POSTGRES or None, "tiny")


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_is_answered(question: str, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    # Other engines are downloaded by scripts of their own; without them only ours is there.
    monkeypatch.setattr(engines, "OPERATON", place.folder / "nothing")
    monkeypatch.setattr(engines, "BPMN_ENGINE", place.folder / "nothing")

    answer: Answer = importlib.import_module(f"bench.{question}").run(place)

    for kind in place.kinds:
        assert any(kind in line.what for line in answer.lines)
    figures = [spread for line in answer.lines for spread in (line.figure, line.ratio) if spread is not None]
    assert all(math.isfinite(one.median) and one.least <= one.median <= one.most for one in figures)
    if question != "engines":
        assert any(line.ratio is not None for line in answer.lines)
    assert json.loads(json.dumps(answer.as_json(), allow_nan=False))["question"] == answer.question
    assert all(line.what in table(answer) for line in answer.lines)


def test_contestants_take_turns() -> None:
    order: list[str] = []

    def turn(name: str) -> float:
        order.append(name)
        return float(len(order))

    found = in_turn({name: partial(turn, name) for name in "abc"}, rounds=2)

    assert "".join(order) == "abcbcacab"
    assert found == {"a": [6.0, 8.0], "b": [4.0, 9.0], "c": [5.0, 7.0]}


def test_ratios_compare_what_was_measured_next_to_each_other() -> None:
    assert ratio([2.0, 30.0, 4.0], [1.0, 10.0, 4.0]) == Spread(2.0, 1.0, 3.0, 3)


def test_a_target_is_met_or_missed_by_the_median() -> None:
    spread = Spread(1.1, 0.5, 9.0, 5)
    assert Line("x", spread, "ms", "y", spread, limit=1.2).met is True
    assert Line("x", spread, "ms", "y", spread, limit=1.2, at_least=True).met is False
    assert Line("x", spread, "ms", "y", spread).met is None
    assert "MISSED" in table(Answer("q", [Line("x", spread, "ms", "y", spread, limit=1.0)]))
