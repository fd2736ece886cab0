"""What people do to a running case by hand: moments moved, values put right, elements passed by, tokens moved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine import bpmn
from engine.errors import ExpressionFailed, NoPathTaken, Refused
from tests.bpmn.drawing import END, NOW, START, Player, boundary, document, flow, flows, subprocess, timer, users

DUE = "2026-11-30T10:00:00+08:00"
LATER = "2026-12-04T10:00:00+08:00"
DATED = (
    START
    + '<userTask id="a" name="a" camunda:dueDate="${due_at}"/>'
    + boundary("late", "a", timer("${due_at}", "timeDate"))
    + users("b")
    + END
    + '<endEvent id="end2"/>'
    + flows("start>a", "a>end", "late>b", "b>end2")
)


def intervene(player: Player, action: bpmn.Action, *skips: bpmn.Skip) -> Player:
    player.step = bpmn.step(player.definition, player.step.snapshot, action, player.now, skips)
    if not player.finished:
        assert bpmn.open_items(player.definition, player.step.snapshot, player.now) == (
            player.step.tasks,
            player.step.waits,
        )
    return player


def token(player: Player, element: str) -> int:
    return next(task.token for task in player.step.tasks if task.element == element)


# --- Moments ----------------------------------------------------------------------------------------------------


def test_a_moved_moment_moves_the_waiting_timer_and_the_open_task() -> None:
    case = Player(DATED, {"due_at": DUE})
    assert (case.step.waits[0].due, case.step.tasks[0].due) == ("2026-11-30T02:00:00.000000+00:00",) * 2
    intervene(case, bpmn.Rearm({"due_at": LATER}))
    assert (case.step.waits[0].due, case.step.tasks[0].due) == ("2026-12-04T02:00:00.000000+00:00",) * 2
    case.later(days=8)
    assert case.open == ["a"]  # it would have fired at the old moment
    case.later(days=4)
    assert case.open == ["b"]


def test_what_is_on_hold_does_not_fire_until_its_moment_is_set_again() -> None:
    case = Player(DATED, {"due_at": DUE})
    intervene(case, bpmn.Rearm(hold=("due_at",)))
    assert (case.step.waits[0].due, case.step.tasks[0].due) == (None, None)
    case.later(days=30)
    assert case.open == ["a"]
    intervene(case, bpmn.Rearm({"due_at": (case.now + timedelta(days=1)).isoformat()}))
    assert case.step.waits[0].due == case.step.tasks[0].due is not None
    case.later(days=1)
    assert case.open == ["b"]


def test_a_moment_that_begins_while_its_clock_is_paused_stands_still() -> None:
    case = Player(
        START
        + users("first")
        + flows("start>first", "first>a")
        + DATED.removeprefix(START)
        .replace('id="start_a" sourceRef="start" targetRef="a"', 'id="x" sourceRef="first" targetRef="a"')
        .replace('<sequenceFlow id="x" sourceRef="first" targetRef="a"></sequenceFlow>', ""),
        {"due_at": DUE},
    )
    intervene(case, bpmn.Rearm(hold=("due_at",)))
    case.do("first")
    assert (case.step.waits[0].due, case.step.tasks[0].due) == (None, None)
    case.later(days=30)
    assert case.open == ["a"]


def test_moments_that_do_not_mention_the_variable_stay() -> None:
    body = (
        START
        + users("a")
        + boundary("soon", "a", timer("PT1H"))
        + boundary("other", "a", timer("${reply_at}", "timeDate"))
        + END
        + '<endEvent id="out2"/><endEvent id="out3"/>'
        + flows("start>a", "a>end", "soon>out2", "other>out3")
    )
    case = Player(body, {"reply_at": DUE, "due_at": DUE})
    before = case.step.waits
    intervene(case, bpmn.Rearm({"due_at": LATER}))
    assert case.step.waits == before


# --- Values -----------------------------------------------------------------------------------------------------


def test_a_corrected_value_replaces_the_old_one_wherever_the_case_keeps_it() -> None:
    called = {"q.bpmn": document(START + users("inner") + END + flows("start>inner", "inner>end"), "q")}
    body = START + '<callActivity id="c" calledElement="q"/>' + END + flows("start>c", "c>end")
    case = Player(body, {"amount": "1o"}, others=called)
    intervene(case, bpmn.Correct({"amount": 10, "note": "typed wrongly"}))
    assert case.values == {"amount": 10, "note": "typed wrongly"}
    assert case.step.tasks[0].values["amount"] == 10
    assert [fact.kind for fact in case.step.facts] == ["values_set", "values_set"]


# --- Passing by -------------------------------------------------------------------------------------------------

BROKEN = (
    START
    + users("a")
    + '<scriptTask id="s" name="s"><script>total = amount * price</script></scriptTask>'
    + users("b")
    + END
    + flows("start>a", "a>s", "s>b", "b>end")
)


def test_an_element_that_fails_can_be_passed_by() -> None:
    case = Player(BROKEN)
    with pytest.raises(ExpressionFailed):
        case.do("a")
    intervene(case, bpmn.Complete(token(case, "a")), bpmn.Skip("p", "s"))
    assert case.open == ["b"]
    assert "element_skipped" in case.kinds("s")


def test_out_of_a_gateway_one_says_which_way() -> None:
    body = (
        START
        + users("a")
        + '<exclusiveGateway id="g"/>'
        + users("b", "c")
        + flows("start>a", "a>g")
        + flow("g", "b", "${kind == 1}")
        + flow("g", "c", "${kind == 2}")
    )
    case = Player(body, {"kind": 3})
    with pytest.raises(NoPathTaken):
        case.do("a")
    with pytest.raises(Refused, match="g_b"):
        intervene(case, bpmn.Complete(token(case, "a")), bpmn.Skip("p", "g"))
    with pytest.raises(Refused, match="start_a"):
        intervene(case, bpmn.Complete(token(case, "a")), bpmn.Skip("p", "g", "start_a"))
    intervene(case, bpmn.Complete(token(case, "a")), bpmn.Skip("p", "g", "g_c"))
    assert case.open == ["c"]


def test_passing_by_what_no_token_comes_to_is_refused() -> None:
    case = Player(BROKEN, {"amount": 1, "price": 2})
    with pytest.raises(Refused, match="end"):
        intervene(case, bpmn.Complete(token(case, "a")), bpmn.Skip("p", "end"))


def test_only_the_first_token_passes_by() -> None:
    body = (
        START
        + users("a")
        + '<exclusiveGateway id="again" default="again_s"/>'
        + '<scriptTask id="s" name="s"><script>rounds = coalesce(rounds, 0) + 1</script></scriptTask>'
        + flows("start>a", "a>again", "again>s", "s>a")
    )
    case = Player(body)
    intervene(case, bpmn.Complete(token(case, "a")), bpmn.Skip("p", "s"))
    assert case.values == {}
    case.do("a")
    assert case.values == {"rounds": 1}


def test_a_failing_timer_of_a_task_can_be_left_out() -> None:
    body = DATED.replace("${due_at}</timeDate>", "${nonsense}</timeDate>")
    case = Player(
        START
        + users("z")
        + flows("start>z", "z>a")
        + body.removeprefix(START).replace(
            '<sequenceFlow id="start_a" sourceRef="start" targetRef="a"></sequenceFlow>', ""
        ),
        {"due_at": DUE},
    )
    with pytest.raises(ExpressionFailed):
        case.do("z")
    intervene(case, bpmn.Complete(token(case, "z")), bpmn.Skip("p", "late"))
    assert case.open == ["a"]
    assert case.step.waits == ()


# --- Moving -----------------------------------------------------------------------------------------------------

CHAIN = START + users("a", "b", "c") + END + flows("start>a", "a>b", "b>c", "c>end")


def test_a_token_is_moved_back() -> None:
    case = Player(CHAIN).do("a").do("b")
    intervene(case, bpmn.Modify((token(case, "c"),), (bpmn.Begin("p", "a"),), {"why": "wrong unit"}))
    assert case.open == ["a"]
    assert case.values == {"why": "wrong unit"}
    case.do("a").do("b").do("c")
    assert case.finished


def test_a_branch_is_withdrawn() -> None:
    body = (
        START
        + '<parallelGateway id="f"/>'
        + users("a", "b")
        + END
        + '<endEvent id="out2"/>'
        + flows("start>f", "f>a", "f>b", "a>end", "b>out2")
    )
    case = Player(body)
    intervene(case, bpmn.Modify((token(case, "b"),)))
    assert case.open == ["a"]
    assert case.do("a").finished


def test_withdrawing_the_last_branch_is_refused() -> None:
    case = Player(CHAIN)
    with pytest.raises(Refused, match="撤销诉求件"):
        intervene(case, bpmn.Modify((token(case, "a"),)))
    with pytest.raises(Refused, match="99"):
        intervene(case, bpmn.Modify((99,)))


def test_a_subprocess_in_which_nothing_is_left_goes_too() -> None:
    body = (
        START
        + subprocess("sub", START.replace('"start"', '"s"') + users("inner") + flows("s>inner"))
        + users("after", "other")
        + END
        + flows("start>sub", "sub>after", "after>end", "other>end")
    )
    case = Player(body)
    intervene(case, bpmn.Modify((token(case, "inner"),), (bpmn.Begin("p", "other"),)))
    assert case.open == ["other"]
    assert "element_cancelled" in case.kinds("sub")
    assert case.do("other").finished


def test_one_instance_of_several_is_withdrawn() -> None:
    body = (
        START
        + '<userTask id="i" name="i"><multiInstanceLoopCharacteristics camunda:collection="${items}" '
        + 'camunda:elementVariable="item"/></userTask>'
        + users("z")
        + END
        + flows("start>i", "i>z", "z>end")
    )
    case = Player(body, {"items": [1, 2, 3]})
    first = case.step.tasks[0].token
    intervene(case, bpmn.Modify((first,)))
    assert case.open == ["i", "i"]
    case.do("i").do("i")
    assert case.open == ["z"]


@pytest.mark.parametrize(
    ("begin", "told"),
    [
        (bpmn.Begin("p", "nowhere"), "nowhere"),
        (bpmn.Begin("q", "a"), "q"),
        (bpmn.Begin("p", "inner"), "inner"),
        (bpmn.Begin("p", "late"), "late"),
        (bpmn.Begin("p", "join"), "join"),
        (bpmn.Begin("p", "a", 77), "a"),
    ],
)
def test_a_token_begins_only_where_one_can_be(begin: bpmn.Begin, told: str) -> None:
    body = (
        START
        + users("a", "b")
        + boundary("late", "a", timer("PT1H"))
        + subprocess("sub", START.replace('"start"', '"s"') + users("inner") + flows("s>inner"))
        + '<parallelGateway id="join"/>'
        + END
        + '<endEvent id="out2"/>'
        + flows("start>a", "a>sub", "sub>join", "b>join", "join>end", "late>out2")
    )
    case = Player(body)
    before = case.step.snapshot
    with pytest.raises(Refused, match=told):
        bpmn.step(case.definition, before, bpmn.Modify(begin=(begin,)), case.now)


# --- Another version --------------------------------------------------------------------------------------------


def version(body: str) -> bpmn.Definition:
    return bpmn.load({"p.bpmn": document(body)}).procedures["p"]


def test_a_case_goes_on_where_it_stood_on_the_corrected_version() -> None:
    case = Player(BROKEN)
    fixed = version(BROKEN.replace("amount * price", "1").replace('name="b"', 'name="another label"'))
    moved, places = bpmn.migrate(case.definition, case.step.snapshot, fixed, {}, NOW)
    assert places == ("a",)
    after = bpmn.step(fixed, moved.snapshot, bpmn.Complete(moved.tasks[0].token), NOW)
    assert [(task.element, task.name) for task in after.tasks] == [("b", "another label")]


def test_a_renamed_element_is_mapped_and_new_limits_begin() -> None:
    case = Player(CHAIN)
    renamed = version(
        CHAIN.replace('"a"', '"first"').replace('"a_b"', '"x"').replace('"start_a"', '"y"')
        + boundary("late", "first", timer("PT1H"))
        + '<endEvent id="out2"/>'
        + flows("late>out2")
    )
    with pytest.raises(Refused, match="a"):
        bpmn.migrate(case.definition, case.step.snapshot, renamed, {}, NOW)
    moved, _ = bpmn.migrate(case.definition, case.step.snapshot, renamed, {"a": "first"}, NOW)
    assert [task.element for task in moved.tasks] == ["first"]
    assert [wait.element for wait in moved.waits] == ["late"]


def test_tasks_get_the_roles_of_the_new_version_and_keep_their_dates() -> None:
    task = '<userTask id="a" name="a" camunda:candidateGroups="{}" camunda:dueDate="P2D"/>'
    case = Player(START + task.format("agent") + flows("start>a"))
    moved, _ = bpmn.migrate(
        case.definition,
        case.step.snapshot,
        version(START + task.format("dispatcher") + flows("start>a")),
        {},
        NOW + timedelta(days=1),
    )
    assert moved.tasks[0].roles == ("dispatcher",)
    assert moved.tasks[0].due == case.step.tasks[0].due


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (CHAIN.replace('<userTask id="a" name="a"/>', '<receiveTask id="a" name="a" messageRef="m1"/>'), "receiveTask"),
        (
            CHAIN.replace(
                '<userTask id="a" name="a"/>',
                '<userTask id="a" name="a"><multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality>'
                "</multiInstanceLoopCharacteristics></userTask>",
            ),
            "multi-instance",
        ),
    ],
)
def test_why_a_case_cannot_go_over_is_told(new: str, told: str) -> None:
    case = Player(CHAIN)
    with pytest.raises(Refused) as refusal:
        bpmn.migrate(case.definition, case.step.snapshot, version(new), {}, NOW)
    assert told in refusal.value.text("en")


def test_joins_remember_by_which_flow_a_token_came() -> None:
    def diagram(name: str) -> str:
        return (
            START
            + '<parallelGateway id="f"/>'
            + users("a", "b")
            + '<parallelGateway id="j"/>'
            + users("z")
            + flows("start>f", "f>a", "f>b", "j>z")
            + flow("a", "j", name=name)
            + flow("b", "j")
        )

    case = Player(diagram("old")).do("a")
    fixed = version(diagram("new"))
    moved, _ = bpmn.migrate(case.definition, case.step.snapshot, fixed, {}, NOW)
    after: Any = bpmn.step(fixed, moved.snapshot, bpmn.Complete(moved.tasks[0].token), NOW)
    assert [task.element for task in after.tasks] == ["z"]
