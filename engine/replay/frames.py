"""A case told step by step, from nothing but its log: what stood where, what was done, which way it went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.events import COMMANDS, LogEntry

Place = Mapping[str, str]


@dataclass(frozen=True)
class Frame:
    """One moment of a replay, after the log entry ``seq``.

    ``active``: where tokens are; ``done``: what has ended at least once; both as {"process", "element"}. ``flows``: the
    sequence flows taken, as {"process", "flow"}. ``entered``: the values a command brought; ``changed``: value by value
    what it was and became (``[before, after]``); ``decision``: inputs, rules and outputs where a table decided.
    ``command``: the frame begins what somebody asked for; the frames up to the next such one followed from it.
    """

    seq: int
    at: str
    actor: str
    kind: str
    element: str
    process: str
    command: bool
    active: tuple[Place, ...] = ()
    done: tuple[Place, ...] = ()
    flows: tuple[Place, ...] = ()
    entered: Mapping[str, Any] = field(default_factory=dict)
    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    decision: Mapping[str, Any] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The frame for the replay page."""
        return {
            "seq": self.seq,
            "at": self.at,
            "actor": self.actor,
            "kind": self.kind,
            "element": self.element,
            "process": self.process,
            "command": self.command,
            "active": [dict(place) for place in self.active],
            "done": [dict(place) for place in self.done],
            "flows": [dict(place) for place in self.flows],
            "entered": dict(self.entered),
            "changed": {key: list(pair) for key, pair in self.changed.items()},
            "decision": dict(self.decision) if self.decision is not None else None,
        }


def frames(entries: Iterable[LogEntry]) -> list[Frame]:
    """One frame a log entry. What does not change from one to the next is shared, so long logs stay small."""
    tokens: dict[int, tuple[str, str]] = {}
    done: dict[tuple[str, str], None] = {}
    taken: dict[tuple[str, str], None] = {}
    active_now: tuple[Place, ...] = ()
    done_now: tuple[Place, ...] = ()
    flows_now: tuple[Place, ...] = ()
    told = []
    procedure = ""
    for entry in entries:
        data = entry.data
        process = str(data.get("process", procedure))
        token = data.get("token")
        if entry.kind == "case_started":
            procedure = process = str(data.get("procedure", ""))
        elif entry.kind == "element_began" and isinstance(token, int):
            tokens[token] = (process, entry.element)
        elif entry.kind == "element_ended":
            tokens.pop(token, None) if isinstance(token, int) else None
            done[process, entry.element] = None
            taken.update({(process, str(flow)): None for flow in data.get("flows", [])})
        elif entry.kind == "element_cancelled" and isinstance(token, int):
            tokens.pop(token, None)
        elif entry.kind in ("case_closed", "case_cancelled"):
            tokens.clear()
        elif entry.kind == "case_migrated":
            renamed = data.get("mapping", {})
            # What the case calls in a version of its own (“sub@7”) stays as it is.
            tokens = {
                key: (place[0], place[1] if "@" in place[0] else renamed.get(place[1], place[1]))
                for key, place in tokens.items()
            }
        if entry.kind.startswith(("element_", "case_")):
            active_now = tuple(_place(key) for key in dict.fromkeys(tokens.values()))
            if len(done) != len(done_now):
                done_now = tuple(_place(key) for key in done)
            if len(taken) != len(flows_now):
                flows_now = tuple({"process": key[0], "flow": key[1]} for key in taken)
        told.append(
            Frame(
                seq=entry.seq,
                at=entry.at,
                actor=entry.actor,
                kind=entry.kind,
                element=entry.element,
                process=process,
                command=entry.kind in COMMANDS,
                active=active_now,
                done=done_now,
                flows=flows_now,
                entered=data.get("values", {}) if entry.kind in COMMANDS else {},
                changed=_changed(entry),
                decision=data if entry.kind == "decision_made" else None,
                data=data,
            )
        )
    return told


def _place(key: tuple[str, str]) -> Place:
    return {"process": key[0], "element": key[1]}


def _changed(entry: LogEntry) -> dict[str, tuple[Any, Any]]:
    if entry.kind != "values_set":
        return {}
    before = entry.data.get("before", {})
    return {key: (before.get(key), value) for key, value in entry.data.get("values", {}).items()}
