"""Diagrams that together use what a release executes, and a player that takes cases through them at random.

The player knows the public face only, so the same code records the history of every release.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from engine import Engine
from engine.commands import (
    AddNote,
    Begin,
    CancelCase,
    ClaimTask,
    Command,
    CompleteExternal,
    CompleteTask,
    CorrectValues,
    ExtendDeadline,
    FailExternal,
    FaultExternal,
    FetchAndLock,
    FireDeadlines,
    FireTimers,
    ModifyCase,
    PauseDeadline,
    ResumeCase,
    ResumeDeadline,
    RetryIncident,
    SendMessage,
    SendSignal,
    SkipElement,
    StartCase,
    SuspendCase,
    UnclaimTask,
)
from engine.errors import EngineError
from tests.bpmn.drawing import (
    END,
    ERROR,
    ESCALATION,
    MESSAGE,
    SIGNAL,
    START,
    boundary,
    catch,
    document,
    flow,
    flows,
    subprocess,
    throw,
    timer,
    users,
)

MOVES = 25

_REWORK = (
    START
    + '<exclusiveGateway id="again"/><parallelGateway id="fork"/><parallelGateway id="join"/>'
    + '<exclusiveGateway id="ask" default="ask_end"/>'
    + users("a", "b")
    + boundary("soon", "a", timer("R3/PT1H", "timeCycle"), interrupting=False)
    + '<scriptTask id="count" name="count"><script>rounds = coalesce(rounds, 0) + 1</script></scriptTask>'
    + '<serviceTask id="tell" name="tell" camunda:type="external" camunda:topic="notify"><extensionElements>'
    + '<camunda:inputOutput><camunda:inputParameter name="text">round ${rounds}</camunda:inputParameter>'
    + "</camunda:inputOutput></extensionElements></serviceTask>"
    + END
    + '<endEvent id="told"/>'
    + flows("start>again", "again>fork", "fork>a", "fork>b", "a>join", "b>join", "join>count", "count>ask")
    + flow("ask", "again", "${again}")
    + flows("ask>end", "soon>tell", "tell>told")
)
_INCLUSIVE = (
    START
    + '<inclusiveGateway id="split" default="split_c"/><inclusiveGateway id="join"/>'
    + users("a", "b", "c", "z")
    + END
    + flows("start>split", "split>c", "a>join", "b>join", "c>join", "join>z", "z>end")
    + flow("split", "a", "${n >= 1}")
    + flow("split", "b", "${n >= 2}")
)
_EVENTS = (
    START
    + users("a", "late", "heard")
    + boundary("limit", "a", timer("P1D"))
    + boundary("news", "a", MESSAGE, interrupting=False)
    + '<eventBasedGateway id="race"/>'
    + catch("paid", MESSAGE)
    + catch("go", SIGNAL)
    + catch("hour", timer("PT1H"))
    + '<exclusiveGateway id="merge"/>'
    + subprocess(
        "watch",
        '<startEvent id="ws"><conditionalEventDefinition><condition>${n == 3}</condition>'
        + "</conditionalEventDefinition></startEvent>"
        + users("three")
        + flows("ws>three"),
        event=True,
    )
    + END
    + '<endEvent id="out1"/><endEvent id="out2"/>'
    + flows("start>a", "a>race", "race>paid", "race>go", "race>hour", "paid>merge", "go>merge", "hour>merge")
    + flows("merge>end", "limit>late", "late>out1", "news>heard", "heard>out2")
)
_ERRORS = (
    START
    + subprocess(
        "sub",
        '<startEvent id="s"/>'
        + users("inner")
        + '<exclusiveGateway id="how" default="how_fine"/>'
        + throw("up", ESCALATION)
        + f'<endEvent id="bad">{ERROR}</endEvent><endEvent id="fine"/><endEvent id="done"/>'
        + flows("s>inner", "inner>how", "how>fine", "up>done")
        + flow("how", "bad", "${n == 1}")
        + flow("how", "up", "${n == 2}"),
    )
    + boundary("failed", "sub", ERROR)
    + boundary("raised", "sub", ESCALATION, interrupting=False)
    + users("repair", "look")
    + END
    + '<endEvent id="out1"/><endEvent id="out2"/>'
    + flows("start>sub", "sub>end", "failed>repair", "repair>out1", "raised>look", "look>out2")
)
_SEVERAL = (
    START
    + users("units_of")
    + '<userTask id="each" name="each"><multiInstanceLoopCharacteristics camunda:collection="${units}" '
    + 'camunda:elementVariable="one"><completionCondition>${nrOfCompletedInstances >= 2}</completionCondition>'
    + "</multiInstanceLoopCharacteristics></userTask>"
    + '<userTask id="turn" name="turn"><multiInstanceLoopCharacteristics isSequential="true"><loopCardinality>${n}'
    + "</loopCardinality></multiInstanceLoopCharacteristics></userTask>"
    + '<userTask id="repeat" name="repeat"><standardLoopCharacteristics loopMaximum="3"><loopCondition>${again}'
    + "</loopCondition></standardLoopCharacteristics></userTask>"
    + END
    + flows("start>units_of", "units_of>each", "each>turn", "turn>repeat", "repeat>end")
)
_CALLING = (
    START
    + '<callActivity id="part" name="part" calledElement="called"><extensionElements>'
    + '<camunda:in source="n" target="given"/><camunda:out source="answer" target="got"/>'
    + "</extensionElements></callActivity>"
    + boundary("long", "part", timer("P2D"), interrupting=False)
    + users("after", "hurry")
    + END
    + '<endEvent id="out1"/>'
    + flows("start>part", "part>after", "after>end", "long>hurry", "hurry>out1")
)
_CALLED = (
    START
    + users("ask")
    + '<scriptTask id="work" name="work"><script>answer = given * 2</script></scriptTask>'
    + END
    + flows("start>ask", "ask>work", "work>end")
)
_FAILING = (
    START
    + users("a")
    + '<exclusiveGateway id="g"/>'
    + users("b", "c")
    + END
    + flows("start>a", "a>g", "b>end", "c>end")
    + flow("g", "b", "${n == 1}")
    + flow("g", "c", "${n == 2}")
)

#: Since 0.2: what is undone, what programs do outside, limits, keys, and tasks in any order.
_UNDOING = (
    START
    + '<transaction id="deal"><startEvent id="ds"/>'
    + users("reserve", "decide")
    + '<boundaryEvent id="undo" attachedToRef="reserve"><compensateEventDefinition/></boundaryEvent>'
    + '<userTask id="release" name="release" isForCompensation="true"/>'
    + '<association id="ties" sourceRef="undo" targetRef="release"/>'
    + '<exclusiveGateway id="sure" default="sure_yes"/><endEvent id="yes"/>'
    + '<endEvent id="no"><cancelEventDefinition/></endEvent>'
    + flows("ds>reserve", "reserve>decide", "decide>sure", "sure>yes")
    + flow("sure", "no", "${n == 0}")
    + "</transaction>"
    + '<boundaryEvent id="off" attachedToRef="deal"><cancelEventDefinition/></boundaryEvent>'
    + users("tell")
    + END
    + '<endEvent id="out1"/>'
    + flows("start>deal", "deal>end", "off>tell", "tell>out1")
)
_OUTSIDE = (
    START
    + users("a")
    + '<serviceTask id="ask" name="ask" camunda:type="external" camunda:topic="credit"><extensionElements>'
    + '<camunda:inputOutput><camunda:inputParameter name="n">${n}</camunda:inputParameter></camunda:inputOutput>'
    + "</extensionElements></serviceTask>"
    + boundary("refused", "ask", ERROR)
    + users("b", "mend")
    + END
    + '<endEvent id="out1"/>'
    + flows("start>a", "a>ask", "ask>b", "b>end", "refused>mend", "mend>out1")
)
_LIMITED = (
    START
    + '<userTask id="handle" name="handle" camunda:dueDate="${handling_due}"><extensionElements><camunda:properties>'
    + '<camunda:property name="deadline" value="handling"/><camunda:property name="deadlineLimit" value="2 WD"/>'
    + '<camunda:property name="deadlineWarn" value="0.5,0.8"/><camunda:property name="deadlineCap" value="10 WD"/>'
    + "</camunda:properties></extensionElements></userTask>"
    + boundary("late", "handle", timer("${handling_due}", "timeDate"), interrupting=False)
    + users("chase")
    + END
    + '<endEvent id="out1"/>'
    + flows("start>handle", "handle>end", "late>chase", "chase>out1")
)
_LOOSE = (
    START
    + '<adHocSubProcess id="any" ordering="Parallel">'
    + users("one", "two", "three")
    + "<completionCondition>${n == 3}</completionCondition></adHocSubProcess>"
    + users("after")
    + END
    + flows("start>any", "any>after", "after>end")
)

DIAGRAMS = {
    name: document(body, name)
    for name, body in (
        ("rework", _REWORK),
        ("inclusive", _INCLUSIVE),
        ("events", _EVENTS),
        ("errors", _ERRORS),
        ("several", _SEVERAL),
        ("calling", _CALLING),
        ("called", _CALLED),
        ("failing", _FAILING),
        ("undoing", _UNDOING),
        ("outside", _OUTSIDE),
        ("limited", _LIMITED),
        ("loose", _LOOSE),
    )
}


def values_of(dice: random.Random) -> dict[str, Any]:
    """What somebody might enter: the variables the diagrams' conditions ask for."""
    return {
        "n": dice.randint(0, 3),
        "again": dice.random() < 0.4,
        "units": [f"单位{number}" for number in range(dice.randint(0, 4))],
        "note": dice.choice(["", "已核实", "line\nbreak", "引号\"'\\", "😀"]),
        "amount": dice.choice([1, 1.0, True, None, 12.5]),
    }


