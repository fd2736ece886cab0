"""Work outside: fetched under a lock, done, failed, or ended in a business error; through the public face."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete, update

from engine import Engine, ExternalTask, Outcome, Settings
from engine.commands import (
    AddNote,
    CancelCase,
    Command,
    CompleteExternal,
    ExtendLock,
    FailExternal,
    FaultExternal,
    FetchAndLock,
    FireTimers,
    RebuildIndexes,
    RetryIncident,
    UnlockExternal,
)
from engine.errors import (
    Conflict,
    DiagramFailed,
    EngineError,
    NotAllowed,
    NotFound,
    NotLocked,
    Refused,
    TaskAlreadyDone,
)
from engine.storage.database import Database
from engine.storage.operations_tables import external_task
from engine.storage.vault import Vault
from tests.bpmn.drawing import END, ERROR, START, boundary, document, flow, flows, timer, users
from tests.bpmn.test_service_tasks import line, service
from tests.engine.steps import complete, kinds, publish, staff, start

ONE = document(START + service("s", "credit", amount="${n}") + users("a") + END + line("s", "a"))
CATCHES = document(
    START + service("s", "credit") + boundary("e", "s", ERROR) + users("mend") + END + line("s") + flows("e>mend")
)
SEVERAL = '<multiInstanceLoopCharacteristics camunda:collection="${items}" camunda:elementVariable="item"/>'


def fetch(engine: Engine, worker: str = "w", *topics: str, actor: str = "system", **how: Any) -> list[ExternalTask]:
    return engine.handle(FetchAndLock(topics=topics or ("credit",), worker=worker, actor=actor, **how))


def done(engine: Engine, task: ExternalTask, worker: str = "w", actor: str = "system", **values: Any) -> Outcome:
    return engine.handle(CompleteExternal(task=task.id, worker=worker, values=values, actor=actor))


def failed(engine: Engine, task: ExternalTask, worker: str = "w", **how: Any) -> Outcome:
    return engine.handle(FailExternal(task=task.id, worker=worker, message="down", actor="system", **how))


def ids(tasks: list[ExternalTask]) -> list[str]:
    return [task.id for task in tasks]


def test_work_is_fetched_done_and_the_case_goes_on(engine: Engine) -> None:
    publish(engine, ONE)
    outcome = start(engine, n=3)
    assert (outcome.status, outcome.tasks) == ("open", ())
    (task,) = fetch(engine)
    assert (task.case, task.element, task.topic, task.values, task.worker) == (
        outcome.case, "s", "credit", {"amount": 3}, "w",
    )  # fmt: skip
    outcome = done(engine, task, score=7)
    assert [item.element for item in outcome.tasks] == ["a"]
    assert engine.case(outcome.case).values == {"n": 3, "score": 7}
    assert engine.external_tasks() == []
    entries = {entry.kind: entry for entry in engine.history(outcome.case)}
    assert entries["external_completed"].data["worker"] == "w"
    assert engine.verify().ok
    complete(engine, outcome)
    assert engine.verify().ok


def test_nobody_else_gets_what_is_locked_until_the_lock_runs_out(engine: Engine, clock: Any) -> None:
    publish(engine, ONE)
    start(engine, n=1)
    assert len(fetch(engine, "one", lock_seconds=60)) == 1
    assert fetch(engine, "two") == []
    clock.forward(seconds=60)
    (task,) = fetch(engine, "two")
    assert task.worker == "two"


def test_whoever_lost_the_lock_is_told_in_words(engine: Engine, clock: Any) -> None:
    publish(engine, ONE)
    start(engine, n=1)
    (task,) = fetch(engine, "one", lock_seconds=60)
    clock.forward(seconds=61)
    fetch(engine, "two", lock_seconds=60)
    for move in (
        CompleteExternal(task=task.id, worker="one", actor="system"),
        FailExternal(task=task.id, worker="one", message="x", actor="system"),
        FaultExternal(task=task.id, worker="one", code="E1", actor="system"),
        ExtendLock(task=task.id, worker="one", actor="system"),
        UnlockExternal(task=task.id, worker="one", actor="system"),
    ):
        with pytest.raises(NotLocked, match="two"):
            engine.handle(move)
    assert issubclass(NotLocked, Conflict)


def test_a_lock_that_ran_out_and_nobody_took_is_still_good(engine: Engine, clock: Any) -> None:
    publish(engine, ONE)
    start(engine, n=1)
    (task,) = fetch(engine, lock_seconds=1)
    clock.forward(hours=1)
    assert done(engine, task).tasks


def test_a_lock_can_be_made_longer_and_given_back(engine: Engine, clock: Any) -> None:
    publish(engine, ONE)
    start(engine, n=1)
    (task,) = fetch(engine, lock_seconds=10)
    clock.forward(seconds=9)
    longer = engine.handle(ExtendLock(task=task.id, worker="w", seconds=60, actor="system"))
    assert longer.locked_until == "2026-11-23T01:01:09.000000+00:00"
    clock.forward(seconds=30)
    assert fetch(engine, "other") == []
    free = engine.handle(UnlockExternal(task=task.id, worker="w", actor="system"))
    assert (free.worker, free.locked_until) == (None, None)
    assert ids(fetch(engine, "other")) == [task.id]


def test_work_that_was_not_fetched_is_not_reported_on(engine: Engine) -> None:
    publish(engine, ONE)
    start(engine, n=1)
    with pytest.raises(NotLocked):
        done(engine, engine.external_tasks()[0])


def test_work_that_is_done_or_gone_says_so(engine: Engine, clock: Any) -> None:
    publish(engine, ONE)
    outcome = start(engine, n=1)
    (task,) = fetch(engine)
    done(engine, task)
    with pytest.raises(TaskAlreadyDone, match="w"):
        done(engine, task)
    for unknown in (f"{outcome.case}.99", "nonsense", "20990101-0001.3"):
        with pytest.raises(NotFound):
            engine.handle(CompleteExternal(task=unknown, worker="w", actor="system"))
    start(engine, n=2)
    (task,) = fetch(engine)
    engine.handle(CancelCase(case=task.case, reason="x", actor="system"))
    assert engine.external_tasks() == []
    with pytest.raises(TaskAlreadyDone):
        done(engine, task)
    assert engine.verify().ok


def test_a_timer_that_takes_the_work_away_leaves_nothing_to_fetch(engine: Engine, clock: Any) -> None:
    body = service("s", "credit") + boundary("t", "s", timer("PT1H")) + users("late")
    publish(engine, document(START + body + END + line("s") + flows("t>late")))
    number = start(engine).case
    (task,) = fetch(engine, lock_seconds=7200)
    clock.forward(hours=1)
    engine.handle(FireTimers(actor="clock"))
    assert [item.element for item in engine.open_tasks(case=number)] == ["late"]
    with pytest.raises(TaskAlreadyDone):
        done(engine, task)
    assert engine.verify().ok


def test_the_most_urgent_comes_first_and_of_those_the_oldest(engine: Engine, clock: Any) -> None:
    publish(engine, document(START + service("s", "credit", priority="${p}") + END + line("s")))
    numbers = []
    for urgency in (1, 9, 5, 9):
        numbers.append(start(engine, p=urgency).case)
        clock.forward(seconds=1)
    first = fetch(engine, count=3)
    assert [task.case for task in first] == [numbers[1], numbers[3], numbers[2]]
    assert [task.priority for task in first] == [9, 9, 5]
    assert [task.case for task in fetch(engine)] == [numbers[0]]


def test_topics_are_kept_apart(engine: Engine) -> None:
    publish(engine, ONE, document(START + service("s", "sms") + END + line("s"), "q"))
    start(engine, n=1)
    start(engine, procedure="q")
    assert [task.topic for task in fetch(engine, "w", "sms")] == ["sms"]
    assert fetch(engine, "w", "other") == []
    assert [task.topic for task in fetch(engine, "w", "sms", "credit")] == ["credit"]


def test_a_failure_is_tried_again_after_a_pause_that_grows(engine: Engine, clock: Any) -> None:
    publish(engine, ONE)
    number = start(engine, n=1).case
    pauses = []
    for _ in range(7):
        (task,) = fetch(engine)
        assert failed(engine, task).status == "open"
        assert fetch(engine) == []
        waited = 0
        while not (found := fetch(engine)):
            clock.forward(seconds=30)
            waited += 30
        engine.handle(UnlockExternal(task=found[0].id, worker="w", actor="system"))
        pauses.append(waited)
    assert pauses == [30, 60, 120, 240, 480, 960, 1920]
    assert (found[0].failures, found[0].retries, found[0].error) == (7, 1, "down")
    (task,) = fetch(engine)
    assert failed(engine, task, details="Traceback …").status == "stuck"
    (incident,) = engine.case(number).incidents
    assert incident.element == "s"
    assert "down" in incident.en
    clock.forward(hours=100)
    assert fetch(engine) == []
    assert [item.id for item in engine.external_tasks(given_up=True)] == [task.id]
    assert engine.verify().ok


def test_a_worker_may_say_how_often_and_when(engine: Engine, clock: Any) -> None:
    publish(engine, ONE)
    start(engine, n=1)
    (task,) = fetch(engine)
    failed(engine, task, retries=1, retry_after=5)
    clock.forward(seconds=4)
    assert fetch(engine) == []
    clock.forward(seconds=1)
    (task,) = fetch(engine)
    assert task.retries == 1
    assert failed(engine, task, retries=0).status == "stuck"


def test_a_business_error_that_is_caught_moves_the_case(engine: Engine) -> None:
    publish(engine, CATCHES)
    start(engine)
    (task,) = fetch(engine)
    move = FaultExternal(task=task.id, worker="w", code="E1", message="no", values={"why": "x"}, actor="system")
    outcome = engine.handle(move)
    assert [item.element for item in outcome.tasks] == ["mend"]
    assert engine.case(outcome.case).values == {"why": "x"}
    assert engine.verify().ok
    with pytest.raises(TaskAlreadyDone):
        engine.handle(move)


def test_a_business_error_nothing_catches_is_an_incident_and_no_end(engine: Engine) -> None:
    publish(engine, CATCHES)
    start(engine)
    (task,) = fetch(engine)
    outcome = engine.handle(FaultExternal(task=task.id, worker="w", code="E9", message="no", actor="system"))
    assert outcome.status == "stuck"
    case = engine.case(outcome.case)
    assert [("E9" in item.en, item.element) for item in case.incidents] == [(True, "s")]
    assert [item.id for item in engine.external_tasks(given_up=True)] == [task.id]
    assert engine.verify().ok


def test_what_was_brought_is_cleaned_and_callers_data_put_away(engine: Engine) -> None:
    publish(engine, ONE)
    number = start(engine, n=1).case
    (task,) = fetch(engine)
    for values in ({"1x": 1}, {"x": float("nan")}, {"case_no": "7"}, {"x": {"typename": 1}}):
        with pytest.raises(Refused):
            engine.handle(CompleteExternal(task=task.id, worker="w", values=values, actor="system"))
    done(engine, task, caller_name="张三", note="ok")
    values = engine.case(number).values
    assert set(values["caller_name"]) == {"person", "field", "sha256"}
    assert values["note"] == "ok"
    assert "张三" not in str([entry.data for entry in engine.history(number)])
    assert engine.verify().ok


def test_workers_get_references_and_not_callers_data(engine: Engine) -> None:
    publish(engine, document(START + service("s", "credit", who="${caller_name}") + END + line("s")))
    start(engine, caller_name="张三")
    (task,) = fetch(engine)
    assert set(task.values["who"]) == {"person", "field", "sha256"}


@pytest.mark.parametrize(
    "how",
    [
        {"count": 0}, {"count": 101}, {"count": True}, {"lock_seconds": -1}, {"lock_seconds": float("inf")},
        {"lock_seconds": 86401}, {"worker": ""}, {"worker": "a\nb"}, {"worker": "x" * 201}, {"topics": ()},
        {"topics": ("",)}, {"topics": tuple(str(n) for n in range(101))},
    ],
)  # fmt: skip
def test_what_cannot_be_fetched_is_refused(engine: Engine, how: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        engine.handle(FetchAndLock(**{"topics": ("credit",), "worker": "w", "actor": "system", **how}))


def test_only_workers_and_the_system_do_work_outside(engine: Engine) -> None:
    publish(engine, ONE)
    start(engine, n=1)
    staff(engine, robot="worker", li="agent", wang="sysadmin")
    with pytest.raises(NotAllowed):
        fetch(engine, actor="li")
    with pytest.raises(NotAllowed):
        engine.external_tasks(actor="li")
    assert len(engine.external_tasks(actor="wang")) == 1
    (task,) = fetch(engine, actor="robot")
    moves: list[Command] = [
        CompleteExternal(task=task.id, worker="w", actor="li"),
        FailExternal(task=task.id, worker="w", message="x", actor="li"),
        FaultExternal(task=task.id, worker="w", code="x", actor="li"),
        ExtendLock(task=task.id, worker="w", actor="li"),
        UnlockExternal(task=task.id, worker="w", actor="li"),
    ]
    for move in moves:
        with pytest.raises(NotAllowed):
            engine.handle(move)  # type: ignore[call-overload]
    assert done(engine, task, actor="robot").tasks


def test_the_queue_is_written_anew_from_the_snapshots(engine: Engine, database_url: str) -> None:
    body = service("s", "credit", inside=SEVERAL, n="${item}")
    publish(engine, document(START + body + END + line("s")))
    number = start(engine, items=[1, 2, 3]).case
    before = engine.external_tasks()
    locked = fetch(engine, count=1)
    database = Database.open(database_url)
    with database.writing() as connection:
        connection.execute(delete(external_task).where(external_task.c.id == before[1].id))
        connection.execute(update(external_task).where(external_task.c.id == before[2].id).values(topic="other"))
    database.close()
    assert {found.code for found in engine.verify(number).mismatches} == {"index_differs"}
    engine.handle(RebuildIndexes(case=number, actor="system"))
    assert engine.verify(number).ok
    after = engine.external_tasks()
    assert [task for task in after if task.id != locked[0].id] == [task for task in before if task.id != locked[0].id]
    assert [task for task in after if task.id == locked[0].id] == locked


def test_many_fetch_at_once_and_nobody_gets_the_same(engine: Engine) -> None:
    body = service("s", "credit", inside=SEVERAL, n="${item}")
    publish(engine, document(START + body + END + line("s")))
    start(engine, items=list(range(60)))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: ids(fetch(engine, f"w{n}", count=10)), range(8)))
    got = [key for batch in found for key in batch]
    assert len(got) == len(set(got))
    got += [key for n in range(6) for key in ids(fetch(engine, f"x{n}", count=100))]
    assert sorted(got) == sorted(ids(engine.external_tasks()))


def test_one_completion_of_many_at_once_counts(engine: Engine) -> None:
    publish(engine, ONE)
    number = start(engine, n=1).case
    (task,) = fetch(engine)

    def attempt(_: int) -> bool:
        try:
            done(engine, task)
        except EngineError as error:
            assert isinstance(error, Conflict)
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(16))) == 1
    assert kinds(engine, number).count("external_completed s") == 1
    assert engine.verify().ok


def test_a_case_costs_what_it_costs_however_much_waits_outside(
    database_url: str, clock: Any, settings: Settings
) -> None:
    told: list[str] = []
    database = Database.open(database_url, watch=told.append)
    body = service("s", "credit", inside=SEVERAL, n="${item}")
    gateway = '<exclusiveGateway id="g" default="g_end"/>'
    with Engine(database, Vault(settings, database), clock) as engine:
        publish(
            engine,
            document(
                START
                + body
                + gateway
                + END
                + flows("start>s", "s>g", "g>end")
                + flow("g", "s", "${again}", name="again")
            ),
        )
        publish(engine, document(START + users("a", "b") + END + line("a", "b"), "q"))

        def cost(count: int) -> int:
            start(engine, items=list(range(count)), again=False)
            task = fetch(engine, count=100)[-1]
            told.clear()
            done(engine, task)
            return len(told)

        cost(2)
        assert cost(3) == cost(60)

        plain = start(engine, procedure="q")
        told.clear()
        engine.handle(AddNote(case=plain.case, text="x", actor="li"))
        complete(engine, plain)
        assert not [statement for statement in told if "external_task" in statement]


def test_a_ledger_entry_can_be_read_from_the_log(engine: Engine) -> None:
    body = service("s", "ledger", ledger="进度台账", progress="已转办", unit="${u}") + service("t", "ledger", x="${1}")
    publish(engine, document(START + body + END + line("s", "t")))
    number = start(engine, u="环保局").case
    entries = engine.ledger(number)
    assert [(entry.element, entry.ledger, entry.values) for entry in entries] == [
        ("s", "进度台账", {"progress": "已转办", "unit": "环保局"}),
        ("t", "", {"x": 1}),
    ]
    assert engine.verify().ok
    staff(engine, li="agent", wang="agent")
    with pytest.raises(NotAllowed):
        engine.ledger(number, actor="wang")
    with pytest.raises(NotFound):
        engine.ledger("20990101-0001")


def test_work_that_was_given_up_is_fetched_again_when_a_person_has_it_retried(engine: Engine) -> None:
    publish(engine, ONE)
    number = start(engine, n=1).case
    (task,) = fetch(engine)
    failed(engine, task, retries=0, details="Traceback")
    assert fetch(engine) == []
    (incident,) = engine.case(number).incidents
    assert engine.handle(RetryIncident(case=number, seq=incident.seq, actor="system")).status == "open"
    assert engine.case(number).incidents == ()
    assert engine.verify().ok
    (task,) = fetch(engine)
    assert (task.failures, task.retries) == (0, 8)
    assert done(engine, task).status == "open"
    assert engine.verify().ok


def test_what_was_brought_and_could_not_be_used_is_kept_and_not_done_again(engine: Engine) -> None:
    gateway = '<exclusiveGateway id="g" default="g_end"/>'
    drawn = START + service("s", "credit") + gateway + users("a") + END
    publish(engine, document(drawn + flows("start>s", "s>g", "g>end", "a>end") + flow("g", "a", "${score > limit}")))
    number = start(engine).case
    (task,) = fetch(engine)
    with pytest.raises(DiagramFailed):
        done(engine, task, score=7)
    assert fetch(engine) == []
    (incident,) = engine.case(number).incidents
    repair = RetryIncident(case=number, seq=incident.seq, values={"limit": 5}, reason="was missing", actor="system")
    outcome = engine.handle(repair)
    assert [item.element for item in outcome.tasks] == ["a"]
    assert engine.case(number).values == {"limit": 5, "score": 7}
    assert engine.external_tasks() == []
    assert engine.verify().ok
