"""Running cases go over to another version, and the log proves what they did on each."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Engine
from engine.commands import FireTimers, MigrateCase, MigrateCases, RetryIncident, RetryIncidents
from engine.errors import CaseClosed, DiagramFailed, EngineError, MigrationRefused, NotAllowed, NotFound, Refused
from tests.bpmn.drawing import END, START, boundary, document, flow, flows, timer, users
from tests.engine.steps import complete, kinds, publish, roles_task, staff, start


def drawn(*middle: str, extra: str = "") -> bytes:
    """Tasks one after the other."""
    names = ["start", *middle, "end"]
    pairs = [f"{a}>{b}" for a, b in zip(names, names[1:], strict=False)]
    return document(START + users(*middle) + extra + END + flows(*pairs))


def migrate(engine: Engine, number: str, version: int = 2, **mapping: str) -> Any:
    return engine.handle(MigrateCase(case=number, version=version, mapping=mapping, reason="新制度施行", actor="cheng"))


def test_a_case_goes_on_on_the_new_version(engine: Engine) -> None:
    publish(engine, drawn("a", "b"))
    outcome = start(engine, n=1)
    publish(engine, drawn("a", "check", "b"))

    moved = migrate(engine, outcome.case)
    case = engine.case(outcome.case)
    assert (case.version, case.sha256) == (2, engine.version("p", 2).sha256)
    assert [task.id for task in moved.tasks] == [task.id for task in outcome.tasks]
    assert engine.open_tasks(case=outcome.case)[0].version == 2
    (entry,) = [entry for entry in engine.history(outcome.case) if entry.kind == "case_migrated"]
    assert (entry.data["from"]["version"], entry.data["to"]["version"]) == (1, 2)
    assert engine.verify().ok
    assert [task.element for task in complete(engine, moved).tasks] == ["check"]
    assert engine.verify().ok


def test_a_task_keeps_its_holder_and_gets_what_the_new_version_says(engine: Engine) -> None:
    staff(engine, cheng="process_owner", li="old", wang="new")
    publish(engine, document(START + roles_task("a", candidateGroups="old") + END + flows("start>a", "a>end")))
    outcome = start(engine)
    publish(engine, document(START + roles_task("a", candidateGroups="new") + END + flows("start>a", "a>end")))
    moved = migrate(engine, outcome.case)
    assert moved.tasks[0].roles == ("new",)
    assert [task.id for task in engine.worklist("wang").rows] == [moved.tasks[0].id]
    assert engine.worklist("li").total == 0
    assert engine.verify().ok


def test_a_renamed_label_is_no_change_of_structure(engine: Engine) -> None:
    publish(engine, drawn("a"))
    outcome = start(engine)
    publish(engine, drawn("a").replace(b'name="a"', 'name="受理"'.encode()))
    moved = migrate(engine, outcome.case)
    assert [task.name for task in moved.tasks] == ["受理"]
    assert complete(engine, moved).status == "closed"
    assert engine.verify().ok


def test_an_element_with_another_id_is_mapped(engine: Engine) -> None:
    publish(engine, drawn("a", "b"))
    outcome = start(engine)
    publish(engine, drawn("a2", "b"))
    with pytest.raises(MigrationRefused) as error:
        migrate(engine, outcome.case)
    assert [element for element, _ in error.value.reasons] == ["a"]
    told = engine.preview(MigrateCase(case=outcome.case, version=2, reason="r", actor="cheng"))
    assert [(found.element, bool(found.zh), bool(found.en)) for found in told.problems] == [("a", True, True)]
    fine = engine.preview(MigrateCase(case=outcome.case, version=2, mapping={"a": "a2"}, reason="r", actor="cheng"))
    assert ([task.element for task in fine.tasks], fine.problems) == (["a2"], ())
    assert engine.case(outcome.case).version == 1

    moved = migrate(engine, outcome.case, a="a2")
    assert [task.element for task in moved.tasks] == ["a2"]
    assert engine.verify().ok
    frames = engine.frames(outcome.case)
    assert frames[-1].active == ({"process": "p", "element": "a2"},)


def test_back_and_forth_over_three_versions(engine: Engine, clock: Any) -> None:
    publish(engine, drawn("a", "b"))
    outcome = start(engine)
    late = boundary("late", "a", timer("PT1H"), interrupting=False) + users("c") + flows("late>c")
    publish(engine, drawn("a", "b", extra=late))
    publish(engine, drawn("a", "b", "d"))
    migrate(engine, outcome.case, 2)
    assert [wait.element for wait in engine.case(outcome.case).waits] == ["late"]
    clock.forward(hours=1)
    assert len(engine.handle(FireTimers(actor="clock"))) == 1
    with pytest.raises(MigrationRefused):
        migrate(engine, outcome.case, 3)
    assert engine.verify().ok
    tasks = {task.element: task for task in engine.open_tasks(case=outcome.case)}
    assert set(tasks) == {"a", "c"}
    from engine.commands import CompleteTask

    engine.handle(CompleteTask(task=tasks["c"].id, actor="li"))
    migrate(engine, outcome.case, 3)
    assert engine.case(outcome.case).waits == ()
    migrate(engine, outcome.case, 1)
    assert engine.verify().ok
    assert kinds(engine, outcome.case).count("case_migrated") == 3


def test_an_incident_is_retried_after_a_corrected_version(engine: Engine) -> None:
    def with_condition(text: str) -> bytes:
        gateway = '<exclusiveGateway id="g"/>'
        return document(
            START
            + users("a", "b")
            + gateway
            + END
            + flows("start>a", "a>g", "b>end")
            + flow("g", "b", text, name="g_b")
        )

    publish(engine, with_condition("${amout > 0}"))
    outcomes = [start(engine, amount=5) for _ in range(3)]
    for outcome in outcomes:
        with pytest.raises(DiagramFailed):
            complete(engine, outcome, opinion="同意")
    publish(engine, with_condition("${amount > 0}"))

    seq = engine.case(outcomes[0].case).incidents[0].seq
    engine.handle(RetryIncident(case=outcomes[0].case, seq=seq, version=2, reason="变量名更正", actor="cheng"))
    attended = engine.handle(RetryIncidents(element="g", version=2, reason="变量名更正", actor="cheng"))
    assert [item.done for item in attended] == [True, True]
    for outcome in outcomes:
        case = engine.case(outcome.case)
        assert (case.status, case.version, case.values["opinion"]) == ("open", 2, "同意")
    assert engine.verify().ok


def test_a_retry_that_fails_on_the_new_version_leaves_the_case_on_the_old_one(engine: Engine) -> None:
    gateway = '<exclusiveGateway id="g"/>'
    body = START + users("a", "b") + gateway + END + flows("start>a", "a>g", "b>end")
    publish(engine, document(body + flow("g", "b", "${x > 0}", name="g_b")))
    outcome = start(engine)
    with pytest.raises(DiagramFailed):
        complete(engine, outcome)
    publish(engine, document(body + flow("g", "b", "${y > 0}", name="g_b")))
    seq = engine.case(outcome.case).incidents[0].seq
    with pytest.raises(DiagramFailed):
        engine.handle(RetryIncident(case=outcome.case, seq=seq, version=2, reason="r", actor="cheng"))
    assert (engine.case(outcome.case).version, engine.incident(outcome.case, seq).attempts) == (1, 2)
    assert engine.verify().ok


def test_many_cases_with_a_report(engine: Engine) -> None:
    publish(engine, drawn("a", "b"))
    first, second, third, over = (start(engine) for _ in range(4))
    complete(engine, second)
    complete(engine, complete(engine, over))
    publish(engine, drawn("a", "c"))

    attended = engine.handle(MigrateCases(procedure="p", from_version=1, to_version=2, reason="新制度", actor="cheng"))
    assert [(item.case, item.done) for item in attended] == [
        (first.case, True),
        (second.case, False),
        (third.case, True),
    ]
    assert "b" in attended[1].zh and "b" in attended[1].en
    assert [engine.case(item.case).version for item in attended] == [2, 1, 2]
    assert engine.verify().ok
    assert engine.handle(
        MigrateCases(procedure="p", from_version=7, to_version=2, reason="新制度", actor="cheng")
    ) == []  # fmt: skip


@pytest.mark.parametrize(
    "values",
    [
        {"version": 1},
        {"version": 0},
        {"version": 10**40},
        {"version": True},
        {"version": "2"},
        {"version": None},
        {"version": 2, "mapping": []},
        {"version": 2, "mapping": {"a": None}},
        {"version": 2, "mapping": {"a": "nowhere"}},
        {"version": 2, "mapping": {"": ""}},
        {"version": 2, "mapping": {str(number): "x" for number in range(5_000)}},
        {"version": 2, "reason": ""},
        {"version": 2, "case": "nobody"},
    ],
)
def test_hostile_migrations_are_refused_in_words(engine: Engine, values: dict[str, Any]) -> None:
    publish(engine, drawn("a"))
    outcome = start(engine)
    publish(engine, drawn("a", "b"))
    before = engine.case(outcome.case)
    with pytest.raises(EngineError) as error:
        engine.handle(MigrateCase(**{"case": outcome.case, "reason": "r", "actor": "cheng", **values}))
    assert error.value.text("zh") and error.value.text("en")
    assert engine.case(outcome.case) == before


def test_rights_and_what_is_over(engine: Engine) -> None:
    staff(engine, li="agent", cheng="process_owner")
    publish(engine, drawn("a"))
    outcome = start(engine)
    publish(engine, drawn("a", "b"))
    with pytest.raises(NotAllowed):
        engine.handle(MigrateCase(case=outcome.case, version=2, reason="r", actor="li"))
    with pytest.raises(NotAllowed):
        engine.handle(MigrateCases(procedure="p", from_version=1, to_version=2, reason="r", actor="li"))
    with pytest.raises(Refused):
        engine.handle(MigrateCases(procedure="p", from_version=1, to_version=2, reason="", actor="cheng"))
    with pytest.raises(NotFound):
        migrate(engine, outcome.case, 9)
    complete(engine, outcome)
    with pytest.raises(CaseClosed):
        migrate(engine, outcome.case)
