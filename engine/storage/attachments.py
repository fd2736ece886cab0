"""Attached files; their content lives in the database, so that a backup is one thing."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, RowMapping, insert, select, update

from engine.records import Attachment
from engine.storage.tables import attachment


def read_attachment(row: RowMapping) -> Attachment:
    """A row of ``attachment``; ``content`` where it was selected."""
    return Attachment(
        id=row["id"],
        case=row["case"],
        name=row["name"],
        size=row["size"],
        sha256=row["sha256"],
        stored_by=row["stored_by"],
        stored_at=row["stored_at"],
        content=bytes(row.get("content", b"")),
    )


class Attachments:
    """Attachments in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: Attachment) -> None:
        self._connection.execute(insert(attachment).values(**new.__dict__))

    def get(self, key: str) -> Attachment | None:
        row = self._connection.execute(select(attachment).where(attachment.c.id == key)).mappings().one_or_none()
        return read_attachment(row) if row is not None else None

    def belong(self, keys: Iterable[str], case: str, login: str) -> None:
        """Files that person stored before there was a case now belong to this one."""
        wanted = sorted(set(keys))
        if wanted:
            self._connection.execute(
                update(attachment)
                .where(attachment.c.id.in_(wanted), attachment.c["case"].is_(None), attachment.c.stored_by == login)
                .values(case=case)
            )
