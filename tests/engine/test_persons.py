"""Callers' data: never in clear where a case is, shown with a trace, erased for good."""

from __future__ import annotations

import base64
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, select

from engine import Engine, EngineError, Settings
from engine.commands import (
    AddNote,
    CompleteTask,
    CorrectValues,
    ErasePerson,
    RevealPerson,
    SaveDraft,
    SendMessage,
    StartCase,
)
from engine.errors import BadSetting, FormInvalid, NotAllowed, NotFound, Refused
from tests.bpmn.drawing import END, MESSAGE, START, document, flows, users
from tests.engine.steps import complete, form, publish, roles_task, staff, start

NAME, PHONE = "诸葛孔明", "13912345678"
DIAGRAM = document(
    START
    + roles_task("a", formRef="F1")
    + roles_task("b", formRef="F1")
    + '<sendTask id="s" messageRef="m1"/>'
    + END
    + flows("start>a", "a>b", "b>s", "s>end")
)
FORM = form(
    "F1",
    {"key": "caller_name", "properties": {"personal": "true", "mask": "name"}, "validate": {"required": True}},
    {"key": "caller_phone", "properties": {"personal": "true", "mask": "phone", "format": "phone"}},
    {"key": "demand"},
)


def everything_stored(url: str) -> Iterator[bytes]:
    """Every cell of every table."""
    server = create_engine(url)
    tables = MetaData()
    tables.reflect(server)
    with server.connect() as connection:
        for table in tables.tables.values():
            for row in connection.execute(select(table)):
                yield from (cell if isinstance(cell, bytes) else str(cell).encode("utf-8") for cell in row)
    server.dispose()


def assert_never_stored(url: str) -> None:
    cells = list(everything_stored(url))
    assert len(cells) > 50
    for secret in (NAME, PHONE):
        assert not [cell for cell in cells if secret.encode("utf-8") in cell or secret.encode("unicode-escape") in cell]


def test_callers_data_is_never_stored_in_clear(engine: Engine, database_url: str) -> None:
    publish(engine, p_bpmn=DIAGRAM, f_form=FORM)
    outcome = start(engine, caller_name=NAME)
    engine.handle(SaveDraft(task=outcome.tasks[0].id, values={"caller_name": NAME}, actor="li"))
    with pytest.raises(FormInvalid):
        complete(engine, outcome, caller_name=NAME, caller_phone="x")
    outcome = complete(engine, outcome, caller_name=NAME, caller_phone=PHONE, demand="修路灯")
    engine.handle(StartCase(procedure="p", first={"caller_name": NAME, "caller_phone": PHONE}, actor="li"))

    assert_never_stored(database_url)
    reference = engine.case(outcome.case).values["caller_name"]
    assert set(reference) == {"person", "field", "sha256"}
    assert reference["field"] == "caller_name"
    assert engine.verify().ok


def test_callers_data_of_messages_is_put_away_too(engine: Engine, database_url: str) -> None:
    body = START + f'<receiveTask id="r" messageRef="m1"/>{users("a")}' + END
    publish(engine, document(body + flows("start>r", "r>a", "a>end")))
    number = start(engine).case
    engine.handle(SendMessage(name="paid", values={"contact": PHONE}, case=number, actor="li"))
    publish(engine, document(f'<startEvent id="start">{MESSAGE}</startEvent>' + END + flows("start>end"), process="q"))
    engine.handle(SendMessage(name="paid", values={"caller_name": NAME}, actor="li"))
    assert_never_stored(database_url)


def test_a_reference_given_back_stays_what_it_is(engine: Engine) -> None:
    publish(engine, p_bpmn=DIAGRAM, f_form=FORM)
    outcome = complete(engine, start(engine), caller_name=NAME, caller_phone=PHONE)
    kept = engine.case(outcome.case).values

    outcome = complete(engine, outcome, caller_name=kept["caller_name"], caller_phone="010-1234567")

    now = engine.case(outcome.case).values
    assert now["caller_name"] == kept["caller_name"]
    assert now["caller_phone"] != kept["caller_phone"]
    assert engine.handle(RevealPerson(case=outcome.case, actor="li")) == {
        "caller_name": NAME,
        "caller_phone": "010-1234567",
    }


def test_a_reference_to_somebody_elses_data_is_refused(engine: Engine) -> None:
    publish(engine, document(START + users("a") + END + flows("start>a", "a>end")))
    theirs = engine.case(start(engine, caller_name=NAME).case).values["caller_name"]
    mine = start(engine)
    for values in ({"caller_name": theirs}, {"x": {"deep": [theirs]}}):
        with pytest.raises(Refused):
            engine.handle(CompleteTask(task=mine.tasks[0].id, values=values, actor="li"))
        with pytest.raises(Refused):
            start(engine, **values)


def test_a_reveal_leaves_traces(engine: Engine) -> None:
    publish(engine, p_bpmn=DIAGRAM, f_form=FORM)
    staff(engine, li="agent", wang="clerk", shen="auditor")
    number = complete(engine, start(engine), caller_name=NAME).case

    shown = engine.handle(RevealPerson(case=number, reason="回电", actor="li"))

    assert shown == {"caller_name": NAME}
    last = engine.history(number)[-1]
    assert (last.kind, last.actor, last.data) == (
        "person_revealed",
        "li",
        {"fields": ["caller_name"], "reason": "回电"},
    )
    seen = engine.access_log("shen", case=number).rows
    assert [(access.actor, access.action, access.outcome) for access in seen] == [("li", "RevealPerson", "allowed")]
    assert engine.verify().ok


