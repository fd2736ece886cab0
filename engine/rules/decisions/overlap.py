"""Rows of a UNIQUE table that are bound to match together, found without running it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from engine.rules.decisions.table import Decision, Rule
from engine.rules.decisions.unary_tests import UnaryTest
from engine.rules.expressions.values import Work, same

#: Pairs are compared; a larger table is left to the run, which refuses an overlap anyway.
MAX_RULES = 200
MAX_REPORTED = 20


def overlaps(decision: Decision) -> Iterator[tuple[Rule, Rule]]:
    """Pairs of rows that match together for some input, judged by cells that are ``-`` or plain lists of literals.

    Where a cell is anything else (a comparison, a condition) nothing is claimed unless the cells are the same text.
    """
    if decision.hit_policy != "U" or len(decision.rules) > MAX_RULES:
        return
    reported = 0
    for one, other in combinations(decision.rules, 2):
        if all(_meet(a, b) for a, b in zip(one.tests, other.tests, strict=True)):
            yield one, other
            reported += 1
            if reported >= MAX_REPORTED:
                return


def _meet(one: UnaryTest, other: UnaryTest) -> bool:
    if not one.pieces or not other.pieces or one.text.strip() == other.text.strip():
        return True
    left, right = one.literals(), other.literals()
    if left is None or right is None:
        return False
    return any(same(a, b, Work()) for a in left for b in right)
