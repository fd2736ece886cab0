"""Collecting what is wrong with a file, with the element that has it."""

from __future__ import annotations

from engine.errors import Problem


class Problems:
    """The problems of one file, in the order found. At most ``LIMIT`` are kept: nobody reads more."""

    LIMIT = 200

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Problem] = []

    def error(self, element: str, code: str, zh: str, en: str) -> None:
        """Something that must be mended before publishing."""
        self._add(Problem(self.file, element, "error", code, zh, en))

    def warning(self, element: str, code: str, zh: str, en: str) -> None:
        """Something that had better be mended."""
        self._add(Problem(self.file, element, "warning", code, zh, en))

    def _add(self, problem: Problem) -> None:
        if len(self.found) < self.LIMIT and problem not in self.found:
            self.found.append(problem)

    @property
    def has_errors(self) -> bool:
        return any(problem.severity == "error" for problem in self.found)
