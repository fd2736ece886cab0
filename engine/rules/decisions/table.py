"""What a decision is once it is read: columns, rules, a hit policy. No XML, nothing worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.rules.decisions.unary_tests import UnaryTest
from engine.rules.expressions import Expression
from engine.rules.expressions.values import ExpressionError, Work, same

#: DMN's names → the letter people write.
HIT_POLICIES = {
    "UNIQUE": "U",
    "FIRST": "F",
    "PRIORITY": "P",
    "ANY": "A",
    "COLLECT": "C",
    "RULE ORDER": "R",
    "OUTPUT ORDER": "O",
}
AGGREGATIONS = {"SUM": "C+", "COUNT": "C#", "MIN": "C<", "MAX": "C>"}


class DecisionError(ExpressionError):
    """A decision that cannot be read or taken. ``zh`` and ``en`` name the decision and the rules."""


@dataclass(frozen=True)
class Input:
    """A column that is asked: the expression, and the kind its value must have (None: any).

    ``allowed``: the cell its value must pass, if the table lists the values of the column; ``variable``: another name
    for ``?`` in the column's cells (``camunda:inputVariable``).
    """

    id: str
    label: str
    expression: Expression
    kind: str | None = None
    allowed: UnaryTest | None = None
    variable: str = ""


@dataclass(frozen=True)
class Output:
    """A column that is answered. ``values``: the allowed ones in falling priority; ``default``: without a match."""

    id: str
    name: str
    label: str
    kind: str | None = None
    values: tuple[Any, ...] = ()
    default: Expression | None = None

    def allows(self, value: Any) -> bool:
        """Whether a value may be answered: nothing, one of the list, or, for a list, items that are."""
        if not self.values or value is None:
            return True
        items = value if isinstance(value, list) else []
        return self._has(value) or (bool(items) and all(self._has(item) for item in items))

    def _has(self, value: Any) -> bool:
        return any(same(value, allowed, Work()) for allowed in self.values)


@dataclass(frozen=True)
class Rule:
    """A row, counted from 1. An output of None is an empty cell: nothing."""

    id: str
    row: int
    tests: tuple[UnaryTest, ...]
    outputs: tuple[Expression | None, ...]
    annotation: str = ""


@dataclass(frozen=True)
class Decision:
    """A decision table, or, with ``literal``, one expression whose value is the only output.

    ``variable``: under which name, besides its id, decisions that require it see its result; ``sha256``: of the file it
    was read from.
    """

    id: str
    name: str
    file: str
    hit_policy: str = "U"
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    rules: tuple[Rule, ...] = ()
    requires: tuple[str, ...] = ()
    literal: Expression | None = None
    variable: str = ""
    sha256: str = ""

    @property
    def single(self) -> bool:
        """Whether the policy gives one result and not a list."""
        return self.literal is not None or self.hit_policy not in ("R", "O", "C")


def requires_itself(decision: Decision, by_id: Mapping[str, Decision]) -> bool:
    """Whether following the requirements leads back to the decision."""
    seen: set[str] = set()
    waiting = list(decision.requires)
    while waiting:
        name = waiting.pop()
        if name == decision.id:
            return True
        if name in by_id and name not in seen:
            seen.add(name)
            waiting.extend(by_id[name].requires)
    return False


@dataclass(frozen=True)
class FiredRule:
    """A rule that matched: its id and its row in the table, counted from 1."""

    id: str
    row: int


@dataclass(frozen=True)
class Outcome:
    """How a decision was taken.

    ``outputs``: one record (output name → value), None if no rule matched, or, for the policies R, O and C without
    aggregation, a list of records. ``rules``: those that gave the result, in the order of the result; ``inputs``:
    what was asked (expression text → value); ``required``: the decisions taken before it.
    """

    decision: Decision
    outputs: dict[str, Any] | list[dict[str, Any]] | None
    rules: tuple[FiredRule, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[Outcome, ...] = ()

    @property
    def results(self) -> list[dict[str, Any]]:
        """The records, whatever the policy."""
        if self.outputs is None:
            return []
        return [self.outputs] if isinstance(self.outputs, dict) else self.outputs

    def mapped(self, how: str | None = None) -> Any:
        """The result as ``camunda:mapDecisionResult`` asks for it.

        ``singleEntry`` → the one value, ``singleResult`` → the one record, ``collectEntries`` → the values of the one
        output, ``resultList`` → all records. Left out: a record where the policy gives one, else the list. Raises
        ``DecisionError`` where there is more than one to choose from.
        """
        if how in (None, ""):
            how = "singleResult" if self.decision.single or isinstance(self.outputs, dict) else "resultList"
        if how == "resultList":
            return self.results
        if how == "collectEntries":
            return [self._only_value(record) for record in self.results]
        if how not in ("singleEntry", "singleResult"):
            raise DecisionError(f"不认识的 mapDecisionResult“{how}”。", f"There is no mapDecisionResult “{how}”.")
        if len(self.results) > 1:
            raise DecisionError(
                f"决策 {self.decision.id} 得到 {len(self.results)} 个结果，只能有一个。",
                f"Decision {self.decision.id} gave {len(self.results)} results; one is wanted.",
            )
        if not self.results:
            return None
        return self.results[0] if how == "singleResult" else self._only_value(self.results[0])

    def as_json(self) -> dict[str, Any]:
        """What the log keeps of it (``decision_made``): ``sha256`` says which state of the table it was."""
        return {
            "decision": self.decision.id,
            "sha256": self.decision.sha256,
            "inputs": dict(self.inputs),
            "rules": [{"id": rule.id, "row": rule.row} for rule in self.rules],
            "outputs": self.outputs,
        }

    def _only_value(self, record: Mapping[str, Any]) -> Any:
        if len(record) != 1:
            raise DecisionError(
                f"决策 {self.decision.id} 有 {len(record)} 个输出列，只能有一个。",
                f"Decision {self.decision.id} has {len(record)} outputs; one is wanted.",
            )
        return next(iter(record.values()))
