"""A command line on a database of its own, of every kind there is, with a clock that stands still."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.cli import run

DIAGRAMS = Path(__file__).parent / "diagrams"


@dataclass(frozen=True)
class Answer:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)


Huiyin = Callable[..., Answer]


@pytest.fixture
def huiyin(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Huiyin:
    """Runs ``huiyin …`` and says what it answered. Values are given as an object and read from a file."""
    monkeypatch.chdir(tmp_path)
    for name in ("HUIYIN_CLOCK", "HUIYIN_USER", "HUIYIN_CONFIG", "HUIYIN_SECRET_KEY", "HUIYIN_DATA_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HUIYIN_DATABASE_URL", database_url)
    monkeypatch.setenv("HUIYIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HUIYIN_ENV", "test")
    monkeypatch.setenv("HUIYIN_LANG", "en")
    monkeypatch.setenv("HUIYIN_CLOCK", "2026-11-23T09:00:00+08:00")

    def call(*arguments: str | Path, values: Any = None) -> Answer:
        line = [str(argument) for argument in arguments]
        if values is not None:
            file = tmp_path / "values.json"
            file.write_bytes(json.dumps(values).encode("utf-8"))
            line += ["--values", str(file)]
        capfdbinary.readouterr()
        code = run(line)
        said = capfdbinary.readouterr()
        return Answer(code, said.out.decode("utf-8"), said.err.decode("utf-8"))

    return call
