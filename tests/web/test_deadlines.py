"""The deadlines of a case on its page: how they stand, and pausing, resuming and extending them."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Engine
from engine.commands import FireDeadlines, PauseDeadline, PublishVersion, StartCase, SuspendCase
from tests.bpmn.drawing import END, START, document, flows
from tests.conftest import FakeClock
from tests.engine.test_deadlines import task

DIAGRAM = document(
    START
    + task("a", deadline="handling", deadlineLimit="2 d", deadlineCap="3 d, 2x", deadlineLabel="办理时限")
    + task("b", deadline="feedback", deadlineLimit="none", deadlineLabel="反馈时限")
    + '<parallelGateway id="both"/><parallelGateway id="join"/>'
    + END
    + flows("start>both", "both>a", "both>b", "a>join", "b>join", "join>end")
)


@pytest.fixture
def number(engine: Engine) -> str:
    """A case with two deadlines, begun on Monday 2026-11-23 at nine o'clock: two days, and one that is not set."""
    engine.handle(PublishVersion(files={"p.bpmn": DIAGRAM}, actor="system"))
    return engine.handle(StartCase(procedure="p", actor="agent")).case


def key_of(engine: Engine, number: str, kind: str = "handling") -> str:
    (found,) = (clock.key for clock in engine.deadlines(case=number) if clock.kind == kind)
    return found


def adjust(visitor: Any, engine: Engine, number: str, what: str, kind: str = "handling", **fields: Any) -> Any:
    page = visitor.get(f"/cases/{number}")
    return visitor.send(page.form(f"/deadlines/{key_of(engine, number, kind)}/{what}"), **fields)


def test_a_case_shows_how_its_deadlines_stand(signed: Any, engine: Engine, clock: FakeClock, number: str) -> None:
    clock.forward(days=1)
    told = signed("kefu").get(f"/cases/{number}").words("#deadlines")
    for words in (
        "办理时限",
        "2 日",
        "2026-11-25 09:00",
        "剩余 1 天",
        "50%",
        "计时中",
        "3 日",
        "2 次",
        "反馈时限",
        "未设时限",
    ):
        assert words in told, words
    assert "将提醒：已用 80%" in told

    clock.forward(hours=15)
    engine.handle(FireDeadlines(actor="clock"))
    told = signed("kefu").get(f"/cases/{number}").words("#deadlines")
    assert "2026-11-25 00:00 提醒：已用 80%" in told

    clock.forward(days=1)
    engine.handle(FireDeadlines(actor="clock"))
    page = signed("kefu").get(f"/cases/{number}")
    assert "已超期" in page.words("#deadlines") and "已超期，应于 2026-11-25 09:00" in page.words(".hy-timeline")


def test_a_deadline_is_paused_and_resumed_with_reasons(
    signed: Any, engine: Engine, clock: FakeClock, number: str
) -> None:
    kefu = signed("kefu")
    page = adjust(kefu, engine, number, "pause", reason="等待补正材料")
    assert page.status == 200 and "时限已暂停" in page.words(".alert")
    assert "2026-11-23 09:00 起暂停：等待补正材料（李文静）" in page.words("#deadlines")
    clock.forward(days=1)
    page = adjust(kefu, engine, number, "resume", reason="材料齐了")
    told = page.words("#deadlines")
    assert "2026-11-26 09:00" in told and "2026-11-23 09:00 至 2026-11-24 09:00 暂停" in told and "0%" in told
    assert "到期由 2026-11-25 09:00 改为 2026-11-26 09:00" in page.words(".hy-timeline")
    assert engine.verify(number).ok


def test_a_deadline_is_extended_by_so_much_or_to_a_moment(signed: Any, engine: Engine, number: str) -> None:
    kefu = signed("kefu")
    page = adjust(kefu, engine, number, "extend", amount="1", unit="d", reason="疑难")
    assert "由 2026-11-25 09:00 延至 2026-11-26 09:00：疑难（李文静）" in page.words("#deadlines")
    page = adjust(kefu, engine, number, "extend", due="2026-11-27T17:00", reason="联合勘查")
    assert "由 2026-11-26 09:00 延至 2026-11-27 17:00" in page.words("#deadlines")
    # One that is not set is given a moment.
    page = adjust(kefu, engine, number, "extend", "feedback", due="2026-12-01T09:00", reason="商定")
    assert "由 未设定 延至 2026-12-01 09:00" in page.words("#deadlines")


