"""Everything that can be read, on committed data, from any process. ``Engine`` adds what changes things.

``actor`` (a login) makes a question that person's: ``NotAllowed`` if they may not know, and the refusal is kept in
the access log. Without one the answer is for the system itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from engine import bpmn
from engine.clock import Clock, to_text
from engine.errors import Bilingual, DiagramFailed, NotAllowed, NotFound, Refused, TaskAlreadyDone
from engine.events import LogEntry
from engine.queries import cases as of_cases
from engine.queries import deadlines as of_deadlines
from engine.queries import due, external, people, procedures, statistics
from engine.queries import incidents as of_incidents
from engine.queries import tasks as of_tasks
from engine.records import (
    Access,
    Approval,
    Attachment,
    Case,
    Deadline,
    Draft,
    ExternalTask,
    Incident,
    LedgerEntry,
    Page,
    Role,
    Send,
    Suspension,
    Task,
    Unit,
    User,
    Version,
)
from engine.rules.access import (
    ADMINISTER,
    AUDIT,
    PUBLISH,
    REPAIR,
    WORK_OUTSIDE,
    Actor,
    has_role,
    is_candidate,
    may_see,
)
from engine.rules.automatic import automatic_values
from engine.rules.calendar import Calendars, WorkCalendar, counting_by
from engine.rules.forms.fields import Options
from engine.rules.masking import mask
from engine.rules.task_ids import split_task_id
from engine.settings import Settings
from engine.storage.attachments import Attachments
from engine.storage.calendar import CalendarDays
from engine.storage.cases import CaseRow, Cases
from engine.storage.database import Database
from engine.storage.incidents import Incidents
from engine.storage.people import People
from engine.storage.persons import Persons, as_text, key_of, placed
from engine.storage.unit_of_work import writing
from engine.storage.vault import Vault, unseal
from engine.storage.versions import Versions
from engine.versions import Loaded, VersionCache, as_task

MOST_ROWS = 500


class Reader:
    """Questions about what was committed."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._versions = VersionCache()
        self._calendars = Calendars()

    def clock(self) -> datetime:
        """The present moment, aware. Raises ValueError if the clock given to ``open`` gives a naive one."""
        now = self._clock()
        to_text(now)
        return now

    @property
    def settings(self) -> Settings:
        """The settings of this installation."""
        return self._vault.settings

    # --- Tasks --------------------------------------------------------------------------------------------------

    def open_tasks(self, case: str | None = None, actor: str | None = None) -> list[Task]:
        """Open tasks, oldest first: of a case (then with the values each can see), of everybody, or, with ``actor``,
        those that person may do now. At most 1,000. Raises ``NotFound`` for an unknown case."""
        with self._database.reading() as connection:
            who = self._actor(connection, actor) if actor is not None else None
            found = of_tasks.open_tasks(connection, case, who)
            if case is None:
                return found
            row = of_cases.case_row(connection, case)
            if not found:
                return []
            loaded = self._loaded_at(connection, row)
            drawn, _ = bpmn.open_items(loaded.definition, row.snapshot, self.clock())
            values = {task.token: task.values for task in drawn}
            return [replace(task, values=values.get(task.token, {})) for task in found]

    def task(self, identifier: str, actor: str | None = None) -> Task:
        """One open task with the values it can see. Raises ``NotFound``, ``TaskAlreadyDone``, ``NotAllowed``."""
        with self._asking("task", actor) as connection:
            task = of_tasks.task(connection, identifier)
            if task is None:
                raise _gone(connection, identifier)
            if actor is not None and not is_candidate(self._actor(connection, actor), task):
                raise _refused(actor, "这项待办不由您办理。", "this task is not yours to do.")
            row = of_cases.case_row(connection, task.case)
            loaded = self._loaded_at(connection, row)
            drawn, _ = bpmn.open_items(loaded.definition, row.snapshot, self.clock())
            values = next((item.values for item in drawn if item.token == task.token), {})
            return replace(task, values=values)

    def task_draft(self, identifier: str, actor: str) -> dict[str, Any]:
        """What the actor kept of a task's form; empty if nothing."""
        with self._database.reading() as connection:
            content = of_tasks.draft_content(connection, identifier, actor)
        if content is None:
            return {}
        clear: dict[str, Any] = json.loads(unseal(self._vault.key, content, f"draft of {identifier} by {actor}"))
        return clear

    def worklist(
        self, actor: str, scope: of_tasks.Scope = "all", search: str = "", page: int = 1, size: int = 50
    ) -> Page[Task]:
        """A page of what the actor has to do (``mine``), may take (``pool``), or both (``all``): soonest due first."""
        with self._database.reading() as connection:
            who = self._actor(connection, actor)
            return of_tasks.worklist(connection, who, scope, search, *_bounds(page, size))

    def first_task(self, procedure: str, actor: str = "") -> Task | None:
        """The task a new case would open first, for showing its form before there is a case (``case`` and ``id`` are
        empty); None if it would open none. Nothing is stored."""
        with self._database.reading() as connection:
            loaded = self._versions.newest(Versions(connection), procedure)
            calendar = self._calendar(connection)
        values = {"case_no": "", "started_by": actor, "started_at": to_text(self.clock())}
        try:
            with counting_by(calendar):
                step = bpmn.step(loaded.definition, None, bpmn.Start(values), self.clock())
        except (DiagramFailed, Refused):
            return None
        if not step.tasks:
            return None
        return replace(as_task("", step.tasks[0], to_text(self.clock())), id="", procedure=procedure)

    # --- Time ---------------------------------------------------------------------------------------------------

    def deadlines(
        self, case: str | None = None, actor: str | None = None, state: of_deadlines.State | None = None
    ) -> list[Deadline]:
        """The limits people are held to, soonest due first, at most 500: of a case, of those the actor may see, in one
        state: running, paused, met, late, cancelled; near (a warning was due), overdue, unset. Raises ``NotFound``,
        ``NotAllowed``."""
        with self._asking("deadlines", actor, case) as connection:
            if case is not None:
                of_cases.case_row(connection, case)
                self._must_see(connection, actor, case)
            who = self._actor(connection, actor) if actor is not None and case is None else None
            at = to_text(self.clock())
            found = of_deadlines.deadlines(connection, case, who, state, at, MOST_ROWS)
            calendar = self._calendar(connection)
            return [of_deadlines.marked_provisional(clock, calendar) for clock in found]

    def calendar(self) -> WorkCalendar:
        """What working time is counted by from now on."""
        with self._database.reading() as connection:
            return self._calendar(connection)

    # --- Cases --------------------------------------------------------------------------------------------------

    def case(self, number: str, actor: str | None = None) -> Case:
        """A case with its values, incidents and waits. Raises ``NotFound``, ``NotAllowed``."""
        with self._asking("case", actor, number) as connection:
            found = of_cases.case_in_full(connection, number)
            self._must_see(connection, actor, number)
            return found

    def masked_person(self, number: str, actor: str | None = None) -> dict[str, str]:
        """The caller's data of a case as anybody who may see the case sees it (张**, 138****1234): path of the value →
        text. What was erased is left out. It reaches nobody, so no look is logged; ``RevealPerson`` shows it in clear.
        Raises ``NotFound``, ``NotAllowed``."""
        with self._asking("case", actor, number) as connection:
            row = of_cases.case_row(connection, number)
            self._must_see(connection, actor, number)
            found = dict(placed(row.values))
            clear = Persons(connection, self._vault).read(found.values())
            kinds = self._loaded_at(connection, row, whole=True).masks
            return {
                path: mask(kinds.get(reference["field"], "contact"), as_text(clear[key_of(reference)]))
                for path, reference in found.items()
                if key_of(reference) in clear
            }

    def history(self, number: str, actor: str | None = None) -> list[LogEntry]:
        """The log of a case, in order. Raises ``NotFound``, ``NotAllowed``."""
        with self._asking("history", actor, number) as connection:
            found = of_cases.history(connection, number)
            self._must_see(connection, actor, number)
            return found

    def ledger(self, number: str, actor: str | None = None) -> list[LedgerEntry]:
        """What the case's diagram wrote into ledgers (台账), in order: service tasks of the topic ``ledger``.
        Raises ``NotFound``, ``NotAllowed``."""
        with self._asking("ledger", actor, number) as connection:
            of_cases.case_row(connection, number)
            self._must_see(connection, actor, number)
            return external.ledger(connection, number)

    def external_tasks(
        self,
        topics: Sequence[str] = (),
        case: str | None = None,
        given_up: bool = False,
        limit: int = MOST_ROWS,
        actor: str | None = None,
    ) -> list[ExternalTask]:
        """Work that waits outside, in the order in which it is fetched; of these topics, of a case, or only what was
        given up. For workers, administrators and process owners: ``NotAllowed``."""
        with self._asking("external_tasks", actor, case) as connection:
            self._needs_role(connection, actor, WORK_OUTSIDE | ADMINISTER | PUBLISH | AUDIT)
            return external.external_tasks(connection, topics, case, given_up, min(max(limit, 1), MOST_ROWS))

    def external_waits(self, topics: Sequence[str]) -> bool:
        """Whether work of one of these topics can be fetched now."""
        with self._database.reading() as connection:
            return external.waits(connection, topics, to_text(self.clock()))

    def cases(
        self,
        actor: str | None = None,
        *,
        search: str = "",
        status: str | None = None,
        procedure: str | None = None,
        page: int = 1,
        size: int = 50,
        order: of_cases.Order = "newest",
    ) -> Page[Case]:
        """A page of the ledger: the cases the actor may see, without their values (``facts`` has the main ones)."""
        with self._database.reading() as connection:
            who = self._actor(connection, actor) if actor is not None else None
            number, rows = _bounds(page, size)
            return of_cases.cases(connection, who, search, status, procedure, number, rows, order)

    def incidents(
        self,
        actor: str | None = None,
        *,
        status: str | None = "open",
        procedure: str | None = None,
        element: str | None = None,
        case: str | None = None,
        page: int = 1,
        size: int = MOST_ROWS,
    ) -> list[tuple[Case, Incident]]:
        """A page of the steps that failed, the newest first, by default those that wait for a person; for process
        owners, administrators and auditors. Cases come with their values, incidents without the stack."""
        return list(
            self.incident_page(
                actor, status=status, procedure=procedure, element=element, case=case, page=page, size=size
            ).rows
        )

    def incident_page(
        self,
        actor: str | None = None,
        *,
        status: str | None = "open",
        procedure: str | None = None,
        element: str | None = None,
        case: str | None = None,
        page: int = 1,
        size: int = 50,
    ) -> Page[tuple[Case, Incident]]:
        """As ``incidents``, with the total. ``status``: open, retried, skipped, gone, or None for all."""
        with self._asking("incidents", actor, case) as connection:
            self._needs_role(connection, actor, REPAIR | AUDIT)
            found = of_incidents.incidents(connection, status, procedure, element, case, *_bounds(page, size))
        return replace(found, rows=[(item, replace(incident, stack="")) for item, incident in found.rows])

    def incident(self, number: str, seq: int, actor: str | None = None) -> Incident:
        """One incident in full; the stack only for administrators. Raises ``NotFound``, ``NotAllowed``."""
        with self._asking("incidents", actor, number) as connection:
            self._needs_role(connection, actor, REPAIR | AUDIT)
            found = Incidents(connection).get(number, seq) if 0 < seq < 2**31 else None
            if found is None:
                raise NotFound("incident", f"{number}/{seq}")
            sees_all = actor is None or has_role(self._actor(connection, actor), ADMINISTER)
        return found if sees_all else replace(found, stack="")

    def places(self, number: str, actor: str | None = None) -> tuple[bpmn.Place, ...]:
        """Where the tokens of a running case stand: what ``ModifyCase`` can withdraw; empty once it has ended. For
        whoever repairs cases, and auditors."""
        with self._asking("case", actor, number) as connection:
            row = of_cases.case_row(connection, number)
            self._needs_role(connection, actor, REPAIR | AUDIT)
        return bpmn.places(row.snapshot) if row.status in ("open", "stuck", "suspended") else ()

    def approvals(
        self, actor: str | None = None, *, open: bool = True, case: str | None = None, page: int = 1, size: int = 50
    ) -> Page[Approval]:
        """Repairs that wait for a second person, oldest first; or, not ``open``, those that were decided."""
        with self._asking("approvals", actor, case) as connection:
            self._needs_role(connection, actor, REPAIR | AUDIT)
            return of_incidents.approvals(connection, open, case, *_bounds(page, size))

    def suspensions(self) -> list[Suspension]:
        """The procedures that open no cases for the time being."""
        with self._database.reading() as connection:
            return of_incidents.suspensions(connection)

    def statistics(self, actor: str) -> dict[str, int]:
        """Counts for the first page: see ``engine.queries.statistics.counts``."""
        with self._database.reading() as connection:
            return statistics.counts(connection, self._actor(connection, actor), self.clock())

    def attachment(self, identifier: str, actor: str | None = None) -> Attachment:
        """A stored file with its content, for whoever stored it or may see its case."""
        with self._asking("attachment", actor) as connection:
            found = Attachments(connection).get(identifier)
            if found is None:
                raise NotFound("attachment", identifier)
            if actor is not None and actor != found.stored_by:
                if found.case is not None:
                    self._must_see(connection, actor, found.case)
                elif not self._actor(connection, actor).trusted:
                    raise _refused(actor, "这是他人的附件。", "the file is somebody else's.")
            return found

    # --- Procedures ---------------------------------------------------------------------------------------------

    def procedures(self) -> list[Version]:
        """The newest version of each procedure, without files."""
        with self._database.reading() as connection:
            return procedures.procedures(connection)

    def procedure(self, procedure: str) -> Version:
        """The newest version of a procedure, with files and elements. Raises ``NotFound``."""
        return self.version(procedure)

    def versions(self, procedure: str) -> list[Version]:
        """All versions of a procedure, the newest first, without files. Raises ``NotFound``."""
        with self._database.reading() as connection:
            found = procedures.versions(connection, procedure)
        if not found:
            raise NotFound("procedure", procedure)
        return found

    def version(self, procedure: str, number: int | None = None) -> Version:
        """A version (the newest without a number) with files and elements. Raises ``NotFound``."""
        with self._database.reading() as connection:
            loaded = self._loaded(connection, procedures.version_id(connection, procedure, number))
        return replace(loaded.version, elements=tuple(loaded.definition.elements()))

    def draft(self, procedure: str) -> Draft | None:
        """A procedure as it is being edited; None if nobody is."""
        with self._database.reading() as connection:
            return Versions(connection).draft(procedure)

    def drafts(self) -> list[Draft]:
        """Every procedure that is being edited, published before or not."""
        with self._database.reading() as connection:
            return Versions(connection).drafts()

    def form(self, form: Task | str, version: Version | None = None) -> dict[str, Any]:
        """A form as form-js JSON: a task's, or by id out of a version. Raises ``NotFound``."""
        with self._database.reading() as connection:
            if isinstance(form, Task):
                return self._of_task(connection, form).schema(form.form or "")
            if version is None:
                raise ValueError("a form is looked up in a version")
            return self._loaded(connection, version.id).schema(form)

    def form_values(self, task: Task, actor: str = "") -> dict[str, Any]:
        """What a task's form shows when it is opened: what the case has, defaults, what the system fills in. Without a
        form, nothing. A caller's data stays a reference."""
        with self._database.reading() as connection:
            form = self._of_task(connection, task).forms.get(task.form or "")
        if form is None:
            return {}
        now = self.clock()
        automatic = automatic_values(task.case, task.values, now, task.claimed_at)
        return form.initial_values(task.values, now, actor, automatic)

    # --- People -------------------------------------------------------------------------------------------------

    def users(self) -> list[User]:
        """Everybody with an account, by login; password hashes are left out."""
        with self._database.reading() as connection:
            return people.users(connection)

    def roles(self) -> list[Role]:
        """All roles, by key."""
        with self._database.reading() as connection:
            return people.roles(connection)

    def units(self) -> list[Unit]:
        """All units, by key."""
        with self._database.reading() as connection:
            return people.units(connection)

    def options(self) -> Options:
        """What forms may choose from: ``units`` and ``users``, key → label."""
        with self._database.reading() as connection:
            return People(connection).options()

    def user(self, login: str) -> User:
        """An account with its password hash. Raises ``NotFound``."""
        with self._database.reading() as connection:
            found = People(connection).user(login)
        if found is None:
            raise NotFound("person", login)
        return found

    def access_log(self, actor: str, case: str | None = None, page: int = 1, size: int = 50) -> Page[Access]:
        """Who looked at what and who was refused, the newest first; for auditors."""
        with self._asking("access_log", actor, case) as connection:
            self._needs_role(connection, actor, AUDIT)
            return people.accesses(connection, case, *_bounds(page, size))

    def outbox(self, limit: int = 100) -> Sequence[Send]:
        """What waits to be sent outside, oldest first."""
        with self._database.reading() as connection:
            return due.unsent(connection, limit)

    # --- Within -------------------------------------------------------------------------------------------------

    def _note_refusal(self, actor: str, action: str, case: str | None, error: NotAllowed) -> None:
        """Keeps in the access log who was refused what, in a transaction of its own."""
        with writing(self._database, self._vault) as store:
            store.people.note_access(to_text(self.clock()), actor, action, "refused", case, error.text("zh"))

    @contextmanager
    def _asking(self, action: str, actor: str | None, case: str | None = None) -> Iterator[Connection]:
        """A connection for a question that may be refused; a refusal is noted once the connection is back."""
        try:
            with self._database.reading() as connection:
                yield connection
        except NotAllowed as error:
            self._note_refusal(actor or "", action, case, error)
            raise

    def _must_see(self, connection: Connection, actor: str | None, number: str) -> None:
        if actor is None:
            return
        who = self._actor(connection, actor)
        if not may_see(who, of_cases.standing(connection, of_cases.case_row(connection, number))):
            raise _refused(actor, "您与这件诉求无关。", "you have nothing to do with this case.")

    def _needs_role(self, connection: Connection, actor: str | None, roles: frozenset[str]) -> None:
        if actor is not None and not has_role(self._actor(connection, actor), roles):
            raise _refused(actor, "您没有所需的角色。", "you lack the role for this.")

    def _calendar(self, connection: Connection) -> WorkCalendar:
        days = CalendarDays(connection)
        entry = days.last()
        if entry > self._calendars.last:
            self._calendars = days.all()
        return self._calendars.after(entry)

    def _numbers(self) -> list[str]:
        with self._database.reading() as connection:
            return of_cases.numbers(connection)

    def _actor(self, connection: Connection, login: str) -> Actor:
        return People(connection).actor(login)

    def _loaded(self, connection: Connection, key: int) -> Loaded:
        return self._versions.get(Versions(connection), key)

    def _loaded_at(self, connection: Connection, row: CaseRow, whole: bool = False) -> Loaded:
        """The version of a case with those it is inside of; the ``whole`` of it: with those it has been inside of."""
        loaded = self._loaded(connection, row.version_id)
        if not loaded.definition.calls_newest:
            return loaded
        entries = of_cases.history(connection, row.number) if whole else ()
        left = {place for entry in entries for place in entry.data.get("called", {}).items()}
        return self._versions.at(Versions(connection), row.version_id, row.snapshot, steps=False, left=left)

    def _of_task(self, connection: Connection, task: Task) -> Loaded:
        if not task.case:
            return self._versions.newest(Versions(connection), task.procedure)
        return self._loaded_at(connection, of_cases.case_row(connection, task.case))


def _bounds(page: int, size: int) -> tuple[int, int]:
    """A page number from 1 and a size from 1 to ``MOST_ROWS``, whatever was asked."""
    return min(max(page, 1), 1_000_000), min(max(size, 1), MOST_ROWS)


def _refused(actor: str, zh: str, en: str) -> NotAllowed:
    return NotAllowed(actor=actor, reason=Bilingual(zh=zh, en=en))


def _gone(connection: Connection, identifier: str) -> NotFound | TaskAlreadyDone:
    """Why a task is not open: it never was, or it was done or withdrawn, by whom."""
    split = split_task_id(identifier)
    by = Cases(connection).finisher(*split) if split is not None else None
    return TaskAlreadyDone(task=identifier, by=by) if by is not None else NotFound("task", identifier)
