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
    Attachment,
    Case,
    Draft,
    Incident,
    Outcome,
    Page,
    Role,
    Send,
    Task,
    Unit,
    User,
    Version,
    Wait,
)
from engine.replay import Frame, Report
from engine.settings import Settings

__all__ = [
    "Access",
    "Attachment",
    "Case",
    "Draft",
    "Engine",
    "EngineError",
    "Frame",
    "Incident",
    "LogEntry",
    "Outcome",
    "Page",
    "Problem",
    "Report",
    "Role",
    "Send",
    "Settings",
    "Task",
    "Unit",
    "User",
    "Version",
    "Wait",
]
