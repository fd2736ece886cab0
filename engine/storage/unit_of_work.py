"""The unit of work: the only writer. Everything a command changes goes through one, and is committed at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Connection

from engine.storage.approvals import Approvals, Suspensions
from engine.storage.attachments import Attachments
from engine.storage.calendar import CalendarDays
from engine.storage.cases import Cases
from engine.storage.claims import Claims
from engine.storage.database import Database
from engine.storage.deadlines import Deadlines
from engine.storage.external import ExternalTasks
from engine.storage.incidents import Incidents
from engine.storage.open_items import OpenItems
from engine.storage.people import People
from engine.storage.persons import Persons
from engine.storage.prepared import together
from engine.storage.start_timers import StartTimers
from engine.storage.vault import Vault
from engine.storage.versions import Versions


class UnitOfWork:
    """One transaction, noun by noun."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self.cases = Cases(connection)
        self.open_items = OpenItems(connection)
        self.claims = Claims(connection)
        self.versions = Versions(connection)
        self.people = People(connection)
        self.persons = Persons(connection, vault)
        self.attachments = Attachments(connection)
        self.externals = ExternalTasks(connection)
        self.incidents = Incidents(connection)
        self.approvals = Approvals(connection)
        self.suspensions = Suspensions(connection)
        self.calendar = CalendarDays(connection)
        self.deadlines = Deadlines(connection)
        self.start_timers = StartTimers(connection)
        self.vault = vault
        self._connection = connection

    def together(self) -> AbstractContextManager[None]:
        """Inside, the statements of a step need not wait for each other: see ``engine.storage.prepared``."""
        return together(self._connection)


@contextmanager
def writing(database: Database, vault: Vault) -> Iterator[UnitOfWork]:
    """Committed where the block ends, rolled back where it raises."""
    with database.writing() as connection:
        yield UnitOfWork(connection, vault)
