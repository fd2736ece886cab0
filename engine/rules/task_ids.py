"""The id of a task: its case's number, a full stop, its token, as in ``20261122-0001.7``."""

from __future__ import annotations


def task_id(case: str, token: int) -> str:
    """The id of that token's task."""
    return f"{case}.{token}"


def split_task_id(text: str) -> tuple[str, int] | None:
    """Case number and token again; None if the text is no task id."""
    case, dot, token = text.rpartition(".")
    if not dot or not case or not token.isascii() or not token.isdigit() or len(token) > 9:
        return None
    return case, int(token)
