"""Carrying out recorded commands again, at their recorded moments, and comparing what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import bpmn
from engine.clock import from_text
from engine.errors import EngineError
from engine.events import COMMANDS, STEPS, LogEntry, canonical, digest


@dataclass(frozen=True)
class Rerun:
    """Where a re-run ended: ``snapshot`` and ``values``, or the entry ``seq`` from which it differs, and how."""

    snapshot: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0
    zh: str = ""
    en: str = ""


def rerun(definition: bpmn.Definition, entries: list[LogEntry]) -> Rerun:
    """Re-runs a whole log; stops at the first entry that differs."""
    snapshot: str | None = None
    values: Mapping[str, Any] = {}
    for command, facts in groups(entries):
        if command.kind not in STEPS:
            if facts:
                return Rerun(
                    seq=facts[0].seq,
                    zh="不移动流程的命令之后有流程事实。",
                    en="Facts follow a command that moves nothing.",
                )
            continue
        try:
            step = bpmn.step(definition, snapshot, action(command), from_text(command.at))
        except EngineError as error:
            return Rerun(
                seq=command.seq, zh=f"重演失败：{error.text('zh')}", en=f"The re-run failed: {error.text('en')}"
            )
        expected = [_line(fact.kind, fact.element, fact.data) for fact in step.facts]
        if step.finished:
            expected.append(_line("case_closed", "", {}))
        recorded = [_line(fact.kind, fact.element, fact.data) for fact in facts]
        for place, (told, again) in enumerate(zip(recorded, expected, strict=False)):
            if told != again:
                return Rerun(seq=facts[place].seq, zh="重演得到的事实不同。", en="The re-run gives another fact.")
        if len(recorded) != len(expected):
            return Rerun(
                seq=command.seq,
                zh=f"记录有 {len(recorded)} 条事实，重演得到 {len(expected)} 条。",
                en=f"{len(recorded)} facts are recorded, the re-run gives {len(expected)}.",
            )
        if digest(step.snapshot) != command.data.get("snapshot"):
            return Rerun(seq=command.seq, zh="重演得到的快照不同。", en="The re-run gives another snapshot.")
        snapshot, values = step.snapshot, step.values
    return Rerun(snapshot=snapshot or "", values=values)


def groups(entries: list[LogEntry]) -> list[tuple[LogEntry, list[LogEntry]]]:
    """The log as commands, each with the facts that followed from it."""
    found: list[tuple[LogEntry, list[LogEntry]]] = []
    for entry in entries:
        if entry.kind in COMMANDS or not found:
            found.append((entry, []))
        else:
            found[-1][1].append(entry)
    return found


def action(command: LogEntry) -> bpmn.Action:
    """What a command entry asked of the diagram."""
    data = command.data
    if command.kind == "case_started":
        return bpmn.Start(data["values"], message=data.get("message"), signal=data.get("signal"))
    if command.kind == "task_completed":
        return bpmn.Complete(data["token"], data["values"])
    if command.kind == "message_received":
        return bpmn.Message(data["name"], data["values"])
    if command.kind == "signal_received":
        return bpmn.Signal(data["name"], data["values"])
    return bpmn.Fire()


def _line(kind: str, element: str, data: Mapping[str, Any]) -> str:
    return canonical([kind, element, dict(data)])
