"""Reading the columns of a decision table: expressions, kinds, listed values."""

from __future__ import annotations

from lxml import etree

from engine.rules.decisions.elements import camunda, child_of, language_of, name_of, text_of
from engine.rules.decisions.feel import constant, feel_outside_cells, understood_differently
from engine.rules.decisions.findings import Findings
from engine.rules.decisions.kinds import TYPES, WORDS, fits
from engine.rules.decisions.table import Input, Output
from engine.rules.decisions.unary_tests import UnaryTest, parse_unary_test
from engine.rules.expressions import Expression
from engine.rules.expressions.syntax import is_identifier


def read_expression(element: etree._Element, where: str, findings: Findings) -> Expression | None:
    """The expression in an element; None, and a problem, if there is none we read."""
    if refused_language(element, where, findings):
        return None
    expression = findings.understood(lambda: feel_outside_cells(text_of(element)), where, "表达式", "expression")
    if expression is not None:
        refuse_difference(expression, where, "表达式", "expression", findings)
    return expression


def refuse_difference(expression: Expression, where: str, zh: str, en: str, findings: Findings) -> None:
    """Notes what FEEL would understand differently."""
    difference = understood_differently(expression)
    if difference is not None:
        findings.wrong(where, "dmn_cell", f"{zh}：{difference.zh}", f"{en}: {difference.en}", tolerated=True)


def refused_language(element: etree._Element, where: str, findings: Findings, *, tolerated: bool = False) -> bool:
    """Whether an element is written in a language we do not read; says so."""
    language = language_of(element)
    if language:
        findings.wrong(
            where,
            "dmn_unsupported",
            f"不支持表达式语言 {language}。",
            f"The expression language {language} is not supported.",
            tolerated=tolerated,
        )
    return bool(language)


def read_kind(element: etree._Element, where: str, findings: Findings, *, tolerated: bool = False) -> str | None:
    """The kind of value a ``typeRef`` asks for."""
    name = element.get("typeRef", "").strip()
    name = name.rpartition(":")[2] if name.startswith("feel:") else name  # as DMN 1.1 writes it
    if name not in TYPES:
        findings.wrong(
            where,
            "dmn_structure",
            f"不支持类型 {name}。",
            f"The type {name} is not supported.",
            tolerated=tolerated,
        )
        return None
    return TYPES[name]


def read_inputs(table: etree._Element, id_: str, findings: Findings) -> tuple[Input, ...]:
    """The columns that are asked."""
    columns = (_input(child, id_, findings) for child in table if name_of(child) == "input")
    return tuple(column for column in columns if column is not None)


def _input(element: etree._Element, id_: str, findings: Findings) -> Input | None:
    where = element.get("id", "") or id_
    asked = child_of(element, "inputExpression")
    if asked is None:
        findings.wrong(where, "dmn_structure", "输入列没有表达式。", "The input column has no expression.")
        return None
    expression = read_expression(asked, where, findings)
    if expression is None:
        return None
    kind = read_kind(asked, where, findings)
    variable = camunda(element, "inputVariable")
    if variable and not is_identifier(variable):
        findings.wrong(
            where,
            "dmn_structure",
            f"输入变量名“{variable}”不能作变量名。",
            f"The input variable “{variable}” is no variable name.",
            tolerated=True,
        )
        variable = ""
    label = element.get("label", "") or expression.text
    return Input(where, label, expression, kind, _allowed(element, where, kind, findings), variable)


def _allowed(element: etree._Element, where: str, kind: str | None, findings: Findings) -> UnaryTest | None:
    listed = child_of(element, "inputValues")
    if listed is None or text_of(listed) in ("", "-"):
        return None
    before = len(findings.problems)
    test = findings.understood(lambda: parse_unary_test(text_of(listed), kind), where, "允许的值", "allowed values")
    for problem in findings.problems[before:]:
        findings.tolerated.add(problem)
    if test is None:
        return None
    for end in test.endpoints():
        if not end.literal and end.expression.names:
            findings.wrong(
                where,
                "dmn_cell",
                "允许的值只能是值、比较和区间，不能用变量。",
                "Allowed values are values, comparisons and intervals, without variables.",
                tolerated=True,
            )
            return None
        mismatch(end.literal, end.value, kind, where, "允许的值", "allowed values", findings, tolerated=True)
    return test


def read_outputs(table: etree._Element, id_: str, findings: Findings) -> tuple[Output, ...]:
    """The columns that are answered."""
    columns = [child for child in table if name_of(child) == "output"]
    if not columns:
        findings.wrong(id_, "dmn_structure", "决策表没有输出列。", "The table has no output column.")
    outputs: list[Output] = []
    for column in columns:
        where = column.get("id", "") or id_
        name = column.get("name", "") or (id_ if len(columns) == 1 else "")
        if not is_identifier(name) or name in [output.name for output in outputs]:
            findings.wrong(
                where,
                "dmn_structure",
                f"输出列名“{name}”为空、重复或不能作变量名。",
                f"The output name “{name}” is empty, used twice or no variable name.",
            )
        kind = read_kind(column, where, findings)
        default = child_of(column, "defaultOutputEntry")
        output = Output(
            where,
            name,
            column.get("label", "") or name,
            kind,
            _values(column, where, kind, findings),
            read_expression(default, where, findings) if default is not None and text_of(default) else None,
        )
        if output.default is not None:
            check_answer(output.default, output, where, "缺省值", "default", findings, tolerated=True)
        outputs.append(output)
    return tuple(outputs)


def _values(column: etree._Element, where: str, kind: str | None, findings: Findings) -> tuple[object, ...]:
    element = child_of(column, "outputValues")
    if element is None:
        return ()
    listed = findings.understood(lambda: parse_unary_test(text_of(element), kind), where, "输出值列表", "output values")
    literals = listed.literals() if listed is not None else None
    if listed is not None and listed.pieces and literals is None:
        findings.wrong(
            where, "dmn_cell", "输出值列表只能是用逗号分隔的值。", "Output values are a list of plain values."
        )
    for value in literals or ():
        mismatch(True, value, kind, where, "输出值列表", "output values", findings, tolerated=True)
    return tuple(literals or ())


def mismatch(
    literal: bool,
    value: object,
    kind: str | None,
    where: str,
    zh: str,
    en: str,
    findings: Findings,
    *,
    tolerated: bool = False,
) -> None:
    """Notes a literal (or a list of them) that is not of the column's kind."""
    if literal and kind and not all(fits(item, kind) for item in (value if isinstance(value, list) else [value])):
        zh_kind, en_kind = WORDS[kind]
        findings.wrong(
            where,
            "dmn_cell",
            f"{zh}：值与列的类型（{zh_kind}）不符。",
            f"{en}: the value is not of the column's type ({en_kind}).",
            tolerated=tolerated,
        )


def check_answer(
    expression: Expression,
    column: Output,
    where: str,
    zh: str,
    en: str,
    findings: Findings,
    *,
    tolerated: bool = False,
) -> None:
    """Notes an answer that is not of the column's kind, or not among its values."""
    literal, value = constant(expression)
    if not literal:
        return
    mismatch(not isinstance(value, list), value, column.kind, where, zh, en, findings, tolerated=tolerated)
    if not column.allows(value):
        findings.wrong(
            where,
            "dmn_values",
            f"{zh}：值不在该列列出的输出值之内。",
            f"{en}: the value is not among the output values of the column.",
            tolerated=True,
        )
