"""What people do about a case that cannot go on: retry, put right, pass by, move by hand; and see it beforehand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from engine import Engine, Settings
from engine.commands import (
    Begin,
    CancelCase,
    CompleteExternal,
    CompleteTask,
    CorrectValues,
    ErasePerson,
    FailExternal,
    FaultExternal,
    FetchAndLock,
    FireTimers,
    ModifyCase,
    RebuildIndexes,
    ResumeCase,
    RetryIncident,
    RetryIncidents,
    SendMessage,
    SkipElement,
    SuspendCase,
)
from engine.errors import CaseClosed, Conflict, DiagramFailed, EngineError, NotAllowed, NotFound, Refused
from engine.storage.database import Database
from engine.storage.vault import Vault
from tests.bpmn.drawing import END, MESSAGE, START, boundary, catch, document, flow, flows, subprocess, timer, users
from tests.bpmn.test_service_tasks import line, service
from tests.engine.steps import complete, form, kinds, publish, roles_task, staff, start

GATEWAY = '<exclusiveGateway id="g"/>'
#: What follows task a needs ``n``.
NEEDS_N = document(
    START
    + users("a", "b", "c")
    + GATEWAY
    + END
    + flows("start>a", "a>g", "b>end", "c>end")
    + flow("g", "b", "${n > 0}", name="g_b")
    + flow("g", "c", "${n == 0}", name="g_c")
)


def fails(engine: Engine, outcome: Any, element: str | None = None, actor: str = "li", **values: Any) -> int:
    """Completes a task whose step fails; returns the number of the incident."""
    with pytest.raises(DiagramFailed):
        complete(engine, outcome, element, actor, **values)
    return engine.case(outcome.case).incidents[-1].seq


def test_what_was_typed_is_kept_and_carried_out_once_the_value_is_right(engine: Engine) -> None:
    staff(engine, li="agent", cheng="process_owner")
    publish(engine, NEEDS_N)
    outcome = start(engine)
    seq = fails(engine, outcome, opinion="同意", amount=5)

    incident = engine.incident(outcome.case, seq, "cheng")
    assert (incident.element, incident.process, incident.expression) == ("g", "p", "n > 0")
    assert (incident.command, incident.actor, incident.attempts, incident.values) == ("CompleteTask", "li", 1, {})
    assert incident.asked is not None and incident.asked["data"]["values"] == {"amount": 5, "opinion": "同意"}

    retried = engine.handle(RetryIncident(case=outcome.case, seq=seq, values={"n": 1}, reason="漏填", actor="cheng"))
    assert [task.element for task in retried.tasks] == ["b"]
    case = engine.case(outcome.case)
    assert (case.status, case.incidents, case.values) == ("open", (), {"amount": 5, "n": 1, "opinion": "同意"})
    done = next(entry for entry in engine.history(outcome.case) if entry.kind == "task_completed")
    assert (done.actor, done.data["retried_by"], done.data["retry_reason"]) == ("li", "cheng", "漏填")
    corrected = next(entry for entry in engine.history(outcome.case) if entry.kind == "values_corrected")
    assert (corrected.actor, corrected.data["values"], corrected.data["reason"]) == ("cheng", {"n": 1}, "漏填")
    settled = engine.incident(outcome.case, seq)
    assert (settled.status, settled.ended_by) == ("retried", "cheng")
    assert engine.incidents() == []
    assert engine.verify().ok


def test_a_wrong_value_that_was_typed_is_put_right_in_what_was_typed(engine: Engine) -> None:
    publish(engine, NEEDS_N)
    outcome = start(engine)
    seq = fails(engine, outcome, n="many", other=1)
    assert engine.incident(outcome.case, seq).values == {"n": "many"}

    engine.handle(RetryIncident(case=outcome.case, seq=seq, values={"n": 0}, reason="不是数字", actor="cheng"))
    case = engine.case(outcome.case)
    assert (case.status, case.values) == ("open", {"n": 0, "other": 1})
    done = next(entry for entry in engine.history(outcome.case) if entry.kind == "task_completed")
    assert done.data["corrected"] == {"n": "many"}
    assert engine.verify().ok


def test_failing_again_counts_and_leaves_nothing_half_done(engine: Engine) -> None:
    publish(engine, NEEDS_N)
    outcome = start(engine)
    seq = fails(engine, outcome, x=1)
    entries = len(engine.history(outcome.case))

    for _ in range(2):
        with pytest.raises(DiagramFailed):
            engine.handle(RetryIncident(case=outcome.case, seq=seq, actor="cheng"))
    assert (engine.incident(outcome.case, seq).attempts, len(engine.history(outcome.case))) == (3, entries)

    with pytest.raises(DiagramFailed):
        engine.handle(RetryIncident(case=outcome.case, seq=seq, values={"n": "?"}, reason="试试", actor="cheng"))
    incident = engine.incident(outcome.case, seq)
    assert (incident.attempts, incident.actor, incident.status) == (4, "li", "open")
    assert incident.command == engine.case(outcome.case).incidents[0].command == "CompleteTask"
    assert "n" not in engine.case(outcome.case).values
    assert kinds(engine, outcome.case)[entries:] == ["incident_repeated g"]
    assert engine.verify().ok

    # The person tries again with other values: the same incident, what was typed last is kept.
    with pytest.raises(DiagramFailed):
        complete(engine, outcome, x=2)
    assert len(engine.case(outcome.case).incidents) == 1
    asked = engine.incident(outcome.case, seq).asked
    assert asked is not None and asked["data"]["values"] == {"x": 2}
    assert engine.verify().ok


def test_work_on_another_branch_leaves_the_incident_open(engine: Engine) -> None:
    body = (
        START
        + '<parallelGateway id="split"/><parallelGateway id="join"/>'
        + users("a", "other", "b")
        + GATEWAY
        + END
        + flows("start>split", "split>a", "split>other", "a>g", "other>join", "b>join", "join>end")
        + flow("g", "b", "${n > 0}", name="g_b")
    )
    publish(engine, document(body))
    outcome = start(engine)
    seq = fails(engine, outcome, "a", typed="important")

    complete(engine, outcome, "other", actor="wang")
    case = engine.case(outcome.case)
    assert (case.status, [incident.seq for incident in case.incidents]) == ("stuck", [seq])
    assert engine.verify().ok

    engine.handle(RetryIncident(case=outcome.case, seq=seq, values={"n": 1}, reason="补", actor="cheng"))
    case = engine.case(outcome.case)
    assert (case.status, case.values["typed"]) == ("open", "important")
    assert engine.verify().ok


def test_callers_data_in_what_failed_is_never_readable_and_comes_back(engine: Engine, database_url: str) -> None:
    publish(engine, NEEDS_N)
    outcome = start(engine)
    seq = fails(engine, outcome, caller_name="张三丰", caller_phone="13812341234", n="x")

    told = json.dumps(engine.incident(outcome.case, seq).in_full(), ensure_ascii=False)
    log = json.dumps([entry.as_json() for entry in engine.history(outcome.case)], ensure_ascii=False)
    assert "张三丰" not in told + log and "13812341234" not in told + log
    if database_url.startswith("sqlite"):
        with open(database_url.removeprefix("sqlite:///"), "rb") as file:
            assert "张三丰".encode() not in file.read()
    assert engine.verify().ok

    engine.handle(RetryIncident(case=outcome.case, seq=seq, values={"n": 1}, reason="更正", actor="cheng"))
    assert engine.masked_person(outcome.case) == {"caller_name": "张**", "caller_phone": "138****1234"}
    assert engine.verify().ok


def test_erasing_the_caller_erases_what_failed_too(engine: Engine) -> None:
    publish(engine, NEEDS_N)
    outcome = start(engine)
    seq = fails(engine, outcome, caller_name="张三丰")
    engine.handle(ErasePerson(case=outcome.case, actor="system"))
    engine.handle(RetryIncident(case=outcome.case, seq=seq, values={"n": 1}, reason="更正", actor="cheng"))
    assert engine.masked_person(outcome.case) == {}
    assert engine.verify().ok


def test_a_timer_that_failed_is_carried_out_again(engine: Engine, clock: Any) -> None:
    body = START + catch("c", timer("PT1H")) + GATEWAY + users("b") + END
    publish(engine, document(body + flows("start>c", "c>g", "b>end") + flow("g", "b", "${n > 0}", name="g_b")))
    number = start(engine).case
    clock.forward(hours=1)
    assert engine.handle(FireTimers(actor="clock")) == []
    seq = engine.case(number).incidents[0].seq

    engine.handle(CorrectValues(case=number, values={"n": 3}, reason="补录", actor="cheng"))
    assert engine.case(number).status == "stuck"
    retried = engine.handle(RetryIncident(case=number, seq=seq, actor="cheng"))
    assert (retried.status, [task.element for task in retried.tasks]) == ("open", ["b"])
    fired = next(entry for entry in engine.history(number) if entry.kind == "timers_fired")
    assert (fired.actor, fired.data["retried_by"]) == ("clock", "cheng")
    assert engine.verify().ok


def test_a_message_that_failed_is_delivered_again(engine: Engine) -> None:
    body = START + catch("m", MESSAGE) + GATEWAY + users("b") + END
    publish(engine, document(body + flows("start>m", "m>g", "b>end") + flow("g", "b", "${n > 0}", name="g_b")))
    number = start(engine).case
    with pytest.raises(DiagramFailed):
        engine.handle(SendMessage(name="paid", values={"amount": 7}, case=number, actor="li"))
    seq = engine.case(number).incidents[0].seq
    engine.handle(RetryIncident(case=number, seq=seq, values={"n": 1}, reason="补录", actor="cheng"))
    assert engine.case(number).values == {"amount": 7, "n": 1}
    assert engine.verify().ok


def test_many_are_retried_one_transaction_each(engine: Engine) -> None:
    publish(engine, NEEDS_N)
    outcomes = [start(engine) for _ in range(4)]
    for outcome in outcomes:
        fails(engine, outcome)
    for outcome in outcomes[:3]:
        engine.handle(CorrectValues(case=outcome.case, values={"n": 1}, reason="补录", actor="cheng"))
    engine.handle(CancelCase(case=outcomes[0].case, reason="重复", actor="cheng"))

    attended = engine.handle(RetryIncidents(procedure="p", element="g", actor="cheng"))
    assert [(item.case, item.done) for item in attended] == [
        (outcomes[1].case, True),
        (outcomes[2].case, True),
        (outcomes[3].case, False),
    ]
    assert "n" in attended[2].zh
    assert engine.handle(RetryIncidents(procedure="other", actor="cheng")) == []
    assert engine.handle(RetryIncidents(limit=0, actor="cheng")) == []
    chosen = engine.handle(RetryIncidents(cases=(outcomes[3].case,), actor="cheng"))
    assert [item.done for item in chosen] == [False]
    assert engine.verify().ok


def test_an_element_is_passed_by(engine: Engine) -> None:
    body = (
        START + users("a", "b") + '<scriptTask id="s" name="s"><script>total = amount * price</script></scriptTask>'
        + END + flows("start>a", "a>s", "s>b", "b>end")
    )  # fmt: skip
    publish(engine, document(body))
    outcome = start(engine)
    seq = fails(engine, outcome, amount=2)
    skipped = engine.handle(SkipElement(case=outcome.case, seq=seq, reason="无需计算", actor="cheng"))
    assert [task.element for task in skipped.tasks] == ["b"]
    assert "element_skipped s" in kinds(engine, outcome.case)
    assert engine.incident(outcome.case, seq).status == "skipped"
    assert engine.verify().ok


def test_out_of_a_gateway_one_says_which_way(engine: Engine) -> None:
    publish(engine, NEEDS_N)
    outcome = start(engine)
    seq = fails(engine, outcome)
    with pytest.raises(Refused, match="g_b"):
        engine.handle(SkipElement(case=outcome.case, seq=seq, reason="人工判断", actor="cheng"))
    with pytest.raises(Refused):
        engine.handle(SkipElement(case=outcome.case, seq=seq, reason="人工判断", flow="start_a", actor="cheng"))
    assert engine.case(outcome.case).status == "stuck"
    skipped = engine.handle(SkipElement(case=outcome.case, seq=seq, reason="人工判断", flow="g_c", actor="cheng"))
    assert [task.element for task in skipped.tasks] == ["c"]
    assert engine.verify().ok


def test_passing_by_leads_to_the_next_failure_and_is_remembered(engine: Engine) -> None:
    body = (
        START + users("a", "b") + '<scriptTask id="s" name="s"><script>x = missing</script></scriptTask>'
        + GATEWAY + END + flows("start>a", "a>s", "s>g", "b>end") + flow("g", "b", "${n > 0}", name="g_b")
    )  # fmt: skip
    publish(engine, document(body))
    outcome = start(engine)
    seq = fails(engine, outcome)
    with pytest.raises(DiagramFailed):
        engine.handle(SkipElement(case=outcome.case, seq=seq, reason="不需要", actor="cheng"))
    (incident,) = engine.case(outcome.case).incidents
    assert (incident.seq, incident.element) == (seq, "g")
    engine.handle(RetryIncident(case=outcome.case, seq=seq, values={"n": 1}, reason="补录", actor="cheng"))
    assert [task.element for task in engine.open_tasks(case=outcome.case)] == ["b"]
    assert engine.verify().ok


def test_a_token_is_moved_by_hand(engine: Engine) -> None:
    publish(engine, NEEDS_N)
    outcome = start(engine)
    seq = fails(engine, outcome)
    (place,) = engine.places(outcome.case)
    assert (place.element, place.token) == ("a", outcome.tasks[0].token)

    moved = engine.handle(
        ModifyCase(case=outcome.case, cancel=("a",), begin=("c",), values={"n": 0}, reason="改走丙", actor="cheng")
    )
    assert [task.element for task in moved.tasks] == ["c"]
    case = engine.case(outcome.case)
    assert (case.status, case.incidents, case.values) == ("open", (), {"n": 0})
    assert engine.incident(outcome.case, seq).status == "gone"
    entry = next(entry for entry in engine.history(outcome.case) if entry.kind == "case_modified")
    assert entry.data["begin"] == [{"process": "p", "element": "c", "at": None}]
    assert complete(engine, moved).status == "closed"
    assert engine.verify().ok


def test_a_token_is_moved_inside_a_subprocess_and_its_timer_goes_with_it(engine: Engine) -> None:
    inner = '<startEvent id="in"/>' + users("x", "y", "z") + boundary("late", "x", timer("PT1H"))
    body = subprocess("sub", inner + flows("in>x", "x>y", "late>z"))
    publish(engine, document(START + body + END + flows("start>sub", "sub>end")))
    outcome = start(engine)
    inside = next(place for place in engine.places(outcome.case) if place.element == "x").inside
    moved = engine.handle(
        ModifyCase(
            case=outcome.case,
            cancel=(outcome.tasks[0].token,),
            begin=(Begin("y", at=inside),),
            reason="略过 x",
            actor="cheng",
        )
    )
    assert ([task.element for task in moved.tasks], engine.case(outcome.case).waits) == (["y"], ())
    assert complete(engine, moved).status == "closed"
    assert engine.verify().ok


def test_a_case_that_starves_is_moved_on(engine: Engine) -> None:
    publish(
        engine,
        document(
            START
            + '<exclusiveGateway id="either" default="either_b"/><parallelGateway id="both"/>'
            + users("a", "b", "after")
            + flow("either", "a", "${x}")
            + flows("start>either", "either>b", "a>both", "b>both", "both>after")
        ),
    )
    outcome = complete(engine, start(engine, x=True))
    seq = engine.case(outcome.case).incidents[0].seq
    with pytest.raises(Refused):
        engine.handle(RetryIncident(case=outcome.case, seq=seq, actor="cheng"))
    engine.handle(CorrectValues(case=outcome.case, values={"y": 1}, reason="记一笔", actor="cheng"))
    assert [incident.seq for incident in engine.case(outcome.case).incidents] == [seq]
    moved = engine.handle(
        ModifyCase(case=outcome.case, cancel=("both",), begin=("after",), reason="只有一支", actor="cheng")
    )
    assert (moved.status, [task.element for task in moved.tasks]) == ("open", ["after"])
    assert engine.verify().ok


def test_a_preview_tells_and_changes_nothing(engine: Engine) -> None:
    publish(engine, NEEDS_N)
    outcome = start(engine, caller_name="李四")
    seq = fails(engine, outcome)
    before = (engine.case(outcome.case), engine.history(outcome.case), engine.incident(outcome.case, seq))

    retry = engine.preview(
        RetryIncident(case=outcome.case, seq=seq, values={"n": 1, "caller_org": "某公司"}, reason="补", actor="cheng")
    )
    assert ([task.element for task in retry.tasks], retry.status, retry.problems) == (["b"], "open", ())
    assert "task_completed" in [fact["kind"] for fact in retry.facts]
    moved = engine.preview(ModifyCase(case=outcome.case, cancel=("a",), begin=("c",), reason="改", actor="cheng"))
    assert [task.element for task in moved.tasks] == ["c"]
    way = engine.preview(SkipElement(case=outcome.case, seq=seq, flow="g_b", reason="略", actor="cheng"))
    assert [task.element for task in way.tasks] == ["b"]
    corrected = engine.preview(CorrectValues(case=outcome.case, values={"n": 1}, reason="改", actor="cheng"))
    assert (corrected.status, [task.element for task in corrected.tasks]) == ("stuck", ["a"])
    again = engine.preview(RetryIncident(case=outcome.case, seq=seq, actor="cheng"))
    assert (again.tasks, again.problems[0].element) == ((), "g")
    nowhere = engine.preview(ModifyCase(case=outcome.case, cancel=(99,), reason="改", actor="cheng"))
    assert "99" in nowhere.problems[0].zh

    assert (engine.case(outcome.case), engine.history(outcome.case), engine.incident(outcome.case, seq)) == before
    assert engine.verify().ok


def test_repairs_are_for_owners_and_administrators(engine: Engine) -> None:
    staff(engine, li="agent", cheng="process_owner", admin="sysadmin", shen="auditor")
    publish(engine, NEEDS_N)
    outcome = start(engine)
    seq = fails(engine, outcome)
    commands: list[Any] = [
        RetryIncident(case=outcome.case, seq=seq, actor="li"),
        RetryIncidents(actor="li"),
        SkipElement(case=outcome.case, seq=seq, reason="r", flow="g_b", actor="li"),
        CorrectValues(case=outcome.case, values={"n": 1}, reason="r", actor="li"),
        ModifyCase(case=outcome.case, cancel=("a",), begin=("b",), reason="r", actor="shen"),
    ]
    for command in commands:
        with pytest.raises(NotAllowed):
            engine.handle(command)
    with pytest.raises(NotAllowed):
        engine.preview(commands[0])
    with pytest.raises(NotAllowed):
        engine.incident(outcome.case, seq, "li")
    assert engine.incident(outcome.case, seq, "cheng").stack == ""
    stack = engine.incident(outcome.case, seq, "admin").stack
    assert "engine/bpmn/" in stack and "Unknown" not in stack and "\nExpressionFailed" not in stack.partition("\n")[2]
    assert engine.access_log("admin", outcome.case).total >= 4
    engine.handle(CorrectValues(case=outcome.case, values={"n": 1}, reason="r", actor="cheng"))
    engine.handle(RetryIncident(case=outcome.case, seq=seq, actor="admin"))
    assert engine.case(outcome.case).status == "open"


def test_the_stack_holds_no_values(engine: Engine) -> None:
    publish(engine, NEEDS_N)
    outcome = start(engine)
    seq = fails(engine, outcome, n="秘密的值")
    assert "秘密的值" not in engine.incident(outcome.case, seq).stack


@pytest.mark.parametrize(
    "values",
    [
        {"seq": 0, "reason": "r"},
        {"seq": 10**30, "reason": "r"},
        {"seq": -1, "reason": "r"},
        {"seq": True, "reason": "r"},
        {"seq": "1", "reason": "r"},
        {"reason": "", "values": {"n": 1}},
        {"reason": "x\x00", "values": {"n": 1}},
        {"reason": "x" * 5000, "values": {"n": 1}},
        {"reason": "r", "values": {"case_no": "1"}},
        {"reason": "r", "values": {"a b": 1}},
        {"reason": "r", "values": {"n": float("nan")}},
        {"reason": "r", "values": [1]},
        {"reason": "r", "values": {"n": {"person": "p", "field": "f", "sha256": "s"}}},
        {"reason": "r", "version": 99},
        {"reason": "r", "version": "1"},
        {"reason": "r", "version": 1, "mapping": {"a": 1}},
        {"case": "nobody", "reason": "r"},
        {"case": "\x00", "reason": "r"},
        {"case": "x" * 10_000, "reason": "r"},
    ],
)
def test_hostile_retries_are_refused_in_words(engine: Engine, values: dict[str, Any]) -> None:
    publish(engine, NEEDS_N)
    outcome = start(engine)
    seq = fails(engine, outcome)
    before = engine.case(outcome.case)
    with pytest.raises(EngineError) as error:
        engine.handle(RetryIncident(**{"case": outcome.case, "seq": seq, "actor": "cheng", **values}))
    assert not isinstance(error.value, DiagramFailed) and error.value.text("zh") and error.value.text("en")
    assert engine.case(outcome.case) == before
    assert engine.verify().ok


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"cancel": (99,)},
        {"cancel": (-1,)},
        {"cancel": (10**40,)},
        {"cancel": ("nowhere",)},
        {"cancel": (None,)},
        {"cancel": (True,)},
        {"cancel": ({},)},
        {"cancel": tuple(range(1000))},
        {"begin": ("nowhere",)},
        {"begin": ("",)},
        {"begin": (Begin("b", "q"),)},
        {"begin": (Begin("b", at=77),)},
        {"begin": (None,)},
        {"begin": ("b",) * 500},
        {"cancel": ("a",)},
        {"begin": ("b",), "values": {"typename": 1}},
        {"begin": ("b",), "reason": " "},
    ],
)
def test_hostile_modifications_are_refused_in_words(engine: Engine, values: dict[str, Any]) -> None:
    publish(engine, NEEDS_N)
    outcome = start(engine)
    before = engine.case(outcome.case)
    with pytest.raises(EngineError) as error:
        engine.handle(ModifyCase(**{"case": outcome.case, "reason": "r", "actor": "cheng", **values}))
    assert error.value.text("zh") and error.value.text("en")
    assert engine.case(outcome.case) == before
    assert engine.verify().ok


def test_what_is_over_is_not_repaired(engine: Engine) -> None:
    publish(engine, NEEDS_N)
    outcome = start(engine)
    seq = fails(engine, outcome)
    engine.handle(RetryIncident(case=outcome.case, seq=seq, values={"n": 1}, reason="补", actor="cheng"))
    with pytest.raises(Refused):
        engine.handle(RetryIncident(case=outcome.case, seq=seq, actor="cheng"))
    with pytest.raises(NotFound):
        engine.handle(SkipElement(case=outcome.case, seq=1, reason="r", actor="cheng"))
    with pytest.raises(Refused):
        engine.handle(CorrectValues(case=outcome.case, values={}, reason="r", actor="cheng"))
    (task,) = engine.open_tasks(case=outcome.case)
    assert engine.handle(CompleteTask(task=task.id, actor="li")).status == "closed"
    for command in (
        CorrectValues(case=outcome.case, values={"n": 1}, reason="r", actor="cheng"),
        ModifyCase(case=outcome.case, begin=("b",), reason="r", actor="cheng"),
    ):
        with pytest.raises(CaseClosed):
            engine.handle(command)


def test_the_form_is_not_asked_twice(engine: Engine) -> None:
    """What was typed was valid when it was typed; a retry carries it out as it was."""
    body = START + roles_task("a", formRef="f") + users("b") + GATEWAY + END
    diagram = document(body + flows("start>a", "a>g", "b>end") + flow("g", "b", "${n > 0}", name="g_b"))
    publish(engine, diagram, f_form=form("f", {"key": "remark", "validate": {"required": True}}))
    outcome = start(engine)
    seq = fails(engine, outcome, remark="已核实")
    engine.handle(RetryIncident(case=outcome.case, seq=seq, values={"n": 1}, reason="补", actor="cheng"))
    assert engine.case(outcome.case).values["remark"] == "已核实"
    with pytest.raises(EngineError):
        engine.handle(CompleteTask(task=outcome.tasks[0].id, values={"remark": "x"}, actor="li"))
    assert engine.verify().ok


def test_what_is_kept_is_proved_by_the_log_and_rebuilt_from_it(
    engine: Engine, database_url: str, behind: Callable[..., Any]
) -> None:
    publish(engine, NEEDS_N)
    outcome = start(engine)
    seq = fails(engine, outcome, opinion="同意")
    other = start(engine)
    lost = fails(engine, other, opinion="不同意")
    behind("UPDATE incident SET command = replace(command, '同意', '驳回') WHERE \"case\" = :n", n=outcome.case)
    behind('DELETE FROM incident WHERE "case" = :n', n=other.case)
    assert {(found.case, found.code) for found in engine.verify().mismatches} == {
        (outcome.case, "index_differs"),
        (other.case, "index_differs"),
    }

    engine.handle(RebuildIndexes(actor="system"))
    assert engine.verify().ok
    engine.handle(RetryIncident(case=outcome.case, seq=seq, values={"n": 1}, reason="补", actor="cheng"))
    engine.handle(RetryIncident(case=other.case, seq=lost, values={"n": 1}, reason="补", actor="cheng"))
    opinions = [engine.case(number).values["opinion"] for number in (outcome.case, other.case)]
    assert opinions == ["同意", "不同意"]
    assert engine.verify().ok


@pytest.fixture
def behind(database_url: str) -> Iterator[Callable[..., Any]]:
    """Runs SQL behind the engine's back."""
    server = create_engine(database_url)

    def run(statement: str, **values: Any) -> None:
        with server.begin() as connection:
            connection.execute(text(statement), values)

    yield run
    server.dispose()


