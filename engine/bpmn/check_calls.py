"""What must hold of a call: the called process is there, in the version that is asked for, and it can be begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from engine.bpmn.model import NEWEST, Node, Process
from engine.bpmn.problems import Problems


class Versions(Protocol):
    """The versions that are published."""

    def numbers(self, procedure: str) -> Sequence[int]:
        """The numbers of a procedure's versions, oldest first; none if it is not published."""

    def process(self, procedure: str, number: int) -> Process:
        """The process a version draws under the procedure's own id."""


def check_call(
    node: Node,
    problems: Problems,
    processes: Mapping[str, Process],
    versions: Versions | None,
    published: bool = False,
) -> None:
    """All problems of a call activity. What was ``published`` need not hold the processes of other versions."""
    calls = node.calls or ""
    if node.calls_version is not None and (
        "@" in calls or any(name.startswith(f"{calls}@") for name in (*processes, node.process))
    ):
        # The processes of other versions are known as “sub@3”.
        problems.error(
            node.id,
            "called_version_invalid",
            f"指明版本时，流程 id 不能含“@”：{calls}。",
            f"Where a version is named, ids of processes hold no “@”: {calls}.",
        )
    elif node.calls_version:
        if versions is not None:
            _check_version(node, calls, node.calls_version, problems, versions)
    elif calls in processes:
        _check_called(node, processes[calls], problems)
    elif not (published and node.calls_version == NEWEST):
        problems.error(
            node.id,
            "call_unknown",
            f"调用的流程“{calls}”不存在或没有一起发布。",
            f"The called process “{calls}” does not exist and is not among the files.",
        )


def _check_version(node: Node, calls: str, number: int, problems: Problems, versions: Versions) -> None:
    known = versions.numbers(calls)
    if number in known:
        _check_called(node, versions.process(calls, number), problems)
        return
    told = ", ".join(map(str, known[-20:]))
    problems.error(
        node.id,
        "called_version_unknown",
        f"流程“{calls}”没有第 {number} 版。" + (f"已有版本：{told}。" if known else "它还没有发布。"),
        f"“{calls}” has no version {number}. " + (f"There are: {told}." if known else "It is not published."),
    )


def _check_called(node: Node, called: Process, problems: Problems) -> None:
    if called.start_events() and not called.plain_starts():
        problems.error(
            node.id,
            "call_start",
            f"被调用的流程“{called.id}”没有普通开始事件。",
            f"The called process “{called.id}” has no plain start event.",
        )
