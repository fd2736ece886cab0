"""Documentation and code say the same: errors, the Python reference, and every path the pages name."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

import engine
from engine import Engine, commands, errors
from engine.errors import EngineError

ROOT = Path(__file__).parents[2]
PYTHON = (ROOT / "docs" / "reference" / "python.md").read_text("utf-8")
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "forms").rglob("*.md"),
    *(ROOT / "processes").rglob("*.md"),
    *(page for page in (ROOT / "bench").rglob("*.md") if "node_modules" not in page.parts),
]
COMMANDS = [kind for kind in commands.Command.__subclasses__() if kind.__module__.startswith(commands.__name__)]
#: What ``Engine`` is opened, closed and used with has sections of its own.
QUESTIONS = [
    name
    for name, _ in inspect.getmembers(Engine, callable)
    if not name.startswith("_") and name not in ("open", "handle", "close")
]


def kinds_of(parent: type[EngineError]) -> Iterator[type[EngineError]]:
    for kind in parent.__subclasses__():
        yield kind
        yield from kinds_of(kind)


def test_every_error_stands_in_the_one_tree() -> None:
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        if ".migrations." not in module.name:
            import_module(module.name)
    drawn = {}
    above = {-1: "EngineError"}
    for line in str(errors.__doc__).splitlines():
        if found := re.match(r"    ((?:│?   )*)[├└]── (\w+)", line):
            depth = len(found[1]) // 4
            drawn[found[2]] = above[depth - 1]
            above[depth] = found[2]
    kinds = [kind for kind in kinds_of(EngineError) if kind.__module__.startswith("engine.")]
    assert drawn == {kind.__name__: kind.__bases__[0].__name__ for kind in kinds}
    assert {kind.__module__ for kind in kinds} == {errors.__name__}


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
def test_every_command_is_in_the_reference_with_what_it_takes(kind: type[commands.Command]) -> None:
    found = re.search(rf"`{kind.__name__}\(([^`]*)\)`", PYTHON)
    assert found, f"{kind.__name__} is not in docs/reference/python.md"
    taken = [item.partition("=")[0].strip() for item in re.sub(r"\{\}|\(\)", "", found[1]).split(",")]
    assert taken == [field.name for field in fields(kind) if field.name != "actor"]


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_is_in_the_reference(name: str) -> None:
    assert re.search(rf"[`. ]{name}\(", PYTHON), f"{name} is not in docs/reference/python.md"


def test_everything_public_has_a_docstring() -> None:
    missing = []
    for path in (ROOT / "engine").rglob("*.py"):
        if "versions/m" in path.as_posix():
            continue
        tree = ast.parse(path.read_bytes())
        if not ast.get_docstring(tree):
            missing.append(str(path.relative_to(ROOT)))
    for name in engine.__all__:
        thing = getattr(engine, name)
        members = [member for key, member in vars(thing).items() if inspect.isfunction(member) and key[0] != "_"]
        missing += [
            f"{name}.{item.__name__}" if item is not thing else name for item in (thing, *members) if not item.__doc__
        ]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_a_page_names_exist(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    tops = "bench|docs|engine|forms|processes|tests|webui"
    named = {found.rstrip("/") for found in re.findall(rf"`((?:{tops})/[\w./-]*)`", text)}
    links = {found.split("#")[0] for found in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in found}
    gone = [path for path in named if not (ROOT / path).exists()]
    gone += [link for link in links if link and not (page.parent / link).exists()]
    assert not gone