def test_a_repair_costs_the_same_early_and_late(database_url: str, clock: Any, settings: Settings) -> None:
    """The statements of a command depend on neither the case's past nor how much it waits for."""
    told: list[str] = []
    body = (
        START + users("a", "b") + GATEWAY + '<exclusiveGateway id="h" default="h_a"/>' + END
        + flows("start>a", "a>g", "b>h", "h>a") + flow("g", "b", "${n > 0}", name="g_b")
        + flow("h", "end", "${over}", name="h_end")
    )  # fmt: skip
    database = Database.open(database_url, watch=told.append)
    with Engine(database, Vault(settings, database), clock) as engine:
        publish(engine, document(body))

        def round_of(number: str) -> dict[str, int]:
            costs: dict[str, int] = {}

            def cost(name: str, move: Callable[[], object]) -> None:
                told.clear()
                move()
                costs[name] = len(told)

            engine.handle(CorrectValues(case=number, values={"n": "?"}, reason="r", actor="cheng"))
            (task,) = engine.open_tasks(case=number)
            with pytest.raises(DiagramFailed):
                engine.handle(CompleteTask(task=task.id, actor="li"))
            seq = engine.case(number).incidents[0].seq
            retry = RetryIncident(case=number, seq=seq, values={"n": 1}, reason="r", actor="cheng")
            cost("preview", lambda: engine.preview(retry))
            cost("correct", lambda: engine.handle(replace(CORRECT, case=number)))
            cost("retry", lambda: engine.handle(retry))
            move = ModifyCase(case=number, cancel=("b",), begin=("a",), reason="r", actor="cheng")
            cost("modify", lambda: engine.handle(move))
            cost("suspend", lambda: engine.handle(SuspendCase(case=number, reason="r", actor="cheng")))
            cost("resume", lambda: engine.handle(ResumeCase(case=number, actor="cheng")))
            cost("incidents", lambda: engine.incidents(status=None))
            return costs

        number = start(engine).case
        round_of(number)
        early = round_of(number)
        for _ in range(10):
            round_of(number)
        assert round_of(number) == early
        assert max(early.values()) <= 24, early
        assert engine.verify().ok


