"""Published versions, the files they are made of, and drafts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from engine.events import canonical, digest
from engine.records import Draft, Version
from engine.storage.tables import draft, file, procedure_version, published_part
from engine.storage.upsert import upsert

Manifest = Mapping[str, str]


@dataclass(frozen=True)
class Part:
    """A published file under the thing it defines: ``kind`` process, decision or form, and its id."""

    kind: str
    name: str
    path: str
    sha256: str


def sha256_of(content: bytes) -> str:
    """The name a file is stored under."""
    return hashlib.sha256(content).hexdigest()


def manifest_hash(manifest: Manifest) -> str:
    """What identifies a version: SHA-256 over the canonical text of path → sha256."""
    return digest(canonical(dict(manifest)))


def read_version(row: RowMapping) -> Version:
    """A row of ``procedure_version``, without files."""
    return Version(
        procedure=row["procedure"],
        number=row["number"],
        sha256=row["sha256"],
        name=row["name"],
        published_at=row["published_at"],
        published_by=row["published_by"],
        note=row["note"],
        manifest=json.loads(row["manifest"]),
        open_cases=row.get("open_cases", 0),
        id=row["id"],
        calls_newest=called_newest(row),
    )


def called_newest(row: Mapping[Any, Any]) -> tuple[str, ...]:
    """The procedures that a version calls in their newest version, out of its row."""
    return tuple(json.loads(row["starts"]).get("calls_newest", ()))


def newest() -> Any:
    """A condition that holds for the newest version of each procedure."""
    other = procedure_version.alias()
    top = select(func.max(other.c.number)).where(other.c.procedure == procedure_version.c.procedure)
    return procedure_version.c.number == top.scalar_subquery()


class Versions:
    """Versions, parts, files and drafts in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest(self, procedure: str) -> Version | None:
        """The version new cases start on."""
        query = select(procedure_version).where(procedure_version.c.procedure == procedure, newest())
        row = self._connection.execute(query).mappings().one_or_none()
        return read_version(row) if row is not None else None

    def all_newest(self) -> dict[str, Version]:
        """The newest version of every procedure."""
        rows = self._connection.execute(select(procedure_version).where(newest())).mappings()
        return {row["procedure"]: read_version(row) for row in rows}

    def starting_with(self, kind: str, name: str) -> list[Version]:
        """The newest versions that a message (``kind`` messages) or signal (signals) of that name opens cases of."""
        rows = self._connection.execute(select(procedure_version).where(newest())).mappings()
        return [read_version(row) for row in rows if name in json.loads(row["starts"]).get(kind, [])]

    def key_of(self, procedure: str, number: int) -> int | None:
        """The database id of a version."""
        query = select(procedure_version.c.id).where(
            procedure_version.c.procedure == procedure, procedure_version.c.number == number
        )
        found: int | None = self._connection.execute(query).scalar_one_or_none()
        return found

    def numbers(self, procedure: str) -> list[int]:
        """The numbers of a procedure's versions, oldest first."""
        query = select(procedure_version.c.number).where(procedure_version.c.procedure == procedure)
        return sorted(self._connection.execute(query).scalars())

    def version(self, key: int) -> Version | None:
        """A version by its database id."""
        row = (
            self._connection.execute(select(procedure_version).where(procedure_version.c.id == key))
            .mappings()
            .one_or_none()
        )
        return read_version(row) if row is not None else None

    def files(self, manifest: Manifest) -> dict[str, bytes]:
        """The contents of a manifest: path → bytes. A file that is not there is left out."""
        wanted = sorted(set(manifest.values()))
        query = select(file.c.sha256, file.c.content).where(file.c.sha256.in_(wanted))
        contents = {row.sha256: bytes(row.content) for row in self._connection.execute(query)}
        return {path: contents[sha] for path, sha in manifest.items() if sha in contents}

    def add(self, version: Version, starts: Mapping[str, Iterable[str]]) -> Version:
        """A new version; its files must have been kept. Returns it with its database id."""
        key = self._connection.execute(
            insert(procedure_version)
            .values(
                procedure=version.procedure,
                number=version.number,
                name=version.name,
                sha256=version.sha256,
                manifest=canonical(dict(version.manifest)),
                starts=canonical({kind: sorted(names) for kind, names in starts.items()}),
                note=version.note,
                published_at=version.published_at,
                published_by=version.published_by,
            )
            .returning(procedure_version.c.id)
        ).scalar_one()
        return Version(**{**version.__dict__, "id": key})

    def keep_files(self, contents: Iterable[bytes]) -> None:
        """Stores contents that are not stored yet."""
        rows = {sha256_of(content): content for content in contents}
        if rows:
            self._connection.execute(
                upsert(self._connection, file).on_conflict_do_nothing(),
                [{"sha256": sha, "content": content} for sha, content in sorted(rows.items())],
            )

    def parts(self) -> list[Part]:
        """The newest published file of every process, decision and form."""
        rows = self._connection.execute(select(published_part).order_by(published_part.c.kind, published_part.c.name))
        return [Part(row.kind, row.name, row.path, row.sha256) for row in rows]

    def replace_parts(self, gone: Iterable[str], new: Iterable[Part]) -> None:
        """Forgets the parts that files with these hashes defined, and notes the new ones."""
        hashes = sorted(set(gone))
        if hashes:
            self._connection.execute(delete(published_part).where(published_part.c.sha256.in_(hashes)))
        rows = [part.__dict__ for part in new]
        if rows:
            self._connection.execute(insert(published_part), rows)

    def draft(self, procedure: str) -> Draft | None:
        """A procedure as it is being edited."""
        row = self._connection.execute(select(draft).where(draft.c.procedure == procedure)).mappings().one_or_none()
        if row is None:
            return None
        files = self.files(json.loads(row["manifest"]))
        return Draft(procedure, row["revision"], files, row["saved_by"], row["saved_at"])

    def drafts(self) -> list[Draft]:
        """Every procedure that is being edited, by id."""
        rows = self._connection.execute(select(draft).order_by(draft.c.procedure)).mappings().all()
        files = {row["procedure"]: self.files(json.loads(row["manifest"])) for row in rows}
        return [
            Draft(row["procedure"], row["revision"], files[row["procedure"]], row["saved_by"], row["saved_at"])
            for row in rows
        ]

    def save_draft(self, new: Draft, base: int) -> bool:
        """Stores a draft if the stored one is still at revision ``base`` (0: there is none); else returns False."""
        manifest = {path: sha256_of(content) for path, content in new.files.items()}
        self.keep_files(new.files.values())
        columns = {
            "revision": new.revision,
            "manifest": canonical(manifest),
            "saved_by": new.saved_by,
            "saved_at": new.saved_at,
        }
        if base == 0:
            query = upsert(self._connection, draft).values(procedure=new.procedure, **columns).on_conflict_do_nothing()
            return self._connection.execute(query.returning(draft.c.revision)).first() is not None
        changed = update(draft).where(draft.c.procedure == new.procedure, draft.c.revision == base).values(**columns)
        return self._connection.execute(changed).rowcount == 1
