"""A case's log told in plain sentences: one moment a command, with what it led to; the rest folded away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine import LogEntry
from engine.errors import language as engine_language
from engine.events import COMMANDS, REPAIRS
from webui import happenings, presenting, wording
from webui.language import _
from webui.vocabulary import Vocabulary as Vocabulary


@dataclass
class Moment:
    """One thing somebody (or the clock) did: when, who, the sentence, their reason (``note``), what else there is to
    say of it (``asides``), what was filled in, what followed; ``decided`` and ``entries`` are for those who want to
    know exactly."""

    seq: int
    at: str
    actor: str
    kind: str
    sentence: str
    note: str = ""
    asides: tuple[str, ...] = ()
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
    "deadline_paused": "clock",
    "deadline_resumed": "clock",
    "deadline_extended": "clock",
    "deadline_warned": "clock",
    "deadline_missed": "alert-triangle",
    "external_completed": "check",
    "external_fault": "alert-triangle",
    "case_cancelled": "x",
    "note_added": "message-plus",
    "person_revealed": "eye",
    "incident_raised": "alert-triangle",
    "incident_repeated": "alert-triangle",
    "incident_resolved": "circle-check",
    "values_corrected": "edit",
    "case_modified": "edit",
    "case_migrated": "git-branch",
    "case_suspended": "player-pause",
    "case_resumed": "player-play",
    "intervention_asked": "users",
    "intervention_agreed": "check",
    "intervention_refused": "x",
}


def tell(entries: Sequence[LogEntry], words: Vocabulary) -> list[Moment]:
    """The moments of a case, newest first."""
    told: list[Moment] = []
    known: dict[str, Any] = {}
    for entry in entries:
        if entry.kind in COMMANDS or not told:
            told.append(_moment(entry, words, known))
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
        if entry.kind in COMMANDS or entry.kind == "values_set":
            known.update(entry.data.get("values") or {})
    return told[::-1]


def _moment(entry: LogEntry, words: Vocabulary, known: Mapping[str, Any]) -> Moment:
    who = presenting.person_label(entry.actor)
    return Moment(
        entry.seq,
        entry.at,
        who,
        entry.kind,
        _sentence(entry, words),
        note=words.named(_note(entry), entry.element or ""),
        asides=tuple(_asides(entry, words)),
        filled=list(_filled(entry, words, known)),
    )


def _sentence(entry: LogEntry, words: Vocabulary) -> str:
    data = entry.data
    name = words.element(entry.element)
    label = data.get("label", "")
    sentences: dict[str, Callable[[], str]] = {
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
        "deadline_paused": lambda: _("暂停时限“%(label)s”", label=label),
        "deadline_resumed": lambda: _resumed(data),
        "deadline_extended": lambda: happenings.moved(label, data.get("before"), data.get("due")),
        "deadline_warned": lambda: _(
            "时限“%(label)s”已用 %(percent)s%%，%(at)s 到期",
            label=label,
            percent=f"{float(data.get('level', 0)) * 100:g}",
            at=wording.moment(data.get("due")),
        ),
        "deadline_missed": lambda: _(
            "时限“%(label)s”已超期，应于 %(at)s 前完成", label=label, at=wording.moment(data.get("due"))
        ),
        "external_completed": lambda: _("外部程序完成“%(name)s”", name=name),
        "external_fault": lambda: _(
            "外部程序办理“%(name)s”时报告业务错误 %(code)s", name=name, code=data.get("code", "")
        ),
        "case_cancelled": lambda: _("撤销诉求件"),
        "note_added": lambda: _("添加备注"),
        "person_revealed": lambda: _("查看诉求人信息"),
        "incident_raised": lambda: _("流程在“%(name)s”处出现异常", name=name),
        "incident_repeated": lambda: _("流程在“%(name)s”处再次出现异常", name=name),
        "incident_resolved": lambda: _settled(str(data.get("how", ""))),
        "values_corrected": lambda: _("人工更正数据"),
        "case_modified": lambda: _moved_by_hand(data, words),
        "case_migrated": lambda: _(
            "由第 %(before)s 版迁移到第 %(number)s 版",
            before=data.get("from", {}).get("version", ""),
            number=data.get("to", {}).get("version", ""),
        ),
        "case_suspended": lambda: _("随流程挂起诉求件") if data.get("procedure") else _("将诉求件挂起"),
        "case_resumed": lambda: _("随流程恢复办理") if data.get("procedure") else _("恢复办理诉求件"),
        "intervention_asked": lambda: _("申请：%(what)s", what=wording.action(str(data.get("command", "")))),
        "intervention_agreed": lambda: _(
            "同意 %(person)s 的申请", person=presenting.person_label(str(data.get("asked_by", "")))
        ),
        "intervention_refused": lambda: _("撤回申请") if data.get("decision") == "withdrawn" else _("驳回申请"),
    }
    return sentences[entry.kind]() if entry.kind in sentences else entry.kind


def _resumed(data: Mapping[str, Any]) -> str:
    label, at = data.get("label", ""), wording.moment(data.get("due"))
    if not data.get("due"):
        return _("恢复时限“%(label)s”", label=label)
    if not data.get("before") or data["before"] == data["due"]:
        return _("恢复时限“%(label)s”，仍为 %(at)s 到期", label=label, at=at)
    before = wording.moment(data["before"])
    return _("恢复时限“%(label)s”，到期由 %(before)s 改为 %(at)s", label=label, before=before, at=at)


def _settled(how: str) -> str:
    return {
        "retried": _("流程异常已处理：重做成功"),
        "skipped": _("流程异常已处理：跳过该环节"),
        "gone": _("流程异常已处理：已不适用"),
    }.get(how, _("流程异常已处理"))


def _moved_by_hand(data: Mapping[str, Any], words: Vocabulary) -> str:
    begun = _("、").join(f"“{words.element(str(place.get('element', '')))}”" for place in data.get("begin") or ())
    count = len(data.get("cancel") or ())
    if begun and count:
        return _("人工移动流程：撤销 %(count)s 处，从%(begun)s继续", count=count, begun=begun)
    if begun:
        return _("人工移动流程：从%(begun)s继续", begun=begun)
    return _("人工移动流程：撤销 %(count)s 处", count=count)


def _note(entry: LogEntry) -> str:
    data = entry.data
    if entry.kind in ("incident_raised", "incident_repeated"):
        return str(data.get(engine_language.get(), data.get("reason", "")))
    if entry.kind == "external_fault":
        return str(data.get("message", ""))
    return str(data.get("text") or data.get("reason") or "")


def _asides(entry: LogEntry, words: Vocabulary) -> Iterator[str]:
    """What else a reader of the log has to know: what started it, who else had a part in it, what was passed by."""
    data = entry.data
    if entry.kind == "case_started":
        if data.get("message"):
            yield _("由消息“%(name)s”发起", name=data["message"])
        elif data.get("signal"):
            yield _("由信号“%(name)s”发起", name=data["signal"])
        elif data.get("element"):
            yield _("由定时开始“%(name)s”发起", name=words.element(str(data["element"])))
    if data.get("key") and entry.kind == "message_received":
        yield _("关联键：%(key)s", key=data["key"])
    if data.get("by_decision"):
        yield _("经领导小组决定，不受延期规定限制")
    if data.get("worker"):
        yield _("外部程序：%(name)s", name=data["worker"])
    if data.get("retried_by"):
        yield _("由 %(person)s 重做", person=presenting.person_label(str(data["retried_by"])))
    if data.get("retry_reason"):
        yield _("重做原因：%(reason)s", reason=data["retry_reason"])
    for skip in data.get("skips") or ():
        yield _("跳过“%(name)s”", name=words.element(str(skip.get("element", ""))))
    for key, value in (data.get("corrected") or {}).items():
        yield _("“%(label)s”原填：%(before)s", label=words.label(key), before=words.words(key, value) or _("（空）"))
    if data.get("agreed_by"):
        yield _("经 %(person)s 同意", person=presenting.person_label(str(data["agreed_by"])))
    if entry.kind in ("intervention_asked", "intervention_agreed", "intervention_refused"):
        yield _("第 %(number)s 号申请", number=data.get("approval", ""))


def _filled(entry: LogEntry, words: Vocabulary, known: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was filled in. Of a repair, which sets what is there already, all of it and what it was before."""
    if entry.kind not in COMMANDS:
        return
    values = entry.data.get("values") or {}
    repair = entry.kind in REPAIRS
    for key in dict.fromkeys((*words.asked(entry.element), *words.items, *values)):
        if key not in values or (words.is_technical(key, entry.element) and not repair):
            continue
        text = words.words(key, values[key])
        if repair:
            before = words.words(key, known.get(key)) if key in known else ""
            text = f"{before or _('（空）')} → {text or _('（空）')}"
        if text:
            yield words.label(key), text


