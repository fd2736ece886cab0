"""What leaves for the outside, and the workers that carry it."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.commands.command import Command, Values


@dataclass(frozen=True, kw_only=True)
class FetchSends(Command):
    """Take what waits in the outbox under ``topic`` and is due, oldest first, to send it. For ``seconds`` nobody else
    gets it; what has not been marked as sent by then is tried again, so that it leaves once at least: a receiver tells
    repetitions by ``Send.key``. Returns ``list[Send]``."""

    topic: str
    limit: int = 20
    seconds: float = 300


@dataclass(frozen=True, kw_only=True)
class NoteSendFailed(Command):
    """Note why something that was fetched could not be sent. It is tried again later, each time after a longer pause;
    after the last time its case has an incident. Returns whether it is tried again."""

    send: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RetrySend(Command):
    """Try again to send something that was given up. Returns None."""

    send: int


@dataclass(frozen=True, kw_only=True)
class NoteWorker(Command):
    """Note that a worker process is alive, and what it last did (``detail``, JSON). ``ended``: it is no more.
    Returns None."""

    name: str
    started_at: str
    detail: Values = field(default_factory=dict)
    ended: bool = False


@dataclass(frozen=True, kw_only=True)
class MarkSent(Command):
    """Note that something in the outbox has been sent (``engine.outbox``). Doing so twice changes nothing.
    Returns None."""

    send: int