@pytest.mark.parametrize(
    ("what", "fields", "said"),
    [
        ("pause", {"reason": "  "}, "理由"),
        ("extend", {"reason": "想多些", "amount": "9", "unit": "d"}, "延期上限"),
        ("extend", {"reason": "r", "amount": "1", "unit": "d", "due": "2026-12-01T09:00"}, "二者取一"),
        ("extend", {"reason": "r"}, "二者取一"),
        ("extend", {"reason": "r", "amount": "很久", "unit": "WD"}, "不是时限"),
        ("extend", {"reason": "r", "due": "明天"}, "不是时刻"),
        ("extend", {"reason": "r", "due": "2026-11-24T09:00"}, "不比原期限晚"),
    ],
)
def test_what_cannot_be_done_is_said_where_it_was_asked(
    signed: Any, engine: Engine, number: str, what: str, fields: dict[str, str], said: str
) -> None:
    before = engine.deadlines(case=number)
    page = adjust(signed("kefu"), engine, number, what, **fields)
    assert page.status == 422
    form = page.form(f"/{what}")
    assert said in " ".join(form.text_content().split())
    # The form is open, and what was typed is still there.
    assert form.getparent().get("open") is not None
    assert {key: form.fields[key].strip() for key in fields} == {key: text.strip() for key, text in fields.items()}
    assert engine.deadlines(case=number) == before


def test_only_the_leading_group_decides_against_the_rules(
    signed: Any, engine: Engine, clock: FakeClock, number: str
) -> None:
    assert "by_decision" not in signed("kefu").get(f"/cases/{number}").text
    clock.forward(days=3)
    page = signed("kefu").get(f"/cases/{number}")
    assert "只能由领导小组及其办公室决定" in page.words("#deadlines")
    page = adjust(
        signed("lgb"), engine, number, "extend", amount="9", unit="d", by_decision=["1"], reason="领导小组会议决定"
    )
    assert page.status == 200 and "经决定：领导小组会议决定" in page.words("#deadlines")
    assert "经领导小组决定" in page.words(".hy-timeline")


def test_who_may_not_is_offered_nothing_and_refused(signed: Any, engine: Engine, number: str) -> None:
    agent = signed("agent")
    page = agent.get(f"/cases/{number}")
    assert page.find("#deadlines") and "/deadlines/" not in page.text
    form = signed("kefu").get(f"/cases/{number}").form("/pause")
    token = page.root.xpath("//input[@name='csrf_token']/@value")[0]
    assert agent.send(form, reason="r", csrf_token=token).status == 403


def test_deadlines_of_a_suspended_case_cannot_be_changed(signed: Any, engine: Engine, number: str) -> None:
    kefu = signed("kefu")
    form = kefu.get(f"/cases/{number}").form("/pause")
    engine.handle(SuspendCase(case=number, reason="核实", actor="liucheng"))
    page = kefu.get(f"/cases/{number}")
    assert "/deadlines/" not in page.text and "挂起期间时限照常计时" in page.words("#deadlines")
    assert kefu.send(form, reason="r").status == 422


def test_a_stranger_key_is_refused_in_words(signed: Any, engine: Engine, number: str) -> None:
    kefu = signed("kefu")
    form = kefu.get(f"/cases/{number}").form("/pause")
    form.action = f"/cases/{number}/deadlines/nothing/pause"
    assert kefu.send(form, reason="r").status == 422
    form.action = "/cases/20991231-0001/deadlines/3/pause"
    assert kefu.send(form, reason="r").status == 404


def test_deadlines_are_told_in_english(signed: Any, engine: Engine, number: str) -> None:
    engine.handle(PauseDeadline(case=number, key=key_of(engine, number), reason="out", actor="kefu"))
    kefu = signed("kefu")
    kefu.send(kefu.get("/").form("/language"), "language=en")
    told = kefu.get(f"/cases/{number}").words("#deadlines")
    for words in ("Deadlines", "calendar days", "Paused since 2026-11-23 09:00: out", "Paused; moves on resuming"):
        assert words in told, words
