"""A case's log told in plain sentences: one moment a command, with what it led to; the rest folded away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engine import LogEntry
from engine.errors import language as engine_language
from engine.events import COMMANDS
from webui import presenting, wording
from webui.language import _
from webui.vocabulary import Vocabulary as Vocabulary


@dataclass
class Moment:
    """One thing somebody (or the clock) did: when, who, the sentence, what was filled in, what followed; ``decided``
    and ``entries`` are for those who want to know exactly."""

    seq: int
    at: str
    actor: str
    kind: str
    sentence: str
    note: str = ""
    filled: list[tuple[str, str]] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    entries: list[LogEntry] = field(default_factory=list)

    @property
    def icon(self) -> str:
        return _ICONS.get(self.kind, "dots")


_ICONS = {
    "case_started": "phone-plus",
    "task_completed": "check",
    "task_claimed": "user",
    "task_unclaimed": "arrow-back-up",
    "message_received": "messages",
    "signal_received": "messages",
    "timers_fired": "clock",
    "case_cancelled": "x",
    "note_added": "message-plus",
    "person_revealed": "eye",
    "incident_raised": "alert-triangle",
    "incident_resolved": "circle-check",
}


def tell(entries: Sequence[LogEntry], words: Vocabulary) -> list[Moment]:
    """The moments of a case, newest first."""
    told: list[Moment] = []
    for entry in entries:
        if entry.kind in COMMANDS or not told:
            told.append(_moment(entry, words))
        told[-1].entries.append(entry)
        told[-1].followed.extend(_followed(entry, words))
        if entry.kind == "decision_made":
            told[-1].decided.append(
                _(
                    "按规则“%(name)s”判定：%(result)s",
                    name=words.element(entry.element),
                    result=wording.plain(entry.data.get("outputs")),
                )
            )
    return told[::-1]


def _moment(entry: LogEntry, words: Vocabulary) -> Moment:
    who = presenting.person_label(entry.actor)
    return Moment(
        entry.seq,
        entry.at,
        who,
        entry.kind,
        _sentence(entry, words),
        note=words.named(_note(entry), entry.element or ""),
        filled=list(_filled(entry, words)),
    )


def _sentence(entry: LogEntry, words: Vocabulary) -> str:
    data = entry.data
    name = words.element(entry.element)
    sentences = {
        "case_started": lambda: _(
            "登记诉求件，适用“%(procedure)s”第 %(number)s 版",
            procedure=words.version.name,
            number=data.get("version", ""),
        ),
        "task_claimed": lambda: _("认领“%(name)s”", name=name),
        "task_unclaimed": lambda: _("退回“%(name)s”到待认领", name=name),
        "task_completed": lambda: _("完成“%(name)s”", name=name),
        "message_received": lambda: _("收到消息“%(name)s”", name=data.get("name", "")),
        "signal_received": lambda: _("收到信号“%(name)s”", name=data.get("name", "")),
        "timers_fired": lambda: _("到达设定时点"),
        "case_cancelled": lambda: _("撤销诉求件"),
        "note_added": lambda: _("添加备注"),
        "person_revealed": lambda: _("查看诉求人信息"),
        "incident_raised": lambda: _("流程在“%(name)s”处出现异常", name=name),
        "incident_resolved": lambda: _("流程异常已处理"),
    }
    return sentences[entry.kind]() if entry.kind in sentences else entry.kind


def _note(entry: LogEntry) -> str:
    data = entry.data
    if entry.kind == "incident_raised":
        return str(data.get(engine_language.get(), data.get("reason", "")))
    return str(data.get("text") or data.get("reason") or "")


def _filled(entry: LogEntry, words: Vocabulary) -> Iterator[tuple[str, str]]:
    if entry.kind not in COMMANDS:
        return
    values = entry.data.get("values") or {}
    for key in dict.fromkeys((*words.asked(entry.element), *words.items, *values)):
        if key in values and not words.is_technical(key, entry.element) and (text := words.words(key, values[key])):
            yield words.label(key), text


def _followed(entry: LogEntry, words: Vocabulary) -> Iterator[str]:
    data = entry.data
    if entry.kind == "task_opened":
        whom = (
            presenting.person_label(data["assignee"])
            if data.get("assignee")
            else presenting.role_words(data.get("roles") or ())
        )
        name = data.get("name") or words.element(entry.element)
        yield _("下一步“%(name)s”：%(whom)s", name=name, whom=whom) if whom else _("下一步“%(name)s”", name=name)
    elif entry.kind == "timer_fired":
        yield _("“%(name)s”时间到", name=words.element(entry.element))
    elif entry.kind == "element_cancelled" and words.is_task(entry.element):
        yield _("“%(name)s”已取消", name=words.element(entry.element))
    elif entry.kind == "case_closed":
        yield _("诉求件办结")
