"""The engine: a command goes in, one transaction is committed, what came of it comes out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar, overload

from engine import commands as ask
from engine import replay
from engine.clock import Clock, to_text
from engine.errors import (
    Conflict,
    ConnectionLost,
    DiagramFailed,
    NotAllowed,
    Problem,
    ProcedureSuspended,
    StaleCase,
)
from engine.handlers import (
    approvals,
    attachments,
    calendar,
    cases,
    deadlines,
    events,
    external,
    incidents,
    operations,
    outbox,
    people,
    persons,
    procedures,
    tasks,
)
from engine.handlers.kept import KeptCases
from engine.handlers.work import Work
from engine.queries import deadlines as of_deadlines
from engine.queries import due
from engine.records import Attended, ExternalTask, Outcome, Send, Version
from engine.repairing import Repairing
from engine.replay import Frame, Report
from engine.rules.asked import check_command
from engine.rules.calendar import counting_by
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
    ask.PauseDeadline: deadlines.pause_deadline,
    ask.ResumeDeadline: deadlines.resume_deadline,
    ask.ExtendDeadline: deadlines.extend_deadline,
    ask.SetCalendarDays: calendar.set_calendar_days,
    ask.SetOfficeHours: calendar.set_office_hours,
    ask.MarkSent: outbox.mark_sent,
    ask.FetchSends: outbox.fetch_sends,
    ask.NoteSendFailed: outbox.note_send_failed,
    ask.RetrySend: outbox.retry_send,
    ask.NoteWorker: outbox.note_worker,
    ask.FetchAndLock: external.fetch_and_lock,
    ask.ExtendLock: external.extend_lock,
    ask.UnlockExternal: external.unlock_external,
    ask.CompleteExternal: external.complete_external,
    ask.FailExternal: external.fail_external,
    ask.FaultExternal: external.fault_external,
    ask.RetryIncident: approvals.repair,
    ask.SkipElement: approvals.repair,
    ask.CorrectValues: approvals.repair,
    ask.ModifyCase: approvals.repair,
    ask.MigrateCase: approvals.repair,
    ask.DecideApproval: approvals.decide_approval,
    ask.SuspendCase: operations.suspend_case,
}


class Engine(Repairing):
    """Runs cases. Open one a process and share it: it is thread-safe."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        super().__init__(database, vault, clock)
        self._kept = KeptCases()
        self._two_persons: frozenset[str] = frozenset()

    @classmethod
    def open(cls, url: str, clock: Clock | None = None, settings: Settings | None = None) -> Engine:
        """Opens a database and brings its schema up to date.

        ``url``: ``sqlite:///file.db`` or ``postgresql://user@host/database``. ``clock``: gives the present moment,
        aware; the system's by default. ``settings``: the environment's by default. Raises ``EngineError`` with why.
        """
        settings = settings if settings is not None else read_settings()
        database = Database.open(url)
        opened = cls(database, Vault(settings, database), clock if clock is not None else settings.moments())
        opened._two_persons = frozenset(settings.listed("two_persons"))
        return opened

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
    def handle(self, command: ask.SendSignal | ask.FireTimers | ask.FireDeadlines) -> list[Outcome]: ...
    @overload
    def handle(self, command: ask.RebuildIndexes | ask.SuspendProcedure | ask.ResumeProcedure) -> list[str]: ...
    @overload
    def handle(self, command: ask.RetryIncidents | ask.MigrateCases) -> list[Attended]: ...
    @overload
    def handle(self, command: ask.RevealPerson) -> dict[str, str]: ...
    @overload
    def handle(self, command: ask.FetchSends) -> list[Send]: ...
    @overload
    def handle(self, command: ask.NoteSendFailed) -> bool: ...
    @overload
    def handle(self, command: ask.AttachFile) -> dict[str, Any]: ...
    @overload
    def handle(self, command: ask.FetchAndLock) -> list[ExternalTask]: ...
    @overload
    def handle(self, command: ask.ExtendLock | ask.UnlockExternal) -> ExternalTask: ...
    @overload
    def handle(self, command: ask.CompleteExternal | ask.FailExternal | ask.FaultExternal) -> Outcome: ...
    @overload
    def handle(
        self,
        command: ask.StartCase
        | ask.ClaimTask
        | ask.UnclaimTask
        | ask.SaveDraft
        | ask.CompleteTask
        | ask.SendMessage
        | ask.PauseDeadline
        | ask.ResumeDeadline
        | ask.ExtendDeadline
        | ask.CancelCase
        | ask.AddNote
        | ask.RetryIncident
        | ask.SkipElement
        | ask.CorrectValues
        | ask.ModifyCase
        | ask.MigrateCase
        | ask.DecideApproval
        | ask.SuspendCase
        | ask.ResumeCase,
    ) -> Outcome: ...
    @overload
    def handle(
        self,
        command: ask.ErasePerson
        | ask.SaveUnit
        | ask.SaveRole
        | ask.SaveUser
        | ask.SetPassword
        | ask.MarkSent
        | ask.SetCalendarDays
        | ask.SetOfficeHours
        | ask.RetrySend
        | ask.NoteWorker,
    ) -> None: ...
    def handle(self, command: ask.Command) -> Any:
        """Carries out a command in one transaction and returns what its docstring says.

        Somebody being faster is tried again where that is safe. ``DiagramFailed`` leaves the case as it was, marked as
        stuck with an incident; ``NotAllowed`` leaves a line in the access log. ``Refused`` names the field that is not
        what the command declares.
        """
        check_command(command)
        try:
            if isinstance(command, ask.FireTimers):
                return self._fire_timers(command)
            if isinstance(command, ask.FireDeadlines):
                return self._fire_deadlines(command)
            if isinstance(command, ask.SendSignal):
                return self._send_signal(command)
            if isinstance(command, ask.RetryIncidents):
                return self._retry_many(command)
            if isinstance(command, ask.MigrateCases):
                return self._migrate_many(command)
            if isinstance(command, ask.ResumeCase):
                return self._resume_case(command)
            if isinstance(command, ask.SuspendProcedure):
                return self._suspend_procedure(command)
            if isinstance(command, ask.ResumeProcedure):
                return self._resume_procedure(command)
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

    def _work(self, store: UnitOfWork, login: str, handed_on: int = 0, number: str | None = None) -> Work:
        """``number``: the case the command is about, if it is known; it is read together with who asks."""
        kept = self._kept.get(number) if number is not None else None
        row = store.cases.open(number, kept.case.revision if kept is not None else -1, login) if number else None
        actor = store.people.asker(login, row) if row is not None else store.people.actor(login)
        entry = store.people.calendar if store.people.calendar is not None else store.calendar.last()
        if entry > self._calendars.last:
            self._calendars = store.calendar.all()
        counting = self._calendars.after(entry)
        return Work(
            store,
            actor,
            self.clock(),
            self._versions,
            entry,
            counting,
            self._kept,
            two_persons=self._two_persons,
            handed_on=handed_on,
        )

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
                    work = self._work(store, login, handed_on, number)
                    with counting_by(work.counting):
                        result = function(work)
            except ConnectionLost:
                if attempt == ATTEMPTS:
                    raise
                continue
            except (StaleCase, AlreadyStored) as error:
                if attempt < ATTEMPTS:
                    continue
                raise error if isinstance(error, StaleCase) else Conflict(case=number or "") from error
            except DiagramFailed as error:
                if number is not None:
                    self._note_incident(login, number, command, error)
                raise
            for kept in work.saved:
                self._kept.put(kept)
            if work.passing_on and not handed_on:
                self.hand_on()
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
        self, login: str, numbers: list[str], function: Callable[..., Outcome | None], name: str
    ) -> list[Outcome]:
        """One transaction a case. A case that fails gets its incident and does not hold up the others."""
        outcomes = []
        for number in numbers:
            try:
                outcome = self._transaction(login, partial(function, number=number), name, number)
            except (DiagramFailed, Conflict) as error:
                log.warning("%s: %s", number, error)
                continue
            if outcome is not None:
                outcomes.append(outcome)
        return outcomes

    def _fire_timers(self, command: ask.FireTimers) -> list[Outcome]:
        self.hand_on()
        return list(self.fire_due(command.limit, command.actor).moved)

    def _fire_deadlines(self, command: ask.FireDeadlines) -> list[Outcome]:
        with self._database.reading() as connection:
            numbers = of_deadlines.cases_to_tell_of(connection, to_text(self.clock()), max(command.limit, 0))
        return self._each(command.actor, numbers, deadlines.fire_deadlines, "FireDeadlines")

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

    def _broadcast(self, login: str, name: str, values: Mapping[str, Any]) -> list[Outcome]:
        """Hands a signal to every case that waits for it, and opens those it starts."""
        with self._database.reading() as connection:
            numbers = due.cases_waiting_for_signal(connection, name)
            starting = due.versions_starting_with(connection, "signals", name)
        deliver = partial(events.deliver_signal, name=name, values=values)
        outcomes = self._each(login, numbers, deliver, "SendSignal")
        for version in starting:
            start = partial(events.start_by_signal, version=version, name=name, values=values)
            try:
                outcomes.append(self._transaction(login, start, "SendSignal"))
            except (DiagramFailed, Conflict, ProcedureSuspended) as error:
                # No case was opened; the others who take the signal do not wait for this one.
                log.warning("%s: %s", name, error)
        return outcomes


def _name(command: ask.Command) -> str:
    return type(command).__name__


def _case(command: ask.Command) -> str | None:
    """The number of the case a command is about, where it names one."""
    split = split_task_id(str(getattr(command, "task", "")))
    found = split[0] if split is not None else getattr(command, "case", None)
    return found if isinstance(found, str) else None
