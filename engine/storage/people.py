"""Who can sign in, what they may do, and where they work."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, delete, insert, literal, select, true, update

from engine.records import User
from engine.rules.access import MACHINES, Actor
from engine.storage.calendar import LAST_ENTRY
from engine.storage.opening import asker
from engine.storage.prepared import Prepared, Row
from engine.storage.tables import access_log, role, unit, user_account, user_role
from engine.storage.upsert import upsert

_ONE_ROW = select(literal(1).label("one")).subquery()
_ANYBODY = select(user_account.c.login.label("somebody")).limit(1).subquery()
#: Asked by every command, so put together once.
_ACTOR = Prepared(
    select(
        _ANYBODY.c.somebody,
        user_account.c.login,
        user_account.c.name,
        user_account.c.unit,
        user_role.c.role,
        LAST_ENTRY.label("calendar"),
    )
    .select_from(_ONE_ROW)
    .outerjoin(_ANYBODY, true())
    .outerjoin(user_account, (user_account.c.login == bindparam("key")) & (user_account.c.active == true()))
    .outerjoin(user_role, user_role.c.login == user_account.c.login)
)


class People:
    """Accounts, roles and units in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        #: The last entry of the calendar, where the query for the actor told it.
        self.calendar: int | None = None

    def asker(self, login: str, row: Row) -> Actor:
        """Whoever asks, and the last entry of the calendar, out of the row of a case that was opened."""
        self.calendar = int(row["calendar"])
        return asker(login, row)

    def actor(self, login: str) -> Actor:
        """That person with roles and unit, in one query. Somebody without an account has no rights, unless there
        are no accounts at all."""
        if login in MACHINES:
            return Actor(login, trusted=True)
        rows = _ACTOR.rows(self._connection, key=login)
        first = rows[0]
        self.calendar = int(first["calendar"])
        if first["somebody"] is None:
            return Actor(login, trusted=True)
        if first["login"] is None:
            return Actor(login, known=False)
        roles = frozenset(row["role"] for row in rows if row["role"] is not None)
        return Actor(login, name=first["name"], roles=roles, unit=first["unit"])

    def user(self, login: str) -> User | None:
        """An account with its roles."""
        row = (
            self._connection.execute(select(user_account).where(user_account.c.login == login)).mappings().one_or_none()
        )
        if row is None:
            return None
        roles = self._connection.execute(
            select(user_role.c.role).where(user_role.c.login == login).order_by(user_role.c.role)
        )
        return User(row["login"], row["name"], row["unit"], tuple(roles.scalars()), row["active"], row["password_hash"])

    def options(self) -> dict[str, dict[str, str]]:
        """What forms may choose from: ``units`` (key → label) and ``users`` (login → name, active ones)."""
        units = self._connection.execute(select(unit.c.key, unit.c.label).order_by(unit.c.key)).all()
        users = self._connection.execute(
            select(user_account.c.login, user_account.c.name)
            .where(user_account.c.active == true())
            .order_by(user_account.c.login)
        ).all()
        return {"units": {row.key: row.label for row in units}, "users": {row.login: row.name for row in users}}

    def role_keys(self) -> set[str]:
        """The keys of all roles."""
        return set(self._connection.execute(select(role.c.key)).scalars())

    def role_called(self, text: str) -> str | None:
        """The key of the role with this key, else with this label."""
        query = select(role.c.key).where((role.c.key == text) | (role.c.label == text))
        found: str | None = self._connection.execute(
            query.order_by((role.c.key == text).desc(), role.c.key).limit(1)
        ).scalar_one_or_none()
        return found

    def missing_roles(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that are no roles."""
        return sorted(set(keys) - self.role_keys())

    def has_unit(self, key: str) -> bool:
        return self._connection.execute(select(unit.c.key).where(unit.c.key == key)).first() is not None

    def save_role(self, key: str, label: str) -> None:
        query = upsert(self._connection, role).values(key=key, label=label)
        self._connection.execute(query.on_conflict_do_update(index_elements=["key"], set_={"label": label}))

    def save_unit(self, key: str, label: str) -> None:
        query = upsert(self._connection, unit).values(key=key, label=label)
        self._connection.execute(query.on_conflict_do_update(index_elements=["key"], set_={"label": label}))

    def save_user(self, user: User, at: str) -> None:
        """Adds or changes an account; its password stays."""
        columns = {"name": user.name, "unit": user.unit, "active": user.active}
        query = upsert(self._connection, user_account).values(login=user.login, created_at=at, **columns)
        self._connection.execute(query.on_conflict_do_update(index_elements=["login"], set_=columns))
        self._connection.execute(delete(user_role).where(user_role.c.login == user.login))
        if user.roles:
            self._connection.execute(
                insert(user_role), [{"login": user.login, "role": key} for key in sorted(set(user.roles))]
            )

    def set_password(self, login: str, password_hash: str | None) -> None:
        self._connection.execute(
            update(user_account).where(user_account.c.login == login).values(password_hash=password_hash)
        )

    def note_access(self, at: str, actor: str, action: str, outcome: str, case: str | None, detail: str) -> None:
        """Who looked or was refused."""
        self._connection.execute(
            insert(access_log).values(at=at, actor=actor, action=action, outcome=outcome, case=case, detail=detail)
        )
