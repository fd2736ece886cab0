"""Service tasks: what is done in the step, and what waits for a program outside."""

from __future__ import annotations

from typing import Any

import pytest

from engine import bpmn
from engine.errors import DiagramFailed, TaskAlreadyDone, VersionRejected
from tests.bpmn.drawing import (
    END,
    ERROR,
    NOW,
    START,
    Player,
    boundary,
    document,
    flows,
    subprocess,
    timer,
    users,
)
from tests.unit.dmn_table import dmn, table


def service(id_: str, topic: str, /, inside: str = "", outputs: str = "", priority: str = "", **inputs: str) -> str:
    """A service task with input parameters; ``inside`` is more XML, ``outputs`` output parameters."""
    given = "".join(
        f'<camunda:inputParameter name="{key}">{text}</camunda:inputParameter>' for key, text in inputs.items()
    )
    urgent = f' camunda:taskPriority="{priority}"' if priority else ""
    return (
        f'<serviceTask id="{id_}" name="{id_}" camunda:type="external" camunda:topic="{topic}"{urgent}>'
        f"<extensionElements><camunda:inputOutput>{given}{outputs}</camunda:inputOutput></extensionElements>"
        f"{inside}</serviceTask>"
    )


def output(name: str, text: str) -> str:
    return f'<camunda:outputParameter name="{name}">{text}</camunda:outputParameter>'


class Outside(Player):
    """A player that is also the worker outside."""

    def finish(self, index: int = 0, /, **values: Any) -> Outside:
        self._step(self.step.snapshot, bpmn.Finish(self.step.externals[index].token, values))
        return self

    def fault(self, code: str, message: str = "", /, index: int = 0, **values: Any) -> Outside:
        token = self.step.externals[index].token
        self._step(self.step.snapshot, bpmn.Fault(token, code, message, values))
        return self

    def _step(self, before: str | None, action: bpmn.Action) -> None:
        super()._step(before, action)
        if not self.finished:
            assert bpmn.open_externals(self.definition, self.step.snapshot, self.now) == self.step.externals

    @property
    def outside(self) -> list[tuple[str, str, int, dict[str, Any]]]:
        return [(item.element, item.topic, item.priority, dict(item.values)) for item in self.step.externals]

    def facts(self, kind: str) -> list[dict[str, Any]]:
        hidden = {"process", "token"}
        return [
            {key: value for key, value in fact.data.items() if key not in hidden}
            for fact in self.step.facts
            if fact.kind == kind
        ]


def line(*names: str) -> str:
    return flows(*(f"{a}>{b}" for a, b in zip(("start", *names), (*names, "end"), strict=True)))


