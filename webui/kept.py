"""When what was typed could not be handed in: the page that says why and shows it, so that it can be copied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flask

from engine.errors import Conflict, DiagramFailed, EngineError, NotAllowed, TaskAlreadyDone
from webui import errors, presenting, vocabulary
from webui.context import engine
from webui.forms import Sheet
from webui.language import _
from webui.layout import fields
from webui.vocabulary import Vocabulary


def page(error: EngineError, sheet: Sheet, typed: Mapping[str, Any], number: str = "") -> tuple[str, int]:
    """The page for ``error``; ``number`` is the case, if there is one."""
    items = {item.key: item for item in fields(sheet.items)}
    known = {key: value for key, value in typed.items() if key in items and value not in (None, "", [], False)}
    return _page(error, [(items[key].label, items[key].say(value)) for key, value in known.items()], number)


def page_of_done(error: TaskAlreadyDone, sent: Mapping[str, list[str]], number: str) -> tuple[str, int]:
    """The page for a task that is gone, its form with it: what the browser ``sent``, told in the words of the case."""
    case = engine().case(number)
    words = vocabulary.of_version(case.procedure, case.version)
    return _page(error, [_told(key, values, words) for key, values in sent.items()], number)


def _told(name: str, values: list[str], words: Vocabulary) -> tuple[str, str]:
    """A control's name and what was sent for it, in words: ``measures-0-person`` is the first row of a table."""
    key, _sep, rest = name.partition("-")
    row, _sep, column = rest.partition("-")
    item = words.items.get(key)
    label = words.label(key)
    if item is not None and row.isdigit():
        item = next((one for one in item.items if one.key == column), None)
        label = f"{label} {int(row) + 1}" + (f" · {item.label}" if item else "")
    if item is None:
        return label, _("、").join(values)
    if item.kind == "checkbox":
        return label, _("是")
    return label, _("、").join(
        value.replace("T", " ") if item.kind == "moment" else item.say(value) for value in values
    )


def _page(error: EngineError, shown: list[tuple[str, str]], number: str) -> tuple[str, int]:
    title = (
        _("已被他人更新")
        if isinstance(error, Conflict)
        else _("流程无法继续")
        if isinstance(error, DiagramFailed)
        else _("未能办理")
    )
    text = flask.render_template("tasks/kept.html", title=title, message=_message(error), number=number, shown=shown)
    return text, errors.status_of(error)


def _message(error: EngineError) -> str:
    if isinstance(error, TaskAlreadyDone):
        return _("此待办已由%(who)s办结或撤销。", who=presenting.person_label(str(error.values.get("by", ""))))
    return str(error.values.get("reason", "")) if isinstance(error, NotAllowed) else str(error)
