"""Variables: one scope a process, call activities with their own (ADR 0010)."""

from __future__ import annotations

from engine import bpmn
from tests.bpmn.drawing import END, START, Player, document, flows, users


def called(mapping: str = "", body: str = "") -> tuple[str, dict[str, bytes]]:
    """A process that calls another, and the other."""
    inside = document('<startEvent id="cs"/>' + (body or users("inside")) + flows("cs>inside"), process="sub")
    extension = f"<extensionElements>{mapping}</extensionElements>" if mapping else ""
    return (
        START
        + f'<callActivity id="call" calledElement="sub">{extension}</callActivity>'
        + users("after")
        + END
        + flows("start>call", "call>after", "after>end"),
        {"sub.bpmn": inside},
    )


def test_without_mappings_a_call_sees_everything_and_gives_back_what_it_set() -> None:
    case = Player(*(lambda body, others: (body, {"a": 1}, others))(*called()))
    assert dict(case.step.tasks[0].values) == {"a": 1}
    assert case.do("inside", b=2).values == {"a": 1, "b": 2}


def test_mappings_limit_what_goes_in_and_out() -> None:
    body, others = called(
        '<camunda:in sourceExpression="${a + 1}" target="x"/><camunda:out source="y" target="result"/>'
    )
    case = Player(body, {"a": 1, "secret": 5}, others)
    assert dict(case.step.tasks[0].values) == {"x": 2}
    assert case.do("inside", y=9, z=8).values == {"a": 1, "secret": 5, "result": 9}


def test_a_call_does_not_carry_old_values_back_over_newer_ones() -> None:
    inside = document('<startEvent id="cs"/>' + users("inside") + flows("cs>inside"), process="sub")
    case = Player(
        START
        + '<parallelGateway id="f"/><callActivity id="call" calledElement="sub"/>'
        + users("beside")
        + flows("start>f", "f>call", "f>beside"),
        {"a": "old"},
        {"sub.bpmn": inside},
    )
    case.do("beside", a="new").do("inside", b=1)
    assert case.values == {"a": "new", "b": 1}


def test_of_two_branches_that_write_one_variable_the_later_wins() -> None:
    case = Player(
        START
        + '<parallelGateway id="f"/><parallelGateway id="j"/>'
        + users("a", "b", "z")
        + flows("start>f", "f>a", "f>b", "a>j", "b>j", "j>z")
    )
    assert case.do("b", v="b").do("a", v="a").values == {"v": "a"}


def test_scripts_write_variables_and_the_old_value_is_recorded() -> None:
    case = Player(
        START
        + users("a")
        + '<scriptTask id="s"><script>n = n + 1\nm = n * 2</script></scriptTask>'
        + users("b")
        + flows("start>a", "a>s", "s>b"),
        {"n": 1},
    )
    case.do("a")
    assert case.values == {"n": 2, "m": 4}
    recorded = next(fact for fact in case.step.facts if fact.kind == "values_set" and fact.element == "s")
    assert recorded.data["before"] == {"n": 1, "m": None}
    assert recorded.data["values"] == {"n": 2, "m": 4}


def test_true_and_one_are_told_apart() -> None:
    case = Player(START + users("a", "b") + flows("start>a", "a>b"), {"v": 1})
    assert case.do("a", v=True).values["v"] is True


def test_chinese_ids_and_variables() -> None:
    body = (
        START
        + '<userTask id="受理" name="受理登记"/><exclusiveGateway id="判断" default="判断_丙"/>'
        + users("乙", "丙")
    )
    case = Player(
        body
        + flows("start>受理", "受理>判断", "判断>丙")
        + '<sequenceFlow id="去乙" sourceRef="判断" targetRef="乙"><conditionExpression>${问题类别 == \'投诉举报\'}'
        "</conditionExpression></sequenceFlow>"
    )
    assert case.do("受理", 问题类别="投诉举报").open == ["乙"]


def test_a_snapshot_does_not_grow_with_the_past() -> None:
    body = START + '<exclusiveGateway id="m"/>' + users("a") + flows("start>m", "m>a", "a>m")
    case = Player(body)
    case.do("a", n=1)
    size = len(case.step.snapshot)
    for _ in range(400):
        case.do("a", n=1)
    assert len(case.step.snapshot) <= size + 10


def test_the_same_action_gives_the_same_step() -> None:
    case = Player(START + users("a", "b") + flows("start>a", "a>b"))
    token = case.step.tasks[0].token
    one, two = (
        bpmn.step(case.definition, case.step.snapshot, bpmn.Complete(token, {"x": [1, {"y": None}]}), case.now)
        for _ in range(2)
    )
    assert one == two


def test_a_task_shows_the_form_that_was_checked_however_the_diagram_names_it() -> None:
    form = b'{"type":"default","id":"F1","schemaVersion":16,"components":[]}'
    for reference in ('formRef="F1"', 'formRef="F1.form"', 'formKey="camunda-forms:deployment:F1.form"'):
        body = START + f'<userTask id="a" name="a" camunda:{reference}/>' + flows("start>a")
        assert Player(body, others={"F1.form": form}).step.tasks[0].form == "F1"
