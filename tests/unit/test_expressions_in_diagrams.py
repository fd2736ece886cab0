"""Wherever a diagram or table has an expression it is the same language, and a wrong name is explained the same way."""

from __future__ import annotations

import pytest

from engine.errors import ExpressionFailed
from tests.bpmn.drawing import END, MESSAGE, START, Player, catch, flow, flows, timer, users

from .dmn_table import dmn, table

LINE = flows("start>e", "e>end")
MULTI = (
    '<userTask id="e" name="e"><multiInstanceLoopCharacteristics {attributes}>{inner}'
    "</multiInstanceLoopCharacteristics></userTask>"
)

PLACES = {
    "condition": '<exclusiveGateway id="e" default="d"/>'
    + users("a")
    + flow("start", "e")
    + flow("e", "a", "${amuont > 3}", "f")
    + flow("e", "end", None, "d")
    + flow("a", "end"),
    "timer": catch("e", timer("${amuont}")) + LINE,
    "date": catch("e", timer("${add_days(amuont, 1)}", "timeDate")) + LINE,
    "due date": '<userTask id="e" name="e" camunda:dueDate="${add_days(amuont, 1)}"/>' + LINE,
    "assignee": '<userTask id="e" name="e" camunda:assignee="${amuont}"/>' + LINE,
    "candidates": '<userTask id="e" name="e" camunda:candidateGroups="${amuont}"/>' + LINE,
    "cardinality": MULTI.format(attributes="", inner="<loopCardinality>${amuont}</loopCardinality>") + LINE,
    "collection": MULTI.format(attributes='camunda:collection="${amuont}"', inner="") + LINE,
    "script": '<scriptTask id="e"><script>b = amuont + 1</script></scriptTask>' + LINE,
    "input": '<userTask id="e" name="e"><extensionElements><camunda:inputOutput><camunda:inputParameter name="b">'
    "${amuont}</camunda:inputParameter></camunda:inputOutput></extensionElements></userTask>" + LINE,
    "correlation": '<intermediateCatchEvent id="e"><extensionElements><camunda:properties><camunda:property '
    f'name="correlationKey" value="${{amuont}}"/></camunda:properties></extensionElements>{MESSAGE}'
    "</intermediateCatchEvent>" + LINE,
    "decision": '<businessRuleTask id="e" camunda:decisionRef="D01" camunda:resultVariable="r"/>' + LINE,
}


@pytest.mark.parametrize("place", PLACES)
def test_a_wrong_name_is_explained_with_the_element(place: str) -> None:
    cell = {"t.dmn": dmn(table([(["> amuont"], ['"x"'])], [("amount", "number")]))}
    with pytest.raises(ExpressionFailed) as caught:
        Player(START + PLACES[place] + END, {"amount": 5}, cell)
    for language in ("zh", "en"):
        told = caught.value.text(language)
        assert "amuont" in told and "amount" in told
    assert caught.value.values["element"] in ("e", "f")
    assert "没有变量 amuont。是不是指 amount？" in caught.value.text("zh")


def test_one_language_everywhere() -> None:
    """The same expression gives the same in a condition, a script, a decision cell and an assignment."""
    cell = {
        "t.dmn": dmn(table([(["len(split(?, '、')) == 2 and !is_set(gone)"], ["upper(names)"])], [("names", "string")]))
    }
    case = Player(
        START
        + "<scriptTask id=\"s\"><script>n = len(split(names, '、')) == 2 and !is_set(gone)</script></scriptTask>"
        + '<businessRuleTask id="d" camunda:decisionRef="D01" camunda:resultVariable="r" '
        'camunda:mapDecisionResult="singleEntry"/><exclusiveGateway id="g" default="no"/>'
        '<userTask id="a" name="a" camunda:assignee="${first(split(names, \'、\'))}"/>'
        + END
        + flows("start>s", "s>d", "d>g")
        + flow("g", "a", "${len(split(names, '、')) == 2 and !is_set(gone)}", "yes")
        + flow("g", "end", None, "no")
        + flow("a", "end"),
        {"names": "li、wang"},
        cell,
    )
    assert case.step.tasks[0].assignee == "li"
    assert (case.values["n"], case.values["r"]) == (True, "LI、WANG")
