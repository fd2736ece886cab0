"""Databases to measure on: SQLite in a folder, and a PostgreSQL cluster of our own, as durable as in production."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from sqlalchemy import NullPool, create_engine, make_url, text

from bench.diagrams import ALL
from engine import Engine
from engine.clock import Clock, system_clock
from engine.commands import PublishVersion, SaveRole, SaveUser, SetPassword
from engine.settings import Settings

#: Who acts in all benchmarks: an account with a role, so that rights are looked up as they are in production.
ACTOR = "li"
PASSWORD = "a password for benchmarks"
#: What a program shows to act as ``ACTOR``.
TOKEN = "a token for benchmarks"

#: PostgreSQL as it comes: fsync, synchronous commit and full page writes are on.
DURABLE = ""


@dataclass(frozen=True)
class Place:
    """Where to measure: ``folder`` for files, ``postgres`` the address of a cluster's maintenance database or None.
    ``size`` is tiny, quick or full."""

    folder: Path
    postgres: str | None
    size: str

    @property
    def kinds(self) -> list[str]:
        """The databases that are there."""
        return ["SQLite", *(["PostgreSQL"] if self.postgres is not None else [])]

    def new_database(self, kind: str) -> str:
        """The address of an empty database."""
        name = f"bench_{secrets.token_hex(6)}"
        if kind == "SQLite":
            return f"sqlite:///{self.folder / name}.db"
        if self.postgres is None:
            raise ValueError("there is no PostgreSQL")
        server = create_engine(self.postgres, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        server.dispose()
        return make_url(self.postgres).set(database=name).render_as_string(False)

    def settings(self) -> Settings:
        """Those of the engines opened here."""
        return Settings(env="test", home=str(self.folder))

    def prepared(self, kind: str) -> str:
        """The address of a new database with the diagrams published and the account of ``ACTOR``."""
        url = self.new_database(kind)
        with self.open(url) as engine:
            engine.handle(PublishVersion(files=ALL, actor="system"))
            engine.handle(SaveRole(key="agent", label="agent", actor="system"))
            engine.handle(SaveUser(login=ACTOR, name=ACTOR, roles=("agent",), actor="system"))
            engine.handle(SetPassword(login=ACTOR, password_hash=PasswordHasher().hash(PASSWORD), actor="system"))
        return url

    def open(self, url: str, clock: Clock = system_clock) -> Engine:
        """An engine on a database, to be closed."""
        return Engine.open(url, clock=clock, settings=self.settings())
