"""A case in the middle of being changed: what was read, the steps taken, and the one place that writes it back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine import bpmn
from engine.errors import Bilingual, CaseClosed, DiagramFailed
from engine.events import Chain, canonical, claims, digest
from engine.handlers.ledger_facts import facts_of, title_of
from engine.handlers.work import Work
from engine.records import Incident, Outcome, Task, Wait
from engine.rules.access import MACHINES
from engine.storage.cases import CaseRow
from engine.versions import Loaded, as_task, as_wait

OPEN = ("open", "stuck")

#: Topic of a message in the outbox that opens a case, and all topics the engine passes on by itself.
START_TOPIC = "start_by_message"
INTERNAL_TOPICS = ("signal", START_TOPIC)


class CaseChange:
    """One case in one transaction. Steps are taken in memory; ``save`` writes everything, with a number of
    statements that depends on neither the case's past nor how much it waits for."""

    def __init__(self, work: Work, case: CaseRow, tasks: list[Task], waits: list[Wait], new: bool) -> None:
        self.work = work
        self.case = case
        self.tasks = tasks
        self.waits = waits
        self.chain = Chain(case.number, case.log_seq, case.log_hash)
        self._tasks_before = tasks
        self._waits_before = waits
        self._new = new
        self._sends: list[bpmn.Send] = []
        self._attached: set[str] = set()

    @classmethod
    def of(cls, work: Work, number: str, must_be_open: bool = True) -> CaseChange:
        """The stored case. Raises ``NotFound``, and ``CaseClosed`` if it has ended but must not have."""
        case = work.store.cases.load(number)
        if must_be_open and case.status not in OPEN:
            raise CaseClosed(case=number)
        return cls(work, case, work.store.open_items.tasks(number), work.store.open_items.waits(number), new=False)

    @classmethod
    def of_new(cls, work: Work, case: CaseRow) -> CaseChange:
        """A case that is not stored yet."""
        return cls(work, case, [], [], new=True)

    @property
    def loaded(self) -> Loaded:
        """The version the case is pinned to."""
        return self.work.version(self.case.version_id)

    def visible_values(self, token: int) -> Mapping[str, Any]:
        """What an open task can see."""
        known = next((task for task in self.tasks if task.token == token), None)
        if known is not None and known.values:
            return known.values
        tasks, _ = bpmn.open_items(self.loaded.definition, self.case.snapshot, self.work.now)
        return next((task.values for task in tasks if task.token == token), self.case.values)

    def note(self, kind: str, data: Mapping[str, Any] | None = None, element: str = "") -> None:
        """Adds a command entry that does not move the diagram."""
        self.chain.add(self.work.at, self.work.actor.login, kind, element, data)

    def step(self, kind: str, data: Mapping[str, Any], action: bpmn.Action, element: str = "") -> bool:
        """Moves the diagram and notes the command with all that followed from it. False, and nothing is noted, if
        timers were to fire and none did. Raises ``DiagramFailed``; then nothing may be saved."""
        step = bpmn.step(self.loaded.definition, self.case.snapshot or None, _as_logged(action), self.work.now)
        if kind == "timers_fired" and not step.facts:
            return False
        try:
            self._take(kind, data, element, step)
        except (ValueError, TypeError) as error:
            # An expression made something that no JSON text can hold, such as half a character.
            raise DiagramFailed(
                element=element,
                reason=Bilingual(zh=f"结果无法保存：{error}", en=f"the result cannot be stored: {error}"),
            ) from error
        return True

    def claim(self, task: Task, login: str | None) -> None:
        """Notes who took an open task, or, with None, that it is back in the pool."""
        at = self.work.at if login is not None else None
        self.work.store.open_items.claim(task.id, login, at)
        self.tasks = [
            replace(item, claimed_by=login, claimed_at=at) if item.id == task.id else item for item in self.tasks
        ]

    def cancel(self) -> None:
        """Ends the case here: nothing waits any more."""
        self.case = replace(self.case, status="cancelled", ended_at=self.work.at, incidents=())
        self.tasks, self.waits = [], []

    def attach(self, values: Any) -> None:
        """Files named in values belong to the case from now on."""
        if isinstance(values, Mapping):
            key = values.get("attachment")
            if isinstance(key, str) and {"name", "size", "sha256"} <= set(values):
                self._attached.add(key)
            self.attach(list(values.values()))
        elif isinstance(values, list):
            for item in values:
                self.attach(item)

    def save(self) -> Outcome:
        """Writes the case, its log and its indexes. Raises ``StaleCase`` if somebody else wrote it in between."""
        base = self.case.revision
        self.case = replace(self.case, revision=base + 1, log_seq=self.chain.seq, log_hash=self.chain.hash)
        store = self.work.store
        if self._new:
            store.cases.add(self.case)
        else:
            store.cases.change(self.case, base)
        store.cases.append(self.chain.added)
        store.open_items.replace_tasks(self._tasks_before, self.tasks)
        store.open_items.replace_waits(self._waits_before, self.waits)
        store.cases.add_parties(self.case.number, self._parties())
        store.cases.add_sends(self.case.number, self.work.at, [self._outgoing(send) for send in self._sends])
        store.attachments.belong(self._attached, self.case.number, self.work.actor.login)
        return self.outcome()

    def rebuild_indexes(self) -> None:
        """Writes the case's open tasks and waits anew from its snapshot and log. The case itself stays as it is."""
        store, number = self.work.store, self.case.number
        self.tasks, self.waits = [], []
        if self.case.status in OPEN:
            entries = store.cases.entries(number)
            opened = {entry.data.get("token"): entry.at for entry in entries if entry.kind == "task_opened"}
            held = claims(entries)
            tasks, waits = bpmn.open_items(self.loaded.definition, self.case.snapshot, self.work.now)
            for drawn in tasks:
                task = self._task(drawn, None)
                claim = held.get(task.id)
                self.tasks.append(
                    replace(
                        task,
                        opened_at=opened.get(drawn.token, self.case.started_at),
                        claimed_by=claim.actor if claim is not None else None,
                        claimed_at=claim.at if claim is not None else None,
                    )
                )
            self.waits = [as_wait(number, wait) for wait in waits]
        store.open_items.rebuild(number, self.tasks, self.waits)

    def outcome(self) -> Outcome:
        """The case as it stands."""
        return Outcome(self.case.number, self.case.status, tuple(self.tasks))

    def _take(self, kind: str, data: Mapping[str, Any], element: str, step: bpmn.Step) -> None:
        at, login = self.work.at, self.work.actor.login
        if self.case.status == "stuck":
            self.chain.add(at, login, "incident_resolved")
        self.chain.add(at, login, kind, element, {**data, "snapshot": digest(step.snapshot)})
        for fact in step.facts:
            self.chain.add(at, login, fact.kind, fact.element, fact.data)
        if step.finished:
            self.chain.add(at, login, "case_closed")
        incidents = (self._starved(kind, step.starved[0]),) if step.starved else ()
        self.case = replace(
            self.case,
            status="closed" if step.finished else "stuck" if incidents else "open",
            snapshot=step.snapshot,
            values=dict(step.values),
            title=title_of(step.values, self.loaded.definition.name),
            facts=facts_of(step.values, self.case.facts, self._began(step.facts)),
            incidents=incidents,
            ended_at=at if step.finished else None,
        )
        known = {task.token: task for task in self.tasks}
        self.tasks = [self._task(task, known.get(task.token)) for task in step.tasks]
        self.waits = [as_wait(self.case.number, wait) for wait in step.waits]
        self._sends.extend(step.sends)

    def _starved(self, kind: str, element: str) -> Incident:
        """Notes that the step left the case waiting for nobody, at a join that others can no longer reach."""
        zh = "这里等待的其他分支已经不可能到达，流程无法继续。请检查分支与汇合是否成对。"
        en = "The other branches this waits for can no longer come. Check that splits and joins match."
        data = {"reason": "Starved", "zh": zh, "en": en, "command": kind}
        self.chain.add(self.work.at, self.work.actor.login, "incident_raised", element, data)
        return Incident(self.chain.seq, self.work.at, element, zh, en, kind)

    def _began(self, facts: Iterable[bpmn.Fact]) -> list[bpmn.ElementInfo]:
        definition = self.loaded.definition
        began = [(fact.data["process"], fact.element) for fact in facts if fact.kind == "element_began"]
        return [info for place in began if (info := definition.element(*place)) is not None]

    def _task(self, drawn: bpmn.OpenTask, known: Task | None) -> Task:
        task = as_task(self.case.number, drawn, known.opened_at if known else self.work.at)
        case = self.case
        task = replace(
            task, case_title=case.title, procedure=case.procedure, version=case.version, facts=dict(case.facts)
        )
        if known is not None:
            roles = known.roles if drawn.lane else task.roles
            return replace(task, roles=roles, claimed_by=known.claimed_by, claimed_at=known.claimed_at)
        role = self.work.lane_role(drawn.lane) if drawn.lane else None
        return replace(task, roles=(role,)) if role is not None else task

    def _outgoing(self, send: bpmn.Send) -> tuple[str, str, Mapping[str, Any]]:
        """A send for the outbox. Signals, and messages that a procedure starts with, the engine passes on itself."""
        topic = send.topic
        if topic == "message" and self.work.store.versions.starting_with("messages", str(send.values.get("name"))):
            topic = START_TOPIC
        if topic in INTERNAL_TOPICS:
            self.work.passing_on.append(topic)
            return send.element, topic, {**send.values, "handed_on": self.work.handed_on + 1}
        return send.element, topic, send.values

    def _parties(self) -> set[tuple[str, str]]:
        parties = {("unit", task.unit) for task in self.tasks if task.unit}
        if self.work.actor.login not in MACHINES:
            parties.add(("user", self.work.actor.login))
        return parties


def _as_logged(action: bpmn.Action) -> bpmn.Action:
    """The action with its values in the key order of the log, so that a re-run makes the same snapshot."""
    if isinstance(action, bpmn.Fire):
        return action
    return replace(action, values=json.loads(canonical(dict(action.values))))
