"""Publishing versions, what they pull in, who uses them, and drafts."""

from __future__ import annotations

import pytest

from engine import Engine, Version
from engine.commands import PublishVersion, SaveProcedureDraft
from engine.errors import Conflict, NotAllowed, Refused, VersionRejected
from tests.bpmn.drawing import END, START, document, flow, flows, users
from tests.engine.steps import TWO, complete, form, publish, roles_task, staff, start


def calling(process: str, called: str) -> bytes:
    return document(
        START + f'<callActivity id="c" calledElement="{called}"/>' + END + flows("start>c", "c>end"), process=process
    )


def one(process: str, task: str) -> bytes:
    return document(START + users(task) + END + flows(f"start>{task}", f"{task}>end"), process=process)


def made(versions: list[Version]) -> list[tuple[str, int]]:
    return [(version.procedure, version.number) for version in versions]


def test_the_same_content_makes_one_version(engine: Engine) -> None:
    first = publish(engine, TWO)
    assert made(first) == [("p", 1)]
    assert publish(engine, TWO) == []
    assert engine.handle(PublishVersion(files={"other/name.bpmn": TWO}, actor="li")) == []
    assert [version.sha256 for version in engine.versions("p")] == [first[0].sha256]
    assert engine.version("p").files == {"0.bpmn": TWO}


def test_a_case_stays_on_the_version_it_started_on(engine: Engine) -> None:
    publish(engine, one("p", "a"))
    old = start(engine)
    assert made(publish(engine, one("p", "x"))) == [("p", 2)]
    new = start(engine)

    assert [engine.case(outcome.case).version for outcome in (old, new)] == [1, 2]
    assert [outcome.tasks[0].element for outcome in (old, new)] == ["a", "x"]
    assert complete(engine, old).status == complete(engine, new).status == "closed"
    assert engine.verify().ok


def test_errors_are_all_told_and_nothing_is_published(engine: Engine) -> None:
    broken = document(START + users("a") + flows("start>a", "a>nowhere"))
    with pytest.raises(VersionRejected) as rejected:
        publish(engine, broken, TWO.replace(b'id="p"', b'id="q"'))
    assert rejected.value.problems
    assert engine.procedures() == []
    assert [problem.code for problem in engine.check({"0.bpmn": broken})] == [
        problem.code for problem in rejected.value.problems
    ]


def test_what_a_procedure_uses_is_kept_with_it(engine: Engine) -> None:
    publish(engine, one("sub", "s"))
    assert made(publish(engine, main_bpmn=calling("main", "sub"))) == [("main", 1)]
    assert set(engine.version("main").files) == {"0.bpmn", "main.bpmn"}
    assert start(engine, procedure="main").tasks[0].element == "s"


def test_a_changed_part_gives_its_users_a_new_version(engine: Engine) -> None:
    publish(engine, sub_bpmn=one("sub", "s"), main_bpmn=calling("main", "sub"), top_bpmn=calling("top", "main"))
    publish(engine, other_bpmn=one("other", "o"))

    versions = publish(engine, sub_bpmn=one("sub", "changed"))

    assert made(versions) == [("main", 2), ("sub", 2), ("top", 2)]
    assert start(engine, procedure="top").tasks[0].element == "changed"
    assert engine.version("other").number == 1


def test_a_changed_form_gives_its_users_a_new_version(engine: Engine) -> None:
    diagram = document(START + roles_task("a", formRef="F1") + END + flows("start>a", "a>end"))
    publish(engine, p_bpmn=diagram, f1_form=form("F1", {"key": "old"}))
    assert publish(engine, f1_form=form("F1", {"key": "old"})) == []
    assert made(publish(engine, f1_form=form("F1", {"key": "new"}))) == [("p", 2)]
    version = engine.version("p")
    assert [component["key"] for component in engine.form("F1", version)["components"]] == ["new"]


