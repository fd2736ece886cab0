"""Repairs that take more than one transaction, or none: in bulk, and as a preview."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from engine import commands as ask
from engine.due_work import DueWork
from engine.errors import Conflict, DatabaseFailed, DiagramFailed, EngineError, NotAllowed
from engine.handlers import approvals, events, operations, repairs
from engine.handlers.work import Work
from engine.queries import incidents as of_incidents
from engine.records import Attended, Outcome, Preview
from engine.rules.asked import check_command

Result = TypeVar("Result")

#: The most one bulk command touches; whoever has more asks again.
MOST_AT_ONCE = 10_000


class _PreviewOnly(Exception):
    """Ends the transaction of a preview, so that nothing of it stays."""


class Repairing(DueWork):
    """The part of the engine with which people mend many cases, and see beforehand what would come of it."""

    def preview(self, command: approvals.Repair) -> Preview:
        """What ``CorrectValues``, ``ModifyCase``, ``MigrateCase``, ``RetryIncident`` or ``SkipElement`` would lead to;
        nothing is changed. What speaks against it is in ``problems``. Raises ``NotAllowed``."""
        check_command(command)
        found: list[Preview] = []

        def look(work: Work) -> None:
            found.append(approvals.preview(command, work))
            raise _PreviewOnly

        try:
            self._transaction(command.actor, look, type(command).__name__)
        except _PreviewOnly:
            return found[0]
        except NotAllowed as error:
            self._note_refusal(command.actor, f"Preview{type(command).__name__}", command.case, error)
            raise
        raise AssertionError("a preview never commits")

    def _retry_many(self, command: ask.RetryIncidents) -> list[Attended]:
        self._may_repair(command.actor, "RetryIncidents")
        with self._database.reading() as connection:
            waiting = of_incidents.to_retry(
                connection, command.procedure, command.element, command.cases, _bounded(command.limit)
            )
        attended = []
        moved: set[str] = set()
        for number, seq in waiting:
            version = command.version if number not in moved else None
            one = ask.RetryIncident(
                case=number,
                seq=seq,
                version=version,
                mapping=command.mapping if version is not None else {},
                reason=command.reason,
                actor=command.actor,
            )
            attended.append(self._attend(number, one))
            if attended[-1].done:
                moved.add(number)
        return attended

    def _migrate_many(self, command: ask.MigrateCases) -> list[Attended]:
        self._may_repair(command.actor, "MigrateCases")
        repairs.checked_reason(command.reason)
        with self._database.reading() as connection:
            numbers = of_incidents.running_on(
                connection, command.procedure, command.from_version, _bounded(command.limit)
            )
        return [
            self._attend(
                number,
                ask.MigrateCase(
                    case=number,
                    version=command.to_version,
                    mapping=command.mapping,
                    reason=command.reason,
                    actor=command.actor,
                ),
            )
            for number in numbers
        ]

    def _attend(self, number: str, command: approvals.Repair) -> Attended:
        try:
            outcome = self._transaction(
                command.actor, lambda work: approvals.repair(command, work), type(command).__name__, number
            )
        except DatabaseFailed:
            raise
        except EngineError as error:
            return Attended(number, None, error.text("zh"), error.text("en"))
        return Attended(number, outcome)

    def _resume_case(self, command: ask.ResumeCase) -> Outcome:
        outcome = self._transaction(
            command.actor, lambda work: operations.resume_case(command, work), "ResumeCase", command.case
        )
        return self._catch_up(command.case) or outcome

    def _catch_up(self, number: str) -> Outcome | None:
        """Lets the timers fire that fell due while a case stood still. What fails then is an incident of its own."""
        try:
            return self._transaction("clock", partial(events.fire_timers, number=number), "FireTimers", number)
        except (DiagramFailed, Conflict):
            return None

    def _suspend_procedure(self, command: ask.SuspendProcedure) -> list[str]:
        self._transaction(command.actor, lambda work: operations.suspend_procedure(command, work), "SuspendProcedure")
        if not command.cases:
            return []
        reason = repairs.checked_reason(command.reason)
        one = partial(operations.suspend_with_procedure, reason=reason)
        return self._of_procedure(command.actor, command.procedure, ("open", "stuck"), one, "SuspendCase")

    def _resume_procedure(self, command: ask.ResumeProcedure) -> list[str]:
        self._transaction(command.actor, lambda work: operations.resume_procedure(command, work), "ResumeProcedure")
        if not command.cases:
            return []
        one = partial(operations.resume_with_procedure, reason=repairs.reason_or_none(command.reason))
        resumed = self._of_procedure(command.actor, command.procedure, ("suspended",), one, "ResumeCase")
        for number in resumed:
            self._catch_up(number)
        return resumed

    def _of_procedure(
        self,
        login: str,
        procedure: str,
        statuses: Iterable[str],
        function: Callable[..., Outcome | None],
        name: str,
    ) -> list[str]:
        """One transaction a case, however many there are; returns those that were changed."""
        with self._database.reading() as connection:
            numbers = of_incidents.cases_of(connection, procedure, tuple(statuses))
        return [
            number
            for number in numbers
            if self._transaction(login, partial(function, number=number), name, number) is not None
        ]

    def _may_repair(self, login: str, name: str) -> None:
        self._transaction(login, repairs.must_repair, name)


def _bounded(limit: int) -> int:
    return min(max(limit, 0), MOST_AT_ONCE)