def codes(body: str, topics: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    """What is wrong with a diagram: severity and code."""
    return [(found.severity, found.code) for found in bpmn.check({"p.bpmn": document(body)}, topics=topics)]


def test_a_topic_of_somebody_else_waits_until_the_work_is_done() -> None:
    case = Outside(
        START + service("s", "credit", amount="${n * 2}", who="x") + users("a") + END + line("s", "a"), {"n": 3}
    )
    assert case.outside == [("s", "credit", 50, {"amount": 6, "who": "x"})]
    assert case.facts("external_opened") == [{"topic": "credit", "priority": 50, "values": {"amount": 6, "who": "x"}}]
    assert not case.step.starved
    case.finish(score=7)
    assert (case.outside, case.open, case.values) == ([], ["a"], {"n": 3, "score": 7})


def test_input_parameters_are_seen_inside_only_and_outputs_take_what_is_wanted() -> None:
    body = service("s", "credit", amount="1", outputs=output("grade", "${score + amount_of}"), amount_of="${2}")
    case = Outside(START + body + END + line("s"))
    case.finish(score=7)
    assert case.finished
    assert case.values == {"score": 7, "grade": 9}


@pytest.mark.parametrize(
    ("text", "priority"), [("", 50), ("7", 7), ("${n}", 3), ("-2", -2), ("${99999999}", 1_000_000)]
)
def test_the_priority_is_worked_out_when_the_token_comes(text: str, priority: int) -> None:
    case = Outside(START + service("s", "credit", priority=text) + END + line("s"), {"n": 3})
    assert [item.priority for item in case.step.externals] == [priority]


def test_a_priority_that_is_no_number_fails_the_step() -> None:
    with pytest.raises(DiagramFailed, match="s"):
        Outside(START + service("s", "credit", priority="${n}") + END + line("s"), {"n": "high"})


def test_work_that_is_done_or_gone_is_not_done_again() -> None:
    case = Outside(START + service("s", "credit") + users("a") + END + line("s", "a"))
    token, before = case.step.externals[0].token, case.step.snapshot
    case.finish()
    for action in (bpmn.Finish(token), bpmn.Fault(token, "E1"), bpmn.Finish(99)):
        with pytest.raises(TaskAlreadyDone):
            bpmn.step(case.definition, case.step.snapshot, action, NOW)
    with pytest.raises(TaskAlreadyDone):
        bpmn.step(case.definition, before, bpmn.Complete(token), NOW)


def test_a_boundary_timer_takes_the_work_away() -> None:
    body = service("s", "credit") + boundary("t", "s", timer("PT1H")) + users("late")
    case = Outside(START + body + END + line("s") + flows("t>late"))
    case.later(hours=1)
    assert (case.outside, case.open) == ([], ["late"])


def test_a_business_error_leaves_by_the_boundary_of_its_own_task() -> None:
    body = service("s", "credit") + boundary("e", "s", ERROR) + users("mend")
    case = Outside(START + body + END + line("s") + flows("e>mend"))
    case.fault("E1", "refused", why="broke")
    assert (case.outside, case.open, case.values) == ([], ["mend"], {"why": "broke"})
    assert case.facts("error_thrown") == [{"code": "E1", "message": "refused"}]
    assert case.kinds("s")[-1] == "element_cancelled"


def test_a_boundary_for_every_error_catches_what_has_no_boundary_of_its_own() -> None:
    body = service("s", "credit") + boundary("one", "s", ERROR) + boundary("all", "s", "<errorEventDefinition/>")
    drawn = START + body + users("a", "b") + END + line("s") + flows("one>a", "all>b")
    assert Outside(drawn).fault("E1").open == ["a"]
    assert Outside(drawn).fault("other").open == ["b"]


def test_a_business_error_goes_outwards_to_the_subprocess_that_catches_it() -> None:
    inner = subprocess(
        "sub", '<startEvent id="in"/>' + service("s", "credit") + users("other") + flows("in>s", "in>other")
    )
    drawn = START + inner + boundary("e", "sub", ERROR) + users("mend") + END + line("sub") + flows("e>mend")
    case = Outside(drawn)
    assert case.open == ["other"]
    assert case.fault("E1").open == ["mend"]


def test_an_event_subprocess_catches_a_business_error() -> None:
    handler = subprocess(
        "handler", f'<startEvent id="hs">{ERROR}</startEvent>' + users("mend") + flows("hs>mend"), event=True
    )
    case = Outside(START + service("s", "credit") + handler + END + line("s"))
    assert case.fault("E1").open == ["mend"]


def test_a_business_error_nothing_catches_changes_nothing() -> None:
    body = service("s", "credit") + boundary("e", "s", ERROR) + users("mend")
    case = Outside(START + body + END + line("s") + flows("e>mend"))
    with pytest.raises(DiagramFailed, match="E7.*out of paper"):
        case.fault("E7", "out of paper")


def test_one_instance_of_several_that_fails_takes_the_others_with_it() -> None:
    several = '<multiInstanceLoopCharacteristics camunda:collection="${items}" camunda:elementVariable="item"/>'
    body = service("s", "credit", inside=several, n="${item * 10}") + boundary("e", "s", ERROR) + users("mend")
    case = Outside(START + body + END + line("s") + flows("e>mend"), {"items": [1, 2, 3]})
    assert [item.values for item in case.step.externals] == [{"n": 10}, {"n": 20}, {"n": 30}]
    case.finish(1)
    assert [item.values for item in case.step.externals] == [{"n": 10}, {"n": 30}]
    assert case.fault("E1").open == ["mend"]
    assert case.outside == []


def test_instances_hand_in_what_they_brought() -> None:
    several = (
        '<multiInstanceLoopCharacteristics camunda:collection="${items}" camunda:elementVariable="item">'
        "<loopDataOutputRef>all</loopDataOutputRef></multiInstanceLoopCharacteristics>"
    )
    case = Outside(START + service("s", "credit", inside=several) + END + line("s"), {"items": [1, 2]})
    case.finish(0, score=1).finish(0, score=2)
    assert case.values["all"] == [{"score": 1}, {"score": 2}]


def test_a_send_task_without_a_message_works_like_a_service_task() -> None:
    case = Outside(START + '<sendTask id="s" camunda:type="external" camunda:topic="sms"/>' + END + line("s"))
    assert [item[:2] for item in case.outside] == [("s", "sms")]


def test_a_ledger_entry_is_noted_and_the_case_goes_on() -> None:
    body = service("s", "ledger", ledger="进度台账", progress="已转办", at="${n}")
    case = Outside(START + body + users("a") + END + line("s", "a"), {"n": 1})
    assert case.facts("ledger_noted") == [{"values": {"ledger": "进度台账", "progress": "已转办", "at": 1}}]
    assert case.open == ["a"]


def test_a_notice_is_sent_and_the_case_goes_on() -> None:
    case = Outside(START + service("s", "notify", text="${n}") + END + line("s"), {"n": 1})
    assert case.finished
    assert case.facts("send_requested") == [{"topic": "notify", "values": {"text": 1}}]
    assert [(item.topic, item.values) for item in case.step.sends] == [("notify", {"text": 1})]


RULES = dmn(
    table(
        [(["> 5"], ['"high"']), (["-"], ['"low"'])],
        [("n", "number")],
        [("level", "string")],
        'hitPolicy="FIRST"',
        id_="grade",
    )
)


@pytest.mark.parametrize(
    ("inputs", "values"), [({"n": "${m}"}, {"level": "high"}), ({"n": "${1}", "result": "r"}, {"r": {"level": "low"}})]
)
def test_a_decision_is_taken_in_the_step(inputs: dict[str, str], values: dict[str, Any]) -> None:
    body = service("s", "decision", decision="grade", **inputs)
    case = Outside(START + body + END + line("s"), {"m": 9}, {"grade.dmn": RULES})
    assert case.finished
    assert case.values == {"m": 9, **values}
    assert [fact["decision"] for fact in case.facts("decision_made")] == ["grade"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (service("s", "a b"), "topic_invalid"),
        (service("s", "${t}"), "topic_invalid"),
        (service("s", "x" * 101), "topic_invalid"),
        (service("s", "webhook"), "parameter_missing"),
        (service("s", "document", name="x"), "parameter_missing"),
        (service("s", "decision"), "decision_missing"),
        (service("s", "decision", decision="nowhere"), "decision_unknown"),
        (service("s", "document", name="x", text="y", result="1st"), "variable_invalid"),
        (service("s", "credit", priority="high"), "priority_invalid"),
        (service("s", "credit", priority="${"), "expression_invalid"),
        ('<serviceTask id="s" camunda:topic="credit"/>', "service_missing"),
    ],
)
def test_what_a_topic_needs_is_checked(body: str, code: str) -> None:
    drawn = START + body + END + line("s")
    assert ("error", code) in codes(drawn)
    with pytest.raises(VersionRejected):
        bpmn.load({"p.bpmn": document(drawn)})


