"""Values and commands from programs that mean no good: refused where they enter, by the field's name; what is let in
stays exactly what it was."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine import Engine
from engine import commands as ask
from engine.background.draining import MOST_OPENED, drain
from engine.engine import HANDLERS
from engine.errors import EngineError, Refused
from tests.bpmn.drawing import END, MESSAGE, START, boundary, catch, document, flows, timer, users
from tests.conftest import FakeClock
from tests.engine.steps import complete, publish, start

OUTSIDE = '<serviceTask id="x" camunda:type="external" camunda:topic="top"/>'
OPEN = document(
    START
    + '<parallelGateway id="g"/>'
    + users("a")
    + catch("c", MESSAGE)
    + OUTSIDE
    + END
    + flows("start>g", "g>a", "g>c", "g>x", "a>end", "c>end", "x>end")
)

DEEP: Any = []
for _ in range(60):
    DEEP = [DEEP]
BAD: dict[str, dict[Any, Any]] = {
    "not a number": {"field": float("nan")},
    "infinite": {"field": float("-inf")},
    "beyond 2**53": {"field": 2**53 + 1},
    "half a character": {"field": "\ud800"},
    "half a character inside": {"field": [{"x": "a\udfff"}]},
    "NUL": {"field": "a\x00b"},
    "NUL in a key": {"field": {"a\x00": 1}},
    "typename": {"field": {"typename": "x"}},
    "deep": {"field": DEEP},
    "large": {"field": "长" * 400_000},
    "bytes": {"field": b"x"},
    "date": {"field": date(2026, 1, 1)},
    "set": {"field": {1}},
    "Decimal": {"field": Decimal("1")},
    "key of a number": {"field": {1: 2}},
}


def entrances(case: str, task: str, outside: str) -> list[ask.Command]:
    """Every command through which values enter, with ``values`` still to be given."""
    about: dict[str, Any] = {"actor": "system", "case": case}
    return [
        ask.StartCase(procedure="p", actor="system"),
        ask.CompleteTask(task=task, actor="system"),
        ask.SaveDraft(task=task, values={}, actor="system"),
        ask.SendMessage(name="paid", **about),
        ask.CompleteExternal(task=outside, worker="w", actor="system"),
        ask.FaultExternal(task=outside, worker="w", code="E1", actor="system"),
        ask.CorrectValues(values={}, reason="r", **about),
        ask.ModifyCase(reason="r", begin=("a",), **about),
    ]


def given(command: ask.Command, **changed: Any) -> ask.Command:
    return type(command)(**{**{one.name: getattr(command, one.name) for one in fields(command)}, **changed})


@pytest.fixture
def case(engine: Engine) -> tuple[str, str, str]:
    """A case with a task, a message it waits for, and work outside that ``w`` holds: number, task, work."""
    publish(engine, OPEN)
    opened = start(engine, "system")
    locked = engine.handle(ask.FetchAndLock(topics=["top"], worker="w", actor="system"))
    return opened.case, opened.tasks[0].id, locked[0].id


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_no_entrance_takes_what_is_not_json(engine: Engine, case: tuple[str, str, str], bad: dict[Any, Any]) -> None:
    before = engine.history(case[0])
    for command in entrances(*case):
        with pytest.raises(Refused) as refusal:
            engine.handle(given(command, values=bad))
        assert "field" in refusal.value.text("en") or "1,000,000" in refusal.value.text("en"), command
        assert "field" in refusal.value.text("zh") or "1,000,000" in refusal.value.text("zh"), command
    assert engine.history(case[0]) == before
    assert not engine.verify().mismatches


@pytest.mark.parametrize("key", ["", " ", "a b", "1a", "a-b", "长" * 2_000_000, "ａ", "a\x00", "\ud800"])
def test_a_name_that_no_expression_could_use_is_refused(engine: Engine, case: tuple[str, str, str], key: str) -> None:
    for command in entrances(*case):
        with pytest.raises(Refused) as refusal:
            engine.handle(given(command, values={key: 1}))
        refusal.value.text("en").encode("utf-8")
        assert len(refusal.value.text("zh")) < 1_000
    assert not engine.verify().mismatches


HOSTILE: list[object] = [
    None,
    7,
    ["x"],
    {"a": 1},
    b"x",
    True,
    1e308,
    float("nan"),
    10**40,
    "\ud800",
    "a\x00b",
    "长" * 2_000_000,
]


@pytest.mark.parametrize("kind", list(HANDLERS), ids=lambda kind: kind.__name__)
def test_a_command_whose_fields_are_of_another_kind_is_refused(
    engine: Engine, case: tuple[str, str, str], kind: type[ask.Command]
) -> None:
    plain = {"actor": "system", "case": case[0], "task": case[1], "values": {}, "files": {"q.bpmn": OPEN}}
    usual: dict[str, Any] = {"seq": 1, "send": 1, "version": 1, "approval": 1, "agree": False, "content": b"x"}
    lists: dict[str, Any] = {"topics": ["top"], "days": [], "roles": (), "cancel": (), "begin": ()}
    base = {one.name: {**plain, **usual, **lists}.get(one.name, "x") for one in fields(kind) if one.name != "first"}
    for name in ("count", "base", "limit", "seconds", "lock_seconds", "retries", "retry_after"):
        base.pop(name, None)
    for name in ("mapping", "detail"):
        if name in base:
            base[name] = {}
    for name in ("active", "ended", "by_decision"):
        if name in base:
            base[name] = False
    for name in base:
        for value in HOSTILE:
            try:
                engine.handle(kind(**{**base, name: value}))
            except EngineError as refusal:
                refusal.text("en").encode("utf-8")
                assert len(refusal.text("zh")) < 1_000
    assert not engine.verify().mismatches


def test_a_refused_field_is_named(engine: Engine, case: tuple[str, str, str]) -> None:
    wrong: dict[str, Any] = {"actor": 7, "text": None, "case": ["x"]}
    for name, value in wrong.items():
        with pytest.raises(Refused, match=name):
            engine.handle(ask.AddNote(**{"case": case[0], "text": "t", "actor": "system", name: value}))


def test_true_one_and_one_point_nought_stay_apart(engine: Engine) -> None:
    called = document(START + users("b") + END + flows("start>b", "b>end"), "q")
    mapped = "".join(
        f'<camunda:{way} source="{name}" target="{name}"/>'
        for way in ("in", "out")
        for name in ("yes", "one", "float", "rows")
    )
    call = f'<callActivity id="c" calledElement="q"><extensionElements>{mapped}</extensionElements></callActivity>'
    script = '<scriptTask id="s"><script>rows2 = rows</script></scriptTask>'
    publish(
        engine,
        document(
            START + users("a") + call + script + users("z") + END + flows("start>a", "a>c", "c>s", "s>z", "z>end")
        ),
        called,
    )
    values = {"yes": True, "one": 1, "float": 1.0, "rows": [True, 1, 1.0, {"k": 1.0}]}
    opened = start(engine, **values)
    in_call = complete(engine, opened, yes=1, one=1.0, float=True)
    after = complete(engine, in_call, "b", rows=[1, 1.0, True, {"k": 1}])
    kept = engine.case(after.case).values
    assert [repr(kept[name]) for name in ("yes", "one", "float")] == ["1", "1.0", "True"]
    assert repr(kept["rows"]) == repr(kept["rows2"]) == "[1, 1.0, True, {'k': 1}]"
    assert not engine.verify().mismatches


def test_a_start_every_second_after_years_holds_up_nobody(engine: Engine, clock: FakeClock) -> None:
    often = f'<startEvent id="start">{timer("R/PT1S", "timeCycle")}</startEvent>' + END + flows("start>end")
    waiting = document(START + catch("t", timer("PT1H")) + users("a") + flows("start>t", "t>a"))
    tasks = users("a", "x") + boundary("t", "a", timer("R/PT1S", "timeCycle"), interrupting=False)
    publish(engine, waiting, document(START + tasks + flows("start>a", "t>x"), "endless"))
    good, bad = start(engine), start(engine, procedure="endless")
    publish(engine, document(often, "often"))
    clock.forward(days=1000)
    done = drain(engine, {})
    assert MOST_OPENED <= done.opened < MOST_OPENED + 100
    assert [task.element for task in engine.open_tasks(case=good.case)] == ["a"]
    assert done.failed == [bad.case] and engine.case(bad.case).status == "stuck"
    assert not engine.verify(bad.case).mismatches and not engine.verify(good.case).mismatches