def _followed(entry: LogEntry, words: Vocabulary) -> Iterator[str]:
    data = entry.data
    if entry.kind == "task_opened":
        whom = (
            presenting.person_label(data["assignee"])
            if data.get("assignee")
            else presenting.role_words(data.get("roles") or ())
        )
        named = words.elements.get(entry.element, entry.element)
        name = named if named != entry.element else data.get("name") or words.element(entry.element)
        yield _("下一步“%(name)s”：%(whom)s", name=name, whom=whom) if whom else _("下一步“%(name)s”", name=name)
    elif entry.kind == "timer_fired":
        yield _("“%(name)s”时间到", name=words.element(entry.element))
    elif entry.kind == "element_cancelled" and words.is_task(entry.element):
        yield _("“%(name)s”已取消", name=words.element(entry.element))
    elif entry.kind == "element_skipped":
        yield _("人工决定跳过“%(name)s”", name=words.element(entry.element))
    elif entry.kind == "external_opened":
        yield _("“%(name)s”等待外部程序办理", name=words.element(entry.element))
    elif entry.kind == "clock_started":
        yield happenings.began(data)
    elif entry.kind == "error_thrown":
        yield _("“%(name)s”报告业务错误 %(code)s", name=words.element(entry.element), code=data.get("code", ""))
    elif entry.kind == "compensation_began" and data.get("activity"):
        yield _("撤销已完成的“%(name)s”", name=words.element(str(data["activity"])))
    elif entry.kind == "transaction_cancelled":
        yield _("事务“%(name)s”取消，已完成的部分将撤销", name=words.element(entry.element))
    elif entry.kind == "case_closed":
        yield _("诉求件办结")
