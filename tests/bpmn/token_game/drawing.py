"""Diagrams of a game as they grow: elements, flows, messages, and the files of called processes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.bpmn.drawing import flow

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'id="definitions" targetNamespace="test">'
)


@dataclass
class Model:
    """All files of a game. ``choices``: the variables its conditions ask for, and how many values each can have."""

    process: str
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(100, 1_000_000)))
    choices: dict[str, int] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def add_file(self, process: str, drawing: Drawing) -> None:
        declared = '<error id="failed" errorCode="FAILED"/>' + "".join(drawing.declared)
        body = f'<process id="{process}" isExecutable="true">{"".join(drawing.parts)}</process>'
        self.files[f"{process}.bpmn"] = f"{_HEAD}{declared}{body}</definitions>".encode()


@dataclass
class Drawing:
    """The XML of one scope. ``declared`` (messages) and ``asked`` (choices) are those of the process around it."""

    model: Model
    declared: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    def inside(self) -> Drawing:
        """A scope within this one."""
        return Drawing(self.model, self.declared, self.asked)

    def name(self, prefix: str) -> str:
        return f"{prefix}{next(self.model.numbers)}"

    def add(self, tag: str, prefix: str, inner: str = "", name: str = "", **attributes: str) -> str:
        name = name or self.name(prefix)
        given = "".join(f' {key}="{value}"' for key, value in attributes.items())
        self.parts.append(f'<{tag} id="{name}" name="{name}"{given}>{inner}</{tag}>')
        return name

    def link(self, source: str, target: str, condition: str | None = None, name: str = "") -> str:
        name = name or self.name("f")
        self.parts.append(flow(source, target, condition, name))
        return name

    def choice(self, options: int) -> str:
        """A variable that whoever plays sets at every move."""
        name = self.name("c")
        self.model.choices[name] = options
        self.asked.append(name)
        return name

    def message(self, element: str) -> str:
        """The definition of a message that only this element waits for, with the calls that led to it as its key."""
        self.declared.append(f'<message id="of_{element}" name="{message_of(element)}"/>')
        return (
            '<extensionElements><camunda:properties><camunda:property name="correlationKey" value="via ${via}"/>'
            f'</camunda:properties></extensionElements><messageEventDefinition messageRef="of_{element}"/>'
        )

    def timer(self, seconds: int, times: int) -> str:
        if times > 1:
            return f"<timerEventDefinition><timeCycle>R{times}/PT{seconds}S</timeCycle></timerEventDefinition>"
        return f"<timerEventDefinition><timeDuration>PT{seconds}S</timeDuration></timerEventDefinition>"


def message_of(element: str) -> str:
    """The name of the message an element waits for."""
    return f"message {element}"
