"""Worklists and the ledger: the rules of access in SQL and in Python agree; paging, searching, counting."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from engine import Engine
from engine.commands import ClaimTask
from engine.errors import NotAllowed
from engine.rules.access import Actor, Standing, may_do, may_see
from tests.bpmn.drawing import END, START, document, flows
from tests.engine.steps import TWO, complete, publish, staff, start

PEOPLE = {
    "li": "agent @kfb",
    "wang": "agent @ywb",
    "zhao": "handler @ywb",
    "qian": "handler agent",
    "sun": "auditor",
    "zhou": "lg_office @kfb",
}


def task(name: str, unit: str = "", **attributes: str) -> str:
    given = " ".join(f'camunda:{key}="{value}"' for key, value in attributes.items())
    inner = f'<camunda:properties><camunda:property name="unit" value="{unit}"/></camunda:properties>' if unit else ""
    return f'<userTask id="{name}" name="{name}" {given}><extensionElements>{inner}</extensionElements></userTask>'


TASKS = {
    "t0": task("t0"),
    "t1": task("t1", candidateGroups="agent"),
    "t2": task("t2", candidateGroups="agent,handler", unit="ywb"),
    "t3": task("t3", candidateUsers="li, zhao"),
    "t4": task("t4", assignee="wang"),
    "t5": task("t5", assignee="wang", candidateGroups="handler", unit="kfb"),
}


@pytest.fixture
def office(engine: Engine) -> Engine:
    """A case on each kind of task, for people of every kind; some tasks are taken."""
    for name, drawn in TASKS.items():
        publish(engine, document(START + drawn + END + flows(f"start>{name}", f"{name}>end"), process=f"p_{name}"))
    staff(engine, **PEOPLE)
    for name in TASKS:
        start(engine, actor="clock", procedure=f"p_{name}")
        start(engine, actor="qian", procedure=f"p_{name}")
    taken = [found for found in engine.open_tasks() if found.element in ("t1", "t0")]
    engine.handle(ClaimTask(task=taken[0].id, actor="qian"))
    engine.handle(ClaimTask(task=taken[-1].id, actor="li"))
    return engine


def test_sql_and_python_agree_on_who_may_do_what(office: Engine) -> None:
    for login in PEOPLE:
        user = office.user(login)
        actor = Actor(login, roles=frozenset(user.roles), unit=user.unit)
        expected = {found.id for found in office.open_tasks() if may_do(actor, found)}
        assert {found.id for found in office.open_tasks(actor=login)} == expected, login
        assert {found.id for found in office.worklist(login, "all", size=500).rows} == expected, login
        mine = {found.id for found in office.worklist(login, "mine").rows}
        pool = {found.id for found in office.worklist(login, "pool").rows}
        assert not mine & pool
        assert mine | pool == expected, login


def test_sql_and_python_agree_on_who_may_see_what(office: Engine) -> None:
    cases = office.cases(size=500).rows
    assert len(cases) == 2 * len(TASKS)
    for login in PEOPLE:
        user = office.user(login)
        actor = Actor(login, roles=frozenset(user.roles), unit=user.unit)
        seen = {case.number for case in office.cases(login, size=500).rows}
        for case in cases:
            tasks = office.open_tasks(case=case.number)
            acted = {entry.actor for entry in office.history(case.number)} - {"clock"}
            standing = Standing(case.started_by, acted, {found.unit for found in tasks if found.unit}, tasks)
            assert (case.number in seen) == may_see(actor, standing), (login, case.procedure)
            if case.number in seen:
                assert office.case(case.number, login).number == case.number
            else:
                with pytest.raises(NotAllowed):
                    office.case(case.number, login)


def test_taking_part_outlives_the_task(engine: Engine) -> None:
    publish(engine, document(START + TASKS["t1"] + END + flows("start>t1", "t1>end")))
    staff(engine, **PEOPLE)
    outcome = complete(engine, start(engine, actor="li"), actor="wang")
    assert outcome.status == "closed"
    assert [login for login in PEOPLE if engine.cases(login).total] == ["li", "wang", "sun", "zhou"]


def test_the_ledger_is_searched_filtered_and_paged(engine: Engine, clock: Any) -> None:
    publish(engine, TWO, document(START + END + flows("start>end"), process="q"))
    for place in range(5):
        start(engine, problem_desc=f"路灯{place}不亮 100%", channel="电话" if place % 2 else "来访")
        clock.forward(minutes=1)
    start(engine, procedure="q", problem_desc="噪声_扰民")

    first = engine.cases(page=1, size=4)
    assert (first.total, first.pages, len(first.rows)) == (6, 2, 4)
    assert [case.title for case in engine.cases(page=2, size=4).rows] == ["路灯1不亮 100%", "路灯0不亮 100%"]
    assert [case.title for case in engine.cases(order="oldest", size=1).rows] == ["路灯0不亮 100%"]
    for search, total in {
        "路灯": 5,
        "电话": 2,
        "0006": 1,
        "100%": 5,
        "_": 1,
        "%": 5,
        "无": 0,
        "' OR 1=1 --": 0,
    }.items():
        if search == "_":
            # Keys of the quick values hold no underscore here; the wildcard must not match everything.
            assert engine.cases(search="噪声_").total == total
            assert engine.cases(search="噪声%扰").total == 0
        else:
            assert engine.cases(search=search).total == total, search
    assert [engine.cases(status=status).total for status in ("open", "closed", "stuck")] == [5, 1, 0]
    assert engine.cases(procedure="q").total == 1
    assert all(case.values for case in engine.cases().rows) is True
    for page, size in product((-1, 0, 10**9), (-1, 0, 10**9)):
        assert engine.cases(page=page, size=size).total == 6


def test_what_is_due_first_stands_first(engine: Engine, clock: Any) -> None:
    def due(name: str, when: str, priority: int = 50) -> str:
        return f'<userTask id="{name}" name="{name}" camunda:dueDate="{when}" camunda:priority="{priority}"/>'

    drawn = due("late", "2026-12-31T00:00:00+08:00") + due("soon", "2026-11-24T00:00:00+08:00")
    drawn += '<userTask id="never" name="never"/><userTask id="urgent" name="urgent" camunda:priority="90"/>'
    names = ("late", "soon", "never", "urgent")
    gateway = '<parallelGateway id="f"/>'
    pairs = ["start>f", *(f"f>{name}" for name in names), *(f"{name}>end" for name in names)]
    publish(engine, document(START + gateway + drawn + END + flows(*pairs)))
    start(engine)

    assert [found.element for found in engine.worklist("li").rows] == ["soon", "late", "urgent", "never"]
    assert [found.element for found in engine.worklist("li", search="urg").rows] == ["urgent"]
    page = engine.worklist("li", page=2, size=3)
    assert (page.total, [found.element for found in page.rows]) == (4, ["never"])
    assert engine.statistics("li")["overdue"] == 0
    clock.forward(days=2)
    assert engine.statistics("li")["overdue"] == 1


def test_the_first_page_counts(engine: Engine, clock: Any) -> None:
    publish(engine, TWO)
    outcome = start(engine)
    clock.forward(days=1)
    complete(engine, complete(engine, start(engine)))
    engine.handle(ClaimTask(task=outcome.tasks[0].id, actor="li"))
    start(engine)

    assert engine.statistics("li") == {
        "open": 2,
        "stuck": 0,
        "closed": 1,
        "cancelled": 0,
        "started_today": 2,
        "mine": 1,
        "pool": 1,
        "overdue": 0,
    }
