"""Blocks that are scopes of their own: subprocesses with what they react to, and calls of other processes."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.bpmn.token_game.blocks import Activity, Block, Event
from tests.bpmn.token_game.drawing import Drawing
from tests.bpmn.token_game.reference import Around, Env, FollowedRun, Run, Scope


@dataclass
class Body:
    """What stands in a subprocess or process: a block from start to end, and event subprocesses."""

    block: Block
    events: list[Event] = field(default_factory=list)
    terminates: bool = False
    may_fail: bool = False

    def draw(self, d: Drawing, start: str = "") -> None:
        into, out = self.block.draw(d)
        d.link(start or d.add("startEvent", "s"), into)
        end = d.add("endEvent", "e", "<terminateEventDefinition/>" if self.terminates else "")
        if self.may_fail:
            self.choice = d.choice(2)
            broken = d.add("endEvent", "broken", '<errorEventDefinition errorRef="failed"/>')
            ask = d.name("ask")
            d.link(out, ask)
            d.link(ask, broken, f"{self.choice} == 0")
            d.add("exclusiveGateway", "", name=ask, default=d.link(ask, end))
        else:
            d.link(out, end)
        for event in self.events:
            inner = d.inside()
            name, definition = event.draw(inner, "on")
            interrupts = str(event.interrupting).lower()
            inner.add("startEvent", "", definition, name=name, isInterrupting=interrupts)
            assert isinstance(event.block, Handler)
            event.block.body.draw(inner, start=name)
            d.add("subProcess", "esub", "".join(inner.parts), triggeredByEvent="true")

    def play(self, around: Around) -> Scope:
        scope = Scope(ends_all=self.terminates)
        within = scope.around = Around(around.clock, around.env, scope)
        if self.may_fail:
            scope.fails = lambda: around.env[self.choice] == 0
        scope.watches = [event.watch(within) for event in self.events]
        scope.body = self.block.play(within)
        scope.advance()
        return scope


@dataclass
class Handler(Block):
    """The inside of an event subprocess."""

    body: Body

    def play(self, around: Around) -> Run:
        return self.body.play(around)


@dataclass
class Inside(Activity):
    """An embedded subprocess. If it may fail, an error event on its border leads to ``otherwise``."""

    body: Body

    def draw_activity(self, d: Drawing, loop: str = "") -> str:
        inner = d.inside()
        self.body.draw(inner)
        return d.add("subProcess", "sub", loop + "".join(inner.parts))

    def play(self, around: Around) -> Run:
        return self.body.play(around)


@dataclass
class Failing(Block):
    """A subprocess that may end in an error, and what is done then."""

    inside: Inside
    otherwise: Block

    def draw(self, d: Drawing) -> tuple[str, str]:
        host, merge, caught = self.inside.draw_activity(d), d.add("exclusiveGateway", "m"), d.name("b")
        d.add("boundaryEvent", "", '<errorEventDefinition errorRef="failed"/>', name=caught, attachedToRef=host)
        into, out = self.otherwise.draw(d)
        d.link(caught, into)
        d.link(out, merge)
        d.link(host, merge)
        return host, merge

    def play(self, around: Around) -> Run:
        return FollowedRun(self.inside.play(around), lambda failed: self.otherwise.play(around) if failed else None)


class Called:
    """A process in a file of its own."""

    def __init__(self, body: Body, result: str) -> None:
        self.body, self.result, self.process = body, result, ""

    def draw(self, d: Drawing) -> None:
        """Drawn at the first call."""
        if self.process:
            return
        self.process = d.name(f"{d.model.process}_called")
        inner = Drawing(d.model)
        self.body.draw(inner)
        self.asked = inner.asked
        d.model.add_file(self.process, inner)


@dataclass
class Call(Activity):
    """A call of another process. ``mapped``: the variables that it asks for go in, and one comes back under another
    name; else everything goes in, and what was set in it comes back."""

    called: Called
    mapped: bool

    def draw_activity(self, d: Drawing, loop: str = "") -> str:
        self.called.draw(d)
        # what the called process asks for, the processes around it are asked for too
        d.asked += [name for name in self.called.asked if name not in d.asked]
        self.name, mapping = d.name("call"), ""
        if self.mapped:
            names = [*self.called.asked, "via"]
            mapping = "".join(f'<camunda:in source="{name}" target="{name}"/>' for name in names)
            mapping += f'<camunda:out sourceExpression="${{{self._source} + 1}}" target="{self.called.result}"/>'
        via = f'<camunda:inputParameter name="via">${{via}}/{self.name}</camunda:inputParameter>'
        extensions = f"<extensionElements><camunda:inputOutput>{via}</camunda:inputOutput>{mapping}</extensionElements>"
        return d.add("callActivity", "", extensions + loop, name=self.name, calledElement=self.called.process)

    @property
    def _source(self) -> str:
        return self.called.asked[0]

    def play(self, around: Around) -> Run:
        outer = around.env
        given = {name: outer[name] for name in self.called.asked} if self.mapped else outer.visible()
        env = Env(dict(given), via=f"{outer.via}/{self.name}")
        scope = self.called.body.play(Around(around.clock, env, around.scope))

        def back(failed: bool) -> None:
            if self.mapped:
                outer.set({self.called.result: env[self._source] + 1})
            else:
                outer.set({name: env.values[name] for name in env.written})

        return FollowedRun(scope, back)
