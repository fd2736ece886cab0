"""A diagram as plain values: what the reader found in the XML, before anything is executed.

Names are those of BPMN 2.0.2. ``Scope`` is what holds flow nodes: a process or an embedded (event) subprocess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.bpmn import dialect
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

    ``kind``: none, message, signal, timer, error, escalation, conditional, terminate, link, compensate, cancel.
    ``name``: of the message, signal or link; ``code``: of the error or escalation ("" catches all); ``timer``:
    timeDate, timeDuration or timeCycle with its text in ``text``; a conditional event has its condition in ``text``.
    ``activity``: the one whose compensation is thrown ("": all); ``waits``: the thrower goes on after it.
    ``code_variable`` and ``message_variable`` take what a program outside said of the error it reported.
    """

    kind: str
    name: str = ""
    code: str = ""
    timer: str = ""
    text: str = ""
    activity: str = ""
    waits: bool = True
    code_variable: str = ""
    message_variable: str = ""


@dataclass(frozen=True)
class AdHoc:
    """How an ad-hoc subprocess goes on: ``until`` is its completion condition ("": when all is done); ``cancels``: what
    still runs when it holds is withdrawn."""

    sequential: bool = False
    until: str = ""
    cancels: bool = True


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


#: ``Node.calls_version`` of a call that takes the newest version there is when it begins.
NEWEST = 0


@dataclass
class Node:
    """A flow node with everything its execution needs.

    ``calls_version``: which version of the called procedure a call activity runs: its number, ``NEWEST``, or None for
    the process as it was published together with this one. ``edition``: of an element of such a version, which one.
    """

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
    ad_hoc: AdHoc | None = None
    in_ad_hoc: bool = False
    compensated_by: str | None = None
    script: str = ""
    inputs: tuple[Mapping_, ...] = ()
    outputs: tuple[Mapping_, ...] = ()
    calls: str | None = None
    calls_version: int | None = None
    edition: str = ""
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
        if not reference:
            return None
        name = reference.rsplit(":", 1)[-1].removesuffix(".form")
        return f"{name}@{self.edition}" if self.edition else name

    @property
    def called(self) -> str:
        """The process a call activity runs, where that is known beforehand: see ``called``."""
        return f"{self.calls}@{self.calls_version}" if self.calls_version else self.calls or ""

    @property
    def decision(self) -> str | None:
        """The id of the decision that a business rule task, or a service task of the topic ``decision``, asks."""
        if self.topic == "decision":
            return self.parameter("decision")
        return self.camunda("decisionRef") if self.type == "businessRuleTask" else None

    @property
    def result_variable(self) -> str | None:
        """The variable a decision's result goes into; None: its outputs become variables of their own."""
        return self.parameter("result") if self.topic == "decision" else self.camunda("resultVariable")

    @property
    def topic(self) -> str:
        """What a service task, or a send task without a message, is for; empty for everything else."""
        works = self.type == "serviceTask" or (self.type == "sendTask" and self.event is None)
        return (self.camunda("topic") or "") if works else ""

    @property
    def waits_outside(self) -> bool:
        """Whether a token waits here until a program outside has done the work."""
        return self.topic not in ("", *dialect.IMMEDIATE_TOPICS)

    def parameter(self, name: str) -> str | None:
        """The text of an input parameter as drawn; None where there is none, or it is empty."""
        return next((found.source for found in self.inputs if found.target == name), None) or None

    @property
    def groups(self) -> tuple[str, ...]:
        """Its candidate groups as drawn: role keys, or expressions that give some."""
        return tuple(group.strip() for group in (self.camunda("candidateGroups") or "").split(",") if group.strip())

    @property
    def is_activity(self) -> bool:
        return self.type.endswith("ask") or self.type == "callActivity" or self.is_subprocess

    @property
    def is_subprocess(self) -> bool:
        """Whether it holds flow nodes of its own, as they are drawn inside it."""
        return self.type in ("subProcess", "transaction", "adHocSubProcess")

    @property
    def scope_starts(self) -> set[str]:
        """The kinds of the start events inside it."""
        return {start.kind for start in self.scope.start_events()} if self.scope is not None else set()

    @property
    def kind(self) -> str:
        """The kind of an event; "" for what is none."""
        return self.event.kind if self.event is not None else ""

    @property
    def is_for_compensation(self) -> bool:
        """Whether it stands outside the normal flow, to undo another activity."""
        return self.is_activity and self.attributes.get("isForCompensation") == "true"

    @property
    def is_event_subprocess(self) -> bool:
        return self.type == "subProcess" and self.attributes.get("triggeredByEvent") == "true"


@dataclass
class Scope:
    """Flow nodes and flows of a process or subprocess, by id, in document order."""

    id: str
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    _boundaries: dict[str, list[Node]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _indexed: int = field(default=-1, init=False, repr=False, compare=False)

    def boundary_events(self, host: str) -> list[Node]:
        """The boundary events of an activity, found by an index: a diagram may have thousands of activities."""
        if self._indexed != len(self.nodes):
            self._boundaries, self._indexed = {}, len(self.nodes)
            for node in self.nodes.values():
                if node.attached_to is not None:
                    self._boundaries.setdefault(node.attached_to, []).append(node)
        return self._boundaries.get(host, [])

    def event_subprocesses(self) -> list[Node]:
        return [node for node in self.nodes.values() if node.is_event_subprocess]

    def start_events(self) -> list[Node]:
        return [node for node in self.nodes.values() if node.type == "startEvent"]

    def plain_starts(self) -> list[Node]:
        """Its start events that catch nothing."""
        return [node for node in self.start_events() if node.event is None or node.event.kind == "none"]

    def compensation_subprocess(self) -> Node | None:
        """The event subprocess that undoes this scope, if it has one."""
        return next((node for node in self.event_subprocesses() if "compensate" in node.scope_starts), None)

    def implicit_starts(self) -> list[Node]:
        """Where a token begins in a scope that has no start event: all nodes nothing leads to (BPMN 2.0.2 §13.1)."""
        return [
            node
            for node in self.nodes.values()
            if not node.incoming
            and node.attached_to is None
            and not node.is_event_subprocess
            and not node.is_for_compensation
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
    properties: Mapping[str, str] = field(default_factory=dict)
