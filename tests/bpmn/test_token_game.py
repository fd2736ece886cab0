"""Random block-structured diagrams against a reference that knows no BPMN.

A block is drawn as a diagram and, at the same time, played as nested objects in which a sequence goes on when its
part is done and a parallel block is done when all its branches are. Both get the same random choices; after every
action the same tasks must be open. Every step of ours restores the case from its snapshot. The seed is in the test's
name; ``HUIYIN_TOKEN_GAMES`` sets how many are played.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.bpmn.drawing import END, START, Player, boundary, catch, flow, timer

GAMES = int(os.environ.get("HUIYIN_TOKEN_GAMES", "150"))
ACTIONS = 40


@dataclass
class Drawing:
    """The XML of one scope as it grows, and the choices its conditions ask for (shared with nested scopes)."""

    names: Iterator[int]
    choices: dict[str, int] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)

    def add(self, tag: str, prefix: str, inner: str = "", **attributes: str) -> str:
        name = f"{prefix}{next(self.names)}"
        given = "".join(f' {key}="{value}"' for key, value in attributes.items())
        self.parts.append(f'<{tag} id="{name}"{given}>{inner}</{tag}>')
        return name

    def link(self, source: str, target: str, condition: str | None = None, name: str = "") -> str:
        name = name or f"f{next(self.names)}"
        self.parts.append(flow(source, target, condition, name))
        return name

    def choice(self, options: int) -> str:
        name = f"c{next(self.names)}"
        self.choices[name] = options
        return name


class Block:
    """A part of a diagram with one way in and one way out. ``draw`` gives both elements; ``play`` a new run of it."""

    def draw(self, d: Drawing) -> tuple[str, str]:
        raise AssertionError

    def play(self, values: dict[str, int]) -> Run:
        raise AssertionError


class Run:
    """A block under way. ``open``: the tasks people can do; ``waits``: messages it would take."""

    done = False

    def open(self) -> list[str]:
        return []

    def waits(self) -> list[str]:
        return []

    def complete(self, name: str, values: dict[str, int]) -> bool:
        return False

    def message(self, name: str, values: dict[str, int]) -> bool:
        return False

    def tick(self, values: dict[str, int]) -> None:
        """An hour passes: what was armed before it fires."""


class Task(Block):
    def draw(self, d: Drawing) -> tuple[str, str]:
        self.name = d.add("userTask", "t")
        return self.name, self.name

    def play(self, values: dict[str, int]) -> Run:
        return TaskRun(self.name)


class TaskRun(Run):
    def __init__(self, name: str, count: int = 1) -> None:
        self.name, self.left = name, count

    def open(self) -> list[str]:
        return [self.name] * self.left

    def complete(self, name: str, values: dict[str, int]) -> bool:
        if name != self.name or not self.left:
            return False
        self.left -= 1
        self.done = not self.left
        return True


class Several(Task):
    """A multi-instance task."""

    def __init__(self, count: int) -> None:
        self.count = count

    def draw(self, d: Drawing) -> tuple[str, str]:
        loop = f"<multiInstanceLoopCharacteristics><loopCardinality>{self.count}</loopCardinality>"
        self.name = d.add("userTask", "t", loop + "</multiInstanceLoopCharacteristics>")
        return self.name, self.name

    def play(self, values: dict[str, int]) -> Run:
        return TaskRun(self.name, self.count)


class Sequence(Block):
    def __init__(self, parts: list[Block]) -> None:
        self.parts = parts

    def draw(self, d: Drawing) -> tuple[str, str]:
        ends = [part.draw(d) for part in self.parts]
        for (_, out), (into, _) in zip(ends, ends[1:], strict=False):
            d.link(out, into)
        return ends[0][0], ends[-1][1]

    def play(self, values: dict[str, int]) -> Run:
        return SequenceRun(self.parts, values)


class SequenceRun(Run):
    def __init__(self, parts: list[Block], values: dict[str, int]) -> None:
        self.parts, self.at = parts, 0
        self.run = parts[0].play(values)
        self._go_on(values)

    def _go_on(self, values: dict[str, int]) -> None:
        while self.run.done and self.at + 1 < len(self.parts):
            self.at += 1
            self.run = self.parts[self.at].play(values)
        self.done = self.run.done

    def open(self) -> list[str]:
        return self.run.open()

    def waits(self) -> list[str]:
        return self.run.waits()

    def complete(self, name: str, values: dict[str, int]) -> bool:
        if self.done or not self.run.complete(name, values):
            return False
        self._go_on(values)
        return True

    def message(self, name: str, values: dict[str, int]) -> bool:
        if self.done or not self.run.message(name, values):
            return False
        self._go_on(values)
        return True

    def tick(self, values: dict[str, int]) -> None:
        if not self.done:
            self.run.tick(values)
            self._go_on(values)


class Split(Block):
    """Branches between two gateways: exclusive (one), parallel (all) or inclusive (the chosen ones, else the first)."""

    def __init__(self, kind: str, branches: list[Block]) -> None:
        self.kind, self.branches = kind, branches

    def draw(self, d: Drawing) -> tuple[str, str]:
        split, join = f"split{next(d.names)}", d.add(f"{self.kind}Gateway", "join")
        self.choice = d.choice(2 ** len(self.branches) if self.kind == "inclusive" else len(self.branches))
        default = f"f{next(d.names)}"
        for index, branch in enumerate(self.branches):
            into, out = branch.draw(d)
            condition = None
            if self.kind == "exclusive":
                condition = f"{self.choice} == {index}"
            elif self.kind == "inclusive":
                condition = f"({self.choice} // {2**index}) % 2 == 1"
            if index == 0 and self.kind != "parallel":
                d.link(split, into, name=default)
            else:
                d.link(split, into, condition)
            d.link(out, join)
        marked = f' default="{default}"' if self.kind != "parallel" else ""
        d.parts.append(f'<{self.kind}Gateway id="{split}"{marked}/>')
        return split, join

    def play(self, values: dict[str, int]) -> Run:
        chosen = self.branches
        if self.kind == "exclusive":
            chosen = [self.branches[values[self.choice]]]
        elif self.kind == "inclusive":
            # the first branch is the default: taken only if no other is
            chosen = [b for i, b in enumerate(self.branches) if i and values[self.choice] // 2**i % 2] or self.branches[
                :1
            ]
        return ParallelRun([branch.play(values) for branch in chosen])


class ParallelRun(Run):
    def __init__(self, runs: list[Run]) -> None:
        self.runs = runs
        self._look()

    def _look(self) -> None:
        self.done = all(run.done for run in self.runs)

    def open(self) -> list[str]:
        return [name for run in self.runs for name in run.open()]

    def waits(self) -> list[str]:
        return [name for run in self.runs for name in run.waits()]

    def complete(self, name: str, values: dict[str, int]) -> bool:
        hit = any(run.complete(name, values) for run in self.runs)
        self._look()
        return hit

    def message(self, name: str, values: dict[str, int]) -> bool:
        hit = any(run.message(name, values) for run in self.runs)
        self._look()
        return hit

    def tick(self, values: dict[str, int]) -> None:
        for run in self.runs:
            run.tick(values)
        self._look()


class Rework(Block):
    """Again, while somebody says so."""

    def __init__(self, body: Block) -> None:
        self.body = body

    def draw(self, d: Drawing) -> tuple[str, str]:
        merge, ask = d.add("exclusiveGateway", "again"), f"ask{next(d.names)}"
        into, out = self.body.draw(d)
        after = d.add("task", "after")
        self.choice = d.choice(3)
        d.link(merge, into)
        d.link(out, ask)
        d.link(ask, merge, f"{self.choice} == 0")
        d.parts.append(f'<exclusiveGateway id="{ask}" default="{d.link(ask, after)}"/>')
        return merge, after

    def play(self, values: dict[str, int]) -> Run:
        return ReworkRun(self, values)


class ReworkRun(SequenceRun):
    def __init__(self, block: Rework, values: dict[str, int]) -> None:
        self.block = block
        super().__init__([block.body], values)

    def _go_on(self, values: dict[str, int]) -> None:
        while self.run.done and values[self.block.choice] == 0:
            self.run = self.block.body.play(values)
        self.done = self.run.done


class Inside(Block):
    """An embedded subprocess."""

    def __init__(self, body: Block) -> None:
        self.body = body

    def draw(self, d: Drawing) -> tuple[str, str]:
        inner = Drawing(d.names, d.choices)
        start, end = inner.add("startEvent", "s"), inner.add("endEvent", "e")
        into, out = self.body.draw(inner)
        inner.link(start, into)
        inner.link(out, end)
        name = d.add("subProcess", "sub", "".join(inner.parts))
        return name, name

    def play(self, values: dict[str, int]) -> Run:
        return SequenceRun([self.body], values)


class Limited(Block):
    """A task with an interrupting timer that leads elsewhere."""

    def __init__(self, otherwise: Block) -> None:
        self.otherwise = otherwise

    def draw(self, d: Drawing) -> tuple[str, str]:
        self.name, merge = d.add("userTask", "t"), d.add("exclusiveGateway", "m")
        late = f"late{next(d.names)}"
        d.parts.append(boundary(late, self.name, timer("PT1H")))
        into, out = self.otherwise.draw(d)
        d.link(late, into)
        d.link(out, merge)
        d.link(self.name, merge)
        return self.name, merge

    def play(self, values: dict[str, int]) -> Run:
        return LimitedRun(self)


class LimitedRun(Run):
    def __init__(self, block: Limited) -> None:
        self.block = block
        self.run: Run = TaskRun(block.name)
        self.armed = True

    def open(self) -> list[str]:
        return self.run.open()

    def waits(self) -> list[str]:
        return self.run.waits()

    def complete(self, name: str, values: dict[str, int]) -> bool:
        hit = self.run.complete(name, values)
        self.done = self.run.done
        return hit

    def message(self, name: str, values: dict[str, int]) -> bool:
        hit = self.run.message(name, values)
        self.done = self.run.done
        return hit

    def tick(self, values: dict[str, int]) -> None:
        if self.done:
            return
        if self.armed:
            self.armed = False
            self.run = self.block.otherwise.play(values)
        else:
            self.run.tick(values)
        self.done = self.run.done


class Race(Block):
    """An event-based gateway: a message, or an hour."""

    def __init__(self, first: Block, second: Block) -> None:
        self.first, self.second = first, second

    def draw(self, d: Drawing) -> tuple[str, str]:
        gateway, merge = d.add("eventBasedGateway", "g"), d.add("exclusiveGateway", "m")
        paid, late = f"paid{next(d.names)}", f"hour{next(d.names)}"
        d.parts += [catch(paid, '<messageEventDefinition messageRef="m1"/>'), catch(late, timer("PT1H"))]
        for event, block in ((paid, self.first), (late, self.second)):
            into, out = block.draw(d)
            d.link(gateway, event)
            d.link(event, into)
            d.link(out, merge)
        return gateway, merge

    def play(self, values: dict[str, int]) -> Run:
        return RaceRun(self)


class RaceRun(Run):
    def __init__(self, block: Race) -> None:
        self.block = block
        self.run: Run | None = None

    def open(self) -> list[str]:
        return self.run.open() if self.run else []

    def waits(self) -> list[str]:
        return self.run.waits() if self.run else ["paid"]

    def _begin(self, block: Block, values: dict[str, int]) -> None:
        self.run = block.play(values)
        self.done = self.run.done

    def complete(self, name: str, values: dict[str, int]) -> bool:
        hit = self.run is not None and self.run.complete(name, values)
        self.done = self.run is not None and self.run.done
        return hit

    def message(self, name: str, values: dict[str, int]) -> bool:
        if self.run is None:
            self._begin(self.block.first, values)
            return True
        hit = self.run.message(name, values)
        self.done = self.run.done
        return hit

    def tick(self, values: dict[str, int]) -> None:
        if self.run is None:
            self._begin(self.block.second, values)
        else:
            self.run.tick(values)
            self.done = self.run.done


def a_block(dice: random.Random, depth: int, races: bool) -> Block:
    """A random block. ``races`` only where no other message is awaited beside it: who takes one is decided by age."""
    if depth == 0:
        return dice.choice([Task, Task, Task, lambda: Several(dice.randint(1, 3))])()
    kind = dice.choice(
        ["sequence", "sequence", "exclusive", "parallel", "inclusive", "rework", "inside", "limited", "race"]
    )

    def part(alone: bool = True) -> Block:
        return a_block(dice, depth - 1, races and alone)

    if kind == "sequence":
        return Sequence([part() for _ in range(dice.randint(2, 3))])
    if kind in ("exclusive", "parallel", "inclusive"):
        return Split(kind, [part(kind == "exclusive") for _ in range(dice.randint(2, 3))])
    if kind == "rework":
        return Rework(Sequence([part(), Task()]))
    if kind == "inside":
        return Inside(part())
    if kind == "limited":
        return Limited(part())
    return Race(part(), part()) if races else Sequence([part(), Task()])


@pytest.mark.parametrize("seed", range(GAMES))
def test_our_tokens_stand_where_the_reference_says(seed: int) -> None:
    dice = random.Random(seed)
    drawing = Drawing(iter(range(100, 1_000_000)))
    block = Sequence([Task(), a_block(dice, dice.randint(1, 4), races=True), Task()])
    into, out = block.draw(drawing)
    body = START + "".join(drawing.parts) + END + flow("start", into) + flow(out, "end")

    def choices() -> dict[str, int]:
        return {name: dice.randrange(options) for name, options in drawing.choices.items()}

    values = choices()
    case, reference = Player(body, values), block.play(values)
    for _ in range(ACTIONS):
        assert Counter(case.open) == Counter(reference.open())
        assert case.finished == reference.done
        if reference.done:
            break
        values = choices()
        if reference.waits() and (not reference.open() or dice.random() < 0.3):
            case.message("paid", **values)
            assert reference.message("paid", values)
        elif not reference.open() or dice.random() < 0.1:
            # what fires in this hour sees the choices made before it
            before = dict(case.values)
            case.later(hours=1)
            reference.tick({name: before[name] for name in drawing.choices})
        else:
            name = dice.choice(reference.open())
            case.do(name, **values)
            assert reference.complete(name, values)
