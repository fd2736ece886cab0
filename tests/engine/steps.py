"""Diagrams and moves that the engine's tests share."""

from __future__ import annotations

import json
from typing import Any

from engine import Engine, Outcome
from engine.commands import CompleteTask, PublishVersion, SaveRole, SaveUnit, SaveUser, StartCase
from tests.bpmn.drawing import END, START, document, flows, users

#: Two tasks, one after the other, without form or role.
TWO = document(START + users("a", "b") + END + flows("start>a", "a>b", "b>end"))


def roles_task(name: str, **attributes: str) -> str:
    """A user task with ``camunda:`` attributes."""
    given = " ".join(f'camunda:{key}="{value}"' for key, value in attributes.items())
    return f'<userTask id="{name}" name="{name}" {given}/>'


def form(identifier: str, *fields: dict[str, Any]) -> bytes:
    """A form-js schema."""
    components = [
        {"id": f"Field_{field['key']}", "type": "textfield", "label": field["key"], **field} for field in fields
    ]
    schema = {"type": "default", "id": identifier, "schemaVersion": 16, "components": components}
    return json.dumps(schema, ensure_ascii=False).encode("utf-8")


def publish(engine: Engine, *contents: bytes, **files: bytes) -> list[Any]:
    """Publishes diagrams as ``0.bpmn`` … and files named by keyword (``_`` before the ending)."""
    named = {f"{place}.bpmn": content for place, content in enumerate(contents)}
    named.update({".".join(key.rsplit("_", 1)): content for key, content in files.items()})
    return engine.handle(PublishVersion(files=named, actor="system"))


def start(engine: Engine, actor: str = "li", procedure: str = "p", **values: Any) -> Outcome:
    return engine.handle(StartCase(procedure=procedure, values=values, actor=actor))


def complete(engine: Engine, outcome: Outcome, element: str | None = None, actor: str = "li", **values: Any) -> Outcome:
    """Completes the first open task, or the one of that element."""
    task = next(task for task in outcome.tasks if element in (None, task.element))
    return engine.handle(CompleteTask(task=task.id, values=values, actor=actor))


def staff(engine: Engine, **people: str) -> None:
    """Accounts from ``login="role role @unit"``; roles and units are made on the way."""
    found: list[SaveUser] = []
    for login, text in people.items():
        words = text.split()
        roles = tuple(word for word in words if not word.startswith("@"))
        unit = next((word[1:] for word in words if word.startswith("@")), None)
        for role in roles:
            engine.handle(SaveRole(key=role, label=role, actor="system"))
        if unit is not None:
            engine.handle(SaveUnit(key=unit, label=unit, actor="system"))
        found.append(SaveUser(login=login, name=login, unit=unit, roles=roles, actor="system"))
    for command in found:
        engine.handle(command)


def kinds(engine: Engine, number: str) -> list[str]:
    """The kinds of a case's log entries, with the element where there is one."""
    return [f"{entry.kind} {entry.element}".strip() for entry in engine.history(number)]
