"""What every template can use: filters for moments and values, the navigation, who is signed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import flask
from flask_login import current_user
from markupsafe import Markup

from engine.records import Task
from engine.rules.access import ADMINISTER, AUDIT, MACHINES, PUBLISH, REPAIR
from engine.rules.forms import Options
from webui import context, language, registering, wording
from webui.language import _


@dataclass(frozen=True)
class Link:
    """One entry of the navigation; ``part`` is the blueprint it stands for."""

    part: str
    label: str
    address: str
    icon: str


def install(app: flask.Flask) -> None:
    """Gives templates their filters and globals."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        moment=wording.moment,
        plain=wording.plain,
        status=wording.status,
        action=wording.action,
        outcome=wording.outcome,
        incident_status=wording.incident_status,
        filesize=wording.size,
        role=role_label,
        unit=unit_label,
        person=person_label,
        task_name=task_name,
    )
    app.jinja_env.tests.update(personal=wording.is_personal, attachment=wording.is_attachment)
    app.jinja_env.globals.update(icon=icon, MASK=wording.MASK)

    @app.context_processor
    def _present() -> dict[str, Any]:
        return {
            "person": current_user if context.signed_in() else None,
            "navigation": navigation() if context.signed_in() else [],
            "here": flask.request.blueprint,
            "language": language.current(),
            "now": now(),
            "due": lambda text: wording.due(text, now()),
            "role_label": role_label,
            "address": address,
            "unit_label": unit_label,
            "person_label": person_label,
            "role_words": role_words,
            "may_register": registering.may_register,
        }


def now() -> datetime:
    """The moment of the request, by the engine's clock."""
    if "now" not in flask.g:
        flask.g.now = context.engine().clock()
    moment: datetime = flask.g.now
    return moment


def icon(name: str) -> Markup:
    """A Tabler icon from the sprite, for eyes only."""
    return Markup('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>').format(
        flask.url_for("static", filename="dist/icons.svg"), name
    )


def address(page: int) -> str:
    """The address of another page of the list that is shown."""
    endpoint = flask.request.endpoint or "worklist.index"
    given = {**flask.request.args.to_dict(), **(flask.request.view_args or {})}
    return flask.url_for(endpoint, **{**given, "page": page})


def navigation() -> list[Link]:
    """The pages this person may open, in the order of the work."""
    links = [Link("worklist", _("待办"), flask.url_for("worklist.index"), "inbox")]
    if registering.may_register():
        links.append(Link("intake", _("登记诉求"), flask.url_for("intake.begin"), "phone-plus"))
    links.append(Link("cases", _("诉求件"), flask.url_for("cases.ledger"), "clipboard-list"))
    if context.has_role("auditor", *PUBLISH):
        links.append(Link("studio", _("流程"), flask.url_for("studio.index"), "git-branch"))
    if context.has_role(*REPAIR):
        links.append(Link("incidents", _("异常"), flask.url_for("incidents.index"), "alert-triangle"))
    if context.has_role(*AUDIT):
        links.append(Link("audit", _("审计"), flask.url_for("audit.index"), "shield-check"))
    if context.has_role(*ADMINISTER):
        links.append(Link("people", _("人员"), flask.url_for("people.index"), "users"))
    return links


def element_name(element: Any, spoken: language.Code) -> str:
    """What an element of a version is called: in English by its property ``nameEn``, else as it is drawn."""
    english = element.properties.get("nameEn", "") if spoken == "en" else ""
    return str(english or element.name or element.id)


def task_name(task: Task) -> str:
    """What a task is called, in the request's language."""
    spoken = language.current()
    if spoken != "en" or not task.procedure:
        return task.name
    names: dict[tuple[str, int], dict[tuple[str, str], str]] = flask.g.setdefault("task_names", {})
    version = (task.procedure, task.version)
    if version not in names:
        # the first task of a case to come is one of the newest version
        drawn = context.engine().version(task.procedure, task.version or None).elements
        names[version] = {(one.process, one.id): element_name(one, spoken) for one in drawn}
    return names[version].get((task.process, task.element), task.name)


def options() -> Options:
    """The choice lists the installation supplies to forms, read once a request."""
    if "options" not in flask.g:
        flask.g.options = context.engine().options()
    found: Options = flask.g.options
    return found


def _roles() -> dict[str, str]:
    if "role_labels" not in flask.g:
        flask.g.role_labels = {role.key: role.label for role in context.engine().roles()}
    found: dict[str, str] = flask.g.role_labels
    return found


def role_label(key: str) -> str:
    """What a role is called; the key where the installation does not know it."""
    return _roles().get(key, key)


def role_words(keys: Iterable[str]) -> str:
    """Roles in words; where a procedure names alternatives for other organisations, only those somebody here has."""
    if "roles_held" not in flask.g:
        flask.g.roles_held = {key for user in context.engine().users() for key in user.roles}
    named = list(keys)
    here = [key for key in named if key in flask.g.roles_held]
    return _("、").join(role_label(key) for key in here or named)


def unit_label(key: str | None) -> str:
    """What a unit is called."""
    return options().get("units", {}).get(key, key) if key else ""


def person_label(login: str | None) -> str:
    """A person's name, a word for what acts without being a person, or the login itself."""
    if login in MACHINES:
        return _("系统定时") if login == "clock" else _("系统")
    return options().get("users", {}).get(login, login) if login else ""
