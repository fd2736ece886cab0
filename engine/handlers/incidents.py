"""Incidents: a step failed, the case waits for a person."""

from __future__ import annotations

from dataclasses import replace

from engine.errors import DiagramFailed
from engine.handlers.stepping import OPEN, CaseChange
from engine.handlers.work import Work
from engine.records import Incident


def raise_incident(work: Work, number: str, command: str, error: DiagramFailed) -> None:
    """Notes why a command could not be carried out and marks the case as stuck. The same failure again is not noted
    again: a timer that cannot fire is tried once a round."""
    change = CaseChange.of(work, number, must_be_open=False)
    zh, en = error.text("zh"), error.text("en")
    known = any(
        (found.element, found.zh, found.command) == (error.element, zh, command) for found in change.case.incidents
    )
    if change.case.status not in OPEN or known:
        return
    change.note(
        "incident_raised", {"reason": type(error).__name__, "zh": zh, "en": en, "command": command}, error.element
    )
    new = Incident(change.chain.seq, work.at, error.element, zh, en, command)
    change.case = replace(change.case, status="stuck", incidents=(*change.case.incidents, new))
    change.save()
