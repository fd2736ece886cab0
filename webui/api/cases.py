"""Cases, and messages for them."""

from __future__ import annotations

import flask

from engine.commands import SendMessage, StartCase
from webui.api.reading import given, mapping, text, text_or_none
from webui.api.tokens import Answer, acting
from webui.context import engine

blueprint = flask.Blueprint("api_cases", __name__, url_prefix="/api")


@blueprint.post("/cases")
def start() -> Answer:
    """``{"procedure", "values": {…}, "first": {…}, "reference"}`` → the case, its status and its open tasks."""
    sent = given("procedure", "values", "first", "reference")
    command = StartCase(
        procedure=text(sent, "procedure"),
        values=mapping(sent, "values"),
        first=None if sent.get("first") is None else mapping(sent, "first"),
        reference=text_or_none(sent, "reference"),
        actor=acting(),
    )
    return engine().handle(command).as_json(), 201


@blueprint.get("/cases/<number>")
def case(number: str) -> Answer:
    """Where a case stands. What it holds of its caller are references, not data."""
    found = engine().case(number, acting())
    tasks = [task.as_json() for task in engine().open_tasks(number, acting())]
    return {
        "case": found.number,
        "procedure": found.procedure,
        "version": found.version,
        "status": found.status,
        "title": found.title,
        "started_at": found.started_at,
        "ended_at": found.ended_at,
        "values": dict(found.values),
        "facts": dict(found.facts),
        "tasks": tasks,
    }


@blueprint.post("/messages")
def message() -> Answer:
    """``{"name", "values": {…}, "case", "key"}`` → the case that took it."""
    sent = given("name", "values", "case", "key")
    command = SendMessage(
        name=text(sent, "name"),
        values=mapping(sent, "values"),
        case=text_or_none(sent, "case"),
        key=text_or_none(sent, "key"),
        actor=acting(),
    )
    return engine().handle(command).as_json()
