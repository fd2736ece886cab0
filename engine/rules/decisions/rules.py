"""Reading the rules of a decision table: the cells, and what is wrong with them."""

from __future__ import annotations

from lxml import etree

from engine.rules.decisions.columns import check_answer, mismatch, refuse_difference, refused_language
from engine.rules.decisions.elements import name_of, text_of
from engine.rules.decisions.feel import feel_outside_cells
from engine.rules.decisions.findings import Findings
from engine.rules.decisions.table import Input, Output, Rule
from engine.rules.decisions.unary_tests import Condition, Equal, UnaryTest, parse_unary_test
from engine.rules.expressions import Expression
from engine.rules.expressions.syntax import is_identifier


def read_rule(
    element: etree._Element,
    row: int,
    id_: str,
    inputs: tuple[Input, ...],
    outputs: tuple[Output, ...],
    findings: Findings,
) -> Rule:
    """The ``row``-th rule of the table ``id_``, counted from 1."""
    rule_id = element.get("id", "") or f"{id_}_{row}"
    cells = [child for child in element if name_of(child) == "inputEntry"]
    answers = [child for child in element if name_of(child) == "outputEntry"]
    if len(cells) != len(inputs) or len(answers) != len(outputs):
        findings.wrong(
            rule_id,
            "dmn_structure",
            f"第 {row} 行的单元格数与列数不符。",
            f"Row {row} does not have one cell a column.",
        )
        return Rule(rule_id, row, (), ())
    tests = tuple(_test(cell, rule_id, row, column, findings) for cell, column in zip(cells, inputs, strict=True))
    given = tuple(_answer(cell, rule_id, row, column, findings) for cell, column in zip(answers, outputs, strict=True))
    notes = [text_of(child) for child in element if name_of(child) in ("description", "annotationEntry")]
    return Rule(rule_id, row, tests, given, " ".join(note for note in notes if note))


def _test(cell: etree._Element, rule_id: str, row: int, column: Input, findings: Findings) -> UnaryTest:
    zh, en = f"第 {row} 行，输入列“{column.label}”", f"row {row}, input “{column.label}”"
    refused_language(cell, rule_id, findings, tolerated=True)
    test = findings.understood(lambda: parse_unary_test(text_of(cell), column.kind), rule_id, zh, en)
    if test is None:
        return UnaryTest("")
    for end in test.endpoints():
        mismatch(end.literal, end.value, column.kind, rule_id, zh, en, findings)
        refuse_difference(end.expression, rule_id, zh, en, findings)
    for piece in test.pieces:
        if isinstance(piece, Condition):
            refuse_difference(piece.expression, rule_id, zh, en, findings)
        name = piece.end.expression.text if isinstance(piece, Equal) else ""
        if is_identifier(name):
            findings.wrong(
                rule_id,
                "dmn_quotes",
                f'{zh}：{name} 没有引号，按变量处理；如果是文字请写成 "{name}"。',
                f'{en}: {name} without quotes is a variable; write "{name}" if it is text.',
                "warning",
            )
    return test


def _answer(cell: etree._Element, rule_id: str, row: int, column: Output, findings: Findings) -> Expression | None:
    zh, en = f"第 {row} 行，输出列“{column.name}”", f"row {row}, output “{column.name}”"
    refused_language(cell, rule_id, findings, tolerated=True)
    if text_of(cell) in ("", "-"):
        return None
    expression = findings.understood(lambda: feel_outside_cells(text_of(cell)), rule_id, zh, en)
    if expression is None:
        return None
    refuse_difference(expression, rule_id, zh, en, findings)
    check_answer(expression, column, rule_id, zh, en, findings)
    return expression
