"""Writes small DMN files as dmn-js does, so that a test shows only the cells it is about."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

DMN_13 = "https://www.omg.org/spec/DMN/20191111/MODEL/"
DMN_11 = "http://www.omg.org/spec/DMN/20151101/dmn.xsd"
DMN_12 = "http://www.omg.org/spec/DMN/20180521/MODEL/"
DMN_14 = "https://www.omg.org/spec/DMN/20211108/MODEL/"
DMN_15 = "https://www.omg.org/spec/DMN/20230324/MODEL/"

Cells = Sequence[str]


def table(
    rows: Sequence[tuple[Cells, Cells]],
    inputs: Sequence[tuple[str, str]] = (("category", "string"),),
    outputs: Sequence[tuple[str, str]] = (("route", "string"),),
    policy: str = "",
    *,
    id_: str = "D01",
    values: Cells = (),
    defaults: Cells = (),
    requires: Cells = (),
    allowed: Cells = (),
) -> str:
    """One ``<decision>``. ``inputs`` and ``outputs`` are (expression or name, typeRef); ``policy`` is attributes."""
    parts = [f"<decision id={quoteattr(id_)} name={quoteattr(id_)}>"]
    parts += [
        f'<informationRequirement><requiredDecision href="#{name}"/></informationRequirement>' for name in requires
    ]
    parts.append(f'<decisionTable id="{id_}_table" {policy}>')
    for number, (text, kind) in enumerate(inputs):
        parts.append(
            f'<input id="{id_}_in{number}" label={quoteattr(text)}><inputExpression id="{id_}_ie{number}" '
            f'typeRef="{kind}"><text>{escape(text)}</text></inputExpression>'
        )
        if number < len(allowed):
            parts.append(f"<inputValues><text>{escape(allowed[number])}</text></inputValues>")
        parts.append("</input>")
    for number, (name, kind) in enumerate(outputs):
        parts.append(f'<output id="{id_}_out{number}" name={quoteattr(name)} typeRef="{kind}">')
        if number < len(values):
            parts.append(f"<outputValues><text>{escape(values[number])}</text></outputValues>")
        if number < len(defaults):
            parts.append(f"<defaultOutputEntry><text>{escape(defaults[number])}</text></defaultOutputEntry>")
        parts.append("</output>")
    for number, (tests, answers) in enumerate(rows, start=1):
        parts.append(f'<rule id="{id_}_r{number}">')
        parts += [f"<inputEntry><text>{escape(cell)}</text></inputEntry>" for cell in tests]
        parts += [f"<outputEntry><text>{escape(cell)}</text></outputEntry>" for cell in answers]
        parts.append("</rule>")
    return "".join([*parts, "</decisionTable></decision>"])


def dmn(*decisions: str, namespace: str = DMN_13) -> bytes:
    """The file around them."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="{namespace}" id="defs" name="表" namespace="x">'
        f'<inputData id="in_1" name="入"/>{"".join(decisions)}</definitions>'
    ).encode()