def test_a_refused_reveal_leaves_a_trace_and_shows_nothing(engine: Engine) -> None:
    publish(engine, p_bpmn=document(START + roles_task("a", candidateGroups="agent") + END + flows("start>a", "a>end")))
    staff(engine, li="agent", wang="clerk", shen="auditor")
    number = start(engine, caller_name=NAME).case

    for login in ("wang", "shen"):
        with pytest.raises(NotAllowed):
            engine.handle(RevealPerson(case=number, actor=login))

    seen = engine.access_log("shen", case=number).rows
    assert [(access.actor, access.outcome) for access in seen] == [("shen", "refused"), ("wang", "refused")]
    assert engine.history(number)[-1].kind != "person_revealed"


def test_overseeing_and_repairing_a_case_open_no_way_to_its_caller(engine: Engine) -> None:
    publish(engine, p_bpmn=document(START + roles_task("a", candidateGroups="agent") + END + flows("start>a", "a>end")))
    staff(engine, li="agent", shen="auditor", cheng="process_owner")
    number = start(engine, caller_name=NAME).case
    engine.handle(AddNote(case=number, text="已核", actor="shen"))
    engine.handle(CorrectValues(case=number, values={"n": 1}, reason="r", actor="cheng"))

    for login in ("shen", "cheng"):
        with pytest.raises(NotAllowed):
            engine.handle(RevealPerson(case=number, actor=login))
    assert engine.handle(RevealPerson(case=number, actor="li")) == {"caller_name": NAME}


def test_an_erased_person_is_gone_and_the_log_still_holds(engine: Engine) -> None:
    publish(engine, p_bpmn=DIAGRAM, f_form=FORM)
    staff(engine, li="agent", admin="sysadmin")
    outcome = complete(engine, start(engine), caller_name=NAME)
    engine.handle(SaveDraft(task=outcome.tasks[0].id, values={"caller_phone": PHONE}, actor="li"))
    with pytest.raises(NotAllowed):
        engine.handle(ErasePerson(case=outcome.case, actor="li"))

    engine.handle(ErasePerson(case=outcome.case, reason="本人要求", actor="admin"))

    assert engine.task_draft(outcome.tasks[0].id, "li") == {}
    assert engine.handle(RevealPerson(case=outcome.case, actor="li")) == {}
    assert engine.verify().ok
    with pytest.raises(NotFound):
        engine.handle(ErasePerson(case=outcome.case, actor="admin"))
    kept = engine.case(outcome.case).values["caller_name"]
    assert complete(engine, outcome, caller_name=kept).status == "closed"


def test_an_erased_key_is_not_left_in_the_file(tmp_path: Path, settings: Settings) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    with Engine.open(url, settings=settings) as engine:
        publish(engine, document(START + users("a") + END + flows("start>a", "a>end")))
        number = start(engine, caller_name=NAME).case
    server = create_engine(url)
    with server.connect() as connection:
        wrapped = connection.exec_driver_sql("SELECT wrapped_key FROM person").scalar_one()
    server.dispose()
    assert wrapped in (tmp_path / "a.db").read_bytes()

    with Engine.open(url, settings=settings) as engine:
        engine.handle(ErasePerson(case=number, actor="admin"))

    assert wrapped not in (tmp_path / "a.db").read_bytes()


def test_the_key_lies_beside_the_file_for_its_owner_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    with Engine.open(url, settings=Settings(env="production")) as engine:
        publish(engine, document(START + users("a") + END + flows("start>a", "a>end")))
        number = start(engine, caller_name=NAME).case
    key = tmp_path / "a.db.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600

    with Engine.open(url, settings=Settings(env="production")) as engine:
        assert engine.handle(RevealPerson(case=number, actor="li")) == {"caller_name": NAME}
    key.write_bytes(base64.b64encode(b"k" * 32))
    with Engine.open(url, settings=Settings(env="production")) as engine, pytest.raises(EngineError, match="密钥"):
        engine.handle(RevealPerson(case=number, actor="li"))


def test_a_given_key_needs_no_file(tmp_path: Path) -> None:
    given = Settings(env="production", data_key=base64.b64encode(b"k" * 32).decode("ascii"))
    with Engine.open(f"sqlite:///{tmp_path / 'a.db'}", settings=given) as engine:
        publish(engine, document(START + users("a") + END + flows("start>a", "a>end")))
        start(engine, caller_name=NAME)
    assert not (tmp_path / "a.db.key").exists()
    with pytest.raises(BadSetting):
        Settings(data_key="short").key_bytes()


def test_on_a_server_production_needs_a_given_key(engine: Engine, database_url: str, settings: Settings) -> None:
    publish(engine, document(START + users("a") + END + flows("start>a", "a>end")))
    start(engine, caller_name=NAME)
    home = Path(settings.home)
    assert (home / "data.key").exists() is not database_url.startswith("sqlite")
    if database_url.startswith("sqlite"):
        return
    with (
        Engine.open(database_url, settings=Settings(env="production")) as production,
        pytest.raises(EngineError, match="HUIYIN_DATA_KEY"),
    ):
        start(production, caller_name=NAME)
