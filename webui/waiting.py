"""Why a case is waiting: what it waits for besides people, each in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine import Case, LogEntry, Wait
from engine.records import ExternalTask
from webui import presenting, wording
from webui.language import _
from webui.vocabulary import Vocabulary


@dataclass(frozen=True)
class Reason:
    """One thing a case waits for: a sentence, the words of whoever made it wait, and an icon."""

    icon: str
    sentence: str
    note: str = ""


def reasons(
    case: Case, externals: Sequence[ExternalTask], entries: Sequence[LogEntry], words: Vocabulary
) -> list[Reason]:
    """What a case waits for besides people; that it is suspended comes first. Empty once it has ended."""
    found = [Reason(_ICONS.get(wait.kind, "clock"), _sentence(wait, words)) for wait in case.waits]
    found += [Reason("external-link", _outside(task, words)) for task in externals]
    return ([suspension(entries)] if case.status == "suspended" else []) + found


def suspension(entries: Sequence[LogEntry]) -> Reason:
    """By whom, when and why a case was suspended."""
    entry = next(entry for entry in reversed(entries) if entry.kind == "case_suspended")
    who, at = presenting.person_label(entry.actor), wording.moment(entry.at)
    sentence = (
        _("所属流程已挂起（%(person)s，%(at)s），恢复前不办理，时点和消息也不起作用。", person=who, at=at)
        if entry.data.get("procedure")
        else _("已挂起（%(person)s，%(at)s），恢复前不办理，时点和消息也不起作用。", person=who, at=at)
    )
    return Reason("player-pause", sentence, str(entry.data.get("reason", "")))


_ICONS = {"message": "messages", "signal": "messages", "conditional": "eye"}


def _sentence(wait: Wait, words: Vocabulary) -> str:
    name = words.element(wait.element)
    if wait.kind == "timer" and wait.due is None:
        return _("“%(name)s”的时点随时限暂停，时限恢复后继续计时。", name=name)
    sentences: dict[str, Callable[[], str]] = {
        "timer": lambda: _("等待“%(name)s”：到 %(at)s。", name=name, at=wording.moment(wait.due)),
        "message": lambda: (
            _("等待“%(name)s”：收到消息“%(message)s”（关联键 %(key)s）。", name=name, message=wait.name, key=wait.key)
            if wait.key
            else _("等待“%(name)s”：收到消息“%(message)s”。", name=name, message=wait.name)
        ),
        "signal": lambda: _("等待“%(name)s”：收到信号“%(signal)s”。", name=name, signal=wait.name),
    }
    other = _("等待“%(name)s”：条件成立。", name=name)
    return sentences[wait.kind]() if wait.kind in sentences else other


def _outside(task: ExternalTask, words: Vocabulary) -> str:
    name = words.element(task.element)
    if task.retries <= 0:
        return _("等待“%(name)s”：外部程序（%(topic)s）多次失败，须有人处置。", name=name, topic=task.topic)
    if task.worker:
        return _("等待“%(name)s”：外部程序正在办理（%(topic)s）。", name=name, topic=task.topic)
    return _("等待“%(name)s”：外部程序办理（%(topic)s）。", name=name, topic=task.topic)
