"""A decision table as sets, searched for cases that no rule, one rule or several rules take.

Each column is cut into pieces (``domains``); for each piece, an integer holds the rules that let it pass, one bit a
rule. Going through the columns with the set of rules still alive, pieces with the same set are one; that visits far
fewer combinations than there are, and where it does not, it stops at ``MAX_WORK`` and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate, product
from operator import xor

from engine.rules.decisions.domains import Domain
from engine.rules.decisions.table import Decision

#: Pieces looked at in one search; about half a second.
MAX_WORK = 300_000

#: Sets of pieces, one a column.
Box = tuple[int, ...]


class TooLarge(Exception):
    """More combinations than are looked at."""


class Grid:
    """A table as sets of pieces: ``boxes[rule][column]``."""

    def __init__(self, decision: Decision, domains: Sequence[Domain | None]) -> None:
        self.decision = decision
        self.work = 0
        self.domains: list[Domain] = []
        self.boxes: list[list[int]] = [[] for _ in decision.rules]
        self.depends: list[list[str]] = [[] for _ in decision.rules]
        texts = [column.expression.text for column in decision.inputs]
        #: Two columns ask the same, so that not every combination of their values exists.
        self.entangled = len(set(texts)) < len(texts)
        for number, found in enumerate(domains):
            domain = found or Domain("string", (), False, 1)
            self.domains.append(domain)
            for place, rule in enumerate(decision.rules):
                test = rule.tests[number]
                pieces = domain.of(test) if found is not None or not test.pieces else None
                self.boxes[place].append(domain.full if pieces is None else pieces)
                self.depends[place].append(test.text.strip() if pieces is None else "")

    def _holders(self, column: int) -> list[int]:
        """For each piece of a column, the rules that let it pass, one bit a rule."""
        domain = self.domains[column]
        count = 2 * len(domain.points) + 2
        never = ((1 << count) - 1) & ~domain.full
        # where each rule begins and where it stops, joined over pieces that nobody asks for
        changes = [0] * (count + 1)
        for place, box in enumerate(self.boxes):
            pieces = box[column] | never
            for piece in _bits(pieces ^ pieces << 1):
                changes[piece] ^= 1 << place
        return list(accumulate(changes[:count], xor))

    @cached_property
    def holders(self) -> list[list[int]]:
        """For each column and piece, the rules that let it pass."""
        return [self._holders(number) for number in range(len(self.domains))]

    def _spend(self, amount: int = 1) -> None:
        self.work += amount
        if self.work > MAX_WORK:
            raise TooLarge

    def gaps(self) -> Iterator[Box]:
        """Combinations without a rule."""
        space = [domain.full for domain in self.domains]
        yield from self._uncovered(space, (1 << len(self.boxes)) - 1)

    def stretches(self, box: Box) -> Iterator[Box]:
        """A box in parts that are one stretch in every ordered column."""
        yield from product(
            *(domain.stretches(pieces) for domain, pieces in zip(self.domains, box, strict=True)),
        )

    def is_covered(self, place: int, others: int) -> bool:
        """Whether these other rules (a bit each) together take every case of one; rules that depend on more than their
        columns count only where they depend on the same."""
        own, live = self.depends[place], 0
        for other in _bits(self._meeting(place, others)):
            self._spend()
            if not any(text and text != mine for text, mine in zip(self.depends[other], own, strict=True)):
                live |= 1 << other
        return live != 0 and next(self._uncovered(self.boxes[place], live), None) is None

    def overlaps(self) -> Iterator[tuple[int, int, Box]]:
        """Pairs of rules that hold together somewhere, and where."""
        for place, box in enumerate(self.boxes):
            for other in _bits(self._meeting(place, (1 << place) - 1)):
                self._spend()
                both = tuple(a & b for a, b in zip(self.boxes[other], box, strict=True))
                if self.depends[other] == self.depends[place] and all(both):
                    yield other, place, both

    def _meeting(self, place: int, others: int) -> int:
        """Those of the other rules that hold together with one somewhere, one bit a rule."""
        for column, pieces in enumerate(self.boxes[place]):
            if others and pieces != self.domains[column].full:
                passing = 0
                for piece in _bits(pieces):
                    self._spend()
                    passing |= self.holders[column][piece]
                others &= passing
            others = others if pieces else 0
        return others

    def _uncovered(self, space: Sequence[int], live: int) -> Iterator[Box]:
        """The parts of ``space`` that none of the ``live`` rules holds, each case in one of them."""
        count = len(space)
        #: For each column, the rules that hold everything from there on.
        finished = [0] * count + [live]
        for column in range(count - 1, -1, -1):
            finished[column] = finished[column + 1] & sum(
                1 << rule for rule in _bits(finished[column + 1]) if not space[column] & ~self.boxes[rule][column]
            )
            self._spend(finished[column + 1].bit_count())
        closed: set[tuple[int, int]] = set()
        pieces_of = [_bits(pieces) for pieces in space]

        def search(column: int, rules: int, before: Box) -> Iterator[Box]:
            if rules & finished[column] or (column, rules) in closed:
                return
            if not rules or column == count:
                yield (*before, *space[column:])
                return
            groups: dict[int, int] = {}
            for piece in pieces_of[column]:
                self._spend()
                left = rules & self.holders[column][piece]
                groups[left] = groups.get(left, 0) | 1 << piece
            found = False
            for left, pieces in groups.items():
                for box in search(column + 1, left, (*before, pieces)):
                    found = True
                    yield box
            if not found:
                closed.add((column, rules))

        yield from search(0, live, ())

    def example(self, box: Box) -> tuple[str, str]:
        """A combination in words; columns in which anything will do are left out."""
        told = [
            (column.label, *domain.example(pieces))
            for column, domain, pieces in zip(self.decision.inputs, self.domains, box, strict=True)
            if pieces != domain.full
        ]
        if not told:
            return "任何输入", "anything"
        zh = "，".join(f"{label} = {value}" for label, value, _ in told)
        return zh, ", ".join(f"{label} = {value}" for label, _, value in told)


def _bits(number: int) -> list[int]:
    found = []
    while number:
        low = number & -number
        found.append(low.bit_length() - 1)
        number ^= low
    return found
