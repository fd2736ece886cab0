"""Reading DMN files: XML → decisions, and everything that is wrong with them as problems."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from lxml import etree

from engine.errors import Problem
from engine.rules.decisions.feel import TYPES, constant, feel_outside_cells, fits
from engine.rules.decisions.overlap import overlaps
from engine.rules.decisions.table import (
    AGGREGATIONS,
    HIT_POLICIES,
    Decision,
    DecisionError,
    Input,
    Output,
    Rule,
    requires_itself,
)
from engine.rules.decisions.unary_tests import Equal, UnaryTest, parse_unary_test
from engine.rules.expressions import Expression, ExpressionError
from engine.rules.expressions.syntax import is_identifier
from engine.rules.xml import XmlRefused, parse_xml

#: DMN 1.2 and 1.3, as dmn-js and Camunda Modeler write them.
NAMESPACES = ("https://www.omg.org/spec/DMN/20191111/MODEL/", "http://www.omg.org/spec/DMN/20180521/MODEL/")

MAX_RULES = 2_000
MAX_COLUMNS = 50

_LANGUAGES = (
    "",
    "feel",
    "juel",
    "https://www.omg.org/spec/DMN/20191111/FEEL/",
    "http://www.omg.org/spec/DMN/20180521/FEEL/",
)
_LOGIC = (
    "literalExpression",
    "context",
    "invocation",
    "list",
    "relation",
    "functionDefinition",
    "conditional",
    "for",
    "every",
    "some",
    "filter",
)

T = TypeVar("T")


def parse_decisions(content: bytes, file: str = "") -> list[Decision]:
    """The decisions of a file, in its order. Raises ``DecisionError`` with the first thing that is wrong."""
    reading = _read(content, file, None)
    for problem in reading.problems:
        if problem.severity == "error":
            place = f"{problem.element}：" if problem.element else ""
            raise DecisionError(f"{place}{problem.zh}", f"{place}{problem.en}", element=problem.element)
    return reading.decisions


def check_decisions(content: bytes, file: str = "", known: Collection[str] = ()) -> list[Problem]:
    """Everything that is wrong with a file, and warnings. ``known``: ids of decisions in other files."""
    return _read(content, file, known).problems


def _read(content: bytes, file: str, known: Collection[str] | None) -> _Reading:
    reading = _Reading(file)
    try:
        root = parse_xml(content)
    except XmlRefused as error:
        reading.wrong("", "dmn_xml", error.zh, error.en)
        return reading
    reading.file_of(root)
    reading.check_requirements(known)
    return reading


@dataclass
class _Reading:
    """One file being read: what was understood, and what was not."""

    file: str
    decisions: list[Decision] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def wrong(self, element: str, code: str, zh: str, en: str, severity: Literal["error", "warning"] = "error") -> None:
        self.problems.append(Problem(self.file, element, severity, code, zh, en))

    def file_of(self, root: etree._Element) -> None:
        name = etree.QName(root)
        if name.localname != "definitions" or name.namespace not in NAMESPACES:
            self.wrong(
                "",
                "dmn_xml",
                "不是 DMN 1.2 或 1.3 文件。请用 DMN 编辑器另存为 DMN 1.3。",
                "This is not a DMN 1.2 or 1.3 file. Save it as DMN 1.3 in a DMN editor.",
            )
            return
        for child in root:
            if _name(child) == "decision":
                self._decision(child)
            elif _name(child) in ("businessKnowledgeModel", "decisionService", "import", "itemDefinition"):
                self.wrong(
                    child.get("id", ""),
                    "dmn_unsupported",
                    f"不支持 {_name(child)}。",
                    f"{_name(child)} is not supported.",
                )
        if not any(_name(child) == "decision" for child in root):
            self.wrong("", "dmn_structure", "文件中没有决策。", "The file has no decision.")

    def check_requirements(self, known: Collection[str] | None) -> None:
        by_id = {decision.id: decision for decision in self.decisions}
        for decision in self.decisions:
            for name in decision.requires:
                if known is not None and name not in self.ids and name not in known:
                    self.wrong(
                        decision.id,
                        "dmn_requirement",
                        f"依赖的决策 {name} 不存在。",
                        f"It requires {name}, which does not exist.",
                    )
            if requires_itself(decision, by_id):
                self.wrong(
                    decision.id,
                    "dmn_requirement",
                    "决策互相依赖，形成循环。",
                    "The decisions require each other in a circle.",
                )

    def _decision(self, element: etree._Element) -> None:
        before = len(self.problems)
        id_ = element.get("id", "")
        if not id_ or id_ in self.ids:
            self.wrong(
                id_, "dmn_structure", "决策没有 id 或 id 重复。", "The decision has no id, or an id used before."
            )
            return
        self.ids.add(id_)
        requires = self._requires(element, id_)
        logic = next((child for child in element if _name(child) in (*_LOGIC, "decisionTable")), None)
        name = element.get("name", id_)
        if logic is None:
            self.wrong(id_, "dmn_structure", "决策没有决策表。", "The decision has no table.")
        elif _name(logic) == "decisionTable":
            decision = self._table(logic, id_, name, requires)
            if all(problem.severity == "warning" for problem in self.problems[before:]):
                self.decisions.append(decision)
                self._warn_of_overlap(decision)
        elif _name(logic) == "literalExpression":
            expression = self._expression(logic, id_)
            variable = _child(element, "variable")
            output_name = (variable.get("name", "") if variable is not None else "") or id_
            if expression is not None:
                self.decisions.append(
                    Decision(
                        id_,
                        name,
                        self.file,
                        outputs=(Output(id_, output_name, name),),
                        requires=requires,
                        literal=expression,
                    )
                )
        else:
            self.wrong(
                id_,
                "dmn_unsupported",
                f"不支持 {_name(logic)}，请用决策表。",
                f"{_name(logic)} is not supported; use a decision table.",
            )

    def _requires(self, element: etree._Element, id_: str) -> tuple[str, ...]:
        names = []
        for child in element:
            if _name(child) == "knowledgeRequirement":
                self.wrong(
                    id_, "dmn_unsupported", "不支持业务知识模型。", "Business knowledge models are not supported."
                )
            if _name(child) == "informationRequirement":
                for target in child:
                    if _name(target) == "requiredDecision":
                        names.append(target.get("href", "").rpartition("#")[2])
        return tuple(dict.fromkeys(names))

    def _table(self, table: etree._Element, id_: str, name: str, requires: tuple[str, ...]) -> Decision:
        inputs = tuple(
            found
            for found in (self._input(child, id_) for child in table if _name(child) == "input")
            if found is not None
        )
        outputs = self._outputs(table, id_)
        policy = self._policy(table, id_, outputs)
        rows = [child for child in table if _name(child) == "rule"]
        if len(rows) > MAX_RULES or len(inputs) + len(outputs) > MAX_COLUMNS:
            self.wrong(
                id_,
                "dmn_structure",
                f"决策表超过 {MAX_RULES} 行或 {MAX_COLUMNS} 列。",
                f"The table has more than {MAX_RULES} rows or {MAX_COLUMNS} columns.",
            )
            rows = []
        rules = tuple(self._rule(child, number, id_, inputs, outputs) for number, child in enumerate(rows, start=1))
        return Decision(id_, name, self.file, policy, inputs, outputs, rules, requires)

    def _input(self, element: etree._Element, id_: str) -> Input | None:
        where = element.get("id", "") or id_
        asked = _child(element, "inputExpression")
        if asked is None:
            self.wrong(where, "dmn_structure", "输入列没有表达式。", "The input column has no expression.")
            return None
        expression = self._expression(asked, where)
        if expression is None:
            return None
        return Input(where, element.get("label", "") or expression.text, expression, self._kind(asked, where))

    def _outputs(self, table: etree._Element, id_: str) -> tuple[Output, ...]:
        columns = [child for child in table if _name(child) == "output"]
        if not columns:
            self.wrong(id_, "dmn_structure", "决策表没有输出列。", "The table has no output column.")
        outputs: list[Output] = []
        for column in columns:
            where = column.get("id", "") or id_
            name = column.get("name", "") or (id_ if len(columns) == 1 else "")
            if not is_identifier(name) or name in [output.name for output in outputs]:
                self.wrong(
                    where,
                    "dmn_structure",
                    f"输出列名“{name}”为空、重复或不能作变量名。",
                    f"The output name “{name}” is empty, used twice or no variable name.",
                )
            values = _child(column, "outputValues")
            default = _child(column, "defaultOutputEntry")
            outputs.append(
                Output(
                    where,
                    name,
                    column.get("label", "") or name,
                    self._kind(column, where),
                    self._listed(values, where) if values is not None else (),
                    self._expression(default, where) if default is not None and _text(default) else None,
                )
            )
        return tuple(outputs)

    def _listed(self, values: etree._Element, where: str) -> tuple[object, ...]:
        listed = self._understood(
            lambda: parse_unary_test(_text(values)), where, "dmn_cell", "输出值列表", "output values"
        )
        literals = listed.literals() if listed is not None else None
        if listed is not None and listed.pieces and literals is None:
            self.wrong(
                where, "dmn_cell", "输出值列表只能是用逗号分隔的值。", "Output values are a list of plain values."
            )
        return tuple(literals or ())

    def _policy(self, table: etree._Element, id_: str, outputs: tuple[Output, ...]) -> str:
        name, aggregation = table.get("hitPolicy", "UNIQUE"), table.get("aggregation", "")
        letter = HIT_POLICIES.get(name)
        if letter is None or (aggregation and (letter != "C" or aggregation not in AGGREGATIONS)):
            self.wrong(
                id_,
                "dmn_policy",
                f"不认识的命中策略 {name} {aggregation}。",
                f"There is no hit policy {name} {aggregation}.",
            )
            return "U"
        if aggregation and len(outputs) > 1:
            self.wrong(id_, "dmn_policy", "汇总只能用于一个输出列。", "Aggregation takes exactly one output column.")
        if letter in ("P", "O") and not any(output.values for output in outputs):
            self.wrong(
                id_,
                "dmn_policy",
                "按优先级命中需要在输出列列出输出值（先列的优先）。",
                "Priority needs the output values listed, the first being the most important.",
            )
        return AGGREGATIONS[aggregation] if aggregation else letter

    def _rule(
        self, element: etree._Element, row: int, id_: str, inputs: tuple[Input, ...], outputs: tuple[Output, ...]
    ) -> Rule:
        rule_id = element.get("id", "") or f"{id_}_{row}"
        cells = [child for child in element if _name(child) == "inputEntry"]
        answers = [child for child in element if _name(child) == "outputEntry"]
        if len(cells) != len(inputs) or len(answers) != len(outputs):
            self.wrong(
                rule_id,
                "dmn_structure",
                f"第 {row} 行的单元格数与列数不符。",
                f"Row {row} does not have one cell a column.",
            )
            return Rule(rule_id, row, (), ())
        tests = tuple(self._test(cell, rule_id, row, column) for cell, column in zip(cells, inputs, strict=True))
        given = tuple(self._answer(cell, rule_id, row, column) for cell, column in zip(answers, outputs, strict=True))
        notes = [_text(child) for child in element if _name(child) in ("description", "annotationEntry")]
        return Rule(rule_id, row, tests, given, " ".join(note for note in notes if note))

    def _test(self, cell: etree._Element, rule_id: str, row: int, column: Input) -> UnaryTest:
        zh, en = f"第 {row} 行，输入列“{column.label}”", f"row {row}, input “{column.label}”"
        test = self._understood(lambda: parse_unary_test(_text(cell)), rule_id, "dmn_cell", zh, en)
        if test is None:
            return UnaryTest("")
        for end in test.endpoints():
            values = end.value if isinstance(end.value, list) else [end.value]
            if end.literal and not all(fits(value, column.kind) for value in values):
                self.wrong(
                    rule_id,
                    "dmn_cell",
                    f"{zh}：值与列的类型 {column.kind} 不符。",
                    f"{en}: the value is not of the column's type {column.kind}.",
                )
        for piece in test.pieces:
            name = piece.end.expression.text if isinstance(piece, Equal) else ""
            if is_identifier(name):
                self.wrong(
                    rule_id,
                    "dmn_quotes",
                    f'{zh}：{name} 没有引号，按变量处理；如果是文字请写成 "{name}"。',
                    f'{en}: {name} without quotes is a variable; write "{name}" if it is text.',
                    "warning",
                )
        return test

    def _answer(self, cell: etree._Element, rule_id: str, row: int, column: Output) -> Expression | None:
        if _text(cell) in ("", "-"):
            return None
        zh, en = f"第 {row} 行，输出列“{column.name}”", f"row {row}, output “{column.name}”"
        expression = self._understood(lambda: feel_outside_cells(_text(cell)), rule_id, "dmn_cell", zh, en)
        if expression is None:
            return None
        literal, value = constant(expression)
        if literal and not isinstance(value, list) and not fits(value, column.kind):
            self.wrong(
                rule_id,
                "dmn_cell",
                f"{zh}：值与列的类型 {column.kind} 不符。",
                f"{en}: the value is not of the column's type {column.kind}.",
            )
        return expression

    def _expression(self, element: etree._Element, where: str) -> Expression | None:
        language = element.get("expressionLanguage", "").strip()
        if language.lower() not in [known.lower() for known in _LANGUAGES]:
            self.wrong(
                where,
                "dmn_unsupported",
                f"不支持表达式语言 {language}。",
                f"The expression language {language} is not supported.",
            )
            return None
        return self._understood(lambda: feel_outside_cells(_text(element)), where, "dmn_cell", "表达式", "expression")

    def _kind(self, element: etree._Element, where: str) -> str | None:
        name = element.get("typeRef", "").strip()
        if name not in TYPES:
            self.wrong(where, "dmn_structure", f"不支持类型 {name}。", f"The type {name} is not supported.")
            return None
        return TYPES[name]

    def _understood(self, read: Callable[[], T], where: str, code: str, zh: str, en: str) -> T | None:
        try:
            return read()
        except ExpressionError as error:
            self.wrong(where, code, f"{zh}：{error.zh}", f"{en}: {error.en}")
            return None

    def _warn_of_overlap(self, decision: Decision) -> None:
        for one, other in overlaps(decision):
            self.wrong(
                other.id,
                "dmn_overlap",
                f"第 {other.row} 行与第 {one.row} 行会同时成立，而命中策略是“唯一”。",
                f"Row {other.row} matches together with row {one.row}, but the hit policy is UNIQUE.",
                "warning",
            )


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next((child for child in element if _name(child) == name), None)


def _text(element: etree._Element) -> str:
    """The content of ``<text>`` inside an element, or its own."""
    inner = _child(element, "text")
    return ((inner if inner is not None else element).text or "").strip()
