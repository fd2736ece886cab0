"""From the rules that match to the result: the hit policies of DMN 1.3 (chapter 8.2.8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.rules.decisions.table import Decision, DecisionError, Rule
from engine.rules.expressions.values import Work, before, checked, is_number, same

Record = dict[str, Any]
#: A rule that matched, and what it says.
Hit = tuple[Rule, Record]
#: What the table answers, and the rules that answer it.
Answer = tuple[Record | list[Record] | None, list[Rule]]


def answer(decision: Decision, hits: Sequence[Hit], default: Record | None) -> Answer:
    """The result for the rules that match (in row order). Without any: ``default``, else nothing.

    Raises ``DecisionError`` where the policy is broken: two rules under U, different answers under A, an answer that is
    not in the list of priorities under P and O, text to be added up under C.
    """
    if decision.hit_policy == "C#":
        return {decision.outputs[0].name: len(hits)}, [rule for rule, _ in hits]
    if not hits:
        return (default, []) if decision.single else ([default] if default is not None else [], [])
    return _POLICIES[decision.hit_policy](decision, hits)


def rows(rules: Sequence[Rule]) -> str:
    """How rules are named in messages: ``2 (Rule_b), 5 (Rule_e)``."""
    return ", ".join(f"{rule.row} ({rule.id})" for rule in rules[:20])


def _unique(decision: Decision, hits: Sequence[Hit]) -> Answer:
    if len(hits) > 1:
        named = rows([rule for rule, _ in hits])
        raise DecisionError(
            f"决策 {decision.id} 的命中策略是“唯一”，但同时有多条规则成立：第 {named} 行。",
            f"Decision {decision.id} is UNIQUE, but several rules match: rows {named}.",
        )
    return hits[0][1], [hits[0][0]]


def _first(decision: Decision, hits: Sequence[Hit]) -> Answer:
    return hits[0][1], [hits[0][0]]


def _any(decision: Decision, hits: Sequence[Hit]) -> Answer:
    different = [rule for rule, record in hits if not same(record, hits[0][1], Work())]
    if different:
        named = rows([hits[0][0], *different])
        raise DecisionError(
            f"决策 {decision.id} 的命中策略是“任意”，但成立的规则结果不一致：第 {named} 行。",
            f"Decision {decision.id} is ANY, but the rules that match disagree: rows {named}.",
        )
    return hits[0][1], [rule for rule, _ in hits]


def _priority(decision: Decision, hits: Sequence[Hit]) -> Answer:
    rule, record = _by_priority(decision, hits)[0]
    return record, [rule]


def _output_order(decision: Decision, hits: Sequence[Hit]) -> Answer:
    return _all(decision, _by_priority(decision, hits))


def _all(decision: Decision, hits: Sequence[Hit]) -> Answer:
    return [record for _, record in hits], [rule for rule, _ in hits]


def _by_priority(decision: Decision, hits: Sequence[Hit]) -> list[Hit]:
    """Sorted by the outputs' lists of values, first output first; equal ones stay in row order."""

    def rank(hit: Hit) -> tuple[int, ...]:
        rule, record = hit
        return tuple(
            _position(decision, rule, record[output.name], output.values)
            for output in decision.outputs
            if output.values
        )

    return sorted(hits, key=rank)


def _position(decision: Decision, rule: Rule, value: Any, values: Sequence[Any]) -> int:
    for position, allowed in enumerate(values):
        if same(value, allowed, Work()):
            return position
    raise DecisionError(
        f"决策 {decision.id} 第 {rows([rule])} 行的结果不在输出值列表中。",
        f"Decision {decision.id}: the answer of row {rows([rule])} is not among the output values.",
    )


def _sum(numbers: Sequence[Any]) -> Any:
    return checked(sum(numbers))


def _smallest(numbers: Sequence[Any]) -> Any:
    best = numbers[0]
    for number in numbers[1:]:
        best = number if before(number, best) else best
    return best


def _largest(numbers: Sequence[Any]) -> Any:
    best = numbers[0]
    for number in numbers[1:]:
        best = number if before(best, number) else best
    return best


def _aggregated(combine: Callable[[Sequence[Any]], Any]) -> Callable[[Decision, Sequence[Hit]], Answer]:
    def combined(decision: Decision, hits: Sequence[Hit]) -> Answer:
        name = decision.outputs[0].name
        wrong = [rule for rule, record in hits if not is_number(record[name])]
        if wrong:
            raise DecisionError(
                f"决策 {decision.id} 要汇总的结果不是数字：第 {rows(wrong)} 行。",
                f"Decision {decision.id} adds up what is no number: rows {rows(wrong)}.",
            )
        return {name: combine([record[name] for _, record in hits])}, [rule for rule, _ in hits]

    return combined


_POLICIES: dict[str, Callable[[Decision, Sequence[Hit]], Answer]] = {
    "U": _unique,
    "F": _first,
    "A": _any,
    "P": _priority,
    "R": _all,
    "C": _all,
    "O": _output_order,
    "C+": _aggregated(_sum),
    "C<": _aggregated(_smallest),
    "C>": _aggregated(_largest),
}
