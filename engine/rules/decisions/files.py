"""Reading DMN files: XML → decisions, and everything that is wrong with them as problems."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field

from lxml import etree

from engine.errors import Problem
from engine.rules.decisions.analysis import analysed
from engine.rules.decisions.columns import read_expression, read_inputs, read_kind, read_outputs, refused_language
from engine.rules.decisions.elements import BOXED_LOGIC, NAMESPACES, check_elements, child_of, name_of
from engine.rules.decisions.findings import Findings
from engine.rules.decisions.rules import read_rule
from engine.rules.decisions.table import (
    AGGREGATIONS,
    HIT_POLICIES,
    Decision,
    DecisionError,
    Output,
    requires_itself,
)
from engine.rules.expressions.syntax import is_identifier
from engine.rules.xml import XmlRefused, parse_xml

MAX_RULES = 2_000
MAX_COLUMNS = 50

_LOGIC = ("literalExpression", *BOXED_LOGIC)
_KNOWLEDGE = {
    "businessKnowledgeModel": ("业务知识模型", "The business knowledge model"),
    "decisionService": ("决策服务", "The decision service"),
    "import": ("引入的文件", "The import"),
    "itemDefinition": ("自定义类型", "The type definition"),
}


def parse_decisions(content: bytes, file: str = "") -> list[Decision]:
    """The decisions of a file, in its order. Raises ``DecisionError`` with the first thing that cannot be read.

    What ``check_decisions`` refuses since a later release than the one a table was published with is read all the same.
    """
    reading = _read(content, file, None)
    for problem in reading.findings.fatal():
        place = f"{problem.element}：" if problem.element else ""
        raise DecisionError(f"{place}{problem.zh}", f"{place}{problem.en}", element=problem.element)
    return reading.decisions


def check_decisions(
    content: bytes, file: str = "", known: Collection[str] = (), *, published: bool = False
) -> list[Problem]:
    """Everything that is wrong with a file, and warnings: gaps, overlaps, rules that never hold. ``known``: ids of
    decisions in other files. Of a file that is ``published`` already, only what keeps it from being read."""
    reading = _read(content, file, known)
    if published:
        return reading.findings.fatal()
    for decision in reading.decisions:
        reading.findings.problems += analysed(decision)
    return reading.findings.problems


def _read(content: bytes, file: str, known: Collection[str] | None) -> _Reading:
    reading = _Reading(Findings(file), hashlib.sha256(content).hexdigest())
    try:
        root = parse_xml(content)
    except XmlRefused as error:
        reading.findings.wrong("", "dmn_xml", error.zh, error.en)
        return reading
    reading.file_of(root)
    reading.check_requirements(known)
    return reading


@dataclass
class _Reading:
    """One file being read: what was understood, and what was not."""

    findings: Findings
    sha256: str
    decisions: list[Decision] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def file_of(self, root: etree._Element) -> None:
        name = etree.QName(root)
        if name.localname != "definitions" or name.namespace not in NAMESPACES:
            self.findings.wrong(
                "",
                "dmn_xml",
                "不是 DMN 1.1 至 1.5 的文件。请用 DMN 编辑器另存为 DMN 1.3。",
                "This is no file of DMN 1.1 to 1.5. Save it as DMN 1.3 in a DMN editor.",
            )
            return
        refused_language(root, "", self.findings, tolerated=True)
        check_elements(root, self.findings)
        for child in root:
            if name_of(child) == "decision":
                self._decision(child)
            elif name_of(child) in _KNOWLEDGE:
                zh, en = _KNOWLEDGE[name_of(child)]
                called = child.get("name", "") or child.get("id", "")
                self.findings.wrong(
                    child.get("id", ""),
                    "dmn_unsupported",
                    f"不支持{zh}“{called}”。",
                    f"{en} “{called}” is not supported.",
                )
        if not any(name_of(child) == "decision" for child in root):
            self.findings.wrong("", "dmn_structure", "文件中没有决策。", "The file has no decision.")

    def check_requirements(self, known: Collection[str] | None) -> None:
        by_id = {decision.id: decision for decision in self.decisions}
        for decision in self.decisions:
            for name in decision.requires:
                if known is not None and name not in self.ids and name not in known:
                    self.findings.wrong(
                        decision.id,
                        "dmn_requirement",
                        f"依赖的决策 {name} 不存在。",
                        f"It requires {name}, which does not exist.",
                    )
            if requires_itself(decision, by_id):
                self.findings.wrong(
                    decision.id,
                    "dmn_requirement",
                    "决策互相依赖，形成循环。",
                    "The decisions require each other in a circle.",
                )

    def _decision(self, element: etree._Element) -> None:
        before = len(self.findings.problems)
        id_ = element.get("id", "")
        if not id_ or id_ in self.ids:
            self.findings.wrong(
                id_, "dmn_structure", "决策没有 id 或 id 重复。", "The decision has no id, or an id used before."
            )
            return
        self.ids.add(id_)
        requires = self._requires(element, id_)
        logic = next((child for child in element if name_of(child) in (*_LOGIC, "decisionTable")), None)
        if logic is None:
            self.findings.wrong(id_, "dmn_structure", "决策没有决策表。", "The decision has no table.")
        elif name_of(logic) == "decisionTable":
            decision = self._table(element, logic, id_, requires)
            if not self.findings.fatal(before):
                self.decisions.append(decision)
        elif name_of(logic) == "literalExpression":
            self._literal(element, logic, id_, requires)
        else:
            self.findings.wrong(
                id_,
                "dmn_unsupported",
                f"不支持 {name_of(logic)}，请用决策表。",
                f"{name_of(logic)} is not supported; use a decision table.",
            )

    def _requires(self, element: etree._Element, id_: str) -> tuple[str, ...]:
        names = []
        for child in element:
            if name_of(child) == "knowledgeRequirement":
                used = ", ".join(target.get("href", "").rpartition("#")[2] for target in child)
                self.findings.wrong(
                    id_,
                    "dmn_unsupported",
                    f"不支持业务知识模型“{used}”。",
                    f"The business knowledge model “{used}” is not supported.",
                )
            if name_of(child) == "informationRequirement":
                for target in child:
                    if name_of(target) == "requiredDecision":
                        names.append(target.get("href", "").rpartition("#")[2])
        return tuple(dict.fromkeys(names))

    def _literal(self, element: etree._Element, logic: etree._Element, id_: str, requires: tuple[str, ...]) -> None:
        expression = read_expression(logic, id_, self.findings)
        variable = child_of(element, "variable")
        name = _variable(element) or id_
        if not is_identifier(name):
            self.findings.wrong(
                id_,
                "dmn_structure",
                f"决策的变量名“{name}”不能作变量名。",
                f"The decision's variable “{name}” is no variable name.",
                tolerated=True,
            )
        kind = read_kind(logic, id_, self.findings, tolerated=True)
        if variable is not None and kind is None:
            kind = read_kind(variable, id_, self.findings, tolerated=True)
        if expression is not None:
            outputs = (Output(id_, name, element.get("name", id_), kind),)
            self.decisions.append(
                Decision(
                    id_,
                    element.get("name", id_),
                    self.findings.file,
                    outputs=outputs,
                    requires=requires,
                    literal=expression,
                    variable=_variable(element),
                    sha256=self.sha256,
                )
            )

    def _table(self, element: etree._Element, table: etree._Element, id_: str, requires: tuple[str, ...]) -> Decision:
        inputs = read_inputs(table, id_, self.findings)
        outputs = read_outputs(table, id_, self.findings)
        policy = self._policy(table, id_, outputs)
        rows = [child for child in table if name_of(child) == "rule"]
        if len(rows) > MAX_RULES or len(inputs) + len(outputs) > MAX_COLUMNS:
            self.findings.wrong(
                id_,
                "dmn_structure",
                f"决策表超过 {MAX_RULES} 行或 {MAX_COLUMNS} 列。",
                f"The table has more than {MAX_RULES} rows or {MAX_COLUMNS} columns.",
            )
            rows = []
        rules = tuple(
            read_rule(child, number, id_, inputs, outputs, self.findings) for number, child in enumerate(rows, start=1)
        )
        return Decision(
            id_,
            element.get("name", id_),
            self.findings.file,
            policy,
            inputs,
            outputs,
            rules,
            requires,
            variable=_variable(element),
            sha256=self.sha256,
        )

    def _policy(self, table: etree._Element, id_: str, outputs: tuple[Output, ...]) -> str:
        name, aggregation = table.get("hitPolicy", "UNIQUE"), table.get("aggregation", "")
        letter = HIT_POLICIES.get(name)
        if letter is None or (aggregation and (letter != "C" or aggregation not in AGGREGATIONS)):
            self.findings.wrong(
                id_,
                "dmn_policy",
                f"不认识的命中策略 {name} {aggregation}。",
                f"There is no hit policy {name} {aggregation}.",
            )
            return "U"
        if aggregation and len(outputs) > 1:
            self.findings.wrong(
                id_, "dmn_policy", "汇总只能用于一个输出列。", "Aggregation takes exactly one output column."
            )
        elif aggregation and aggregation != "COUNT" and outputs and outputs[0].kind not in (None, "number", "integer"):
            self.findings.wrong(
                id_,
                "dmn_policy",
                f"{aggregation} 只能汇总数字列。",
                f"{aggregation} takes a column of numbers.",
                tolerated=True,
            )
        if letter in ("P", "O") and not any(output.values for output in outputs):
            self.findings.wrong(
                id_,
                "dmn_policy",
                "按优先级命中需要在输出列列出输出值（先列的优先）。",
                "Priority needs the output values listed, the first being the most important.",
            )
        return AGGREGATIONS[aggregation] if aggregation else letter


def _variable(element: etree._Element) -> str:
    variable = child_of(element, "variable")
    return variable.get("name", "") if variable is not None else ""
