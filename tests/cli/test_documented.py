"""``docs/reference/cli.md`` names every command with its options, every setting and every error code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from engine.cli.output import code_of
from engine.cli.top import top
from engine.errors import EngineError
from engine.settings import Settings

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text("utf-8")


def section(command: str) -> str:
    headings = [line for line in REFERENCE.splitlines() if line.startswith("## ") and command in line.split("[")[0]]
    assert len(headings) == 1, f"one heading for {command}"
    return REFERENCE.split(headings[0])[1].split("\n## ")[0] + headings[0]


@pytest.mark.parametrize("name", sorted(top.commands))
def test_a_command_and_its_options_are_documented(name: str) -> None:
    text = section(name)

    options = [opt for param in top.commands[name].params if isinstance(param, click.Option) for opt in param.opts]
    everywhere = {"--json", "--help", "-h"}
    assert [option for option in options if option not in everywhere and option not in text] == []


@pytest.mark.parametrize("setting", [field.name for field in fields(Settings)])
def test_a_setting_is_documented(setting: str) -> None:
    assert f"`HUIYIN_{setting.upper()}`" in REFERENCE


def errors(kind: type[EngineError] = EngineError) -> Iterator[type[EngineError]]:
    for child in kind.__subclasses__():
        yield child
        yield from errors(child)


def test_error_codes_are_documented() -> None:
    codes = {code_of(kind.__new__(kind)) for kind in errors()}

    assert sorted(code for code in codes if f"`{code}`" not in REFERENCE) == []
