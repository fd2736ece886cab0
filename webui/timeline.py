"""A case's log told in plain sentences: one moment a command, with what it led to; the rest folded away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine import Case, LogEntry, Version
from engine.errors import language as engine_language
from engine.events import COMMANDS
from engine.rules.forms import read_form
from webui import facts, presenting, wording
from webui.language import Code, _
from webui.layout import Item, fields, read_layout

#: Variables the engine or a diagram keeps for itself; people are shown what people filled in.
_INTERNAL = frozenset({"case_no", "started_by", "started_at", "loopCounter"})


@dataclass
class Moment:
    """One thing somebody (or the clock) did: when, who, the sentence, what was filled in, what followed."""

    seq: int
    at: str
    actor: str
    kind: str
    sentence: str
    note: str = ""
    filled: list[tuple[str, str]] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)
    entries: list[LogEntry] = field(default_factory=list)

    @property
    def icon(self) -> str:
        return _ICONS.get(self.kind, "dots")


_ICONS = {
    "case_started": "phone-plus", "task_completed": "check", "task_claimed": "user", "task_unclaimed": "arrow-back-up",
    "message_received": "messages", "signal_received": "messages", "timers_fired": "clock", "case_cancelled": "x",
    "note_added": "message-plus", "person_revealed": "eye", "incident_raised": "alert-triangle",
    "incident_resolved": "circle-check",
}


class Vocabulary:
    """Names of elements and labels of values in one version of a procedure."""

    def __init__(self, version: Version, language: Code) -> None:
        self.version = version
        self.elements: dict[str, str] = {element.id: element.name or element.id for element in version.elements}
        self.items: dict[str, Item] = {}
        for path, content in sorted(version.files.items()):
            if path.endswith(".form"):
                for item in fields(read_layout(read_form(content, path), language, presenting.options())):
                    self.items.setdefault(item.key, item)

    def element(self, key: str) -> str:
        """What an element is called in the diagram."""
        return self.elements.get(key, key)

    def label(self, key: str) -> str:
        """What a value is called on the forms."""
        return self.items[key].label if key in self.items else key

    def words(self, key: str, value: Any) -> str:
        """A value in words."""
        item = self.items.get(key)
        if item is not None and item.options and not wording.is_personal(value):
            return item.say(value)
        return facts.words(key, value)

    def values(self, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What has been filled in so far, in the order of the forms; callers' data is shown apart."""
        known = [key for key in self.items if key in values]
        shown = ((self.label(key), self.words(key, values[key])) for key in known
                 if not wording.is_personal(values[key]))
        return [(label, text) for label, text in shown if text]

    def caller(self, values: Mapping[str, Any], revealed: Mapping[str, str] | None) -> list[tuple[str, str]]:
        """The caller's data: masked, or in clear where it was revealed."""
        return [(self.label(key), (revealed or {}).get(key, wording.MASK)) for key in facts.personal(values)]

    def waits(self, case: Case) -> list[str]:
        """What the case waits for besides people, in sentences."""
        return [_("等待“%(name)s”，到 %(at)s", name=self.element(wait.element), at=wording.moment(wait.due))
                if wait.kind == "timer" else _("等待“%(name)s”", name=self.element(wait.element))
                for wait in case.waits]


def tell(entries: Sequence[LogEntry], words: Vocabulary) -> list[Moment]:
    """The moments of a case, newest first."""
    told: list[Moment] = []
    for entry in entries:
        if entry.kind in COMMANDS or not told:
            told.append(_moment(entry, words))
        told[-1].entries.append(entry)
        told[-1].followed.extend(_followed(entry, words))
    return told[::-1]


def _moment(entry: LogEntry, words: Vocabulary) -> Moment:
    who = presenting.person_label(entry.actor)
    return Moment(entry.seq, entry.at, who, entry.kind, _sentence(entry, words),
                  note=_note(entry), filled=list(_filled(entry, words)))


def _sentence(entry: LogEntry, words: Vocabulary) -> str:
    data = entry.data
    name = words.element(entry.element)
    sentences = {
        "case_started": lambda: _("登记诉求件，适用“%(procedure)s”第 %(number)s 版",
                                  procedure=words.version.name, number=data.get("version", "")),
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
    for key, value in (entry.data.get("values") or {}).items():
        if key not in _INTERNAL and (text := words.words(key, value)):
            yield words.label(key), text


def _followed(entry: LogEntry, words: Vocabulary) -> Iterator[str]:
    data = entry.data
    if entry.kind == "task_opened":
        whom = "、".join([presenting.person_label(data["assignee"])] if data.get("assignee") else
                        [presenting.role_label(role) for role in data.get("roles") or ()])
        name = data.get("name") or words.element(entry.element)
        yield _("下一步“%(name)s”：%(whom)s", name=name, whom=whom) if whom else _("下一步“%(name)s”", name=name)
    elif entry.kind == "decision_made":
        yield _("按规则“%(name)s”判定：%(result)s", name=words.element(entry.element),
                result=wording.plain(data.get("outputs")))
    elif entry.kind == "timer_fired":
        yield _("“%(name)s”时间到", name=words.element(entry.element))
    elif entry.kind == "element_cancelled":
        yield _("“%(name)s”已取消", name=words.element(entry.element))
    elif entry.kind == "case_closed":
        yield _("诉求件办结")
