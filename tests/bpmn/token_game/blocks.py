"""Blocks of one scope: drawn with one way in and one way out, played by the reference."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bpmn.token_game.drawing import Drawing
from tests.bpmn.token_game.reference import (
    Around,
    BoundedRun,
    Leaf,
    LeavesRun,
    ParallelRun,
    RaceRun,
    RepeatRun,
    Run,
    Watch,
)


class Block:
    """``draw`` gives the element that is entered and the one that is left; ``play`` a new run."""

    def draw(self, d: Drawing) -> tuple[str, str]:
        raise NotImplementedError

    def draw_open(self, d: Drawing) -> tuple[str, list[str]]:
        """The same without a gateway at the end, where the branches may as well run into one that follows."""
        into, out = self.draw(d)
        return into, [out]

    def play(self, around: Around) -> Run:
        raise NotImplementedError


def leaf(kind: str, name: str, around: Around, seconds: int = 0, times: int = 0) -> Leaf:
    """A leaf that came to be now. ``times``: how often it can be taken, 0: without end."""
    due = around.clock.now + seconds if kind == "timer" else 0
    every = seconds if times > 1 else 0
    return Leaf(kind, name, around.clock.age(), around.env, due, every, times or 1_000_000)


def several(enough: int | None, inner: str, sequential: bool = False) -> str:
    """Multi-instance characteristics; ``enough``: the completion condition."""
    until = f"<completionCondition>${{nrOfCompletedInstances &gt;= {enough}}}</completionCondition>" if enough else ""
    order = str(sequential).lower()
    return f'<multiInstanceLoopCharacteristics isSequential="{order}"{inner}{until}</multiInstanceLoopCharacteristics>'


class Activity(Block):
    """A block that is drawn as one element, so that it can be looped and bounded. ``loop``: XML of its loop."""

    def draw(self, d: Drawing) -> tuple[str, str]:
        name = self.draw_activity(d)
        return name, name

    def draw_activity(self, d: Drawing, loop: str = "") -> str:
        raise NotImplementedError


class Task(Activity):
    def draw_activity(self, d: Drawing, loop: str = "") -> str:
        self.name = d.add("userTask", "t", loop)
        return self.name

    def play(self, around: Around) -> Run:
        return LeavesRun([leaf("task", self.name, around)], 1)


@dataclass
class Several(Activity):
    """A parallel multi-instance task; the rest is withdrawn once ``enough`` are done."""

    count: int
    enough: int

    def draw_activity(self, d: Drawing, loop: str = "") -> str:
        inner = f"><loopCardinality>{self.count}</loopCardinality>"
        self.name = d.add("userTask", "t", several(self.enough if self.enough < self.count else None, inner))
        return self.name

    def play(self, around: Around) -> Run:
        return LeavesRun([leaf("task", self.name, around) for _ in range(self.count)], self.enough)


@dataclass
class Series(Activity):
    """An activity once for each of so many items, one after the other, until ``enough`` are done."""

    inner: Activity
    count: int
    enough: int
    item: str

    def draw_activity(self, d: Drawing, loop: str = "") -> str:
        items = f' camunda:collection="${{{list(range(self.count))}}}" camunda:elementVariable="{self.item}">'
        limit = self.enough if self.enough < self.count else None
        return self.inner.draw_activity(d, several(limit, items, sequential=True))

    def play(self, around: Around) -> Run:
        def one(index: int) -> Run:
            env = around.env.with_item(self.item, index)
            return self.inner.play(Around(around.clock, env, around.scope))

        return RepeatRun(one, lambda done: done < min(self.count, self.enough), at_least_once=False)


@dataclass
class Loop(Activity):
    """A standard loop: again while the choice is 0, at most so often; tested before or after the first time."""

    inner: Activity
    most: int
    before: bool

    def draw_activity(self, d: Drawing, loop: str = "") -> str:
        self.choice = d.choice(2)
        first = str(self.before).lower()
        return self.inner.draw_activity(
            d,
            f'<standardLoopCharacteristics testBefore="{first}" loopMaximum="{self.most}"><loopCondition>'
            f"${{{self.choice} == 0}}</loopCondition></standardLoopCharacteristics>",
        )

    def play(self, around: Around) -> Run:
        def goes_on(done: int) -> bool:
            return done < self.most and around.env[self.choice] == 0

        return RepeatRun(lambda _: self.inner.play(around), goes_on, at_least_once=not self.before)


@dataclass
class Sequence(Block):
    parts: list[Block]

    def draw(self, d: Drawing) -> tuple[str, str]:
        ends = [part.draw(d) for part in self.parts]
        for (_, out), (into, _) in zip(ends, ends[1:], strict=False):
            d.link(out, into)
        return ends[0][0], ends[-1][1]

    def play(self, around: Around) -> Run:
        return RepeatRun(lambda done: self.parts[done].play(around), lambda done: done < len(self.parts))


@dataclass
class Split(Block):
    """Branches between two gateways: exclusive (one), parallel (all) or inclusive (the chosen ones, else the first).
    ``choice``: a variable that already exists, for exclusive ones. ``shared``: branches that end in a split of a kind
    that may join with this one have no gateway of their own at the end."""

    kind: str
    branches: list[Block]
    shared: bool = False
    choice: str = ""

    def draw(self, d: Drawing) -> tuple[str, str]:
        into, outs = self.draw_open(d)
        join = d.add(f"{self.kind}Gateway", "join")
        for out in outs:
            d.link(out, join)
        return into, join

    def _joins(self, other: Block) -> bool:
        same = {"inclusive": ("inclusive", "exclusive", "parallel"), "parallel": ("parallel",)}
        return self.shared and isinstance(other, Split) and other.kind in same.get(self.kind, (self.kind,))

    def draw_open(self, d: Drawing) -> tuple[str, list[str]]:
        split, default, outs = d.name("split"), d.name("f"), []
        choice = self.choice or d.choice(2 ** len(self.branches) if self.kind == "inclusive" else len(self.branches))
        self.asks = choice
        for index, branch in enumerate(self.branches):
            into, ends = (
                branch.draw_open(d) if self._joins(branch) else (lambda both: (both[0], [both[1]]))(branch.draw(d))
            )
            outs += ends
            condition = None
            if self.kind == "exclusive":
                condition = f"{choice} == {index}"
            elif self.kind == "inclusive":
                condition = f"({choice} // {2**index}) % 2 == 1"
            if index == 0 and self.kind != "parallel":
                d.link(split, into, name=default)
            else:
                d.link(split, into, condition)
        if self.kind == "parallel":
            d.add("parallelGateway", "", name=split)
        else:
            d.add(f"{self.kind}Gateway", "", name=split, default=default)
        return split, outs

    def play(self, around: Around) -> Run:
        chosen = self.branches
        if self.kind == "exclusive":
            index = around.env[self.asks]
            chosen = [self.branches[index if index < len(self.branches) else 0]]
        elif self.kind == "inclusive":
            # the first branch is the default: taken only if no other is
            bits = around.env[self.asks]
            chosen = [b for i, b in enumerate(self.branches) if i and bits // 2**i % 2] or self.branches[:1]
        return ParallelRun([branch.play(around) for branch in chosen])


@dataclass
class Rework(Block):
    """Again, while somebody says so."""

    body: Block

    def draw(self, d: Drawing) -> tuple[str, str]:
        merge, ask = d.add("exclusiveGateway", "again"), d.name("ask")
        into, out = self.body.draw(d)
        after = d.add("task", "after")
        self.choice = d.choice(2)
        d.link(merge, into)
        d.link(out, ask)
        d.link(ask, merge, f"{self.choice} == 0")
        d.add("exclusiveGateway", "", name=ask, default=d.link(ask, after))
        return merge, after

    def play(self, around: Around) -> Run:
        return RepeatRun(lambda _: self.body.play(around), lambda _: around.env[self.choice] == 0)


@dataclass
class Event:
    """A message or moment that leads to ``block``; ``times``: of a cycle."""

    kind: str
    seconds: int
    block: Block
    interrupting: bool = True
    times: int = 1

    def draw(self, d: Drawing, prefix: str) -> tuple[str, str]:
        """Its name, and its definition."""
        self.name = d.name(prefix)
        return self.name, d.message(self.name) if self.kind == "message" else d.timer(self.seconds, self.times)

    def watch(self, around: Around) -> Watch:
        times = self.times if self.kind == "timer" else 0
        return Watch(leaf(self.kind, self.name, around, self.seconds, times), self.interrupting, self.block)


class Catch(Block):
    """Waits for a message, or for a moment."""

    def __init__(self, kind: str, seconds: int) -> None:
        self.event = Event(kind, seconds, self)

    def draw(self, d: Drawing) -> tuple[str, str]:
        name, definition = self.event.draw(d, "w")
        d.add("intermediateCatchEvent", "", definition, name=name)
        return name, name

    def play(self, around: Around) -> Run:
        return LeavesRun([leaf(self.event.kind, self.event.name, around, self.event.seconds)], 1)


@dataclass
class Race(Block):
    """An event-based gateway."""

    ways: list[Event]

    def draw(self, d: Drawing) -> tuple[str, str]:
        gateway, merge = d.add("eventBasedGateway", "g"), d.add("exclusiveGateway", "m")
        for way in self.ways:
            name, definition = way.draw(d, "w")
            d.add("intermediateCatchEvent", "", definition, name=name)
            into, out = way.block.draw(d)
            d.link(gateway, name)
            d.link(name, into)
            d.link(out, merge)
        return gateway, merge

    def play(self, around: Around) -> Run:
        return RaceRun([(leaf(w.kind, w.name, around, w.seconds), w.block) for w in self.ways], around)


@dataclass
class Bounded(Block):
    """An activity with events on its border. What interrupts it leads to the same place as its end."""

    host: Activity
    events: list[Event]

    def draw(self, d: Drawing) -> tuple[str, str]:
        host, merge = self.host.draw_activity(d), d.add("exclusiveGateway", "m")
        for event in self.events:
            name, definition = event.draw(d, "b")
            cancels = str(event.interrupting).lower()
            d.add("boundaryEvent", "", definition, name=name, attachedToRef=host, cancelActivity=cancels)
            into, out = event.block.draw(d)
            d.link(name, into)
            d.link(out, merge if event.interrupting else d.add("endEvent", "e"))
        d.link(host, merge)
        return host, merge

    def play(self, around: Around) -> Run:
        watches = [event.watch(around) for event in self.events]
        return BoundedRun(self.host.play(around), watches, around)
