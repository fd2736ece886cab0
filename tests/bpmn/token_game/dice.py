"""Random games: a model, drawn, with the reference that plays it."""

from __future__ import annotations

import random
from typing import Any

from tests.bpmn.token_game.blocks import (
    Activity,
    Block,
    Bounded,
    Catch,
    Event,
    Loop,
    Race,
    Rework,
    Sequence,
    Series,
    Several,
    Split,
    Task,
)
from tests.bpmn.token_game.drawing import Drawing, Model
from tests.bpmn.token_game.reference import Around, Clock, Env, Leaf, Scope
from tests.bpmn.token_game.scopes import Body, Call, Called, Failing, Handler, Inside

#: Kinds of block and how often they come up.
KINDS = {
    "sequence": 2,
    "exclusive": 1,
    "parallel": 2,
    "inclusive": 2,
    "rework": 2,
    "activity": 3,
    "bounded": 2,
    "race": 1,
    "catch": 1,
    "failing": 1,
    "call": 1,
}


class Dice:
    """Makes blocks. Every moment takes another time, so that two never fall due together by chance."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.called: list[Called] = []
        self._calling = 0
        self._count = 0

    def number(self) -> int:
        self._count += 1
        return self._count

    def seconds(self) -> int:
        return 3600 + self.number() * 7919 % 3600

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def few(self) -> range:
        return range(self.random.randint(2, 3))

    # Blocks

    def block(self, depth: int) -> Block:
        if depth <= 0:
            count = self.random.randint(1, 3)
            return self.random.choice([Task(), Task(), Task(), Several(count, self.random.randint(1, count))])
        kind = self.random.choices(list(KINDS), list(KINDS.values()))[0]
        if kind == "sequence":
            return Sequence([self.block(depth - 1) for _ in self.few()])
        if kind in ("exclusive", "parallel", "inclusive"):
            return self.split(kind, depth)
        if kind == "rework":
            return Rework(Sequence([self.block(depth - 1), Task()]))
        if kind == "bounded":
            return self.bounded(depth)
        if kind == "race":
            kinds = ["message", "timer", *(self.random.choice(["message", "timer"]) for _ in range(self.number() % 2))]
            return Race([Event(kind, self.seconds(), self.block(depth - 1)) for kind in kinds])
        if kind == "catch":
            return Sequence([Catch(self.random.choice(["message", "timer"]), self.seconds()), self.block(depth - 1)])
        if kind == "failing":
            return Failing(Inside(self.body(depth - 1, may_fail=True)), self.block(depth - 1))
        if kind == "call":
            return self.call(depth)
        return self.activity(depth)

    def split(self, kind: str, depth: int) -> Split:
        return Split(kind, [self.block(depth - 1) for _ in self.few()], shared=self.chance(0.6))

    def activity(self, depth: int) -> Activity:
        kind = self.random.choice(["task", "inside", "inside", "several", "series", "loop"])
        if kind == "several":
            count = self.random.randint(1, 3)
            return Several(count, self.random.randint(1, count))
        if kind == "series":
            count, item = self.random.randint(0, 3), f"item{self.number()}"
            inner: Activity = Task()
            if self.chance(0.6):
                branches = [self.block(depth - 2) for _ in self.few()]
                inner = Inside(Body(Sequence([Task(), Split("exclusive", branches, choice=item)])))
            return Series(inner, count, self.random.randint(1, max(count, 1)), item)
        if kind == "loop":
            inner = Inside(self.body(depth - 1)) if self.chance(0.4) else Task()
            return Loop(inner, self.random.randint(1, 3), before=self.chance(0.5))
        return Task() if kind == "task" else Inside(self.body(depth - 1))

    def bounded(self, depth: int) -> Bounded:
        host: Activity = self.activity(depth - 1)
        if self.chance(0.3):
            host = Call(self.process(depth - 1), mapped=False)
        events = [self.event(depth) for _ in range(self.random.randint(1, 2))]
        for event in events:
            if not event.interrupting:
                # It may go on several times at once: in a scope of its own each, or their tokens would meet at joins.
                event.block = Inside(Body(event.block))
        return Bounded(host, events)

    def event(self, depth: int) -> Event:
        kind, interrupting = self.random.choice(["message", "timer"]), self.chance(0.35)
        times = self.random.randint(1, 2) if kind == "timer" and not interrupting else 1
        block = self.block(depth - 1 if interrupting else depth - 2)
        return Event(kind, self.seconds(), block, interrupting, times)

    def body(self, depth: int, may_fail: bool = False) -> Body:
        events: list[Event] = []
        if self.chance(0.35):
            event = self.event(depth - 1)
            event.block = Handler(Body(event.block))
            events.append(event)
        return Body(self.block(depth), events, terminates=self.chance(0.12), may_fail=may_fail)

    def process(self, depth: int) -> Called:
        """A process to call: a new one, or one that is called elsewhere too."""
        if self.called and (self.chance(0.3) or self._calling > 1):
            return self.random.choice(self.called)
        self._calling += 1
        block = Sequence([self.split("exclusive", max(depth - 1, 1)), self.block(depth - 2)])
        self._calling -= 1
        made = Called(Body(block), f"result{self.number()}")
        self.called.append(made)
        return made

    def call(self, depth: int) -> Block:
        called = self.process(depth)
        if self.chance(0.4):
            return Call(called, mapped=False)
        ways = [self.block(0) for _ in range(3)]
        return Sequence([Call(called, mapped=True), Split("exclusive", ways, choice=called.result)])


class Game:
    """A random model and the reference at its start."""

    def __init__(self, seed: int, process: str = "p") -> None:
        dice = Dice(seed)
        self.random = dice.random
        self.model = Model(process)
        depth = self.random.randint(1, 5)
        body = dice.body(depth)
        body.block = Sequence([Task(), body.block, Task()])
        drawing = Drawing(self.model)
        body.draw(drawing)
        self.model.add_file(process, drawing)
        self.clock = Clock()
        self.values: dict[str, Any] = dict(self.choices())
        self.env = Env(dict(self.values))
        self.values["via"] = ""
        self.root: Scope = body.play(Around(self.clock, self.env, Scope()))

    def choices(self) -> dict[str, int]:
        """What whoever makes the next move says to everything the model asks."""
        return {name: self.random.randrange(options) for name, options in self.model.choices.items()}

    def open(self, kind: str) -> list[Leaf]:
        """What can be taken, oldest first."""
        return sorted((leaf for leaf in self.root.leaves() if leaf.kind == kind), key=lambda leaf: leaf.age)

    def take(self, leaf: Leaf, values: dict[str, int]) -> None:
        leaf.take(values)
        self.root.advance()

    def wait(self) -> int:
        """Time passes until the next moment; what is due then happens in its order. The seconds that passed."""
        before = self.clock.now
        self.clock.now = min(leaf.due for leaf in self.open("timer"))
        while due := [leaf for leaf in self.open("timer") if leaf.due <= self.clock.now]:
            self.take(min(due, key=lambda leaf: (leaf.due, leaf.age)), {})
        return self.clock.now - before
