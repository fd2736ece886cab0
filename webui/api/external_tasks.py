"""What workers ask: programs in any language fetch external tasks and report on them. See
``docs/howto/service-tasks.md``."""

from __future__ import annotations

import base64
import binascii

import flask

from engine import ExternalTask, Outcome
from engine.commands import CompleteExternal, ExtendLock, FailExternal, FaultExternal, FetchAndLock, UnlockExternal
from webui.api.reading import given, mapping, number, text, whole, wrong
from webui.api.tokens import Answer, acting
from webui.context import engine

blueprint = flask.Blueprint("api_external_tasks", __name__, url_prefix="/api/external-tasks")


@blueprint.get("")
def listed() -> Answer:
    """What waits: ``?topic=…&case=…&given_up=1``."""
    asked = flask.request.args
    found = engine().external_tasks(
        asked.getlist("topic"), asked.get("case"), asked.get("given_up") == "1", actor=acting()
    )
    return _tasks(found)


@blueprint.post("/fetch-and-lock")
def fetch_and_lock() -> Answer:
    """``{"topics": […], "worker", "count", "lock_seconds"}`` → ``{"tasks": […]}``."""
    sent = given("topics", "worker", "count", "lock_seconds")
    topics = sent.get("topics")
    if not isinstance(topics, list) or not all(isinstance(topic, str) for topic in topics):
        raise wrong("topics")
    found = engine().handle(
        FetchAndLock(
            topics=topics,
            worker=text(sent, "worker"),
            count=whole(sent, "count", 10),
            lock_seconds=number(sent, "lock_seconds", 300),
            actor=acting(),
        )
    )
    return _tasks(found)


@blueprint.post("/<task>/complete")
def complete(task: str) -> Answer:
    """``{"worker", "values": {…}, "files": {variable: {"name", "content": base64}}}``."""
    sent = given("worker", "values", "files")
    files = {variable: _file(variable, item) for variable, item in mapping(sent, "files").items()}
    return _stands(
        engine().handle(
            CompleteExternal(
                task=task,
                worker=text(sent, "worker"),
                values=mapping(sent, "values"),
                files=files,
                actor=acting(),
            )
        )
    )


@blueprint.post("/<task>/fail")
def fail(task: str) -> Answer:
    """``{"worker", "message", "details", "retries", "retry_after"}``."""
    sent = given("worker", "message", "details", "retries", "retry_after")
    return _stands(
        engine().handle(
            FailExternal(
                task=task,
                worker=text(sent, "worker"),
                message=text(sent, "message"),
                details=text(sent, "details", ""),
                retries=whole(sent, "retries", None),
                retry_after=number(sent, "retry_after", None),
                actor=acting(),
            )
        )
    )


@blueprint.post("/<task>/error")
def error(task: str) -> Answer:
    """``{"worker", "code", "message", "values": {…}}``."""
    sent = given("worker", "code", "message", "values")
    return _stands(
        engine().handle(
            FaultExternal(
                task=task,
                worker=text(sent, "worker"),
                code=text(sent, "code"),
                message=text(sent, "message", ""),
                values=mapping(sent, "values"),
                actor=acting(),
            )
        )
    )


@blueprint.post("/<task>/extend")
def extend(task: str) -> Answer:
    """``{"worker", "seconds"}``."""
    sent = given("worker", "seconds")
    asked = ExtendLock(
        task=task,
        worker=text(sent, "worker"),
        seconds=number(sent, "seconds", 300),
        actor=acting(),
    )
    return _tasks([engine().handle(asked)])


@blueprint.post("/<task>/unlock")
def unlock(task: str) -> Answer:
    """``{"worker"}``."""
    sent = given("worker")
    asked = UnlockExternal(task=task, worker=text(sent, "worker"), actor=acting())
    return _tasks([engine().handle(asked)])


def _tasks(found: list[ExternalTask]) -> Answer:
    return {"tasks": [task.as_json() for task in found]}


def _stands(outcome: Outcome) -> Answer:
    """Where the case stands. A worker is told no more of its tasks than that they are there."""
    return {"case": outcome.case, "status": outcome.status}


def _file(variable: str, item: object) -> tuple[str, bytes]:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not isinstance(item.get("content"), str):
        raise wrong(f"files.{variable}"[:80])
    try:
        return item["name"], base64.b64decode(item["content"], validate=True)
    except (binascii.Error, ValueError):
        raise wrong(f"files.{variable}.content"[:80]) from None
