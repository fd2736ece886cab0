"""What happens without anybody asking: due timers, and what cases send to each other. One transaction a case."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from engine.clock import to_text
from engine.errors import Bilingual, Conflict, DatabaseFailed, DiagramFailed, EngineError, TooManySteps, refused
from engine.handlers import events, outbox, starts
from engine.handlers.stepping import INTERNAL_TOPICS, PASSED_TOPIC, RECEIVED_TOPIC
from engine.handlers.work import Work
from engine.queries import due
from engine.queries import health as of_health
from engine.queries.reader import Reader
from engine.records import Fired, Health, Outcome, Send
from engine.rules.backoff import MOST_ATTEMPTS
from engine.storage.jobs import JobsDatabase, open_jobs
from engine.storage.start_timers import StartTimerRow
from engine.storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)
Result = TypeVar("Result")

#: How many signals and messages one command may set off in other cases before the worker takes over.
MOST_HANDED_ON = 100
#: How many signals and messages may lead to each other without anybody acting: procedures can start each other.
LONGEST_CHAIN = 20


class DueWork(Reader):
    """The part of the engine that acts by itself when something is due."""

    def fire_due(self, limit: int = 100, actor: str = "clock", starts: bool = True) -> Fired:
        """Opens the cases whose start is due (not without ``starts``), then lets due timers fire, at most ``limit``
        cases, the longest due first. Any number of workers may do so at once: each case is taken by one. Timers that
        fail are left alone until their case has been mended."""
        # A start that fell behind by thousands of cases must not keep everybody else's timers from firing.
        moved: list[Outcome] = self.open_due(limit - limit // 2, actor) if starts else []
        opened = len(moved)
        failed: list[str] = []
        with self._database.reading() as connection:
            if not due.timer_is_due(connection, to_text(self.clock())):
                return Fired(tuple(moved), opened=opened)
        for _ in range(limit - len(moved)):
            taken: list[str] = []
            try:
                outcome = self._transaction(actor, partial(events.fire_next, taken=taken), "FireTimers")
            except Conflict as error:
                # The person who was faster may have done what the timer was for; else it is still due next time.
                log.warning("%s: %s", taken, error)
                continue
            except DatabaseFailed:
                raise
            except Exception as error:
                if not taken:
                    raise
                self._set_aside(actor, taken[-1], error)
                failed.append(taken[-1])
                continue
            if not taken:
                # Everything that is due is somebody else's.
                return Fired(tuple(moved), tuple(failed), opened=opened)
            if outcome is not None:
                moved.append(outcome)
        return Fired(tuple(moved), tuple(failed), more=True, opened=opened)

    def stop_timers(self, number: str, moves: int) -> None:
        """Leaves the timers of a case alone that moved that often without any time passing, and tells a person."""
        self._set_aside("clock", number, TooManySteps(element="", limit=moves))

    @property
    def is_on_one_machine(self) -> bool:
        """Whether the database is a file, whose writers take turns."""
        return self._database.is_sqlite

    def jobs_database(self) -> JobsDatabase:
        """Where the schedule of the background work is kept; made if it is not there. Raises ``DatabaseFailed``."""
        return open_jobs(self._database)

    def count_due(self, most: int) -> int:
        """How many timers are due, counted up to ``most``."""
        with self._database.reading() as connection:
            return due.count_due_timers(connection, to_text(self.clock()), most)

    def ping(self) -> None:
        """Raises ``DatabaseFailed`` if the database does not answer."""
        with self._database.reading() as connection:
            due.start_is_due(connection, to_text(self.clock()))

    def health(self) -> Health:
        """How the background work stands: what is due, since when, and which workers are there."""
        with self._database.reading() as connection:
            return of_health.health(connection, self.clock(), INTERNAL_TOPICS)

    def waits_to_leave(self, topic: str) -> bool:
        """Whether something is due to be sent under a topic."""
        with self._database.reading() as connection:
            return due.next_send(connection, to_text(self.clock()), [topic]) is not None

    def open_due(self, limit: int = 100, actor: str = "clock") -> list[Outcome]:
        """Opens the cases whose timer start events are due, at most ``limit``, the longest due first. One that cannot
        be opened is tried again some minutes later, and holds up nobody else."""
        opened: list[Outcome] = []
        for _ in range(limit):
            with self._database.reading() as connection:
                if not due.start_is_due(connection, to_text(self.clock())):
                    break
            taken: list[StartTimerRow] = []
            try:
                outcome = self._transaction(actor, partial(starts.open_next, taken=taken), "StartCase")
            except DatabaseFailed:
                raise
            except Exception as error:
                if not taken:
                    raise
                defect = None if isinstance(error, EngineError) else error
                log.warning("%s %s: %s", taken[0].procedure, taken[0].element, error, exc_info=defect)
                self._transaction(actor, partial(starts.put_off, row=taken[0]), "StartCase")
                continue
            if outcome is None:
                break  # what is due is somebody else's
            opened.append(outcome)
        return opened

    def hand_on(self, limit: int = MOST_HANDED_ON) -> int:
        """Hands on what cases sent to each other: signals thrown, messages that other cases wait for or that open
        cases. Returns how many. Each is handed on once, however many workers there are and whatever fails."""
        for done in range(limit):
            with self._database.reading() as connection:
                send = due.next_send(connection, to_text(self.clock()), INTERNAL_TOPICS)
            if send is None:
                return done
            self._hand_on_one(send)
        return limit

    def _hand_on_one(self, send: Send) -> None:
        name, handed_on = str(send.values.get("name", "")), int(send.values.get("handed_on", 1))
        try:
            if handed_on > LONGEST_CHAIN:
                raise refused(
                    f"“{name}”接连引发了 {LONGEST_CHAIN} 次信号或消息而不等待任何人。",
                    f"“{name}” is one of more than {LONGEST_CHAIN} signals and messages that led to each other "
                    "without waiting for anybody.",
                )
            if send.topic == PASSED_TOPIC:
                self._pass_message_on(send, name, handed_on)
            elif send.topic == RECEIVED_TOPIC:
                self._hand_signal_on(send, handed_on)
            else:
                self._transaction("system", partial(events.spread_signal, send=send), "SendSignal")
        except Conflict as error:
            log.warning("%s: %s", send.case, error)
            self._transaction("system", partial(outbox.put_off, send=send, error=str(error)), "MarkSent")
        except DatabaseFailed:
            raise
        except EngineError as error:
            reason = Bilingual(zh=error.text("zh"), en=error.text("en"))
            failed = DiagramFailed(element=send.element, reason=reason)
            log.warning("%s: %s", send.case, failed)
            self._note_incident("system", send.case, "SendMessage", failed)
            self._mark(send)
        except Exception as error:
            # A defect must not keep what comes after it from being handed on.
            log.error("%s", send.case, exc_info=error)
            if send.attempts + 1 < MOST_ATTEMPTS:
                name = type(error).__name__
                self._transaction("system", partial(outbox.put_off, send=send, error=name), "MarkSent")
                return
            self._note_incident("system", send.case, "SendMessage", _defect(send.element, error))
            self._mark(send)

    def _pass_message_on(self, send: Send, name: str, handed_on: int) -> None:
        """A step of the receiving case that fails is that case's incident, not the sender's."""
        key = send.values.get("key")
        with self._database.reading() as connection:
            work = self._work(UnitOfWork(connection, self._vault), "system")
            number = events.case_waiting(work, name, key, send.case)
        deliver = partial(events.pass_message_on, send=send, number=number)
        try:
            self._transaction("system", deliver, "SendMessage", number, handed_on)
        except DiagramFailed as error:
            if number is None:
                raise
            log.warning("%s: %s", number, error)
            self._mark(send)

    def _hand_signal_on(self, send: Send, handed_on: int) -> None:
        number = send.values.get("to")
        try:
            self._transaction("system", partial(events.take_signal, send=send), "SendSignal", number, handed_on)
        except DiagramFailed as error:
            # The receiver has its incident; where no case was opened, the others do not wait for this one.
            log.warning("%s: %s", number or send.values.get("name"), error)
            self._mark(send)

    def _mark(self, send: Send) -> None:
        self._transaction("system", lambda work: work.store.cases.mark_sent(send.id, work.at), "MarkSent")

    def _set_aside(self, actor: str, number: str, error: Exception) -> None:
        """A timer that fails gets its incident first; then it is not tried again before the case has been mended."""
        if not isinstance(error, DiagramFailed):
            log.error("%s", number, exc_info=error)
            error = _defect("", error)
        log.warning("%s: %s", number, error)
        self._note_incident(actor, number, "FireTimers", error)
        self._transaction(actor, partial(events.hold_timers, number=number), "FireTimers")

    def _work(self, store: UnitOfWork, login: str) -> Work:
        raise NotImplementedError

    def _transaction(
        self,
        login: str,
        function: Callable[[Work], Result],
        command: str,
        number: str | None = None,
        handed_on: int = 0,
    ) -> Result:
        raise NotImplementedError

    def _note_incident(self, login: str, number: str, command: str, error: DiagramFailed) -> None:
        raise NotImplementedError


def _defect(element: str, error: Exception) -> DiagramFailed:
    """What a person is told where the program failed and not the diagram."""
    name = type(error).__name__
    return DiagramFailed(element=element, reason=Bilingual(zh=f"程序出错：{name}", en=f"a defect showed: {name}"))
