"""Tasks of people, done by a program on their behalf."""

from __future__ import annotations

import flask

from engine.commands import ClaimTask, CompleteTask, UnclaimTask
from webui.api.reading import given, mapping
from webui.api.tokens import Answer, acting
from webui.context import engine

blueprint = flask.Blueprint("api_tasks", __name__, url_prefix="/api/tasks")


@blueprint.get("")
def listed() -> Answer:
    """The open tasks the login may do now: of everybody, or ``?case=…``."""
    found = engine().open_tasks(flask.request.args.get("case"), acting())
    return {"tasks": [{**task.as_json(), "case": task.case} for task in found]}


@blueprint.get("/<task>")
def one(task: str) -> Answer:
    """One open task with the values it can see."""
    found = engine().task(task, acting())
    return {**found.as_json(), "case": found.case, "values": dict(found.values)}


@blueprint.post("/<task>/complete")
def complete(task: str) -> Answer:
    """``{"values": {…}}`` → where the case stands, with its open tasks."""
    command = CompleteTask(task=task, values=mapping(given("values"), "values"), actor=acting())
    return engine().handle(command).as_json()


@blueprint.post("/<task>/claim")
def claim(task: str) -> Answer:
    """Takes the task for the login."""
    return engine().handle(ClaimTask(task=task, actor=acting())).as_json()


@blueprint.post("/<task>/unclaim")
def unclaim(task: str) -> Answer:
    """Puts it back."""
    return engine().handle(UnclaimTask(task=task, actor=acting())).as_json()
