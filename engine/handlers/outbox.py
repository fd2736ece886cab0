"""What leaves for the outside: noting that it has left."""

from __future__ import annotations

from engine.commands import MarkSent
from engine.handlers.work import Work
from engine.rules.access import ADMINISTER, has_role


def mark_sent(command: MarkSent, work: Work) -> None:
    """Notes that something left the outbox; the worker's business."""
    work.needs(work.actor.trusted or has_role(work.actor, ADMINISTER), "由系统发送。", "the worker sends.")
    work.store.cases.mark_sent(command.send, work.at)
