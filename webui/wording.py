"""What the pages say about moments, limits and states: the same words everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.clock import DEFAULT_ZONE, from_text
from webui.language import _

#: Shown for a caller's data that is there but not shown.
MASK = "●●●●"


@dataclass(frozen=True)
class Due:
    """A limit as a page shows it: ``level`` is ``none``, ``over``, ``near``, ``soon`` or ``far`` and picks the colour;
    the words say the same without it."""

    level: str
    at: str
    left: str


def moment(text: str | None) -> str:
    """A moment in local time to the minute; text that is no moment as it is."""
    if not text:
        return ""
    try:
        return from_text(text).astimezone(DEFAULT_ZONE).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return text


def due(text: str | None, now: datetime) -> Due:
    """A due moment seen from ``now``: over, within 8 hours, within 2 days, or further away."""
    if not text:
        return Due("none", "", _("未设时限"))
    try:
        limit = from_text(text)
    except ValueError:
        return Due("none", text, "")
    left = limit - now
    if left < timedelta(0):
        return Due("over", moment(text), _("超时 %(span)s", span=span(-left)))
    level = "near" if left <= timedelta(hours=8) else "soon" if left <= timedelta(days=2) else "far"
    return Due(level, moment(text), _("剩余 %(span)s", span=span(left)))


def span(length: timedelta) -> str:
    """A length of time in its one or two largest units."""
    minutes = int(length.total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    if days >= 3 or (days and not hours):
        return _("%(days)s 天", days=days)
    if days:
        return _("%(days)s 天 %(hours)s 小时", days=days, hours=hours)
    if hours:
        rest = minutes % 60
        return (
            _("%(hours)s 小时 %(minutes)s 分", hours=hours, minutes=rest)
            if rest and hours < 3
            else _("%(hours)s 小时", hours=hours)
        )
    return _("%(minutes)s 分钟", minutes=minutes)


def status(key: str) -> str:
    """The word for a case's status."""
    return {
        "open": _("办理中"),
        "stuck": _("流程异常"),
        "suspended": _("已挂起"),
        "closed": _("已办结"),
        "cancelled": _("已撤销"),
    }.get(key, key)


def incident_status(key: str) -> str:
    """The word for what became of an incident."""
    return {"open": _("待处置"), "retried": _("已重做"), "skipped": _("已跳过"), "gone": _("已不适用")}.get(key, key)


def action(key: str) -> str:
    """The word for what somebody did or tried, in the access log."""
    return {
        "RevealPerson": _("查看诉求人信息"),
        "ErasePerson": _("删除诉求人信息"),
        "case": _("打开诉求件"),
        "task": _("打开待办"),
        "history": _("查看办理过程"),
        "attachment": _("下载附件"),
        "access_log": _("查看访问记录"),
        "ClaimTask": _("认领待办"),
        "UnclaimTask": _("取消认领"),
        "SaveDraft": _("保存草稿"),
        "CompleteTask": _("提交待办"),
        "StartCase": _("登记诉求"),
        "CancelCase": _("撤销诉求件"),
        "AddNote": _("添加备注"),
        "AttachFile": _("上传附件"),
        "RetryIncident": _("重做失败的操作"),
        "SkipElement": _("跳过元素"),
        "CorrectValues": _("更正数据"),
        "ModifyCase": _("移动令牌"),
        "MigrateCase": _("迁移版本"),
        "SuspendCase": _("挂起诉求件"),
        "ResumeCase": _("恢复诉求件办理"),
        "SuspendProcedure": _("挂起流程"),
        "ResumeProcedure": _("恢复流程"),
        "PauseDeadline": _("暂停时限"),
        "ResumeDeadline": _("恢复时限"),
        "ExtendDeadline": _("延长时限"),
        "deadlines": _("查看时限"),
        "ledger": _("查看台账"),
        "external_tasks": _("查看外部任务"),
        "DecideApproval": _("审定处置申请"),
        "incidents": _("查看异常"),
        "approvals": _("查看处置申请"),
        "PublishVersion": _("发布流程"),
        "SaveProcedureDraft": _("保存流程草稿"),
    }.get(key, key)


def outcome(key: str) -> str:
    """The word for how it ended."""
    return {"allowed": _("允许"), "refused": _("拒绝")}.get(key, key)


def is_personal(value: Any) -> bool:
    """Whether a value stands for a caller's data kept elsewhere."""
    return isinstance(value, dict) and set(value) == {"person", "field", "sha256"}


def is_attachment(value: Any) -> bool:
    """Whether a value stands for an uploaded file."""
    return isinstance(value, dict) and set(value) == {"attachment", "name", "size", "sha256"}


def plain(value: Any) -> str:
    """Any JSON value in one line, as a person would write it."""
    if value is None or value == "" or value == []:
        return ""
    if value is True:
        return _("是")
    if value is False:
        return _("否")
    if is_personal(value):
        return MASK
    if is_attachment(value):
        return str(value.get("name", ""))
    if isinstance(value, list):
        return _("；").join(text for text in map(plain, value) if text)
    if isinstance(value, dict):
        return _("，").join(text for text in map(plain, value.values()) if text)
    if isinstance(value, str) and len(value) >= 16 and value[4:5] == "-" and value[10:11] == "T":
        return moment(value)
    return str(value)


def size(count: int) -> str:
    """A file size."""
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.0f} KB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MB"
