"""Working out a checked tree. The walk is simpleeval's; what it may meet, and what operators mean, is ours."""

from __future__ import annotations

import ast
import copy
import unicodedata
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from types import MethodType
from typing import Any

from simpleeval import SimpleEval

from engine.rules.expressions.functions import TABLE, Surroundings
from engine.rules.expressions.functions.lists import found
from engine.rules.expressions.syntax import CONSTANTS, did_you_mean, operands
from engine.rules.expressions.values import (
    MAX_ITEMS,
    MAX_RESULT,
    ExpressionError,
    before,
    checked,
    is_number,
    is_personal,
    is_set,
    kind_of,
    personal,
    same,
    too_large,
)

MAX_STEPS = 10_000

#: Copied for each evaluation: its constructor switches warnings off and on, which is not safe between threads.
_TEMPLATE = SimpleEval(operators={}, functions={}, names={})

_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%"}


def _nothing(value: Any) -> None:
    """Stands in for a check that is not needed."""


class UndefinedName(ExpressionError):
    """A variable that has no value yet; ``is_set``, ``coalesce``, ``get`` and ``has`` take it for nothing."""

    def __init__(self, name: str) -> None:
        super().__init__(f"没有变量 {name}。", f"There is no variable {name}.")
        self.name = name

    def among(self, known: Collection[str]) -> ExpressionError:
        """The error as it is told, with what was perhaps meant. Looking for that is dear, so it is done once."""
        zh, en = did_you_mean(self.name, known)
        return ExpressionError(f"{self.zh}{zh}", f"{self.en} {en}".strip())


