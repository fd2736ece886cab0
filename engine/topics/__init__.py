"""Topics of service tasks that we work on ourselves, in the background and outside of any transaction.

``work_external(engine)``           fetches and does what waits for one of ``BUILT_IN``
``deliveries(engine)``              who carries notices (topic ``notify``) out of the outbox
"""

from __future__ import annotations

from engine.topics.notify import NoticeNotSent, can_deliver, deliver_notice, deliveries
from engine.topics.working import BUILT_IN, work_external

__all__ = ["BUILT_IN", "NoticeNotSent", "can_deliver", "deliver_notice", "deliveries", "work_external"]
