"""Where a case stands, as every command that moved one says it."""

from __future__ import annotations

from collections.abc import Iterable

from engine import Outcome, Task
from engine.cli.output import listed, local, table
from engine.cli.session import Exit, Session
from engine.cli.wording import say

STATUS = {
    "open": ("办理中", "open"),
    "stuck": ("待处置", "stuck"),
    "suspended": ("已挂起", "suspended"),
    "closed": ("已办结", "closed"),
    "cancelled": ("已撤销", "cancelled"),
}


def answer_outcome(session: Session, outcome: Outcome) -> Exit:
    """Says where the case stands after a command."""

    def text() -> str:
        head = say(
            f"诉求件 {outcome.case}：{status_word(outcome.status)}",
            f"Case {outcome.case}: {status_word(outcome.status)}",
        )
        return f"{head}\n{task_table(outcome.tasks)}" if outcome.tasks else head

    session.answer(outcome.as_json(), text)
    return 0


def status_word(status: str) -> str:
    """The status as a person reads it."""
    return say(*STATUS.get(status, (status, status)))


def task_table(tasks: Iterable[Task]) -> str:
    """Open tasks as a person reads them: for whom and until when."""
    headings = [
        say("待办", "Task"),
        say("环节", "Element"),
        say("名称", "Name"),
        say("办理人", "For"),
        say("时限", "Due"),
    ]
    rows = [
        (
            task.id,
            task.element,
            task.name,
            task.claimed_by or task.assignee or listed([*task.users, *task.roles]) or say("任何人", "anybody"),
            local(task.due) if task.due else say("未设", "unset"),
        )
        for task in tasks
    ]
    return table(headings, rows)
