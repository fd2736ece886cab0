"""What leaves for the outside: given to whoever carries its topic, outside of any transaction, at least once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine import Engine
from engine.commands import FetchSends, MarkSent, NoteSendFailed
from engine.records import Send

log = logging.getLogger(__name__)

#: Carries something away, or raises; then it is tried again later. The same ``Send.key`` may come twice: when a worker
#: is killed between carrying something away and noting it. It runs outside of any transaction.
Deliver = Callable[[Engine, Send], None]

#: Who carries what away, by topic. A topic that is not here waits in the outbox for a script of one's own.
DELIVERIES: dict[str, Deliver] = {}

#: How many of a topic leave before the others have their turn.
BATCH = 20

#: Seconds for which what was taken belongs to this worker: longer than carrying it away takes.
TAKEN_FOR = 600


@dataclass(frozen=True)
class Delivered:
    """How much was carried away, and how much could not be this time."""

    sent: int = 0
    failed: int = 0


def deliver_due(engine: Engine, deliveries: Mapping[str, Deliver], stopped: Callable[[], bool]) -> Delivered:
    """Carries away what is due of each topic, a batch at most."""
    sent = failed = 0
    for topic, deliver in sorted(deliveries.items()):
        for _ in range(BATCH):
            if stopped() or not engine.waits_to_leave(topic):
                break
            # One at a time: carrying something away can take long, and others share the work meanwhile.
            for send in engine.handle(FetchSends(topic=topic, limit=1, seconds=TAKEN_FOR, actor="system")):
                try:
                    deliver(engine, send)
                except Exception as error:
                    log.warning("%s: %s %s: %s", send.case, topic, send.key, error)
                    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
                    engine.handle(NoteSendFailed(send=send.id, reason=reason, actor="system"))
                    failed += 1
                else:
                    engine.handle(MarkSent(send=send.id, actor="system"))
                    sent += 1
    return Delivered(sent, failed)
