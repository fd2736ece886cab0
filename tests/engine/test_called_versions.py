"""Cases whose procedures call a version of another one: always the same, or the newest when the call begins. The engine
is opened anew between all steps, and every case is verified after each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine import Engine, Outcome
from engine.commands import CompleteTask, MigrateCase, PublishVersion, RebuildIndexes, SendMessage, StartCase
from engine.errors import DiagramFailed, MigrationRefused, Refused, VersionRejected
from engine.settings import Settings
from tests.bpmn.drawing import END, MESSAGE, START, catch, document, flows, users
from tests.conftest import FakeClock
from tests.engine.steps import form, publish, roles_task

LATEST = 'camunda:calledElementBinding="latest"'


def version(number: int) -> str:
    return f'camunda:calledElementBinding="version" camunda:calledElementVersion="{number}"'


def caller(binding: str, called: str = "sub", process: str = "main", first: str = "first") -> bytes:
    """A task, then the call."""
    call = f'<callActivity id="c" name="c" calledElement="{called}" {binding}/>'
    body = START + users(first) + call + END + flows(f"start>{first}", f"{first}>c", "c>end")
    return document(body, process=process)


def sub(*tasks: str, process: str = "sub") -> bytes:
    path = ("start", *tasks, "end")
    return document(
        START + users(*tasks) + END + flows(*map(">".join, zip(path, path[1:], strict=False))), process=process
    )


class Office:
    """One engine after the other on the same database."""

    def __init__(self, reopen: Callable[[], Engine]) -> None:
        self._reopen = reopen

    @property
    def engine(self) -> Engine:
        return self._reopen()

    def publish(self, **files: bytes) -> list[tuple[str, int]]:
        return [(made.procedure, made.number) for made in publish(self.engine, **files)]

    def start(self, procedure: str = "main", **values: Any) -> str:
        outcome = self.engine.handle(StartCase(procedure=procedure, values=values, actor="li"))
        return self.seen(outcome).case

    def go_on(self, case: str, **values: Any) -> Outcome:
        """Completes the case's first open task."""
        task = self.engine.open_tasks(case)[0]
        return self.seen(self.engine.handle(CompleteTask(task=task.id, values=values, actor="li")))

    def at(self, case: str) -> list[tuple[str, str]]:
        return [(task.process, task.element) for task in self.engine.open_tasks(case)]

    def seen(self, outcome: Outcome) -> Outcome:
        report = self.engine.verify(outcome.case)
        assert report.ok, report.mismatches
        return outcome


@pytest.fixture
def office(database_url: str, clock: FakeClock, settings: Settings) -> Iterator[Office]:
    opened: list[Engine] = []

    def reopen() -> Engine:
        while opened:
            opened.pop().close()
        opened.append(Engine.open(database_url, clock=clock, settings=settings))
        return opened[0]

    yield Office(reopen)
    while opened:
        opened.pop().close()


def test_the_newest_version_is_the_one_at_the_moment_the_call_begins(office: Office) -> None:
    office.publish(sub_bpmn=sub("old", "more"), main_bpmn=caller(LATEST))
    early, late = office.start(), office.start()
    office.go_on(early)
    assert office.at(early) == [("sub@1", "old")]

    assert office.publish(sub_bpmn=sub("new")) == [("sub", 2)]
    assert office.go_on(late).tasks[0].element == "new"
    assert office.at(late) == [("sub@2", "new")]

    # What is inside its call stays on the version it began with.
    assert office.go_on(early).tasks[0].element == "more"
    assert office.go_on(early).status == office.go_on(late).status == "closed"
    entries = office.engine.history(early)
    assert [entry.data["called"] for entry in entries if "called" in entry.data] == [{"sub": 1}]
    assert office.engine.verify().ok


def test_a_version_by_number_stays_what_it_is(office: Office) -> None:
    office.publish(sub_bpmn=sub("first_form"))
    office.publish(sub_bpmn=sub("second_form"))
    assert office.publish(main_bpmn=caller(version(1))) == [("main", 1)]
    assert office.publish(sub_bpmn=sub("third_form")) == [("sub", 3)]
    case = office.start()
    office.go_on(case)
    assert office.at(case) == [("sub@1", "first_form")]
    assert office.go_on(case).status == "closed"
    assert all("called" not in entry.data for entry in office.engine.history(case))


def test_a_version_that_is_not_there_keeps_the_caller_from_being_published(office: Office) -> None:
    files = {"main.bpmn": caller(version(2)), "sub.bpmn": sub("a")}
    office.publish(sub_bpmn=sub("a"))
    with pytest.raises(VersionRejected) as rejected:
        office.engine.handle(PublishVersion(files=files, actor="system"))
    [problem] = [problem for problem in rejected.value.problems if problem.severity == "error"]
    assert (problem.element, problem.code) == ("c", "called_version_unknown")
    assert office.engine.check(files) == list(rejected.value.problems)


