"""Running diagrams: the only package that knows SpiffWorkflow.

``check(files, library, roles)``  what is wrong with a set of files
``load(files, library, roles)``   the procedures they define
``step(definition, snapshot, action, now)``  one step of a case, purely
``open_items(definition, snapshot, now)``    the tasks and waits of a snapshot
"""

import logging

from engine.bpmn.definition import Bundle, Definition, check, load
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
from engine.bpmn.stepping import open_items, step

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
    "Rearm",
    "Send",
    "Signal",
    "Skip",
    "Start",
    "Step",
    "Wait",
    "check",
    "load",
    "open_items",
    "step",
]

# SpiffWorkflow logs every change of every token, values included: callers' words do not belong in a log file.
logging.getLogger("spiff").setLevel(logging.WARNING)
