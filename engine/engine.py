"""The engine: a command goes in, one transaction is committed, what came of it comes out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar, overload

from engine import commands as ask
from engine import replay
from engine.clock import Clock, to_text
from engine.errors import Bilingual, Conflict, DiagramFailed, EngineError, NotAllowed, Problem, StaleCase, refused
from engine.handlers import attachments, cases, events, incidents, outbox, people, persons, procedures, tasks
from engine.handlers.stepping import INTERNAL_TOPICS, START_TOPIC
from engine.handlers.work import Work
from engine.queries import due
from engine.queries.reader import Reader
from engine.records import Outcome, Send, Version
from engine.replay import Frame, Report
from engine.rules.task_ids import split_task_id
from engine.settings import Settings, read_settings
from engine.storage.database import AlreadyStored, Database
from engine.storage.evidence import EvidenceRoom
from engine.storage.unit_of_work import UnitOfWork, writing
from engine.storage.vault import Vault

log = logging.getLogger(__name__)
Result = TypeVar("Result")

#: How often a command is carried out anew after somebody else was faster.
ATTEMPTS = 3
#: How many signals and messages one command may set off in other cases before the worker takes over.
MOST_PASSED_ON = 100
#: How many signals and messages may lead to each other without anybody acting: procedures can start each other.
LONGEST_CHAIN = 20

#: One handler a command. Each is one transaction.
HANDLERS: Mapping[type[ask.Command], Callable[[Any, Work], Any]] = {
    ask.PublishVersion: procedures.publish_version,
    ask.SaveProcedureDraft: procedures.save_procedure_draft,
    ask.StartCase: cases.start_case,
    ask.ClaimTask: tasks.claim_task,
    ask.UnclaimTask: tasks.unclaim_task,
    ask.SaveDraft: tasks.save_draft,
    ask.CompleteTask: tasks.complete_task,
    ask.SendMessage: events.send_message,
    ask.CancelCase: cases.cancel_case,
    ask.AddNote: cases.add_note,
    ask.RevealPerson: persons.reveal_person,
    ask.ErasePerson: persons.erase_person,
    ask.AttachFile: attachments.attach_file,
    ask.SaveUnit: people.save_unit,
    ask.SaveRole: people.save_role,
    ask.SaveUser: people.save_user,
    ask.SetPassword: people.set_password,
    ask.MarkSent: outbox.mark_sent,
}


class Engine(Reader):
    """Runs cases. Open one a process and share it: it is thread-safe."""

    @classmethod
    def open(cls, url: str, clock: Clock | None = None, settings: Settings | None = None) -> Engine:
        """Opens a database and brings its schema up to date.

        ``url``: ``sqlite:///file.db`` or ``postgresql://user@host/database``. ``clock``: gives the present moment,
        aware; the system's by default. ``settings``: the environment's by default. Raises ``EngineError`` with why.
        """
        settings = settings if settings is not None else read_settings()
        database = Database.open(url)
        return cls(database, Vault(settings, database), clock if clock is not None else settings.moments())

    def close(self) -> None:
        """Gives the database connections back."""
        self._database.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @overload
    def handle(self, command: ask.PublishVersion) -> list[Version]: ...
    @overload
    def handle(self, command: ask.SaveProcedureDraft) -> list[Problem]: ...
    @overload
    def handle(self, command: ask.SendSignal | ask.FireTimers) -> list[Outcome]: ...
    @overload
    def handle(self, command: ask.RebuildIndexes) -> list[str]: ...
    @overload
    def handle(self, command: ask.RevealPerson) -> dict[str, str]: ...
    @overload
    def handle(self, command: ask.AttachFile) -> dict[str, Any]: ...
    @overload
    def handle(
        self,
        command: ask.StartCase
        | ask.ClaimTask
        | ask.UnclaimTask
        | ask.SaveDraft
        | ask.CompleteTask
        | ask.SendMessage
        | ask.CancelCase
        | ask.AddNote,
    ) -> Outcome: ...
    @overload
    def handle(
        self,
        command: ask.ErasePerson | ask.SaveUnit | ask.SaveRole | ask.SaveUser | ask.SetPassword | ask.MarkSent,
    ) -> None: ...
    def handle(self, command: ask.Command) -> Any:
        """Carries out a command in one transaction and returns what its docstring says.

        Somebody being faster is tried again where that is safe. ``DiagramFailed`` leaves the case as it was, marked as
        stuck with an incident; ``NotAllowed`` leaves a line in the access log.
        """
        try:
            if isinstance(command, ask.FireTimers):
                return self._fire_timers(command)
            if isinstance(command, ask.SendSignal):
                return self._send_signal(command)
            if isinstance(command, ask.RebuildIndexes):
                return self._rebuild_indexes(command)
            handler = HANDLERS[type(command)]
            result = self._transaction(
                command.actor, lambda work: handler(command, work), _name(command), _case(command)
            )
        except NotAllowed as error:
            self._note_refusal(command.actor, _name(command), _case(command), error)
            raise
        return result

    def check(self, files: Mapping[str, bytes]) -> list[Problem]:
        """What is wrong with files, given what is published; nothing is stored."""
        with self._database.reading() as connection:
            work = self._work(UnitOfWork(connection, self._vault), "system")
            return procedures.check_files(work, files)

    def verify(self, number: str | None = None) -> Report:
        """Proves the logs of one case or of all against snapshots, versions and a re-run. Raises ``NotFound``."""
        with self._database.reading() as connection:
            return replay.verify(EvidenceRoom(connection), number)

    def frames(self, number: str, actor: str | None = None) -> list[Frame]:
        """A case step by step, from its log, for the replay page. Raises ``NotFound``, ``NotAllowed``."""
        return replay.frames(self.history(number, actor))

    # --- Within -------------------------------------------------------------------------------------------------

    def _work(self, store: UnitOfWork, login: str, handed_on: int = 0) -> Work:
        return Work(store, store.people.actor(login), self.clock(), self._versions, handed_on=handed_on)

    def _transaction(
        self,
        login: str,
        function: Callable[[Work], Result],
        command: str,
        number: str | None = None,
        handed_on: int = 0,
    ) -> Result:
        """Runs a handler in a transaction, again if somebody was faster, and notes an incident if a diagram failed.
        ``handed_on`` is how many signals and messages led here; what the handler sends then waits for its turn."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with writing(self._database, self._vault) as store:
                    work = self._work(store, login, handed_on)
                    result = function(work)
            except (StaleCase, AlreadyStored) as error:
                if attempt < ATTEMPTS:
                    continue
                raise error if isinstance(error, StaleCase) else Conflict(case=number or "") from error
            except DiagramFailed as error:
                if number is not None:
                    self._note_incident(login, number, command, error)
                raise
            if work.passing_on and not handed_on:
                self._pass_on()
            return result
        raise AssertionError("every attempt returns or raises")

    def _note_incident(self, login: str, number: str, command: str, error: DiagramFailed) -> None:
        for _ in range(ATTEMPTS):
            try:
                with writing(self._database, self._vault) as store:
                    incidents.raise_incident(self._work(store, login), number, command, error)
                return
            except StaleCase:
                continue
        # The case moved every time: whoever moved it found it in order, so it is not stuck.
        log.warning("%s: the incident was not noted, the case is busy: %s", number, error)

    def _each(
        self, login: str, numbers: list[str], function: Callable[..., Outcome | None], name: str, handed_on: int = 0
    ) -> list[Outcome]:
        """One transaction a case. A case that fails gets its incident and does not hold up the others."""
        outcomes = []
        for number in numbers:
            try:
                outcome = self._transaction(login, partial(function, number=number), name, number, handed_on)
            except (DiagramFailed, Conflict) as error:
                log.warning("%s: %s", number, error)
                continue
            if outcome is not None:
                outcomes.append(outcome)
        return outcomes

    def _fire_timers(self, command: ask.FireTimers) -> list[Outcome]:
        self._pass_on()
        with self._database.reading() as connection:
            numbers = due.cases_with_due_timers(connection, to_text(self.clock()), max(command.limit, 0))
        return self._each(command.actor, numbers, events.fire_timers, "FireTimers")

    def _rebuild_indexes(self, command: ask.RebuildIndexes) -> list[str]:
        self._transaction(command.actor, cases.may_rebuild, "RebuildIndexes")
        numbers = [command.case] if command.case is not None else self._numbers()
        for number in numbers:
            self._transaction(command.actor, partial(cases.rebuild_indexes, number=number), "RebuildIndexes", number)
        return numbers

    def _send_signal(self, command: ask.SendSignal) -> list[Outcome]:
        if command.case is None:
            self._transaction(command.actor, events.may_broadcast, "SendSignal")
            return self._broadcast(command.actor, command.name, command.values)
        outcome = self._transaction(
            command.actor,
            lambda work: events.send_signal(command, work),
            "SendSignal",
            command.case,
        )
        return [outcome]

    def _broadcast(
        self, login: str, name: str, values: Mapping[str, Any], origin: str | None = None, handed_on: int = 0
    ) -> list[Outcome]:
        """Hands a signal to every case that waits for it, except the one it came from, and opens those it starts."""
        with self._database.reading() as connection:
            numbers = [found for found in due.cases_waiting_for_signal(connection, name) if found != origin]
            starting = due.versions_starting_with(connection, "signals", name)
        deliver = partial(events.deliver_signal, name=name, values=values)
        outcomes = self._each(login, numbers, deliver, "SendSignal", handed_on)
        for version in starting:
            start = partial(events.start_by_signal, version=version, name=name, values=values)
            try:
                outcomes.append(self._transaction(login, start, "SendSignal", handed_on=handed_on))
            except (DiagramFailed, Conflict) as error:
                # No case was opened; the others who take the signal do not wait for this one.
                log.warning("%s: %s", name, error)
        return outcomes

    def _pass_on(self) -> None:
        """Hands on what cases sent to each other: signals thrown, and messages that open cases. The worker does it
        too, for what a crash left behind."""
        for _ in range(MOST_PASSED_ON):
            with self._database.reading() as connection:
                waiting = due.unsent(connection, 1, INTERNAL_TOPICS)
            if not waiting:
                return
            self._hand_on(waiting[0])

    def _hand_on(self, send: Send) -> None:
        name, values = str(send.values.get("name", "")), send.values.get("values", {})
        handed_on = int(send.values.get("handed_on", 1))

        def open_case(work: Work) -> None:
            events.start_by_message(work, name, values)
            work.store.cases.mark_sent(send.id, work.at)

        try:
            if handed_on > LONGEST_CHAIN:
                raise refused(
                    f"“{name}”接连引发了 {LONGEST_CHAIN} 次信号或消息而不等待任何人。",
                    f"“{name}” is one of more than {LONGEST_CHAIN} signals and messages that led to each other "
                    "without waiting for anybody.",
                )
            if send.topic == START_TOPIC:
                self._transaction("system", open_case, "SendMessage", handed_on=handed_on)
                return
            self._broadcast("system", name, values, send.case, handed_on)
        except EngineError as error:
            reason = Bilingual(zh=error.text("zh"), en=error.text("en"))
            failed = DiagramFailed(element=send.element, reason=reason)
            log.warning("%s: %s", send.case, failed)
            self._note_incident("system", send.case, "SendMessage", failed)
        self._transaction("system", lambda work: work.store.cases.mark_sent(send.id, work.at), "MarkSent")


def _name(command: ask.Command) -> str:
    return type(command).__name__


def _case(command: ask.Command) -> str | None:
    """The number of the case a command is about, where it names one."""
    split = split_task_id(str(getattr(command, "task", "")))
    found = split[0] if split is not None else getattr(command, "case", None)
    return found if isinstance(found, str) else None
