"""What a file defines: the processes, decisions and forms in it, by id. Files that cannot be read define nothing;
checking them says why."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping

from engine.errors import Problem
from engine.rules.xml import XmlRefused, parse_xml

MAX_FILE_BYTES = 5 * 1024 * 1024
_LONGEST_PATH = 300
_BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


def refused_files(files: Mapping[str, bytes]) -> list[Problem]:
    """Files that are not even looked into: under a path no folder can hold, or too large."""
    most = MAX_FILE_BYTES // 1024 // 1024
    problems = []
    for path, content in files.items():
        shown = path[:80].encode("utf-8", "replace").decode("utf-8")
        if not _is_path(path):
            zh, en = f"文件路径“{shown}”不可用。", f"The path “{shown}” cannot be used."
            problems.append(Problem(shown, "", "error", "path_invalid", zh, en))
        elif len(content) > MAX_FILE_BYTES:
            zh, en = f"{shown} 超过 {most} MB。", f"{shown} is larger than {most} MB."
            problems.append(Problem(shown, "", "error", "file_too_large", zh, en))
    return problems


def _is_path(path: str) -> bool:
    # Cc: control characters, NUL among them. Cs: half of a character.
    storable = all(unicodedata.category(mark) not in ("Cc", "Cs") for mark in path)
    return storable and len(path) <= _LONGEST_PATH and "\\" not in path and not {"", ".", ".."} & set(path.split("/"))


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
        schema = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        return None
    found = schema.get("id") if isinstance(schema, dict) else None
    return found if isinstance(found, str) and found else None


def _form(content: bytes) -> frozenset[tuple[str, str]]:
    found = form_id(content)
    return frozenset({("form", found)}) if found else frozenset()
