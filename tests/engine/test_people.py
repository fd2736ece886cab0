"""Accounts, roles and units."""

from __future__ import annotations

import pytest

from engine import Engine
from engine.commands import AttachFile, SaveRole, SaveUnit, SaveUser, SetPassword
from engine.errors import CaseClosed, NotAllowed, NotFound, Refused
from tests.engine.steps import TWO, complete, publish, staff, start


def test_people_are_kept_with_roles_and_unit(engine: Engine) -> None:
    staff(engine, li="agent dispatcher @kfb", wang="agent")

    assert [(user.login, user.roles, user.unit) for user in engine.users()] == [
        ("li", ("agent", "dispatcher"), "kfb"),
        ("wang", ("agent",), None),
    ]
    engine.handle(SaveUser(login="li", name="李明", roles=("agent",), actor="system"))
    user = engine.user("li")
    assert (user.name, user.roles, user.unit, user.active) == ("李明", ("agent",), None, True)
    engine.handle(SaveRole(key="agent", label="接听人员", actor="system"))
    assert [(role.key, role.label) for role in engine.roles()] == [("agent", "接听人员"), ("dispatcher", "dispatcher")]
    assert [unit.key for unit in engine.units()] == ["kfb"]
    assert engine.options() == {"units": {"kfb": "kfb"}, "users": {"li": "李明", "wang": "wang"}}


def test_a_password_outlives_a_change_of_the_account(engine: Engine) -> None:
    staff(engine, li="agent", wang="agent", admin="sysadmin")
    engine.handle(SetPassword(login="li", password_hash="$argon2id$1", actor="admin"))
    engine.handle(SaveUser(login="li", name="李", actor="admin"))
    assert engine.user("li").password_hash == "$argon2id$1"
    engine.handle(SetPassword(login="li", password_hash="$argon2id$2", actor="li"))
    assert engine.user("li").password_hash == "$argon2id$2"
    with pytest.raises(NotAllowed):
        engine.handle(SetPassword(login="li", password_hash="x", actor="wang"))
    with pytest.raises(NotFound):
        engine.handle(SetPassword(login="nobody", password_hash="x", actor="admin"))
    assert [user.password_hash for user in engine.users()] == [None, None, None]
    assert "argon2" not in repr(engine.user("li"))


def test_only_administrators_change_people(engine: Engine) -> None:
    staff(engine, li="agent", admin="sysadmin")
    for command in (
        SaveUser(login="x", name="x", actor="li"),
        SaveRole(key="x", label="x", actor="li"),
        SaveUnit(key="x", label="x", actor="nobody"),
    ):
        with pytest.raises(NotAllowed):
            engine.handle(command)
    engine.handle(SaveUser(login="x", name="x", actor="admin"))


@pytest.mark.parametrize(
    "command",
    [
        SaveUser(login="clock", name="x", actor="system"),
        SaveUser(login="system", name="x", actor="system"),
        SaveUser(login="two words", name="x", actor="system"),
        SaveUser(login="x", name=" ", actor="system"),
        SaveUser(login="x", name="x", roles=("nothing",), actor="system"),
        SaveUser(login="x", name="x", unit="nothing", actor="system"),
        SaveRole(key="", label="x", actor="system"),
        SaveUnit(key="x" * 101, label="x", actor="system"),
    ],
)
def test_what_cannot_be_is_refused(engine: Engine, command: SaveUser) -> None:
    with pytest.raises(Refused):
        engine.handle(command)
    assert engine.users() == []


def test_somebody_who_left_may_do_nothing(engine: Engine) -> None:
    publish(engine, TWO)
    staff(engine, li="agent", admin="sysadmin")
    outcome = start(engine)
    engine.handle(SaveUser(login="li", name="li", roles=("agent",), active=False, actor="admin"))

    with pytest.raises(NotAllowed):
        complete(engine, outcome)
    with pytest.raises(NotAllowed):
        start(engine)
    assert engine.worklist("li").total == 0
    assert engine.cases("li").total == 0


def test_a_file_belongs_to_whoever_stored_it_and_then_to_the_case(engine: Engine) -> None:
    publish(engine, TWO)
    staff(engine, li="agent", wang="agent")
    value = engine.handle(AttachFile(name="C:\\scans\\照片.png", content=b"png", actor="li"))
    assert {key: value[key] for key in ("name", "size")} == {"name": "照片.png", "size": 3}
    assert engine.attachment(value["attachment"], "li").content == b"png"
    with pytest.raises(NotAllowed):
        engine.attachment(value["attachment"], "wang")

    outcome = start(engine, attachments=[value])

    assert engine.attachment(value["attachment"]).case == outcome.case
    assert engine.attachment(value["attachment"], "wang").content == b"png"  # may do the open task, so may see the case
    for _ in range(2):
        outcome = complete(engine, outcome)
    with pytest.raises(NotAllowed):
        engine.attachment(value["attachment"], "wang")
    with pytest.raises(CaseClosed):
        engine.handle(AttachFile(name="late.png", content=b"x", case=outcome.case, actor="li"))


def test_files_are_bounded(engine: Engine) -> None:
    for name, content in (("", b"x"), ("a/", b"x"), ("\x01", b"x"), ("a.bin", b"x" * (20 * 1024 * 1024 + 1))):
        with pytest.raises(Refused):
            engine.handle(AttachFile(name=name, content=content, actor="li"))
    long = engine.handle(AttachFile(name="文" * 300 + ".pdf", content=b"x", actor="li"))["name"]
    assert (len(long), long[-4:]) == (200, ".pdf")


def test_a_case_does_not_name_a_file_that_was_stored_for_another(engine: Engine) -> None:
    publish(engine, TWO)
    theirs = engine.handle(AttachFile(name="theirs.png", content=b"1", actor="wang"))
    mine = engine.handle(AttachFile(name="mine.png", content=b"2", actor="li"))
    outcome = start(engine)

    with pytest.raises(Refused):
        complete(engine, outcome, files=[theirs])
    outcome = complete(engine, outcome, files=[mine], attachment="a word is no file")

    assert engine.case(outcome.case).values["files"] == [mine]
