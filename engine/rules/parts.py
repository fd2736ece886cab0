"""What a file defines: the processes, decisions and forms in it, by id. Files that cannot be read define nothing;
checking them says why."""

from __future__ import annotations

import json

from engine.rules.xml import XmlRefused, parse_xml

_BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


def defined_in(path: str, content: bytes) -> frozenset[tuple[str, str]]:
    """(kind, id) pairs; ``kind`` is process, decision or form. Chosen by the file's ending."""
    if path.endswith(".form"):
        return _form(content)
    try:
        root = parse_xml(content)
    except XmlRefused:
        return frozenset()
    if path.endswith(".bpmn"):
        return frozenset(("process", found.get("id", "")) for found in root.iter(f"{_BPMN}process") if found.get("id"))
    if path.endswith(".dmn"):
        namespace = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
        return frozenset(
            ("decision", found.get("id", "")) for found in root.iter(f"{namespace}decision") if found.get("id")
        )
    return frozenset()


def form_id(content: bytes) -> str | None:
    """The id of a form-js schema; None if the bytes are none."""
    try:
        schema = json.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        return None
    found = schema.get("id") if isinstance(schema, dict) else None
    return found if isinstance(found, str) and found else None


def _form(content: bytes) -> frozenset[tuple[str, str]]:
    found = form_id(content)
    return frozenset({("form", found)}) if found else frozenset()
