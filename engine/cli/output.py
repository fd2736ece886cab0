"""What a command says: one JSON document for machines, or lines for a person. Always UTF-8, whatever the locale."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from engine.clock import DEFAULT_ZONE, from_text
from engine.errors import DiagramFailed, EngineError, FormInvalid, VersionRejected, language

_unsafe = re.compile("[\ud800-\udfff\x7f-\x9f]")
_control = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def json_text(document: Any) -> str:
    """The document as JSON with its characters as they are, but for what UTF-8 cannot write or a terminal obeys."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)
    return _unsafe.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def write(text: str, stream: TextIO | None = None) -> None:
    """One text and a line end, as UTF-8 bytes where the stream takes bytes.

    Control characters are shown as ``�``: what a caller wrote must not steer an operator's terminal.
    """
    target = stream or sys.stdout
    data = _control.sub("\ufffd", text).encode("utf-8", "replace") + b"\n"
    binary = getattr(target, "buffer", None)
    if binary is None:
        target.write(data.decode("utf-8"))
        target.flush()
        return
    target.flush()
    binary.write(data)
    binary.flush()


def code_of(error: EngineError) -> str:
    """The stable code of an error: its class in snake case, ``task_already_done``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()


def error_document(error: EngineError) -> Mapping[str, Any]:
    """The shape of a refusal: ``{"error": {"code", "message", …}}`` with what the error knows beyond its sentence."""
    content: dict[str, Any] = {"code": code_of(error), "message": str(error)}
    if isinstance(error, FormInvalid):
        content["fields"] = [{"field": wrong.field, "message": str(wrong)} for wrong in error.fields]
    if isinstance(error, VersionRejected):
        content["problems"] = [problem.as_json() for problem in error.problems]
    if isinstance(error, DiagramFailed):
        content["element"] = error.element
    if "case" in error.values:
        content["case"] = str(error.values["case"])
    return {"error": content}


def width(text: str) -> int:
    """The columns a text takes on a terminal: Chinese characters take two."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Aligned columns; the last one is not padded. A line break inside a cell becomes a space."""
    cells = [[" ".join(str("" if cell is None else cell).split()) for cell in row] for row in (headings, *rows)]
    widths = [max(width(row[column]) for row in cells) for column in range(len(headings))]
    lines = []
    for row in cells:
        padded = [cell + " " * (size - width(cell)) for cell, size in zip(row, widths, strict=True)]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def local(moment: str) -> str:
    """A stored moment as a person reads it: office time, to the minute."""
    return from_text(moment).astimezone(DEFAULT_ZONE).strftime("%Y-%m-%d %H:%M")


def listed(names: Iterable[str]) -> str:
    """Names one after the other, with the comma of the language in force."""
    return ("、" if language.get() == "zh" else ", ").join(names)
