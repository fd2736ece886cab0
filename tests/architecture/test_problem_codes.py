"""Every code a problem can have is explained where owners look."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[a-z]+(_[a-z0-9]+)+|empty")
CALLS = {"error", "warning", "warn", "wrong", "Problem", "_error", "_warning", "_problem", "_warn"}


def codes_in_the_source() -> set[str]:
    """String constants in the place of a code, in every call that makes a problem."""
    found: set[str] = set()
    for path in [*(ROOT / "engine" / "bpmn").glob("*.py"), *(ROOT / "engine" / "rules").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in CALLS:
                place = node.args[3:4] if name == "Problem" else node.args[:3]
                found |= {
                    argument.value
                    for argument in place
                    if isinstance(argument, ast.Constant)
                    and isinstance(argument.value, str)
                    and CODE.fullmatch(argument.value)
                }
    return found


def test_every_problem_code_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "problems.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z0-9_]+)` \|", page, re.MULTILINE))
    codes = codes_in_the_source()
    assert len(codes) > 40, "the search for codes found too few; has the way problems are made changed?"
    assert not codes - documented, "explain these in docs/reference/problems.md"
