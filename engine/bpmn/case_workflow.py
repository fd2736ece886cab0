"""A case in memory: SpiffWorkflow's workflow with tokens that are counted, not a tree that remembers.

SpiffWorkflow keeps every task ever run in a tree and decides joins by searching it, which is wrong in loops and grows
with a case's past. Here a spiff task *is* a token: it is made when a token arrives at an element, removed when the
token leaves, and everything a join or a boundary event must know stands with the token. What is past is in the log.
"""

from __future__ import annotations

import json
from collections import ChainMap, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from copy import deepcopy
from datetime import datetime
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.step import Fact, Send, Skip
from engine.bpmn.token import Token
from engine.errors import Bilingual, DiagramFailed, ExpressionFailed, NoPathTaken, TooManySteps
from engine.rules import expressions

if TYPE_CHECKING:
    from engine.bpmn.element import Element
    from engine.bpmn.specs import Specs

#: More automatic elements than this in one step is a loop that waits for nobody.
MAX_ELEMENTS = 30_000
#: More tokens than this in one process or subprocess are a fork that loops back to itself.
MAX_TOKENS = 5_000
#: More tokens than this in all of a case are instances of instances: nobody could work on them, no machine hold them.
MAX_ALIVE = 20_000
#: Call activities nested deeper than this are a process that calls itself.
MAX_DEPTH = 50
#: Values written in one step, as JSON text: a loop that doubles a text must not eat the machine.
MAX_WRITTEN = 5_000_000


class ScopeWorkflow(BpmnSubWorkflow):
    """A subprocess, event subprocess or called process that is under way.

    ``own_data``: a called process has variables of its own; an embedded subprocess shares those around it.
    ``written``: the names a called process has set, so that only these come back. ``completed``: what was completed in
    it and can be undone, see ``compensation``.
    """

    own_data = False
    written: list[str]
    completed: list[dict[str, Any]]


