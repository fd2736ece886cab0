"""The XML of a DMN file: its namespaces, which elements and attributes it may have, and getting at them."""

from __future__ import annotations

from lxml import etree

from engine.rules.decisions.findings import Findings

#: DMN 1.1 to 1.5. A decision table is written alike in all of them; dmn-js and Camunda Modeler write 1.3.
NAMESPACES = (
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20151101/dmn11.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
)
_CAMUNDA = "http://camunda.org/schema/1.0/dmn"

#: The names that mean FEEL, or JUEL, whose ``${…}`` we read, too.
_LANGUAGES = {
    "",
    "feel",
    "s-feel",
    "feel-unary-tests",
    "juel",
    "http://www.omg.org/spec/feel/20140401",
    "http://www.omg.org/spec/dmn/20180521/feel/",
    "https://www.omg.org/spec/dmn/20191111/feel/",
    "https://www.omg.org/spec/dmn/20211108/feel/",
    "https://www.omg.org/spec/dmn/20230324/feel/",
}

#: Elements that say something to people and nothing to us.
_REMARKS = {
    "description",
    "extensionElements",
    "question",
    "allowedAnswers",
    "authorityRequirement",
    "decisionMaker",
    "decisionOwner",
    "supportedObjective",
    "impactedPerformanceIndicator",
    "usingProcess",
    "usingTask",
}

#: element → what may stand in it, apart from remarks.
_CHILDREN = {
    "definitions": {"decision", "inputData", "knowledgeSource", "elementCollection", "performanceIndicator"}
    | {"organizationUnit", "textAnnotation", "association", "group", "artifact", "DMNDI"},
    "decision": {"variable", "informationRequirement", "decisionTable", "literalExpression"},
    "informationRequirement": {"requiredDecision", "requiredInput"},
    "decisionTable": {"input", "output", "rule", "annotation"},
    "input": {"inputExpression", "inputValues"},
    "output": {"outputValues", "defaultOutputEntry"},
    "rule": {"inputEntry", "outputEntry", "annotationEntry"},
    "inputExpression": {"text"},
    "inputEntry": {"text"},
    "outputEntry": {"text"},
    "inputValues": {"text"},
    "outputValues": {"text"},
    "defaultOutputEntry": {"text"},
    "literalExpression": {"text"},
}
_ATTRIBUTES = {
    "decision": {"id", "name", "label"},
    "decisionTable": {"id", "label", "typeRef", "hitPolicy", "aggregation", "preferredOrientation", "outputLabel"},
    "input": {"id", "label"},
    "output": {"id", "label", "name", "typeRef"},
    "rule": {"id", "label"},
    "literalExpression": {"id", "label", "typeRef", "expressionLanguage"},
}
#: Camunda's attributes that change nothing about the answer, or that we execute.
_CAMUNDA_ATTRIBUTES = {"historyTimeToLive", "versionTag", "diagramRelationId", "inputVariable"}

#: Boxed expressions that are not executed.
BOXED_LOGIC = (
    "context", "invocation", "list", "relation", "functionDefinition", "conditional", "for", "every", "some", "filter",
)  # fmt: skip
#: Refused elsewhere, with a reason of their own.
_REFUSED_BY_NAME = {
    "businessKnowledgeModel",
    "decisionService",
    "import",
    "itemDefinition",
    "knowledgeRequirement",
    *BOXED_LOGIC,
}


def name_of(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(element).localname


def child_of(element: etree._Element, name: str) -> etree._Element | None:
    """The first element of that name inside another."""
    return next((child for child in element if name_of(child) == name), None)


def text_of(element: etree._Element) -> str:
    """The content of ``<text>`` inside an element, or its own."""
    inner = child_of(element, "text")
    return ((inner if inner is not None else element).text or "").strip()


def camunda(element: etree._Element, name: str) -> str:
    """Camunda's attribute of that name."""
    return element.get(f"{{{_CAMUNDA}}}{name}", "").strip()


def language_of(element: etree._Element) -> str:
    """The expression language an element, or the file, names; empty for those we read."""
    given = element.get("expressionLanguage", "").strip()
    return "" if given.lower() in _LANGUAGES else given


def check_elements(root: etree._Element, findings: Findings) -> None:
    """Notes every element and attribute of the standard's namespace that would do nothing here."""
    namespace = etree.QName(root).namespace
    where = ""
    for element in root.iter(f"{{{namespace}}}*"):
        name = name_of(element)
        where = element.get("id", "") or where
        for attribute in element.attrib:
            _check_attribute(name, str(attribute), where, findings)
        if name not in _CHILDREN:
            continue
        for child in element:
            inside = etree.QName(child)
            known = inside.localname in _CHILDREN[name] | _REMARKS | _REFUSED_BY_NAME
            if inside.namespace == namespace and not known:
                findings.wrong(
                    child.get("id", "") or where,
                    "dmn_unsupported",
                    f"不支持 {name} 中的 {inside.localname}。",
                    f"{inside.localname} inside {name} is not supported.",
                    tolerated=True,
                )


def _check_attribute(name: str, attribute: str, where: str, findings: Findings) -> None:
    inside = etree.QName(attribute)
    unknown = not attribute.startswith("{") and name in _ATTRIBUTES and inside.localname not in _ATTRIBUTES[name]
    if inside.namespace == _CAMUNDA:
        unknown = inside.localname not in _CAMUNDA_ATTRIBUTES
    if unknown:
        findings.wrong(
            where,
            "dmn_unsupported",
            f"不支持 {name} 的属性 {inside.localname}。",
            f"The attribute {inside.localname} of {name} is not supported.",
            tolerated=True,
        )