def test_calls_that_name_no_version_go_on_being_part_of_the_caller(office: Office) -> None:
    for binding in ("", 'camunda:calledElementBinding="deployment"'):
        office.publish(sub_bpmn=sub("old"), main_bpmn=caller(binding))
        case = office.start()
        assert tuple(name for name, _ in office.publish(sub_bpmn=sub("new"))) == ("main", "sub")
        office.go_on(case)
        assert office.at(case) == [("sub", "old")]


def test_calls_are_nested_to_any_depth_with_versions_of_their_own(office: Office) -> None:
    part = sub("deep", process="part")
    office.publish(part_bpmn=part, sub_bpmn=caller("", "part", "sub", "middle"))
    office.publish(top_bpmn=caller(version(1), "sub", "top", "above"), main_bpmn=caller(LATEST, "top"))
    case, other = office.start(), office.start()
    places = []
    for _ in range(3):
        office.go_on(case)
        places += office.at(case)
    assert places == [("top@1", "above"), ("sub@1", "middle"), ("part@sub@1", "deep")]
    # Now the middle one takes the newest, and the same process is called in two versions.
    office.publish(part_bpmn=sub("deeper", process="part"))
    office.publish(top_bpmn=caller(LATEST, "sub", "top", "above"))
    for _ in range(3):
        office.go_on(other)
    assert office.at(other) == [("part@sub@2", "deeper")]
    assert office.go_on(case).status == office.go_on(other).status == "closed"
    called = [entry.data["called"] for entry in office.engine.history(other) if "called" in entry.data]
    assert called == [{"top": 2}, {"sub": 2}]


def test_a_task_of_another_version_has_the_form_of_that_version(office: Office) -> None:
    def with_form(*fields: str) -> dict[str, bytes]:
        diagram = document(
            START + roles_task("fill", formRef="F1") + END + flows("start>fill", "fill>end"), process="sub"
        )
        return {
            "sub_bpmn": diagram,
            "f1_form": form("F1", *({"key": key, "validate": {"required": True}} for key in fields)),
        }

    office.publish(**with_form("old"))
    office.publish(main_bpmn=caller(LATEST), other_bpmn=caller(version(1), process="other"))
    early = office.start()
    office.go_on(early)
    office.publish(**with_form("new"))
    late, fixed = office.start(), office.start("other")
    office.go_on(late)
    office.go_on(fixed)

    for case, asked in ((early, "old"), (fixed, "old"), (late, "new")):
        task = office.engine.open_tasks(case)[0]
        assert [field["key"] for field in office.engine.form(task)["components"]] == [asked]
        with pytest.raises(Refused):
            office.go_on(case)
        assert office.go_on(case, **{asked: "x"}).status == "closed"
        assert office.engine.case(case).values[asked] == "x"


def test_waits_inside_a_called_version_are_found_and_rebuilt(office: Office) -> None:
    waiting = document(
        START + catch("wait", MESSAGE) + users("then") + END + flows("start>wait", "wait>then", "then>end"),
        process="sub",
    )
    office.publish(sub_bpmn=waiting, main_bpmn=caller(LATEST))
    case = office.start()
    office.go_on(case)
    office.publish(sub_bpmn=sub("new"))
    office.engine.handle(RebuildIndexes(case=case, actor="system"))
    assert office.engine.verify(case).ok
    office.seen(office.engine.handle(SendMessage(name="paid", case=case, actor="li")))
    assert office.at(case) == [("sub@1", "then")]
    assert office.go_on(case).status == "closed"


def test_a_case_inside_a_call_moves_to_another_version_of_the_caller(office: Office) -> None:
    office.publish(sub_bpmn=sub("old"), main_bpmn=caller(LATEST))
    case = office.start()
    office.go_on(case)
    office.publish(sub_bpmn=sub("new"))
    office.publish(main_bpmn=caller(LATEST).replace(b'name="first"', b'name="begin"'))
    office.seen(office.engine.handle(MigrateCase(case=case, version=2, reason="better", actor="system")))
    assert office.at(case) == [("sub@1", "old")]

    office.publish(main_bpmn=caller(version(2)))
    with pytest.raises(MigrationRefused):
        office.engine.handle(MigrateCase(case=case, version=3, reason="fixed", actor="system"))
    assert office.go_on(case).status == "closed"


