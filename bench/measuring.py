"""Measuring on a noisy machine: contestants take turns, medians are quoted, only ratios within a run are compared."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Several measurements of one thing."""

    median: float
    least: float
    most: float
    count: int

    @classmethod
    def of(cls, samples: Sequence[float]) -> Spread:
        """Of at least one sample."""
        return cls(statistics.median(samples), min(samples), max(samples), len(samples))

    def times(self, factor: float) -> Spread:
        """The same in another unit."""
        return Spread(self.median * factor, self.least * factor, self.most * factor, self.count)

    def as_json(self) -> dict[str, float]:
        """Six significant digits are more than a benchmark has."""
        return {
            "median": float(f"{self.median:.6g}"),
            "min": float(f"{self.least:.6g}"),
            "max": float(f"{self.most:.6g}"),
            "rounds": self.count,
        }


def in_turn(contestants: Mapping[str, Callable[[], float]], rounds: int, warm_up: int = 1) -> dict[str, list[float]]:
    """What each contestant measured of itself in each round, by name.

    Everybody has a turn before anybody has the next one, and each round begins with another contestant: what the
    machine does meanwhile hits all alike. The first ``warm_up`` rounds are not counted."""
    found: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    for turn in range(warm_up + rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            measured = contestants[name]()
            if turn >= warm_up:
                found[name].append(measured)
    return found


def ratio(above: Sequence[float], below: Sequence[float]) -> Spread:
    """Round by round: what was measured next to each other is compared."""
    return Spread.of([one / other for one, other in zip(above, below, strict=True)])
