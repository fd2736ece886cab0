"""What leaves for the outside: taking it to be sent, noting that it has left or why it could not; and who sends."""

from __future__ import annotations

from datetime import timedelta

from engine.clock import to_text
from engine.commands import FetchSends, MarkSent, NoteSendFailed, NoteWorker, RetrySend
from engine.errors import NotFound, SendFailed
from engine.handlers.attempts import Attempt
from engine.handlers.incidents import raise_incident
from engine.handlers.work import Work
from engine.records import Send
from engine.rules.access import ADMINISTER, has_role
from engine.rules.backoff import MOST_ATTEMPTS, next_try
from engine.storage.claims import LONGEST_ERROR, NEVER

_MOST_FETCHED = 1_000


def fetch_sends(command: FetchSends, work: Work) -> list[Send]:
    """Takes what is due to be sent under a topic, so that nobody else sends it for a while."""
    _must_send(work)
    until = to_text(work.now + timedelta(seconds=command.seconds))
    sends = work.store.claims.sends(command.topic, work.at, until, max(0, min(command.limit, _MOST_FETCHED)))
    for send in sends:
        if send.attempts > MOST_ATTEMPTS:
            # Whoever took it the last time did not come back, time after time.
            _give_up(work, send, send.error or "the worker did not come back")
    return [send for send in sends if send.attempts <= MOST_ATTEMPTS]


def mark_sent(command: MarkSent, work: Work) -> None:
    """Notes that something left the outbox; the worker's business."""
    _must_send(work)
    work.store.cases.mark_sent(command.send, work.at)


def note_send_failed(command: NoteSendFailed, work: Work) -> bool:
    """Notes why something could not be sent and when it is tried again; after the last time its case has an incident.
    Whether it is tried again."""
    _must_send(work)
    send = work.store.claims.send(command.send)
    if send is None or send.sent_at is not None:
        return False
    again = next_try(send.attempts, work.now)
    if again is None:
        _give_up(work, send, command.reason)
        return False
    work.store.claims.try_again(send.id, to_text(again), command.reason, send.attempts)
    return True


def _give_up(work: Work, send: Send, reason: str) -> None:
    work.store.claims.try_again(send.id, NEVER, reason, send.attempts)
    error = SendFailed(element=send.element, topic=send.topic, send=send.id, reason=reason[:LONGEST_ERROR])
    error.attempt = Attempt("send_failed", send.element, {"send": send.id, "topic": send.topic}, work.actor.login)
    raise_incident(work, send.case, "MarkSent", error)


def put_off(work: Work, send: Send, error: str) -> None:
    """What cases send to each other is tried again later where somebody else was faster, for as long as it takes."""
    again = next_try(1, work.now) or work.now
    work.store.claims.try_again(send.id, to_text(again), error, send.attempts + 1)


def retry_send(command: RetrySend, work: Work) -> None:
    """Something that could not be sent is tried again from now on, as often as anew."""
    work.needs(
        work.actor.trusted or has_role(work.actor, ADMINISTER),
        "只有系统管理员可以重新发送。",
        "only administrators send again.",
    )
    send = work.store.claims.send(command.send)
    if send is None:
        raise NotFound("send", str(command.send))
    work.store.claims.try_again(send.id, work.at, send.error, 0)


def note_worker(command: NoteWorker, work: Work) -> None:
    """Notes that a worker is alive, or that it has ended."""
    _must_send(work)
    if command.ended:
        work.store.claims.forget_worker(command.name)
    else:
        work.store.claims.note_worker(command.name, command.started_at, work.at, command.detail)


def _must_send(work: Work) -> None:
    work.needs(work.actor.trusted or has_role(work.actor, ADMINISTER), "由系统发送。", "the worker sends.")
