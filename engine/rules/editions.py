"""Names of what another version draws, beside the version a case is on: ``sub@7`` is what version 7 of ``sub`` draws,
``part@sub@7`` a process and ``F1@sub@7`` a form that was published with it (ADR 0017)."""

from __future__ import annotations

#: A procedure and the number of a version.
Place = tuple[str, int]


def edition(place: Place) -> str:
    """The name of a version among its caller's processes."""
    procedure, number = place
    return f"{procedure}@{number}"


def named_in(name: str, place: Place) -> str:
    """The name that a process or form of a version has beside its caller."""
    return edition(place) if name == place[0] else f"{name}@{edition(place)}"


def place_of(name: str) -> Place | None:
    """The version that a name belongs to; None for what belongs to the case's own version."""
    rest, at, number = name.rpartition("@")
    if not at or not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    return rest.rpartition("@")[2], int(number)
