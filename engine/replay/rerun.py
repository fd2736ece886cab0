"""Carrying out recorded commands again, at their recorded moments, and comparing what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import bpmn
from engine.clock import from_text
from engine.errors import EngineError
from engine.events import COMMANDS, STEPS, LogEntry, canonical, digest
from engine.rules.calendar import Calendars, counting_by

#: kind of fact → what releases after 0.1.0 say besides; older logs are not asked for it.
ADDED = {"decision_made": ("sha256",)}


@dataclass(frozen=True)
class Rerun:
    """Where a re-run ended: ``snapshot`` and ``values``, or the entry ``seq`` from which it differs, and how."""

    snapshot: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0
    zh: str = ""
    en: str = ""


def rerun(
    definitions: Mapping[int, bpmn.Definition],
    entries: list[LogEntry],
    calendars: Calendars,
    versions: Callable[[str, int], bpmn.Definition],
) -> Rerun:
    """Re-runs a whole log; stops at the first entry that differs. ``definitions``: the diagram the case started on
    under 0, and that of each migration under the number of its entry. ``calendars``: what working time was counted by
    at each step. ``versions``: those that a diagram calls, by procedure and number; what was the newest one stands in
    the log."""
    definition = definitions[0]
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
            told = command.data.get("called", {})
            on = bpmn.as_recorded(definition, snapshot, told, versions)
            with counting_by(calendars.after(command.data.get("calendar", 0))):
                if command.kind == "case_migrated":
                    target, mapping = definitions[command.seq], command.data["mapping"]
                    onto = bpmn.as_recorded(target, snapshot, told, versions)
                    step, _ = bpmn.migrate(on, snapshot or "", onto, mapping, from_text(command.at))
                    definition = target
                else:
                    action = bpmn.action_of(command.kind, command.data)
                    skips = bpmn.skips_of(command.data)
                    step = bpmn.step(on, snapshot, action, from_text(command.at), skips)
        except EngineError as error:
            return Rerun(
                seq=command.seq, zh=f"重演失败：{error.text('zh')}", en=f"The re-run failed: {error.text('en')}"
            )
        expected = [
            _line(
                fact.kind,
                fact.element,
                _as_recorded(fact.kind, fact.data, facts[place].data if place < len(facts) else {}),
            )
            for place, fact in enumerate(step.facts)
        ]
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


def _as_recorded(kind: str, data: Mapping[str, Any], recorded: Mapping[str, Any]) -> Mapping[str, Any]:
    """A fact without what the release that recorded it did not say yet. Nothing is lost by that: an entry from which a
    part was cut has another hash."""
    absent = {key for key in ADDED.get(kind, ()) if key not in recorded}
    return {key: value for key, value in data.items() if key not in absent} if absent else data


def _line(kind: str, element: str, data: Mapping[str, Any]) -> str:
    return canonical([kind, element, dict(data)])
