"""Staff who fill in the hotline procedure's forms: what each writes, decided by the story the case is to follow.

Used for the demonstration's cases and for trying out a procedure on many cases. Values are those of ``forms/``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.records import Task

Values = dict[str, Any]


@dataclass(frozen=True)
class Story:
    """What happens to a case where people decide. The plain story: everybody agrees and the caller is satisfied.

    ``unit``: the handling unit, ``other`` the one it is sent to after an agreed return. ``returned``: "", "同意退回" or
    "不同意退回". ``plan_rejected``, ``report_rejected``, ``legal_rejected``: sent back once. ``help``: "", "help" or
    "major". ``unreachable``: the caller is not reached at first. ``unsatisfied``: for each round the caller is not
    satisfied with, where it goes back to; ``verdict``: what the leading group then decides. ``conclusion``: of the
    investigation; ``measures``: how many the plan has.
    """

    unit: str = "ywb"
    other: str = "ywb2"
    returned: str = ""
    plan_rejected: bool = False
    report_rejected: bool = False
    legal_rejected: bool = False
    help: str = ""
    unreachable: bool = False
    unsatisfied: tuple[str, ...] = ()
    verdict: str = "提请领导小组"
    conclusion: str = "属实"
    measures: int = 1


class Staff:
    """Everybody who works on one case. ``values`` gives what is filled in for a task, as a person would type it."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.done: Counter[str] = Counter()

    def values(self, task: Task, actor: str, now: datetime) -> Values:
        """What ``actor`` writes into the form of ``task`` at the moment ``now``. KeyError for a form nobody knows."""
        written = self._forms()[task.form or ""](task, actor, now)
        self.done[task.form or ""] += 1
        return written

    def _forms(self) -> dict[str, Callable[[Task, str, datetime], Values]]:
        return {
            "U01-1": lambda task, actor, now: {
                "answer_content": "已当场说明办理条件、地点和所需材料。",
                "promise_told": True,
                "feedback_mode": "电话",
            },
            "U01-2": lambda task, actor, now: {
                "answer_content": "该业务可在营业时间到一楼大厅办理，携带本人身份证件即可。",
                "handling_basis": "《业务办理指南》第三条",
            },
            "U01-3": self._unified_answer,
            "U01-4": lambda task, actor, now: {"sign_opinion": "已全程监督，未发现违规违纪行为。"},
            "U01-5": lambda task, actor, now: {
                "meeting_decision": "会议听取了办理情况汇报，认为处理事实清楚、依据充分。",
                "further_action": self.story.verdict,
            },
            "UC02-1": self._dispatch,
            "UC03-1": self._receipt,
            "UC03-2": lambda task, actor, now: {
                "return_reason": "所反映的问题不在本部门职责范围内。",
                "return_basis": "《部门职责规定》第五条",
            },
            "UC03-3": self._return_review,
            "UC05-1": self._investigation,
            "UC05-2": lambda task, actor, now: {"legal_opinion": "适用条款无误，可以依此答复。"},
            "UC05-3": lambda task, actor, now: {
                "major_factors": ["可能对声誉产生负面影响"],
                "invest_methods": ["复听电话录音"],
                "sign_opinion": "已复听录音，与记录一致。",
            },
            "UC06-1": self._plan,
            "UC06-2": lambda task, actor, now: self._signed(self.story.plan_rejected and not self.done["UC06-2"]),
            "UC07-1": self._implementation,
            "UC07-2": lambda task, actor, now: {
                "coord_units": [self.story.other],
                "coord_opinion": "请业务二部派人配合现场处理。",
                "major_issue": self.story.help == "major",
            },
            "UC07-3": lambda task, actor, now: {"impl_result": "已派人配合，现场处理完毕。"},
            "UC09-1": self._report,
            "UC09-2": lambda task, actor, now: {
                **self._signed(self.story.report_rejected and not self.done["UC09-2"]),
                "signature": "刘志强",
            },
            "UC09-3": lambda task, actor, now: {
                "legal_opinion": "答复内容与所引依据相符。",
                "sign_decision": "退回修改" if self.story.legal_rejected and not self.done["UC09-3"] else "同意",
            },
            "UC09-4": lambda task, actor, now: {
                "quality_check": ["针对性的正面回应", "简明扼要", "事实清楚", "条理清晰", "证据充足", "无错别字"],
                "close_decision": "同意办结",
            },
            "UC09-5": lambda task, actor, now: {"sign_decision": "同意"},
            "UC09-6": lambda task, actor, now: {"sign_decision": "同意"},
            "UC09-7": lambda task, actor, now: {"text_decision": "通过"},
            "UC10-1": self._feedback,
            "UC10-2": self._further,
            "UC13-1": lambda task, actor, now: {
                "arch_items": ["问题受理记录", "反馈记录"],
                "arch_missing": "其余材料见系统记录，本件未产生纸质文书。",
            },
        }

    def _unified_answer(self, task: Task, actor: str, now: datetime) -> Values:
        return {"feedback_at": now.isoformat(), "feedback_mode": "电话", "satisfaction": "满意"}

    def _dispatch(self, task: Task, actor: str, now: datetime) -> Values:
        again = self.done["UC02-1"] > 0
        written: Values = {
            "handling_units": [self.story.other if again else self.story.unit],
            "dispatch_type": "转交办理",
            "dispatch_mode": "系统",
            "due_at": task.values.get("due_at") or (now + timedelta(days=7)).isoformat(),
            "dispatch_note": "请按时限办理，并将结果报客服部。",
        }
        if task.values.get("category") == "投诉举报":
            written["copy_discipline"] = True
        return written

    def _receipt(self, task: Task, actor: str, now: datetime) -> Values:
        refuses = bool(self.story.returned) and not self.done["UC03-1"]
        return {"claimed_by": actor, "is_own_duty": not refuses}

    def _return_review(self, task: Task, actor: str, now: datetime) -> Values:
        if self.story.returned == "同意退回":
            return {"return_decision": "同意退回", "duty_definition": "由业务二部负责办理。"}
        return {"return_decision": "不同意退回", "return_reject_reason": "依职责规定第三条，属于贵部门职责。"}

    def _investigation(self, task: Task, actor: str, now: datetime) -> Values:
        return {
            "investigators": [actor],
            "invest_started_at": now.isoformat(),
            "invest_methods": ["查阅资料", "实地走访"],
            "cause": "设施维护不及时。",
            "background": "该处近一年内有两次同类反映。",
            "situation": "经现场查看，所反映的情况与实际相符。",
            "invest_conclusion": self.story.conclusion,
        }

    def _plan(self, task: Task, actor: str, now: datetime) -> Values:
        due = task.values.get("due_at")
        planned = now + timedelta(hours=4)
        limit = datetime.fromisoformat(due) if isinstance(due, str) else planned
        if limit.tzinfo is None:
            limit = limit.replace(tzinfo=now.tzinfo)
        measures = ["派员现场维修", "检查同类设施", "向诉求人说明情况"]
        return {
            "measures": [
                {"measure": measure, "person": actor, "due": min(planned, limit).date().isoformat()}
                for measure in measures[: self.story.measures]
            ],
            "plan_fit": "措施针对所查明的原因，人员和材料已落实。",
            "plan_impact": "施工安排在非高峰时段，对其他业务没有影响。",
            "plan_due": min(planned, limit).isoformat(),
        }

    def _signed(self, rejected: bool) -> Values:
        if rejected:
            return {"sign_decision": "退回修改", "sign_opinion": "请补充完成时限和依据。"}
        return {"sign_decision": "同意"}

    def _implementation(self, task: Task, actor: str, now: datetime) -> Values:
        written: Values = {
            "progress": "已按方案处理完毕。",
            "progress_pct": 100,
            "impl_result": "问题已解决，现场已恢复。",
            "actual_done_at": now.isoformat(),
        }
        if self.story.help and not self.done["UC07-1"]:
            written.update(help_needed=True, help_request="需要业务二部提供设备。")
        return written

    def _report(self, task: Task, actor: str, now: datetime) -> Values:
        return {
            "report_body": "经调查核实，所反映的问题已按方案处理完毕。",
            "answer_content": "您反映的问题已经处理完毕，感谢您的监督。",
            "handled_at": now.isoformat(),
            "handling_unit": task.unit or self.story.unit,
            "handler": actor,
            "reply_situation": "由客服部统一回复诉求人。",
            "handling_process": "接单当日开展调查，次日制定方案并组织实施。",
            "handling_basis": "《行风热线处理制度规范》四",
        }

    def _feedback(self, task: Task, actor: str, now: datetime) -> Values:
        unreached = self.story.unreachable and not self.done["UC10-1"]
        round_ = self.done["UC10-1"] - (1 if self.story.unreachable else 0)
        written: Values = {
            "feedback_by": actor,
            "feedback_at": now.isoformat(),
            "feedback_mode": "电话",
            "satisfaction": "未联系上" if unreached else "满意",
        }
        if not unreached and round_ < len(self.story.unsatisfied):
            written.update(satisfaction="不满意", unsat_reason="诉求人认为问题没有彻底解决。")
        return written

    def _further(self, task: Task, actor: str, now: datetime) -> Values:
        action = self.story.unsatisfied[min(self.done["UC10-2"], len(self.story.unsatisfied) - 1)]
        return {"further_action": action, "coord_opinion": "请责任部门进一步处理。"}