class Evaluation:
    """One evaluation of one tree with these values at this moment."""

    def __init__(self, values: Mapping[str, Any], run: Surroundings) -> None:
        self.values = values
        self.run = run
        self.steps = 0
        walker = copy.copy(_TEMPLATE)
        walker.operators = self._operators()
        # It looks into every value for modules and functions each time; ours are JSON, and large.
        walker._check_disallowed_items = _nothing
        self._walker = walker
        own: dict[type[ast.AST], Callable[[Any], Any]] = {
            **{
                kind: MethodType(_TEMPLATE.nodes[kind].__func__, walker)
                for kind in (ast.BoolOp, ast.Compare, ast.IfExp, ast.UnaryOp)
            },
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Subscript: self._subscript,
            ast.BinOp: self._arithmetic,
            ast.Call: self._call,
            ast.List: self._list,
            ast.Tuple: self._list,
            ast.Dict: self._record,
        }
        # a closed list: what is not in it does not exist for the walker
        walker.nodes = {kind: self._counted(handler) for kind, handler in own.items()}

    def result(self, tree: ast.expr) -> Any:
        """The value. Raises ``ExpressionError``."""
        return self._walker.eval("", previously_parsed=tree)

    def _value(self, node: ast.AST) -> Any:
        handler = self._walker.nodes[type(node)]
        return handler(node)

    def _counted(self, handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def step(node: ast.AST) -> Any:
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise ExpressionError(f"计算超过 {MAX_STEPS} 步。", f"This takes more than {MAX_STEPS} steps.")
            return handler(node)

        return step

    def _operators(self) -> dict[type[ast.AST], Callable[..., Any]]:
        work, zone = self.run.work, self.run.zone
        return {
            ast.Eq: lambda a, b: same(a, b, work, zone),
            ast.NotEq: lambda a, b: not same(a, b, work, zone),
            ast.Lt: lambda a, b: before(a, b, zone),
            ast.Gt: lambda a, b: before(b, a, zone),
            ast.LtE: lambda a, b: not before(b, a, zone),
            ast.GtE: lambda a, b: not before(a, b, zone),
            ast.In: lambda a, b: found(a, b, self.run),
            ast.NotIn: lambda a, b: not found(a, b, self.run),
            ast.Not: lambda a: not a,
            ast.Invert: lambda a: not a,
            ast.USub: lambda a: -_operand(a, "-"),
            ast.UAdd: lambda a: _operand(a, "+"),
        }

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _name(self, node: ast.Name) -> Any:
        if node.id in CONSTANTS:
            return CONSTANTS[node.id]
        if node.id in self.values:
            return self.values[node.id]
        if node.id in self._other_spellings:
            return self.values[self._other_spellings[node.id]]
        raise UndefinedName(node.id)

    @cached_property
    def _other_spellings(self) -> dict[str, str]:
        """NFKC form → key, for keys written in another: identifiers are read in NFKC form."""
        return {
            unicodedata.normalize("NFKC", key): key
            for key in self.values
            if not key.isascii() and not unicodedata.is_normalized("NFKC", key)
        }

    def _attribute(self, node: ast.Attribute) -> Any:
        return self._part(self._value(node.value), node.attr)

    def _subscript(self, node: ast.Subscript) -> Any:
        return self._part(self._value(node.value), self._value(node.slice))

    def _part(self, whole: Any, key: Any) -> Any:
        if whole is None:
            return None
        if is_personal(whole):
            raise personal()
        if isinstance(whole, Mapping) and isinstance(key, str):
            return whole.get(key)
        if isinstance(whole, (list, tuple, str)) and isinstance(key, int) and not isinstance(key, bool):
            if -len(whole) <= key < len(whole):
                return whole[key]
            raise ExpressionError(
                f"没有第 {key} 项，共 {len(whole)} 项。", f"There is no item {key}; there are {len(whole)}."
            )
        (zh, en), (zh_key, en_key) = kind_of(whole), kind_of(key)
        raise ExpressionError(f"不能用{zh_key}取{zh}的一部分。", f"{en_key} picks nothing out of {en}.")

    def _arithmetic(self, node: ast.BinOp) -> Any:
        first, rest = operands(node)
        result = self._value(first)
        for operator, operand in rest:
            result = _calculate(operator, result, self._value(operand))
        return result

    def _list(self, node: ast.List | ast.Tuple) -> list[Any]:
        return [self._value(item) for item in node.elts]

    def _record(self, node: ast.Dict) -> dict[str, Any]:
        pairs = zip(node.keys, node.values, strict=True)
        return {str(key.value): self._value(value) for key, value in pairs if isinstance(key, ast.Constant)}

    def _call(self, node: ast.Call) -> Any:
        function = TABLE[node.func.id] if isinstance(node.func, ast.Name) else None
        if function is None:
            raise ExpressionError("只能调用函数表中的函数。", "Only the functions of the table can be called.")
        if not function.least <= len(node.args) <= function.most:
            raise ExpressionError(
                f"{function.name}() 的参数个数不对，用法：{function.usage}。",
                f"Wrong number of arguments for {function.name}(); use: {function.usage}.",
            )
        self.run.work.spend(1)
        arguments = []
        for argument in node.args:
            arguments.append(self._tolerant(argument) if function.tolerant else self._value(argument))
            if function.lazy and is_set(arguments[-1]):
                break
        result = function.call(self.run, *arguments)
        return checked(result) if isinstance(result, (str, int, float)) and not isinstance(result, bool) else result

    def _tolerant(self, node: ast.AST) -> Any:
        try:
            return self._value(node)
        except UndefinedName:
            return None


def _operand(value: Any, sign: str) -> int | float:
    if not is_number(value):
        zh, en = kind_of(value)
        raise ExpressionError(f"{zh}不能用于 {sign} 运算。", f"{en} cannot be used with {sign}.")
    number: int | float = value
    return number


def _calculate(operator: ast.operator, left: Any, right: Any) -> Any:
    sign = _SIGNS[type(operator)]
    if sign == "+" and isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > MAX_RESULT:
            raise too_large()
        return left + right
    if sign == "+" and isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        if len(left) + len(right) > MAX_ITEMS:
            raise too_large()
        return [*left, *right]
    if sign == "+" and isinstance(left, str) != isinstance(right, str):
        (zh_left, en_left), (zh_right, en_right) = kind_of(left), kind_of(right)
        raise ExpressionError(
            f"{zh_left}不能与{zh_right}相加；要连成文本请用 text()。",
            f"{en_left} and {en_right} do not add up; to make text of it use text().",
        )
    a, b = checked(_operand(left, sign)), checked(_operand(right, sign))
    if sign in ("/", "//", "%") and b == 0:
        raise ExpressionError("除数为零。", "Division by zero.")
    try:
        return checked(_NUMERIC[sign](a, b))
    except OverflowError:
        raise ExpressionError("数字超出范围。", "The number is out of range.") from None


_NUMERIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
}
