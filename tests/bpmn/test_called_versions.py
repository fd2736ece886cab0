"""Call activities that name a version: what is refused, and what stands beside the caller."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine import bpmn
from engine.bpmn.called import complete, running
from engine.errors import DiagramFailed
from tests.bpmn.drawing import END, MESSAGE, NOW, START, document, flows, users


def caller(binding: str, called: str = "sub", process: str = "main") -> bytes:
    call = f'<callActivity id="c" name="c" calledElement="{called}" {binding}/>'
    return document(START + call + END + flows("start>c", "c>end"), process=process)


def sub(task: str) -> bytes:
    return document(START + users(task) + END + flows(f"start>{task}", f"{task}>end"), process="sub")


LATEST = 'camunda:calledElementBinding="latest"'


def version(number: str) -> str:
    return f'camunda:calledElementBinding="version" camunda:calledElementVersion="{number}"'


class Known:
    """``sub`` in its versions 1 and 3; the third begins with a message."""

    def numbers(self, procedure: str) -> Sequence[int]:
        return [1, 3] if procedure == "sub" else []

    def process(self, procedure: str, number: int) -> bpmn.Process:
        begins = '<startEvent id="start">' + MESSAGE + "</startEvent>" if number == 3 else START
        body = begins + users("a") + END + flows("start>a", "a>end")
        return bpmn.load({"sub.bpmn": document(body, process="sub")}).procedures["sub"].own["sub"]


@pytest.mark.parametrize(
    ("binding", "code"),
    [
        (version("2"), "called_version_unknown"),
        (version("3"), "call_start"),
        (version("${n}"), "called_version_invalid"),
        (version("0"), "called_version_invalid"),
        ('camunda:calledElementBinding="version"', "called_version_invalid"),
        ('camunda:calledElementBinding="versionTag" camunda:calledElementVersionTag="v1"', "not_executed"),
    ],
)
def test_what_cannot_be_called_is_refused_with_the_reason(binding: str, code: str) -> None:
    problems = bpmn.check({"main.bpmn": caller(binding)}, versions=Known())
    found = [problem for problem in problems if problem.severity == "error"]
    assert {(problem.element, problem.code) for problem in found} == {("c", code)}


def test_an_unknown_version_is_told_with_those_there_are() -> None:
    [problem] = bpmn.check({"main.bpmn": caller(version("2"))}, versions=Known())
    assert "1, 3" in problem.zh and "1, 3" in problem.en
    [problem] = bpmn.check({"main.bpmn": caller(version("2"), "other")}, versions=Known())
    assert problem.code == "called_version_unknown" and "not published" in problem.en


def test_the_newest_version_of_what_is_not_there_is_refused() -> None:
    [problem] = bpmn.check({"main.bpmn": caller(LATEST, "nowhere")}, versions=Known())
    assert (problem.element, problem.code) == ("c", "call_unknown")


def test_names_that_other_versions_would_have_are_refused() -> None:
    files = {"main.bpmn": caller(LATEST, process="sub@2"), "sub.bpmn": sub("a")}
    assert [problem.code for problem in bpmn.check(files)] == ["called_version_invalid"]


def test_a_step_runs_the_version_it_is_given_and_says_which() -> None:
    main = bpmn.load({"main.bpmn": caller(LATEST), "sub.bpmn": sub("a")}).procedures["main"]
    versions = {number: bpmn.load({"sub.bpmn": sub(task)}).procedures["sub"] for number, task in ((1, "a"), (2, "b"))}

    def at(number: int, snapshot: str | None = None) -> bpmn.Definition:
        return complete(main, running(snapshot), {"sub": number}.get, lambda _, wanted: versions[wanted])

    assert main.closure() == {"main.bpmn"}
    began = bpmn.step(at(1), None, bpmn.Start(), NOW)
    assert began.called == {"sub": 1} and running(began.snapshot) == {("sub", 1)}
    assert [(task.process, task.element) for task in began.tasks] == [("sub@1", "a")]

    ended = bpmn.step(at(2, began.snapshot), began.snapshot, bpmn.Complete(began.tasks[0].token), NOW)
    assert ended.finished and not ended.called
    assert [task.element for task in bpmn.step(at(2), None, bpmn.Start(), NOW).tasks] == ["b"]


def test_what_was_published_by_release_0_1_keeps_what_it_called() -> None:
    files = {"main.bpmn": caller(LATEST), "sub.bpmn": sub("a")}
    old = bpmn.load(files, published=True).procedures["main"]
    assert old.calls_newest == frozenset() and old.closure() == set(files)
    assert [task.process for task in bpmn.step(old, None, bpmn.Start(), NOW).tasks] == ["sub"]


def test_a_newest_version_that_nobody_knows_fails_with_its_name() -> None:
    main = bpmn.load({"main.bpmn": caller(LATEST), "sub.bpmn": sub("a")}).procedures["main"]
    with pytest.raises(DiagramFailed) as failed:
        bpmn.step(main, None, bpmn.Start(), NOW)
    assert "sub" in failed.value.text("zh") and failed.value.element == "c"
