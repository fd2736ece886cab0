"""``deadlines`` and ``deadline``: the limits people are held to."""

from __future__ import annotations

import typing

import click

from engine.cli.output import local, table
from engine.cli.session import Exit, Session, acting, as_user, command
from engine.cli.standing import answer_outcome
from engine.cli.top import top
from engine.cli.wording import SpokenGroup, SpokenOption, say
from engine.commands import ExtendDeadline, PauseDeadline, ResumeDeadline
from engine.queries.deadlines import State
from engine.records import Deadline
from engine.rules.deadlines import UNITS

deadline = SpokenGroup("deadline", zh="时限的暂停、恢复和延期。", en="Pause, resume and extend deadlines.")
top.add_command(deadline)

_STATES = {
    "running": ("进行中", "running"),
    "paused": ("暂停", "paused"),
    "met": ("按时完成", "met"),
    "late": ("超期完成", "late"),
    "cancelled": ("已撤销", "cancelled"),
}


@command(top, "deadlines", zh="列出时限，先到期的在前。", en="List deadlines, the soonest due first.")
@click.option("--case", metavar="N", cls=SpokenOption, zh="受理编号。", en="The case's number.")
@click.option(
    "--state",
    type=click.Choice(typing.get_args(State)),
    cls=SpokenOption,
    zh="只列这种状态的：near 临近，overdue 已超期，unset 未设定。",
    en="Only those in this state: near (a warning was due), overdue, unset.",
)
@click.option(
    "--as", "user", metavar="USER", cls=SpokenOption, zh="只列此人可见的。", en="Only what this person may see."
)
def deadlines(session: Session, case: str | None, state: State | None, user: str | None) -> Exit:
    found = session.engine.deadlines(case, user, state)
    session.answer(
        {"deadlines": [clock.as_json() for clock in found]},
        lambda: _text(found) if found else say("没有时限。", "No deadlines."),
    )
    return 0


def reason_option() -> typing.Callable[[typing.Callable[..., typing.Any]], typing.Callable[..., typing.Any]]:
    """``--reason TEXT``, which every change needs."""
    return click.option("--reason", metavar="TEXT", required=True, cls=SpokenOption, zh="理由。", en="Why.")


@command(deadline, "pause", zh="暂停一个时限。", en="Let a deadline stand still.")
@click.argument("case", metavar="CASE")
@click.argument("key", metavar="KEY")
@reason_option()
@as_user()
def pause(session: Session, case: str, key: str, reason: str, user: str | None) -> Exit:
    return answer_outcome(
        session, session.engine.handle(PauseDeadline(case=case, key=key, reason=reason, actor=acting(user)))
    )


@command(
    deadline,
    "resume",
    zh="恢复一个暂停的时限，暂停的时间补回。",
    en="Let a paused deadline go on; the time is given back.",
)
@click.argument("case", metavar="CASE")
@click.argument("key", metavar="KEY")
@reason_option()
@as_user()
def resume(session: Session, case: str, key: str, reason: str, user: str | None) -> Exit:
    return answer_outcome(
        session, session.engine.handle(ResumeDeadline(case=case, key=key, reason=reason, actor=acting(user)))
    )


@command(deadline, "extend", zh="延长一个时限。", en="Make a deadline due later.")
@click.argument("case", metavar="CASE")
@click.argument("key", metavar="KEY")
@click.option("--by", metavar="LIMIT", cls=SpokenOption, zh="延长多少，如 5 WD。", en="By how much, such as 5 WD.")
@click.option(
    "--due", metavar="MOMENT", cls=SpokenOption, zh="新的期限，如 2026-12-01T17:00。", en="The new due moment."
)
@click.option(
    "--by-decision",
    is_flag=True,
    cls=SpokenOption,
    zh="经领导小组决定，可缩短、可超期后提出、可超过上限。",
    en="By decision of the leading group: earlier, late, or beyond the cap.",
)
@reason_option()
@as_user()
def extend(
    session: Session,
    case: str,
    key: str,
    by: str | None,
    due: str | None,
    by_decision: bool,
    reason: str,
    user: str | None,
) -> Exit:
    asked = ExtendDeadline(
        case=case, key=key, by=by, due=due, by_decision=by_decision, reason=reason, actor=acting(user)
    )
    return answer_outcome(session, session.engine.handle(asked))


def _text(found: list[Deadline]) -> str:
    headings = [say("诉求件", "Case"), say("键", "Key"), say("时限", "Deadline"), say("期限", "Limit")]
    headings += [say("到期", "Due"), say("状态", "State")]
    rows = [
        (clock.case, clock.key, f"{clock.label} ({clock.kind})", _limit(clock), _due(clock), say(*_STATES[clock.state]))
        for clock in found
    ]
    return table(headings, rows)


def _limit(clock: Deadline) -> str:
    if clock.unit in ("", "none"):
        return ""
    value = "" if clock.value is None else f"{clock.value:g} "
    return f"{value}{say(*UNITS[clock.unit])}"


def _due(clock: Deadline) -> str:
    if clock.due is None:
        return say("未设定", "not set")
    return local(clock.due) + (say("（暂定）", " (provisional)") if clock.provisional else "")
