"""On which procedures cases are registered, and who may do it: those who may do a procedure's first task."""

from __future__ import annotations

import flask
from flask_login import current_user

from engine import Task, Version
from engine.rules.access import Actor, is_candidate
from webui.context import actor, engine, has_role, roles

#: Chosen where the address names no procedure and this one is published.
DEFAULT_PROCEDURE = "hotline"
#: What comes in over the network platform is taken in by its administrator, on a form of its own (S01 三(一)2).
ONLINE_CHANNELS = ("网络平台", "官方网站", "微信公众号")
ONLINE_ROLE = "platform_admin"

#: Which processes a version calls, by its hash: versions never change.
_CALLED: dict[str, frozenset[str]] = {}
#: Which task a version opens first, by its hash; only who may do it is looked at here.
_FIRST: dict[str, Task | None] = {}


def procedures() -> list[Version]:
    """What a case can be registered on: published procedures that are no part of another one; the default first."""
    if "registering" not in flask.g:
        found = engine().procedures()
        parts: set[str] = set()
        for one in found:
            if one.sha256 not in _CALLED:
                elements = engine().version(one.procedure, one.number).elements
                _CALLED[one.sha256] = frozenset(element.calls for element in elements if element.calls)
            parts |= _CALLED[one.sha256] - {one.procedure}
        whole = [one for one in found if one.procedure not in parts]
        flask.g.registering = sorted(whole, key=lambda one: one.procedure != DEFAULT_PROCEDURE)
    known: list[Version] = flask.g.registering
    return known


def may_do_first(first: Task | None) -> bool:
    """Whether the person who is signed in may do a procedure's first task (None: there is none to do)."""
    return first is None or is_candidate(Actor(actor(), roles=roles(), unit=current_user.unit), first)


def may_register() -> bool:
    """Whether there is a procedure on which the person may register a case."""
    if has_role(ONLINE_ROLE):
        return True
    for one in procedures():
        if one.sha256 not in _FIRST or one.calls_newest:
            _FIRST[one.sha256] = engine().first_task(one.procedure)
        if may_do_first(_FIRST[one.sha256]):
            return True
    return False
