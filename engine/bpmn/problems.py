"""Collecting what is wrong with a file, with the element that has it."""

from __future__ import annotations

from engine.errors import Problem

#: Errors that release 0.1 did not find. A version that was published then goes on as it did.
LATER = frozenset(
    {
        "attribute_invalid",
        "documentation_too_long",
        "error_interrupts",
        "event_attribute",
        "event_gateway_receive",
        "foreign_element",
        "initiator_invalid",
        "mapping_attribute",
        "name_expression",
        "parameters_misplaced",
        "timer_several",
    }
)


class Problems:
    """The problems of one file, in the order found. At most ``LIMIT`` errors and as many warnings are kept: nobody
    reads more. They are counted apart, so that no number of warnings hides an error."""

    LIMIT = 200

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Problem] = []
        self._counted = {"error": 0, "warning": 0}

    def error(self, element: str, code: str, zh: str, en: str) -> None:
        """Something that must be mended before publishing."""
        self._add(Problem(self.file, element, "error", code, zh, en))

    def warning(self, element: str, code: str, zh: str, en: str) -> None:
        """Something that had better be mended."""
        self._add(Problem(self.file, element, "warning", code, zh, en))

    def _add(self, problem: Problem) -> None:
        if self._counted[problem.severity] < self.LIMIT and problem not in self.found:
            self._counted[problem.severity] += 1
            self.found.append(problem)

    @property
    def has_errors(self) -> bool:
        return any(problem.severity == "error" for problem in self.found)
