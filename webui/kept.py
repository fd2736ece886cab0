"""When what was typed could not be handed in: the page that says why and shows it, so that it can be copied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flask

from engine.errors import Conflict, DiagramFailed, EngineError, NotAllowed, TaskAlreadyDone
from webui import errors, presenting
from webui.forms import Sheet
from webui.language import _
from webui.layout import fields


def page(error: EngineError, sheet: Sheet | None, typed: Mapping[str, Any], number: str = "") -> tuple[str, int]:
    """The page for ``error``; ``number`` is the case, if there is one. Without a ``sheet`` keys stand for labels."""
    items = {item.key: item for item in fields(sheet.items)} if sheet else {}
    shown = [
        (items[key].label, items[key].say(value)) if key in items else (key, str(value))
        for key, value in typed.items()
        if value not in (None, "", [], False)
    ]
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
        return _("此待办已由 %(who)s 办结或撤销。", who=presenting.person_label(str(error.values.get("by", ""))))
    return str(error.values.get("reason", "")) if isinstance(error, NotAllowed) else str(error)
