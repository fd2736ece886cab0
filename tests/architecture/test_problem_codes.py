"""Every code a problem can have is explained where owners look."""

from __future__ import annotations

import ast
import fnmatch
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[a-z]+(_[a-z0-9]+)+|empty|unreachable")
CALLS = {"error", "warning", "warn", "wrong", "Problem", "_error", "_warning", "_problem", "_warn"}


def codes_in_the_source() -> set[str]:
    """Strings in the place of a code, in every call that makes a problem; what is filled into one stands as ``*``."""
    found: set[str] = set()
    for path in [*(ROOT / "engine" / "bpmn").rglob("*.py"), *(ROOT / "engine" / "rules").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in CALLS:
                for argument in node.args[3:4] if name == "Problem" else node.args[:3]:
                    code = text_of(argument)
                    if CODE.fullmatch(code.replace("*", "x")):
                        found.add(code)
    return found


def text_of(argument: ast.expr) -> str:
    """The text of a string constant or an f-string, else nothing."""
    parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
    text = "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)
    return "" if text == "*" else text


def test_every_problem_code_is_documented_and_no_other() -> None:
    page = (ROOT / "docs" / "reference" / "problems.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z0-9_]+)` \|", page, re.MULTILINE))
    codes = codes_in_the_source()
    assert len(codes) > 80, "the search for codes found too few; has the way problems are made changed?"
    told = {code for code in documented if any(fnmatch.fnmatch(code, made) for made in codes)}
    unexplained = {code for code in codes if not fnmatch.filter(documented, code)}
    assert not unexplained, "explain these in docs/reference/problems.md"
    assert documented == told, "docs/reference/problems.md explains codes that no problem has"
