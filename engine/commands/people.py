"""Accounts, roles, units, and callers."""

from __future__ import annotations

from dataclasses import dataclass

from engine.commands.command import Command


@dataclass(frozen=True, kw_only=True)
class RevealPerson(Command):
    """Show the caller's data of a case in clear, to somebody who may see it; the look itself is logged.
    Returns ``dict[str, str]``: field key → clear text."""

    case: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ErasePerson(Command):
    """Delete the key of a case's caller, so that their data can never be read again; the log still verifies.
    Returns None."""

    case: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class SaveUnit(Command):
    """Add a unit (承办单位) or change its label. Returns None."""

    key: str
    label: str


@dataclass(frozen=True, kw_only=True)
class SaveRole(Command):
    """Add a role or change its label; diagrams name roles by ``key``. Returns None."""

    key: str
    label: str


@dataclass(frozen=True, kw_only=True)
class SaveUser(Command):
    """Add an account or change it; its password stays. ``roles`` and ``unit`` must exist. From the first account on,
    rights apply. Returns None."""

    login: str
    name: str
    unit: str | None = None
    roles: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class SetPassword(Command):
    """Keep the hash of a person's password (argon2, made by the web); None takes the password away. Returns None."""

    login: str
    password_hash: str | None
