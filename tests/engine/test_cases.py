"""Starting, noting and cancelling cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine import Engine
from engine.commands import AddNote, CancelCase, ClaimTask, CompleteTask, SendMessage, StartCase
from engine.errors import AlreadyThere, CaseClosed, NotAllowed, NotFound, Refused
from tests.bpmn.drawing import END, START, document, flows
from tests.engine.steps import TWO, complete, kinds, publish, roles_task, staff, start


def test_a_case_runs_from_start_to_end(engine: Engine) -> None:
    publish(engine, TWO)

    outcome = start(engine, channel="电话", problem_desc="路灯不亮\n三天了")
    assert (outcome.case, outcome.status, [task.element for task in outcome.tasks]) == ("20261123-0001", "open", ["a"])
    outcome = complete(engine, outcome, ok=True)
    assert [task.element for task in engine.open_tasks(case=outcome.case)] == ["b"]
    outcome = complete(engine, outcome)

    assert (outcome.status, outcome.tasks) == ("closed", ())
    case = engine.case(outcome.case)
    assert (case.status, case.version, case.started_by, case.title) == ("closed", 1, "li", "路灯不亮 三天了")
    assert case.values == {"channel": "电话", "ok": True, "problem_desc": "路灯不亮\n三天了"}
    assert case.facts == {"channel": "电话"}
    assert case.ended_at == case.started_at
    assert engine.open_tasks() == []
    assert engine.verify().ok


def test_a_diagram_that_mentions_the_cases_number_and_starter_is_given_them(engine: Engine) -> None:
    mentions = "${started_by}", "${started_at}", "${case_no}"
    mentioning = roles_task("a", **dict(zip(("assignee", "dueDate", "candidateUsers"), mentions, strict=True)))
    publish(engine, document(START + mentioning + END + flows("start>a", "a>end")))

    values = engine.case(start(engine).case).values

    assert values == {"case_no": "20261123-0001", "started_at": "2026-11-23T01:00:00.000000+00:00", "started_by": "li"}


def test_the_log_tells_each_command_with_what_followed(engine: Engine) -> None:
    publish(engine, TWO)
    outcome = complete(engine, start(engine))
    complete(engine, outcome)

    assert kinds(engine, outcome.case) == [
        "case_started",
        "element_began start",
        "element_ended start",
        "element_began a",
        "task_opened a",
        "task_completed a",
        "element_ended a",
        "element_began b",
        "task_opened b",
        "task_completed b",
        "element_ended b",
        "element_began end",
        "element_ended end",
        "case_closed",
    ]


def test_numbers_count_by_the_day_at_the_office(engine: Engine, clock: Any) -> None:
    publish(engine, TWO)
    assert [start(engine).case for _ in range(2)] == ["20261123-0001", "20261123-0002"]
    clock.forward(hours=15)
    assert start(engine).case == "20261124-0001"


def test_first_finishes_the_first_task_in_the_same_transaction(engine: Engine) -> None:
    publish(engine, TWO)

    outcome = engine.handle(StartCase(procedure="p", first={"answer": 1}, actor="li"))

    assert [task.element for task in outcome.tasks] == ["b"]
    assert engine.case(outcome.case).revision == 1
    assert kinds(engine, outcome.case).count("task_completed a") == 1
    assert engine.verify(outcome.case).ok


def test_first_is_refused_to_somebody_who_may_not_do_the_task(engine: Engine) -> None:
    publish(engine, document(START + roles_task("a", candidateGroups="agent") + END + flows("start>a", "a>end")))
    staff(engine, li="clerk", wang="agent")

    with pytest.raises(NotAllowed):
        engine.handle(StartCase(procedure="p", first={}, actor="li"))

    assert engine.cases().total == 0
    assert engine.handle(StartCase(procedure="p", first={}, actor="wang")).status == "closed"


def test_a_reference_opens_one_case(engine: Engine) -> None:
    publish(engine, TWO)
    first = engine.handle(StartCase(procedure="p", reference="NYC-1", actor="li"))

    with pytest.raises(AlreadyThere) as refused:
        engine.handle(StartCase(procedure="p", reference="NYC-1", actor="wang"))

    assert refused.value.case == first.case
    assert engine.cases().total == 1
    assert engine.case(first.case).reference == "NYC-1"


@pytest.mark.parametrize(
    "values",
    [
        {"two words": 1},
        {"1st": 1},
        {"": 1},
        {"ａ": 1},
        {"a": {"typename": "x"}},
        {"a": [float("nan")]},
        {"a": float("inf")},
        {"a": 2**60},
        {"a": {1, 2}},
        {"a": b"bytes"},
        {"a": "\ud800"},
        {"a": "nul\x00"},
        {"a": "x" * 1_000_001},
        {"case_no": "1"},
        {"started_by": "somebody"},
    ],
)
def test_values_that_are_no_json_are_refused(engine: Engine, values: dict[str, Any]) -> None:
    publish(engine, TWO)
    outcome = start(engine)

    with pytest.raises(Refused):
        engine.handle(StartCase(procedure="p", values=values, actor="li"))
    with pytest.raises(Refused):
        engine.handle(CompleteTask(task=outcome.tasks[0].id, values=values, actor="li"))

    assert engine.cases().total == 1
    assert engine.open_tasks(case=outcome.case)[0].element == "a"


def test_deep_nesting_is_refused_without_ado(engine: Engine) -> None:
    publish(engine, TWO)
    value: Any = 1
    for _ in range(100_000):
        value = [value]
    with pytest.raises(Refused, match="嵌套"):
        start(engine, a=value)


def test_chinese_names_and_every_json_type_survive(engine: Engine) -> None:
    publish(engine, TWO)
    values = {
        "诉求": "路灯",
        "n": -1.5,
        "i": 10**15,
        "b": [True, None, {"深": ["🙂", "\\u0000", '"']}],
        "e": {},
        "l": [],
    }
    outcome = complete(engine, start(engine), **values)
    kept = engine.case(outcome.case).values
    assert {key: kept[key] for key in values} == values
    assert engine.open_tasks(case=outcome.case)[0].values["b"] == values["b"]


def test_what_does_not_exist_is_not_found(engine: Engine) -> None:
    publish(engine, TWO)
    start(engine)
    asked: list[Callable[[], object]] = [
        lambda: start(engine, procedure="nothing"),
        lambda: engine.case("20261123-0099"),
        lambda: engine.history("x"),
        lambda: engine.verify("x"),
        lambda: engine.open_tasks(case="x"),
        lambda: engine.handle(CompleteTask(task="20261123-0001.99", actor="li")),
        lambda: engine.handle(ClaimTask(task="nonsense", actor="li")),
        lambda: engine.handle(ClaimTask(task="20261123-0001.९", actor="li")),
        lambda: engine.task("20261123-0001.77"),
        lambda: engine.version("p", 7),
        lambda: engine.user("nobody"),
        lambda: engine.attachment("nothing"),
    ]
    for ask in asked:
        with pytest.raises(NotFound):
            ask()


def test_a_cancelled_case_waits_for_nothing(engine: Engine) -> None:
    publish(engine, TWO)
    outcome = start(engine)

    cancelled = engine.handle(CancelCase(case=outcome.case, reason="误报", actor="li"))

    assert (cancelled.status, cancelled.tasks) == ("cancelled", ())
    assert engine.open_tasks() == []
    assert engine.history(outcome.case)[-1].data == {"reason": "误报"}
    for refused in (
        CancelCase(case=outcome.case, reason="again", actor="li"),
        AddNote(case=outcome.case, text="late", actor="li"),
        SendMessage(name="paid", case=outcome.case, actor="li"),
    ):
        with pytest.raises(CaseClosed):
            engine.handle(refused)
    assert engine.verify(outcome.case).ok


def test_who_may_cancel(engine: Engine) -> None:
    publish(engine, TWO)
    staff(engine, li="agent", wang="agent", zhao="lg_office")
    mine, yours = start(engine).case, start(engine).case

    with pytest.raises(NotAllowed):
        engine.handle(CancelCase(case=mine, reason="x", actor="wang"))

    engine.handle(CancelCase(case=mine, reason="x", actor="li"))
    engine.handle(CancelCase(case=yours, reason="x", actor="zhao"))


def test_a_note_is_in_the_log_and_moves_nothing(engine: Engine) -> None:
    publish(engine, TWO)
    outcome = start(engine)
    engine.handle(AddNote(case=outcome.case, text=" 已电话联系 ", actor="wang"))

    last = engine.history(outcome.case)[-1]
    assert (last.kind, last.actor, last.data) == ("note_added", "wang", {"text": "已电话联系"})
    assert engine.open_tasks(case=outcome.case) == list(outcome.tasks)
    assert engine.verify().ok
    with pytest.raises(Refused):
        engine.handle(AddNote(case=outcome.case, text="  ", actor="wang"))


def test_the_status_shown_follows_the_diagram(engine: Engine) -> None:
    def task(name: str, status: str) -> str:
        return (
            f'<userTask id="{name}" name="{name}"><extensionElements><camunda:properties>'
            f'<camunda:property name="status" value="{status}"/><camunda:property name="publicStatus" value="办理中"/>'
            "</camunda:properties></extensionElements></userTask>"
        )

    publish(
        engine, document(START + task("a", "待受理") + task("b", "调查中") + END + flows("start>a", "a>b", "b>end"))
    )
    outcome = start(engine)
    assert engine.case(outcome.case).facts["status_text"] == "待受理"
    complete(engine, outcome)
    assert engine.case(outcome.case).facts == {"status_text": "调查中", "public_status": "办理中"}
