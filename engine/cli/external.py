"""``external …`` and ``ledger``: service tasks that programs outside do, and what diagrams write into ledgers.

A worker in any language can be a script around these commands; ``--worker`` is the name that its locks are under.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from engine import ExternalTask
from engine.cli.output import local, table
from engine.cli.session import Exit, Session, as_user, command, operating, values_option
from engine.cli.standing import answer_outcome
from engine.cli.top import top
from engine.cli.values import read_files, read_values
from engine.cli.wording import SpokenGroup, SpokenOption, say
from engine.commands import CompleteExternal, ExtendLock, FailExternal, FaultExternal, FetchAndLock, UnlockExternal

external = SpokenGroup(
    "external",
    zh="外部任务：领取、办结、失败、业务错误。供任何语言的外部程序使用。",
    en="External tasks: fetch, complete, fail, end in an error. For workers in any language.",
)
top.add_command(external)


def worker_option() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--worker NAME``, which every report needs."""
    return click.option(
        "--worker", metavar="NAME", required=True, cls=SpokenOption, zh="外部程序的名称。", en="The worker's name."
    )


@command(external, "list", zh="列出等待外部程序的任务。", en="List what waits for workers outside.")
@click.option("--topic", "topics", multiple=True, metavar="TOPIC", cls=SpokenOption, zh="主题。", en="Only this topic.")
@click.option("--case", metavar="N", cls=SpokenOption, zh="受理编号。", en="The case's number.")
@click.option(
    "--given-up", is_flag=True, cls=SpokenOption, zh="只列重试已用完的。", en="Only what has no retries left."
)
def listed(session: Session, topics: tuple[str, ...], case: str | None, given_up: bool) -> Exit:
    return _answer(session, session.engine.external_tasks(topics, case, given_up))


@command(external, "fetch", zh="领取并锁定外部任务。", en="Fetch external tasks and lock them for a worker.")
@click.argument("topics", metavar="TOPIC...", nargs=-1, required=True)
@worker_option()
@click.option("--count", type=int, default=1, metavar="N", cls=SpokenOption, zh="最多几项（1）。", en="At most (1).")
@click.option(
    "--lock",
    type=float,
    default=300.0,
    metavar="SECONDS",
    cls=SpokenOption,
    zh="锁定秒数（300）。",
    en="For how long (300).",
)
@as_user()
def fetch(session: Session, topics: tuple[str, ...], worker: str, count: int, lock: float, user: str | None) -> Exit:
    asked = FetchAndLock(topics=topics, worker=worker, count=count, lock_seconds=lock, actor=operating(user))
    return _answer(session, session.engine.handle(asked))


@command(external, "complete", zh="办结一项外部任务。", en="The work is done: the case goes on with these values.")
@click.argument("task", metavar="TASK")
@worker_option()
@values_option()
@click.option(
    "--file",
    "files",
    multiple=True,
    metavar="VARIABLE=PATH",
    cls=SpokenOption,
    zh="把文件存为诉求件的附件，放入变量。",
    en="A file to store with the case, for this variable.",
)
@as_user()
def complete(
    session: Session, task: str, worker: str, values: str | None, files: tuple[str, ...], user: str | None
) -> Exit:
    done = CompleteExternal(
        task=task, worker=worker, values=read_values(values), files=read_files(files), actor=operating(user)
    )
    return answer_outcome(session, session.engine.handle(done))


@command(external, "fail", zh="办理失败，稍后重试。", en="The work went wrong and is to be tried again.")
@click.argument("task", metavar="TASK")
@worker_option()
@click.option("--message", required=True, metavar="TEXT", cls=SpokenOption, zh="原因。", en="What went wrong.")
@click.option("--details", default="", metavar="TEXT", cls=SpokenOption, zh="供开发者。", en="For developers.")
@click.option(
    "--retries", type=int, metavar="N", cls=SpokenOption, zh="还可重试几次。", en="How many retries are left."
)
@click.option(
    "--after", type=float, metavar="SECONDS", cls=SpokenOption, zh="多少秒后重试。", en="Seconds before the next try."
)
@as_user()
def fail(
    session: Session,
    task: str,
    worker: str,
    message: str,
    details: str,
    retries: int | None,
    after: float | None,
    user: str | None,
) -> Exit:
    failed = FailExternal(
        task=task,
        worker=worker,
        message=message,
        details=details,
        retries=retries,
        retry_after=after,
        actor=operating(user),
    )
    return answer_outcome(session, session.engine.handle(failed))


@command(
    external, "error", zh="以业务错误结束，由流程图捕获。", en="The work ended in a business error of the diagram."
)
@click.argument("task", metavar="TASK")
@click.argument("code", metavar="CODE")
@worker_option()
@click.option("--message", default="", metavar="TEXT", cls=SpokenOption, zh="说明。", en="What happened.")
@values_option()
@as_user()
def error(
    session: Session, task: str, code: str, worker: str, message: str, values: str | None, user: str | None
) -> Exit:
    fault = FaultExternal(
        task=task, worker=worker, code=code, message=message, values=read_values(values), actor=operating(user)
    )
    return answer_outcome(session, session.engine.handle(fault))


@command(external, "extend", zh="延长锁定。", en="Keep the lock for longer.")
@click.argument("task", metavar="TASK")
@worker_option()
@click.option(
    "--lock",
    type=float,
    default=300.0,
    metavar="SECONDS",
    cls=SpokenOption,
    zh="从现在起的秒数（300）。",
    en="Seconds from now (300).",
)
@as_user()
def extend(session: Session, task: str, worker: str, lock: float, user: str | None) -> Exit:
    asked = ExtendLock(task=task, worker=worker, seconds=lock, actor=operating(user))
    return _answer(session, [session.engine.handle(asked)])


@command(external, "unlock", zh="交还任务，由他人领取。", en="Give the task back, for any worker.")
@click.argument("task", metavar="TASK")
@worker_option()
@as_user()
def unlock(session: Session, task: str, worker: str, user: str | None) -> Exit:
    asked = UnlockExternal(task=task, worker=worker, actor=operating(user))
    return _answer(session, [session.engine.handle(asked)])


@command(top, "ledger", zh="显示流程写入台账的内容。", en="Show what a case's diagram wrote into ledgers.")
@click.argument("case", metavar="CASE")
def ledger(session: Session, case: str) -> Exit:
    entries = session.engine.ledger(case)

    def text() -> str:
        headings = [say("时刻", "At"), say("台账", "Ledger"), say("环节", "Element"), say("内容", "Entry")]
        rows = [
            (local(entry.at), entry.ledger, entry.element, json.dumps(dict(entry.values), ensure_ascii=False))
            for entry in entries
        ]
        return table(headings, rows) if rows else say("没有台账记录。", "Nothing was written into a ledger.")

    session.answer({"entries": [entry.as_json() for entry in entries]}, text)
    return 0


def _answer(session: Session, tasks: list[ExternalTask]) -> Exit:
    def text() -> str:
        headings = [
            say("任务", "Task"),
            say("主题", "Topic"),
            say("环节", "Element"),
            say("锁定到", "Locked until"),
            say("剩余重试", "Retries"),
            say("说明", "Error"),
        ]
        rows = [
            (
                task.id,
                task.topic,
                task.element,
                f"{local(task.locked_until)} {task.worker}" if task.locked_until else "",
                task.retries,
                task.error,
            )
            for task in tasks
        ]
        return table(headings, rows) if rows else say("没有外部任务。", "No external tasks.")

    session.answer({"tasks": [task.as_json() for task in tasks]}, text)
    return 0
