"""Messages between cases: the key finds the one that waits."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Engine
from engine.commands import CancelCase, FireTimers, SendMessage
from engine.due_work import LONGEST_CHAIN
from engine.errors import Refused
from engine.settings import Settings
from tests.bpmn.drawing import END, MESSAGE, START, document, flows, users
from tests.bpmn.test_correlation import catches, keyed
from tests.engine.steps import complete, publish, start

WAITS = document(START + catches("c", "${no}") + users("a") + END + flows("start>c", "c>a", "a>end"))
THROW = f'<intermediateThrowEvent id="t">{keyed("${no}")}{MESSAGE}</intermediateThrowEvent>'
SENDS = document(START + users("x") + THROW + END + flows("start>x", "x>t", "t>end"), process="q")
BEGINS = document(f'<startEvent id="start">{MESSAGE}</startEvent>' + users("b") + flows("start>b"), process="r")


def told(engine: Engine, **given: Any) -> Any:
    return engine.handle(SendMessage(name="paid", actor="li", **given))


def test_the_key_finds_the_case(engine: Engine) -> None:
    publish(engine, WAITS)
    cases = [start(engine, no=f"A-{count}").case for count in range(5)]

    outcome = told(engine, key=" A-3 ", values={"amount": 5})

    assert outcome.case == cases[3] and [task.element for task in outcome.tasks] == ["a"]
    received = [entry.data for entry in engine.history(cases[3]) if entry.kind == "message_received"]
    assert [data["key"] for data in received] == ["A-3"]
    with pytest.raises(Refused):
        told(engine, key="A-3")
    with pytest.raises(Refused, match="A-9"):
        told(engine, key="A-9")
    assert [wait.key for wait in engine.case(cases[2]).waits] == ["A-2"]
    assert engine.verify().ok


def test_a_named_case_must_wait_for_the_key_if_one_is_given(engine: Engine) -> None:
    publish(engine, WAITS)
    case = start(engine, no="A-1").case
    with pytest.raises(Refused, match="A-2"):
        told(engine, case=case, key="A-2")
    told(engine, case=case)
    assert "key" not in [entry.data for entry in engine.history(case) if entry.kind == "message_received"][0]
    assert engine.verify().ok


def test_two_cases_with_one_key_are_named_not_guessed(engine: Engine) -> None:
    publish(engine, WAITS, BEGINS)
    cases = [start(engine, no="A-1").case for _ in range(2)]
    with pytest.raises(Refused) as refused:
        told(engine, key="A-1")
    assert all(case in str(refused.value) for case in cases)
    engine.handle(CancelCase(case=cases[0], reason="x", actor="li"))
    assert told(engine, key="A-1").case == cases[1]
    assert engine.verify().ok


@pytest.mark.parametrize("key", ["", "  ", "x" * 201, "a\x00b", "\ud800", 5])
def test_a_key_that_is_none_is_refused(engine: Engine, key: Any) -> None:
    publish(engine, WAITS)
    with pytest.raises(Refused):
        told(engine, key=key)


def test_where_nobody_waits_the_procedure_that_starts_with_it_begins(engine: Engine) -> None:
    publish(engine, WAITS, BEGINS)
    waiting = start(engine, no="A-1").case
    assert told(engine, key="A-1").case == waiting
    assert engine.case(told(engine, key="A-1").case).procedure == "r"


def test_a_message_thrown_in_one_case_reaches_the_other_with_its_key(engine: Engine) -> None:
    publish(engine, WAITS, SENDS)
    others = [start(engine, no=f"A-{count}").case for count in range(3)]
    thrower = start(engine, procedure="q", no="A-1")

    assert complete(engine, thrower).status == "closed"

    open_tasks = {task.case for task in engine.open_tasks()}
    assert open_tasks == {others[1]} and engine.outbox() == []
    received = next(entry for entry in engine.history(others[1]) if entry.kind == "message_received")
    assert (received.actor, received.data["key"]) == ("system", "A-1")
    assert engine.verify().ok


def test_without_a_case_that_waits_it_opens_one_or_leaves(engine: Engine) -> None:
    publish(engine, SENDS)
    complete(engine, start(engine, procedure="q", no="A-1"))
    assert [(send.topic, send.values["key"]) for send in engine.outbox()] == [("message", "A-1")]
    publish(engine, BEGINS)
    complete(engine, start(engine, procedure="q", no="A-1"))
    assert [task.element for task in engine.open_tasks()] == ["b"]
    assert engine.verify().ok


def test_a_case_does_not_get_its_own_message_back(engine: Engine) -> None:
    body = START + THROW + catches("c", "${no}") + users("a") + flows("start>t", "t>c", "c>a")
    publish(engine, document(body))
    number = start(engine, no="A-1").case
    assert [wait.key for wait in engine.case(number).waits] == ["A-1"]
    assert [send.topic for send in engine.outbox()] == ["message"]


def test_several_that_wait_are_an_incident_where_the_message_came_from(engine: Engine) -> None:
    publish(engine, WAITS, document(START + users("x") + THROW + users("y") + flows("start>x", "x>t", "t>y"), "q"))
    for _ in range(2):
        start(engine, no="A-1")
    thrower = complete(engine, start(engine, procedure="q", no="A-1"))
    assert engine.case(thrower.case).status == "stuck"
    assert engine.case(thrower.case).incidents[0].element == "t"
    engine.handle(FireTimers(actor="clock"))
    assert engine.verify().ok


def test_a_receiver_that_fails_is_stuck_and_the_sender_goes_on(engine: Engine) -> None:
    broken = START + catches("c", "${no}") + '<scriptTask id="s" name="s"><script>z = nothing</script></scriptTask>'
    publish(engine, document(broken + END + flows("start>c", "c>s", "s>end")), SENDS)
    receiver = start(engine, no="A-1").case
    thrower = complete(engine, start(engine, procedure="q", no="A-1"))
    assert engine.case(thrower.case).status == "closed"
    assert engine.case(receiver).incidents[0].element == "s"
    assert [wait.element for wait in engine.case(receiver).waits] == ["c"]
    assert engine.verify().ok


def test_two_cases_that_answer_each_other_for_ever_are_stopped(engine: Engine) -> None:
    def echo(process: str, sends: str, takes: str) -> bytes:
        event = '<messageEventDefinition messageRef="{}"/>'
        out = f'<intermediateThrowEvent id="t">{keyed("k")}{event.format(sends)}</intermediateThrowEvent>'
        wait = f'<intermediateCatchEvent id="c">{keyed("k")}{event.format(takes)}</intermediateCatchEvent>'
        return document(
            START + '<exclusiveGateway id="m"/>' + wait + out + flows("start>m", "m>c", "c>t", "t>m"), process
        )

    publish(engine, echo("p", "m2", "m1"), echo("q", "m1", "m2"))
    cases = [start(engine, procedure=name).case for name in ("p", "q")]
    told(engine, case=cases[0])
    caught = [entry for case in cases for entry in engine.history(case) if entry.kind == "message_received"]
    assert len(caught) == LONGEST_CHAIN + 1
    assert sorted(engine.case(case).status for case in cases) == ["open", "stuck"]
    assert engine.verify().ok


def test_what_a_crash_left_is_passed_on_once(
    database_url: str, settings: Settings, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Engine.open(database_url, clock=clock, settings=settings) as first:
        publish(first, WAITS, SENDS)
        waiting = start(first, no="A-1").case
        thrower = start(first, procedure="q", no="A-1")
        with monkeypatch.context() as gone:
            # The process dies between the commit and the passing on.
            gone.setattr(Engine, "hand_on", lambda self: None)
            complete(first, thrower)
        assert [send.topic for send in first.outbox()] != []
    with Engine.open(database_url, clock=clock, settings=settings) as again:
        assert list(again.open_tasks(case=waiting)) == []
        for _ in range(2):
            again.handle(FireTimers(actor="clock"))
        assert [task.element for task in again.open_tasks(case=waiting)] == ["a"]
        assert [entry.kind for entry in again.history(waiting)].count("message_received") == 1
        assert again.outbox() == [] and again.verify().ok


def test_what_was_meant_for_a_case_that_has_moved_on_leaves(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(engine, WAITS, SENDS)
    waiting = start(engine, no="A-1").case
    with monkeypatch.context() as busy:
        busy.setattr(Engine, "hand_on", lambda self: None)
        complete(engine, start(engine, procedure="q", no="A-1"))
    engine.handle(CancelCase(case=waiting, reason="x", actor="li"))
    engine.handle(FireTimers(actor="clock"))
    assert [(send.topic, send.values["key"]) for send in engine.outbox()] == [("message", "A-1")]
