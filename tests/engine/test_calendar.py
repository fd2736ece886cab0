"""The installation's own working days: what is counted by them, and by which a case is verified later."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from engine import Engine, Settings
from engine.commands import CalendarDay, CompleteTask, SetCalendarDays, SetOfficeHours, StartCase
from engine.errors import NotAllowed, Refused
from engine.storage.database import Database
from engine.storage.vault import Vault
from tests.bpmn.drawing import END, START, boundary, catch, document, flows, timer, users
from tests.conftest import FakeClock
from tests.engine.steps import complete, publish, staff, start
from tests.engine.test_deadlines import assert_in_order, local, only, task, timer_of

#: A timer of two working days, behind a task.
DIAGRAM = document(START + users("a") + catch("c", timer("2 WD")) + END + flows("start>a", "a>c", "c>end"))


def off(engine: Engine, *days: str, kind: str = "休") -> None:
    engine.handle(SetCalendarDays(days=[CalendarDay(day, kind) for day in days], source="试验", actor="system"))


def test_an_entry_counts_from_the_next_step_on_and_never_for_what_was_before(engine: Engine, clock: FakeClock) -> None:
    publish(engine, DIAGRAM)
    before, after, taken_back = start(engine), start(engine), start(engine)
    complete(engine, before)
    # All of this happens at one and the same moment.
    off(engine, "2026-11-24")
    complete(engine, after)
    off(engine, "2026-11-24", kind="")
    complete(engine, taken_back)

    assert [local(timer_of(engine, outcome.case)) for outcome in (before, after, taken_back)] == [
        "11-25 09:00",
        "11-26 09:00",
        "11-25 09:00",
    ]
    assert_in_order(engine)
    assert "calendar" not in engine.history(before.case)[-1].data
    clock.forward(days=2)
    assert_in_order(engine)


def test_verify_finds_a_calendar_that_was_altered_afterwards(engine: Engine, database_url: str) -> None:
    publish(engine, DIAGRAM)
    off(engine, "2026-11-24")
    complete(engine, start(engine))
    server = create_engine(database_url)
    alter = text("UPDATE calendar_day SET kind = '班'")
    with pytest.raises(DBAPIError), server.begin() as connection:
        connection.execute(alter)
    name = "calendar_day_no_update" if server.dialect.name == "sqlite" else "calendar_day_append_only ON calendar_day"
    with server.begin() as connection:
        connection.execute(text(f"DROP TRIGGER {name}"))
        assert connection.execute(alter).rowcount == 1
    server.dispose()
    assert {found.code for found in engine.verify().mismatches} == {"rerun_differs"}


def test_office_hours_can_be_changed(engine: Engine, clock: FakeClock) -> None:
    publish(engine, document(START + task("a", deadline="x", deadlineLimit="当日") + END + flows("start>a", "a>end")))
    start(engine)
    assert local(only(engine).due) == "11-23 18:30"
    engine.handle(SetOfficeHours(hours="09:00-12:00,13:00-17:00", source="夏令时", actor="system"))
    number = start(engine).case
    assert local(only(engine, case=number).due) == "11-23 17:00"
    assert engine.first_task("p") is not None
    assert_in_order(engine)


def test_every_process_counts_by_the_newest_calendar(
    engine: Engine, database_url: str, clock: FakeClock, settings: Settings
) -> None:
    publish(engine, DIAGRAM)
    with Engine.open(database_url, clock=clock, settings=settings) as other:
        outcome = start(other)
        off(engine, "2026-11-24", "2026-11-25")
        complete(other, outcome)
        assert local(timer_of(other, outcome.case)) == "11-27 09:00"
        assert not other.calendar().is_working_day(date(2026, 11, 24))
        assert_in_order(other)


@pytest.mark.parametrize(
    "days",
    [
        [],
        [CalendarDay("2027-02-30", "休")],
        [CalendarDay("20270201", "休")],
        [CalendarDay("1027-02-01", "休")],
        [CalendarDay("2027-02-01", "holiday")],
        [CalendarDay("2027-02-01", "休"), CalendarDay("2027-02-01", "班")],
        [CalendarDay("2027-02-01", "休"), CalendarDay("soon", "班")],
        [CalendarDay("2027-02-01", "休", name="x" * 300)],
        [CalendarDay("2027-02-01", "hours", name="09:00-17:00")],
    ],
)
def test_days_that_are_refused_leave_nothing_behind(engine: Engine, days: list[CalendarDay]) -> None:
    before = engine.calendar()
    with pytest.raises(Refused) as caught:
        engine.handle(SetCalendarDays(days=days, source="x", actor="system"))
    assert caught.value.text("zh") and caught.value.text("en")
    assert engine.calendar() == before


def test_who_may_change_the_calendar(engine: Engine) -> None:
    staff(engine, li="agent", admin="sysadmin")
    days = [CalendarDay("2027-10-01", "休", "国庆节")]
    with pytest.raises(NotAllowed):
        engine.handle(SetCalendarDays(days=days, source="x", actor="li"))
    with pytest.raises(NotAllowed):
        engine.handle(SetOfficeHours(hours="09:00-17:00", source="x", actor="li"))
    with pytest.raises(Refused):
        engine.handle(SetCalendarDays(days=days, source=" ", actor="admin"))
    with pytest.raises(Refused):
        engine.handle(SetOfficeHours(hours="nine to five", source="x", actor="admin"))
    engine.handle(SetCalendarDays(days=days, source="通知", actor="admin"))


def test_limits_into_a_year_without_notice_are_provisional(engine: Engine, clock: FakeClock) -> None:
    publish(
        engine, document(START + task("a", deadline="x", deadlineLimit="${limit}") + END + flows("start>a", "a>end"))
    )
    soon, later, by_the_clock = (
        start(engine, limit={"value": value, "unit": unit}).case for value, unit in ((5, "WD"), (60, "WD"), (90, "d"))
    )
    marked = {clock.case: clock.provisional for clock in engine.deadlines()}
    assert marked == {soon: False, later: True, by_the_clock: False}
    off(engine, "2027-10-01")
    assert [clock.provisional for clock in engine.deadlines()] == [False, False, False]


def test_the_calendar_costs_a_command_of_a_person_no_statement(
    database_url: str, clock: Any, settings: Settings
) -> None:
    told: list[str] = []
    database = Database.open(database_url, watch=told.append)
    with Engine(database, Vault(settings, database), clock) as engine:
        publish(engine, document(START + users("a") + boundary("t", "a", timer("2 WD")) + END
                                 + flows("start>a", "a>end", "t>end")))  # fmt: skip
        staff(engine, li="agent")

        def cost() -> tuple[int, int]:
            told.clear()
            outcome = engine.handle(StartCase(procedure="p", actor="li"))
            begun = len(told)
            told.clear()
            engine.handle(CompleteTask(task=outcome.tasks[0].id, actor="li"))
            return begun, len(told)

        cost()
        without = cost()
        off(engine, "2026-11-24")
        # The first command after a change reads the calendar once.
        first = cost()
        assert first[0] == without[0] + 1
        assert cost() == without
        assert not [
            statement for statement in told if "deadline" in statement or statement.startswith("SELECT (SELECT")
        ]