def test_work_outside_that_was_given_up_is_passed_by_or_fetched_again(engine: Engine) -> None:
    body = START + service("s", "credit") + users("a") + END + line("s", "a")
    publish(engine, document(body))

    def given_up(code: str = "") -> tuple[str, int]:
        number = start(engine).case
        (task,) = engine.handle(FetchAndLock(topics=("credit",), worker="w", actor="system"))
        if code:
            engine.handle(FaultExternal(task=task.id, worker="w", code=code, message="no", actor="system"))
        else:
            engine.handle(FailExternal(task=task.id, worker="w", message="down", retries=0, actor="system"))
        return number, engine.case(number).incidents[0].seq

    for code in ("", "E9"):
        number, seq = given_up(code)
        skipped = engine.handle(SkipElement(case=number, seq=seq, reason="已人工核实", actor="cheng"))
        assert (skipped.status, [task.element for task in skipped.tasks]) == ("open", ["a"])
        assert engine.incident(number, seq).status == "skipped"
        assert "element_skipped s" in kinds(engine, number)
        assert engine.external_tasks() == []

        number, seq = given_up(code)
        assert engine.handle(RetryIncident(case=number, seq=seq, reason="已恢复", actor="cheng")).status == "open"
        assert engine.incident(number, seq).status == "retried"
        (task,) = engine.handle(FetchAndLock(topics=("credit",), worker="w", actor="system"))
        engine.handle(CompleteExternal(task=task.id, worker="w", actor="system"))
    assert engine.verify().ok


def test_two_who_retry_at_once_carry_it_out_once(engine: Engine) -> None:
    publish(engine, NEEDS_N)
    for _ in range(5):
        outcome = start(engine)
        seq = fails(engine, outcome, typed="kept")
        engine.handle(CorrectValues(case=outcome.case, values={"n": 1}, reason="补", actor="cheng"))

        def retry(login: str, number: str = outcome.case, seq: int = seq) -> str:
            try:
                return engine.handle(RetryIncident(case=number, seq=seq, actor=login)).status
            except (Refused, Conflict) as error:
                return type(error).__name__

        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(retry, ["a1", "a2", "a3", "a4"]))
        assert told.count("open") == 1, told
        assert kinds(engine, outcome.case).count("task_completed a") == 1
    assert engine.verify().ok


CORRECT = CorrectValues(case="", values={"note": 1}, reason="r", actor="cheng")