def test_a_newest_version_that_cannot_be_called_is_an_incident_not_a_silent_end(office: Office) -> None:
    office.publish(sub_bpmn=sub("old"), main_bpmn=caller(LATEST))
    case = office.start()
    begins = '<startEvent id="start">' + MESSAGE + "</startEvent>"
    office.publish(sub_bpmn=document(begins + users("a") + END + flows("start>a", "a>end"), process="sub"))
    with pytest.raises(DiagramFailed) as failed:
        office.go_on(case)
    assert "sub@2" in str(failed.value)
    assert office.engine.case(case).status == "stuck"
    office.publish(sub_bpmn=sub("mended"))
    office.go_on(case)
    assert office.at(case) == [("sub@3", "mended")]


def test_two_calls_at_once_may_run_two_versions(office: Office) -> None:
    calls = "".join(f'<callActivity id="{name}" name="{name}" calledElement="sub" {LATEST}/>' for name in ("c", "d"))
    body = START + '<parallelGateway id="f"/>' + users("b") + calls + END
    body += flows("start>f", "f>c", "f>b", "b>d", "c>end", "d>end")
    office.publish(sub_bpmn=sub("same"), main_bpmn=document(body, process="main"))
    case = office.start()
    office.publish(sub_bpmn=sub("same", "more"))
    second = next(task for task in office.engine.open_tasks(case) if task.element == "b")
    office.seen(office.engine.handle(CompleteTask(task=second.id, values={}, actor="li")))
    assert sorted(office.at(case)) == [("sub@1", "same"), ("sub@2", "same")]
    for _ in range(3):
        office.go_on(case)
    assert office.engine.case(case).status == "closed"


def test_each_instance_of_a_loop_takes_the_version_that_is_the_newest_when_it_begins(office: Office) -> None:
    several = (
        '<multiInstanceLoopCharacteristics isSequential="true"><loopCardinality>2</loopCardinality>'
        "</multiInstanceLoopCharacteristics>"
    )
    call = f'<callActivity id="c" name="c" calledElement="sub" {LATEST}>{several}</callActivity>'
    office.publish(
        sub_bpmn=sub("old"), main_bpmn=document(START + call + END + flows("start>c", "c>end"), process="main")
    )
    case = office.start()
    office.publish(sub_bpmn=sub("new"))
    assert office.at(case) == [("sub@1", "old")]
    office.go_on(case)
    assert office.at(case) == [("sub@2", "new")]
    assert office.go_on(case).status == "closed"


def test_a_decision_in_a_called_version_is_taken_by_the_table_of_that_version(office: Office) -> None:
    def with_table(answer: str) -> dict[str, bytes]:
        asks = '<businessRuleTask id="ask" name="ask" camunda:decisionRef="d" camunda:resultVariable="answer" '
        asks += 'camunda:mapDecisionResult="singleEntry"/>'
        body = START + users("before") + asks + END + flows("start>before", "before>ask", "ask>end")
        table = (
            '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="t" name="t" namespace="t">'
            '<decision id="d" name="d"><decisionTable id="dt"><output id="o" name="answer" typeRef="string"/>'
            f'<rule id="r"><outputEntry id="e"><text>"{answer}"</text></outputEntry></rule></decisionTable></decision>'
            "</definitions>"
        )
        return {"sub_bpmn": document(body, process="sub"), "d_dmn": table.encode()}

    office.publish(**with_table("one"))
    office.publish(main_bpmn=caller(LATEST))
    early = office.start()
    office.go_on(early)
    office.publish(**with_table("two"))
    late = office.start()
    office.go_on(late)
    for case in (early, late):
        office.go_on(case)
    assert [office.engine.case(case).values["answer"] for case in (early, late)] == ["one", "two"]


def test_what_callers_say_of_themselves_in_a_called_version_is_put_away(office: Office) -> None:
    asked = {"key": "secret", "properties": {"personal": "true", "mask": "name"}}
    diagram = document(START + roles_task("fill", formRef="F1") + END + flows("start>fill", "fill>end"), process="sub")
    office.publish(sub_bpmn=sub("old"), main_bpmn=caller(LATEST))
    case = office.start()
    office.publish(sub_bpmn=diagram, f1_form=form("F1", asked))
    office.go_on(case)
    office.go_on(case, secret="张伟")
    assert "张伟" not in str([entry.data for entry in office.engine.history(case)])
    office.publish(sub_bpmn=sub("newest"))
    assert office.engine.masked_person(case) == {"secret": "张**"}


def test_a_procedure_that_calls_its_own_newest_version_for_ever_is_stopped(office: Office) -> None:
    call = f'<callActivity id="c" name="c" calledElement="main" {LATEST}/>'
    office.publish(main_bpmn=document(START + call + END + flows("start>c", "c>end"), process="main"))
    with pytest.raises(DiagramFailed) as failed:
        office.engine.handle(StartCase(procedure="main", actor="li"))
    assert failed.value.element == "c"
    office.publish(main_bpmn=sub("a", process="main"))
    assert office.at(office.start()) == [("main", "a")]
