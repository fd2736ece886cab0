"""Replaying a case from its log."""

from __future__ import annotations

from itertools import pairwise

import pytest

from engine import Engine
from engine.commands import CancelCase
from engine.errors import NotAllowed
from tests.bpmn.drawing import END, START, document, flow, flows, users
from tests.engine.steps import TWO, complete, publish, staff, start

LOOP = document(
    START
    + users("a")
    + '<exclusiveGateway id="g" default="g_end"/>'
    + END
    + flows("start>a", "a>g", "g>end")
    + flow("g", "a", "${again}", name="again")
)


def test_frames_follow_the_log(engine: Engine) -> None:
    publish(engine, TWO)
    outcome = complete(engine, start(engine, n=1), n=2)
    complete(engine, outcome)

    frames = engine.frames(outcome.case)

    assert [frame.seq for frame in frames] == [entry.seq for entry in engine.history(outcome.case)]
    assert [frame.kind for frame in frames if frame.command] == ["case_started", "task_completed", "task_completed"]
    changed = [frame.changed for frame in frames if frame.changed]
    assert changed == [{"n": (1, 2)}]
    opened = next(frame for frame in frames if frame.kind == "task_opened" and frame.element == "b")
    assert opened.active == ({"process": "p", "element": "b"},)
    assert [place["element"] for place in opened.done] == ["start", "a"]
    assert [place["flow"] for place in opened.flows] == ["start_a", "a_b"]
    assert frames[-1].active == ()
    assert next(frame for frame in frames if frame.kind == "task_completed").entered == {"n": 2}


def test_what_was_done_only_grows_and_stays_as_small_as_the_diagram(engine: Engine) -> None:
    publish(engine, LOOP)
    outcome = start(engine)
    for _ in range(20):
        outcome = complete(engine, outcome, again=True)
    complete(engine, outcome, again=False)

    frames = engine.frames(outcome.case)

    for before, after in pairwise(frames):
        assert after.done[: len(before.done)] == before.done
        assert after.flows[: len(before.flows)] == before.flows
    assert len(frames[-1].done) == 4
    assert len({id(frame.done) for frame in frames}) <= 6
    assert frames[-1].as_json()["done"][0] == {"process": "p", "element": "start"}


def test_a_cancelled_case_ends_with_nothing_active(engine: Engine) -> None:
    publish(engine, TWO)
    number = start(engine).case
    engine.handle(CancelCase(case=number, reason="x", actor="li"))
    assert engine.frames(number)[-1].active == ()


def test_a_replay_is_for_those_who_may_see_the_case(engine: Engine) -> None:
    publish(engine, TWO)
    staff(engine, li="agent", shen="auditor")
    outcome = start(engine)
    for _ in range(2):
        outcome = complete(engine, outcome)
    assert engine.frames(outcome.case, "shen")
    staff(engine, wang="agent")
    with pytest.raises(NotAllowed):
        engine.frames(outcome.case, "wang")
