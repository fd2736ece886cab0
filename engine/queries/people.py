"""People, roles, units, and who looked at what."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, true

from engine.records import Access, Page, Role, Unit, User
from engine.storage.tables import access_log, role, unit, user_account, user_role


def users(connection: Connection) -> list[User]:
    """Everybody with an account, by login; password hashes are left out."""
    roles: dict[str, list[str]] = {}
    for row in connection.execute(select(user_role).order_by(user_role.c.role)):
        roles.setdefault(row.login, []).append(row.role)
    return [
        User(row.login, row.name, row.unit, tuple(roles.get(row.login, ())), row.active)
        for row in connection.execute(select(user_account).order_by(user_account.c.login))
    ]


def roles(connection: Connection) -> list[Role]:
    """All roles, by key."""
    return [Role(row.key, row.label) for row in connection.execute(select(role).order_by(role.c.key))]


def units(connection: Connection) -> list[Unit]:
    """All units, by key."""
    return [Unit(row.key, row.label) for row in connection.execute(select(unit).order_by(unit.c.key))]


def accesses(connection: Connection, case: str | None, page: int, size: int) -> Page[Access]:
    """Who looked and who was refused, the newest first."""
    chosen = access_log.c["case"] == case if case is not None else true()
    total = connection.execute(select(func.count()).select_from(access_log).where(chosen)).scalar_one()
    query = select(access_log).where(chosen).order_by(access_log.c.id.desc()).limit(size).offset((page - 1) * size)
    rows = [
        Access(row["at"], row["actor"], row["action"], row["outcome"], row["case"], row["detail"])
        for row in connection.execute(query).mappings()
    ]
    return Page(rows, total, page, size)
