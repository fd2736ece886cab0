"""A token: SpiffWorkflow's task without its log records, which nobody reads and which cost more than the move
itself."""

from __future__ import annotations

from SpiffWorkflow.task import Task


class Token(Task):
    """Stands at one element. Its state changes with every move, and nothing else is noted of it."""

    def _set_state(self, value: int) -> None:
        self._state = value
