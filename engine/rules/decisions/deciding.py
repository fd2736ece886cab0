"""Taking a decision: take those it requires, ask the columns, find the rules that match, apply the hit policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from engine.rules.calendar import WorkCalendar, calendar_in_force
from engine.rules.decisions.feel import CELL_INPUT
from engine.rules.decisions.hit_policies import answer, rows
from engine.rules.decisions.kinds import converted, shown
from engine.rules.decisions.table import Decision, DecisionError, FiredRule, Input, Outcome, Rule
from engine.rules.decisions.unary_tests import UnaryTest
from engine.rules.expressions import Expression, ExpressionError, evaluate
from engine.rules.expressions.syntax import is_identifier
from engine.rules.expressions.values import read_date

MAX_REQUIRED = 50


def decide(
    decision: Decision,
    values: Mapping[str, Any],
    now: datetime,
    others: Mapping[str, Decision] | Iterable[Decision] = (),
    calendar: WorkCalendar | None = None,
) -> Outcome:
    """Takes a decision over these values.

    ``others``: where required decisions are found. What a required decision answers is seen under the names of its
    outputs (a list of values where its policy gives several) and, as a whole, under its id. Raises ``DecisionError``
    naming decision, row and column; nothing else.
    """
    known = others if isinstance(others, Mapping) else {other.id: other for other in others}
    return _Taking(known, values, now, calendar).outcome(decision, ())


class _Taking:
    """One decision being taken, with everything it requires; each required one is taken once."""

    def __init__(
        self, known: Mapping[str, Decision], values: Mapping[str, Any], now: datetime, calendar: WorkCalendar | None
    ) -> None:
        self.known = known
        self.values = values
        self.now = now
        self.calendar = calendar
        self.taken: dict[str, Outcome] = {}

    def outcome(self, decision: Decision, path: tuple[str, ...]) -> Outcome:
        if decision.id in path:
            circle = " → ".join([*path, decision.id])
            raise DecisionError(f"决策互相依赖：{circle}。", f"The decisions require each other: {circle}.")
        if decision.id not in self.taken:
            if len(path) >= MAX_REQUIRED or len(self.taken) >= MAX_REQUIRED:
                raise DecisionError(
                    f"依赖的决策超过 {MAX_REQUIRED} 个。", f"More than {MAX_REQUIRED} required decisions."
                )
            required = tuple(
                self.outcome(self._other(decision, name), (*path, decision.id)) for name in decision.requires
            )
            self.taken[decision.id] = self._take(decision, required)
        return self.taken[decision.id]

    def _other(self, decision: Decision, name: str) -> Decision:
        if name not in self.known:
            raise DecisionError(
                f"决策 {decision.id} 依赖的决策 {name} 不存在。",
                f"Decision {decision.id} requires {name}, which does not exist.",
            )
        return self.known[name]

    def _take(self, decision: Decision, required: tuple[Outcome, ...]) -> Outcome:
        values = {**self.values, **{name: value for outcome in required for name, value in _seen(outcome).items()}}
        if decision.literal is not None:
            result = self._work_out(decision.literal, values, decision, "", "")
            output = decision.outputs[0]
            record = {output.name: self._as_kind(result, output.kind, decision, "", "")}
            return Outcome(decision, record, (), {}, required)
        asked = [self._ask(decision, column, values) for column in decision.inputs]
        matching = (rule for rule in decision.rules if self._matches(decision, rule, asked, values))
        wanted = 1 if decision.hit_policy == "F" else None
        hits = [(rule, self._record(decision, rule, values)) for rule in islice(matching, wanted)]
        outputs, fired = answer(decision, hits, None if hits else self._default(decision, values))
        inputs = {column.expression.text: given for column, given in zip(decision.inputs, asked, strict=True)}
        return Outcome(decision, outputs, tuple(FiredRule(rule.id, rule.row) for rule in fired), inputs, required)

    def _ask(self, decision: Decision, column: Input, values: Mapping[str, Any]) -> Any:
        place = (f"输入列“{column.label}”", f"input “{column.label}”")
        given = self._work_out(column.expression, values, decision, *place)
        given = self._as_kind(given, column.kind, decision, *place)
        if column.allowed is not None and not self._is_allowed(column.allowed, given, decision, *place):
            listed = column.allowed.text.strip()[:200]
            raise DecisionError(
                f"决策 {decision.id}，{place[0]}：“{shown(given)}”不在允许的值 {listed} 之内。",
                f"Decision {decision.id}, {place[1]}: “{shown(given)}” is none of the allowed values {listed}.",
                column.expression.text,
            )
        return given

    def _is_allowed(self, allowed: UnaryTest, given: Any, decision: Decision, zh: str, en: str) -> bool:
        try:
            return allowed.holds(
                given, lambda expression, _: evaluate(expression, {}, self.now, decision.id, self.calendar)
            )
        except ExpressionError as error:
            raise _at(error, decision, zh, en) from None

    def _matches(self, decision: Decision, rule: Rule, asked: Sequence[Any], values: Mapping[str, Any]) -> bool:
        for column, test, given in zip(decision.inputs, rule.tests, asked, strict=True):
            called = column.variable or CELL_INPUT

            def work_out(expression: Expression, given: Any, called: str = called) -> Any:
                seen = {**values, CELL_INPUT: given, called: given}
                return evaluate(expression, seen, self.now, decision.id, self.calendar)

            try:
                if not test.holds(given, work_out):
                    return False
            except ExpressionError as error:
                raise _at(
                    error,
                    decision,
                    f"第 {rows([rule])} 行，输入列“{column.label}”",
                    f"row {rows([rule])}, input “{column.label}”",
                ) from None
        return True

    def _record(self, decision: Decision, rule: Rule, values: Mapping[str, Any]) -> dict[str, Any]:
        record = {}
        for output, cell in zip(decision.outputs, rule.outputs, strict=True):
            zh, en = f"第 {rows([rule])} 行，输出列“{output.name}”", f"row {rows([rule])}, output “{output.name}”"
            value = None if cell is None else self._work_out(cell, values, decision, zh, en)
            value = self._as_kind(value, output.kind, decision, zh, en)
            if not output.allows(value):
                raise DecisionError(
                    f"决策 {decision.id}，{zh}：“{shown(value)}”不在输出值列表中。",
                    f"Decision {decision.id}, {en}: “{shown(value)}” is not among the output values.",
                )
            record[output.name] = value
        return record

    def _default(self, decision: Decision, values: Mapping[str, Any]) -> dict[str, Any] | None:
        if all(output.default is None for output in decision.outputs):
            return None
        record = {}
        for output in decision.outputs:
            zh, en = f"输出列“{output.name}”的缺省值", f"the default of output “{output.name}”"
            value = None if output.default is None else self._work_out(output.default, values, decision, zh, en)
            record[output.name] = self._as_kind(value, output.kind, decision, zh, en)
        return record

    def _work_out(self, expression: Expression, values: Mapping[str, Any], decision: Decision, zh: str, en: str) -> Any:
        try:
            return evaluate(expression, values, self.now, decision.id, self.calendar)
        except ExpressionError as error:
            raise _at(error, decision, zh, en) from None

    def _as_kind(self, value: Any, kind: str | None, decision: Decision, zh: str, en: str) -> Any:
        try:
            converted_value = converted(value, kind)
            if kind == "date" and isinstance(converted_value, str):
                zone = (self.calendar or calendar_in_force()).zone
                return read_date(converted_value, zone).isoformat()
            return converted_value
        except ExpressionError as error:
            raise _at(error, decision, zh, en) from None


def _seen(outcome: Outcome) -> dict[str, Any]:
    """What a decision that requires this one sees of it."""
    decision = outcome.decision
    whole = outcome.mapped()
    if isinstance(whole, dict) and len(whole) == 1:
        # what DMN calls the result of a decision with one output, and what its variable holds
        alone = next(iter(whole.values()))
    else:
        alone = whole if decision.single or len(decision.outputs) > 1 else outcome.mapped("collectEntries")
    seen: dict[str, Any] = {decision.variable: alone} if is_identifier(decision.variable) else {}
    if is_identifier(decision.id):
        seen[decision.id] = whole
    for output in decision.outputs:
        values = [record[output.name] for record in outcome.results]
        seen[output.name] = (values[0] if values else None) if decision.single else values
    return seen


def _at(error: ExpressionError, decision: Decision, zh: str, en: str) -> DecisionError:
    if isinstance(error, DecisionError):
        return error
    return DecisionError(
        f"决策 {decision.id}{'，' if zh else ''}{zh}：{error.zh}",
        f"Decision {decision.id}{', ' if en else ''}{en}: {error.en}",
        error.expression,
        error.element,
    )
