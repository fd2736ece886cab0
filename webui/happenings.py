"""What a diagram did, in sentences: the facts of a log between the things people did (see ``timeline`` for those)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine import Frame
from webui import presenting, wording
from webui.language import _

#: Facts and commands that say when something is due, of which the log said before when that was.
_MOVING = ("clock_", "deadline_", "task_opened", "task_moved", "timer_")


class Dues:
    """When the deadlines, open tasks and timers of a case were due, as far as its log has been read."""

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}

    def before(self, frame: Frame) -> str | None:
        """The due moment of what the entry is about, before the entry; None where there was none."""
        return self._known.get(_moved_thing(frame))

    def follow(self, frame: Frame) -> None:
        """Keeps what the entry says."""
        if frame.kind.startswith(_MOVING) and "due" in frame.data:
            self._known[_moved_thing(frame)] = frame.data["due"]


def _moved_thing(frame: Frame) -> str:
    kind = frame.kind.partition("_")[0].replace("deadline", "clock")
    return f"{kind} {frame.data.get('key', frame.data.get('token'))}"


def fact(
    frame: Frame,
    name: str,
    labels: Sequence[str] = (),
    before: str | None = None,
    called: Callable[[str], str] = str,
) -> str:
    """The sentence of a fact; ``name`` is what its element is called, ``labels`` what the values it set are called, as
    far as forms ask for them; ``before`` when it was due until now; ``called`` names other elements.
    The kind itself where there is no sentence."""
    data = frame.data
    label = data.get("label", "")
    sentences: dict[str, Callable[[], str]] = {
        "element_began": lambda: _("到达“%(name)s”", name=name),
        "element_ended": lambda: _("“%(name)s”结束", name=name),
        "element_cancelled": lambda: _("“%(name)s”已取消", name=name),
        "element_skipped": lambda: _("人工决定跳过“%(name)s”", name=name),
        "token_placed": lambda: _("人工指定从“%(name)s”继续", name=name),
        "task_opened": lambda: _("产生待办“%(name)s”：%(whom)s", name=name, whom=_whom(data)),
        "task_moved": lambda: _task_moved(data, name, before),
        "values_set": lambda: _written(labels),
        "decision_made": lambda: _("“%(name)s”按决策表 %(table)s 判定", name=name, table=data.get("decision", "")),
        "timer_armed": lambda: _("设定时点：%(at)s", at=wording.moment(data.get("due"))),
        "timer_held": lambda: _("“%(name)s”的时点随时限暂停", name=name),
        "timer_fired": lambda: _("到达设定时点：%(at)s", at=wording.moment(data.get("due"))),
        "clock_started": lambda: began(data),
        "clock_moved": lambda: moved(label, before, data.get("due")),
        "clock_paused": lambda: _("时限“%(label)s”随“%(reason)s”暂停", label=label, reason=data.get("reason", "")),
        "clock_resumed": lambda: _("时限“%(label)s”恢复计时", label=label),
        "clock_ended": lambda: (
            _("时限“%(label)s”不再计时", label=label)
            if data.get("cancelled")
            else _("时限“%(label)s”结束", label=label)
        ),
        "message_sent": lambda: _with_key(_("发出消息“%(name)s”", name=data.get("name", "")), data),
        "message_caught": lambda: _with_key(
            _("“%(name)s”收到消息“%(message)s”", name=name, message=data.get("name", "")), data
        ),
        "signal_thrown": lambda: _("发出信号“%(name)s”", name=data.get("name", "")),
        "signal_caught": lambda: _("“%(name)s”收到信号“%(signal)s”", name=name, signal=data.get("name", "")),
        "condition_met": lambda: _(
            "“%(name)s”的条件成立：%(condition)s", name=name, condition=data.get("condition", "")
        ),
        "error_thrown": lambda: _and(_("“%(name)s”报告业务错误 %(code)s", name=name, code=data.get("code", "")), data),
        "escalation_thrown": lambda: _("“%(name)s”上报 %(code)s", name=name, code=data.get("code", "")),
        "compensation_thrown": lambda: (
            _("“%(name)s”要求撤销已完成的“%(other)s”", name=name, other=called(str(data["activity"])))
            if data.get("activity")
            else _("“%(name)s”要求撤销已完成的全部工作", name=name)
        ),
        "compensation_began": lambda: _(
            "“%(name)s”开始撤销已完成的“%(other)s”", name=name, other=called(str(data.get("activity", "")))
        ),
        "compensation_ended": lambda: _("“%(name)s”的撤销完成", name=name),
        "transaction_cancelled": lambda: _("事务“%(name)s”取消，已完成的部分将撤销", name=name),
        "send_requested": lambda: _("请求发送 %(topic)s", topic=data.get("topic", "")),
        "external_opened": lambda: _("“%(name)s”等待外部程序办理（%(topic)s）", name=name, topic=data.get("topic", "")),
        "ledger_noted": lambda: _ledger(data, name),
        "case_closed": lambda: _("诉求件办结"),
    }
    return sentences[frame.kind]() if frame.kind in sentences else frame.kind


def began(data: Mapping[str, Any]) -> str:
    """A deadline that begins to run."""
    return _("时限“%(label)s”开始，%(due)s", label=data.get("label", ""), due=_due(data))


def moved(label: str, before: str | None, due: str | None) -> str:
    """A deadline that is due at another moment."""
    now = wording.moment(due)
    if not due:
        return _("时限“%(label)s”改为未设定", label=label)
    if not before:
        return _("时限“%(label)s”定为 %(at)s 到期", label=label, at=now)
    then = wording.moment(before)
    if due > before:
        return _("时限“%(label)s”由 %(before)s 延至 %(at)s", label=label, before=then, at=now)
    return _("时限“%(label)s”由 %(before)s 提前至 %(at)s", label=label, before=then, at=now)


def _task_moved(data: Mapping[str, Any], name: str, before: str | None) -> str:
    if data.get("held"):
        return _("待办“%(name)s”的时限暂停", name=name)
    if not data.get("due"):
        return _("待办“%(name)s”未设时限", name=name)
    at = wording.moment(data["due"])
    if before and before != data["due"]:
        return _("待办“%(name)s”的时限由 %(before)s 改为 %(at)s", name=name, before=wording.moment(before), at=at)
    return _("待办“%(name)s”的时限为 %(at)s", name=name, at=at)


def _due(data: Mapping[str, Any]) -> str:
    due = data.get("due")
    return _("%(at)s 到期", at=wording.moment(due)) if due else _("未设定")


def _with_key(sentence: str, data: Mapping[str, Any]) -> str:
    """The sentence, with the key by which a message finds its case."""
    key = data.get("key")
    return sentence if key in (None, "") else _("%(sentence)s（关联键 %(key)s）", sentence=sentence, key=key)


def _and(sentence: str, data: Mapping[str, Any]) -> str:
    """The sentence, with what a program said beside."""
    return (
        _("%(sentence)s：%(message)s", sentence=sentence, message=data["message"]) if data.get("message") else sentence
    )


def _ledger(data: Mapping[str, Any], name: str) -> str:
    book = (data.get("values") or {}).get("ledger")
    return _("“%(name)s”记入%(book)s", name=name, book=book) if book else _("“%(name)s”记入台账", name=name)


def _written(labels: Sequence[str]) -> str:
    if not labels:
        return _("更新流程内部数据")
    if len(labels) > 3:
        return _("写入“%(first)s”等 %(count)s 项", first=" / ".join(labels[:2]), count=len(labels))
    return _("写入“%(labels)s”", labels=" / ".join(labels))


def _whom(data: Mapping[str, Any]) -> str:
    """For whom a task is: the person, or the unit with the roles and people."""
    if data.get("assignee"):
        return presenting.person_label(str(data["assignee"]))
    people = [presenting.person_label(str(login)) for login in data.get("users") or ()]
    roles = [presenting.role_words(map(str, data.get("roles") or ()))] if data.get("roles") else []
    whom = _("、").join([*roles, *people]) or _("任何登录人员")
    unit = presenting.unit_label(data.get("unit"))
    return f"{unit} {whom}" if unit else whom
