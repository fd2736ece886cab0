"""The background worker does the topics that are built in, and carries notices away where they can leave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine import Engine, Settings
from engine.background import Worker
from engine.commands import SuspendCase
from tests.bpmn.drawing import END, START, document, users
from tests.bpmn.test_service_tasks import line, service
from tests.engine.steps import publish, start
from tests.topics.test_webhook import Office, office

__all__ = ["office"]

#: The library carries a picture finder that Python 3.13 drops.
pytestmark = pytest.mark.filterwarnings("ignore:.*imghdr:DeprecationWarning")

DRAWN = document(
    START
    + service("n", "notify", title="T", text="${n}")
    + service("d", "document", name="a.txt", text="${n}")
    + users("a")
    + END
    + line("n", "d", "a")
)


def test_a_round_does_documents_and_leaves_notices_that_cannot_go(engine: Engine) -> None:
    publish(engine, DRAWN)
    number = start(engine, n="x").case
    done = Worker(engine).once()
    assert (done.worked, done.sent, done.not_sent) == (1, 0, 0)
    assert [task.element for task in engine.open_tasks(case=number)] == ["a"]
    assert [(send.topic, send.attempts) for send in engine.outbox()] == [("notify", 0)]
    assert engine.case(number).status == "open"
    assert engine.verify().ok


def test_notices_leave_where_an_address_is_set(
    database_url: str, clock: Any, settings: Settings, office: Office
) -> None:
    addressed = replace(settings, notify_urls=office.url.replace("http://", "json://").partition("?")[0])
    with Engine.open(database_url, clock=clock, settings=addressed) as engine:
        publish(engine, DRAWN)
        start(engine, n="x")
        assert Worker(engine).once().sent == 1
        assert engine.outbox() == []
        assert len(office.asked) == 1
        office.status = 500
        start(engine, n="y")
        assert Worker(engine).once().not_sent == 1
        office.status = 200
        clock.forward(minutes=1)
        assert Worker(engine).once().sent == 1


def test_a_case_that_stands_still_is_left_alone(engine: Engine) -> None:
    publish(engine, DRAWN)
    number = start(engine, n="x").case
    engine.handle(SuspendCase(case=number, reason="wait", actor="system"))
    assert Worker(engine).once().worked == 0
    assert len(engine.external_tasks()) == 1
    assert engine.verify().ok
