"""Claiming, drafting and completing tasks, and who may."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from engine import Engine
from engine.commands import ClaimTask, CompleteTask, SaveDraft, UnclaimTask
from engine.errors import FormInvalid, NotAllowed, TaskAlreadyDone
from tests.bpmn.drawing import END, START, document, flows
from tests.engine.steps import TWO, complete, form, kinds, publish, roles_task, staff, start

ONE = document(START + roles_task("a", candidateGroups="agent") + END + flows("start>a", "a>end"))


def test_a_task_is_done_once(engine: Engine) -> None:
    publish(engine, TWO)
    outcome = start(engine)
    complete(engine, outcome, actor="wang")

    with pytest.raises(TaskAlreadyDone, match="wang"):
        complete(engine, outcome)
    with pytest.raises(TaskAlreadyDone, match="wang"):
        engine.task(outcome.tasks[0].id)

    assert kinds(engine, outcome.case).count("task_completed a") == 1


def test_a_claimed_task_is_the_claimers(engine: Engine) -> None:
    publish(engine, ONE)
    staff(engine, li="agent", wang="agent")
    outcome = start(engine)
    identifier = outcome.tasks[0].id

    claimed = engine.handle(ClaimTask(task=identifier, actor="li"))
    assert claimed.tasks[0].claimed_by == "li"
    engine.handle(ClaimTask(task=identifier, actor="li"))
    for refused in (
        ClaimTask(task=identifier, actor="wang"),
        CompleteTask(task=identifier, actor="wang"),
        SaveDraft(task=identifier, values={}, actor="wang"),
        UnclaimTask(task=identifier, actor="wang"),
    ):
        with pytest.raises(NotAllowed):
            engine.handle(refused)
    assert [task.id for task in engine.worklist("li", "mine").rows] == [identifier]
    assert engine.worklist("wang").total == 0

    engine.handle(UnclaimTask(task=identifier, actor="li"))
    assert [task.id for task in engine.worklist("wang", "pool").rows] == [identifier]
    assert engine.handle(CompleteTask(task=identifier, actor="wang")).status == "closed"
    assert kinds(engine, outcome.case).count("task_claimed a") == 1
    assert engine.verify().ok


def test_somebody_without_the_role_is_refused_and_it_is_noted(engine: Engine) -> None:
    publish(engine, ONE)
    staff(engine, li="agent", wang="clerk", shen="auditor")
    outcome = start(engine)

    with pytest.raises(NotAllowed):
        complete(engine, outcome, actor="wang")
    with pytest.raises(NotAllowed):
        engine.task(outcome.tasks[0].id, "wang")
    with pytest.raises(NotAllowed):
        complete(engine, outcome, actor="nobody")

    noted = [(access.actor, access.action, access.outcome) for access in engine.access_log("shen").rows]
    assert noted == [
        ("nobody", "CompleteTask", "refused"),
        ("wang", "task", "refused"),
        ("wang", "CompleteTask", "refused"),
    ]
    assert engine.access_log("shen", case=outcome.case).total == 2
    with pytest.raises(NotAllowed):
        engine.access_log("wang")


def test_a_role_may_be_narrowed_to_a_unit(engine: Engine) -> None:
    narrowed = roles_task("a", candidateGroups="handler").replace(
        "/>",
        '><extensionElements><camunda:properties><camunda:property name="unit" value="${unit}"/>'
        "</camunda:properties></extensionElements></userTask>",
    )
    publish(engine, document(START + narrowed + END + flows("start>a", "a>end")))
    staff(engine, li="handler @ywb", wang="handler @ywb2", zhao="clerk @ywb")
    outcome = start(engine, unit="ywb")

    assert outcome.tasks[0].unit == "ywb"
    for login in ("wang", "zhao"):
        assert engine.open_tasks(actor=login) == []
        with pytest.raises(NotAllowed):
            complete(engine, outcome, actor=login)
    assert engine.case(outcome.case, "zhao").number == outcome.case  # of the unit: may see, not do
    with pytest.raises(NotAllowed):
        engine.case(outcome.case, "wang")
    assert complete(engine, outcome).status == "closed"


def test_without_accounts_everybody_may_do_everything(engine: Engine) -> None:
    publish(engine, ONE)
    outcome = start(engine)
    assert [task.element for task in engine.open_tasks(actor="anybody")] == ["a"]
    assert complete(engine, outcome, actor="anybody").status == "closed"


def test_a_lane_names_the_role_where_the_diagram_names_nobody(engine: Engine) -> None:
    lanes = '<laneSet id="ls"><lane id="l1" name="接听人员"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
    publish(engine, document(lanes + START + '<userTask id="a" name="a"/>' + END + flows("start>a", "a>end")))
    staff(engine, li="接听人员", wang="clerk")
    outcome = start(engine)

    assert outcome.tasks[0].roles == ("接听人员",)
    assert engine.open_tasks(actor="wang") == []
    assert engine.verify().ok
    assert complete(engine, outcome).status == "closed"


def test_a_form_judges_what_is_entered(engine: Engine) -> None:
    diagram = document(START + roles_task("a", formRef="F1") + END + flows("start>a", "a>end"))
    schema = form("F1", {"key": "title", "validate": {"required": True}}, {"key": "size", "type": "number"})
    publish(engine, diagram, f1_form=schema)
    outcome = start(engine)

    with pytest.raises(FormInvalid) as refused:
        complete(engine, outcome, size="many", colour="red")
    assert {error.field for error in refused.value.fields} == {"title", "size", "colour"}

    complete(engine, outcome, title="路灯", size="3")
    assert {"title": "路灯", "size": 3}.items() <= engine.case(outcome.case).values.items()
    assert engine.form(outcome.tasks[0])["id"] == "F1"
    assert engine.verify().ok


def test_a_draft_is_its_writers_and_goes_with_the_task(engine: Engine, database_url: str) -> None:
    publish(engine, TWO)
    outcome = start(engine)
    identifier = outcome.tasks[0].id
    before = len(engine.history(outcome.case))

    engine.handle(SaveDraft(task=identifier, values={"caller_phone": "13800000000"}, actor="li"))
    engine.handle(SaveDraft(task=identifier, values={"caller_phone": "13811112222"}, actor="li"))

    assert engine.task_draft(identifier, "li") == {"caller_phone": "13811112222"}
    assert engine.task_draft(identifier, "wang") == {}
    assert len(engine.history(outcome.case)) == before
    server = create_engine(database_url)
    with server.connect() as connection:
        stored = bytes(connection.execute(text("SELECT content FROM task_draft")).scalar_one())
        assert b"138" not in stored
    server.dispose()
    complete(engine, outcome)
    assert engine.task_draft(identifier, "li") == {}


def test_the_first_task_is_known_before_there_is_a_case(engine: Engine) -> None:
    publish(
        engine,
        document(START + roles_task("a", formRef="F1") + END + flows("start>a", "a>end")),
        f1_form=form("F1", {"key": "title", "defaultValue": "无题"}),
    )
    first = engine.first_task("p")
    assert first is not None
    assert (first.element, first.form, first.case) == ("a", "F1", "")
    assert engine.form(first)["id"] == "F1"
    assert engine.form_values(first) == {"title": "无题"}
    assert engine.cases().total == 0
