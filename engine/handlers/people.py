"""Commands on people, roles and units."""

from __future__ import annotations

import re

from engine.commands import SaveRole, SaveUnit, SaveUser, SetPassword
from engine.errors import NotFound, refused
from engine.handlers.work import Work
from engine.records import User
from engine.rules.access import ADMINISTER, MACHINES, has_role

#: Keys and logins: letters (Chinese ones too), digits and a few marks; no spaces, so that lists of them can be typed.
_KEY = re.compile(r"[\w.@-]{1,100}\Z")
_LONGEST_LABEL = 200


def save_unit(command: SaveUnit, work: Work) -> None:
    """Adds or relabels a unit."""
    _must_administer(work)
    work.store.people.save_unit(_key(command.key), _label(command.label))


def save_role(command: SaveRole, work: Work) -> None:
    """Adds or relabels a role."""
    _must_administer(work)
    work.store.people.save_role(_key(command.key), _label(command.label))


def save_user(command: SaveUser, work: Work) -> None:
    """Adds or changes an account. The first one ever may be made by anybody: there is nobody else to do it."""
    _must_administer(work)
    login = _key(command.login)
    if login in MACHINES:
        raise refused(f"“{login}”是系统保留的名称。", f"“{login}” is a name the system keeps for itself.")
    missing = work.store.people.missing_roles(command.roles)
    if missing:
        raise refused(f"没有这些角色：{'、'.join(missing)}。", f"There are no such roles: {', '.join(missing)}.")
    if command.unit is not None and not work.store.people.has_unit(command.unit):
        raise refused(f"没有单位“{command.unit}”。", f"There is no unit “{command.unit}”.")
    user = User(login, _label(command.name), command.unit, tuple(command.roles), command.active)
    work.store.people.save_user(user, work.at)


def set_password(command: SetPassword, work: Work) -> None:
    """Keeps a password's hash: one's own, or anybody's for an administrator."""
    work.needs(
        command.login == work.actor.login or has_role(work.actor, ADMINISTER),
        "只能修改自己的密码。",
        "only one's own password may be changed.",
    )
    if work.store.people.user(command.login) is None:
        raise NotFound("person", command.login)
    work.store.people.set_password(command.login, command.password_hash)


def _must_administer(work: Work) -> None:
    work.needs(
        has_role(work.actor, ADMINISTER), "只有系统管理员可以维护人员。", "only an administrator may change people."
    )


def _key(text: str) -> str:
    if not _KEY.match(text):
        raise refused(
            f"“{text[:100]}”不能作为标识：请用不超过 100 个字母、汉字、数字或 . _ - @。",
            f"“{text[:100]}” cannot be a key: use at most 100 letters, digits or . _ - @.",
        )
    return text


def _label(text: str) -> str:
    label = text.strip()
    if not label or len(label) > _LONGEST_LABEL or "\x00" in label:
        raise refused(f"名称应有 1 至 {_LONGEST_LABEL} 个字符。", f"A name has 1 to {_LONGEST_LABEL} characters.")
    return label
