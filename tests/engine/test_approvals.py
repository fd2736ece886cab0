"""Where an installation asks for two persons, one asks for a repair and another carries it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine import Engine, Settings
from engine.commands import (
    CompleteTask,
    CorrectValues,
    DecideApproval,
    MigrateCase,
    ModifyCase,
    RetryIncident,
    SaveUser,
    SkipElement,
)
from engine.errors import ApprovalStale, BadSetting, DiagramFailed, NotAllowed, NotFound, Refused
from tests.bpmn.drawing import END, START, document, flow, flows, users
from tests.engine.steps import complete, kinds, publish, staff, start

GATEWAY = '<exclusiveGateway id="g"/>'
NEEDS_N = document(
    START + users("a", "b") + GATEWAY + END + flows("start>a", "a>g", "b>end") + flow("g", "b", "${n > 0}", name="g_b")
)


@pytest.fixture
def careful(database_url: str, clock: Any, settings: Settings) -> Iterator[Engine]:
    """An engine that asks for two persons for every repair."""
    strict = replace(settings, two_persons="corrections, modifications, skips,migrations")
    with Engine.open(database_url, clock=clock, settings=strict) as opened:
        publish(opened, NEEDS_N)
        staff(opened, li="agent", cheng="process_owner", admin="sysadmin")
        yield opened


def decide(engine: Engine, number: int, actor: str, agree: bool = True, reason: str = "") -> Any:
    return engine.handle(DecideApproval(approval=number, agree=agree, reason=reason, actor=actor))


def test_nothing_changes_until_another_agrees(careful: Engine) -> None:
    outcome = start(careful)
    asked = careful.handle(CorrectValues(case=outcome.case, values={"n": 1}, reason="笔误", actor="cheng"))
    assert asked.approval is not None
    assert careful.case(outcome.case).values == {}
    (waiting,) = careful.approvals("admin").rows
    assert (waiting.id, waiting.command, waiting.asked_by, waiting.reason) == (
        asked.approval, "CorrectValues", "cheng", "笔误",
    )  # fmt: skip
    assert careful.verify().ok

    with pytest.raises(NotAllowed):
        decide(careful, asked.approval, "cheng")
    with pytest.raises(NotAllowed):
        decide(careful, asked.approval, "li")
    assert careful.case(outcome.case).values == {}

    decide(careful, asked.approval, "admin", reason="属实")
    assert careful.case(outcome.case).values == {"n": 1}
    entries = {entry.kind: entry for entry in careful.history(outcome.case)}
    assert (entries["intervention_agreed"].actor, entries["intervention_agreed"].data["asked_by"]) == ("admin", "cheng")
    assert (entries["values_corrected"].actor, entries["values_corrected"].data["agreed_by"]) == ("cheng", "admin")
    assert careful.approvals("admin").total == 0
    (decided,) = careful.approvals("admin", open=False).rows
    assert (decided.decision, decided.decided_by) == ("agreed", "admin")
    with pytest.raises(Refused):
        decide(careful, asked.approval, "admin")
    assert careful.verify().ok


def test_it_is_refused_or_withdrawn(careful: Engine) -> None:
    outcome = start(careful)
    numbers = [
        careful.handle(CorrectValues(case=outcome.case, values={"n": n}, reason="r", actor="cheng")).approval or 0
        for n in range(2)
    ]
    with pytest.raises(Refused):
        decide(careful, numbers[0], "admin", agree=False)
    decide(careful, numbers[0], "admin", agree=False, reason="无依据")
    decide(careful, numbers[1], "cheng", agree=False)
    decisions = {item.id: item.decision for item in careful.approvals("admin", open=False).rows}
    assert decisions == {numbers[0]: "refused", numbers[1]: "withdrawn"}
    assert careful.case(outcome.case).values == {}
    assert kinds(careful, outcome.case).count("intervention_refused") == 2
    assert careful.verify().ok


def test_every_repair_waits_for_the_second_person(careful: Engine) -> None:
    outcome = start(careful)
    with pytest.raises(DiagramFailed):
        complete(careful, outcome, typed="kept")
    seq = careful.case(outcome.case).incidents[0].seq
    publish(careful, NEEDS_N.replace(b'name="a"', b'name="A"'))
    entries = len(careful.history(outcome.case))
    commands: list[Any] = [
        MigrateCase(case=outcome.case, version=2, reason="r", actor="cheng"),
        ModifyCase(case=outcome.case, cancel=("a",), begin=("b",), reason="r", actor="cheng"),
        SkipElement(case=outcome.case, seq=seq, flow="g_b", reason="r", actor="cheng"),
        RetryIncident(case=outcome.case, seq=seq, values={"n": 1}, reason="r", actor="cheng"),
    ]
    numbers = [careful.handle(command).approval or 0 for command in commands]
    assert [careful.preview(command).second_person for command in commands] == [True] * 4
    assert len(careful.history(outcome.case)) == entries + 4
    assert (careful.case(outcome.case).status, careful.case(outcome.case).version) == ("stuck", 1)

    decide(careful, numbers[0], "admin")
    assert careful.case(outcome.case).version == 2
    decide(careful, numbers[3], "admin")
    case = careful.case(outcome.case)
    assert (case.status, case.values) == ("open", {"n": 1, "typed": "kept"})
    done = next(entry for entry in careful.history(outcome.case) if entry.kind == "task_completed")
    assert (done.actor, done.data["retried_by"], done.data["agreed_by"]) == ("li", "cheng", "admin")
    # The case moved on: what else was asked for is not possible any more.
    for number in numbers[1:3]:
        with pytest.raises(ApprovalStale):
            decide(careful, number, "admin")
    assert careful.approvals("admin").total == 2
    decide(careful, numbers[1], "admin", agree=False, reason="已处理")
    assert careful.verify().ok


def test_values_are_not_put_right_by_moving_the_case(database_url: str, clock: Any, settings: Settings) -> None:
    strict = replace(settings, two_persons="corrections")
    with Engine.open(database_url, clock=clock, settings=strict) as engine:
        publish(engine, NEEDS_N)
        outcome = start(engine)
        asked = engine.handle(ModifyCase(case=outcome.case, begin=("b",), values={"n": 1}, reason="r", actor="cheng"))
        assert asked.approval is not None
        assert engine.case(outcome.case).values == {}
        moved = engine.handle(ModifyCase(case=outcome.case, begin=("b",), reason="r", actor="cheng"))
        assert moved.approval is None
        assert sorted(task.element for task in moved.tasks) == ["a", "b"]


def test_what_would_not_work_is_not_asked_for(careful: Engine) -> None:
    outcome = start(careful)
    with pytest.raises(Refused):
        careful.handle(ModifyCase(case=outcome.case, cancel=(99,), reason="r", actor="cheng"))
    with pytest.raises(Refused):
        careful.handle(CorrectValues(case=outcome.case, values={"n": 1}, reason=" ", actor="cheng"))
    assert careful.approvals("admin").total == 0
    assert "intervention_asked" not in kinds(careful, outcome.case)


def test_callers_data_that_waits_is_not_readable(careful: Engine) -> None:
    outcome = start(careful)
    asked = careful.handle(
        CorrectValues(case=outcome.case, values={"caller_name": "张三丰"}, reason="更正", actor="cheng")
    )
    assert "张三丰" not in str(careful.approvals("admin").rows) + str(careful.history(outcome.case))
    decide(careful, asked.approval or 0, "admin")
    assert careful.masked_person(outcome.case) == {"caller_name": "张**"}
    assert careful.verify().ok


def test_whoever_asked_must_still_have_the_right(careful: Engine) -> None:
    outcome = start(careful)
    asked = careful.handle(CorrectValues(case=outcome.case, values={"n": 1}, reason="r", actor="cheng"))
    careful.handle(SaveUser(login="cheng", name="cheng", roles=("agent",), actor="system"))
    with pytest.raises(ApprovalStale):
        decide(careful, asked.approval or 0, "admin")
    assert careful.case(outcome.case).values == {}


def test_a_plain_retry_needs_nobody_else(careful: Engine) -> None:
    outcome = start(careful)
    with pytest.raises(DiagramFailed):
        complete(careful, outcome)
    seq = careful.case(outcome.case).incidents[0].seq
    with pytest.raises(DiagramFailed):
        careful.handle(RetryIncident(case=outcome.case, seq=seq, actor="cheng"))
    assert careful.incident(outcome.case, seq).attempts == 2
    task = careful.open_tasks(case=outcome.case)[0]
    assert careful.handle(CompleteTask(task=task.id, values={"n": 1}, actor="li")).status == "open"


def test_requests_that_are_not_there(careful: Engine) -> None:
    for number in (0, -1, 7):
        with pytest.raises(NotFound):
            decide(careful, number, "admin")
    for wrong in (10**40, True, "1", None):
        with pytest.raises(Refused, match="approval"):
            decide(careful, wrong, "admin")  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        careful.approvals("li")


def test_a_setting_that_names_something_else_is_refused() -> None:
    with pytest.raises(BadSetting):
        Settings(env="test", two_persons="everything")
    assert Settings(env="test", two_persons="skips, corrections").listed("two_persons") == ("skips", "corrections")
