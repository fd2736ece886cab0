"""The reference: nested objects that know nothing of tokens, flows or gateways.

A *run* is a block under way. What somebody or something can do to it are its *leaves*: a task, a message, a moment.
A leaf is taken, then the whole tree is asked to go on: a sequence goes on when its part is done, a parallel block is
done when all its branches are, a scope when its body and everything beside it are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Env:
    """The variables of one process, with an item of a multi-instance in front of them. ``via``: the calls that led to
    it; it tells apart what two calls of one process wait for."""

    def __init__(self, values: dict[str, int], local: Mapping[str, int] | None = None, via: str = "") -> None:
        self.values = values
        self.via = via
        self.local = dict(local or {})
        self.written: set[str] = set()

    def __getitem__(self, name: str) -> int:
        return self.local[name] if name in self.local else self.values[name]

    def set(self, values: Mapping[str, int]) -> None:
        self.values.update(values)
        self.written |= set(values)

    def with_item(self, name: str, value: int) -> Env:
        inner = Env(self.values, {**self.local, name: value}, self.via)
        inner.written = self.written
        return inner

    def visible(self) -> dict[str, int]:
        return {**self.values, **self.local}


class Clock:
    """The game's time, in seconds, and the order in which things came to be."""

    def __init__(self) -> None:
        self.now = 0
        self._age = 0

    def age(self) -> int:
        self._age += 1
        return self._age


@dataclass
class Around:
    """Where a block is played: its variables, and the scope that what runs beside it belongs to."""

    clock: Clock
    env: Env
    scope: Scope


@dataclass
class Leaf:
    """Something that can be taken. ``due`` for moments; ``left``: how often it can still be taken."""

    kind: str
    name: str
    age: int
    env: Env
    due: int = 0
    every: int = 0
    left: int = 1
    taken: bool = False

    def take(self, values: Mapping[str, int]) -> None:
        self.env.set(values)
        self.taken = True
        self.left -= 1
        self.due += self.every


class Block(Protocol):
    """A part of a diagram; what the reference needs of it."""

    def play(self, around: Around) -> Run: ...


class Run:
    """A block under way."""

    done = False

    def leaves(self) -> Iterator[Leaf]:
        raise NotImplementedError

    def advance(self) -> None:
        """Goes on as far as it can."""
        raise NotImplementedError


class LeavesRun(Run):
    """Several leaves side by side; done when ``enough`` of them were taken."""

    def __init__(self, leaves: list[Leaf], enough: int) -> None:
        self._leaves, self._enough = leaves, enough
        self.done = enough == 0

    def leaves(self) -> Iterator[Leaf]:
        return iter([] if self.done else [leaf for leaf in self._leaves if not leaf.taken])

    def advance(self) -> None:
        self.done = sum(leaf.taken for leaf in self._leaves) >= self._enough


class RepeatRun(Run):
    """One run after the other, as long as ``goes_on(how many are done)``."""

    def __init__(self, make: Callable[[int], Run], goes_on: Callable[[int], bool], at_least_once: bool = True) -> None:
        self._make, self._goes_on, self._count = make, goes_on, 0
        self._run: Run | None = make(0) if at_least_once or goes_on(0) else None
        self.advance()

    def leaves(self) -> Iterator[Leaf]:
        return self._run.leaves() if self._run is not None and not self.done else iter(())

    def advance(self) -> None:
        while self._run is not None:
            self._run.advance()
            if not self._run.done:
                return
            self._count += 1
            self._run = self._make(self._count) if self._goes_on(self._count) else None
        self.done = True


class ParallelRun(Run):
    def __init__(self, runs: list[Run]) -> None:
        self._runs = runs
        self.advance()

    def leaves(self) -> Iterator[Leaf]:
        return (leaf for run in self._runs for leaf in run.leaves())

    def advance(self) -> None:
        for run in self._runs:
            run.advance()
        self.done = all(run.done for run in self._runs)


@dataclass
class Watch:
    """An event that something listens for while it runs, and what it leads to."""

    leaf: Leaf
    interrupting: bool
    block: Block


class BoundedRun(Run):
    """A run with events on its border. What does not interrupt it goes on beside it, in the scope around."""

    def __init__(self, host: Run, watches: list[Watch], around: Around) -> None:
        self._run, self._watches, self._around = host, watches, around
        self.advance()

    def leaves(self) -> Iterator[Leaf]:
        if self.done:
            return
        yield from self._run.leaves()
        for watch in self._watches:
            if watch.leaf.left:
                yield watch.leaf

    def advance(self) -> None:
        for watch in self._watches:
            if not watch.leaf.taken:
                continue
            watch.leaf.taken = False
            run = watch.block.play(self._around)
            if watch.interrupting:
                self._run, self._watches = run, []
                break
            self._around.scope.beside.append(run)
        self._run.advance()
        self.done = self._run.done


class RaceRun(Run):
    """Whichever leaf is taken first decides what follows."""

    def __init__(self, ways: list[tuple[Leaf, Block]], around: Around) -> None:
        self._ways, self._around = ways, around
        self._run: Run | None = None

    def leaves(self) -> Iterator[Leaf]:
        return iter([leaf for leaf, _ in self._ways]) if self._run is None else self._run.leaves()

    def advance(self) -> None:
        if self._run is None:
            way = next((block for leaf, block in self._ways if leaf.taken), None)
            if way is None:
                return
            self._run = way.play(self._around)
        self._run.advance()
        self.done = self._run.done


@dataclass
class Scope(Run):
    """A subprocess or process: its body, what runs beside it, and the events it reacts to as a whole. ``ends_all``: its
    end ends what is still beside it; ``fails``: its end is an error."""

    beside: list[Run] = field(default_factory=list)
    watches: list[Watch] = field(default_factory=list)
    around: Around | None = None
    body: Run | None = None
    ends_all: bool = False
    fails: Callable[[], bool] = lambda: False
    failed: bool = False
    own_end: bool = True

    def leaves(self) -> Iterator[Leaf]:
        if self.done or self.body is None:
            return
        for run in [self.body, *self.beside]:
            yield from run.leaves()
        for watch in self.watches:
            if watch.leaf.left:
                yield watch.leaf

    def advance(self) -> None:
        if self.done or self.body is None or self.around is None:
            return
        for watch in self.watches:
            if not watch.leaf.taken:
                continue
            watch.leaf.taken = False
            run = watch.block.play(self.around)
            if watch.interrupting:
                self.body, self.beside, self.watches, self.own_end = run, [], [], False
                break
            self.beside.append(run)
        self.body.advance()
        for run in list(self.beside):
            run.advance()
        self.beside = [run for run in self.beside if not run.done]
        if self.body.done and self.own_end and (self.ends_all or self.fails()):
            self.failed, self.done = self.fails(), True
            return
        self.own_end = self.own_end and not self.body.done
        self.done = self.body.done and not self.beside


class FollowedRun(Run):
    """A scope, then what depends on how it ended: ``then`` makes it from whether the scope failed."""

    def __init__(self, scope: Run, then: Callable[[bool], Run | None]) -> None:
        self._run, self._then = scope, then
        self._first = True
        self.advance()

    def leaves(self) -> Iterator[Leaf]:
        return iter(()) if self.done else self._run.leaves()

    def advance(self) -> None:
        self._run.advance()
        if self._run.done and self._first:
            self._first = False
            following = self._then(isinstance(self._run, Scope) and self._run.failed)
            if following is not None:
                self._run = following
                self._run.advance()
        self.done = self._run.done
