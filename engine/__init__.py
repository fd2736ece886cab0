"""Huiyin's engine: the public face.

``Engine``     opens a database, carries out commands (``engine.commands``), answers questions
``Outcome``    what a command led to; ``Case``, ``Task``, ``Version``, ``User`` … what can be read (``engine.records``)
``LogEntry``   one line of a case's past (``engine.events``); ``Frame``, ``Report`` a replay and its proof
``EngineError`` everything that can go wrong (``engine.errors``)

See ``docs/reference/python.md``.
"""

from __future__ import annotations

from engine.engine import Engine
from engine.errors import EngineError, Problem
from engine.events import LogEntry
from engine.records import (
    Access,
    Approval,
    Attachment,
    Attended,
    Case,
    Deadline,
    Draft,
    ExternalTask,
    Fired,
    Health,
    Incident,
    LedgerEntry,
    Outcome,
    Page,
    Preview,
    Role,
    Send,
    Suspension,
    Task,
    Unit,
    User,
    Version,
    Wait,
    WorkerSeen,
)
from engine.replay import Frame, Report
from engine.settings import Settings

__all__ = [
    "Access",
    "Approval",
    "Attachment",
    "Attended",
    "Case",
    "Deadline",
    "Draft",
    "Engine",
    "EngineError",
    "ExternalTask",
    "Fired",
    "Frame",
    "Health",
    "Incident",
    "LedgerEntry",
    "LogEntry",
    "Outcome",
    "Page",
    "Preview",
    "Problem",
    "Report",
    "Role",
    "Send",
    "Settings",
    "Suspension",
    "Task",
    "Unit",
    "User",
    "Version",
    "Wait",
    "WorkerSeen",
]
