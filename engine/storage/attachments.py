"""Attached files; their content lives in the database, so that a backup is one thing."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, RowMapping, and_, insert, or_, select, update

from engine.errors import refused
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
        """Files that person stored before there was a case belong to this one now. Raises ``Refused`` for one that is
        another case's, or that somebody else stored: the case would name what nobody on it can open."""
        wanted = sorted(set(keys))
        if wanted:
            mine = and_(attachment.c["case"].is_(None), attachment.c.stored_by == login)
            ours = or_(attachment.c["case"] == case, mine)
            usable = set(self._connection.scalars(select(attachment.c.id).where(attachment.c.id.in_(wanted), ours)))
            if strange := [key for key in wanted if key not in usable]:
                raise refused(
                    f"附件 {strange[0][:80]} 不是为这件诉求上传的，请重新上传。",
                    f"The file {strange[0][:80]} was not stored for this case; upload it again.",
                )
            self._connection.execute(
                update(attachment)
                .where(attachment.c.id.in_(wanted), attachment.c["case"].is_(None), attachment.c.stored_by == login)
                .values(case=case)
            )
