"""``start``, ``message``, ``show``, ``history``, ``verify``, ``reindex``: one case, or all of them."""

from __future__ import annotations

import json
from typing import Any

import click

from engine import Case, LogEntry, Task
from engine.cli.output import table
from engine.cli.session import Exit, Session, acting, as_user, command, operating, values_option
from engine.cli.standing import answer_outcome, status_word, task_table
from engine.cli.top import top
from engine.cli.values import read_values
from engine.cli.wording import SpokenOption, say
from engine.commands import RebuildIndexes, SendMessage, StartCase


@command(
    top,
    "start",
    zh="按流程的最新版本登记一件诉求。",
    en="Start a case on the newest version of a procedure.",
)
@click.argument("procedure", metavar="PROCEDURE")
@values_option()
@click.option(
    "--reference",
    metavar="TEXT",
    cls=SpokenOption,
    zh="外部编号；同一编号不会登记两次。",
    en="The number it has elsewhere; the same one is never started twice.",
)
@as_user()
def start(session: Session, procedure: str, values: str | None, reference: str | None, user: str | None) -> Exit:
    given = read_values(values)
    outcome = session.engine.handle(
        StartCase(procedure=procedure, values=given, reference=reference, actor=acting(user))
    )
    return answer_outcome(session, outcome)


@command(
    top,
    "message",
    zh="向诉求件送达一条消息；不指定诉求件时，送达以该关联键等待它的诉求件，否则启动以该消息开始的流程。",
    en="Deliver a message to a case. Without a case it goes to the one that waits for it with this key, else it starts "
    "the procedure that begins with it.",
)
@click.argument("name", metavar="NAME")
@click.option("--case", metavar="N", cls=SpokenOption, zh="受理编号。", en="The case's number.")
@click.option(
    "--key",
    metavar="TEXT",
    cls=SpokenOption,
    zh="关联键：消息针对的是哪一件。",
    en="The key that says which case the message is meant for.",
)
@values_option()
@as_user()
def message(
    session: Session, name: str, case: str | None, key: str | None, values: str | None, user: str | None
) -> Exit:
    given = read_values(values)
    command = SendMessage(name=name, values=given, case=case, key=key, actor=operating(user))
    outcome = session.engine.handle(command)
    return answer_outcome(session, outcome)


@command(
    top,
    "show",
    zh="显示一件诉求的状态、数据、待办和异常。",
    en="Show a case: status, values, open tasks and incidents.",
)
@click.argument("case", metavar="CASE")
def show(session: Session, case: str) -> Exit:
    found = session.engine.case(case)
    tasks = list(session.engine.open_tasks(case=case))
    session.answer(case_json(found, tasks), lambda: _case_text(found, tasks))
    return 0


def case_json(case: Case, tasks: list[Task]) -> dict[str, Any]:
    """The shape of ``show --json``."""
    return {
        "number": case.number,
        "procedure": case.procedure,
        "version": case.version,
        "status": case.status,
        "values": dict(case.values),
        "tasks": [task.as_json() for task in tasks],
        "incidents": [incident.as_json() for incident in case.incidents],
    }


def _case_text(case: Case, tasks: list[Task]) -> str:
    lines = [
        say(
            f"诉求件 {case.number}：{status_word(case.status)}（{case.procedure} 第 {case.version} 版）",
            f"Case {case.number}: {status_word(case.status)} ({case.procedure}, version {case.version})",
        )
    ]
    if case.values:
        rows = [(key, _short(value)) for key, value in case.values.items()]
        lines += ["", table([say("数据", "Key"), say("值", "Value")], rows)]
    if tasks:
        lines += ["", task_table(tasks)]
    for incident in case.incidents:
        lines += ["", say(f"异常 {incident.element}：{incident.zh}", f"Incident at {incident.element}: {incident.en}")]
    return "\n".join(lines)


@command(
    top,
    "history",
    zh="显示一件诉求的全部记录，按先后顺序。",
    en="Show everything in a case's log, in order.",
)
@click.argument("case", metavar="CASE")
def history(session: Session, case: str) -> Exit:
    entries = list(session.engine.history(case))
    session.answer({"entries": [entry.as_json() for entry in entries]}, lambda: _history_text(entries))
    return 0


def _history_text(entries: list[LogEntry]) -> str:
    headings = [
        "#",
        say("时刻", "At"),
        say("人员", "Actor"),
        say("记录", "Kind"),
        say("环节", "Element"),
        say("内容", "Data"),
    ]
    rows = [
        (entry.seq, entry.at, entry.actor, entry.kind, entry.element, _short(dict(entry.data))) for entry in entries
    ]
    return table(headings, rows)


@command(
    top,
    "verify",
    zh="核对记录：哈希链完整，且按记录重演得到同样的结果。不指定诉求件则核对全部；有不符返回 1。",
    en="Verify the log: the chain holds and a re-run gives the same. All cases unless one is named; 1 on a mismatch.",
)
@click.argument("case", metavar="[CASE]", required=False)
def verify(session: Session, case: str | None) -> Exit:
    report = session.engine.verify(case)
    mismatches = [mismatch.as_json() for mismatch in report.mismatches]

    def text() -> str:
        if report.ok:
            return say(f"{report.cases} 件诉求，记录与重演一致。", f"{report.cases} case(s): log and re-run agree.")
        rows = [(found["case"], found["seq"], found["code"], found["message"]) for found in mismatches]
        return table([say("诉求件", "Case"), say("记录", "Entry"), say("代码", "Code"), say("说明", "What")], rows)

    session.answer({"cases": report.cases, "ok": report.ok, "mismatches": mismatches}, text)
    return 0 if report.ok else 1


@command(
    top,
    "reindex",
    zh="按快照和记录重建待办与等待的索引。诉求件与记录不变；不指定诉求件则重建全部。",
    en="Write the lists of open tasks and waits anew from snapshots and logs. Cases and logs do not change. "
    "All cases unless one is named.",
)
@click.argument("case", metavar="[CASE]", required=False)
@as_user()
def reindex(session: Session, case: str | None, user: str | None) -> Exit:
    rebuilt = session.engine.handle(RebuildIndexes(case=case, actor=operating(user)))
    session.answer(
        {"cases": len(rebuilt)},
        lambda: say(f"已重建 {len(rebuilt)} 件诉求的索引。", f"{len(rebuilt)} case(s) indexed anew."),
    )
    return 0


def _short(value: Any, limit: int = 100) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[: limit - 1] + "…"
