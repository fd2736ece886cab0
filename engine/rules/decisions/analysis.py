"""What a table leaves open, decides twice, or can never decide: gaps, overlaps, rules that never hold.

Exact for cells made of values, comparisons and intervals over columns that are independent of each other. A cell that
depends on more than its column (a condition with ``?``, a variable) is taken for what does not lead to a warning: it
may hold anywhere when gaps are looked for, and nowhere when it would hide another rule.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import Problem
from engine.rules.decisions.domains import Domain, domain_of
from engine.rules.decisions.feel import constant
from engine.rules.decisions.grid import Grid, TooLarge
from engine.rules.decisions.table import Decision, Rule
from engine.rules.expressions.values import Work, same

#: Values named in one column.
MAX_POINTS = 5_000
#: Warnings of one kind for one table.
MAX_REPORTED = 5

#: Policies for which no rule at all is an answer: the empty list.
_EMPTY_IS_FINE = ("R", "O", "C", "C#", "C+", "C<", "C>")

#: Takes element, code, and the text in Chinese and English.
Warn = Callable[[str, str, str, str], None]


def analysed(decision: Decision) -> list[Problem]:
    """Warnings about a table. Never raises; looks at a bounded number of combinations."""
    if (
        not decision.rules
        or not decision.inputs
        or any(len(rule.tests) != len(decision.inputs) for rule in decision.rules)
    ):
        return []
    warnings: list[Problem] = []

    def warn(element: str, code: str, zh: str, en: str) -> None:
        warnings.append(Problem(decision.file, element, "warning", code, zh, en))

    complete = False
    domains = _domains(decision)
    if domains is not None:
        grid = Grid(decision, domains)
        ended = [_within_bounds(search, decision, grid, warn) for search in (_gaps, _overlaps, _unreachable)]
        complete = all(ended)
    if not complete:
        warn(
            decision.id,
            "dmn_not_analysed",
            "决策表太大，没有全部检查空缺、重叠和不可能成立的行。",
            "The table is too large: not all of it was searched for gaps, overlaps and rows that never hold.",
        )
    return warnings


def _domains(decision: Decision) -> list[Domain | None] | None:
    """The columns' values in pieces, None for a column whose cells cannot be told apart; None altogether if they name
    too many values."""
    domains = [
        domain_of(column.kind, [rule.tests[number] for rule in decision.rules], column.allowed)
        for number, column in enumerate(decision.inputs)
    ]
    return domains if all(domain is None or len(domain.points) <= MAX_POINTS for domain in domains) else None


def _within_bounds(search: Callable[[Decision, Grid, Warn], None], decision: Decision, grid: Grid, warn: Warn) -> bool:
    """Whether a search came to its end."""
    grid.work = 0
    try:
        search(decision, grid, warn)
    except TooLarge:
        return False
    return True


def _gaps(decision: Decision, grid: Grid, warn: Warn) -> None:
    has_default = any(output.default is not None for output in decision.outputs)
    if decision.hit_policy in _EMPTY_IS_FINE or has_default or grid.entangled:
        return
    for number, box in enumerate(part for gap in grid.gaps() for part in grid.stretches(gap)):
        if number == MAX_REPORTED:
            warn(decision.id, "dmn_gap", "还有其他没有规则的情况。", "There are more cases without a rule.")
            return
        zh, en = grid.example(box)
        warn(decision.id, "dmn_gap", f"没有规则适用于：{zh}。", f"No rule for: {en}.")


def _overlaps(decision: Decision, grid: Grid, warn: Warn) -> None:
    if decision.hit_policy not in ("U", "A"):
        return
    unique = decision.hit_policy == "U"
    reported = 0
    for one, other, box in grid.overlaps():
        if not unique and not _disagree(decision.rules[one], decision.rules[other]):
            continue
        if reported == MAX_REPORTED:
            warn(decision.id, "dmn_overlap", "还有其他重叠的行。", "There are more rows that overlap.")
            return
        reported += 1
        zh, en = grid.example(box)
        first, second = decision.rules[one], decision.rules[other]
        why_zh = "而命中策略是“唯一”" if unique else "结果不同，而命中策略是“任意”"
        why_en = "but the hit policy is UNIQUE" if unique else "with different answers, but the hit policy is ANY"
        warn(
            second.id,
            "dmn_overlap",
            f"第 {second.row} 行与第 {first.row} 行会同时成立，{why_zh}，例如：{zh}。",
            f"Row {second.row} matches together with row {first.row}, {why_en}, for example: {en}.",
        )


def _unreachable(decision: Decision, grid: Grid, warn: Warn) -> None:
    every = (1 << len(decision.rules)) - 1
    for place, rule in enumerate(decision.rules):
        if any(piece == 0 for piece in grid.boxes[place]):
            column = next(number for number, piece in enumerate(grid.boxes[place]) if piece == 0)
            label = decision.inputs[column].label
            warn(
                rule.id,
                "dmn_unreachable",
                f"第 {rule.row} 行永远不会成立：输入列“{label}”没有这样的值。",
                f"Row {rule.row} never holds: input “{label}” has no such value.",
            )
        elif decision.hit_policy == "F" and grid.is_covered(place, (1 << place) - 1):
            warn(
                rule.id,
                "dmn_unreachable",
                f"第 {rule.row} 行永远不会用到：它上面的行已包括它的所有情况。",
                f"Row {rule.row} is never used: the rows above it take all its cases.",
            )
        elif decision.hit_policy == "U" and grid.is_covered(place, every & ~(1 << place)):
            warn(
                rule.id,
                "dmn_unreachable",
                f"第 {rule.row} 行永远不会单独成立：其他行已包括它的所有情况。",
                f"Row {rule.row} never holds alone: the other rows take all its cases.",
            )


def _disagree(one: Rule, other: Rule) -> bool:
    """Whether two rules are bound to answer differently: in some column both have literals, and not the same."""
    for left, right in zip(one.outputs, other.outputs, strict=True):
        known_left, a = (True, None) if left is None else constant(left)
        known_right, b = (True, None) if right is None else constant(right)
        if known_left and known_right and not same(a, b, Work()):
            return True
    return False
