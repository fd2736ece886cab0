"""Versions that are called: which of them a case needs beside the version it is on (ADR 0017).

A call activity with ``calledElementBinding`` ``version`` runs that version of the called procedure, with ``latest`` the
one that is the newest when the call begins. What such a version draws stands beside the caller's own processes under
names of its own (``sub@7``), so that tokens and facts, which name a process and an element, stay unambiguous.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from engine.bpmn.definition import Definition
from engine.rules.editions import Place, place_of

Resolve = Callable[[str, int], Definition]


def running(snapshot: str | None) -> set[Place]:
    """The versions that calls under way took because they were the newest then."""
    if not snapshot or '"called":' not in snapshot:
        return set()
    found = (token["data"].get("called") for scope in json.loads(snapshot)["scopes"] for token in scope["tokens"])
    return {place for name in found if name and (place := place_of(name)) is not None}


def complete(
    definition: Definition, seeds: Iterable[Place], newest: Callable[[str], int | None], resolve: Resolve
) -> Definition:
    """The definition with every version that a case on it can call beside it: those called by number, those in
    ``seeds``, and the newest ones, with what these call. ``newest`` says the number of a procedure's newest version,
    None where nobody knows: then it cannot be called. The same definition if there is none."""
    found: dict[Place, Definition] = {}
    known: dict[str, int | None] = {}
    open_ = [*_needed(definition, known, newest), *seeds]
    while open_:
        place = open_.pop()
        if place not in found:
            found[place] = resolve(*place)
            open_.extend(_needed(found[place], known, newest))
    if not found:
        return definition
    return definition.beside(found, {name: number for name, number in known.items() if number is not None})


def _needed(
    definition: Definition, known: dict[str, int | None], newest: Callable[[str], int | None]
) -> Iterator[Place]:
    yield from definition.calls_versions
    for name in definition.calls_newest:
        if name not in known:
            known[name] = newest(name)
        number = known[name]
        if number is not None:
            yield name, number


def as_recorded(definition: Definition, snapshot: str | None, told: Mapping[str, Any], resolve: Resolve) -> Definition:
    """The definition as it was for a step whose log entry says ``told`` of the versions it called."""
    if not definition.calls_newest:
        return definition
    return complete(definition, running(snapshot), told.get, resolve)
