"""Accounts, roles and units; who looked at what; files."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class User:
    """Somebody who can sign in. ``password_hash`` is argon2 text, None where no password was set."""

    login: str
    name: str
    unit: str | None
    roles: tuple[str, ...]
    active: bool = True
    password_hash: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Role:
    """What people may do: a key used in diagrams, and its label."""

    key: str
    label: str


@dataclass(frozen=True)
class Unit:
    """承办单位: a key used in values, and its label."""

    key: str
    label: str


@dataclass(frozen=True)
class Attachment:
    """A stored file. ``content`` is empty in lists."""

    id: str
    case: str | None
    name: str
    size: int
    sha256: str
    stored_by: str
    stored_at: str
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Access:
    """Who looked, or was refused: kept even where the act itself was rolled back."""

    at: str
    actor: str
    action: str
    outcome: str
    case: str | None
    detail: str
