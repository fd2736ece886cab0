"""What ``verify`` proves: whoever writes behind the engine's back is found out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, create_engine, text

from engine import Engine
from engine.commands import AddNote, ClaimTask, SaveRole
from engine.events import canonical, digest, entry_hash
from tests.bpmn.drawing import END, START, boundary, document, flows, timer, users
from tests.engine.steps import complete, publish, start

DIAGRAM = document(
    START + users("a", "b") + boundary("t", "b", timer("P1D")) + END + flows("start>a", "a>b", "b>end", "t>end")
)


@pytest.fixture
def number(engine: Engine) -> str:
    """A case that stands at its second task, claimed, with a timer, a note and a caller."""
    publish(engine, DIAGRAM)
    outcome = complete(engine, start(engine, amount=5, caller_name="张三"), choice="yes")
    engine.handle(ClaimTask(task=outcome.tasks[0].id, actor="li"))
    engine.handle(AddNote(case=outcome.case, text="hello", actor="li"))
    start(engine)
    assert engine.verify().ok
    return outcome.case


@pytest.fixture
def behind(engine: Engine, database_url: str) -> Iterator[Callable[..., Any]]:
    """Runs SQL that no trigger sees: what somebody with the database's password can do."""
    server = create_engine(database_url)
    with server.begin() as connection:
        _drop_triggers(connection)

    def run(statement: str, **values: Any) -> Any:
        with server.begin() as connection:
            found = connection.execute(text(statement), values)
            return found.all() if found.returns_rows else None

    yield run
    server.dispose()


def _drop_triggers(connection: Connection) -> None:
    tables = MetaData()
    tables.reflect(connection)
    for table in ("case_log", "procedure_version", "file"):
        if connection.dialect.name == "sqlite":
            for verb in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
        else:
            connection.execute(text(f"DROP TRIGGER {table}_append_only ON {table}"))


def codes(engine: Engine, number: str | None = None) -> set[str]:
    return {mismatch.code for mismatch in engine.verify(number).mismatches}


def rehash(behind: Callable[..., Any], number: str) -> None:
    """Seals a whole log anew, as somebody would who knows how the chain is made."""
    rows = behind('SELECT seq, at, actor, kind, element, data FROM case_log WHERE "case" = :n ORDER BY seq', n=number)
    prev = ""
    for row in rows:
        seal = entry_hash(number, row.seq, row.at, row.actor, row.kind, row.element, json.loads(row.data), prev)
        behind(
            'UPDATE case_log SET prev = :prev, hash = :seal WHERE "case" = :n AND seq = :seq',
            prev=prev, seal=seal, n=number, seq=row.seq,
        )  # fmt: skip
        prev = seal
    behind(
        'UPDATE "case" SET log_hash = :seal, log_seq = :seq WHERE number = :n', seal=prev, seq=rows[-1].seq, n=number
    )


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE case_log SET actor = 'wang' WHERE \"case\" = :n AND seq = 3", "entry_altered"),
        ("UPDATE case_log SET at = '2020-01-01' WHERE \"case\" = :n AND seq = 1", "entry_altered"),
        ("UPDATE case_log SET data = replace(data, 'yes', 'no') WHERE \"case\" = :n AND seq = 6", "entry_altered"),
        ("UPDATE case_log SET data = replace(data, ':', ': ') WHERE \"case\" = :n AND seq = 6", "entry_altered"),
        ("UPDATE case_log SET data = '[' WHERE \"case\" = :n AND seq = 6", "entry_altered"),
        ("UPDATE case_log SET data = '[]' WHERE \"case\" = :n AND seq = 1", "entry_altered"),
        ("UPDATE case_log SET hash = 'x' WHERE \"case\" = :n AND seq = 4", "chain_broken"),
        ("DELETE FROM case_log WHERE \"case\" = :n AND seq = 4", "log_gap"),
        ("DELETE FROM case_log WHERE \"case\" = :n AND seq = 1", "log_gap"),
        ("DELETE FROM case_log WHERE \"case\" = :n AND seq > 8", "log_cut"),
        ("DELETE FROM case_log WHERE \"case\" = :n", "log_cut"),
        ("UPDATE case_log SET seq = -seq WHERE \"case\" = :n", "chain_broken"),
        ("UPDATE \"case\" SET snapshot = replace(snapshot, 'yes', 'no') WHERE number = :n", "snapshot_altered"),
        ("UPDATE \"case\" SET snapshot = '{' WHERE number = :n", "snapshot_altered"),
        ("UPDATE \"case\" SET case_values = replace(case_values, '5', '6') WHERE number = :n", "case_altered"),
        ("UPDATE \"case\" SET status = 'closed' WHERE number = :n", "case_altered"),
        ("UPDATE \"case\" SET started_by = 'wang' WHERE number = :n", "case_altered"),
        ("UPDATE \"case\" SET reference = 'R' WHERE number = :n", "case_altered"),
        ("UPDATE \"case\" SET person_id = NULL WHERE number = :n", "case_altered"),
        ("UPDATE open_task SET assignee = 'wang' WHERE \"case\" = :n", "index_differs"),
        ("UPDATE open_task SET claimed_by = 'wang' WHERE \"case\" = :n", "index_differs"),
        ("UPDATE open_task SET due = '2020-01-01T00:00:00.000000+00:00' WHERE \"case\" = :n", "index_differs"),
        ("UPDATE task_candidate SET kind = 'user', value = 'wang'", "index_differs"),
        ("DELETE FROM open_task WHERE \"case\" = :n", "index_differs"),
        ("DELETE FROM wait WHERE \"case\" = :n", "index_differs"),
        ("UPDATE wait SET due = '2036-01-01T00:00:00.000000+00:00' WHERE \"case\" = :n", "index_differs"),
        ("DELETE FROM person_field", "person_altered"),
        ("UPDATE file SET content = '<definitions/>'", "version_altered"),
        ("UPDATE procedure_version SET manifest = '{}'", "version_altered"),
        ("UPDATE procedure_version SET sha256 = 'x'", "version_altered"),
        ("UPDATE procedure_version SET number = 9", "version_altered"),
    ],
)  # fmt: skip
def test_what_is_altered_is_found(
    engine: Engine, number: str, behind: Callable[..., Any], statement: str, code: str
) -> None:
    behind(statement, **({"n": number} if ":n" in statement else {}))

    assert code in codes(engine, number)
    assert not engine.verify().ok


