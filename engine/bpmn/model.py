"""A diagram as plain values: what the reader found in the XML, before anything is executed.

Names are those of BPMN 2.0.2. ``Scope`` is what holds flow nodes: a process or an embedded (event) subprocess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.bpmn.dialect import camunda


@dataclass(frozen=True)
class Flow:
    """A sequence flow. ``condition`` is expression text without ``${}``, None where it has none."""

    id: str
    source: str
    target: str
    name: str = ""
    condition: str | None = None


@dataclass(frozen=True)
class EventDefinition:
    """What an event reacts to or causes.

    ``kind``: none, message, signal, timer, error, escalation, conditional, terminate, link. ``name``: of the message,
    signal or link; ``code``: of the error or escalation ("" catches all); ``timer``: timeDate, timeDuration or
    timeCycle with its text in ``text``; a conditional event has its condition in ``text``.
    """

    kind: str
    name: str = ""
    code: str = ""
    timer: str = ""
    text: str = ""


@dataclass(frozen=True)
class Loop:
    """Loop characteristics: standard (``while_``) or multi-instance."""

    standard: bool = False
    sequential: bool = False
    while_: str = ""
    test_before: bool = False
    maximum: int | None = None
    cardinality: str = ""
    collection: str = ""
    item: str = ""
    output: str = ""
    output_item: str = ""
    until: str = ""


@dataclass(frozen=True)
class Mapping_:
    """One ``camunda:in``/``out`` of a call activity, or one input/output parameter: target ← expression or literal."""

    target: str
    source: str


@dataclass
class Node:
    """A flow node with everything its execution needs."""

    id: str
    type: str
    process: str
    name: str = ""
    documentation: str = ""
    lane: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    incoming: list[Flow] = field(default_factory=list)
    outgoing: list[Flow] = field(default_factory=list)
    default: str | None = None
    event: EventDefinition | None = None
    attached_to: str | None = None
    interrupting: bool = True
    loop: Loop | None = None
    script: str = ""
    inputs: tuple[Mapping_, ...] = ()
    outputs: tuple[Mapping_, ...] = ()
    calls: str | None = None
    call_in: tuple[Mapping_, ...] = ()
    call_out: tuple[Mapping_, ...] = ()
    call_in_all: bool = False
    call_out_all: bool = False
    scope: Scope | None = None

    def camunda(self, name: str) -> str | None:
        """The value of a ``camunda:`` attribute, None where it is not set."""
        return self.attributes.get(camunda(name))

    @property
    def form(self) -> str | None:
        """The id of the form a task or start event shows. A form key of the Camunda family names a deployed form file:
        ``camunda-forms:deployment:UC01-1.form``."""
        reference = self.camunda("formRef") or self.camunda("formKey")
        return reference.rsplit(":", 1)[-1].removesuffix(".form") if reference else None

    @property
    def decision(self) -> str | None:
        """The id of the decision a business rule task asks."""
        return self.camunda("decisionRef") if self.type == "businessRuleTask" else None

    @property
    def groups(self) -> tuple[str, ...]:
        """Its candidate groups as drawn: role keys, or expressions that give some."""
        return tuple(group.strip() for group in (self.camunda("candidateGroups") or "").split(",") if group.strip())

    @property
    def is_activity(self) -> bool:
        return self.type.endswith("ask") or self.type in ("callActivity", "subProcess")

    @property
    def is_event_subprocess(self) -> bool:
        return self.type == "subProcess" and self.attributes.get("triggeredByEvent") == "true"


@dataclass
class Scope:
    """Flow nodes and flows of a process or subprocess, by id, in document order."""

    id: str
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)

    def boundary_events(self, host: str) -> list[Node]:
        return [node for node in self.nodes.values() if node.attached_to == host]

    def event_subprocesses(self) -> list[Node]:
        return [node for node in self.nodes.values() if node.is_event_subprocess]

    def start_events(self) -> list[Node]:
        return [node for node in self.nodes.values() if node.type == "startEvent"]

    def implicit_starts(self) -> list[Node]:
        """Where a token begins in a scope that has no start event: all nodes nothing leads to (BPMN 2.0.2 §13.1)."""
        return [
            node
            for node in self.nodes.values()
            if not node.incoming
            and node.attached_to is None
            and not node.is_event_subprocess
            and not (node.type == "intermediateCatchEvent" and node.event and node.event.kind == "link")
        ]

    def walk(self) -> Iterator[Node]:
        """Every node here and in nested subprocesses."""
        for node in self.nodes.values():
            yield node
            if node.scope is not None:
                yield from node.scope.walk()


@dataclass
class Process(Scope):
    """A process: the scope a case, or a call activity, runs. ``file`` is the path it came from."""

    name: str = ""
    file: str = ""
    executable: bool = True
    documentation: str = ""
