"""Callers' data, apart from cases: encrypted under a key of its own a person, so that erasing is losing that key."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from engine.errors import NotFound
from engine.events import canonical
from engine.storage.tables import person, person_field
from engine.storage.vault import Vault, new_key, seal, unseal
from engine.storage.versions import sha256_of


def is_reference(value: Any) -> bool:
    """Is this what stands in values where a caller's data was?"""
    return isinstance(value, dict) and set(value) == {"person", "field", "sha256"}


def references(value: Any) -> list[Mapping[str, str]]:
    """Every reference inside a JSON value, in order."""
    if is_reference(value):
        return [value]
    if isinstance(value, dict):
        return [found for item in value.values() for found in references(item)]
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    return []


def placed(value: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
    """References in a JSON value with the path to each."""
    if is_reference(value):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from placed(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from placed(item, f"{path}.{index}")


def key_of(reference: Mapping[str, str]) -> tuple[str, str, str]:
    """What a reference is looked up by."""
    return str(reference["person"]), str(reference["field"]), str(reference["sha256"])


def as_text(value: Any) -> str:
    """A caller's value as it is shown."""
    return "、".join(str(item) for item in value) if isinstance(value, list) else str(value)


class Persons:
    """Callers in one transaction."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    def add(self, at: str) -> str:
        """A new person with a key of their own; returns their id."""
        number = str(uuid.uuid4())
        wrapped = seal(self._vault.key, new_key(), f"key of {number}")
        self._connection.execute(insert(person).values(id=number, wrapped_key=wrapped, created_at=at))
        return number

    def store(self, number: str, fields: Mapping[str, Any], at: str) -> dict[str, dict[str, str]]:
        """Encrypts values under that person's key; returns what to put in their place, field by field.
        Raises ``NotFound`` if the person was erased."""
        key = self._key(number)
        if key is None:
            raise NotFound("caller", number)
        stored: dict[str, dict[str, str]] = {}
        rows = []
        for field, value in fields.items():
            ciphertext = seal(key, canonical(value).encode("utf-8"), f"{number} {field}")
            sha = sha256_of(ciphertext)
            rows.append({"person": number, "field": field, "sha256": sha, "ciphertext": ciphertext, "stored_at": at})
            stored[field] = {"person": number, "field": field, "sha256": sha}
        if rows:
            self._connection.execute(insert(person_field), rows)
        return stored

    def read(self, wanted: Iterable[Mapping[str, str]]) -> dict[tuple[str, str, str], Any]:
        """The clear values of references: (person, field, sha256) → value. What was erased is left out."""
        found: dict[tuple[str, str, str], Any] = {}
        by_person: dict[str, set[str]] = {}
        for reference in wanted:
            by_person.setdefault(reference["person"], set()).add(reference["sha256"])
        for number, hashes in by_person.items():
            key = self._key(number)
            if key is None:
                continue
            query = select(person_field).where(person_field.c.person == number, person_field.c.sha256.in_(hashes))
            for row in self._connection.execute(query):
                clear = unseal(key, bytes(row.ciphertext), f"{number} {row.field}")
                found[number, row.field, row.sha256] = json.loads(clear)
        return found

    def erase(self, number: str, at: str) -> bool:
        """Deletes the person's key: nothing of theirs can be read again. False if there is no such person."""
        query = update(person).where(person.c.id == number, person.c.wrapped_key.is_not(None))
        return self._connection.execute(query.values(wrapped_key=None, erased_at=at)).rowcount == 1

    def _key(self, number: str) -> bytes | None:
        wrapped = self._connection.execute(
            select(person.c.wrapped_key).where(person.c.id == number)
        ).scalar_one_or_none()
        return unseal(self._vault.key, bytes(wrapped), f"key of {number}") if wrapped is not None else None
