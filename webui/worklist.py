"""待办: what waits for this person, and what waits for anybody with their roles."""

from __future__ import annotations

from typing import Literal

import flask

from webui import facts
from webui.context import actor, engine, login_needed
from webui.language import _

blueprint = flask.Blueprint("worklist", __name__)

PAGE_SIZE = 20
Tab = Literal["mine", "pool"]
TABS: tuple[Tab, ...] = ("mine", "pool")


@blueprint.get("/")
@login_needed
def index() -> flask.typing.ResponseReturnValue:
    """The list, by tab: ``mine`` (claimed by or assigned to the person) or ``pool`` (to be claimed)."""
    search = flask.request.args.get("q", "").strip()[:100]
    counts = {tab: engine().worklist(actor(), tab, search, size=1).total for tab in TABS}
    asked = flask.request.args.get("tab", "")
    tab = next((one for one in TABS if one == asked), "mine" if counts["mine"] or not counts["pool"] else "pool")
    page = engine().worklist(actor(), tab, search, page_number(), PAGE_SIZE)
    return flask.render_template(
        "worklist/worklist.html",
        tab=tab,
        counts=counts,
        page=page,
        search=search,
        words_of=facts.in_lists({task.case: task for task in page.rows}),
        tabs=(("mine", _("我的待办")), ("pool", _("待认领"))),
    )


def page_number() -> int:
    """The page asked for, counted from 1."""
    text = flask.request.args.get("page", "1")
    return max(1, min(int(text), 100_000)) if text.isdecimal() and len(text) < 10 else 1
