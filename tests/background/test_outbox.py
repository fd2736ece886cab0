"""What leaves for the outside: once at least, under the same key, later again if it could not, and at last a person."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from engine import Engine
from engine.background import drain
from engine.commands import FetchSends, MarkSent, NoteSendFailed, RetryIncident, RetrySend
from engine.errors import NotAllowed, NotFound
from engine.records import Send
from engine.rules.backoff import MOST_ATTEMPTS
from tests.background.diagrams import NOTICE
from tests.engine.steps import complete, kinds, publish, staff, start

Deliver = Callable[[Engine, Send], None]


class Carrier:
    """Carries things away, or not: remembers the key of each attempt."""

    def __init__(self, broken: bool = False) -> None:
        self.broken = broken
        self.keys: list[str] = []

    def __call__(self, engine: Engine, send: Send) -> None:
        self.keys.append(send.key)
        if self.broken:
            raise ConnectionRefusedError("the gateway is away")


@pytest.fixture
def noticed(engine: Engine) -> str:
    """A case with a notice in the outbox."""
    publish(engine, NOTICE)
    return complete(engine, start(engine, procedure="notices")).case


def test_what_waits_leaves_once(engine: Engine, noticed: str) -> None:
    carrier = Carrier()

    done = drain(engine, {"notify": carrier})

    assert (done.sent, done.not_sent, done.ok, len(carrier.keys)) == (1, 0, True, 1)
    assert drain(engine, {"notify": carrier}).sent == 0
    assert engine.outbox() == []


def test_a_topic_that_nobody_carries_waits_for_a_script(engine: Engine, noticed: str) -> None:
    assert drain(engine, {"other": Carrier()}).sent == 0

    (waiting,) = engine.outbox()
    assert (waiting.topic, waiting.attempts) == ("notify", 0)
    engine.handle(MarkSent(send=waiting.id, actor="system"))
    assert engine.outbox() == []


def test_what_cannot_leave_is_tried_again_ever_later_then_a_person_has_it(
    engine: Engine, clock: Any, noticed: str
) -> None:
    carrier = Carrier(broken=True)
    pauses: list[int] = []
    minutes = 0
    while len(carrier.keys) < MOST_ATTEMPTS:
        before = len(carrier.keys)
        drain(engine, {"notify": carrier})
        if len(carrier.keys) > before:
            pauses.append(minutes)
            minutes = 0
        clock.forward(seconds=30)
        minutes += 1

    # In half minutes: 30 seconds, then twice as long each time, an hour at most.
    assert pauses == [0, 1, 2, 4, 8, 16, 32, 64]
    assert len(set(carrier.keys)) == 1
    case = engine.case(noticed)
    assert (case.status, [incident.element for incident in case.incidents]) == ("stuck", ["n"])
    assert "ConnectionRefusedError" in case.incidents[0].en
    assert (engine.health().given_up, engine.health().incidents) == (1, 1)

    # The case goes on by hand meanwhile; the incident stays, for what it is about has not left.
    clock.forward(days=3)
    assert drain(engine, {"notify": carrier}).not_sent == 0
    assert engine.health().failing == 0

    carrier.broken = False
    engine.handle(RetryIncident(case=noticed, seq=case.incidents[0].seq, actor="system"))
    assert drain(engine, {"notify": carrier}).sent == 1
    assert (engine.case(noticed).status, engine.outbox()) == ("open", [])
    assert kinds(engine, noticed).count("incident_raised n") == 1
    assert engine.verify().ok


def test_whoever_takes_something_and_never_comes_back_is_not_waited_for(
    engine: Engine, clock: Any, noticed: str
) -> None:
    (first,) = engine.handle(FetchSends(topic="notify", seconds=600, actor="system"))
    assert engine.handle(FetchSends(topic="notify", actor="system")) == []
    carrier = Carrier()
    assert drain(engine, {"notify": carrier}).sent == 0

    clock.forward(minutes=10)
    assert drain(engine, {"notify": carrier}).sent == 1
    assert carrier.keys == [first.key]
    # The first comes back after all: nothing changes.
    engine.handle(NoteSendFailed(send=first.id, reason="late", actor="system"))
    assert engine.outbox() == []


def test_one_that_kills_its_worker_each_time_is_given_up(engine: Engine, clock: Any, noticed: str) -> None:
    for _ in range(MOST_ATTEMPTS):
        assert len(engine.handle(FetchSends(topic="notify", seconds=60, actor="system"))) == 1
        clock.forward(minutes=1)

    assert engine.handle(FetchSends(topic="notify", actor="system")) == []
    assert engine.case(noticed).status == "stuck"


def test_workers_at_once_send_each_thing_once(engine: Engine) -> None:
    publish(engine, NOTICE)
    for _ in range(12):
        complete(engine, start(engine, procedure="notices"))
    carrier = Carrier()
    workers = [threading.Thread(target=drain, args=(engine, {"notify": carrier})) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(carrier.keys) == len(set(carrier.keys)) == 12
    assert engine.outbox() == []


def test_sending_is_the_workers_business(engine: Engine, noticed: str) -> None:
    staff(engine, li="agent")
    (waiting,) = engine.outbox()
    for command in (
        FetchSends(topic="notify", actor="li"),
        NoteSendFailed(send=waiting.id, reason="x", actor="li"),
        RetrySend(send=waiting.id, actor="li"),
    ):
        with pytest.raises(NotAllowed):
            engine.handle(command)
    with pytest.raises(NotFound):
        engine.handle(RetrySend(send=waiting.id + 1, actor="system"))
