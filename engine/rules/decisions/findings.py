"""What is wrong with a DMN file, collected while it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from engine.errors import Problem
from engine.rules.expressions import ExpressionError

T = TypeVar("T")


@dataclass
class Findings:
    """The problems of one file. ``tolerated``: errors that keep a file from being published and that a version of an
    earlier release may have; such a version is read all the same."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    tolerated: set[Problem] = field(default_factory=set)

    def wrong(
        self,
        element: str,
        code: str,
        zh: str,
        en: str,
        severity: Literal["error", "warning"] = "error",
        *,
        tolerated: bool = False,
    ) -> None:
        """Notes a problem at an element (an id, or empty for the file)."""
        problem = Problem(self.file, element, severity, code, zh, en)
        self.problems.append(problem)
        if tolerated:
            self.tolerated.add(problem)

    def understood(self, read: Callable[[], T], where: str, zh: str, en: str) -> T | None:
        """What ``read`` gives; None, and a problem that begins with ``zh`` and ``en``, if it cannot be read."""
        try:
            return read()
        except ExpressionError as error:
            self.wrong(where, "dmn_cell", f"{zh}：{error.zh}", f"{en}: {error.en}")
            return None

    def fatal(self, since: int = 0) -> list[Problem]:
        """The errors, from the ``since``-th problem on, that leave nothing to run."""
        return [
            problem
            for problem in self.problems[since:]
            if problem.severity == "error" and problem not in self.tolerated
        ]