def test_a_topic_nobody_is_known_to_do_is_a_warning() -> None:
    drawn = START + service("s", "信用.check-1:x") + END + line("s")
    assert codes(drawn) == [("warning", "topic_unknown")]
    assert codes(drawn, frozenset({"信用.check-1:x"})) == []
    assert codes(START + service("s", "webhook", url="https://x") + END + line("s")) == []


def test_a_topic_beside_a_message_means_nothing_and_says_so() -> None:
    body = '<sendTask id="s" name="s" messageRef="m1" camunda:type="external" camunda:topic="sms"/>'
    assert codes(START + body + END + line("s")) == [("warning", "topic_ignored")]
    assert Outside(START + body + END + line("s")).finished


TELLS = '<errorEventDefinition camunda:errorCodeVariable="code" camunda:errorMessageVariable="why"/>'


def test_a_boundary_may_name_variables_for_the_code_and_the_message() -> None:
    body = service("s", "credit") + boundary("e", "s", TELLS) + users("mend")
    case = Outside(START + body + END + line("s") + flows("e>mend"))
    assert case.fault("E7", "out of paper").values == {"code": "E7", "why": "out of paper"}


def test_the_scope_that_catches_gets_the_variables() -> None:
    called = document('<startEvent id="cs"/>' + service("s", "credit") + flows("cs>s"), "q")
    body = '<callActivity id="c" name="c" calledElement="q"/>' + boundary("e", "c", TELLS) + users("mend")
    case = Outside(START + body + END + line("c") + flows("e>mend"), {"n": 1}, {"q.bpmn": called})
    assert case.fault("E7", "out of paper", inner=1).values == {"n": 1, "code": "E7", "why": "out of paper"}
    handler = subprocess(
        "handler", f'<startEvent id="hs">{TELLS}</startEvent>' + users("mend") + flows("hs>mend"), event=True
    )
    case = Outside(START + service("s", "credit") + handler + END + line("s"))
    assert case.fault("E7", "out of paper").values == {"code": "E7", "why": "out of paper"}
    assert case.open == ["mend"]


def test_a_name_no_variable_can_have_is_a_warning() -> None:
    body = (
        service("s", "webhook", url="https://x") + boundary("e", "s", TELLS.replace('"code"', '"1 x"')) + users("mend")
    )
    assert codes(START + body + END + line("s") + flows("e>mend")) == [("warning", "error_variable_ignored")]
