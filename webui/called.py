"""The versions that a case calls beside the one it is on: their diagrams, names and forms (ADR 0017)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine import Engine, LogEntry, Version
from engine.errors import NotFound
from engine.rules.editions import Place, named_in, place_of
from webui.diagrams import Drawing, drawings


def called_versions(engine: Engine, version: Version, entries: Iterable[LogEntry] = ()) -> dict[Place, Version]:
    """The versions of other procedures that a version calls by number, and those that a log was in; none for most."""
    places = [place_of(element.process) for element in version.elements]
    if version.calls_newest:
        places += [place_of(str(entry.data.get("process", ""))) for entry in entries]
    found: dict[Place, Version] = {}
    for place in dict.fromkeys(places):
        if place is not None:
            try:
                found[place] = engine.version(*place)
            except NotFound:
                continue  # an id that only looks like one
    return found


def all_drawings(version: Version, called: Mapping[Place, Version]) -> dict[str, Drawing]:
    """What a version draws, and what the versions it calls draw, by the names that a case's log has for them."""
    drawn = dict(drawings(version))
    for place, other in called.items():
        own = drawings(other)
        for process, drawing in own.items():
            name = named_in(process, place)
            calls = {
                element: named_in(target, place) if target in own else target
                for element, target in drawing.calls.items()
            }
            drawn.setdefault(name, replace(drawing, process=name, calls=calls, source=(*place, process)))
    return drawn
