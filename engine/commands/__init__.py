"""What may be asked of the engine: frozen values, named in the imperative. ``Engine.handle`` carries each out in
one transaction. ``actor`` is the login name of the person (or ``clock`` for the worker) on whose behalf it is done.
"""

from __future__ import annotations

from engine.commands.cases import (
    AddNote,
    AttachFile,
    CancelCase,
    FireTimers,
    RebuildIndexes,
    ResumeCase,
    SendMessage,
    SendSignal,
    StartCase,
    SuspendCase,
)
from engine.commands.command import Command, Values
from engine.commands.deadlines import (
    CalendarDay,
    ExtendDeadline,
    FireDeadlines,
    PauseDeadline,
    ResumeDeadline,
    SetCalendarDays,
    SetOfficeHours,
)
from engine.commands.external import (
    CompleteExternal,
    ExtendLock,
    FailExternal,
    FaultExternal,
    FetchAndLock,
    UnlockExternal,
)
from engine.commands.outbox import FetchSends, MarkSent, NoteSendFailed, NoteWorker, RetrySend
from engine.commands.people import ErasePerson, RevealPerson, SaveRole, SaveUnit, SaveUser, SetPassword
from engine.commands.procedures import PublishVersion, ResumeProcedure, SaveProcedureDraft, SuspendProcedure
from engine.commands.repairs import (
    Begin,
    CorrectValues,
    DecideApproval,
    MigrateCase,
    MigrateCases,
    ModifyCase,
    RetryIncident,
    RetryIncidents,
    SkipElement,
)
from engine.commands.tasks import ClaimTask, CompleteTask, SaveDraft, UnclaimTask

__all__ = [
    "AddNote",
    "AttachFile",
    "Begin",
    "CalendarDay",
    "CancelCase",
    "ClaimTask",
    "Command",
    "CompleteExternal",
    "CompleteTask",
    "CorrectValues",
    "DecideApproval",
    "ErasePerson",
    "ExtendDeadline",
    "ExtendLock",
    "FailExternal",
    "FaultExternal",
    "FetchAndLock",
    "FetchSends",
    "FireDeadlines",
    "FireTimers",
    "MarkSent",
    "MigrateCase",
    "MigrateCases",
    "ModifyCase",
    "NoteSendFailed",
    "NoteWorker",
    "PauseDeadline",
    "PublishVersion",
    "RebuildIndexes",
    "ResumeCase",
    "ResumeDeadline",
    "ResumeProcedure",
    "RetryIncident",
    "RetryIncidents",
    "RetrySend",
    "RevealPerson",
    "SaveDraft",
    "SaveProcedureDraft",
    "SaveRole",
    "SaveUnit",
    "SaveUser",
    "SendMessage",
    "SendSignal",
    "SetCalendarDays",
    "SetOfficeHours",
    "SetPassword",
    "SkipElement",
    "StartCase",
    "SuspendCase",
    "SuspendProcedure",
    "UnclaimTask",
    "UnlockExternal",
    "Values",
]
