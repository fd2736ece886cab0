"""Comparing the index tables, open tasks and waits, with what the snapshot says."""

from __future__ import annotations

import json
from typing import Any

from engine import bpmn
from engine.clock import from_text
from engine.errors import Mismatch
from engine.events import LogEntry, canonical, claims
from engine.records import Task
from engine.rules import clocks
from engine.rules.standing import told
from engine.storage.deadlines import columns
from engine.storage.evidence import Evidence, Row
from engine.storage.open_items import candidates
from engine.versions import as_external, as_task, as_wait


def compare_indexes(evidence: Evidence, definition: bpmn.Definition, entries: list[LogEntry]) -> list[Mismatch]:
    """Every task and wait that is in the tables but not in the snapshot, or the other way round, or differs."""
    case = evidence.case
    if case is None:
        return []
    tasks: tuple[bpmn.OpenTask, ...] = ()
    waits: tuple[bpmn.Wait, ...] = ()
    if case["status"] in ("open", "stuck", "suspended"):
        tasks, waits = bpmn.open_items(definition, case["snapshot"], from_text(entries[-1].at))
    found = _tasks(evidence, tasks, {task: entry.actor for task, entry in claims(entries).items()})
    expected = {
        (wait.token, wait.kind, wait.element, wait.process, wait.name, wait.due, wait.key)
        for wait in (as_wait(evidence.number, item) for item in waits)
    }
    stored = {
        (row["token"], row["kind"], row["element"], row["process"], row["name"], row["due"], row["key"])
        for row in evidence.waits
    }
    for item in sorted(expected ^ stored, key=str):
        found.append(_mismatch(evidence, f"等待“{item[2]}”", f"the wait at “{item[2]}”"))
    found += _incidents(evidence, entries)
    return found + _externals(evidence, definition, entries) + _deadlines(evidence, entries)


def _incidents(evidence: Evidence, entries: list[LogEntry]) -> list[Mismatch]:
    """What can be carried out again is what the log says was asked. Release 0.1 kept nothing of the kind."""
    _, waiting = told(entries)
    wanted = {item.seq: canonical(dict(item.asked)) for item in waiting if item.asked is not None}
    stored = {row["seq"]: row["command"] for row in evidence.incidents if row["status"] == "open" and row["command"]}
    return [
        _mismatch(evidence, f"异常 {seq}", f"incident {seq}")
        for seq in sorted({*wanted, *stored})
        if wanted.get(seq) != stored.get(seq)
    ]


def _deadlines(evidence: Evidence, entries: list[LogEntry]) -> list[Mismatch]:
    """Clocks: what the log tells of them."""
    told = {clock.key: columns(clock) for clock in clocks.fold(evidence.number, entries)}
    stored = {str(row["key"]): dict(row) for row in evidence.deadlines}
    return [
        _mismatch(evidence, f"时限 {key}", f"deadline {key}")
        for key in sorted({*told, *stored})
        if told.get(key) != stored.get(key)
    ]


def _externals(evidence: Evidence, definition: bpmn.Definition, entries: list[LogEntry]) -> list[Mismatch]:
    """Work outside: what the diagram says of it. Who has it, and how often it failed, no log tells."""
    case = evidence.case
    drawn: tuple[bpmn.External, ...] = ()
    if case is not None and case["status"] in ("open", "stuck", "suspended"):
        drawn = bpmn.open_externals(definition, case["snapshot"], from_text(entries[-1].at))
    tasks = [as_external(evidence.number, item, "") for item in drawn]
    expected = {
        (task.id, task.token, task.process, task.element, task.topic, canonical(dict(task.values)), -task.priority)
        for task in tasks
    }
    columns = ("id", "token", "process", "element", "topic", "content", "rank")
    stored = {tuple(row[column] for column in columns) for row in evidence.externals}
    wrong = sorted({str(item[0]) for item in expected ^ stored})
    return [_mismatch(evidence, f"外部任务 {key}", f"the external task {key}") for key in wrong]


def _tasks(evidence: Evidence, tasks: tuple[bpmn.OpenTask, ...], holders: dict[str, str]) -> list[Mismatch]:
    found = []
    rows = {row["id"]: row for row in evidence.tasks}
    for drawn in tasks:
        task = as_task(evidence.number, drawn, "")
        row = rows.pop(task.id, None)
        if row is None or _stored(row, drawn) != _drawn(task, drawn) or row["claimed_by"] != holders.get(task.id):
            found.append(_mismatch(evidence, f"待办 {task.id}", f"task {task.id}"))
            continue
        kept = {(item["kind"], item["value"]) for item in evidence.candidates if item["task"] == task.id}
        wanted = Task(
            task.id, task.case, task.token, "", "", "", tuple(json.loads(row["roles"])), task.users, task.assignee
        )
        if kept != set(candidates(wanted)):
            found.append(_mismatch(evidence, f"待办 {task.id} 的办理人", f"who may do task {task.id}"))
    found += [_mismatch(evidence, f"待办 {key}", f"task {key}") for key in rows]
    return found


def _drawn(task: Task, drawn: bpmn.OpenTask) -> tuple[Any, ...]:
    # A lane means a role by its label; labels may have changed since, so those roles are not compared.
    roles = None if drawn.lane else list(task.roles)
    return (
        task.token, task.element, task.name, task.process, roles, list(task.users), task.assignee, task.unit, task.form,
        task.due, task.follow_up, task.priority,
    )  # fmt: skip


def _stored(row: Row, drawn: bpmn.OpenTask) -> tuple[Any, ...]:
    roles = None if drawn.lane else json.loads(row["roles"])
    return (
        row["token"], row["element"], row["name"], row["process"], roles, json.loads(row["users"]), row["assignee"],
        row["unit"], row["form"], row["due"], row["follow_up"], row["priority"],
    )  # fmt: skip


def _mismatch(evidence: Evidence, zh: str, en: str) -> Mismatch:
    return Mismatch(
        evidence.number, 0, "index_differs", f"{zh}与快照不符。", f"The index differs from the snapshot: {en}."
    )
