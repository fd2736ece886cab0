"""Every kind of log entry the engine writes is known, and explained where auditors look."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from engine.events import COMMANDS, FACTS, STEPS

ROOT = Path(__file__).parents[2]
#: Calls that write an entry, and which of their arguments is the kind.
CALLS = {"emit": 0, "note": 0, "step": 0, "_take": 0, "add": 2, "Fact": 0}


def words_in_calls(calls: dict[str, int], *folders: str) -> set[str]:
    """String constants in that place of every call of a method with that name."""
    found: set[str] = set()
    for path in (path for folder in folders for path in (ROOT / "engine" / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = calls.get(name)
            if place is None or len(node.args) <= place:
                continue
            argument = node.args[place]
            if isinstance(argument, ast.Constant) and re.fullmatch("[a-z]+(_[a-z]+)?", str(argument.value)):
                found.add(str(argument.value))
    return found


def explained(part: int) -> set[str]:
    """The words a part of the page explains: 0 the kinds, 1 what ``verify`` finds."""
    page = (ROOT / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([a-z_]+)` \|", page.split("## What `verify` can find")[part], re.MULTILINE))


def test_every_kind_written_is_known_and_every_known_kind_is_written() -> None:
    assert words_in_calls(CALLS, "bpmn", "handlers") == COMMANDS | FACTS
    assert STEPS < COMMANDS
    assert not COMMANDS & FACTS


def test_every_kind_is_documented() -> None:
    assert explained(0) == COMMANDS | FACTS


def test_everything_verify_can_find_is_documented() -> None:
    assert words_in_calls({"_note": 1, "Mismatch": 2}, "replay") == explained(1)