def play(engine: Engine, procedure: str, dice: random.Random, forward: Callable[[float], None]) -> str:
    """One case of a procedure, moved at random; ``forward`` lets hours pass. Returns its number."""
    number = engine.handle(StartCase(procedure=procedure, values=values_of(dice), actor="li")).case
    for _ in range(MOVES):
        forward(dice.choice([0.1, 0.5, 2, 30]))
        if engine.case(number).status in ("closed", "cancelled"):
            break
        # What a diagram refuses, or fails at, is part of the history.
        with suppress(EngineError):
            dice.choice(list(_moves(engine, number, dice)))()
    return number


def _moves(engine: Engine, number: str, dice: random.Random) -> Iterator[Callable[[], object]]:
    for task in engine.open_tasks(case=number):
        who = task.claimed_by or "li"
        complete = CompleteTask(task=task.id, values=values_of(dice), actor=who)
        yield lambda complete=complete: engine.handle(complete)  # type: ignore[misc]
        yield lambda complete=complete: engine.handle(complete)  # type: ignore[misc]
        change = UnclaimTask(task=task.id, actor=who) if task.claimed_by else ClaimTask(task=task.id, actor="wang")
        yield lambda change=change: engine.handle(change)  # type: ignore[misc]
    for wait in engine.case(number).waits:
        if wait.kind == "message":
            sent = SendMessage(name=wait.name, case=number, values={"n": dice.randint(0, 3)}, actor="li")
            yield lambda sent=sent: engine.handle(sent)  # type: ignore[misc]
        elif wait.kind == "signal":
            heard = SendSignal(name=wait.name, case=number, actor="li")
            yield lambda heard=heard: engine.handle(heard)  # type: ignore[misc]
    yield from _by_programs(engine, number, dice)
    yield from _by_owners(engine, number, dice)
    yield lambda: engine.handle(FireTimers(actor="clock"))
    yield lambda: engine.handle(FireDeadlines(actor="clock"))
    yield lambda: engine.handle(AddNote(case=number, text=dice.choice(["查过了", "a note"]), actor="li"))
    if dice.random() < 0.05:
        yield lambda: engine.handle(CancelCase(case=number, reason="重复", actor="li"))


