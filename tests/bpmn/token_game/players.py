"""Our side of a game: in memory from snapshot to snapshot, or in a database that is opened anew for every move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

from engine import Engine, bpmn
from engine.clock import from_text
from engine.commands import CompleteTask, FireTimers, PublishVersion, SendMessage, StartCase
from tests.bpmn.drawing import NOW
from tests.bpmn.token_game.drawing import message_of


class Player(Protocol):
    """``tasks``: (element, calls that led to it, handle), oldest first; ``waits``: (kind, element, key, seconds from
    the start)."""

    finished: bool
    values: dict[str, Any]
    tasks: list[tuple[str, str, Any]]
    waits: list[tuple[str, str, str, int]]

    def complete(self, handle: Any, values: dict[str, int]) -> None: ...
    def message(self, element: str, key: str, values: dict[str, int]) -> None: ...
    def later(self, seconds: int) -> None: ...


def _waits(found: Any) -> list[tuple[str, str, str, int]]:
    def since(due: str | None) -> int:
        return round((from_text(due) - NOW).total_seconds()) if due is not None else 0

    return sorted((wait.kind, wait.element, wait.key or "", since(wait.due)) for wait in found)


class InMemory:
    """Every step restores the case from its snapshot, and what the snapshot says is open must be what the step said."""

    def __init__(self, files: dict[str, bytes], process: str, values: dict[str, int]) -> None:
        self._definition = bpmn.load(files).procedures[process]
        self._now = NOW
        self._snapshot: str | None = None
        self._act(bpmn.Start(values))

    def _act(self, action: bpmn.Action) -> None:
        step = bpmn.step(self._definition, self._snapshot, action, self._now)
        if not step.finished:
            assert bpmn.open_items(self._definition, step.snapshot, self._now) == (step.tasks, step.waits)
        assert not step.starved
        self._snapshot, self.finished, self.values = step.snapshot, step.finished, dict(step.values)
        self.tasks = [(task.element, task.values["via"], task.token) for task in step.tasks]
        self.waits = _waits(step.waits)

    def complete(self, handle: Any, values: dict[str, int]) -> None:
        self._act(bpmn.Complete(handle, values))

    def message(self, element: str, key: str, values: dict[str, int]) -> None:
        self._act(bpmn.Message(message_of(element), values, key))

    def later(self, seconds: int) -> None:
        self._now += timedelta(seconds=seconds)
        self._act(bpmn.Fire())


class Stored:
    """Through the public face: after every move the database is closed and opened again, with caches that are empty."""

    def __init__(
        self, opened: Callable[[], Engine], clock: Any, files: dict[str, bytes], process: str, values: dict[str, Any]
    ) -> None:
        self._opened, self._clock = opened, clock
        self._clock.now = NOW
        self._engine = opened()
        self._engine.handle(PublishVersion(files=files, actor="system"))
        self.number = self._engine.handle(StartCase(procedure=process, values=values, actor="li")).case
        self._look()

    def _look(self) -> None:
        self._engine.close()
        self._engine = self._opened()
        case = self._engine.case(self.number)
        self.finished, self.values = case.status == "closed", dict(case.values)
        assert case.status in ("open", "closed"), case.incidents
        found = sorted(self._engine.open_tasks(case=self.number), key=_token)
        self.tasks = [(task.element, task.values["via"], task.id) for task in found]
        self.waits = _waits(case.waits)

    def close(self) -> None:
        self._engine.close()

    def complete(self, handle: Any, values: dict[str, int]) -> None:
        self._engine.handle(CompleteTask(task=handle, values=values, actor="li"))
        self._look()

    def message(self, element: str, key: str, values: dict[str, int]) -> None:
        name = message_of(element)
        self._engine.handle(SendMessage(name=name, values=values, case=self.number, key=key, actor="li"))
        self._look()

    def later(self, seconds: int) -> None:
        self._clock.forward(seconds=seconds)
        self._engine.handle(FireTimers(actor="clock"))
        self._look()


def _token(task: Any) -> int:
    return int(task.token)
