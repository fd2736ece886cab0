"""Event subprocesses, at any level (BPMN 2.0.2 §10.3.5, §13.5.4). Every step begins from the saved snapshot."""

from __future__ import annotations

import pytest

from tests.bpmn.drawing import (
    ERROR,
    ESCALATION,
    MESSAGE,
    SIGNAL,
    START,
    Player,
    boundary,
    flows,
    timer,
    users,
)
from tests.bpmn.test_scopes import CONDITION, handler, inside


@pytest.mark.parametrize("interrupting", [True, False])
@pytest.mark.parametrize("definition", [MESSAGE, SIGNAL, timer("PT1H"), CONDITION, ERROR, ESCALATION])
def test_event_subprocesses_two_levels_down_see_and_set_the_data(definition: str, interrupting: bool) -> None:
    if definition == ERROR and not interrupting:
        return
    thrown = {
        ERROR: f'<endEvent id="out">{ERROR}</endEvent>',
        ESCALATION: f'<endEvent id="out">{ESCALATION}</endEvent>',
    }
    script = '<scriptTask id="note"><script>noted = seen + 1</script></scriptTask>'
    deep = inside(
        "deep",
        users("a", "b")
        + '<parallelGateway id="f"/>'
        + thrown.get(definition, '<endEvent id="out"/>')
        + flows("f>a", "f>b", "a>out")
        + handler("h", definition, script + users("told") + flows("note>told"), "note", interrupting),
        "f",
    )
    case = Player(
        START
        + inside("outer", deep + users("next") + flows("deep>next"), "deep")
        + users("after")
        + flows("start>outer")
        + flows("outer>after"),
        {"seen": 1},
    )
    assert case.open == ["a", "b"], "handlers do not run before their event"
    if definition == MESSAGE:
        case.message("paid", seen=4)
    elif definition == SIGNAL:
        case.signal("go", seen=4)
    elif definition in thrown:
        case.do("a", seen=4)
    else:
        case.do("a", seen=4, ready=True)
        if "PT1H" in definition:
            case.later(hours=1)
    assert case.values["noted"] == 5
    left = [] if interrupting else ["a", "b"] if definition in (MESSAGE, SIGNAL) else ["b"]
    assert case.open == sorted([*left, "told"])
    while "next" not in case.open:
        case.do(case.open[0])
    assert case.do("next").open == ["after"]


def test_an_event_subprocess_that_interrupts_stops_the_others_and_their_listeners() -> None:
    case = Player(
        START
        + users("a")
        + flows("start>a")
        + handler("reminder", timer("R/PT1H", "timeCycle"), users("remind"), "remind", interrupting=False)
        + handler("stop", MESSAGE, users("h"), "h")
    )
    case.later(hours=2)
    assert case.open == ["a", "remind", "remind"]
    case.message("paid")
    assert case.open == ["h"] and case.waits == []


def test_what_an_event_subprocess_throws_is_for_the_scope_around() -> None:
    for definition, codes in ((ERROR, ["after"]), (ESCALATION, ["after"])):
        case = Player(
            START
            + inside(
                "sub",
                users("a")
                + handler(
                    "h", MESSAGE, users("b") + f'<endEvent id="out">{definition}</endEvent>' + flows("b>out"), "b"
                )
                + handler("wrong", definition, users("neighbour"), "neighbour"),
                "a",
            )
            + boundary("up", "sub", definition)
            + users("after", "next")
            + flows("start>sub", "sub>next", "up>after")
        )
        case.message("paid").do("b")
        assert case.open == codes


def test_an_event_subprocess_inside_an_event_subprocess() -> None:
    innermost = handler("in", SIGNAL, users("deep"), "deep", interrupting=False)
    case = Player(START + users("a") + flows("start>a") + handler("h", MESSAGE, users("b") + innermost, "b", False))
    case.message("paid").signal("go").signal("go")
    assert case.open == ["a", "b", "deep", "deep"]
    case.do("b").do("deep").do("deep")
    assert case.open == ["a"] and case.waits == [("message", "h_s")], "the inner listener went with its scope"
    assert case.message("paid").waits == [("message", "h_s"), ("signal", "in_s")]
