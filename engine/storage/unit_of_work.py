"""The unit of work: the only writer. Everything a command changes goes through one, and is committed at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from engine.storage.attachments import Attachments
from engine.storage.cases import Cases
from engine.storage.database import Database
from engine.storage.open_items import OpenItems
from engine.storage.people import People
from engine.storage.persons import Persons
from engine.storage.vault import Vault
from engine.storage.versions import Versions


class UnitOfWork:
    """One transaction, noun by noun."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self.cases = Cases(connection)
        self.open_items = OpenItems(connection)
        self.versions = Versions(connection)
        self.people = People(connection)
        self.persons = Persons(connection, vault)
        self.attachments = Attachments(connection)
        self.vault = vault


@contextmanager
def writing(database: Database, vault: Vault) -> Iterator[UnitOfWork]:
    """Committed where the block ends, rolled back where it raises."""
    with database.writing() as connection:
        yield UnitOfWork(connection, vault)
