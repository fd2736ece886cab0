"""A case in the middle of being changed: what was read, the steps taken, and the one place that writes it back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine import bpmn
from engine.errors import Bilingual, CaseClosed, CaseSuspended, DiagramFailed
from engine.events import REPAIRS, Chain, canonical, claims, digest
from engine.handlers.attempts import Attempt, PersonKey, about, is_possible
from engine.handlers.kept import Kept
from engine.handlers.ledger_facts import facts_of, title_of
from engine.handlers.work import Work
from engine.records import ExternalTask, Incident, Outcome, Task, Wait
from engine.rules import clocks
from engine.rules.access import MACHINES, is_candidate
from engine.rules.standing import OpenIncident, told
from engine.storage.cases import CaseRow
from engine.versions import Loaded, as_external, as_task, as_wait

#: Cases that move, and those that have not ended: a suspended one stands still, but it can be repaired.
OPEN = ("open", "stuck")
ALIVE = (*OPEN, "suspended")

#: Topic of a signal in the outbox that is made out for one case.
RECEIVED_TOPIC = "signal_received"
#: Topic of a message in the outbox that is meant for another case or opens one (its name is that of release 0.1), and
#: all topics the engine passes on by itself.
PASSED_TOPIC = "start_by_message"
INTERNAL_TOPICS = ("signal", RECEIVED_TOPIC, PASSED_TOPIC)


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
        self._status_before = case.status
        self._new = new
        self._sends: list[bpmn.Send] = []
        self._attached: set[str] = set()
        self._known_parties: frozenset[tuple[str, str]] = frozenset()
        #: What waits outside after the steps taken; None where no step was taken, or nothing ever waits outside.
        self._externals: list[ExternalTask] | None = None
        #: Personal values put away in this transaction: gone again if it is rolled back.
        self.put_away: dict[PersonKey, Any] = {}
        self._completed: tuple[tuple[int, str], Loaded] | None = None
        self._raised: list[Incident] = []
        self._settled: dict[int, str] = {}

    @classmethod
    def of(cls, work: Work, number: str, must_be_open: bool = True) -> CaseChange:
        """The stored case. Raises ``NotFound``, and ``CaseClosed`` if it has ended but must not have."""
        kept = work.kept.get(number)
        read = work.store.cases.load_with_tasks(number, kept.case.revision if kept is not None else -1)
        if read is None:
            assert kept is not None, "only a revision that was named can be the one that is there"
            change = cls(work, kept.case, list(kept.tasks), list(kept.waits), new=False)
            change._known_parties = kept.parties
        else:
            case, tasks = read
            change = cls(work, case, tasks, [], new=False)
            if case.status in ALIVE:
                _, waits = bpmn.open_items(change.loaded.definition, case.snapshot, work.now)
                change.waits = change._waits_before = [as_wait(number, wait) for wait in waits]
        if must_be_open and change.case.status not in ALIVE:
            raise CaseClosed(case=number)
        return change

    @classmethod
    def of_new(cls, work: Work, case: CaseRow) -> CaseChange:
        """A case that is not stored yet."""
        return cls(work, case, [], [], new=True)

    @property
    def loaded(self) -> Loaded:
        """The version the case is pinned to, with those it calls that are not part of it."""
        loaded = self.work.version(self.case.version_id)
        if not loaded.definition.calls_newest:
            return loaded
        if self._completed is None or self._completed[0] != (self.case.version_id, self.case.snapshot):
            made = self.work.version_at(self.case.version_id, self.case.snapshot)
            self._completed = (self.case.version_id, self.case.snapshot), made
        return self._completed[1]

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

    def step(
        self, kind: str, data: Mapping[str, Any], action: bpmn.Action, element: str = "", by: str | None = None
    ) -> bool:
        """Moves the diagram and notes the command with all that followed from it, on behalf of ``by`` if that is not
        the actor. False, and nothing is noted, if timers were to fire and none did. Raises ``DiagramFailed``, with what
        was attempted, and then nothing may be saved; ``CaseSuspended`` for anything but repairs."""
        if self.case.status == "suspended" and kind not in REPAIRS:
            raise CaseSuspended(case=self.case.number)
        login = by if by is not None else self.work.actor.login
        definition, before, skips = self.loaded.definition, self.case.snapshot or None, bpmn.skips_of(data)
        try:
            step = bpmn.step(definition, before, _as_logged(action), self.work.now, skips)
            if kind == "timers_fired" and not step.facts:
                return False
            self._take(kind, data, element, step, login)
        except DiagramFailed as error:
            error.attempt = Attempt(kind, element, data, login, self.put_away)
            raise
        except (ValueError, TypeError) as error:
            # An expression made something that no JSON text can hold, such as half a character.
            failed = DiagramFailed(
                element=element,
                reason=Bilingual(zh=f"结果无法保存：{error}", en=f"the result cannot be stored: {error}"),
            )
            failed.attempt = Attempt(kind, element, data, login, self.put_away)
            raise failed from error
        return True

    def migrate(self, target: Loaded, mapping: Mapping[str, str], data: Mapping[str, Any]) -> None:
        """Takes the case over to another version of its procedure. Raises ``MigrationRefused``."""
        step, _ = bpmn.migrate(self.loaded.definition, self.case.snapshot, target.definition, mapping, self.work.now)
        version = target.version
        waited_outside = self.loaded.definition.works_outside
        self.case = replace(self.case, version_id=version.id, version=version.number, sha256=version.sha256)
        self._take("case_migrated", data, "", step, self.work.actor.login)
        if waited_outside and self._externals is None:
            self._externals = []
        # Labels, roles and forms are those of the new version, also where the task itself stayed.
        self.tasks = [replace(task, version=version.number) for task in self.tasks]

    def suspend(self, data: Mapping[str, Any]) -> None:
        """The case stands still until it is resumed."""
        self.note("case_suspended", data)
        self.case = replace(self.case, status="suspended")

    def resume(self, data: Mapping[str, Any]) -> None:
        """The case goes on where it stood."""
        self.note("case_resumed", data)
        self.case = replace(self.case, status="stuck" if self.case.incidents else "open")

    def raise_incident(self, incident: Incident, data: Mapping[str, Any]) -> None:
        """Notes that a person is needed; the number of the log entry becomes the incident's."""
        login = self.work.actor.login
        self.chain.add(self.work.at, login, "incident_raised", incident.element, data)
        raised = replace(incident, seq=self.chain.seq, at=self.work.at)
        self._raised.append(raised)
        status = self.case.status if self.case.status == "suspended" else "stuck"
        self.case = replace(self.case, status=status, incidents=(*self.case.incidents, raised))

    def settle(self, seq: int, how: str, reason: str = "") -> None:
        """Closes an incident of the case: retried, skipped or gone."""
        told = {"reason": reason} if reason else {}
        data = {"incident": seq, "how": how, **told}
        self.chain.add(self.work.at, self.work.actor.login, "incident_resolved", "", data)
        self._settled[seq] = how
        left = tuple(incident for incident in self.case.incidents if incident.seq != seq)
        self.case = replace(self.case, incidents=left)

    def let_go_on(self) -> None:
        """The case is stuck only as long as an incident is open."""
        if self.case.status == "stuck" and not self.case.incidents:
            self.case = replace(self.case, status="open")

    def claim(self, task: Task, login: str | None) -> None:
        """Notes who took an open task, or, with None, that it is back in the pool."""
        at = self.work.at if login is not None else None
        self.work.store.open_items.claim(task.id, login, at)
        self.tasks = [
            replace(item, claimed_by=login, claimed_at=at) if item.id == task.id else item for item in self.tasks
        ]

    def cancel(self) -> None:
        """Ends the case here: nothing waits any more."""
        self._settled.update((incident.seq, "gone") for incident in self.case.incidents)
        self.case = replace(self.case, status="cancelled", ended_at=self.work.at, incidents=())
        self.tasks, self.waits = [], []
        if self.loaded.definition.works_outside:
            self._externals = []

    def send(self, send: bpmn.Send) -> None:
        """Puts something into the outbox."""
        self._sends.append(send)

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
        with store.together():
            if not self._new:
                store.cases.change(self.case, base)
            store.cases.append(self.chain.added)
            store.open_items.replace_tasks(self._tasks_before, self.tasks)
            store.open_items.replace_waits(self._waits_before, self.waits)
        store.cases.confirm(self.case.number)
        if self._status_before != self.case.status:
            self._let_timers()
        if self._externals is not None:
            store.externals.replace(self.case.number, self._externals)
        parties = self._parties()
        store.cases.add_parties(self.case.number, parties - self._known_parties)
        self.work.saved.append(Kept(self.case, tuple(self.tasks), tuple(self.waits), self._known_parties | parties))
        store.cases.add_sends(self.case.number, self.work.at, [self._outgoing(send) for send in self._sends])
        store.deadlines.follow(self.case.number, bpmn.has_clocks(self.case.snapshot), self.chain.added)
        store.attachments.belong(self._attached, self.case.number, self.work.actor.login)
        store.incidents.add(self.case.number, self._raised)
        store.incidents.end(self.case.number, self._settled, self.work.at, self.work.actor.login)
        return self.outcome()

    def _let_timers(self) -> None:
        """The worker leaves the timers of a case alone while it stands still, and tries them again once it goes on."""
        if self.waits and self.case.status not in OPEN:
            self.work.store.open_items.hold_timers(self.case.number)
        elif self.waits and self._status_before != "open" and self.case.status in OPEN:
            self.work.store.open_items.resume_timers(self.case.number)

    def rebuild_indexes(self) -> None:
        """Writes the case's open tasks and waits anew from its snapshot and log. The case itself stays as it is."""
        store, number = self.work.store, self.case.number
        self.tasks, self.waits = [], []
        if self.case.status in ALIVE:
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
        _, waiting = told(store.cases.entries(number))
        store.incidents.rebuild(number, [self._as_told(item) for item in waiting])
        store.deadlines.rebuild(number, clocks.fold(number, store.cases.entries(number)))
        if self.loaded.definition.works_outside:
            store.externals.rebuild(number, self._externals_of_snapshot())

    def _as_told(self, told: OpenIncident) -> Incident:
        """An incident of which nothing is left but what the log tells."""
        return Incident(
            told.seq,
            told.at,
            told.element,
            told.zh,
            told.en,
            told.command,
            actor=told.actor,
            reason=told.reason,
            process=self.loaded.definition.process_of(told.element),
            asked=told.asked,
        )

    def _externals_of_snapshot(self) -> list[ExternalTask]:
        if self.case.status not in ALIVE:
            return []
        number, started = self.case.number, self.case.started_at
        entries = self.work.store.cases.entries(number)
        opened = {entry.data.get("token"): entry.at for entry in entries if entry.kind == "external_opened"}
        drawn = bpmn.open_externals(self.loaded.definition, self.case.snapshot, self.work.now)
        return [as_external(number, item, opened.get(item.token, started)) for item in drawn]

    @property
    def externals(self) -> list[ExternalTask]:
        """What waits outside, as the steps taken left it."""
        return self._externals or []

    def outcome(self) -> Outcome:
        """The case as it stands."""
        status = self.case.status
        tasks = (task if task.case_status == status else replace(task, case_status=status) for task in self.tasks)
        return Outcome(self.case.number, status, tuple(tasks))

    def _take(self, kind: str, data: Mapping[str, Any], element: str, step: bpmn.Step, login: str) -> None:
        at = self.work.at
        if self.case.incidents:
            self._settle_by(kind, data, step)
        counted = {"calendar": self.work.calendar} if self.work.calendar else {}
        called = {"called": dict(step.called)} if step.called else {}
        self.chain.add(at, login, kind, element, {**data, **counted, **called, "snapshot": digest(step.snapshot)})
        for fact in step.facts:
            self.chain.add(at, login, fact.kind, fact.element, fact.data)
        if step.finished:
            self.chain.add(at, login, "case_closed")
        status = "suspended" if self.case.status == "suspended" else "stuck" if self.case.incidents else "open"
        self.case = replace(
            self.case,
            status="closed" if step.finished else status,
            snapshot=step.snapshot,
            values=dict(step.values),
            title=title_of(step.values, self.loaded.definition.name),
            facts=facts_of(step.values, self.case.facts, self._began(step.facts)),
            ended_at=at if step.finished else None,
        )
        if step.starved and not any(incident.element == step.starved[0] for incident in self.case.incidents):
            self._starve(kind, step.starved[0])
        known = {task.token: task for task in self.tasks}
        self.tasks = [self._task(task, known.get(task.token)) for task in step.tasks]
        self.waits = [as_wait(self.case.number, wait) for wait in step.waits]
        if self.loaded.definition.works_outside:
            self._externals = [as_external(self.case.number, item, at) for item in step.externals]
        self._sends.extend(step.sends)

    def _settle_by(self, kind: str, data: Mapping[str, Any], step: bpmn.Step) -> None:
        """Closes the incidents that a step has settled: what failed was carried out, or has no place any more. What
        can still be carried out goes on waiting for a person."""
        for incident in self.case.incidents:
            if not incident.about and incident.element in step.starved:
                continue
            if incident.about == about(kind, data) or (not incident.about and kind not in REPAIRS):
                self.settle(incident.seq, "skipped" if data.get("skips") else "retried")
            elif step.finished or not is_possible(
                incident.about, step.tasks, step.waits, step.externals, self.work.now
            ):
                self.settle(incident.seq, "gone")

    def _starve(self, kind: str, element: str) -> None:
        """Notes that the step left the case waiting for nobody, at a join that others can no longer reach."""
        zh = "这里等待的其他分支已经不可能到达，流程无法继续。请检查分支与汇合是否成对。"
        en = "The other branches this waits for can no longer come. Check that splits and joins match."
        incident = Incident(0, self.work.at, element, zh, en, kind, actor=self.work.actor.login, reason="Starved")
        self.raise_incident(incident, {"reason": "Starved", "zh": zh, "en": en, "command": kind})

    def _began(self, facts: Iterable[bpmn.Fact]) -> list[bpmn.ElementInfo]:
        definition = self.loaded.definition
        began = [(fact.data["process"], fact.element) for fact in facts if fact.kind == "element_began"]
        return [info for place in began if (info := definition.element(*place)) is not None]

    def _task(self, drawn: bpmn.OpenTask, known: Task | None) -> Task:
        case = self.case
        more: dict[str, Any] = {
            "case_title": case.title,
            "case_status": case.status,
            "procedure": case.procedure,
            "version": case.version,
            "facts": case.facts,
        }
        if known is not None:
            more.update(claimed_by=known.claimed_by, claimed_at=known.claimed_at)
            if drawn.lane:
                more["roles"] = known.roles
        elif drawn.lane and (role := self.work.lane_role(drawn.lane)) is not None:
            more["roles"] = (role,)
        return as_task(case.number, drawn, known.opened_at if known else self.work.at, **more)

    def _outgoing(self, send: bpmn.Send) -> tuple[str, str, Mapping[str, Any]]:
        """A send for the outbox. Signals, and messages that a case waits for or a procedure starts with, the engine
        passes on itself."""
        topic = send.topic
        if topic == "message" and self._meant_for_us(str(send.values.get("name")), send.values.get("key")):
            topic = PASSED_TOPIC
        if topic in INTERNAL_TOPICS:
            self.work.passing_on.append(topic)
            return send.element, topic, {**send.values, "handed_on": self.work.handed_on + 1}
        return send.element, topic, send.values

    def _meant_for_us(self, name: str, key: str | None) -> bool:
        """Whether another case waits for that message, or a procedure starts with it."""
        store = self.work.store
        if key is not None and store.open_items.cases_waiting(name, key, self.case.number):
            return True
        return bool(store.versions.starting_with("messages", name))

    def _parties(self) -> set[tuple[str, str]]:
        parties = {("unit", task.unit) for task in self.tasks if task.unit}
        actor = self.work.actor
        if actor.login not in MACHINES and (
            actor.trusted
            or self._new
            or (self.case.status == "cancelled" and self._status_before != "cancelled")
            or any(is_candidate(actor, task) for task in self._tasks_before)
        ):
            # Whoever oversees or repairs a case does not come to know its caller by that.
            parties.add(("user", actor.login))
        return parties


def _as_logged(action: bpmn.Action) -> bpmn.Action:
    """The action with its values in the key order of the log, so that a re-run makes the same snapshot."""
    if isinstance(action, bpmn.Fire) or not action.values:
        return action
    return replace(action, values=json.loads(canonical(dict(action.values))))