def test_a_part_that_breaks_its_users_is_refused(engine: Engine) -> None:
    diagram = document(START + roles_task("a", formRef="F1") + END + flows("start>a", "a>end"))
    publish(engine, p_bpmn=diagram, f1_form=form("F1", {"key": "old"}))
    with pytest.raises(VersionRejected):
        publish(engine, f1_form=b'{"type": "default", "id": "F1", "components": [{"type": "iframe"}]}')
    assert engine.version("p").number == 1


def test_files_of_one_name_do_not_push_each_other_out(engine: Engine) -> None:
    publish(engine, a_bpmn=one("sub", "s"))
    publish(engine, a_bpmn=one("other", "o"))
    publish(engine, a_bpmn=calling("main", "sub"))

    assert start(engine, procedure="main").tasks[0].element == "s"
    assert len(engine.version("main").files) == 2
    assert made(publish(engine, a_bpmn=one("sub", "t"))) == [("main", 2), ("sub", 2)]
    assert start(engine, procedure="main").tasks[0].element == "t"
    assert engine.verify().ok


@pytest.mark.parametrize(
    "path", ["", "/a.bpmn", "../a.bpmn", "a/../b.bpmn", "a//b.bpmn", "a\\b.bpmn", "x" * 400, "\x00"]
)
def test_paths_that_lead_elsewhere_are_refused(engine: Engine, path: str) -> None:
    with pytest.raises(Refused):
        engine.handle(PublishVersion(files={path: TWO}, actor="li"))


def test_no_files_and_huge_files_are_refused(engine: Engine) -> None:
    for files in ({}, {"a.bpmn": b"x" * (5 * 1024 * 1024 + 1)}):
        with pytest.raises(Refused):
            engine.handle(PublishVersion(files=files, actor="li"))


def test_only_process_owners_publish(engine: Engine) -> None:
    staff(engine, li="agent", cheng="process_owner")
    for refused in (
        PublishVersion(files={"a.bpmn": TWO}, actor="li"),
        SaveProcedureDraft(procedure="p", files={"a.bpmn": TWO}, actor="li"),
        PublishVersion(files={"a.bpmn": TWO}, actor="nobody"),
    ):
        with pytest.raises(NotAllowed):
            engine.handle(refused)
    assert made(engine.handle(PublishVersion(files={"a.bpmn": TWO}, actor="cheng"))) == [("p", 1)]


def test_procedures_say_how_many_cases_are_open(engine: Engine) -> None:
    publish(engine, one("p", "a"))
    complete(engine, start(engine))
    start(engine)
    publish(engine, one("p", "x"))
    start(engine)

    assert [(version.procedure, version.number, version.open_cases) for version in engine.procedures()] == [("p", 2, 2)]
    assert [(version.number, version.open_cases) for version in engine.versions("p")] == [(2, 1), (1, 1)]
    assert "x" in [element.id for element in engine.version("p").elements]


def test_a_draft_is_kept_with_its_problems(engine: Engine) -> None:
    broken = document(START + users("a") + END + flows("start>a") + flow("a", "nowhere"))
    assert engine.draft("p") is None

    problems = engine.handle(SaveProcedureDraft(procedure="p", files={"a.bpmn": broken}, actor="li"))

    assert any(problem.severity == "error" for problem in problems)
    draft = engine.draft("p")
    assert draft is not None
    assert (draft.revision, draft.files, draft.saved_by) == (1, {"a.bpmn": broken}, "li")
    assert engine.procedures() == []


def test_a_draft_that_moved_on_is_not_overwritten(engine: Engine) -> None:
    def save(content: bytes, base: int, actor: str) -> None:
        engine.handle(SaveProcedureDraft(procedure="p", files={"a.bpmn": content}, base=base, actor=actor))

    save(TWO, 0, "li")
    save(one("p", "b"), 1, "li")
    for base in (0, 1, 7):
        with pytest.raises(Conflict):
            save(one("p", "c"), base, "wang")
    draft = engine.draft("p")
    assert draft is not None
    assert (draft.revision, draft.files["a.bpmn"]) == (2, one("p", "b"))
