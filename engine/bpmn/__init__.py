"""Running diagrams: the only package that knows SpiffWorkflow.

``check(files, library, roles)``  what is wrong with a set of files
``load(files, library, roles)``   the procedures they define
``step(definition, snapshot, action, now)``  one step of a case, purely
``open_items(definition, snapshot, now)``    the tasks and waits of a snapshot
``open_externals(definition, snapshot, now)``    the work outside it waits for
``complete(definition, seeds, newest, resolve)``  a definition with the versions it calls
``migrate(old, snapshot, new, mapping, now)``  the same case on another version
"""

import logging

from engine.bpmn.called import as_recorded, complete, running
from engine.bpmn.check_calls import Versions
from engine.bpmn.definition import Bundle, Definition, check, load
from engine.bpmn.migration import migrate
from engine.bpmn.model import Process
from engine.bpmn.recorded import action_of, skips_of
from engine.bpmn.snapshot import Place, has_clocks, places
from engine.bpmn.starts import StartMoment, StartTimer, first_moment, next_moment
from engine.bpmn.step import (
    Action,
    Begin,
    Complete,
    Correct,
    ElementInfo,
    External,
    Fact,
    Fault,
    Finish,
    Fire,
    Message,
    Modify,
    OpenTask,
    Rearm,
    Send,
    Signal,
    Skip,
    Start,
    Step,
    Wait,
)
from engine.bpmn.stepping import open_externals, open_items, step

__all__ = [
    "Action",
    "Begin",
    "Bundle",
    "Complete",
    "Correct",
    "Definition",
    "ElementInfo",
    "External",
    "Fact",
    "Fault",
    "Finish",
    "Fire",
    "Message",
    "Modify",
    "OpenTask",
    "Place",
    "Process",
    "Rearm",
    "Send",
    "Signal",
    "Skip",
    "Start",
    "StartMoment",
    "StartTimer",
    "Step",
    "Versions",
    "Wait",
    "action_of",
    "as_recorded",
    "check",
    "complete",
    "has_clocks",
    "first_moment",
    "load",
    "migrate",
    "open_externals",
    "next_moment",
    "open_items",
    "places",
    "running",
    "skips_of",
    "step",
]

# SpiffWorkflow logs every change of every token, values included: callers' words do not belong in a log file.
logging.getLogger("spiff").setLevel(logging.WARNING)