def test_altered_ciphertext_is_found(engine: Engine, number: str, behind: Callable[..., Any]) -> None:
    behind("UPDATE person_field SET ciphertext = :content", content=b"other")
    assert codes(engine, number) == {"person_altered"}


def test_entries_that_change_places_are_found(engine: Engine, number: str, behind: Callable[..., Any]) -> None:
    for old, new in ((4, 1000), (5, 4), (1000, 5)):
        behind('UPDATE case_log SET seq = :new WHERE "case" = :n AND seq = :old', n=number, old=old, new=new)
    assert "entry_altered" in codes(engine, number)


def test_an_inserted_entry_is_found(engine: Engine, number: str, behind: Callable[..., Any]) -> None:
    last = engine.history(number)[-1]
    seal = entry_hash(number, last.seq + 1, last.at, "wang", "note_added", "", {"text": "x"}, last.hash)
    behind(
        'INSERT INTO case_log ("case", seq, at, actor, kind, element, data, prev, hash) '
        "VALUES (:n, :seq, :at, 'wang', 'note_added', '', :data, :prev, :seal)",
        n=number, seq=last.seq + 1, at=last.at, data=canonical({"text": "x"}), prev=last.hash, seal=seal,
    )  # fmt: skip
    assert codes(engine, number) == {"log_cut"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_log SET data = replace(data, 'yes', 'no') WHERE \"case\" = :n",
        "UPDATE case_log SET data = replace(data, '5,\"caller', '6,\"caller') WHERE \"case\" = :n",
        "DELETE FROM case_log WHERE \"case\" = :n AND kind = 'element_ended' AND element = 'a'",
        "UPDATE case_log SET kind = 'element_cancelled' WHERE \"case\" = :n AND kind = 'element_ended'",
        "UPDATE case_log SET element = 'b' WHERE \"case\" = :n AND kind = 'element_began' AND element = 'a'",
    ],
)
def test_a_log_sealed_anew_does_not_survive_the_rerun(
    engine: Engine, number: str, behind: Callable[..., Any], statement: str
) -> None:
    behind(statement, n=number)
    rows = behind('SELECT seq FROM case_log WHERE "case" = :n ORDER BY seq', n=number)
    for place, row in enumerate(rows, 1):
        behind('UPDATE case_log SET seq = :new WHERE "case" = :n AND seq = :old', n=number, old=row.seq, new=place)
    rehash(behind, number)

    assert "rerun_differs" in codes(engine, number)


def test_a_snapshot_and_its_seal_altered_together_are_found(
    engine: Engine, number: str, behind: Callable[..., Any]
) -> None:
    snapshot = behind('SELECT snapshot FROM "case" WHERE number = :n', n=number)[0].snapshot
    altered = snapshot.replace('"yes"', '"no"')
    assert altered != snapshot
    behind('UPDATE "case" SET snapshot = :s WHERE number = :n', s=altered, n=number)
    behind(
        'UPDATE case_log SET data = replace(data, :old, :new) WHERE "case" = :n',
        old=digest(snapshot), new=digest(altered), n=number,
    )  # fmt: skip
    rehash(behind, number)
    assert "rerun_differs" in codes(engine, number)


def test_the_other_cases_are_not_accused(engine: Engine, number: str, behind: Callable[..., Any]) -> None:
    behind("UPDATE case_log SET actor = 'wang' WHERE \"case\" = :n AND seq = 3", n=number)
    report = engine.verify()
    assert (report.ok, report.cases, {found.case for found in report.mismatches}) == (False, 2, {number})
    assert {found.seq for found in report.mismatches} >= {3}


def test_a_role_renamed_after_a_lane_meant_it_is_no_mismatch(engine: Engine) -> None:
    engine.handle(SaveRole(key="desk", label="接听人员", actor="system"))
    lanes = '<laneSet id="ls"><lane id="l1" name="接听人员"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
    publish(engine, document(lanes + START + users("a") + END + flows("start>a", "a>end")))
    (task,) = start(engine).tasks
    assert task.roles == ("desk",)

    engine.handle(SaveRole(key="desk", label="前台", actor="system"))

    assert codes(engine) == set()