def _by_programs(engine: Engine, number: str, dice: random.Random) -> Iterator[Callable[[], object]]:
    """Work outside: fetched, done, failed, or ended in a business error."""
    for task in engine.external_tasks(case=number):
        fetch = FetchAndLock(topics=[task.topic], worker="w", lock_seconds=60, actor="system")
        yield lambda fetch=fetch: engine.handle(fetch)  # type: ignore[misc]
        done: list[Command] = [
            CompleteExternal(task=task.id, worker="w", values={"answer": dice.randint(0, 9)}, actor="system"),
            FaultExternal(task=task.id, worker="w", code="E1", message="no", values={}, actor="system"),
            FaultExternal(task=task.id, worker="w", code="E9", message="unheard of", values={}, actor="system"),
            FailExternal(task=task.id, worker="w", message="down", retries=dice.choice([0, 2]), actor="system"),
        ]
        for command in done:
            yield lambda command=command: engine.handle(command)  # type: ignore[misc]


def _by_owners(engine: Engine, number: str, dice: random.Random) -> Iterator[Callable[[], object]]:
    """Limits that are moved, and cases that are repaired."""
    asked: list[Command] = []
    for clock in engine.deadlines(case=number):
        asked += [
            PauseDeadline(case=number, key=clock.key, reason="waits for the caller", actor="system"),
            ResumeDeadline(case=number, key=clock.key, reason="answered", actor="system"),
            ExtendDeadline(case=number, key=clock.key, by="2 WD", reason="difficult", actor="system"),
        ]
    for incident in engine.case(number).incidents:
        asked += [
            RetryIncident(case=number, seq=incident.seq, reason="again", actor="system"),
            RetryIncident(case=number, seq=incident.seq, values={"n": 1, "rounds": 0}, reason="mended", actor="system"),
            SkipElement(case=number, seq=incident.seq, reason="not needed", actor="system"),
            SkipElement(case=number, seq=incident.seq, flow="g_b", reason="this way", actor="system"),
        ]
    if dice.random() < 0.15:
        asked += [
            CorrectValues(case=number, values={"n": dice.randint(0, 3)}, reason="typed wrongly", actor="system"),
            SuspendCase(case=number, reason="holiday", actor="system"),
            ResumeCase(case=number, reason="back", actor="system"),
        ]
        tasks = engine.open_tasks(case=number)
        if tasks:
            back = Begin(element=tasks[0].element)
            asked.append(
                ModifyCase(case=number, cancel=(tasks[-1].token,), begin=(back,), reason="once more", actor="system")
            )
    elif engine.case(number).status == "suspended":
        asked.append(ResumeCase(case=number, reason="back", actor="system"))
    for command in asked:
        yield lambda command=command: engine.handle(command)  # type: ignore[misc]
