"""What doing a topic can come to: it is done, it went wrong, or it ended in a business error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Done:
    """The work is done. ``values`` for the case; ``files``: variable → (name, content)."""

    values: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)


class WorkFailed(Exception):
    """It went wrong. ``retries`` are left (None: one fewer), the next one after ``retry_after`` seconds (None: after a
    pause that grows)."""

    def __init__(self, message: str, retries: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retries = retries
        self.retry_after = retry_after


class Rejected(Exception):
    """It ended in the business error ``code``; ``values`` are set before the diagram takes its way."""

    def __init__(self, code: str, message: str, values: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.values = dict(values)