class CaseWorkflow(BpmnWorkflow):
    """All tokens of one case during one step, with what they do recorded as facts."""

    own_data = True

    def __init__(self, specs: Specs, process: str, now: datetime) -> None:
        super().__init__(specs.scopes[process], subprocess_specs=specs.scopes, deserializing=True)
        self.specs = specs
        self.process = process
        self.now = now
        self.next_token = 1
        #: Tokens in all scopes.
        self.alive = 0
        self.facts: list[Fact] = []
        self.sends: list[Send] = []
        self.written: list[str] = []
        self.completed: list[dict[str, Any]] = []
        #: Variables whose moments stand still for the time being, sorted.
        self.held: list[str] = []
        #: Running clocks by key; the variables whose moments this step has worked out anew already, those it still
        #: has to, and those it let go on.
        self.clocks: dict[str, dict[str, Any]] = {}
        self.rearmed: set[str] = set()
        self.touched: set[str] = set()
        #: The variables of clocks that ended in this step.
        self.ended_clocks: set[str] = set()
        self.released: set[str] = set()
        #: The versions that were the newest of what this step called.
        self.called: dict[str, int] = {}
        self.skips: tuple[Skip, ...] = ()
        self._skipped: dict[Skip, int] = {}
        self.finished = False
        self._queue: deque[Task] = deque()
        self._elements_run = 0
        self._size_written = 0
        self.task_tree = Token(self, self.spec.start, state=TaskState.COMPLETED, id="root")

    # Tokens

    def tokens(self, workflow: Any | None = None) -> list[Task]:
        """The tokens of one scope, oldest first; of all scopes if none is named."""
        if workflow is not None:
            return [task for key, task in workflow.tasks.items() if isinstance(key, int)]
        every = [token for scope in (self, *self.subprocesses.values()) for token in self.tokens(scope)]
        return sorted(every, key=lambda token: token.id)

    def token(self, number: int) -> Task | None:
        """The token of that number, None if it is gone."""
        for scope in (self, *self.subprocesses.values()):
            if number in scope.tasks:
                found: Task = scope.tasks[number]
                return found
        return None

    def make_token(self, workflow: Any, element: Element, state: int = TaskState.FUTURE, **internal: Any) -> Task:
        """A new token at an element, not yet acted upon. Raises ``TooManySteps`` in a scope that is full of them."""
        if len(workflow.tasks) > MAX_TOKENS:
            raise TooManySteps(element=element.bpmn_id, limit=MAX_TOKENS)
        if self.alive >= MAX_ALIVE:
            raise TooManySteps(element=element.bpmn_id, limit=MAX_ALIVE)
        token = Token(workflow, element, workflow.task_tree, state, id=self.next_token)
        self.next_token += 1
        self.alive += 1
        token.internal_data.update(internal)
        return token

    def arrive(self, workflow: Any, element: Element, **internal: Any) -> Task:
        """A token arrives: the element decides (in ``_update_hook``) whether it runs or waits for others."""
        token = self.make_token(workflow, element, **internal)
        element._update(token)
        return token

    def enqueue(self, token: Task) -> None:
        """The token is ready: run its element in its turn, oldest first."""
        self._queue.append(token)

    def follow(self, token: Task, flows: list[str]) -> None:
        """The token leaves its element along these flows."""
        workflow, element = token.workflow, token.task_spec
        self.discard(token)
        for flow in flows:
            self.arrive(workflow, element.target(flow), flow=flow)
        self.settle(workflow)

    def discard(self, token: Task) -> None:
        """Takes the token off the diagram."""
        if token.id in token.workflow.tasks:
            token.workflow._remove_task(token.id)
            self.alive -= 1

    def cancel_token(self, token: Task) -> None:
        """Withdraws a token and everything that runs below it (BPMN 2.0.2 §13.3.1: an interrupted activity stops)."""
        if token.id not in token.workflow.tasks:
            return
        began = token.has_state(TaskState.STARTED) and not is_listener(token)
        token.cancel()
        self.cancel_scope_of(token)
        for other in self.tokens(token.workflow):
            if token.id in (
                other.internal_data.get("attached"),
                other.internal_data.get("gateway"),
                (other.internal_data.get("instance") or {}).get("of"),
            ):
                self.cancel_token(other)
        if "undo" in token.internal_data:
            for other in self.tokens():
                if other.internal_data.get("undoes") == token.id:
                    self.cancel_token(other)
        if began:
            self.emit("element_cancelled", token)
        self.discard(token)

    def cancel_scope_of(self, token: Task) -> None:
        """Withdraws all tokens of the subprocess that runs at ``token``, if one does."""
        scope = self.subprocesses.get(token.id)
        if scope is not None:
            for inner in self.tokens(scope):
                self.cancel_token(inner)
            self.subprocesses.pop(token.id, None)

    def cancel_all(self, workflow: Any, keep: Task | None = None) -> None:
        """Withdraws every token of a scope except ``keep``."""
        for token in self.tokens(workflow):
            if token is not keep:
                self.cancel_token(token)

    # Scopes

    def open_scope(self, token: Task, name: str, own_data: bool) -> ScopeWorkflow:
        """Begins the subprocess ``name`` at ``token``; the caller puts the first token into it."""
        depth = 0
        workflow: Any = token.workflow
        while workflow is not self:
            depth += 1
            workflow = self.scope_token(workflow).workflow
        if depth >= MAX_DEPTH:
            raise DiagramFailed(
                element=token.task_spec.bpmn_id,
                reason=Bilingual(
                    zh=f"流程互相调用超过 {MAX_DEPTH} 层，请检查是否调用了自己。",
                    en=f"Processes call each other more than {MAX_DEPTH} deep; look for one that calls itself.",
                ),
            )
        scope = ScopeWorkflow(self.specs.scopes[name], token.id, self, deserializing=True)
        scope.own_data, scope.written, scope.completed = own_data, [], []
        scope.task_tree = Token(scope, scope.spec.start, state=TaskState.COMPLETED, id=f"root {token.id}")
        self.subprocesses[token.id] = scope
        return scope

    def scope_token(self, workflow: ScopeWorkflow) -> Task:
        """The token at which a scope runs."""
        token = self.token(workflow.parent_task_id)
        if token is None:
            raise KeyError(workflow.parent_task_id)
        return token

    def settle(self, workflow: Any) -> None:
        """Completes the scope if no token is left in it (BPMN 2.0.2 §13.1)."""
        if self.finished or (workflow is not self and self.subprocesses.get(workflow.parent_task_id) is not workflow):
            return
        # The first token found will do: asked for every element of a step, a list of all of them would be quadratic.
        if any(isinstance(key, int) and not is_listener(token) for key, token in workflow.tasks.items()):
            return
        self.cancel_all(workflow)
        if workflow is self:
            self.finished = True
            return
        host = self.scope_token(workflow)
        self.subprocesses.pop(host.id)
        host.task_spec.scope_finished(host, workflow, self)
        host.complete()

    # Variables

    def variables(self, token: Task) -> MutableMapping[str, Any]:
        """What an expression at this token can see: its own values first, then those of the scopes around it."""
        return ChainMap(*self._scopes_of(token))

    def _scopes_of(self, token: Task) -> Iterator[dict[str, Any]]:
        current: Task | None = token
        while current is not None:
            if current.internal_data.get("local"):
                yield current.internal_data["local"]
            instance = current.internal_data.get("instance")
            if instance is not None:
                loop = current.workflow.tasks.get(instance["of"])
                if loop is not None:
                    yield loop.task_spec.loop_variables(loop)
            workflow = current.workflow
            if workflow.own_data:
                yield workflow.data
                return
            current = self.scope_token(workflow)

    def assign(self, token: Task, values: Mapping[str, Any]) -> None:
        """Sets variables: where a scope on the way out already has the name, there; else in the process's own scope.
        Parallel branches share that scope, so the later writer wins, in the order of the log (ADR 0010)."""
        if not values:
            return
        before: dict[str, Any] = {}
        scopes = list(self._scopes_of(token))
        for name, value in values.items():
            target = next((scope for scope in scopes[:-1] if name in scope), scopes[-1])
            before[name] = target.get(name)
            target[name] = value
            if target is scopes[-1]:
                self._note_written(token, name)
        self._size_written += len(json.dumps(values, ensure_ascii=False))
        if self._size_written > MAX_WRITTEN:
            raise TooManySteps(element=token.task_spec.bpmn_id, limit=MAX_ELEMENTS)
        changed = {name: value for name, value in values.items() if is_other(before[name], value)}
        if changed:
            self.emit("values_set", token, values=deepcopy(changed), before={name: before[name] for name in changed})

    def _note_written(self, token: Task, name: str) -> None:
        workflow: Any = token.workflow
        while not workflow.own_data:
            workflow = self.scope_token(workflow).workflow
        if name not in workflow.written:
            workflow.written.append(name)

    def evaluate(self, token: Task, expression: str, extra: Mapping[str, Any] | None = None) -> Any:
        """The value of an expression (text without ``${}``) at a token. Raises ``ExpressionFailed``."""
        values = self.variables(token)
        try:
            return expressions.evaluate(expression, ChainMap(dict(extra), values) if extra else values, self.now)
        except expressions.ExpressionError as error:
            raise ExpressionFailed(
                element=token.task_spec.bpmn_id, expression=expression[:200], reason=Bilingual(zh=error.zh, en=error.en)
            ).at(token.task_spec.node.process, self.mentioned(token, _names(expressions.names, expression))) from None

    def evaluate_text(self, token: Task, text: str) -> Any:
        """A literal, or the value of ``${…}``."""
        try:
            return expressions.evaluate_text(text, self.variables(token), self.now)
        except expressions.ExpressionError as error:
            raise ExpressionFailed(
                element=token.task_spec.bpmn_id, expression=text[:200], reason=Bilingual(zh=error.zh, en=error.en)
            ).at(token.task_spec.node.process, self.mentioned(token, _names(expressions.names_in_text, text))) from None

    def no_path(self, token: Task) -> NoPathTaken:
        """The error for a token that finds no way on, with the variables its conditions mention."""
        conditions = [flow.condition for flow in token.task_spec.node.outgoing if flow.condition is not None]
        names = {name for condition in conditions for name in expressions.names(condition)}
        error = NoPathTaken(element=token.task_spec.bpmn_id, expression="; ".join(conditions)[:1_000])
        error.at(token.task_spec.node.process, self.mentioned(token, names))
        return error

    def mentioned(self, token: Task, names: Iterable[str]) -> dict[str, Any]:
        """What a token can see of these variables; those that are not set are left out."""
        values = self.variables(token)
        return {name: deepcopy(values[name]) for name in sorted(names) if name in values}

    def is_held(self, text: str) -> bool:
        """Whether a text with ``${…}`` mentions a variable that stands still."""
        return bool(self.held) and not expressions.names_in_text(text).isdisjoint(self.held)

    # Passing by

    def skip_of(self, token: Task) -> Skip | None:
        """How this token passes its element by, if somebody decided that it does. The first token to come is meant."""
        node = token.task_spec.node
        for skip in self.skips:
            if (skip.process, skip.element) == (node.process, node.id) and self._skipped.get(
                skip, token.id
            ) == token.id:
                if skip not in self._skipped:
                    self._skipped[skip] = token.id
                    self.emit("element_skipped", token)
                return skip
        return None

    @property
    def not_skipped(self) -> list[Skip]:
        """What was to be passed by and never came."""
        return [skip for skip in self.skips if skip not in self._skipped]

    # Facts

    def emit(self, kind: str, token: Task, **data: Any) -> None:
        """Records that something happened at the token's element."""
        element = token.task_spec
        facts = {"process": element.node.process, "token": token.id}
        instance = token.internal_data.get("instance")
        if instance is not None:
            facts["instance"] = instance["index"]
        self.facts.append(Fact(kind, element.bpmn_id, facts | data))

    # The loop

    def run(self) -> None:
        """Goes on until every token waits for a person, a moment or a message, or none is left."""
        while True:
            while self._queue:
                token = self._queue.popleft()
                if token.has_state(TaskState.READY):
                    self.count_element(token)
                    token.run()
            if self.finished or not self._wake():
                return

    def count_element(self, token: Task) -> None:
        """Counts what this step has run. Raises ``TooManySteps``."""
        self._elements_run += 1
        if self._elements_run > MAX_ELEMENTS:
            raise TooManySteps(element=token.task_spec.bpmn_id, limit=MAX_ELEMENTS)

    def _wake(self) -> bool:
        """Once nothing moves: conditional events whose condition became true, then inclusive joins that need wait for
        nobody any more. True if one of them went on."""
        return self.specs.may_wake and any(token.task_spec.wakes(token, self) for token in self.tokens())


def _names(read: Callable[[str], set[str]], text: str) -> set[str]:
    """The variables a text mentions, none where it cannot be read."""
    try:
        return read(text)
    except expressions.ExpressionError:
        return set()


def called_process(token: Task) -> str:
    """The process that the call at ``token`` runs."""
    called: str = token.internal_data.get("called") or token.task_spec.node.called
    return called


def is_other(before: Any, after: Any) -> bool:
    """Whether a variable changes: 1, 1.0 and true are not the same."""
    return bool(before != after or type(before) is not type(after))


def is_listener(token: Task) -> bool:
    """A token that only listens (boundary event, event subprocess, branch of an event gateway): not a token of BPMN,
    it keeps no scope open."""
    return "attached" in token.internal_data or "listens" in token.internal_data or "gateway" in token.internal_data
