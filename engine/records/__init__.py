"""What can be read: frozen values the engine hands out. Moments are ISO text in UTC; values are JSON."""

from __future__ import annotations

from engine.records.background import Fired, Health, Send, WorkerSeen
from engine.records.cases import Case, LedgerEntry, Outcome, Wait
from engine.records.deadlines import Deadline
from engine.records.incidents import Bilingually, Incident
from engine.records.page import Page, Values
from engine.records.people import Access, Attachment, Role, Unit, User
from engine.records.procedures import Draft, Suspension, Version
from engine.records.repairs import Approval, Attended, Preview
from engine.records.tasks import ExternalTask, Task

__all__ = [
    "Access",
    "Approval",
    "Attachment",
    "Attended",
    "Bilingually",
    "Case",
    "Deadline",
    "Draft",
    "ExternalTask",
    "Fired",
    "Health",
    "Incident",
    "LedgerEntry",
    "Outcome",
    "Page",
    "Preview",
    "Role",
    "Send",
    "Suspension",
    "Task",
    "Unit",
    "User",
    "Values",
    "Version",
    "Wait",
    "WorkerSeen",
]
