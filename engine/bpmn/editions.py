"""Copies of processes under the names they have beside another version: see ``called``."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

from engine.bpmn.model import Process


def renamed(process: Process, edition_name: str, names: Mapping[str, str]) -> Process:
    """A copy of a process as part of an edition."""
    made = deepcopy(process)
    made.id = names[process.id]
    for node in made.walk():
        node.process, node.edition = made.id, edition_name
        if node.calls_version is None:
            node.calls = names.get(node.calls or "", node.calls)
    return made
