"""Procedures that open cases by themselves."""

from __future__ import annotations

import threading

import pytest

from engine import Engine
from engine.commands import FireTimers, SendMessage, SendSignal, StartCase
from engine.errors import EngineError, Refused
from tests.bpmn.drawing import END, MESSAGE, SIGNAL, document, flows, timer, users
from tests.conftest import FakeClock
from tests.engine.steps import publish


def starting(text: str, kind: str = "timeDuration", note: str = "", process: str = "p") -> bytes:
    """A timer start event ``at`` and a task after it."""
    return document(
        f'<documentation>{note}</documentation><startEvent id="at">{timer(text, kind)}</startEvent>'
        + users("a")
        + END
        + flows("at>a", "a>end"),
        process=process,
    )


def fire(engine: Engine, limit: int = 100) -> list[str]:
    """The cases that moved or opened."""
    return [outcome.case for outcome in engine.handle(FireTimers(actor="clock", limit=limit))]


def test_a_case_opens_when_its_moment_has_come_and_once(engine: Engine, clock: FakeClock) -> None:
    publish(engine, starting("2026-11-23T10:00:00+08:00", "timeDate"))
    clock.forward(minutes=59)
    assert fire(engine) == []
    clock.forward(minutes=1)
    (number,) = fire(engine)
    assert [task.element for task in engine.open_tasks(case=number)] == ["a"]
    first = engine.history(number)[0]
    assert (first.kind, first.actor, first.data["element"]) == ("case_started", "clock", "at")
    clock.forward(days=9)
    assert fire(engine) == []
    assert engine.verify().ok


def test_a_cycle_opens_each_case_also_those_it_missed(engine: Engine, clock: FakeClock) -> None:
    publish(engine, starting("R3/P1D", "timeCycle"))
    clock.forward(days=1)
    assert len(fire(engine)) == 1
    clock.forward(days=5)
    assert len(fire(engine, limit=1)) == 1, "one batch after the other"
    assert len(fire(engine)) == 1
    assert fire(engine) == []
    assert engine.cases().total == 3 and engine.verify().ok


def test_what_is_past_when_it_is_published_opens_nothing(engine: Engine, clock: FakeClock) -> None:
    publish(
        engine,
        starting("2026-11-22T10:00:00+08:00", "timeDate", process="gone"),
        starting("R3/2026-11-22T10:00:00+08:00/P1D", "timeCycle", process="begun"),
        starting("R/2020-01-31T10:00:00+08:00/P1M", "timeCycle", process="old"),
        starting("R3/2020-01-31T10:00:00+08:00/P1D", "timeCycle", process="over"),
    )
    assert fire(engine) == []
    clock.forward(days=3)
    assert [engine.case(number).procedure for number in fire(engine)] == ["begun", "begun"]
    clock.forward(days=30)
    assert [engine.case(number).procedure for number in fire(engine)] == ["old"]


def test_publishing_again_neither_repeats_nor_begins_anew(engine: Engine, clock: FakeClock) -> None:
    publish(engine, starting("R/P7D", "timeCycle"))
    clock.forward(days=6)
    assert len(publish(engine, starting("R/P7D", "timeCycle", note="clearer"))) == 1
    clock.forward(days=1)
    (number,) = fire(engine)
    assert engine.case(number).version == 2
    publish(engine, starting("PT1H", note="changed"))
    clock.forward(hours=1)
    assert [engine.case(number).version for number in fire(engine)] == [3]
    publish(engine, starting("PT1H", note="the same moment"))
    clock.forward(days=9)
    assert fire(engine) == []


def test_a_version_without_the_event_opens_nothing(engine: Engine, clock: FakeClock) -> None:
    publish(engine, starting("PT1H"))
    publish(engine, document('<startEvent id="start"/>' + users("a") + flows("start>a")))
    clock.forward(hours=2)
    assert fire(engine) == []


def test_a_start_that_fails_holds_up_nobody_and_is_not_lost(engine: Engine, clock: FakeClock) -> None:
    broken = document(
        f'<startEvent id="at">{timer("PT1H")}</startEvent>'
        '<scriptTask id="s"><script>x = missing + 1</script></scriptTask>' + flows("at>s"),
        process="broken",
    )
    publish(engine, broken, starting("PT2H"))
    clock.forward(hours=3)
    assert [engine.case(number).procedure for number in fire(engine)] == ["p"]
    assert engine.cases().total == 1
    publish(engine, broken.replace(b"missing + 1", b"1"))
    assert [engine.case(number).procedure for number in fire(engine)] == ["broken"]


