"""Actions as they are kept: what a log entry, or a command that failed, asked of the diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.bpmn.step import (
    Action,
    Begin,
    Complete,
    Correct,
    Fault,
    Finish,
    Fire,
    Message,
    Modify,
    Rearm,
    Signal,
    Skip,
    Start,
)


def action_of(kind: str, data: Mapping[str, Any]) -> Action:
    """The action behind a command entry of that kind with this data."""
    if kind == "case_started":
        return Start(
            data["values"], message=data.get("message"), signal=data.get("signal"), element=data.get("element")
        )
    if kind == "task_completed":
        return Complete(data["token"], data["values"])
    if kind == "message_received":
        return Message(data["name"], data["values"], data.get("key"))
    if kind == "signal_received":
        return Signal(data["name"], data["values"])
    if kind == "external_completed":
        return Finish(data["token"], data["values"])
    if kind == "external_fault":
        return Fault(data["token"], data["code"], data["message"], data["values"])
    if kind == "values_corrected":
        return Correct(data["values"])
    if kind == "case_modified":
        begin = tuple(Begin(item["process"], item["element"], item.get("at")) for item in data["begin"])
        return Modify(tuple(data["cancel"]), begin, data["values"])
    if kind == "deadline_paused":
        return Rearm({}, (data["variable"],), data["token"])
    if kind in ("deadline_resumed", "deadline_extended"):
        return Rearm({data["variable"]: data["due"]}, (data["variable"],) if data["paused"] else (), data["token"])
    return Fire()


def skips_of(data: Mapping[str, Any]) -> tuple[Skip, ...]:
    """The elements that a command entry had passed by."""
    found: Sequence[Mapping[str, Any]] = data.get("skips", ())
    return tuple(Skip(item["process"], item["element"], item.get("flow")) for item in found)
