"""External tasks: work that programs fetch and report on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.commands.command import Command, Values


@dataclass(frozen=True, kw_only=True)
class FetchAndLock(Command):
    """Take up to ``count`` (at most 100) external tasks of these topics for ``worker``, a name that tells programs
    apart: the most urgent first, then the oldest. Nobody else gets them for ``lock_seconds`` (at most a day).
    Returns ``list[ExternalTask]``."""

    topics: Sequence[str]
    worker: str
    count: int = 10
    lock_seconds: float = 300


@dataclass(frozen=True, kw_only=True)
class ExtendLock(Command):
    """Keep an external task for ``seconds`` more, counted from now. Returns ``ExternalTask``; raises ``NotLocked``."""

    task: str
    worker: str
    seconds: float = 300


@dataclass(frozen=True, kw_only=True)
class CompleteExternal(Command):
    """The work outside is done and brought these values, and files: variable → (name of the file, content), stored with
    the case in the same transaction. Returns ``Outcome``. Raises ``NotLocked``, ``TaskAlreadyDone``."""

    task: str
    worker: str
    values: Values = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FailExternal(Command):
    """The work outside went wrong and is to be tried again, ``retry_after`` seconds from now (None: a pause that grows
    with each failure). ``retries`` are left then (None: one fewer); with none left the case gets an incident.
    ``message`` is for people, ``details`` for developers. Returns ``Outcome``. Raises ``NotLocked``,
    ``TaskAlreadyDone``."""

    task: str
    worker: str
    message: str
    details: str = ""
    retries: int | None = None
    retry_after: float | None = None


@dataclass(frozen=True, kw_only=True)
class FaultExternal(Command):
    """The work outside ended in the business error ``code``, which the diagram catches; the values are set first. An
    error nothing catches is an incident, and the case stays where it is. Returns ``Outcome``. Raises ``NotLocked``,
    ``TaskAlreadyDone``."""

    task: str
    worker: str
    code: str
    message: str = ""
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class UnlockExternal(Command):
    """Give an external task back at once, for any worker. Returns ``ExternalTask``."""

    task: str
    worker: str