def test_a_timer_by_expression_without_data(engine: Engine, clock: FakeClock) -> None:
    publish(engine, starting("${'PT' + '2H'}"))
    clock.forward(hours=1)
    assert fire(engine) == []
    clock.forward(hours=1)
    assert len(fire(engine)) == 1


def test_each_start_event_of_a_procedure_begins_its_own_way(engine: Engine, clock: FakeClock) -> None:
    publish(
        engine,
        document(
            '<startEvent id="start"/>'
            f'<startEvent id="by_message">{MESSAGE}</startEvent><startEvent id="by_signal">{SIGNAL}</startEvent>'
            f'<startEvent id="by_hour">{timer("PT1H")}</startEvent><startEvent id="by_day">{timer("P1D")}</startEvent>'
            + users("a", "m", "s", "h", "d")
            + flows("start>a", "by_message>m", "by_signal>s", "by_hour>h", "by_day>d")
        ),
    )

    def tasks(number: str) -> list[str]:
        return [task.element for task in engine.open_tasks(case=number)]

    assert tasks(engine.handle(StartCase(procedure="p", actor="li")).case) == ["a"]
    assert tasks(engine.handle(SendMessage(name="paid", actor="li")).case) == ["m"]
    assert [tasks(outcome.case) for outcome in engine.handle(SendSignal(name="go", actor="system"))] == [["s"]]
    clock.forward(days=1)
    assert [tasks(number) for number in fire(engine)] == [["h"], ["d"]]
    assert engine.verify().ok


def test_a_procedure_that_only_time_starts_can_be_started_by_hand_where_that_is_clear(engine: Engine) -> None:
    publish(engine, starting("PT1H"))
    assert [task.element for task in engine.handle(StartCase(procedure="p", actor="li")).tasks] == ["a"]
    two = f'<startEvent id="one">{timer("PT1H")}</startEvent><startEvent id="two">{MESSAGE}</startEvent>'
    publish(engine, document(two + users("a") + flows("one>a", "two>a"), process="both"))
    with pytest.raises(Refused):
        engine.handle(StartCase(procedure="both", actor="li"))


def test_several_workers_open_each_case_once(engine: Engine, clock: FakeClock) -> None:
    publish(engine, starting("R20/PT1M", "timeCycle"))
    clock.forward(hours=1)
    workers = [threading.Thread(target=lambda: engine.handle(FireTimers(actor="clock"))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    fire(engine)
    assert engine.cases().total == 20 and engine.verify().ok


def test_a_cycle_of_months_and_one_of_working_days(engine: Engine, clock: FakeClock) -> None:
    publish(
        engine,
        starting("R/2026-08-31T10:00:00+08:00/P1M", "timeCycle", process="month"),
        starting("R/2026-11-20T10:00:00+08:00/1 WD", "timeCycle", process="day"),
    )
    opened = []
    for _ in range(10):
        opened += [engine.case(number).procedure for number in fire(engine)]
        clock.forward(days=1)
    # 23 to 27 November are working days; the 30th is one too, and the last of its month.
    assert opened == ["day"] * 6 + ["month", "day"]


def test_a_cycle_that_began_too_long_ago_is_not_published(engine: Engine) -> None:
    with pytest.raises(EngineError, match="at"):
        publish(engine, starting("R/1900-01-01T10:00:00+08:00/P1D", "timeCycle"))
    assert engine.procedures() == []


def test_who_began_the_case_is_kept_where_the_diagram_says_so(engine: Engine, clock: FakeClock) -> None:
    publish(
        engine,
        document(
            '<startEvent id="start" camunda:initiator="starter"/>'
            f'<startEvent id="at">{timer("PT1H")}</startEvent>'
            + '<userTask id="a" camunda:assignee="${starter}"/>'
            + flows("start>a", "at>a")
        ),
    )
    assert engine.handle(StartCase(procedure="p", actor="li")).tasks[0].assignee == "li"
    clock.forward(hours=1)
    (number,) = fire(engine)
    assert engine.open_tasks(case=number)[0].assignee == "clock"
    assert engine.verify().ok
