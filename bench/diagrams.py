"""The procedures that are measured, and what is entered into their tasks."""

from __future__ import annotations

from typing import Any

TASKS = 12
_OPEN = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'id="d" targetNamespace="bench">'
)


def _document(key: str, *content: str) -> bytes:
    # Time to live: Operaton refuses processes that do not say how long their history is kept.
    process = f'<process id="{key}" name="{key}" isExecutable="true" camunda:historyTimeToLive="P365D">'
    return "".join([_OPEN, process, *content, "</process></definitions>"]).encode()


def _task(key: str) -> str:
    return f'<userTask id="{key}" name="{key}" camunda:candidateGroups="agent"/>'


def _flows(*arrows: str) -> str:
    pairs = [arrow.split(">") for arrow in arrows]
    return "".join(
        f'<sequenceFlow id="f{place}_{source}" sourceRef="{source}" targetRef="{target}"/>'
        for place, (source, target) in enumerate(pairs)
    )


_NAMES = ["start", *(f"t{place}" for place in range(TASKS)), "end"]

#: Twelve user tasks, one after the other: what every engine is asked to run.
CHAIN = _document(
    "chain",
    '<startEvent id="start"/>',
    *(_task(name) for name in _NAMES[1:-1]),
    '<endEvent id="end"/>',
    _flows(*(f"{one}>{two}" for one, two in zip(_NAMES, _NAMES[1:], strict=False))),
)

#: One task done again and again.
REWORK = _document(
    "rework",
    '<startEvent id="start"/><exclusiveGateway id="again"/>',
    _task("work"),
    _flows("start>again", "again>work", "work>again"),
)

#: Two tasks side by side, again and again.
PARALLEL = _document(
    "parallel",
    '<startEvent id="start"/><exclusiveGateway id="again"/><parallelGateway id="fork"/><parallelGateway id="join"/>',
    _task("one") + _task("two"),
    _flows("start>again", "again>fork", "fork>one", "fork>two", "one>join", "two>join", "join>again"),
)

#: Waits for a moment, then for a person.
TIMER = _document(
    "timer",
    '<startEvent id="start"/><intermediateCatchEvent id="wait"><timerEventDefinition>'
    '<timeDuration xsi:type="tFormalExpression">PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>',
    _task("work"),
    '<endEvent id="end"/>',
    _flows("start>wait", "wait>work", "work>end"),
)

ALL = {"chain.bpmn": CHAIN, "rework.bpmn": REWORK, "parallel.bpmn": PARALLEL, "timer.bpmn": TIMER}


def entered(step: int) -> dict[str, Any]:
    """What is typed into the task of that step; the other engines' drivers enter the same."""
    return {f"note_{step}": "x" * 50, f"done_{step}": True}
