"""What a diagram did, in sentences: the facts of a log between the things people did (see ``timeline`` for those)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine import Frame
from webui import presenting, wording
from webui.language import _


def fact(frame: Frame, name: str, labels: Sequence[str] = ()) -> str:
    """The sentence of a fact; ``name`` is what its element is called, ``labels`` what the values it set are called, as
    far as forms ask for them.
    The kind itself where there is no sentence."""
    data = frame.data
    sentences: dict[str, Callable[[], str]] = {
        "element_began": lambda: _("到达“%(name)s”", name=name),
        "element_ended": lambda: _("“%(name)s”结束", name=name),
        "element_cancelled": lambda: _("“%(name)s”已取消", name=name),
        "task_opened": lambda: _("产生待办“%(name)s”：%(whom)s", name=name, whom=_whom(data)),
        "values_set": lambda: _written(labels),
        "decision_made": lambda: _("“%(name)s”按决策表 %(table)s 判定", name=name, table=data.get("decision", "")),
        "timer_armed": lambda: _("设定时点：%(at)s", at=wording.moment(data.get("due"))),
        "timer_fired": lambda: _("到达设定时点：%(at)s", at=wording.moment(data.get("due"))),
        "message_sent": lambda: _("发出消息“%(name)s”", name=data.get("name", "")),
        "message_caught": lambda: _("“%(name)s”收到消息", name=name),
        "signal_thrown": lambda: _("发出信号“%(name)s”", name=data.get("name", "")),
        "signal_caught": lambda: _("“%(name)s”收到信号", name=name),
        "error_thrown": lambda: _("抛出错误 %(code)s", code=data.get("code", "")),
        "escalation_thrown": lambda: _("上报 %(code)s", code=data.get("code", "")),
        "send_requested": lambda: _("请求发送 %(topic)s", topic=data.get("topic", "")),
        "case_closed": lambda: _("诉求件办结"),
    }
    return sentences[frame.kind]() if frame.kind in sentences else frame.kind


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
