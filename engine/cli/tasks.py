"""``tasks``, ``complete``, ``claim``, ``unclaim``: what people have to do."""

from __future__ import annotations

import click

from engine.cli.session import Exit, Session, acting, as_user, command, values_option
from engine.cli.standing import answer_outcome, task_table
from engine.cli.top import top
from engine.cli.values import read_values
from engine.cli.wording import SpokenOption, say
from engine.commands import ClaimTask, CompleteTask, UnclaimTask


@command(
    top,
    "tasks",
    zh="列出待办：全部、某件诉求的，或某人可办的。",
    en="List open tasks: all, those of one case, or those somebody may do.",
)
@click.option("--case", metavar="N", cls=SpokenOption, zh="受理编号。", en="The case's number.")
@click.option(
    "--as", "user", metavar="USER", cls=SpokenOption, zh="只列此人可办的。", en="Only what this person may do."
)
def tasks(session: Session, case: str | None, user: str | None) -> Exit:
    found = list(session.engine.open_tasks(case=case, actor=user))
    document = {
        "tasks": [
            {
                **task.as_json(),
                "case": task.case,
                "assignee": task.assignee,
                "users": list(task.users),
                "unit": task.unit,
                "claimed_by": task.claimed_by,
                "opened_at": task.opened_at,
            }
            for task in found
        ]
    }
    session.answer(document, lambda: task_table(found) if found else say("没有待办。", "No open tasks."))
    return 0


@command(top, "complete", zh="办结一项待办。", en="Finish a task with its values.")
@click.argument("task", metavar="TASK")
@values_option()
@as_user()
def complete(session: Session, task: str, values: str | None, user: str | None) -> Exit:
    given = read_values(values)
    return answer_outcome(session, session.engine.handle(CompleteTask(task=task, values=given, actor=acting(user))))


@command(top, "claim", zh="领取一项待办。", en="Take a task from the pool.")
@click.argument("task", metavar="TASK")
@as_user()
def claim(session: Session, task: str, user: str | None) -> Exit:
    return answer_outcome(session, session.engine.handle(ClaimTask(task=task, actor=acting(user))))


@command(top, "unclaim", zh="退回已领取的待办。", en="Put a task back into the pool.")
@click.argument("task", metavar="TASK")
@as_user()
def unclaim(session: Session, task: str, user: str | None) -> Exit:
    return answer_outcome(session, session.engine.handle(UnclaimTask(task=task, actor=acting(user))))
